//! What AWS KMS decides, as rules: reviewable against the specification in [`clauses`] alone.
//!
//! `paths` and `grants` derive who is allowed by what; `guardrails` and `denies` derive what stands
//! against it; `decision` puts them together. `near` says what comes near to allowing one request, `findings` looks at the
//! result with an auditor's eyes. Strings, globs, ARNs and conditions are finished before
//! the rules run; they see ids and action masks, and an id may stand for one thing or for many alike.
//!
//! To change what is decided: register the clause in `clauses.rs`; write its case folder under
//! `tests/cases/` and see it fail; add a relation to `src/facts/relations.rs` if needed, with its
//! sentence; lower it; write the rule with its clause id and a sentence; add a rule case under
//! `tests/rules/`; accept and read the snapshots; teach the slow evaluator in `tests/support/`.

pub(crate) mod clauses;
pub(crate) mod decision;
pub(crate) mod denies;
pub(crate) mod findings;
pub(crate) mod grants;
pub(crate) mod guardrails;
pub(crate) mod near;
pub(crate) mod paths;
#[cfg(test)]
#[path = "../tests/rules/mod.rs"]
mod tests;

use crate::facts::id::{AccountId, Basis, KeyId, Layer, LevelId, Mask, PrincipalId, Route, StatementId};

/// Some way in which principal may be allowed actions on key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PathRow {
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
    pub(crate) route: Route,
    /// The key policy statement or grant.
    pub(crate) by: Basis,
    /// The identity policy statement that is needed besides.
    pub(crate) with: Basis,
    pub(crate) mask: Mask,
}

/// A statement of a layer that allows or denies principal actions on key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LimitRow {
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
    pub(crate) layer: Layer,
    pub(crate) statement: StatementId,
    pub(crate) mask: Mask,
}

/// A statement of a layer that denies the principals of account whom the layer binds actions on key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AccountRow {
    pub(crate) account: AccountId,
    pub(crate) key: KeyId,
    pub(crate) layer: Layer,
    pub(crate) statement: StatementId,
    pub(crate) mask: Mask,
}

/// A statement of a layer that denies everyone whom the layer binds actions on key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyRow {
    pub(crate) key: KeyId,
    pub(crate) layer: Layer,
    pub(crate) statement: StatementId,
    pub(crate) mask: Mask,
}

/// An SCP statement that lets the principals of account through at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LevelRow {
    pub(crate) account: AccountId,
    pub(crate) key: KeyId,
    pub(crate) level: LevelId,
    pub(crate) statement: StatementId,
    pub(crate) mask: Mask,
}
