//! Findings -> CSV, a line each.

use super::{evidence, holding};
use crate::Finding;
use crate::report::csv::{Csv, join};

const HEADER: [&str; 15] = [
    "rule",
    "severity",
    "certain",
    "title",
    "message",
    "key",
    "account",
    "other",
    "principals",
    "principals_total",
    "evidence",
    "file",
    "line",
    "fingerprint",
    "accepted",
];

/// All findings, below a header; accepted ones say so in the last column.
#[must_use]
pub fn findings(findings: &[Finding]) -> Vec<u8> {
    let mut csv = Csv::default();
    csv.record(HEADER.map(str::to_owned));
    for finding in findings {
        csv.record(record(finding));
    }
    csv.into_bytes()
}

fn record(finding: &Finding) -> [String; HEADER.len()] {
    let evidence = evidence(finding).into_iter().map(|(name, at)| match at {
        Some(at) => format!("{name} ({at})"),
        None => name,
    });
    let accepted = finding.accepted.as_ref();
    [
        finding.rule.id.to_owned(),
        finding.severity.to_string(),
        finding.certain.to_string(),
        finding.rule.title.to_owned(),
        finding.message.clone(),
        finding.key.clone().unwrap_or_default(),
        finding.account.clone().unwrap_or_default(),
        finding.other.clone().unwrap_or_default(),
        join(finding.principals.iter().map(holding)),
        finding.principals_total.to_string(),
        join(evidence),
        finding.file.clone(),
        finding.line.to_string(),
        finding.fingerprint.clone(),
        accepted.map(|one| one.reason.clone()).unwrap_or_default(),
    ]
}
