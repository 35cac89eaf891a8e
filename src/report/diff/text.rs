//! A diff as text for people: the verdict, then cause by cause a table of what became of access.

use super::{Context, verdicts, words};
use crate::diff::{AccessChange, Diff, Group, Kind};
use crate::report::style::{Tone, clean, paint};
use crate::report::table::render;
use crate::report::text::Layout;
use std::fmt::Write as _;

/// How many principals, keys and actions a line of the table names.
const SHOWN: usize = 3;
/// How many causes of a group are listed.
const CAUSES: usize = 8;

fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text))
}

fn plain(text: &str) -> String {
    clean(text)
}

/// The whole diff.
#[must_use]
pub fn text(diff: &Diff<'_>, context: Context<'_>, layout: Layout) -> String {
    let mut text = String::new();
    if diff.is_empty() {
        text.push_str("no change of access\n");
    } else {
        let head = format!("access changes: {}", words::counts(context.rows));
        let _ = writeln!(
            text,
            "{} (by principal, key and action)",
            Tone::Strong.words(&head)
        );
        for verdict in verdicts(diff) {
            let _ = writeln!(text, "{}", Tone::Bad.words(verdict));
        }
    }
    for (key, lockout) in &diff.lockouts {
        if let Some(said) = words::lockout(key, *lockout, context.names, &plain) {
            let _ = writeln!(text, "{} {said}", Tone::Caution.words("lockout:"));
        }
    }
    for (old, new) in &diff.renamed {
        let _ = writeln!(text, "renamed: {} to {}", clean(old), clean(new));
    }
    for name in &diff.recreated {
        let _ = writeln!(text, "deleted and made again: {}", clean(name));
    }
    let mut text = paint(&text);
    for group in &diff.groups {
        text.push('\n');
        text.push_str(&paint(&causes(group, context)));
        let rows = group.changes.iter().map(|change| row(change, context, layout));
        let header = ["CHANGE", "PRINCIPAL", "ACTIONS", "KEY", "ACCESS"];
        text.push_str(&render(&header, rows, layout.width));
    }
    if !diff.without_effect.is_empty() {
        let count = diff.without_effect.len();
        let _ = writeln!(text, "\nother changes, of no consequence for access: {count}");
        for cause in diff.without_effect.iter().take(CAUSES) {
            let _ = writeln!(text, "  {}", words::cause(cause, context.names, &quoted, &plain));
        }
        if count > CAUSES {
            let _ = writeln!(text, "  and {} more", count - CAUSES);
        }
    }
    text
}

fn causes(group: &Group<'_>, context: Context<'_>) -> String {
    if group.causes.is_empty() {
        return "other: no change of the snapshots was found that this is due to\n".to_owned();
    }
    let mut text = String::new();
    for cause in group.causes.iter().take(CAUSES) {
        let said = words::cause(cause, context.names, &quoted, &plain);
        let place = words::place(cause).map_or_else(String::new, |at| format!("  {}", clean(&at)));
        let _ = writeln!(text, "{}{place}", Tone::Strong.words(&said));
    }
    if group.causes.len() > CAUSES {
        let _ = writeln!(text, "and {} more causes", group.causes.len() - CAUSES);
    }
    text
}

fn row(change: &AccessChange<'_>, context: Context<'_>, layout: Layout) -> Vec<String> {
    let tone = match change.kind {
        Kind::Gained | Kind::Widened | Kind::Changed | Kind::Undecided => Tone::Bad,
        Kind::BecameUnknown | Kind::BecameKnown => Tone::Caution,
        Kind::Narrowed | Kind::Lost => Tone::Good,
    };
    let outside = if change.outside { " (outsider)" } else { "" };
    let shown = if layout.wide { usize::MAX } else { SHOWN };
    vec![
        tone.words(words::kind(change.kind)),
        words::principals(change, shown, &plain) + outside,
        words::actions(change, shown),
        words::keys(change, shown, context.names, &plain),
        words::access(change, &plain),
    ]
}
