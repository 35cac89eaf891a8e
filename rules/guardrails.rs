//! Guardrails: what limits whom, and which statements let something through (S4.4.10, S4.5.1, S4.7).
//!
//! Each limit is a layer that must allow on its own. A layer that limits a principal and has no
//! statement for an action is an implicit deny.

use super::{LevelRow, LimitRow};
use crate::facts::id::{AccountId, KeyId, Layer, LevelId, Mask, PolicyId, PrincipalId, StatementId};
use crate::facts::relations::Facts;
use crepe::crepe;

crepe! {
    @input
    struct InAccount(PrincipalId, AccountId);
    @input
    struct ServiceLinked(PrincipalId);
    @input
    struct Bounded(PrincipalId, PolicyId);
    @input
    struct Limited(PrincipalId, PolicyId);
    @input
    struct ScpMember(AccountId);
    @input
    struct ScpLevel(AccountId, LevelId);
    @input
    struct ScpAttached(LevelId, PolicyId);
    @input
    struct PolicyAllows(PolicyId, KeyId, StatementId, Mask);
    @input
    struct Endpoint(PolicyId);
    @input
    struct NamesPrincipal(StatementId, PrincipalId, crate::facts::id::MatchKind);
    @input
    struct NamesAccount(StatementId, AccountId);
    @input
    struct NamesAnyone(StatementId);
    // The pairs that some path touches.
    @input
    struct Pair(PrincipalId, KeyId);

    @output
    struct Under(PrincipalId, Layer);
    @output
    struct Allows(PrincipalId, KeyId, Layer, StatementId, Mask);
    @output
    struct LevelAllows(AccountId, KeyId, LevelId, StatementId, Mask);

    // Principals of account touch key.
    struct Touches(AccountId, KeyId);

    // S4.7.1: SCPs bind every principal of a member account, its root user included, but no service-linked role.
    Under(p, Layer::Scp) <- ScpMember(a), InAccount(p, a), !ServiceLinked(p);

    // S4.7.3: RCPs bind everybody, services included, but for service-linked roles; they deny only.
    Under(p, Layer::Rcp) <- Pair(p, _), !ServiceLinked(p);

    // S4.7.1: SCPs are the principal's account's, so they are looked up once for all its principals that touch a key.
    Touches(a, k) <- Pair(p, k), InAccount(p, a);

    // S4.7.1: at every level one of the attached SCPs must allow; two levels do not make up for each other.
    LevelAllows(a, k, l, s, m) <-
        Touches(a, k), ScpMember(a), ScpLevel(a, l), ScpAttached(l, d), PolicyAllows(d, k, s, m);

    // S4.5.1: a permissions boundary limits whoever has it.
    Under(p, Layer::Boundary) <- Bounded(p, _);

    // S4.5.2: a boundary lets through what one of its statements allows, and never grants.
    Allows(p, k, Layer::Boundary, s, m) <- Pair(p, k), Bounded(p, d), PolicyAllows(d, k, s, m);

    // S4.5.1: session policies limit the session they were passed for.
    Under(p, Layer::Session) <- Limited(p, _);

    // S4.5.2: several session policies allow what one of them allows.
    Allows(p, k, Layer::Session, s, m) <- Pair(p, k), Limited(p, d), PolicyAllows(d, k, s, m);

    // S4.7.4: the policy of the VPC endpoint limits every request that comes through it.
    Under(p, Layer::Endpoint) <- Endpoint(_), Pair(p, _);

    // S4.7.4: it lets through whom a statement names,
    Allows(p, k, Layer::Endpoint, s, m) <-
        Pair(p, k), Endpoint(d), PolicyAllows(d, k, s, m), NamesPrincipal(s, p, _);

    // S4.7.4: whose account a statement names,
    Allows(p, k, Layer::Endpoint, s, m) <-
        Pair(p, k), Endpoint(d), PolicyAllows(d, k, s, m), NamesAccount(s, a), InAccount(p, a);

    // S4.7.4: or everyone, with a wildcard principal.
    Allows(p, k, Layer::Endpoint, s, m) <-
        Pair(p, k), Endpoint(d), PolicyAllows(d, k, s, m), NamesAnyone(s);
}

/// What guardrails say about the pairs that paths touch.
pub(crate) struct Guardrails {
    /// Which layers limit which principal.
    pub(crate) under: Vec<(PrincipalId, Layer)>,
    /// What boundary, session and endpoint policies let through.
    pub(crate) allows: Vec<LimitRow>,
    /// What the SCPs of each level let through.
    pub(crate) levels: Vec<LevelRow>,
}

/// Guardrails on the given pairs.
pub(crate) fn run(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Guardrails {
    let mut program = Crepe::new();
    program.extend(facts.in_account.iter().map(|&(p, a)| InAccount(p, a)));
    program.extend(facts.service_linked.iter().map(|&(p,)| ServiceLinked(p)));
    program.extend(facts.bounded.iter().map(|&(p, d)| Bounded(p, d)));
    program.extend(facts.limited.iter().map(|&(p, d)| Limited(p, d)));
    program.extend(facts.scp_member.iter().map(|&(a,)| ScpMember(a)));
    program.extend(facts.scp_level.iter().map(|&(a, l)| ScpLevel(a, l)));
    program.extend(facts.scp_attached.iter().map(|&(l, d)| ScpAttached(l, d)));
    program.extend(
        facts
            .policy_allows
            .iter()
            .map(|&(d, k, s, m)| PolicyAllows(d, k, s, m)),
    );
    program.extend(facts.endpoint.iter().map(|&(d,)| Endpoint(d)));
    program.extend(
        facts
            .names_principal
            .iter()
            .map(|&(s, p, kind)| NamesPrincipal(s, p, kind)),
    );
    program.extend(facts.names_account.iter().map(|&(s, a)| NamesAccount(s, a)));
    program.extend(facts.names_anyone.iter().map(|&(s,)| NamesAnyone(s)));
    program.extend(pairs.iter().map(|&(p, k)| Pair(p, k)));
    let (under, allows, levels) = program.run_with_hasher::<ahash::RandomState>();
    Guardrails {
        under: under.into_iter().map(|Under(p, layer)| (p, layer)).collect(),
        allows: allows
            .into_iter()
            .map(|Allows(principal, key, layer, statement, mask)| LimitRow {
                principal,
                key,
                layer,
                statement,
                mask,
            })
            .collect(),
        levels: levels
            .into_iter()
            .map(|LevelAllows(account, key, level, statement, mask)| LevelRow {
                account,
                key,
                level,
                statement,
                mask,
            })
            .collect(),
    }
}
