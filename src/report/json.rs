//! Answers -> JSON: one object a line (NDJSON), or one object for a whole answer.
//!
//! The field names and their order are the contract of the README. New fields may be added; none is removed or
//! changed without a new [`SCHEMA_VERSION`].

use super::SCHEMA_VERSION;
use crate::model::action::Action;
use crate::model::snapshot::{Coverage, Gap};
use crate::source::Files;
use crate::{
    Access, Block, Decision, Derivation, GrantRef, Hidden, Outcome, RequestContext, Residual, Row,
    StatementRef,
};
use serde::Serialize;
use serde_json::Value;

/// The JSON Schema of every object that is written.
pub const SCHEMA: &str = include_str!("schema.json");

#[derive(Serialize)]
pub(super) struct StatementView<'a> {
    policy: &'a str,
    sid: Option<&'a str>,
    index: u32,
    file: &'a str,
    line: u32,
}

impl<'a> From<&'a StatementRef> for StatementView<'a> {
    fn from(statement: &'a StatementRef) -> Self {
        StatementView {
            policy: &statement.policy,
            sid: statement.sid.as_deref(),
            index: statement.index,
            file: &statement.file,
            line: statement.line,
        }
    }
}

#[derive(Serialize)]
pub(super) struct GrantView<'a> {
    id: &'a str,
    name: &'a str,
    file: &'a str,
    line: u32,
}

impl<'a> From<&'a GrantRef> for GrantView<'a> {
    fn from(grant: &'a GrantRef) -> Self {
        GrantView {
            id: &grant.id,
            name: &grant.name,
            file: &grant.file,
            line: grant.line,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DerivationView<'a> {
    path: &'a str,
    rule: &'a str,
    statements: Vec<StatementView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantView<'a>>,
}

impl<'a> From<&'a Derivation> for DerivationView<'a> {
    fn from(derivation: &'a Derivation) -> Self {
        DerivationView {
            path: derivation.path,
            rule: derivation.rule,
            statements: derivation.statements.iter().map(Into::into).collect(),
            grant: derivation.grant.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize)]
pub(super) struct AccessView {
    access: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "conditionText")]
    condition_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Value>,
}

impl AccessView {
    pub(super) fn new(access: &Access) -> Self {
        let (access, condition, witness) = match access {
            Access::Always => ("always", None, None),
            Access::Conditional { condition, witness } => {
                ("conditional", Some(condition), witness.as_deref())
            }
        };
        AccessView {
            access,
            condition: condition.map(Residual::json),
            condition_text: condition.map(Residual::text),
            reason: condition
                .filter(|condition| condition.is_undecided())
                .map(|_| UNDECIDED),
            witness: witness.map(context),
        }
    }
}

#[derive(Serialize)]
struct RowView<'a> {
    principal: &'a str,
    key: &'a str,
    action: String,
    #[serde(flatten)]
    access: AccessView,
    via: Vec<DerivationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
}

impl<'a> RowView<'a> {
    fn new(row: &'a Row, schema_version: Option<u32>) -> Self {
        RowView {
            principal: &row.principal,
            key: &row.key,
            action: row.action.to_string(),
            access: AccessView::new(&row.access),
            via: row.via.iter().map(Into::into).collect(),
            usable: (!row.usable).then_some(false),
            schema_version,
        }
    }
}

#[derive(Serialize)]
struct BlockView<'a> {
    principals: &'a [&'a str],
    keys: &'a [&'a str],
    actions: Vec<String>,
    #[serde(flatten)]
    access: AccessView,
    via: Vec<DerivationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
}

impl<'a> BlockView<'a> {
    fn new(block: &'a Block<'a>, schema_version: Option<u32>) -> Self {
        BlockView {
            principals: &block.principals,
            keys: &block.keys,
            actions: block.actions.iter().map(Action::to_string).collect(),
            access: AccessView::new(&block.access),
            via: block.via.iter().map(Into::into).collect(),
            usable: (!block.usable).then_some(false),
            schema_version,
        }
    }
}

/// Why a condition stands although it may hold always, or never.
pub(super) const UNDECIDED: &str = "not decided: budget";

/// A context as requests state it: one text, or a list of texts.
pub(super) fn context(context: &RequestContext) -> Value {
    let value = |values: &Vec<String>| match values.as_slice() {
        [one] => Value::from(one.as_str()),
        many => Value::from(many),
    };
    let pairs = context.iter().map(|(key, values)| (key.clone(), value(values)));
    Value::Object(pairs.collect())
}

#[derive(Serialize)]
struct DecisionView<'a> {
    id: &'a str,
    decision: &'static str,
    layer: &'a str,
    rule: &'a str,
    statements: Vec<StatementView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lockout: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
}

impl<'a> DecisionView<'a> {
    fn new(decision: &'a Decision, schema_version: Option<u32>) -> Self {
        DecisionView {
            id: &decision.id,
            decision: outcome(decision.outcome),
            layer: decision.layer,
            rule: decision.rule,
            statements: decision.statements.iter().map(Into::into).collect(),
            grant: decision.grant.as_ref().map(Into::into),
            residual: decision.residual.as_ref().map(|residual| residual.json()),
            usable: decision.usable,
            lockout: decision.lockout,
            notes: &decision.notes,
            error: None,
            schema_version,
        }
    }
}

