//! Near misses: which statements and grants would have had a say in one request, and fail in one element alone.
//!
//! The other programs take statements as they are. This one is for the explanation of one request (S4.1.2): which policies
//! each layer has, why a layer has no say, how a key policy statement that names the caller counts, and what fails where.

use crate::facts::id::{
    AccountId, Element, Exemption, GrantId, KeyId, Layer, LevelId, Mask, MatchKind, PolicyId, PrincipalId,
    StatementId, Voice,
};
use crate::facts::relations::Facts;
use crate::model::action::ActionSet;
use crepe::crepe;

const RETIRE: Mask = ActionSet::RETIRE_GRANT;
const GATE: Mask = ActionSet::KEY_POLICY_GATE;

crepe! {
    @input
    struct InAccount(PrincipalId, AccountId);
    @input
    struct RootUser(PrincipalId);
    @input
    struct ServiceCaller(PrincipalId);
    @input
    struct ServiceLinked(PrincipalId);
    @input
    struct Holds(PrincipalId, PolicyId);
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
    struct RcpMember(AccountId);
    @input
    struct RcpReaches(AccountId, PolicyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct CustomerKey(KeyId);
    @input
    struct Endpoint(PolicyId);
    @input
    struct Asked(PrincipalId, KeyId, Mask);
    @input
    struct StandsOn(PolicyId, KeyId);
    @input
    struct Has(PolicyId, StatementId);
    @input
    struct MayAllow(StatementId);
    @input
    struct NamedAs(StatementId, MatchKind);
    @input
    struct Fails(StatementId, Element);
    @input
    struct GrantFails(GrantId, Element);
    @input
    struct GranteeAccount(GrantId, AccountId);

    // The layer has no say about the request.
    @output
    struct Spared(Layer, Exemption);
    // An Allow of the layer, at this level, meets the request in every element.
    @output
    struct Speaks(Layer, Option<LevelId>, StatementId);
    // An Allow of the layer, at this level, fails in this element alone.
    @output
    struct Near(Layer, Option<LevelId>, StatementId, Element);
    // How a statement of the key's policy counts for the caller, if it names it.
    @output
    struct Counts(StatementId, Voice);
    // A grant fails in this element alone.
    @output
    struct NearGrant(GrantId, Element);

    // The layer has policies.
    struct Written(Layer);
    // The layer has policy, at this level.
    struct Reads(Layer, Option<LevelId>, PolicyId);
    // The statement fails in several elements.
    struct Far(StatementId);
    // The statement fails in some element.
    struct Failed(StatementId);
    // The grant fails in several elements.
    struct FarGrant(GrantId);

    // S4.3.1: the key's policies have a say in what a key policy can give (S2.3.3).
    Reads(Layer::KeyPolicy, None, d) <- Asked(_, k, m), (!(m & GATE).is_empty()), StandsOn(d, k);

    // S4.5.2: identity policies are those of whoever holds them.
    Reads(Layer::Identity, None, d) <- Asked(p, _, _), Holds(p, d);

    // S4.5.1: a permissions boundary limits whoever has it.
    Reads(Layer::Boundary, None, d) <- Asked(p, _, _), Bounded(p, d);

    // S4.5.2: session policies limit the session they were passed for.
    Reads(Layer::Session, None, d) <- Asked(p, _, _), Limited(p, d);

    // S4.7.1: SCPs of every level above the caller's member account limit it, but no service-linked role.
    Reads(Layer::Scp, Some(l), d) <-
        Asked(p, _, _), !ServiceLinked(p), InAccount(p, a), ScpMember(a), ScpLevel(a, l), ScpAttached(l, d);

    // S4.7.3: RCPs protect the customer managed keys of member accounts, and not the retiring of grants.
    Reads(Layer::Rcp, None, d) <-
        Asked(p, k, m), !ServiceLinked(p), (!(m - RETIRE).is_empty()), KeyIn(k, a), CustomerKey(k), RcpMember(a),
        RcpReaches(a, d);

    // S4.7.4: the policy of the VPC endpoint limits every request that comes through it.
    Reads(Layer::Endpoint, None, d) <- Asked(_, _, _), Endpoint(d);

    // S3.1.5: SCPs and RCPs do not bind service-linked roles.
    Spared(Layer::Scp, Exemption::ServiceLinked) <- Asked(p, _, _), ServiceLinked(p);

    // S3.1.5: nor do RCPs.
    Spared(Layer::Rcp, Exemption::ServiceLinked) <- Asked(p, _, _), ServiceLinked(p);

    // S3.1.6: a service that calls for itself is under no SCP,
    Spared(Layer::Scp, Exemption::Service) <- Asked(p, _, _), ServiceCaller(p);

    // S3.1.6: and holds no identity policies.
    Spared(Layer::Identity, Exemption::Service) <- Asked(p, _, _), ServiceCaller(p);

    // S3.1.1: a root user can hold no identity policies, and counts as allowed there.
    Spared(Layer::Identity, Exemption::RootUser) <- Asked(p, _, _), RootUser(p);

    // S4.7.1: SCPs bind the principals of member accounts only.
    Spared(Layer::Scp, Exemption::NoMember) <- Asked(p, _, _), InAccount(p, a), !ScpMember(a);

    // S4.7.3: RCPs protect the keys of member accounts only,
    Spared(Layer::Rcp, Exemption::NoMember) <- Asked(_, k, _), KeyIn(k, a), !RcpMember(a);

    // S4.7.3: none that AWS manages,
    Spared(Layer::Rcp, Exemption::AwsManaged) <- Asked(_, k, _), KeyIn(k, _), !CustomerKey(k);

    // S4.10.1: nothing where there is no key,
    Spared(Layer::Rcp, Exemption::NoKey) <- Asked(_, k, _), !KeyIn(k, _);

    // S4.10.1: and there is no key policy either.
    Spared(Layer::KeyPolicy, Exemption::NoKey) <- Asked(_, k, _), !KeyIn(k, _);

    // S4.9.8: key policies have no say in the retiring of grants,
    Spared(Layer::KeyPolicy, Exemption::Retiring) <- Asked(_, k, m), KeyIn(k, _), ((m & GATE).is_empty());

    // S4.9.8: nor have RCPs.
    Spared(Layer::Rcp, Exemption::Retiring) <- Asked(_, _, m), ((m - RETIRE).is_empty());

    // S4.1.2: a layer with policies has a say.
    Written(layer) <- Reads(layer, _, _);

    // S4.5.1: who has no boundary is not limited by one.
    Spared(Layer::Boundary, Exemption::NoPolicy) <- Asked(_, _, _), !Written(Layer::Boundary);

    // S4.5.1: likewise for session policies.
    Spared(Layer::Session, Exemption::NoPolicy) <- Asked(_, _, _), !Written(Layer::Session);

    // S4.7.4: a request that does not come through an endpoint with a policy is not limited by one.
    Spared(Layer::Endpoint, Exemption::NoPolicy) <- Asked(_, _, _), !Written(Layer::Endpoint);

    // S4.3.1: naming an account of the key's own lets its identity policies decide,
    Counts(s, Voice::Gate) <-
        NamedAs(s, MatchKind::Account), Asked(p, k, _), InAccount(p, a), KeyIn(k, a);

    // S4.4.1: naming the caller in any other way allows it directly,
    Counts(s, Voice::Direct) <-
        NamedAs(s, kind), (kind != MatchKind::Account), Asked(p, k, _), InAccount(p, a), KeyIn(k, a);

    // S4.6.1: for a caller of another account it is one of two sides,
    Counts(s, Voice::Half) <-
        NamedAs(s, _), Asked(p, k, _), InAccount(p, a), KeyIn(k, b), (a != b), !RootUser(p);

    // S4.6.2: but for its root user,
    Counts(s, Voice::Direct) <-
        NamedAs(s, _), Asked(p, k, _), InAccount(p, a), KeyIn(k, b), (a != b), RootUser(p);

    // S4.11.1: and a service needs nothing else.
    Counts(s, Voice::Direct) <- NamedAs(s, _), Asked(p, _, _), ServiceCaller(p);

    // S4.1.1: a statement counts as a whole.
    Failed(s) <- Fails(s, _);

    // S4.1.1: one that fails in two elements is no near miss.
    Far(s) <- Fails(s, e), Fails(s, f), (e != f);

    // S4.1.1: what meets the request in every element allows.
    Speaks(layer, level, s) <- Reads(layer, level, d), Has(d, s), MayAllow(s), !Failed(s);

    // S4.1.1: what fails in one would allow with it.
    Near(layer, level, s, e) <- Reads(layer, level, d), Has(d, s), MayAllow(s), Fails(s, e), !Far(s);

    // S4.9.1: a grant counts as a whole.
    FarGrant(g) <- GrantFails(g, e), GrantFails(g, f), (e != f);

    // S4.9.1: a grant that fails in one element would allow with it;
    NearGrant(g, e) <- GrantFails(g, e), !FarGrant(g), !GranteeAccount(g, _);

    // S4.9.2: one that is for an account would allow its root user.
    NearGrant(g, e) <- GrantFails(g, e), !FarGrant(g), GranteeAccount(g, _), Asked(p, _, _), RootUser(p);
}

/// A statement that allows, or would: its layer and level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stand {
    pub(crate) layer: Layer,
    pub(crate) level: Option<LevelId>,
    pub(crate) statement: StatementId,
}

