//! Paths through policies: who is allowed by a key policy directly, through IAM, from another account,
//! as a service, or by IAM alone (S4.3-S4.6, S4.10, S4.11).
//!
//! A path says which statements would allow what; whether their conditions hold, and whether limits
//! and denies leave anything of it, is decided over all paths of a cell in `decision`.

use super::PathRow;
use crate::facts::id::Basis::{Nothing, Statement};
use crate::facts::id::{
    AccountId, Basis, KeyId, Mask, MatchKind, PolicyId, PrincipalId, Route, StatementId, TestId,
};
use crate::facts::relations::Facts;
use crate::model::action::ActionSet;
use crepe::crepe;

crepe! {
    @input
    struct InAccount(PrincipalId, AccountId);
    @input
    struct RootUser(PrincipalId);
    @input
    struct ServiceCaller(PrincipalId);
    @input
    struct Holds(PrincipalId, PolicyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct Keyless(KeyId, AccountId, Mask);
    @input
    struct KeyAllows(KeyId, StatementId, Mask);
    @input
    struct PolicyAllows(PolicyId, KeyId, StatementId, Mask);
    @input
    struct NamesPrincipal(StatementId, PrincipalId, MatchKind);
    @input
    struct NamesAccount(StatementId, AccountId);
    @input
    struct NamesAnyone(StatementId);
    @input
    struct TestsPrincipalArn(StatementId);
    @input
    struct Asks(StatementId, TestId);
    @input
    struct Admits(TestId, PrincipalId);

    @output
    struct Path(PrincipalId, KeyId, Route, Basis, Basis, Mask);

    // Statement of the key's policy allows principal, matching it as kind.
    struct Named(PrincipalId, KeyId, StatementId, MatchKind, Mask);
    // The key's policy lets the IAM policies of account count.
    struct Gate(KeyId, AccountId, StatementId, Mask);
    // Identity policy is held by some principal of account.
    struct HeldIn(PolicyId, AccountId);
    // Gate and identity policy together allow the policy's holders in account.
    struct Opened(KeyId, AccountId, PolicyId, StatementId, StatementId, Mask);

    // S2.2.4: a statement that names the principal, its role, its session or its user allows it.
    Named(p, k, s, kind, m) <- KeyAllows(k, s, m), NamesPrincipal(s, p, kind);

    // S2.2.3: a statement that names the account allows the root user itself.
    Named(p, k, s, MatchKind::Root, m) <-
        KeyAllows(k, s, m), NamesAccount(s, a), InAccount(p, a), RootUser(p);

    // S2.2.1: a wildcard principal allows everyone whom the statement's conditions may admit.
    Named(p, k, s, MatchKind::Anyone, m) <-
        KeyAllows(k, s, m), NamesAnyone(s), !TestsPrincipalArn(s), Asks(s, q), Admits(q, p);

    // S4.4.5: with a condition on aws:PrincipalArn the wildcard counts as naming the principal.
    Named(p, k, s, MatchKind::AnyoneByArn, m) <-
        KeyAllows(k, s, m), NamesAnyone(s), TestsPrincipalArn(s), Asks(s, q), Admits(q, p);

    // S4.4.1: the key policy names the user.
    Path(p, k, Route::User, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::User, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.2: the key policy names the role.
    Path(p, k, Route::Role, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::Role, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.3: the key policy names the session.
    Path(p, k, Route::Session, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::Session, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.4: the key policy names the user that made the federated session.
    Path(p, k, Route::UserOfSession, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::UserOfSession, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.5: the key policy admits everyone with a certain aws:PrincipalArn.
    Path(p, k, Route::AnyoneByArn, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::AnyoneByArn, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.6: the key policy admits everyone, which needs no identity policy in the key's account.
    Path(p, k, Route::Anyone, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::Anyone, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.7: the key policy names the account, and the caller is its root user.
    Path(p, k, Route::Root, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::Root, m), InAccount(p, a), KeyIn(k, a);

    // S4.4.9: the key policy names an identity provider, which is documented for trust policies only.
    Path(p, k, Route::Federated, Statement(s), Nothing, m) <-
        Named(p, k, s, MatchKind::Federated, m), InAccount(p, a), KeyIn(k, a);

    // S4.3.1: a statement that names an account opens the gate to that account's IAM policies.
    Gate(k, a, s, m) <- KeyAllows(k, s, m), NamesAccount(s, a);

    // S4.5.2: identity policies count for whoever holds them.
    HeldIn(d, a) <- Holds(p, d), InAccount(p, a);

    // S4.3.2: the gate is open per action: only what both the gate and the identity policy allow passes.
    Opened(k, a, d, g, s, m & n) <-
        Gate(k, a, g, m), PolicyAllows(d, k, s, n), HeldIn(d, a), (!(m & n).is_empty());

    // S4.5.1: in the key's own account an open gate and an identity policy allow.
    Path(p, k, Route::Delegated, Statement(g), Statement(s), m) <-
        Opened(k, a, d, g, s, m), KeyIn(k, a), Holds(p, d), InAccount(p, a);

    // S4.6.1: from another account the same two are needed, for operations that work across accounts (S4.2.1).
    Path(p, k, Route::CrossAccount, Statement(g), Statement(s), m & ActionSet::CROSS_ACCOUNT) <-
        Opened(k, a, d, g, s, m), KeyIn(k, b), (a != b), (!(m & ActionSet::CROSS_ACCOUNT).is_empty()),
        Holds(p, d), InAccount(p, a);

    // S4.6.1: naming the other account's principal itself, or everyone, does not replace its identity policy.
    Path(p, k, Route::CrossAccount, Statement(g), Statement(s), m & n & ActionSet::CROSS_ACCOUNT) <-
        Named(p, k, g, _, m), InAccount(p, a), KeyIn(k, b), (a != b), Holds(p, d), PolicyAllows(d, k, s, n),
        (!(m & n & ActionSet::CROSS_ACCOUNT).is_empty());

    // S4.6.2: the root user of another account has no identity policies and needs none.
    Path(p, k, Route::CrossAccountRoot, Statement(s), Nothing, m & ActionSet::CROSS_ACCOUNT) <-
        Named(p, k, s, _, m), RootUser(p), InAccount(p, a), KeyIn(k, b), (a != b),
        (!(m & ActionSet::CROSS_ACCOUNT).is_empty());

    // S4.11.1: a service principal needs only the key policy.
    Path(p, k, Route::Service, Statement(s), Nothing, m) <-
        Named(p, k, s, _, m), ServiceCaller(p), KeyIn(k, _);

    // S4.10.1: actions without a key are decided by the identity policies of the caller's account.
    Path(p, k, Route::IamOnly, Nothing, Statement(s), m & n) <-
        Keyless(k, a, m), PolicyAllows(d, k, s, n), (!(m & n).is_empty()), Holds(p, d), InAccount(p, a);

    // S4.10.1: the root user may do them without any policy.
    Path(p, k, Route::IamOnlyRoot, Nothing, Nothing, m) <-
        Keyless(k, a, m), InAccount(p, a), RootUser(p);
}

/// All paths through policies.
pub(crate) fn run(facts: &Facts) -> Vec<PathRow> {
    let mut program = Crepe::new();
    program.extend(facts.in_account.iter().map(|&(p, a)| InAccount(p, a)));
    program.extend(facts.root_user.iter().map(|&(p,)| RootUser(p)));
    program.extend(facts.service_caller.iter().map(|&(p,)| ServiceCaller(p)));
    program.extend(facts.holds.iter().map(|&(p, d)| Holds(p, d)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(facts.keyless.iter().map(|&(k, a, m)| Keyless(k, a, m)));
    program.extend(facts.key_allows.iter().map(|&(k, s, m)| KeyAllows(k, s, m)));
    program.extend(
        facts
            .policy_allows
            .iter()
            .map(|&(d, k, s, m)| PolicyAllows(d, k, s, m)),
    );
    program.extend(
        facts
            .names_principal
            .iter()
            .map(|&(s, p, kind)| NamesPrincipal(s, p, kind)),
    );
    program.extend(facts.names_account.iter().map(|&(s, a)| NamesAccount(s, a)));
    program.extend(facts.names_anyone.iter().map(|&(s,)| NamesAnyone(s)));
    program.extend(facts.tests_principal_arn.iter().map(|&(s,)| TestsPrincipalArn(s)));
    program.extend(facts.asks.iter().map(|&(s, q)| Asks(s, q)));
    program.extend(facts.admits.iter().map(|&(q, p)| Admits(q, p)));
    let (paths,) = program.run_with_hasher::<ahash::RandomState>();
    paths
        .into_iter()
        .map(|Path(principal, key, route, by, with, mask)| PathRow {
            principal,
            key,
            route,
            by,
            with,
            mask,
        })
        .collect()
}
