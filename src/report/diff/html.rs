//! A diff as one page that needs no network and no script.

use super::{Context, verdicts, words};
use crate::diff::{AccessChange, Diff, Group};
use crate::report::style::clean;

const SHOWN: usize = 12;
const CAUSES: usize = 20;

const STYLE: &str = "\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4 }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }
caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #8886; \
overflow-wrap: anywhere }
thead th { border-bottom-width: 2px }
code { font-size: .95em }
.gives { font-weight: 700 }
";

/// Text that can stand anywhere in a page, in attributes too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// The page.
#[must_use]
pub fn page(diff: &Diff<'_>, context: Context<'_>) -> String {
    let title = match diff.is_empty() {
        true => "Access to KMS keys does not change".to_owned(),
        false => format!("Access to KMS keys changes: {}", words::counts(context.rows)),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for verdict in verdicts(diff) {
        page.push_str(&format!("<p><strong>{verdict}</strong></p>\n"));
    }
    let lockouts = diff.lockouts.iter();
    let mut notes: Vec<String> = lockouts
        .filter_map(|(key, lockout)| words::lockout(key, *lockout, context.names, &code))
        .collect();
    let renamed = diff.renamed.iter();
    notes.extend(renamed.map(|(old, new)| format!("{} is renamed to {}", code(old), code(new))));
    let recreated = diff.recreated.iter();
    notes.extend(recreated.map(|name| format!("{} was deleted and made again", code(name))));
    list(&mut page, &notes);
    for group in &diff.groups {
        table(&mut page, group, context);
    }
    if !diff.without_effect.is_empty() {
        let causes = diff.without_effect.iter();
        let causes: Vec<String> = causes
            .map(|cause| words::cause(cause, context.names, &code, &code))
            .collect();
        page.push_str("<h2>Other changes, of no consequence for access</h2>\n");
        list(&mut page, &causes);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn list(page: &mut String, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.push_str("<ul>\n");
    for item in items {
        page.push_str(&format!("<li>{item}</li>\n"));
    }
    page.push_str("</ul>\n");
}

fn table(page: &mut String, group: &Group<'_>, context: Context<'_>) {
    let causes = group.causes.iter().take(CAUSES).map(|cause| {
        let place = words::place(cause).map_or_else(String::new, |at| format!(" ({})", code(&at)));
        words::cause(cause, context.names, &code, &code) + &place
    });
    let mut caption = causes.collect::<Vec<_>>().join("<br>");
    if group.causes.len() > CAUSES {
        caption.push_str(&format!("<br>and {} more causes", group.causes.len() - CAUSES));
    }
    if caption.is_empty() {
        caption.push_str("Other: no change of the snapshots was found that this is due to");
    }
    page.push_str(&format!("<table>\n<caption>{caption}</caption>\n<thead><tr>"));
    for title in ["Change", "Principals", "Actions", "Keys", "Access", "Proof"] {
        page.push_str(&format!("<th scope=\"col\">{title}</th>"));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for change in &group.changes {
        page.push_str(&row(change, context));
    }
    page.push_str("</tbody>\n</table>\n");
}

fn row(change: &AccessChange<'_>, context: Context<'_>) -> String {
    let class = if change.kind.gives() {
        " class=\"gives\""
    } else {
        ""
    };
    let outside = if change.outside { " (outsider)" } else { "" };
    let mut proof: Vec<String> = Vec::new();
    for (when, via) in [("before", &change.via_old), ("now", &change.via_new)] {
        let derivations = via.iter().take(SHOWN);
        proof.extend(derivations.map(|one| format!("{when} by {}", words::derivation(one, &code))));
    }
    let requests = [
        ("a request that is allowed now and was not", &change.gains),
        ("a request that was allowed and is not", &change.loses),
    ];
    for (what, request) in requests {
        proof.extend(
            request
                .iter()
                .map(|one| format!("{what}: {}", words::request(one, &code))),
        );
    }
    format!(
        "<tr><th scope=\"row\"{class}>{}</th><td>{}{outside}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        words::kind(change.kind),
        words::principals(change, SHOWN, &code),
        words::actions(change, SHOWN),
        words::keys(change, SHOWN, context.names, &code),
        words::access(change, &code),
        proof.join("<br>"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_snapshot_stays_text() {
        assert_eq!(
            code("<script>alert(\"1\")</script>&'"),
            "<code>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;</code>"
        );
    }
}
