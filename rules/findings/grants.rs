//! Findings about grants, held against what comes of them.
//!
//! AWS services make grants for themselves, their service-linked roles and their sessions, and retire them: nobody can
//! act on those, so that most findings leave them out.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, sure, weighed};
use crate::facts::audited::{AuditFacts, GranteeSort, Standing, Sure};
use crate::facts::id::{GrantId, KeyId, Mask};
use crate::model::action::{Action, ActionSet};
use crate::model::finding::Severity;
use crepe::crepe;

/// What should be tied to the data of one task (A15).
const BROAD: Mask = ActionSet::of(&[
    Action::Decrypt,
    Action::GenerateDataKey,
    Action::GenerateDataKeyPair,
    Action::GenerateDataKeyPairWithoutPlaintext,
    Action::GenerateDataKeyWithoutPlaintext,
    Action::ReEncryptFrom,
    Action::ReEncryptTo,
]);

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct Grant(KeyId, GrantId, Mask);
    @input
    struct Grantee(GrantId, GranteeSort, Standing);
    @input
    struct GranteeMay(GrantId, Mask, Mask);
    @input
    struct Constrained(GrantId);
    @input
    struct HasRetiring(GrantId);
    @input
    struct RetiringOrphan(GrantId);
    @input
    struct SameGrant(GrantId, GrantId);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Grant on a key that somebody manages, to somebody who lives and is no service.
    struct ToSomebody(KeyId, GrantId, Mask);
    // Its grantee can do something of it.
    struct Works(GrantId);
    // Its grantee can pass it on, perhaps.
    struct Passes(GrantId);

    // A12, A13, A15: grants to somebody else than a service.
    ToSomebody(k, g, m) <-
        Grantee(g, t, _), (matches!(t, GranteeSort::Principal | GranteeSort::Account)), Grant(k, g, m), CustomerKey(k);

    // A38: something comes of the grant.
    Works(g) <- GranteeMay(g, _, _);

    // A12: grants can be created by it.
    Passes(g) <- GranteeMay(g, _, m), (!(m & ActionSet::CREATE_GRANT).is_empty());

    // A12: a grant whose holder can create grants.
    Finding(Check::A12, On::KeyGrant(k, g), Severity::High, Sure::Certain, Evidence::Grant(g, m & ActionSet::CREATE_GRANT)) <-
        ToSomebody(k, g, m), (!(m & ActionSet::CREATE_GRANT).is_empty()), Passes(g);

    // A12, S8.2: one that a deny makes ineffective is to be known.
    Finding(Check::A12, On::KeyGrant(k, g), Severity::Info, Sure::Perhaps, Evidence::Grant(g, m & ActionSet::CREATE_GRANT)) <-
        ToSomebody(k, g, m), (!(m & ActionSet::CREATE_GRANT).is_empty()), !Passes(g);

    // A13: nobody is named to retire it, and its holder cannot.
    Finding(Check::A13, On::KeyGrant(k, g), Severity::Medium, Sure::Certain, Evidence::Grant(g, m)) <-
        ToSomebody(k, g, m), !HasRetiring(g), ((m & ActionSet::RETIRE_GRANT).is_empty());

    // A14: a grant to another account of the trust zone.
    Finding(Check::A14, On::KeyGrant(k, g), weighed(Severity::High, sure(c, m)), sure(c, m), Evidence::Grant(g, m)) <-
        ToSomebody(k, g, _), Grantee(g, _, Standing::Inside), GranteeMay(g, c, m);

    // A14: or to one that is not known to be of it.
    Finding(Check::A14, On::KeyGrant(k, g), weighed(Severity::Critical, sure(c, m)), sure(c, m), Evidence::Grant(g, m)) <-
        ToSomebody(k, g, _), Grantee(g, _, w), (is_outside(w)), GranteeMay(g, c, m);

    // A14: services of an account outside work for that account, and never unseen.
    Finding(Check::A14, On::KeyGrant(k, g), weighed(Severity::Critical, sure(c, m)), sure(c, m), Evidence::Grant(g, m)) <-
        Grantee(g, GranteeSort::Service, w), (is_outside(w)), Grant(k, g, _), CustomerKey(k), GranteeMay(g, c, m);

    // A14, S8.2: one that gives nothing is to be known.
    Finding(Check::A14, On::KeyGrant(k, g), Severity::Info, Sure::Perhaps, Evidence::Grant(g, m)) <-
        ToSomebody(k, g, m), Grantee(g, _, w), (w == Standing::Inside || is_outside(w)), !Works(g);

    // A15: a grant to whoever an account likes.
    Finding(Check::A15, On::KeyGrant(k, g), Severity::Medium, Sure::Certain, Evidence::Grant(g, m)) <-
        ToSomebody(k, g, m), Grantee(g, GranteeSort::Account, _), Works(g);

    // A15: a grant for all data of the key.
    Finding(Check::A15, On::KeyGrant(k, g), Severity::Medium, Sure::Certain, Evidence::Grant(g, m & BROAD)) <-
        ToSomebody(k, g, m), (!(m & BROAD).is_empty()), !Constrained(g), Works(g);

    // A16: grants that say the same, told with the first of them.
    Finding(Check::A16, On::KeyGrant(k, g), Severity::Low, Sure::Certain, Evidence::Grant(h, m)) <-
        SameGrant(g, h), ToSomebody(k, g, m);

    // A19: the grantee is gone,
    Finding(Check::A19, On::KeyGrant(k, g), Severity::Medium, Sure::Certain, Evidence::Grant(g, m)) <-
        Grantee(g, GranteeSort::Orphan, _), Grant(k, g, m), CustomerKey(k);

    // A19: or whoever should retire it.
    Finding(Check::A19, On::KeyGrant(k, g), Severity::Medium, Sure::Certain, Evidence::Grant(g, m)) <-
        RetiringOrphan(g), Grant(k, g, m), CustomerKey(k);

    // A38: a grant of which nothing remains.
    Finding(Check::A38, On::KeyGrant(k, g), Severity::Info, Sure::Certain, Evidence::Grant(g, m)) <-
        ToSomebody(k, g, m), !Works(g), (!m.is_empty());
}

/// Whether somebody is, or may be, outside of the trust zone (S8.1).
fn is_outside(standing: Standing) -> bool {
    matches!(standing, Standing::Outside | Standing::Unknown)
}

/// All findings about grants.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.grant.iter().map(|&(k, g, m)| Grant(k, g, m)));
    program.extend(facts.grantee.iter().map(|&(g, t, w)| Grantee(g, t, w)));
    program.extend(facts.grantee_may.iter().map(|&(g, c, m)| GranteeMay(g, c, m)));
    program.extend(facts.constrained.iter().map(|&(g,)| Constrained(g)));
    program.extend(facts.has_retiring.iter().map(|&(g,)| HasRetiring(g)));
    program.extend(facts.retiring_orphan.iter().map(|&(g,)| RetiringOrphan(g)));
    program.extend(facts.same_grant.iter().map(|&(g, h)| SameGrant(g, h)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
