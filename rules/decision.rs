//! What remains: the conjunction of all layers (S4.1). The shortest file.
//!
//! The layers of one principal, key and action are given as values of any three-valued or symbolic
//! logic: the truth values of one request, or formulas over everything that is still open.

use crate::facts::id::Route;

/// A logic in which decisions are computed (S0.4).
pub(crate) trait Logic {
    /// A truth value.
    type Value: Copy;
    /// Holds.
    fn yes(&mut self) -> Self::Value;
    /// A point the documentation leaves open.
    fn ambiguous(&mut self, rule: &'static str, about: &'static str) -> Self::Value;
    /// Both hold.
    fn and(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// One of them holds.
    fn or(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// It does not hold.
    fn not(&mut self, a: Self::Value) -> Self::Value;
}

/// What limits one principal's action on one key. `None`: no such policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<V> {
    /// The boundary allows.
    pub(crate) boundary: Option<V>,
    /// A session policy allows.
    pub(crate) session: Option<V>,
    /// A session policy allows, for sessions that have no identity side without one (S3.1.4).
    pub(crate) session_required: Option<V>,
    /// Every SCP level allows.
    pub(crate) scp: Option<V>,
}

/// What a route asks of boundary and session policies.
enum Caps {
    /// Nothing: their implicit denies do not matter.
    None,
    /// They must allow.
    Required,
    /// Whether they must allow is not documented: the rule, and the question.
    Doubtful(&'static str, &'static str),
}

fn caps(route: Route) -> Caps {
    match route {
        // S4.4.1, S4.4.3, S4.4.5, S4.4.7: named themselves. S4.6.2: root users have neither. S4.11.1: nor have services.
        Route::User | Route::Session | Route::AnyoneByArn | Route::Root | Route::CrossAccountRoot => {
            Caps::None
        }
        Route::Federated | Route::Service | Route::IamOnlyRoot => Caps::None,
        // S4.9.6: a grantee named by its user or session ARN. S4.9.8 (a), (b), (c): by right of the grant or of the root.
        Route::Grant | Route::RetiringPrincipal | Route::RetiringGrantee | Route::RetiringRoot => Caps::None,
        // S4.4.2, S4.4.4, S4.5.1, S4.6.1, S4.10.1
        Route::Role | Route::UserOfSession | Route::Delegated | Route::CrossAccount | Route::IamOnly => {
            Caps::Required
        }
        // S4.9.2, S4.9.8 (d): the identity side counts only within its limits.
        Route::GrantToAccount | Route::RetiringByIdentity | Route::RetiringGranteeMember => Caps::Required,
        // S4.4.6
        Route::Anyone => Caps::Doubtful(
            "S4.4.6",
            "a wildcard principal prevails over a boundary or session policy that does not allow",
        ),
        // S4.9.6
        Route::GrantToRole | Route::GrantUntrusted => Caps::Doubtful(
            "S4.9.6",
            "a grant to a role prevails over a boundary or session policy that does not allow",
        ),
    }
}

/// One path with its limits: what its statements say, and what may take it away again.
///
/// `holds` is the value of the statements or grant the path rests on.
pub(crate) fn path<L: Logic>(
    logic: &mut L,
    route: Route,
    holds: L::Value,
    limits: &Limits<L::Value>,
) -> L::Value {
    let mut value = holds;
    match caps(route) {
        Caps::None => {}
        Caps::Required => {
            let session = limits.session_required.or(limits.session);
            for cap in [limits.boundary, session].into_iter().flatten() {
                value = logic.and(value, cap);
            }
        }
        Caps::Doubtful(rule, about) => {
            for cap in [limits.boundary, limits.session].into_iter().flatten() {
                let doubt = logic.ambiguous(rule, about);
                let cap = logic.or(cap, doubt);
                value = logic.and(value, cap);
            }
        }
    }
    if route == Route::GrantUntrusted {
        // S4.9.5
        let doubt = logic.ambiguous(
            "S4.9.5",
            "another account's grantee may use the key without its own account's permission",
        );
        value = logic.and(value, doubt);
    }
    if let Some(scp) = limits.scp {
        // S4.7.1: SCPs cap every kind of permission. S4.9.8: for the right to retire by a grant this is not documented.
        let scp = if matches!(
            route,
            Route::RetiringPrincipal | Route::RetiringGrantee | Route::RetiringGranteeMember
        ) {
            let doubt = logic.ambiguous(
                "S4.9.8",
                "the right to retire by a grant prevails over an SCP that does not allow",
            );
            logic.or(scp, doubt)
        } else {
            scp
        };
        value = logic.and(value, scp);
    }
    value
}

/// S4.1.1: not denied, let through by the endpoint, and some path.
pub(crate) fn decision<L: Logic>(
    logic: &mut L,
    denied: L::Value,
    endpoint: Option<L::Value>,
    paths: L::Value,
) -> L::Value {
    let endpoint = match endpoint {
        Some(value) => value,
        None => logic.yes(),
    };
    let open = logic.not(denied);
    let reached = logic.and(endpoint, paths);
    logic.and(open, reached)
}
