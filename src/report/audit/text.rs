//! Findings -> text for people: by rule, worst first.

use crate::audit::{Audit, Finding, Rule};
use crate::model::finding::Severity;
use crate::report::names::{self, Names};
use crate::report::style::{Tone, clean, paint};
use std::fmt::Write as _;

/// The findings that are not accepted, grouped by rule.
#[must_use]
pub fn findings(audit: &Audit, names: &Names) -> String {
    let mut text = String::new();
    let open: Vec<&Finding> = audit
        .findings
        .iter()
        .filter(|one| one.accepted.is_none())
        .collect();
    for of_rule in open.chunk_by(|a, b| (a.rule.id, a.severity) == (b.rule.id, b.severity)) {
        let Some(first) = of_rule.first() else { continue };
        let heading = format!(
            "{} {} {}",
            first.severity.name().to_uppercase(),
            first.rule.id,
            first.rule.title
        );
        let _ = writeln!(text, "{}", tone(first.severity).words(&heading));
        for finding in of_rule {
            let about = finding.key.as_deref().map(|arn| names.key(arn));
            let about = about.or(finding.account.clone()).unwrap_or_default();
            let _ = writeln!(text, "  {about}: {}", clean(&finding.message));
            for holding in finding.principals.iter() {
                let condition = holding
                    .condition
                    .as_ref()
                    .map(|text| format!(" if {}", clean(text)));
                let who = names::principal(&holding.principal);
                let _ = writeln!(text, "      {who}{}", condition.unwrap_or_default());
            }
            if !finding.file.is_empty() {
                let _ = writeln!(text, "      {}:{}", clean(&finding.file), finding.line);
            }
        }
        text.push('\n');
    }
    paint(&text)
}

/// The catalogue.
#[must_use]
pub fn rules(rules: impl Iterator<Item = &'static Rule>) -> String {
    let mut text = String::new();
    for rule in rules {
        let heading = format!("{} {} ({})", rule.id, rule.title, rule.severity);
        let _ = writeln!(text, "{}", Tone::Strong.words(&heading));
        let _ = writeln!(
            text,
            "  {}\n  Fix: {}\n  Source: {}\n",
            rule.why, rule.fix, rule.source
        );
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
