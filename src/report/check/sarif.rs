//! Checked assertions -> SARIF: a rule for each assertion that does not hold, a result for each row that breaks it.

use super::text::line;
use crate::check::{Checked, Verdict, Violation};
use crate::model::finding::{Severity, fingerprint};
use crate::report::names::Names;
use crate::report::sarif::{Finding, Level, Log, Place, Rule, Text};

/// The file, and how many results were left out of it. `root` leads from where paths start to the snapshot: empty, or a
/// path that ends with `/`. A violation without a statement or grant is shown at the assertion.
#[must_use]
pub fn checked(files: &[(&str, &[Checked<'_>])], names: &Names, root: &str) -> (Log, usize) {
    let broken = || {
        files.iter().flat_map(|(file, all)| {
            let broken = all
                .iter()
                .filter(|one| matches!(one.verdict, Verdict::Failed | Verdict::Undecided));
            broken.map(move |one| (*file, one))
        })
    };
    let rules = broken().map(|(_, one)| rule(one)).collect();
    let results = broken().flat_map(|(file, one)| {
        one.violations
            .iter()
            .map(move |violation| result(file, one, violation, names, root))
    });
    Log::new("keywho/check", rules, results)
}

fn rule(checked: &Checked<'_>) -> Rule {
    let assertion = checked.assertion;
    let why = assertion
        .reason
        .clone()
        .unwrap_or_else(|| "An assertion about access does not hold.".to_owned());
    let help = Text::from("Take the access away, or change the assertion.".to_owned());
    let (level, security) = weight(assertion.severity);
    Rule::new(&assertion.id, &assertion.id, &why, help, level, security)
}

fn weight(severity: Severity) -> (Level, &'static str) {
    match severity {
        Severity::Critical => (Level::Error, "9.5"),
        Severity::High => (Level::Error, "8.0"),
        Severity::Medium => (Level::Warning, "5.0"),
        Severity::Low => (Level::Note, "3.0"),
        Severity::Info => (Level::Note, "1.0"),
    }
}

fn result(file: &str, checked: &Checked<'_>, violation: &Violation, names: &Names, root: &str) -> Finding {
    let assertion = checked.assertion;
    let (level, _) = weight(assertion.severity);
    let level = if violation.uncertain { Level::Note } else { level };
    let statement = violation.via.first().and_then(|via| {
        let statement = via.statements.first().map(|one| (one.file.as_str(), one.line));
        statement.or(via.grant.as_ref().map(|one| (one.file.as_str(), one.line)))
    });
    let line_of_assertion = u32::try_from(assertion.line).unwrap_or(1);
    let at = match statement.filter(|(file, _)| !file.is_empty()) {
        Some((statement, line)) => Place::new(root, statement, line),
        None => Place::new("", file, line_of_assertion),
    };
    let at = if violation.key == "*" {
        at
    } else {
        at.of(&violation.key)
    };
    let asserted = (
        format!("assertion `{}`", assertion.id),
        Place::new("", file, line_of_assertion),
    );
    let principal = violation.principal.as_deref().unwrap_or_default();
    let actions = violation.actions.to_string();
    let same = fingerprint(&[&assertion.id, &violation.key, principal, &actions]);
    Finding::new(&assertion.id, level, line(violation, names), at, &same).related([asserted])
}
