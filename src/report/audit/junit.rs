//! Findings -> JUnit XML: a suite for each rule, a failed case for each finding.

use super::{Report, evidence, holding};
use crate::Finding;
use crate::audit::Rule;
use crate::report::template::fill;
use serde::Serialize;

const TEMPLATE: &str = include_str!("junit.xml");

#[derive(Serialize)]
struct Suites {
    tests: usize,
    failures: usize,
    suites: Vec<Suite>,
}

#[derive(Serialize)]
struct Suite {
    name: String,
    failures: usize,
    skipped: usize,
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    name: String,
    class: &'static str,
    failure: Option<Failure>,
    skipped: Option<String>,
}

#[derive(Serialize)]
struct Failure {
    severity: &'static str,
    message: String,
    text: String,
}

/// All suites. A rule that found nothing is a case that passed; what is accepted, or too harmless to fail the audit, is
/// a case that was skipped.
#[must_use]
pub fn findings(report: &Report<'_>, rules: impl Iterator<Item = &'static Rule>) -> String {
    let suites: Vec<Suite> = rules.map(|rule| suite(report, rule)).collect();
    let count = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let all = Suites {
        tests: count(|suite| suite.cases.len()),
        failures: count(|suite| suite.failures),
        suites,
    };
    fill(&[("junit.xml", TEMPLATE)], all)
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
            class: rule.id,
            failure: None,
            skipped: None,
        });
    }
    Suite {
        name: format!("{} {}", rule.id, rule.title),
        failures: cases.iter().filter(|case| case.failure.is_some()).count(),
        skipped: cases.iter().filter(|case| case.skipped.is_some()).count(),
        cases,
    }
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
        class: finding.rule.id,
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

fn visible_lines(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| visible(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Text without the characters that XML 1.0 does not have.
fn visible(text: &str) -> String {
    let is_outside = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    crate::report::style::clean(text).replace(is_outside, "\u{fffd}")
}
