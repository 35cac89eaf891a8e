//! Checked assertions -> JSON.

use crate::check::{Checked, Violation};
use crate::report::json::{AccessView, DerivationView, append};
use serde::Serialize;

#[derive(Serialize)]
struct CheckedView<'a> {
    id: &'a str,
    verdict: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    file: &'a str,
    line: usize,
    #[serde(rename = "lookedAt")]
    looked_at: usize,
    violations: Vec<ViolationView<'a>>,
    #[serde(rename = "violationsTotal")]
    total: usize,
    uncertain: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct ViolationView<'a> {
    principal: Option<&'a str>,
    key: &'a str,
    actions: Vec<String>,
    why: &'a str,
    #[serde(flatten)]
    access: Option<AccessView>,
    via: Vec<DerivationView<'a>>,
    uncertain: bool,
}

impl<'a> From<&'a Violation> for ViolationView<'a> {
    fn from(violation: &'a Violation) -> Self {
        ViolationView {
            principal: violation.principal.as_deref(),
            key: &violation.key,
            actions: violation
                .actions
                .iter()
                .map(|action| action.to_string())
                .collect(),
            why: &violation.why,
            access: violation.access.as_ref().map(AccessView::new),
            via: violation.via.iter().map(Into::into).collect(),
            uncertain: violation.uncertain,
        }
    }
}

/// Appends what came out of one assertion of a file as one JSON object, without a line end.
pub fn checked(out: &mut Vec<u8>, file: &str, checked: &Checked<'_>) {
    append(
        out,
        &CheckedView {
            id: &checked.assertion.id,
            verdict: checked.verdict.name(),
            severity: checked.assertion.severity.name(),
            reason: checked.assertion.reason.as_deref(),
            file,
            line: checked.assertion.line,
            looked_at: checked.looked_at,
            violations: checked.violations.iter().map(Into::into).collect(),
            total: checked.total,
            uncertain: checked.uncertain,
            note: checked.note.as_deref(),
        },
    );
}
