//! Explicit denies: which Deny statements apply to the pairs at hand (S4.8).
//!
//! Whether a Deny's conditions hold is looked at later; one that holds always wins (S0.2).

use super::{AccountRow, KeyRow, LimitRow};
use crate::facts::id::{
    AccountId, KeyId, Layer, LevelId, Mask, MatchKind, PolicyId, PrincipalId, StatementId, TestId,
};
use crate::facts::relations::Facts;
use crate::model::action::ActionSet;
use crepe::crepe;

const RETIRE: Mask = ActionSet::RETIRE_GRANT;

crepe! {
    @input
    struct InAccount(PrincipalId, AccountId);
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
    struct KeyDenies(KeyId, StatementId, Mask);
    @input
    struct PolicyDenies(PolicyId, KeyId, StatementId, Mask);
    @input
    struct NamesPrincipal(StatementId, PrincipalId, MatchKind);
    @input
    struct NamesAccount(StatementId, AccountId);
    @input
    struct NamesAnyone(StatementId);
    @input
    struct Asks(StatementId, TestId);
    @input
    struct Admits(TestId, PrincipalId);
    @input
    struct Endpoint(PolicyId);
    // The pairs to look at: those that some path touches, or the one asked about.
    @input
    struct Pair(PrincipalId, KeyId);

    @output
    struct Denies(PrincipalId, KeyId, Layer, StatementId, Mask);
    // Statement denies every principal of account whom the layer binds, as far as its conditions hold.
    @output
    struct DeniesAccount(AccountId, KeyId, Layer, StatementId, Mask);
    // Statement denies everyone whom the layer binds, as far as its conditions hold.
    @output
    struct DeniesAll(KeyId, Layer, StatementId, Mask);

    // Principals of account touch key.
    struct Touches(AccountId, KeyId);
    // Some principal touches key.
    struct Touched(KeyId);
    // RCP protects key.
    struct Protects(PolicyId, KeyId);

    // S4.8.1: what denies many alike is looked up once for all that touch a key.
    Touches(a, k) <- Pair(p, k), InAccount(p, a);

    // S4.8.1: likewise for everyone.
    Touched(k) <- Pair(_, k);

    // S2.2.16: a key policy denies whom it names. S4.9.8: it has no say in retiring grants.
    Denies(p, k, Layer::KeyPolicy, s, m - RETIRE) <-
        Pair(p, k), KeyDenies(k, s, m), NamesPrincipal(s, p, _), (!(m - RETIRE).is_empty());

    // S2.2.15: a key policy that denies an account denies every principal of it.
    DeniesAccount(a, k, Layer::KeyPolicy, s, m - RETIRE) <-
        Touches(a, k), KeyDenies(k, s, m), NamesAccount(s, a), (!(m - RETIRE).is_empty());

    // S4.8.2: a key policy that denies everyone denies services and service-linked roles too.
    DeniesAll(k, Layer::KeyPolicy, s, m - RETIRE) <-
        Touched(k), KeyDenies(k, s, m), NamesAnyone(s), (!(m - RETIRE).is_empty());

    // S4.8.1: identity policies deny their holders.
    Denies(p, k, Layer::Identity, s, m) <-
        Pair(p, k), Holds(p, d), PolicyDenies(d, k, s, m), Asks(s, q), Admits(q, p);

    // S4.8.1: a boundary's explicit deny always wins, also where its implicit deny does not count (S4.4.10).
    Denies(p, k, Layer::Boundary, s, m) <-
        Pair(p, k), Bounded(p, d), PolicyDenies(d, k, s, m), Asks(s, q), Admits(q, p);

    // S4.8.1: so does a session policy's.
    Denies(p, k, Layer::Session, s, m) <-
        Pair(p, k), Limited(p, d), PolicyDenies(d, k, s, m), Asks(s, q), Admits(q, p);

    // S4.8.1: an SCP of any level (S4.7.1) denies the principals of a member account whom SCPs bind.
    DeniesAccount(a, k, Layer::Scp, s, m) <-
        Touches(a, k), ScpMember(a), ScpLevel(a, l), ScpAttached(l, d), PolicyDenies(d, k, s, m);

    // S4.7.3: RCPs protect the customer managed keys of member accounts.
    Protects(d, k) <- RcpMember(a), KeyIn(k, a), CustomerKey(k), RcpReaches(a, d);

    // S4.7.3: an RCP denies everyone whom RCPs bind, and not the retiring of grants.
    DeniesAll(k, Layer::Rcp, s, m - RETIRE) <-
        Touched(k), Protects(d, k), PolicyDenies(d, k, s, m), (!(m - RETIRE).is_empty());

    // S4.7.4: the policy of the VPC endpoint denies whom it names,
    Denies(p, k, Layer::Endpoint, s, m) <-
        Pair(p, k), Endpoint(d), PolicyDenies(d, k, s, m), NamesPrincipal(s, p, _);

    // S4.7.4: whose account it names,
    Denies(p, k, Layer::Endpoint, s, m) <-
        Pair(p, k), Endpoint(d), PolicyDenies(d, k, s, m), NamesAccount(s, a), InAccount(p, a);

    // S4.7.4: or everyone.
    Denies(p, k, Layer::Endpoint, s, m) <- Pair(p, k), Endpoint(d), PolicyDenies(d, k, s, m), NamesAnyone(s);
}

/// Deny statements, by whom they may apply to.
pub(crate) struct Denied {
    pub(crate) each: Vec<LimitRow>,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) all: Vec<KeyRow>,
}

/// The Deny statements that may apply to the given pairs.
pub(crate) fn run(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Denied {
    let mut program = Crepe::new();
    program.extend(facts.in_account.iter().map(|&(p, a)| InAccount(p, a)));
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
    program.extend(facts.key_denies.iter().map(|&(k, s, m)| KeyDenies(k, s, m)));
    program.extend(
        facts
            .policy_denies
            .iter()
            .map(|&(d, k, s, m)| PolicyDenies(d, k, s, m)),
    );
    program.extend(
        facts
            .names_principal
            .iter()
            .map(|&(s, p, kind)| NamesPrincipal(s, p, kind)),
    );
    program.extend(facts.names_account.iter().map(|&(s, a)| NamesAccount(s, a)));
    program.extend(facts.names_anyone.iter().map(|&(s,)| NamesAnyone(s)));
    program.extend(facts.asks.iter().map(|&(s, q)| Asks(s, q)));
    program.extend(facts.admits.iter().map(|&(q, p)| Admits(q, p)));
    program.extend(facts.endpoint.iter().map(|&(d,)| Endpoint(d)));
    program.extend(pairs.iter().map(|&(p, k)| Pair(p, k)));
    let (denies, of_accounts, of_all) = program.run_with_hasher::<ahash::RandomState>();
    Denied {
        each: denies
            .into_iter()
            .map(|Denies(principal, key, layer, statement, mask)| LimitRow {
                principal,
                key,
                layer,
                statement,
                mask,
            })
            .collect(),
        accounts: of_accounts
            .into_iter()
            .map(|DeniesAccount(account, key, layer, statement, mask)| AccountRow {
                account,
                key,
                layer,
                statement,
                mask,
            })
            .collect(),
        all: of_all
            .into_iter()
            .map(|DeniesAll(key, layer, statement, mask)| KeyRow {
                key,
                layer,
                statement,
                mask,
            })
            .collect(),
    }
}
