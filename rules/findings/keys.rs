//! Findings about keys themselves: their end, their rotation, their copies, and what is not known of them.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, weighed};
use crate::facts::audited::{AuditFacts, GapId, HolderId, HolderKind, Rest, Standing, Sure, Who};
use crate::facts::id::{KeyId, Mask};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crepe::crepe;

const DECRYPT: Mask = ActionSet::of(&[Action::Decrypt]);
/// What only keys can do whose material KMS made and can rotate.
const ROTATES: Mask = ActionSet::of(&[Action::EnableKeyRotation]);
/// Within how many days a key counts as in use (A41).
const RECENT: i64 = 90;

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct Performs(KeyId, Mask);
    @input
    struct Rests(KeyId, Rest);
    @input
    struct Used(KeyId, i64);
    @input
    struct Attached(KeyId);
    @input
    struct RotationOff(KeyId);
    @input
    struct Replica(KeyId);
    @input
    struct DecryptsWith(KeyId, KeyId, HolderId, Who, Sure);
    @input
    struct Gap(GapId);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Key was used a short time ago.
    struct InUse(KeyId);

    // A27: somebody can decrypt with a copy of the key and not with this one. Services call for others.
    Finding(Check::A27, On::KeyKey(k, l), weighed(Severity::High, s), s, Evidence::Holder(h, DECRYPT)) <-
        DecryptsWith(k, l, h, w, s), CustomerKey(k),
        (w.standing != Standing::Aws && w.kind != HolderKind::ServiceLinked);

    // A40: one finding for each kind of gap.
    Finding(Check::A40, On::Gap(g), Severity::Low, Sure::Certain, Evidence::Itself) <- Gap(g);

    // A41: a key was used a short time ago.
    InUse(k) <- Used(k, days), (days <= RECENT);

    // A41: a used key waits for its deletion.
    Finding(Check::A41, On::Key(k), Severity::Critical, Sure::Certain, Evidence::Itself) <-
        Rests(k, Rest::PendingDeletion), InUse(k), CustomerKey(k);

    // A41: a used key is disabled.
    Finding(Check::A41, On::Key(k), Severity::Medium, Sure::Certain, Evidence::Itself) <-
        Rests(k, Rest::Disabled), InUse(k), CustomerKey(k);

    // A41: something still points at a key that cannot be used.
    Finding(Check::A41, On::Key(k), Severity::Medium, Sure::Certain, Evidence::Itself) <-
        Rests(k, _), Attached(k), CustomerKey(k);

    // A42: nobody rotates the key. A replica rotates with its primary, and a key that waits for its end never again.
    Finding(Check::A42, On::Key(k), Severity::Medium, Sure::Certain, Evidence::Itself) <-
        RotationOff(k), CustomerKey(k), Performs(k, m), (!(m & ROTATES).is_empty()), !Replica(k), !Rests(k, Rest::PendingDeletion);
}

/// All findings about keys themselves.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.performs.iter().map(|&(k, m)| Performs(k, m)));
    program.extend(facts.rests.iter().map(|&(k, r)| Rests(k, r)));
    program.extend(facts.used.iter().map(|&(k, days)| Used(k, days)));
    program.extend(facts.attached.iter().map(|&(k,)| Attached(k)));
    program.extend(facts.rotation_off.iter().map(|&(k,)| RotationOff(k)));
    program.extend(facts.replica.iter().map(|&(k,)| Replica(k)));
    program.extend(
        facts
            .decrypts_with
            .iter()
            .map(|&(k, l, h, w, s)| DecryptsWith(k, l, h, w, s)),
    );
    program.extend(facts.gap.iter().map(|&(g,)| Gap(g)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
