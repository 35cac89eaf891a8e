//! Findings -> text for people: by severity and rule, worst first; what several keys have in common is said once.

use super::groups::{self, Group, OfRule};
use super::{Report, counted, evidence, holding};
use crate::Finding;
use crate::audit::Acceptance;
use crate::model::finding::Severity;
use crate::report::style::{Tone, clean, paint, wrap};
use crate::report::text::Layout;
use std::fmt::Write as _;

/// How many keys of a group are named; the others are counted.
const KEYS: usize = 5;

/// How many principals, statements or grants of a finding are listed; the others are counted.
const LISTED: usize = 5;

/// The findings that are neither accepted nor in the baseline, grouped by rule.
#[must_use]
pub fn findings(report: &Report<'_>, layout: Layout) -> String {
    let mut text = format!("{}\n", Tone::Strong.words(&report.verdict()));
    for of_rule in groups::by_rule(report.open()) {
        section(&mut text, report, &of_rule, layout);
    }
    paint(&text)
}

fn section(text: &mut String, report: &Report<'_>, of_rule: &OfRule<'_>, layout: Layout) {
    let OfRule { rule, severity, .. } = of_rule;
    let heading = format!("{} {} {}", severity.name().to_uppercase(), rule.id, rule.title);
    let _ = writeln!(text, "\n{}", tone(*severity).words(&heading));
    wrap(text, "  Why: ", "       ", rule.why, layout.width);
    wrap(text, "  Fix: ", "       ", rule.fix, layout.width);
    for group in &of_rule.groups {
        text.push('\n');
        one_group(text, report, group, layout);
    }
}

fn one_group(text: &mut String, report: &Report<'_>, group: &Group<'_>, layout: Layout) {
    for finding in group.all.iter().take(KEYS) {
        let _ = writeln!(text, "  {}", Tone::Strong.words(&report.about(finding)));
    }
    if let more @ 1.. = group.all.len().saturating_sub(KEYS) {
        let _ = writeln!(text, "  and {more} more, which --format json lists");
    }
    let finding = group.first;
    let sure = if finding.certain { "" } else { " (not certain)" };
    let said = format!("{}{sure}", clean(&finding.message));
    wrap(text, "    ", "    ", &said, layout.width);
    let principals = finding.principals.iter().map(holding);
    list(text, "who", finding.principals_total, principals, layout);
    places(text, finding, layout);
    if group.all.len() > 1 && !finding.file.is_empty() {
        let _ = writeln!(
            text,
            "           and the same for {}",
            counted(group.all.len() - 1, "other key")
        );
    }
}

/// What a finding rests on: the name, then the place, which no line end breaks.
fn places(text: &mut String, finding: &Finding, layout: Layout) {
    let all = evidence(finding);
    let items = all.iter().map(|(name, at)| match at {
        Some(at) => format!("{name}, {}", clean(at)),
        None => format!("{name} (assumed)"),
    });
    list(text, "by", all.len(), items, layout);
}

/// A list with its name before the first line.
fn list(text: &mut String, name: &str, total: usize, items: impl Iterator<Item = String>, layout: Layout) {
    let mut shown = 0;
    for item in items.take(LISTED) {
        let label = if shown == 0 { name } else { "" };
        wrap(
            text,
            &format!("      {label:<4} "),
            "             ",
            &item,
            layout.width,
        );
        shown += 1;
    }
    if let more @ 1.. = total.saturating_sub(shown) {
        let _ = writeln!(text, "           and {more} more");
    }
}

/// One line for each acceptance that accepts nothing: its time is over, or no finding needs it.
#[must_use]
pub fn idle(acceptances: &[std::sync::Arc<Acceptance>], path: &str) -> String {
    let mut text = String::new();
    for acceptance in acceptances {
        let head = Tone::Caution.words("warning");
        let rule = &acceptance.rule;
        let of_key = acceptance.key.as_ref();
        let of_key = of_key
            .map(|key| format!(" for key `{}`", clean(key)))
            .unwrap_or_default();
        let reason = clean(&acceptance.reason);
        let at = format!("{}:{}", clean(path), acceptance.line);
        let _ = match (acceptance.expired, acceptance.expires) {
            (true, Some(last)) => writeln!(
                text,
                "{head}: {at}: the acceptance of {rule}{of_key} (`{reason}`) ended on {last}: decide again"
            ),
            _ => writeln!(
                text,
                "{head}: {at}: the acceptance of {rule}{of_key} (`{reason}`) accepts nothing: remove it"
            ),
        };
    }
    paint(&text)
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium | Severity::Low => Tone::Caution,
        Severity::Info => Tone::Strong,
    }
}
