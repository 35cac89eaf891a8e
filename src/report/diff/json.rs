//! A diff as JSON: one object for each change with its causes, and what is to be said besides.

use super::words;
use crate::diff::{AccessChange, Cause, Diff, Group, Kind, Turn};
use crate::model::snapshot::Gap;
use crate::query::lockout::Lockout;
use crate::report::json::{AccessView, DerivationView, Place, append, append_gaps, begin, context};
use crate::report::names::Names;
use crate::source::Files;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Serialize)]
struct CauseView<'a> {
    what: String,
    turn: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    line: u32,
    #[serde(rename = "snapshot")]
    side: &'static str,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is that of serde")]
fn is_zero(line: &u32) -> bool {
    *line == 0
}

impl<'a> CauseView<'a> {
    fn new(cause: &'a Cause) -> CauseView<'a> {
        CauseView {
            what: words::cause(cause, &Names::default(), &str::to_owned, &str::to_owned),
            turn: match cause.turn {
                Turn::Added => "added",
                Turn::Changed => "changed",
                Turn::Removed => "removed",
            },
            file: &cause.file,
            line: cause.line,
            side: if cause.in_old { "old" } else { "new" },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeView<'a> {
    change: &'static str,
    principals: &'a [&'a str],
    keys: &'a [&'a str],
    actions: Vec<String>,
    outside: bool,
    administrative: bool,
    old: Option<AccessView>,
    new: Option<AccessView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gains: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loses: Option<Value>,
    via_old: Vec<DerivationView<'a>>,
    via_new: Vec<DerivationView<'a>>,
    causes: Vec<CauseView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "schema_version")]
    schema_version: Option<u32>,
}

impl<'a> ChangeView<'a> {
    fn new(change: &'a AccessChange<'_>, group: &'a Group<'_>, place: Place) -> ChangeView<'a> {
        ChangeView {
            change: name(change.kind),
            principals: &change.principals,
            keys: &change.keys,
            actions: change.actions.iter().map(ToString::to_string).collect(),
            outside: change.outside,
            administrative: change.admin,
            old: change.old.as_ref().map(AccessView::new),
            new: change.new.as_ref().map(AccessView::new),
            gains: change.gains.as_ref().map(context),
            loses: change.loses.as_ref().map(context),
            via_old: change.via_old.iter().map(Into::into).collect(),
            via_new: change.via_new.iter().map(Into::into).collect(),
            causes: group.causes.iter().map(CauseView::new).collect(),
            schema_version: place.version(),
        }
    }
}

/// The name of a kind of change.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::BecameUnknown => "becameUnknown",
        Kind::BecameKnown => "becameKnown",
        other => words::kind(other),
    }
}

/// The changes, one object a line.
#[must_use]
pub fn lines(diff: &Diff<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for group in &diff.groups {
        for change in &group.changes {
            append(&mut out, &ChangeView::new(change, group, Place::Line));
            out.push(b'\n');
        }
    }
    out
}

/// The whole diff as one object; `query` says what was asked, `unknown` what the new snapshot lacks.
#[must_use]
pub fn whole(diff: &Diff<'_>, query: &Value, (unknown, files): (&[Gap], &Files)) -> Vec<u8> {
    let mut out = Vec::new();
    begin(&mut out, query);
    let mut first = true;
    for group in &diff.groups {
        for change in &group.changes {
            out.extend_from_slice(if std::mem::take(&mut first) { b"\n" } else { b",\n" });
            append(&mut out, &ChangeView::new(change, group, Place::Inside));
        }
    }
    out.extend_from_slice(b"],\"unknown\":");
    append_gaps(&mut out, unknown, files);
    let rows = diff.rows().into_iter();
    let rows: Map<String, Value> = rows
        .map(|(kind, count)| (name(kind).to_owned(), count.into()))
        .collect();
    let lockouts = diff.lockouts.iter().map(|(key, lockout)| {
        let said = match lockout {
            Lockout::Nobody => "nobody",
            Lockout::Conditional => "conditional",
            Lockout::Open => "open",
        };
        json!({"key": key, "canChangePolicy": said})
    });
    let renamed = diff
        .renamed
        .iter()
        .map(|(old, new)| json!({"old": old, "new": new}));
    let without: Vec<CauseView<'_>> = diff.without_effect.iter().map(CauseView::new).collect();
    for (name, value) in [
        ("rows", Value::Object(rows)),
        ("lockouts", lockouts.collect()),
        ("renamed", renamed.collect()),
        ("recreated", diff.recreated.iter().copied().collect()),
    ] {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        append(&mut out, &value);
    }
    out.extend_from_slice(b",\"withoutEffect\":");
    append(&mut out, &without);
    out.extend_from_slice(b"}\n");
    out
}
