//! Findings about who has access to keys.

use super::catalogue::Check;
use super::{Evidence, FindingRow, METADATA, On, REVEALS, USE, sure, weighed};
use crate::facts::audited::{
    AuditFacts, Guardrail, HolderId, HolderKind, Manner, Standing, Sure, Tested, Who,
};
use crate::facts::id::{AccountId, KeyId, Mask, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crate::policy::document::Effect;
use ahash::{AHashMap, AHashSet};
use crepe::crepe;

const PUT: Mask = ActionSet::of(&[Action::PutKeyPolicy]);
/// What decides over a key: its policy, its end, and whether it can be used. Creating grants does where nothing limits it.
const ADMINISTERS: Mask = ActionSet::of(&[
    Action::DisableKey,
    Action::PutKeyPolicy,
    Action::ScheduleKeyDeletion,
]);
/// What takes all data under a key away (S5.4.6).
const DELETES: Mask = ActionSet::of(&[Action::DisableKey, Action::ScheduleKeyDeletion]);
/// What keys are for, as far as it needs their secret half.
const MAIN: Mask = ActionSet::of(&[
    Action::Decrypt,
    Action::Sign,
    Action::GenerateMac,
    Action::DeriveSharedSecret,
    Action::Decapsulate,
]);
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
/// How many principals, administrators aside, may use a key by IAM before they are many (A4).
const MANY: usize = 20;

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct Gate(KeyId, Mask, Sure);
    @input
    struct Performs(KeyId, Mask);
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct Unknown(KeyId, Mask);
    @input
    struct ByIam(KeyId, HolderId, Mask);
    @input
    struct GrantsFreely(KeyId, HolderId, Sure);
    @input
    struct Counted(HolderId, usize);
    @input
    struct KeySays(KeyId, StatementId, Effect, Mask);
    @input
    struct GuardrailDenies(AccountId, Guardrail, StatementId, Mask);
    @input
    struct Tests(StatementId, Tested, Manner);
    // Many principals may use the key by IAM: counted before the rules run.
    @input
    struct UsedByMany(KeyId);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Somebody may change the key policy, perhaps.
    struct Manageable(KeyId);
    // The account gate is open for changing the key policy.
    struct GatePuts(KeyId);
    // Holder may change the key policy, perhaps, and the account gate is closed for it.
    struct Keeps(KeyId, HolderId, Mask);
    // More than one principal keeps the key manageable.
    struct KeptBySeveral(KeyId);
    // Holder cannot use the secret half of the key.
    struct Useless(KeyId, HolderId);
    // Holder decides over the key by actions of its own, for certain or perhaps.
    struct Administers(KeyId, HolderId, Mask, Sure);
    // A deny about the key tests how long it was unused or how long it waits.
    struct Guarded(KeyId);

    // A4: the account gate is open for use of the key, so that IAM policies decide.
    Finding(Check::A4, On::Key(k), weighed(Severity::Low, s), s, Evidence::Itself) <-
        Gate(k, m, s), CustomerKey(k), (!(m & USE).is_empty());

    // A4: it matters more where they let many use it.
    Finding(Check::A4, On::Key(k), weighed(Severity::Medium, s), s, Evidence::Itself) <-
        Gate(k, m, s), CustomerKey(k), (!(m & USE).is_empty()), UsedByMany(k);

    // A4: by them, some may use it.
    Finding(Check::A4, On::Key(k), weighed(Severity::Low, s), s, Evidence::Holder(h, m & n & USE)) <-
        Gate(k, m, s), CustomerKey(k), ByIam(k, h, n), (!(m & n & USE).is_empty());

    // A5: access from another account of the trust zone. Retiring a grant takes access and gives none.
    Finding(Check::A5, On::KeyAccount(k, w.account), weighed(Severity::High, sure(c, beyond(m))), sure(c, beyond(m)), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.standing == Standing::Inside), CustomerKey(k),
        (!beyond(m).is_empty());

    // A5: access that does no more than look matters less.
    Finding(Check::A5, On::KeyAccount(k, w.account), weighed(Severity::Medium, sure(c, m & LOOKS)), sure(c, m & LOOKS), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.standing == Standing::Inside), CustomerKey(k),
        (beyond(m).is_empty() && !(m & LOOKS).is_empty());

    // A6: access from outside of the trust zone that gets data out of it, or lets others.
    Finding(Check::A6, On::KeyAccount(k, w.account), weighed(Severity::Critical, sure(c, m & GRAVE)), sure(c, m & GRAVE), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.is_outsider() && w.kind != HolderKind::Anyone), CustomerKey(k),
        (!(m & GRAVE).is_empty());

    // A6: other access from outside.
    Finding(Check::A6, On::KeyAccount(k, w.account), weighed(Severity::High, sure(c, m - ActionSet::RETIRE_GRANT)), sure(c, m - ActionSet::RETIRE_GRANT), Evidence::Holder(h, m)) <-
        May(k, h, w, c, m), (w.is_outsider() && w.kind != HolderKind::Anyone), CustomerKey(k),
        ((m & GRAVE).is_empty() && !(m - ActionSet::RETIRE_GRANT).is_empty());

    // A20: whoever may change the key policy, the root user included, keeps the key manageable. An AWS service does not.
    Manageable(k) <- May(k, _, w, _, m), (w.kind != HolderKind::Service && !(m & PUT).is_empty());

    // A20: whoever may by something that is not in the snapshot does, too.
    Manageable(k) <- Unknown(k, m), (!(m & PUT).is_empty());

    // A20: nobody may.
    Finding(Check::A20, On::Key(k), Severity::Critical, Sure::Certain, Evidence::Itself) <-
        CustomerKey(k), !Manageable(k);

    // A23: holder may do nothing that the key is for.
    Useless(k, h) <- May(k, h, _, _, m), Performs(k, p), (!(p & MAIN).is_empty() && (m & p & MAIN).is_empty());

    // A23: it can change the key policy for certain, and so give itself everything.
    Finding(Check::A23, On::Key(k), Severity::High, Sure::Certain, Evidence::Holder(h, PUT)) <-
        Useless(k, h), May(k, h, w, c, _), (w.kind == HolderKind::Person && !(c & PUT).is_empty()), CustomerKey(k);

    // A23: or create grants that nothing limits.
    Finding(Check::A23, On::Key(k), weighed(Severity::High, s), s, Evidence::Holder(h, ActionSet::CREATE_GRANT)) <-
        Useless(k, h), GrantsFreely(k, h, s), May(k, h, w, _, _), (w.kind == HolderKind::Person), CustomerKey(k);

    // A24: administration is certain,
    Administers(k, h, c & ADMINISTERS, Sure::Certain) <- May(k, h, _, c, _), (!(c & ADMINISTERS).is_empty());

    // A24: or not.
    Administers(k, h, m & ADMINISTERS, Sure::Perhaps) <-
        May(k, h, _, c, m), ((c & ADMINISTERS).is_empty() && !(m & ADMINISTERS).is_empty());

    // A24: whoever creates grants as it likes decides who else uses the key.
    Administers(k, h, ActionSet::CREATE_GRANT, s) <- GrantsFreely(k, h, s);

    // A24: somebody who both administers and uses the key.
    Finding(Check::A24, On::Key(k), weighed(Severity::High, both(s, c)), both(s, c), Evidence::Holder(h, n | m & REVEALS)) <-
        Administers(k, h, n, s), May(k, h, w, c, m), (w.kind == HolderKind::Person && !(m & REVEALS).is_empty()), CustomerKey(k);

    // A43: a deny in the key policy tests how long the key was unused or how long it waits,
    Guarded(k) <- Tests(s, Tested::DeletionGuard, _), KeySays(k, s, Effect::Deny, m), (!(m & DELETES).is_empty());

    // A43: or one in an SCP or RCP of the account.
    Guarded(k) <- Tests(s, Tested::DeletionGuard, _), GuardrailDenies(a, _, s, m), (!(m & DELETES).is_empty()), KeyIn(k, a);

    // A43: somebody who is no administrator can take the key away.
    Finding(Check::A43, On::Key(k), Severity::Medium, Sure::Certain, Evidence::Holder(h, c & DELETES)) <-
        May(k, h, w, c, _), (w.is_person() && !w.administrator && !(c & DELETES).is_empty()), CustomerKey(k), !Guarded(k);

    // A48: outsiders, or anyone, can look at the key.
    Finding(Check::A48, On::KeyAccount(k, w.account), weighed(Severity::Low, sure(c, m & METADATA)), sure(c, m & METADATA), Evidence::Holder(h, m & METADATA)) <-
        May(k, h, w, c, m), (w.is_outsider() && !(m & METADATA).is_empty()), CustomerKey(k);

    // A49: IAM policies may let others change the key policy.
    GatePuts(k) <- Gate(k, m, _), (!(m & PUT).is_empty());

    // A49: without them, only those whom the key policy names.
    Keeps(k, h, c) <- CustomerKey(k), !GatePuts(k), May(k, h, w, c, m), (w.kind != HolderKind::Service && !(m & PUT).is_empty());

    // A49: several are alike,
    KeptBySeveral(k) <- Keeps(k, h, _), Counted(h, n), (n > 1);

    // A49: or not; the root user counts too.
    KeptBySeveral(k) <- Keeps(k, h, _), Keeps(k, i, _), (h != i);

    // A49: or there may be others, by something that is not in the snapshot.
    KeptBySeveral(k) <- Unknown(k, m), (!(m & PUT).is_empty());

    // A49: one user or role alone.
    Finding(Check::A49, On::Key(k), weighed(Severity::Medium, sure(c, PUT)), sure(c, PUT), Evidence::Holder(h, PUT)) <-
        Keeps(k, h, c), !KeptBySeveral(k), May(k, h, w, _, _), (w.kind != HolderKind::Root);
}

