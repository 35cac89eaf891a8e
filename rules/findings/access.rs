//! Findings about who has access to keys.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, REVEALS, USE, sure, weighed};
use crate::facts::audited::{AuditFacts, HolderId, HolderKind, Standing, Sure, Who};
use crate::facts::id::{KeyId, Mask};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crepe::crepe;

const PUT: Mask = ActionSet::of(&[Action::PutKeyPolicy]);
/// What decides over a key: its policy, its end, and who else may use it.
const ADMINISTERS: Mask = ActionSet::of(&[
    Action::CreateGrant,
    Action::DisableKey,
    Action::PutKeyPolicy,
    Action::ScheduleKeyDeletion,
]);
/// What lets somebody give itself everything.
const GIVES: Mask = ActionSet::of(&[Action::CreateGrant, Action::PutKeyPolicy]);
/// What does no more than look at a key, or check what anybody may check.
const LOOKS: Mask = ActionSet::of(&[
    Action::DescribeKey,
    Action::GetKeyRotationStatus,
    Action::GetPublicKey,
    Action::ListGrants,
    Action::Verify,
    Action::VerifyMac,
]);
/// What gets data out of a trust zone, or lets others do so.
const GRAVE: Mask = REVEALS.union(ActionSet::CREATE_GRANT);

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct Gate(KeyId, Mask, Sure);
    @input
    struct Performs(KeyId, Mask);
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct ByIam(KeyId, HolderId, Mask);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Somebody may change the key policy, perhaps.
    struct Manageable(KeyId);

    // A4: the account gate is open for use of the key, so that IAM policies decide.
    Finding(Check::A4, On::Key(k), Severity::Low, s, Evidence::Itself) <-
        Gate(k, m, s), CustomerKey(k), (!(m & USE).is_empty());

    // A4: by them, some may use it.
    Finding(Check::A4, On::Key(k), Severity::Low, s, Evidence::Holder(h, m & n & USE)) <-
        Gate(k, m, s), CustomerKey(k), ByIam(k, h, n), (!(m & n & USE).is_empty());

    // A5: access from another account of the trust zone. Retiring a grant takes access and gives none.
    Finding(Check::A5, On::KeyAccount(k, w.account), weighed(Severity::High, sure(c, m)), sure(c, m), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.standing == Standing::Inside), CustomerKey(k),
        (!(m - LOOKS - ActionSet::RETIRE_GRANT).is_empty());

    // A5: access that does no more than look matters less.
    Finding(Check::A5, On::KeyAccount(k, w.account), weighed(Severity::Medium, sure(c, m)), sure(c, m), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.standing == Standing::Inside), CustomerKey(k),
        ((m - LOOKS - ActionSet::RETIRE_GRANT).is_empty() && !(m & LOOKS).is_empty());

    // A6: access from outside of the trust zone that gets data out of it, or lets others.
    Finding(Check::A6, On::KeyAccount(k, w.account), weighed(Severity::Critical, sure(c, m & GRAVE)), sure(c, m & GRAVE), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.is_outsider() && w.kind != HolderKind::Anyone), CustomerKey(k),
        (!(m & GRAVE).is_empty());

    // A6: other access from outside.
    Finding(Check::A6, On::KeyAccount(k, w.account), weighed(Severity::High, sure(c, m)), sure(c, m), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.is_outsider() && w.kind != HolderKind::Anyone), CustomerKey(k),
        ((m & GRAVE).is_empty() && !(m - ActionSet::RETIRE_GRANT).is_empty());

    // A20: whoever may change the key policy, the root user included, keeps the key manageable.
    Manageable(k) <- May(k, _, _, _, m), (!(m & PUT).is_empty());

    // A20: nobody may.
    Finding(Check::A20, On::Key(k), Severity::Critical, Sure::Certain, Evidence::Itself) <-
        CustomerKey(k), !Manageable(k);

    // A23: somebody who may not use the key can give itself everything.
    Finding(Check::A23, On::Key(k), Severity::High, Sure::Certain, Evidence::Holder(h, c & GIVES)) <-
        May(k, h, w, c, m), (w.kind == HolderKind::Person && !(c & GIVES).is_empty()), CustomerKey(k),
        Performs(k, p), (!(p & REVEALS).is_empty() && (m & p & REVEALS).is_empty());

    // A24: somebody who both administers and uses the key.
    Finding(Check::A24, On::Key(k), weighed(Severity::High, both(c)), both(c), Evidence::Holder(h, m & (ADMINISTERS | REVEALS))) <-
        May(k, h, w, c, m), (w.kind == HolderKind::Person), CustomerKey(k),
        (!(m & ADMINISTERS).is_empty() && !(m & REVEALS).is_empty());
}

/// Whether administration and use are both certain.
fn both(certain: Mask) -> Sure {
    match (certain & ADMINISTERS).is_empty() || (certain & REVEALS).is_empty() {
        true => Sure::Perhaps,
        false => Sure::Certain,
    }
}

/// All findings about access.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.gate.iter().map(|&(k, m, s)| Gate(k, m, s)));
    program.extend(facts.performs.iter().map(|&(k, m)| Performs(k, m)));
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.by_iam.iter().map(|&(k, h, m)| ByIam(k, h, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row = |Finding(check, on, severity, sure, evidence)| FindingRow {
        check,
        on,
        severity,
        sure,
        evidence,
    };
    findings.into_iter().map(row).collect()
}
