//! Findings -> JSON: the objects of `results`, and what ends an answer of findings.

use super::Report;
use crate::Finding;
use crate::audit::{Acceptance, Holding};
use crate::report::json::{self, GrantView, StatementView, append};
use serde::Serialize;

#[derive(Serialize)]
struct FindingView<'a> {
    rule: &'a str,
    severity: &'a str,
    certain: bool,
    title: &'a str,
    message: &'a str,
    key: Option<&'a str>,
    account: Option<&'a str>,
    other: Option<&'a str>,
    principals: Vec<HoldingView<'a>>,
    #[serde(rename = "principalsTotal")]
    principals_total: usize,
    statements: Vec<StatementView<'a>>,
    grants: Vec<GrantView<'a>>,
    file: &'a str,
    line: u32,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<AcceptanceView<'a>>,
}

#[derive(Serialize)]
struct HoldingView<'a> {
    principal: &'a str,
    actions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
}

impl<'a> From<&'a Holding> for HoldingView<'a> {
    fn from(holding: &'a Holding) -> Self {
        HoldingView {
            principal: &holding.principal,
            actions: holding.actions.iter().map(|action| action.to_string()).collect(),
            condition: holding.condition.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct AcceptanceView<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl<'a> From<&'a Acceptance> for AcceptanceView<'a> {
    fn from(acceptance: &'a Acceptance) -> Self {
        AcceptanceView {
            reason: &acceptance.reason,
            expires: acceptance.expires.map(|day| day.to_string()),
        }
    }
}

/// Appends a finding as one JSON object, without a line end.
pub fn finding(out: &mut Vec<u8>, finding: &Finding) {
    append(
        out,
        &FindingView {
            rule: finding.rule.id,
            severity: finding.severity.name(),
            certain: finding.certain,
            title: finding.rule.title,
            message: &finding.message,
            key: finding.key.as_deref(),
            account: finding.account.as_deref(),
            other: finding.other.as_deref(),
            principals: finding.principals.iter().map(Into::into).collect(),
            principals_total: finding.principals_total,
            statements: finding.statements.iter().map(Into::into).collect(),
            grants: finding.grants.iter().map(Into::into).collect(),
            file: &finding.file,
            line: finding.line,
            fingerprint: &finding.fingerprint,
            accepted: finding.accepted.as_deref().map(Into::into),
        },
    );
}

/// What ends an answer of findings: what is not known, and how many findings the baseline has.
pub fn end(out: &mut Vec<u8>, report: &Report<'_>) {
    out.extend_from_slice(b"],\"unknown\":");
    json::append_gaps(out, report.gaps, report.files);
    out.extend_from_slice(b",\"inBaseline\":");
    append(out, &report.known);
    out.extend_from_slice(b"}\n");
}
