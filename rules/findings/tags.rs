//! Findings about access that tags and aliases decide (S7.1).

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, sure, weighed};
use crate::facts::audited::{AuditFacts, HolderId, Manner, Sure, Tested, Who};
use crate::facts::id::{KeyId, Mask, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crepe::crepe;

/// What changes tags of a key.
const TAGS: Mask = ActionSet::of(&[Action::TagResource, Action::UntagResource]);
/// What changes aliases of a key; the permission on the alias is needed besides (S5.4.1).
const ALIASES: Mask = ActionSet::of(&[Action::CreateAlias, Action::DeleteAlias, Action::UpdateAlias]);
const PUT: Mask = ActionSet::of(&[Action::PutKeyPolicy]);

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct WouldHold(KeyId, StatementId, Mask, Sure);
    @input
    struct Tests(StatementId, Tested, Manner);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Whether statement lets somebody in hangs on what changes by some actions.
    struct Hangs(KeyId, StatementId, Mask, Sure);
    // Somebody may change it.
    struct Changes(KeyId, HolderId, Mask, Sure);

    // A21: it tests tags,
    Hangs(k, s, TAGS, t) <- WouldHold(k, s, _, t), CustomerKey(k), Tests(s, Tested::ResourceTag, _);

    // A21: or aliases.
    Hangs(k, s, ALIASES, t) <- WouldHold(k, s, _, t), CustomerKey(k), Tests(s, Tested::ResourceAliases, _);

    // A21: who changes them. Whoever can change the key policy gives access without (A23, A24).
    Changes(k, h, m & (TAGS | ALIASES), sure(c, m & (TAGS | ALIASES))) <-
        May(k, h, w, c, m), (w.is_person() && (c & PUT).is_empty() && !(m & (TAGS | ALIASES)).is_empty());

    // A21: the statement,
    Finding(Check::A21, On::Key(k), weighed(Severity::Medium, t.max(u)), t.max(u), Evidence::Statement(s, ActionSet::EMPTY)) <-
        Hangs(k, s, n, t), Changes(k, _, m, u), (!(m & n).is_empty());

    // A21: and who can make it hold, or not hold.
    Finding(Check::A21, On::Key(k), weighed(Severity::Medium, t.max(u)), t.max(u), Evidence::Holder(h, m & n)) <-
        Hangs(k, _, n, t), Changes(k, h, m, u), (!(m & n).is_empty());
}

/// All findings about tags and aliases.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.would_hold.iter().map(|&(k, s, m, t)| WouldHold(k, s, m, t)));
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
