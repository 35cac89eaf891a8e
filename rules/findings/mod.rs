//! What an auditor wants to know, as rules over derived access and over what policies say (semantics, section 8).
//!
//! Each program looks at one kind of thing. It sees ids, masks and enumerations, never text; the words are in
//! [`catalogue`]. A finding is about something ([`On`]) and has evidence: what the rules found, piece by piece. What rests
//! on access that is not certain counts one step less ([`weighed`]).

pub(crate) mod absence;
pub(crate) mod access;
pub(crate) mod catalogue;
pub(crate) mod denies;
pub(crate) mod grants;
pub(crate) mod held;
pub(crate) mod key_policies;
pub(crate) mod keys;
pub(crate) mod remarks;
pub(crate) mod tags;
pub(crate) mod takeovers;

use crate::facts::audited::{AuditFacts, GapId, HolderId, NoteId, PostId, Sure};
use crate::facts::id::{AccountId, GrantId, KeyId, Mask, PrincipalId, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use catalogue::Check;

/// What a finding is about: one finding for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum On {
    /// A key.
    Key(KeyId),
    /// A key and an account that has to do with it.
    KeyAccount(KeyId, AccountId),
    /// A statement in the policy of a key, or one that has to do with it.
    KeyStatement(KeyId, StatementId),
    /// A grant on a key.
    KeyGrant(KeyId, GrantId),
    /// A key and another one.
    KeyKey(KeyId, KeyId),
    /// A statement, wherever it stands.
    Statement(StatementId),
    /// An account.
    Account(AccountId),
    /// What the snapshot lacks of one kind.
    Gap(GapId),
}

/// One piece of what a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// Nothing but what the finding is about.
    Itself,
    /// Access.
    Holder(HolderId, Mask),
    /// A statement, as far as it is about actions.
    Statement(StatementId, Mask),
    /// A grant, as far as it is about operations.
    Grant(GrantId, Mask),
    /// A principal.
    Principal(PrincipalId),
    /// A principal whom a statement names, as far as it is about actions.
    Named(PrincipalId, Mask),
    /// A key, and those that are alike.
    Key(KeyId),
    /// A text of the snapshot or of the lint.
    Note(NoteId),
    /// A text of the rules.
    Says(&'static str),
}

impl Evidence {
    /// The actions that it is about.
    pub(crate) fn actions(self) -> Mask {
        match self {
            Evidence::Holder(_, mask)
            | Evidence::Statement(_, mask)
            | Evidence::Grant(_, mask)
            | Evidence::Named(_, mask) => mask,
            Evidence::Itself
            | Evidence::Principal(_)
            | Evidence::Key(_)
            | Evidence::Note(_)
            | Evidence::Says(_) => Mask::EMPTY,
        }
    }
}

/// One piece of one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FindingRow {
    pub(crate) check: Check,
    pub(crate) on: On,
    pub(crate) severity: Severity,
    pub(crate) sure: Sure,
    pub(crate) evidence: Evidence,
}

impl FindingRow {
    /// A piece as the rules derive it.
    fn new(check: Check, on: On, severity: Severity, sure: Sure, evidence: Evidence) -> FindingRow {
        FindingRow {
            check,
            on,
            severity,
            sure,
            evidence,
        }
    }
}

/// Runs the rules about keys, their policies and who has access to them; `idle` tells who of a post does not use a key.
pub(crate) fn of_keys(
    facts: &AuditFacts,
    idle: impl Fn(KeyId, PostId) -> Vec<PrincipalId>,
) -> Vec<FindingRow> {
    let mut rows = key_policies::run(facts);
    rows.extend(access::run(facts));
    rows.extend(denies::run(facts));
    rows.extend(grants::run(facts));
    rows.extend(tags::run(facts));
    rows.extend(takeovers::run(facts, idle));
    rows.extend(absence::run(facts));
    rows.extend(remarks::run(facts));
    rows
}

/// Runs the rules about the life of keys, copies of keys, and what the snapshot lacks.
pub(crate) fn of_each(facts: &AuditFacts) -> Vec<FindingRow> {
    keys::run(facts)
}

/// Runs the rules about policies that no single key has: identity policies, boundaries and guardrails.
pub(crate) fn of_policies(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut rows = held::run(facts);
    rows.extend(absence::run(facts));
    rows.extend(remarks::run(facts));
    rows
}

/// Whether a statement gives all of KMS, or all that changes key policies or creates keys and grants (A26).
pub(crate) fn is_broad(mask: Mask) -> bool {
    const CREATES: Mask = ActionSet::of(&[Action::CreateAlias, Action::CreateGrant]);
    mask.contains(Action::PutKeyPolicy) || CREATES.minus(mask).is_empty()
}

/// The severity of what is certain, or one step less.
pub(crate) fn weighed(severity: Severity, sure: Sure) -> Severity {
    match sure {
        Sure::Certain => severity,
        Sure::Perhaps => severity.lowered(),
    }
}

/// How certain actions are, of which some are.
pub(crate) fn sure(certain: Mask, wanted: Mask) -> Sure {
    match (certain & wanted).is_empty() {
        true => Sure::Perhaps,
        false => Sure::Certain,
    }
}

/// What uses key material, reading public halves aside.
pub(crate) const USE: Mask = ActionSet::CRYPTOGRAPHIC.minus(ActionSet::WITHOUT_RESOURCE);

/// What reveals or produces data under a key.
pub(crate) const REVEALS: Mask = ActionSet::of(&[
    Action::Decrypt,
    Action::ReEncryptFrom,
    Action::GenerateDataKey,
    Action::GenerateDataKeyPair,
    Action::Sign,
    Action::GenerateMac,
    Action::DeriveSharedSecret,
    Action::Decapsulate,
]);

/// Permissions management on a key: what decides who has access to it. Retiring a grant takes access and gives none.
pub(crate) const PERMISSIONS: Mask =
    ActionSet::of(&[Action::PutKeyPolicy, Action::CreateGrant, Action::RevokeGrant]);

/// What a service may do for whoever drives it.
pub(crate) const DRIVEN: Mask = USE.union(ActionSet::CREATE_GRANT);

/// What writes key policies: by it somebody can lock everybody out.
pub(crate) const LOCKS_OUT: Mask = ActionSet::of(&[Action::CreateKey, Action::PutKeyPolicy]);

/// What tells of a key and does nothing with it; the public half is not told but used.
pub(crate) const METADATA: Mask = ActionSet::of(&[
    Action::DescribeKey,
    Action::GetKeyPolicy,
    Action::GetKeyRotationStatus,
    Action::ListGrants,
    Action::ListKeyPolicies,
    Action::ListKeyRotations,
    Action::ListResourceTags,
    Action::GetKeyLastUsage,
]);
