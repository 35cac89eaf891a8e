//! Findings about IAM: who can take over somebody with access, step by step.
//!
//! One step leads from whoever can act as a role to the role: by changing its trust policy, by passing it to a service, or
//! by assuming it. Whoever can give itself IAM policies is there at once, where the account gate is open.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, USE, sure, weighed};
use crate::facts::audited::{AuditFacts, StandId, Sure};
use crate::facts::id::{AccountId, KeyId, Mask, PrincipalId};
use crate::model::finding::Severity;
use crepe::crepe;

crepe! {
    @input
    struct CustomerKey(KeyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct Gate(KeyId, Mask, Sure);
    @input
    struct WatchedMay(KeyId, PrincipalId, Mask, Mask);
    @input
    struct Stands(PrincipalId, StandId);
    @input
    struct Takes(StandId, PrincipalId, Sure);
    @input
    struct Becomes(PrincipalId, PrincipalId, Sure);
    @input
    struct Rewrites(PrincipalId, AccountId, Sure);

    @output
    struct Finding(Check, On, Severity, Sure, Evidence);

    // Principal can use the key itself.
    struct Uses(KeyId, PrincipalId);
    // Principal can come to use the key.
    struct Comes(KeyId, PrincipalId, Sure);
    // Whoever belongs to stand can come to use the key.
    struct ComesFrom(KeyId, StandId, Sure);

    // A45: somebody who uses the key.
    Uses(k, p) <- WatchedMay(k, p, _, m), (!(m & USE).is_empty());

    // A45: it is what others want to take over.
    Comes(k, p, sure(c, m & USE)) <- WatchedMay(k, p, c, m), (!(m & USE).is_empty()), CustomerKey(k);

    // A45: where the account gate is open for use, IAM policies that somebody gives itself are enough.
    Comes(k, p, s.max(t)) <- Gate(k, m, s), (!(m & USE).is_empty()), CustomerKey(k), KeyIn(k, a), Rewrites(p, a, t);

    // A45: whoever can act as somebody who can come to it,
    ComesFrom(k, g, s.max(t)) <- Comes(k, q, s), Takes(g, q, t);

    // A45: one by one,
    Comes(k, p, s) <- ComesFrom(k, g, s), Stands(p, g);

    // A45: or because a trust policy names it.
    Comes(k, p, s.max(t)) <- Comes(k, q, s), Becomes(p, q, t);

    // A45: those who cannot use the key themselves.
    Finding(Check::A45, On::Key(k), weighed(Severity::High, s), s, Evidence::Principal(p)) <- Comes(k, p, s), !Uses(k, p);
}

/// All findings about takeovers.
pub(crate) fn run(facts: &AuditFacts) -> Vec<FindingRow> {
    if facts.takes.is_empty() && facts.becomes.is_empty() && facts.rewrites.is_empty() {
        return Vec::new();
    }
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(facts.gate.iter().map(|&(k, m, s)| Gate(k, m, s)));
    program.extend(
        facts
            .watched_may
            .iter()
            .map(|&(k, p, c, m)| WatchedMay(k, p, c, m)),
    );
    program.extend(facts.stands.iter().map(|&(p, g)| Stands(p, g)));
    program.extend(facts.takes.iter().map(|&(g, p, s)| Takes(g, p, s)));
    program.extend(facts.becomes.iter().map(|&(p, q, s)| Becomes(p, q, s)));
    program.extend(facts.rewrites.iter().map(|&(p, a, s)| Rewrites(p, a, s)));
    let (findings,) = program.run_with_hasher::<ahash::RandomState>();
    let row =
        |Finding(check, on, severity, sure, evidence)| FindingRow::new(check, on, severity, sure, evidence);
    findings.into_iter().map(row).collect()
}