/// What there is to say of each layer.
#[derive(Debug, Default)]
pub(crate) struct Nearness {
    /// Layers without a say.
    pub(crate) spared: Vec<(Layer, Exemption)>,
    pub(crate) speaks: Vec<Stand>,
    pub(crate) near: Vec<(Stand, Element)>,
    pub(crate) counts: Vec<(StatementId, Voice)>,
    pub(crate) grants: Vec<(GrantId, Element)>,
}

/// The clause by which a layer has no say.
pub(crate) fn clause(layer: Layer, exemption: Exemption) -> &'static str {
    match (exemption, layer) {
        (Exemption::ServiceLinked, _) => "S3.1.5",
        (Exemption::Service, _) => "S3.1.6",
        (Exemption::RootUser, _) => "S3.1.1",
        (Exemption::NoKey, _) => "S4.10.1",
        (Exemption::Retiring, _) => "S4.9.8",
        (_, Layer::Scp) => "S4.7.1",
        (_, Layer::Rcp) => "S4.7.3",
        (_, Layer::Endpoint) => "S4.7.4",
        (_, _) => "S4.5.1",
    }
}

/// Near misses and voices of the request that the facts are about, sorted.
pub(crate) fn run(facts: &Facts) -> Nearness {
    let mut program = Crepe::new();
    program.extend(facts.in_account.iter().map(|&(p, a)| InAccount(p, a)));
    program.extend(facts.root_user.iter().map(|&(p,)| RootUser(p)));
    program.extend(facts.service_caller.iter().map(|&(p,)| ServiceCaller(p)));
    program.extend(facts.service_linked.iter().map(|&(p,)| ServiceLinked(p)));
    program.extend(facts.holds.iter().map(|&(p, d)| Holds(p, d)));
    program.extend(facts.bounded.iter().map(|&(p, d)| Bounded(p, d)));
    program.extend(facts.limited.iter().map(|&(p, d)| Limited(p, d)));
    program.extend(facts.scp_member.iter().map(|&(a,)| ScpMember(a)));
    program.extend(facts.scp_level.iter().map(|&(a, l)| ScpLevel(a, l)));
    program.extend(facts.scp_attached.iter().map(|&(l, d)| ScpAttached(l, d)));
    program.extend(facts.rcp_member.iter().map(|&(a,)| RcpMember(a)));
    program.extend(facts.rcp_reaches.iter().map(|&(a, d)| RcpReaches(a, d)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(facts.customer_key.iter().map(|&(k,)| CustomerKey(k)));
    program.extend(facts.endpoint.iter().map(|&(d,)| Endpoint(d)));
    program.extend(facts.asked.iter().map(|&(p, k, m)| Asked(p, k, m)));
    program.extend(facts.stands_on.iter().map(|&(d, k)| StandsOn(d, k)));
    program.extend(facts.has.iter().map(|&(d, s)| Has(d, s)));
    program.extend(facts.may_allow.iter().map(|&(s,)| MayAllow(s)));
    program.extend(facts.named_as.iter().map(|&(s, kind)| NamedAs(s, kind)));
    program.extend(facts.fails.iter().map(|&(s, e)| Fails(s, e)));
    program.extend(facts.grantee_account.iter().map(|&(g, a)| GranteeAccount(g, a)));
    program.extend(facts.grant_fails.iter().map(|&(g, e)| GrantFails(g, e)));
    let (spared, speaks, near, counts, grants) = program.run_with_hasher::<ahash::RandomState>();
    let stand = |layer, level, statement| Stand {
        layer,
        level,
        statement,
    };
    let mut found = Nearness {
        spared: spared
            .into_iter()
            .map(|Spared(layer, why)| (layer, why))
            .collect(),
        speaks: speaks
            .into_iter()
            .map(|Speaks(layer, level, s)| stand(layer, level, s))
            .collect(),
        near: near
            .into_iter()
            .map(|Near(layer, level, s, element)| (stand(layer, level, s), element))
            .collect(),
        counts: counts.into_iter().map(|Counts(s, voice)| (s, voice)).collect(),
        grants: grants
            .into_iter()
            .map(|NearGrant(g, element)| (g, element))
            .collect(),
    };
    found.spared.sort_unstable();
    found.speaks.sort_unstable();
    found.near.sort_unstable();
    found.counts.sort_unstable();
    found.grants.sort_unstable();
    found
}
