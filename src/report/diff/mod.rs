//! Changes of access -> text, JSON, Markdown for a pull request, SARIF and a page.
//!
//! All of them say the same: what became of access, for whom, on what, by which change, and the proof. What they share
//! in words is here; each format is a file of its own.

pub mod html;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod text;
mod words;

use super::names::Names;
use crate::diff::{Diff, Kind};
use crate::query::lockout::Lockout;
use std::collections::BTreeMap;

/// What a report about a diff needs besides.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Names of the keys of both snapshots.
    pub names: &'a Names,
    /// Rows of the relation by kind of change.
    pub rows: &'a BTreeMap<Kind, usize>,
}

/// The most important about a diff, in one sentence each.
fn verdicts(diff: &Diff<'_>) -> Vec<&'static str> {
    let gives = |fits: &dyn Fn(&crate::diff::AccessChange<'_>) -> bool| {
        diff.changes().any(|change| change.kind.gives() && fits(change))
    };
    let mut found = Vec::new();
    if gives(&|change| change.outside) {
        found.push("Outsiders gain access.");
    }
    if gives(&|change| change.admin) {
        found.push("Administration of keys is gained.");
    }
    if diff
        .lockouts
        .iter()
        .any(|(_, lockout)| *lockout == Lockout::Nobody)
    {
        found.push("A key would be left that nobody can administer.");
    }
    if diff.changes().any(|change| change.kind == Kind::BecameUnknown) {
        found.push("Some access is no longer known.");
    }
    if diff.changes().any(|change| change.kind == Kind::Undecided) {
        found.push("Some conditions are too large to compare.");
    }
    found
}
