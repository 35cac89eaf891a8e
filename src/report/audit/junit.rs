//! Findings -> JUnit XML: a suite for each rule, a failed case for each finding.

use super::{Report, evidence, holding};
use crate::Finding;
use crate::audit::Rule;
use crate::report::junit::{self, Case, Failure, Suite, visible, visible_lines};

/// All suites. A rule that found nothing is a case that passed; what is accepted, or too harmless to fail the audit, is
/// a case that was skipped.
#[must_use]
pub fn findings(report: &Report<'_>, rules: impl Iterator<Item = &'static Rule>) -> String {
    let suites: Vec<Suite> = rules.map(|rule| suite(report, rule)).collect();
    junit::xml("keywho audit", suites)
}

fn suite(report: &Report<'_>, rule: &'static Rule) -> Suite {
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.rule.id == rule.id);
    let mut cases: Vec<Case> = found.map(|finding| case(report, finding)).collect();
    if cases.is_empty() {
        cases.push(Case {
            name: rule.title.to_owned(),
            class: rule.id.to_owned(),
            failure: None,
            skipped: None,
        });
    }
    Suite::new(format!("{} {}", rule.id, rule.title), cases)
}

fn case(report: &Report<'_>, finding: &Finding) -> Case {
    let skipped = match &finding.accepted {
        Some(accepted) => Some(format!("accepted: {}", accepted.reason)),
        None => {
            let harmless = !report.fails(finding);
            harmless.then(|| format!("{}: {}", finding.severity, finding.message))
        }
    };
    let failure = skipped.is_none().then(|| Failure {
        severity: finding.severity.name(),
        message: visible(&finding.message),
        text: visible_lines(&proof(finding)),
    });
    Case {
        // Names are unique, so that one run can be compared with the next.
        name: visible(&format!("{} [{}]", report.about(finding), finding.fingerprint)),
        class: finding.rule.id.to_owned(),
        failure,
        skipped: skipped.as_deref().map(visible),
    }
}

fn proof(finding: &Finding) -> Vec<String> {
    let principals = finding.principals.iter().map(holding);
    let places = evidence(finding).into_iter().map(|(name, at)| match at {
        Some(at) => format!("{name}  {at}"),
        None => name,
    });
    let key = finding.key.iter().cloned();
    key.chain(principals)
        .chain(places)
        .chain([format!("Fix: {}", finding.rule.fix)])
        .collect()
}
