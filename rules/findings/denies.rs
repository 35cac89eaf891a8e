//! Findings about denies that leave a way around them.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On};
use crate::facts::audited::{AuditFacts, HolderId, HolderKind, Sure, Who};
use crate::facts::id::{KeyId, Mask, StatementId};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crepe::crepe;

/// What a deny of decryption is meant to keep.
const DECRYPT: Mask = ActionSet::of(&[Action::Decrypt]);
/// Re-encryption under another key gets the data all the same (S4.12.1).
const AROUND: Mask = ActionSet::of(&[Action::ReEncryptFrom]);
/// What anybody who has the public key can do without KMS (S5.5.3).
const PUBLIC: Mask = ActionSet::of(&[Action::Encrypt, Action::Verify, Action::Encapsulate]);
const GET_PUBLIC: Mask = ActionSet::of(&[Action::GetPublicKey]);

/// Of whoever may do some actions: the denied ones that the rules look at.
pub(crate) fn watched(possible: Mask) -> Mask {
    let mut watched = ActionSet::EMPTY;
    if possible.intersects(AROUND | ActionSet::CREATE_GRANT) {
        watched |= DECRYPT;
    }
    if possible.intersects(GET_PUBLIC) {
        watched |= PUBLIC;
    }
    watched
}

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct Performs(KeyId, Mask);
    @input
    struct May(KeyId, HolderId, Who, Mask, Mask);
    @input
    struct GrantsFreely(KeyId, HolderId, Sure);
    @input
    struct Denied(KeyId, HolderId, StatementId, Mask);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Statement certainly denies decryption to holder, who has no other way to it.
    struct Undecrypting(KeyId, HolderId, StatementId);

    // A47: a deny of decryption that holds.
    Undecrypting(k, h, s) <- Denied(k, h, s, m), CustomerKey(k), (!(m & DECRYPT).is_empty());

    // A47: whom it denies can re-encrypt under a key of its own.
    Finding(Check::A47, On::KeyStatement(k, s), Severity::High, Sure::Certain, Evidence::Holder(h, c & AROUND)) <-
        Undecrypting(k, h, s), May(k, h, w, c, _), (acts(w)), (!(c & AROUND).is_empty());

    // A47: or perhaps.
    Finding(Check::A47, On::KeyStatement(k, s), Severity::Medium, Sure::Perhaps, Evidence::Holder(h, m & AROUND)) <-
        Undecrypting(k, h, s), May(k, h, w, c, m), (acts(w)), ((c & AROUND).is_empty() && !(m & AROUND).is_empty());

    // A47: or can grant decryption to somebody else.
    Finding(Check::A47, On::KeyStatement(k, s), super::weighed(Severity::High, sure), sure, Evidence::Holder(h, ActionSet::CREATE_GRANT)) <-
        Undecrypting(k, h, s), GrantsFreely(k, h, sure), May(k, h, w, _, _), (acts(w));

    // A51: of an asymmetric key, a deny of what the public key is for, where the public key can be read.
    Finding(Check::A51, On::KeyStatement(k, s), super::weighed(Severity::Medium, super::sure(c, GET_PUBLIC)), super::sure(c, GET_PUBLIC), Evidence::Holder(h, m & GET_PUBLIC)) <-
        Denied(k, h, s, n), Performs(k, p), (!(n & p & PUBLIC).is_empty()), CustomerKey(k),
        May(k, h, w, c, m), (acts(w)), (!(m & p & GET_PUBLIC).is_empty());
}

/// Whether somebody can act as it; an AWS service does not look for a way around.
fn acts(who: Who) -> bool {
    !matches!(who.kind, HolderKind::Service | HolderKind::ServiceLinked)
}

/// All findings about denies.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.performs.iter().map(|&(k, m)| Performs(k, m)));
    program.extend(facts.may.iter().map(|&(k, h, w, c, m)| May(k, h, w, c, m)));
    program.extend(facts.grants_freely.iter().map(|&(k, h, s)| GrantsFreely(k, h, s)));
    program.extend(facts.denied.iter().map(|&(k, h, s, m)| Denied(k, h, s, m)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