/// The name of an outcome in JSON and CSV.
#[must_use]
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitDeny => "explicitDeny",
        Outcome::ImplicitDeny => "implicitDeny",
        Outcome::Undetermined => "undetermined",
    }
}

/// Whether an object stands alone, and so names the schema's version, or inside one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of its own.
    Line,
    /// An element of `results`.
    Inside,
}

impl Place {
    pub(super) fn version(self) -> Option<u32> {
        (self == Place::Line).then_some(SCHEMA_VERSION)
    }
}

/// Appends a row as one JSON object, without a line end.
pub fn row(out: &mut Vec<u8>, row: &Row, place: Place) {
    append(out, &RowView::new(row, place.version()));
}

/// Appends a block of the relation as one JSON object, without a line end.
pub fn block(out: &mut Vec<u8>, block: &Block<'_>, place: Place) {
    append(out, &BlockView::new(block, place.version()));
}

/// Appends a decision as one JSON object, without a line end.
pub fn decision(out: &mut Vec<u8>, decision: &Decision, place: Place) {
    append(out, &DecisionView::new(decision, place.version()));
}

/// Everything that follows the id in the JSON of a decision, in place of what `out` held: to be kept, and appended by
/// [`with_id`] for each decision that differs in nothing else.
pub fn after_id(out: &mut Vec<u8>, decision: &Decision, place: Place) {
    out.clear();
    let view = DecisionView {
        id: "",
        ..DecisionView::new(decision, place.version())
    };
    append(out, &view);
    out.drain(..BEFORE_ID.len() + 2);
}

/// Appends a decision as one JSON object, without a line end: its id, and what follows.
pub fn with_id(out: &mut Vec<u8>, id: &str, after: &[u8]) {
    out.extend_from_slice(BEFORE_ID);
    append(out, &id);
    out.extend_from_slice(after);
}

/// What stands before the id of a decision.
const BEFORE_ID: &[u8] = b"{\"id\":";

/// Appends what is said of a request that could not be asked (S6.10), without a line end.
pub fn bad_request(out: &mut Vec<u8>, id: &str, error: &str, place: Place) {
    append(
        out,
        &DecisionView {
            id,
            decision: outcome(Outcome::Undetermined),
            layer: "request",
            rule: "S6.10",
            statements: Vec::new(),
            grant: None,
            residual: None,
            usable: None,
            lockout: None,
            notes: &[],
            error: Some(error),
            schema_version: place.version(),
        },
    );
}

/// What begins a whole answer: everything up to the first element of `results`. `query` says what was asked.
pub fn begin(out: &mut Vec<u8>, query: &Value) {
    out.extend_from_slice(b"{\"schema_version\":");
    append(out, &SCHEMA_VERSION);
    out.extend_from_slice(b",\"tool\":{\"name\":\"keywho\",\"version\":");
    append(out, &env!("CARGO_PKG_VERSION"));
    out.extend_from_slice(b"},\"query\":");
    append(out, query);
    out.extend_from_slice(b",\"results\":[");
}

/// What ends a whole answer: everything after the last element of `results`.
pub fn end(out: &mut Vec<u8>, unknown: &[Gap], files: &Files) {
    end_of_rows(out, unknown, files, Hidden::default());
}

/// What ends an answer of rows, of which some may be hidden.
pub fn end_of_rows(out: &mut Vec<u8>, unknown: &[Gap], files: &Files, hidden: Hidden) {
    out.extend_from_slice(b"],\"unknown\":");
    append(out, &gaps(unknown, files));
    if hidden != Hidden::default() {
        out.extend_from_slice(b",\"hidden\":");
        append(
            out,
            &serde_json::json!({"byContext": hidden.by_context, "conditional": hidden.conditional}),
        );
    }
    out.extend_from_slice(b"}\n");
}

#[derive(Serialize)]
struct GapView<'a> {
    what: &'a str,
    of: &'a str,
    how: &'a str,
    effect: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

/// Appends gaps as a list of JSON objects.
pub(super) fn append_gaps(out: &mut Vec<u8>, unknown: &[Gap], files: &Files) {
    append(out, &gaps(unknown, files));
}

/// The gaps that touch an answer, as a value.
pub(super) fn gaps_value(unknown: &[Gap], files: &Files) -> Value {
    serde_json::to_value(gaps(unknown, files)).unwrap_or_default()
}

fn gaps<'a>(gaps: &'a [Gap], files: &'a Files) -> Vec<GapView<'a>> {
    let view = |gap: &'a Gap| GapView {
        what: gap.what,
        of: &gap.of,
        how: gap.how,
        effect: &gap.effect,
        file: gap.location.file.map(|file| files.name(file)),
    };
    gaps.iter().map(view).collect()
}

/// The coverage of a snapshot as one object, without a line end.
pub fn coverage(out: &mut Vec<u8>, coverage: &Coverage, undecided: usize, files: &Files) {
    let read = coverage
        .read
        .iter()
        .map(|item| serde_json::json!({"what": item.what, "read": item.read, "expected": item.expected}));
    append(
        out,
        &serde_json::json!({
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "keywho", "version": env!("CARGO_PKG_VERSION")},
            "read": read.collect::<Vec<_>>(),
            "gaps": gaps(&coverage.gaps, files),
            "undecidedConditions": undecided,
        }),
    );
}

/// Appends any value. Values of this module have text keys and no failing parts, so nothing is lost.
pub(super) fn append(out: &mut Vec<u8>, value: &impl Serialize) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
