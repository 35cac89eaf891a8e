//! Paths through grants: who may use a key by a grant, and who may retire one (S4.9).
//!
//! A grant only ever allows. Its constraints, and the limits on grants made through a grant (S4.9.7),
//! are conditions of the path that lowering attaches to the grant.

use super::PathRow;
use crate::facts::id::Basis::{Grant as ByGrant, Nothing, Statement};
use crate::facts::id::{
    AccountId, Basis, GrantId, GranteeKind, KeyId, Mask, PolicyId, PrincipalId, Route, StatementId,
};
use crate::facts::relations::Facts;
use crate::model::action::ActionSet;
use crepe::crepe;

const RETIRE: Mask = ActionSet::RETIRE_GRANT;

crepe! {
    @input
    struct InAccount(PrincipalId, AccountId);
    @input
    struct RootUser(PrincipalId);
    @input
    struct Holds(PrincipalId, PolicyId);
    @input
    struct KeyIn(KeyId, AccountId);
    @input
    struct PolicyAllows(PolicyId, KeyId, StatementId, Mask);
    @input
    struct Grant(GrantId, KeyId, Mask);
    // The grant stands for all on the key that the same accounts may retire.
    @input
    struct Retirable(GrantId, KeyId);
    @input
    struct IssuedBy(GrantId, AccountId);
    @input
    struct Grantee(GrantId, PrincipalId, GranteeKind);
    @input
    struct GranteeAccount(GrantId, AccountId);
    @input
    struct Retiring(GrantId, PrincipalId);
    @input
    struct RetiringAccount(GrantId, AccountId);

    @output
    struct Path(PrincipalId, KeyId, Route, Basis, Basis, Mask);

    // Grant on key gives actions; retiring has rules of its own.
    struct Gives(GrantId, KeyId, Mask);
    // Members of account may retire the grant on key.
    struct RetiredIn(GrantId, KeyId, AccountId);

    // S4.9.1: a grant gives the operations it lists.
    Gives(g, k, m - RETIRE) <- Grant(g, k, m), (!(m - RETIRE).is_empty());

    // S4.9.3: a user or session of the key's account needs nothing but the grant.
    Path(p, k, Route::Grant, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Named), InAccount(p, a), KeyIn(k, a);

    // S4.9.6: a role of the key's account needs nothing but the grant, as far as its boundary and session policy go along.
    Path(p, k, Route::GrantToRole, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Role), InAccount(p, a), KeyIn(k, a);

    // S4.9.2: a service principal as grantee is that service, not any IAM principal.
    Path(p, k, Route::Grant, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Service);

    // S4.9.2: an account root as grantee is the root user directly.
    Path(p, k, Route::Grant, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), GranteeAccount(g, a), InAccount(p, a), RootUser(p);

    // S4.9.2: an account root as grantee is a delegation to the account's other principals.
    Path(p, k, Route::GrantToAccount, ByGrant(g), Statement(s), m & n) <-
        Gives(g, k, m), GranteeAccount(g, a), PolicyAllows(d, k, s, n), (!(m & n).is_empty()),
        Holds(p, d), InAccount(p, a);

    // S4.9.5: a grantee of another account may use the key when its own account issued the grant.
    Path(p, k, Route::Grant, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Named), InAccount(p, a), IssuedBy(g, a), KeyIn(k, b), (a != b);

    // S4.9.5: likewise a role; then S4.9.6 applies to it.
    Path(p, k, Route::GrantToRole, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Role), InAccount(p, a), IssuedBy(g, a), KeyIn(k, b), (a != b);

    // S4.9.5: or when an identity policy of its own account allows the action on that key;
    Path(p, k, Route::Grant, ByGrant(g), Statement(s), m & n) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Named), InAccount(p, a), KeyIn(k, b), (a != b), Holds(p, d),
        PolicyAllows(d, k, s, n), (!(m & n).is_empty());

    // S4.9.5: likewise a role; then S4.9.6 applies to it.
    Path(p, k, Route::GrantToRole, ByGrant(g), Statement(s), m & n) <-
        Gives(g, k, m), Grantee(g, p, GranteeKind::Role), InAccount(p, a), KeyIn(k, b), (a != b), Holds(p, d),
        PolicyAllows(d, k, s, n), (!(m & n).is_empty());

    // S4.9.5: with neither, the documentation does not say.
    Path(p, k, Route::GrantUntrusted, ByGrant(g), Nothing, m) <-
        Gives(g, k, m), Grantee(g, p, _), InAccount(p, a), KeyIn(k, b), (a != b);

    // S4.9.8 (a): the retiring principal may retire the grant.
    Path(p, k, Route::RetiringPrincipal, ByGrant(g), Nothing, RETIRE) <- Retiring(g, p), Grant(g, k, _);

    // S4.9.8 (b): the grantee may, when the grant lists RetireGrant.
    Path(p, k, Route::RetiringGrantee, ByGrant(g), Nothing, RETIRE) <-
        Grant(g, k, m), (!(m & RETIRE).is_empty()), Grantee(g, p, _);

    // S4.9.8 (b): a grantee that is an account root is the root user.
    Path(p, k, Route::RetiringGrantee, ByGrant(g), Nothing, RETIRE) <-
        Grant(g, k, m), (!(m & RETIRE).is_empty()), GranteeAccount(g, a), InAccount(p, a), RootUser(p);

    // S4.9.8 (b): the others of that account need an identity policy that allows it, to count as the grantee (S4.9.2).
    Path(p, k, Route::RetiringGranteeMember, ByGrant(g), Statement(s), RETIRE) <-
        Grant(g, k, m), (!(m & RETIRE).is_empty()), GranteeAccount(g, a), PolicyAllows(d, k, s, n),
        (!(n & RETIRE).is_empty()), Holds(p, d), InAccount(p, a);

    // S4.9.8 (c): three accounts have a say: the one that issued the grant,
    RetiredIn(g, k, a) <- Retirable(g, k), IssuedBy(g, a);

    // S4.9.8 (c): the key's own,
    RetiredIn(g, k, a) <- Retirable(g, k), KeyIn(k, a);

    // S4.9.8 (c): and one named as retiring principal.
    RetiredIn(g, k, a) <- Retirable(g, k), RetiringAccount(g, a);

    // S4.9.8 (c): their root users may retire the grant.
    Path(p, k, Route::RetiringRoot, ByGrant(g), Nothing, RETIRE) <-
        RetiredIn(g, k, a), InAccount(p, a), RootUser(p);

    // S4.9.8 (d): their other principals may by an identity policy.
    Path(p, k, Route::RetiringByIdentity, ByGrant(g), Statement(s), RETIRE) <-
        RetiredIn(g, k, a), PolicyAllows(d, k, s, m), (!(m & RETIRE).is_empty()), Holds(p, d), InAccount(p, a);
}