/// What does more than look at a key. Retiring a grant takes access and gives none.
fn beyond(mask: Mask) -> Mask {
    mask - LOOKS - ActionSet::RETIRE_GRANT
}

/// Whether administration and use are both certain.
fn both(administration: Sure, certain: Mask) -> Sure {
    administration.max(sure(certain, REVEALS))
}

/// Keys that many principals may use by IAM, those of administrators aside (A4).
fn used_by_many(facts: &AuditFacts) -> Vec<KeyId> {
    let administrators = facts.may.iter().filter(|(_, _, who, ..)| who.administrator);
    let administrators: AHashSet<HolderId> = administrators.map(|&(_, holder, ..)| holder).collect();
    let sizes: AHashMap<HolderId, usize> = facts.counted.iter().copied().collect();
    let mut users: AHashMap<KeyId, usize> = AHashMap::new();
    for &(key, holder, mask) in &facts.by_iam {
        if mask.intersects(USE) && !administrators.contains(&holder) {
            let users = users.entry(key).or_default();
            *users = users.saturating_add(sizes.get(&holder).copied().unwrap_or_default());
        }
    }
    let many = users.into_iter().filter(|&(_, count)| count > MANY);
    many.map(|(key, _)| key).collect()
}

/// All findings about access.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(used_by_many(facts).into_iter().map(UsedByMany));
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(facts.gate.iter().map(|&(k, m, s)| Gate(k, m, s)));
    program.extend(facts.performs.iter().map(|&(k, m)| Performs(k, m)));
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.unknown.iter().map(|&(k, m)| Unknown(k, m)));
    program.extend(facts.by_iam.iter().map(|&(k, h, m)| ByIam(k, h, m)));
    program.extend(facts.grants_freely.iter().map(|&(k, h, s)| GrantsFreely(k, h, s)));
    program.extend(facts.counted.iter().map(|&(h, n)| Counted(h, n)));
    program.extend(facts.key_says.iter().map(|&(k, s, e, m)| KeySays(k, s, e, m)));
    program.extend(
        facts
            .guardrail_denies
            .iter()
            .map(|&(a, g, s, m)| GuardrailDenies(a, g, s, m)),
    );
    program.extend(facts.tests.iter().map(|&(s, t, m)| Tests(s, t, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
