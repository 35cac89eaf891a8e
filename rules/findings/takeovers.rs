//! Findings about IAM: who can take over somebody with access, step by step.
//!
//! One step leads from whoever can act as a role to the role: by changing its trust policy, by passing it to a service, or
//! by assuming it. Whoever can give itself IAM policies is there at once, where the account gate is open. Steps lead from
//! post to post, each the principals of one account for whom they are the same.

use super::catalogue::Check;
use super::{Evidence, FindingRow, On, USE, sure, weighed};
use crate::facts::audited::{AuditFacts, PostId, StandId, Sure};
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
    struct PostMay(KeyId, PostId, Mask, Mask);
    @input
    struct Stands(PostId, StandId);
    @input
    struct Takes(StandId, PostId, Sure);
    @input
    struct Becomes(PostId, PostId, Sure);
    @input
    struct Rewrites(PostId, AccountId, Sure);

    // Everybody of post can come to use the key.
    @output
    struct Comes(KeyId, PostId, Sure);

    // Somebody of post can use the key, or can come to.
    struct Reaches(KeyId, PostId, Sure);
    // Whoever belongs to stand can come to use the key.
    struct ComesFrom(KeyId, StandId, Sure);

    // A45: somebody who uses the key is what others want to take over,
    Reaches(k, o, sure(c, m & USE)) <- PostMay(k, o, c, m), (uses(m)), CustomerKey(k);

    // A45: and so is whoever can come to.
    Reaches(k, o, s) <- Comes(k, o, s);

    // A45: where the account gate is open for use, IAM policies that somebody gives itself are enough.
    Comes(k, o, s.max(t)) <- Gate(k, m, s), (uses(m)), CustomerKey(k), KeyIn(k, a), Rewrites(o, a, t);

    // A45: whoever can act as somebody who reaches it,
    ComesFrom(k, g, s.max(t)) <- Reaches(k, o, s), Takes(g, o, t);

    // A45: one by one,
    Comes(k, o, s) <- ComesFrom(k, g, s), Stands(o, g);

    // A45: or because a trust policy names it.
    Comes(k, o, s.max(t)) <- Reaches(k, q, s), Becomes(o, q, t);
}

/// Whether some actions use key material.
pub(crate) fn uses(mask: Mask) -> bool {
    mask.intersects(USE)
}

/// All findings about takeovers; `idle` tells who of a post does not use a key.
pub(crate) fn run(facts: &AuditFacts, idle: impl Fn(KeyId, PostId) -> Vec<PrincipalId>) -> Vec<FindingRow> {
    if facts.takes.is_empty() && facts.becomes.is_empty() && facts.rewrites.is_empty() {
        return Vec::new();
    }
    let mut program = Crepe::new();
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(facts.gate.iter().map(|&(k, m, s)| Gate(k, m, s)));
    program.extend(facts.post_may.iter().map(|&(k, o, c, m)| PostMay(k, o, c, m)));
    program.extend(facts.stands.iter().map(|&(o, g)| Stands(o, g)));
    program.extend(facts.takes.iter().map(|&(g, o, s)| Takes(g, o, s)));
    program.extend(facts.becomes.iter().map(|&(o, q, s)| Becomes(o, q, s)));
    program.extend(facts.rewrites.iter().map(|&(o, a, s)| Rewrites(o, a, s)));
    let (comes,) = program.run_with_hasher::<ahash::RandomState>();
    // A45: those who cannot use the key themselves.
    let found = |Comes(key, post, sure)| {
        let severity = weighed(Severity::High, sure);
        let row =
            move |id| FindingRow::new(Check::A45, On::Key(key), severity, sure, Evidence::Principal(id));
        idle(key, post).into_iter().map(row)
    };
    comes.into_iter().flat_map(found).collect()
}
