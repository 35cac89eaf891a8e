//! JUnit XML, as Jenkins, GitLab and Azure read it: suites of cases that passed, failed or were skipped.

use super::style::clean;
use super::template::fill;
use serde::Serialize;

const TEMPLATE: &str = include_str!("junit.xml");

#[derive(Serialize)]
struct Suites {
    name: &'static str,
    tests: usize,
    failures: usize,
    suites: Vec<Suite>,
}

/// Cases that belong together.
#[derive(Serialize)]
pub(super) struct Suite {
    name: String,
    failures: usize,
    skipped: usize,
    cases: Vec<Case>,
}

/// One case: it passed if it neither failed nor was skipped.
#[derive(Serialize)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) failure: Option<Failure>,
    /// Why it was skipped.
    pub(super) skipped: Option<String>,
}

/// Why a case failed.
#[derive(Serialize)]
pub(super) struct Failure {
    pub(super) severity: &'static str,
    pub(super) message: String,
    /// The proof.
    pub(super) text: String,
}

impl Suite {
    /// A suite of its cases.
    pub(super) fn new(name: String, cases: Vec<Case>) -> Suite {
        Suite {
            name,
            failures: cases.iter().filter(|case| case.failure.is_some()).count(),
            skipped: cases.iter().filter(|case| case.skipped.is_some()).count(),
            cases,
        }
    }
}

/// The whole file.
pub(super) fn xml(name: &'static str, suites: Vec<Suite>) -> String {
    let count = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let all = Suites {
        name,
        tests: count(|suite| suite.cases.len()),
        failures: count(|suite| suite.failures),
        suites,
    };
    fill(&[("junit.xml", TEMPLATE)], all)
}

/// Lines of text without the characters that XML 1.0 does not have.
pub(super) fn visible_lines(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| visible(line)).collect();
    lines.join("\n")
}

/// Text without the characters that XML 1.0 does not have.
pub(super) fn visible(text: &str) -> String {
    let is_outside = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    clean(text).replace(is_outside, "\u{fffd}")
}
