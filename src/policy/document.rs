//! A policy document as plain values: what was written, nothing evaluated.

use crate::condition::operator::Operator;
use crate::source::Location;

/// Which kind of policy a document is; decides which elements it may have (S2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Key policy (S2.1.5).
    Key,
    /// Identity policy: inline, managed or of a group.
    Identity,
    /// Permissions boundary.
    Boundary,
    /// Session policy passed at AssumeRole or GetFederationToken.
    Session,
    /// Service control policy.
    Scp,
    /// Resource control policy.
    Rcp,
    /// Policy of a VPC endpoint.
    Endpoint,
    /// Trust policy of a role; read only for session tags (S6.2).
    Trust,
}

/// A policy document. A document that could not be understood at all has `opaque` set and no statements (S2.1.10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Whether `Version` is 2012-10-17, so that variables are substituted (S2.1.2, S2.7.1).
    pub variables: bool,
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// Why the whole document cannot be understood: its allows and denies are unknown (S2.1.10).
    pub opaque: Option<String>,
    /// Where the document stands.
    pub location: Location,
}

/// Allow or Deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Allow.
    Allow,
    /// Deny.
    Deny,
}

/// One statement.
///
/// In an opaque statement an element that is `None` is unknown, one that is given is complete, and the conditions that
/// are given must hold besides those that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Sid`, if written.
    pub sid: Option<String>,
    /// Position in the document, from 0.
    pub index: u32,
    /// The effect; `None` when it is neither Allow nor Deny: the statement may be either (S2.1.10).
    pub effect: Option<Effect>,
    /// Principal or NotPrincipal, if written.
    pub principals: Option<Principals>,
    /// Action or NotAction; `None` when missing: no effect (S2.1.6).
    pub actions: Option<Patterns>,
    /// Resource or NotResource; `None` when missing: no effect (S2.1.6).
    pub resources: Option<Patterns>,
    /// The condition block, one entry per operator and key; empty: always true.
    pub conditions: Vec<Condition>,
    /// Why some part of the statement cannot be understood: whatever it would decide is unknown (S2.1.10).
    pub opaque: Option<String>,
    /// Where the statement stands.
    pub location: Location,
}

/// What a statement says, wherever it stands.
pub(crate) type Says<'a> = (
    Option<Effect>,
    &'a Option<Principals>,
    &'a Option<Patterns>,
    &'a Option<Patterns>,
    &'a [Condition],
);

impl Statement {
    /// What the statement says, wherever it stands; `None` if it cannot be understood.
    pub(crate) fn says(&self) -> Option<Says<'_>> {
        let &Statement {
            effect,
            ref principals,
            ref actions,
            ref resources,
            ref conditions,
            ref opaque,
            sid: _,
            index: _,
            location: _,
        } = self;
        let says = (effect, principals, actions, resources, conditions.as_slice());
        opaque.is_none().then_some(says)
    }
}

/// `Action`/`NotAction` or `Resource`/`NotResource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Patterns {
    /// Written with `Not`.
    pub negated: bool,
    /// The patterns as written.
    pub patterns: Vec<String>,
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Principals {
    /// Written as `NotPrincipal`.
    pub negated: bool,
    /// The entries, OR-ed (S2.2.14).
    pub entries: Vec<PrincipalEntry>,
}

/// One entry of a principal element, with its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalEntry {
    /// The bare `"*"` (S2.2.1).
    Anyone,
    /// `{"AWS": text}`; `"*"` there is S2.2.2.
    Aws(String),
    /// `{"Service": name}` (S2.2.8).
    Service(String),
    /// `{"Federated": provider}` (S2.2.9).
    Federated(String),
    /// `{"CanonicalUser": id}` (S2.2.10).
    CanonicalUser(String),
    /// Any other type or form: type and text as written.
    Other(String, String),
}

/// One operator applied to one key: `{"StringEquals": {"kms:ViaService": [..]}}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// The operator with set prefix and `IfExists`.
    pub operator: Operator,
    /// The condition key as written.
    pub key: String,
    /// The values in canonical text (S2.6), as written and in order.
    pub values: Vec<String>,
}
