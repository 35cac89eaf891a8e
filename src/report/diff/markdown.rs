//! A diff as Markdown: the comment on a pull request.
//!
//! GitHub takes comments of up to 65,536 characters; what does not fit is counted. Text from a snapshot is shown as code
//! and can neither make a table fall apart nor mention anybody.

use super::{Context, verdicts, words};
use crate::diff::{AccessChange, Diff, Group};
pub use crate::report::audit::markdown::LIMIT;
use crate::report::style::clean;

/// How much of it the table may take; proofs have the rest.
const TABLE: usize = 45_000;
/// Room for what is said at the end.
const END: usize = 1_000;
const SHOWN: usize = 4;
const CAUSES: usize = 3;
const DERIVATIONS: usize = 4;
/// How long a text of a snapshot may be.
const LONGEST: usize = 400;

/// Text from a snapshot as code.
fn code(text: &str) -> String {
    let mut text = clean(text);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain(['…']).collect();
    }
    // Between backticks everything else is shown as it is, but a table ends its cells first.
    if !text.is_empty() && !text.contains(['`', '|']) {
        return format!("`{text}`");
    }
    let mut escaped = String::from("<code>");
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push_str(&format!("&#{};", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped.push_str("</code>");
    escaped
}

/// The whole comment.
#[must_use]
pub fn comment(diff: &Diff<'_>, context: Context<'_>) -> String {
    let mut text = Budget::default();
    text.always(&head(diff, context));
    if !diff.is_empty() {
        text.always("\n| | principal | actions | key | access | why |\n|-|-|-|-|-|-|\n");
        let rows = of_groups(diff).map(|(group, change)| row(change, group, context));
        text.some(rows, TABLE, |left| {
            format!("\n{left} more changes are not shown here: `keywho diff` lists all of them.\n")
        });
        text.always("\n<details><summary>Proofs</summary>\n\n");
        let proofs = of_groups(diff).map(|(_, change)| proof(change, context));
        text.some(proofs, LIMIT - END, |left| {
            format!("\n{left} more proofs are not shown here.\n")
        });
        text.always("\n</details>\n");
    }
    if !diff.without_effect.is_empty() {
        let count = diff.without_effect.len();
        let line = format!("\nOther changes, of no consequence for access: {count}.\n");
        text.always(&line);
    }
    text.text
}

fn of_groups<'d>(diff: &'d Diff<'_>) -> impl Iterator<Item = (&'d Group<'d>, &'d AccessChange<'d>)> {
    let groups = diff.groups.iter();
    groups.flat_map(|group| group.changes.iter().map(move |change| (group, change)))
}

/// Text with a bound.
#[derive(Default)]
struct Budget {
    text: String,
    characters: usize,
}

impl Budget {
    fn always(&mut self, text: &str) {
        self.characters += text.chars().count();
        self.text.push_str(text);
    }

    /// As many pieces as fit below a limit, and how many do not.
    fn some(&mut self, pieces: impl Iterator<Item = String>, limit: usize, left: impl Fn(usize) -> String) {
        let mut pieces = pieces.peekable();
        while let Some(piece) = pieces.next_if(|piece| self.characters + piece.chars().count() <= limit) {
            self.always(&piece);
        }
        let count = pieces.count();
        if count > 0 {
            self.always(&left(count));
        }
    }
}

fn head(diff: &Diff<'_>, context: Context<'_>) -> String {
    let mut text = match diff.is_empty() {
        true => "### Access to KMS keys does not change\n".to_owned(),
        false => format!(
            "### Access to KMS keys changes: {}\n",
            words::counts(context.rows)
        ),
    };
    let verdicts = verdicts(diff);
    if !verdicts.is_empty() {
        text.push_str(&format!("\n**{}**\n", verdicts.join(" ")));
    }
    let mut notes: Vec<String> = Vec::new();
    let lockouts = diff.lockouts.iter();
    notes.extend(lockouts.filter_map(|(key, lockout)| words::lockout(key, *lockout, context.names, &code)));
    let renamed = diff.renamed.iter();
    notes.extend(renamed.map(|(old, new)| format!("{} is renamed to {}", code(old), code(new))));
    let recreated = diff.recreated.iter();
    notes.extend(recreated.map(|name| format!("{} was deleted and made again", code(name))));
    let more = notes.len().saturating_sub(20);
    for note in notes.iter().take(20) {
        text.push_str(&format!("\n- {note}"));
    }
    if more > 0 {
        text.push_str(&format!("\n- and {more} more such remarks"));
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    text
}

fn row(change: &AccessChange<'_>, group: &Group<'_>, context: Context<'_>) -> String {
    let mut principals = words::principals(change, SHOWN, &code);
    if change.outside {
        principals = format!("**{principals}** (outsider)");
    }
    let mut actions = words::actions(change, SHOWN);
    if change.admin {
        actions = format!("**{actions}**");
    }
    let cells = [
        words::kind(change.kind).to_owned(),
        principals,
        actions,
        words::keys(change, SHOWN, context.names, &code),
        words::access(change, &code),
        why(group, context),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn why(group: &Group<'_>, context: Context<'_>) -> String {
    if group.causes.is_empty() {
        return "other: no change was found that this is due to".to_owned();
    }
    let causes = group.causes.iter().take(CAUSES).map(|cause| {
        let said = words::cause(cause, context.names, &code, &code);
        let place = words::place(cause).map_or_else(String::new, |at| format!(" ({})", code(&at)));
        said + &place
    });
    let mut text = causes.collect::<Vec<_>>().join("; ");
    if group.causes.len() > CAUSES {
        text.push_str(&format!("; and {} more", group.causes.len() - CAUSES));
    }
    text
}

fn proof(change: &AccessChange<'_>, context: Context<'_>) -> String {
    let of = [
        words::principals(change, 1, &code),
        words::actions(change, 1),
        words::keys(change, 1, context.names, &code),
    ];
    let mut text = format!("- {}: {}\n", words::kind(change.kind), of.join(", "));
    for (when, via) in [("before", &change.via_old), ("now", &change.via_new)] {
        for derivation in via.iter().take(DERIVATIONS) {
            text.push_str(&format!(
                "  - {when} by {}\n",
                words::derivation(derivation, &code)
            ));
        }
        if via.len() > DERIVATIONS {
            text.push_str(&format!("  - {when} in {} more ways\n", via.len() - DERIVATIONS));
        }
    }
    let requests = [
        ("a request that is allowed now and was not", &change.gains),
        ("a request that was allowed and is not", &change.loses),
    ];
    for (what, request) in requests {
        if let Some(context) = request {
            text.push_str(&format!("  - {what}: {}\n", words::request(context, &code)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_snapshot_stays_text() {
        assert_eq!(code("role/app (111122223333)"), "`role/app (111122223333)`");
        assert_eq!(
            code("a|b`c`<img>\n&"),
            "<code>a&#124;b&#96;c&#96;&#60;img&#62;&#92;n&#38;</code>"
        );
        assert_eq!(code("<b>&amp;@team"), "`<b>&amp;@team`");
        assert_eq!(code(""), "<code></code>");
        assert!(code(&"x".repeat(10_000)).len() < 500);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut text = Budget::default();
        text.some((0..10).map(|_| "1234\n".to_owned()), 22, |left| {
            format!("{left} left")
        });
        assert_eq!(text.text, "1234\n1234\n1234\n1234\n6 left");
        assert_eq!(text.characters, text.text.chars().count());
    }
}
