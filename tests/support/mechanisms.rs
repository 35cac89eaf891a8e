//! Which mechanisms decided a case: the decision is made again with one of them neutralised, and compared.

use super::decide::{Decision, decide, decide_with};
use super::document::Family;
use super::world::World;
use serde_json::Value;

/// A part of the semantics that can be switched off (limits allow, denies and grants vanish) or turned round (operator families).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// SCPs as a limit (S4.7.1).
    ScpLimit,
    /// The permissions boundary as a limit.
    BoundaryLimit,
    /// The session policies as a limit.
    SessionLimit,
    /// The endpoint policy as a limit (S4.7.4).
    EndpointLimit,
    /// Grants (S4.9).
    Grants,
    /// Explicit denies of key policies.
    DenyKeyPolicy,
    /// Explicit denies of identity policies.
    DenyIdentity,
    /// Explicit denies of boundaries.
    DenyBoundary,
    /// Explicit denies of session policies.
    DenySession,
    /// Explicit denies of SCPs.
    DenyScp,
    /// RCPs: all they do is deny (S4.7.3).
    DenyRcp,
    /// Explicit denies of endpoint policies.
    DenyEndpoint,
    /// Statements with `NotPrincipal` (S2.2.17 to S2.2.19).
    NotPrincipal,
    /// Condition entries of one operator family.
    Operator(Family),
}

impl Mechanism {
    /// All of them.
    pub fn all() -> Vec<Mechanism> {
        use Mechanism::*;
        let mut all = vec![
            ScpLimit, BoundaryLimit, SessionLimit, EndpointLimit, Grants, DenyKeyPolicy, DenyIdentity, DenyBoundary, DenySession, DenyScp, DenyRcp,
            DenyEndpoint, NotPrincipal,
        ];
        let families = [Family::String, Family::Numeric, Family::Date, Family::Bool, Family::Binary, Family::Ip, Family::Arn, Family::Null];
        all.extend(families.map(Operator));
        all
    }
}

/// What is neutralised while deciding; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Options {
    neutral: Option<Mechanism>,
    /// Statements with `NotPrincipal` match nobody.
    pub without_not_principal: bool,
}

impl Options {
    /// Neutralises one mechanism.
    pub fn without(mechanism: Mechanism) -> Options {
        Options { neutral: Some(mechanism), without_not_principal: mechanism == Mechanism::NotPrincipal }
    }

    /// Whether this mechanism is neutralised.
    pub fn neutral(&self, mechanism: Mechanism) -> bool {
        self.neutral == Some(mechanism)
    }

    /// Whether condition entries of this family count as their opposite.
    pub fn flips(&self, family: Option<Family>) -> bool {
        matches!((self.neutral, family), (Some(Mechanism::Operator(f)), Some(family)) if f == family)
    }
}

/// The decision with every mechanism whose absence would change it.
pub fn decide_traced(world: &World, request: &Value) -> (Decision, Vec<Mechanism>) {
    let decision = decide(world, request);
    let decisive = |m: &Mechanism| decide_with(world, request, &Options::without(*m)) != decision;
    (decision, Mechanism::all().into_iter().filter(decisive).collect())
}