/// All paths through grants.
pub(crate) fn run(facts: &Facts) -> Vec<PathRow> {
    let mut program = Crepe::new();
    program.extend(facts.in_account.iter().map(|&(p, a)| InAccount(p, a)));
    program.extend(facts.root_user.iter().map(|&(p,)| RootUser(p)));
    program.extend(facts.holds.iter().map(|&(p, d)| Holds(p, d)));
    program.extend(facts.key_in.iter().map(|&(k, a)| KeyIn(k, a)));
    program.extend(
        facts
            .policy_allows
            .iter()
            .map(|&(d, k, s, m)| PolicyAllows(d, k, s, m)),
    );
    program.extend(facts.grant.iter().map(|&(g, k, m)| Grant(g, k, m)));
    program.extend(facts.retirable.iter().map(|&(g, k)| Retirable(g, k)));
    program.extend(facts.issued_by.iter().map(|&(g, a)| IssuedBy(g, a)));
    program.extend(facts.grantee.iter().map(|&(g, p, kind)| Grantee(g, p, kind)));
    program.extend(facts.grantee_account.iter().map(|&(g, a)| GranteeAccount(g, a)));
    program.extend(facts.retiring.iter().map(|&(g, p)| Retiring(g, p)));
    program.extend(facts.retiring_account.iter().map(|&(g, a)| RetiringAccount(g, a)));
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
