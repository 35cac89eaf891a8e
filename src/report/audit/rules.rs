//! The catalogue of rules -> its documentation: text, Markdown and JSON.

use crate::audit::Rule;
use crate::report::json::append;
use crate::report::style::{Tone, paint, wrap};
use crate::report::text::Layout;
use serde::Serialize;
use std::fmt::Write as _;

/// A paragraph a rule.
#[must_use]
pub fn text(rules: impl Iterator<Item = &'static Rule>, layout: Layout) -> String {
    let mut text = String::new();
    for rule in rules {
        let heading = format!("{} {} ({})", rule.id, rule.title, rule.severity);
        let _ = writeln!(text, "{}", Tone::Strong.words(&heading));
        wrap(&mut text, "  ", "  ", rule.why, layout.width);
        wrap(&mut text, "  Fix: ", "       ", rule.fix, layout.width);
        wrap(&mut text, "  Source: ", "          ", rule.source, layout.width);
        text.push('\n');
    }
    paint(&text)
}

/// A section a rule.
#[must_use]
pub fn markdown(rules: impl Iterator<Item = &'static Rule>) -> String {
    let mut text = "# Rules of keywho audit\n".to_owned();
    for rule in rules {
        let Rule {
            id,
            severity,
            title,
            why,
            fix,
            source,
            ..
        } = rule;
        let _ = write!(
            text,
            "\n## {id} {title}\n\nSeverity: {severity}\n\n{why}\n\n**Fix:** {fix}\n\n*Source: {source}*\n"
        );
    }
    text
}

#[derive(Serialize)]
struct RuleView {
    id: &'static str,
    severity: &'static str,
    title: &'static str,
    message: &'static str,
    why: &'static str,
    fix: &'static str,
    source: &'static str,
}

/// Appends a rule as one JSON object, without a line end.
pub fn json(out: &mut Vec<u8>, rule: &'static Rule) {
    append(
        out,
        &RuleView {
            id: rule.id,
            severity: rule.severity.name(),
            title: rule.title,
            message: rule.message,
            why: rule.why,
            fix: rule.fix,
            source: rule.source,
        },
    );
}
