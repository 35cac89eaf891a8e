//! Findings -> SARIF, for code scanning.

use super::{Report, evidence_places, holding};
use crate::Finding;
use crate::audit::Rule;
use crate::model::finding::Severity;
use crate::report::sarif::{self, Level, Log, Place, Text};

/// The findings, accepted ones as suppressed. `root` leads from where paths start to the snapshot: empty, or a path that
/// ends with `/`. The second value is how many were left out.
#[must_use]
pub fn findings(report: &Report<'_>, root: &str) -> (Log, usize) {
    let mut rules: Vec<&'static Rule> = Vec::new();
    for finding in report.findings {
        if !rules.iter().any(|rule| rule.id == finding.rule.id) {
            rules.push(finding.rule);
        }
    }
    let rules = rules.into_iter().map(rule).collect();
    // Those that fail the audit first, accepted ones last, should not all of them fit.
    let (open, accepted): (Vec<_>, Vec<_>) = report.findings.iter().partition(|one| one.accepted.is_none());
    let all = open.into_iter().chain(accepted);
    Log::new(
        "keywho/audit",
        rules,
        all.map(|finding| result(report, finding, root)),
    )
}

fn rule(rule: &Rule) -> sarif::Rule {
    let help = Text {
        text: format!("{} {} Source: {}.", rule.why, rule.fix, rule.source),
        markdown: Some(format!(
            "{}\n\n**Fix:** {}\n\n*Source: {}*",
            rule.why, rule.fix, rule.source
        )),
    };
    sarif::Rule::new(
        rule.id,
        rule.title,
        rule.why,
        help,
        level(rule.severity),
        security_severity(rule.severity),
    )
}

fn result(report: &Report<'_>, finding: &Finding, root: &str) -> sarif::Finding {
    let about = report.about(finding);
    let sure = if finding.certain { "" } else { " (not certain)" };
    let mut message = format!("{about}: {}{sure}", finding.message);
    for one in finding.principals.iter() {
        message.push_str(&format!("\n- {}", holding(one)));
    }
    if let more @ 1.. = finding.principals_total.saturating_sub(finding.principals.len()) {
        message.push_str(&format!("\n- and {more} more"));
    }
    let (file, line) = place(report, finding);
    let mut at = Place::new(root, file, line);
    if let Some(arn) = &finding.key {
        at = at.of(arn);
    }
    let related = evidence_places(finding).filter(|(_, file, _)| !file.is_empty());
    let related = related.map(|(name, file, line)| (name, Place::new(root, file, line)));
    let result = sarif::Finding::new(
        finding.rule.id,
        level(finding.severity),
        message,
        at,
        &finding.fingerprint,
    );
    let result = result.related(related);
    match &finding.accepted {
        Some(accepted) => result.suppressed(&accepted.reason),
        None => result,
    }
}

/// Where a finding is shown. GitHub refuses a whole file for one result without a place: one that is about no file is
/// shown at the first file of its account, or of the snapshot.
fn place<'a>(report: &Report<'a>, finding: &'a Finding) -> (&'a str, u32) {
    if !finding.file.is_empty() {
        return (&finding.file, finding.line);
    }
    let of_account = finding
        .account
        .as_ref()
        .map(|account| format!("accounts/{account}/"));
    let of_account = of_account.as_deref().unwrap_or_default();
    let found = report.files.names().find(|name| name.starts_with(of_account));
    (found.or(report.files.names().next()).unwrap_or("snapshot"), 1)
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low | Severity::Info => Level::Note,
    }
}

/// The score that GitHub turns back into the word.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}
