//! The decision (S4): the permissions a request needs, each decided by feasibility, denies, guardrails and paths.

use super::caller::{Caller, callers};
use super::context::{Context, Sources};
use super::document::{Condition, Document, PolicyKind};
use super::grants::{child_grant, grant_path, retire_decision};
use super::layers::{
    boundary_allows, endpoint_allows, explicit_deny, identity_side, scp_allows, session_allows,
    session_allows_explicitly,
};
use super::mechanisms::Options;
use super::operations::Operation;
use super::permissions::permissions;
use super::principals::{Kind, matching_kinds};
use super::statements::applies;
use super::truth::{Truth, all, any};
use super::world::{Grant, Key, World};
use serde_json::Value;

/// The answer to one request (S0.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Allowed.
    Allowed,
    /// Denied by a Deny statement.
    ExplicitDeny,
    /// Denied for want of an Allow.
    ImplicitDeny,
    /// Depends on something unknown.
    Undetermined,
}

impl Decision {
    /// Its name in the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Allowed => "allowed",
            Decision::ExplicitDeny => "explicitDeny",
            Decision::ImplicitDeny => "implicitDeny",
            Decision::Undetermined => "undetermined",
        }
    }
}

/// What one authorization is about (S2.4.1).
#[derive(Clone, Debug)]
pub enum Target<'w> {
    /// A key.
    Key(&'w Key),
    /// The alias side of an alias operation (S5.4.1).
    Alias {
        /// Alias ARN.
        arn: String,
        /// Its account.
        account: String,
        /// Its Region.
        region: String,
    },
    /// No resource (S2.4.8).
    Nothing,
}

/// One permission to decide: who, what, on what, in which context.
pub struct Ask<'a> {
    /// The world.
    pub world: &'a World,
    /// What is neutralised.
    pub options: &'a Options,
    /// Who asks.
    pub caller: &'a Caller<'a>,
    /// The action.
    pub operation: &'static Operation,
    /// The resource.
    pub target: Target<'a>,
    /// The context.
    pub context: Context,
    /// Session policies passed along, if any.
    pub session_policies: &'a [Document],
    /// Policy of the VPC endpoint the request comes through, if any.
    pub endpoint_policy: Option<&'a Document>,
    /// The grant asked for (CreateGrant) or to be retired (RetireGrant).
    pub grant: Option<&'a Grant>,
}

/// Decides a request in a closed context.
pub fn decide(world: &World, request: &Value) -> Decision {
    decide_with(world, request, &Options::default())
}

/// Decides a request with one mechanism neutralised. Federated users of an unnamed creator: all possible creators must agree.
pub fn decide_with(world: &World, request: &Value, options: &Options) -> Decision {
    let decisions: Vec<Decision> = callers(world, request)
        .iter()
        .map(|caller| decide_as(world, request, caller, options))
        .collect();
    if decisions.iter().all(|d| *d == decisions[0]) {
        decisions[0]
    } else if decisions
        .iter()
        .all(|d| matches!(d, Decision::ExplicitDeny | Decision::ImplicitDeny))
    {
        // Denied whoever made the session, but not always by a statement.
        Decision::ImplicitDeny
    } else {
        Decision::Undetermined
    }
}

/// S4.1.1 over all permissions the request needs (S4.12): feasibility first, then explicit denies, then the rest.
fn decide_as(world: &World, request: &Value, caller: &Caller<'_>, options: &Options) -> Decision {
    let session_policies: Vec<Document> = request["sessionPolicies"]
        .as_array()
        .into_iter()
        .flatten()
        .cloned()
        .map(Document::read)
        .collect();
    let endpoint = request["vpcEndpoint"]
        .as_str()
        .and_then(|id| world.endpoints.iter().find(|e| e.id == id));
    let child = child_grant(request);
    let asks: Vec<Ask<'_>> = permissions(world, request, caller)
        .into_iter()
        .map(|needed| {
            let retired = match (&needed.target, needed.operation.name) {
                (Target::Key(key), "RetireGrant") => key
                    .grants
                    .iter()
                    .find(|g| Some(g.id.as_str()) == request["grantId"].as_str()),
                _ => None,
            };
            let grant = retired.or(child.as_ref().filter(|_| needed.operation.name == "CreateGrant"));
            let sources = Sources {
                world,
                request,
                stated: needed.stated,
                caller,
                operation: needed.operation,
                target: needed.target.clone(),
                identifier: needed.identifier,
                grant,
            };
            Ask {
                world,
                options,
                caller,
                operation: needed.operation,
                context: Context::of(&sources),
                target: needed.target,
                session_policies: &session_policies,
                endpoint_policy: endpoint.map(|e| &e.document),
                grant,
            }
        })
        .collect();
    if !asks.iter().all(feasible) {
        return Decision::ImplicitDeny;
    }
    let denied: Vec<Truth> = asks.iter().map(explicit_deny).collect();
    if denied.contains(&Truth::T) {
        return Decision::ExplicitDeny;
    }
    let values = asks
        .iter()
        .zip(denied)
        .map(|(ask, denied)| denied.not().and(permitted(ask)));
    match all(values) {
        Truth::T => Decision::Allowed,
        Truth::F => Decision::ImplicitDeny,
        Truth::U => Decision::Undetermined,
    }
}

/// S4.2.1: whether the action works across accounts, where it must.
fn feasible(ask: &Ask<'_>) -> bool {
    let owner = match &ask.target {
        Target::Key(key) => &key.account,
        Target::Alias { account, .. } => account,
        Target::Nothing => return true,
    };
    ask.caller.is_service() || ask.operation.cross_account || ask.caller.is_in(owner)
}

/// S4.1.1 without feasibility and explicit denies: guardrails as limits, and some path.
fn permitted(ask: &Ask<'_>) -> Truth {
    match &ask.target {
        Target::Key(key) if ask.operation.name == "RetireGrant" => {
            endpoint_allows(ask).and(retire_decision(ask, key))
        }
        Target::Key(key) => {
            let found = key_policy_allows(ask, key);
            let home = ask.caller.is_in(&key.account);
            let by_policy = match () {
                () if ask.caller.is_service() => service(&found),
                () if home => direct(ask, &found).or(delegated(ask, &found)),
                () => across(ask, &found),
            };
            all([
                by_policy.or(grant_path(ask, key)),
                scp_allows(ask),
                endpoint_allows(ask),
            ])
        }
        Target::Alias { .. } => scp_allows(ask).and(identity_side(ask)), // S5.4.1
        Target::Nothing => all([scp_allows(ask), endpoint_allows(ask), identity_side(ask)]), // S4.10.1
    }
}

/// One way in which an Allow statement of the key policies may let the caller in.
struct LetIn {
    kind: Kind,
    truth: Truth,
    /// Whether the statement tests `aws:PrincipalArn` (S4.4.5).
    on_principal_arn: bool,
}

/// Every Allow statement of the key policies with every way it matches the caller.
fn key_policy_allows(ask: &Ask<'_>, key: &Key) -> Vec<LetIn> {
    let mut found = Vec::new();
    for (_, document) in &key.policies {
        for statement in document.statements.iter().filter(|s| s.allow) {
            let matches = applies(statement, document, PolicyKind::Key, ask);
            let on_principal_arn = statement
                .conditions
                .iter()
                .any(|c: &Condition| c.key == "aws:principalarn");
            for (kind, truth) in matching_kinds(statement, ask) {
                found.push(LetIn {
                    kind,
                    truth: truth.and(matches),
                    on_principal_arn,
                });
            }
        }
    }
    found
}

/// S4.4: the key policy itself allows a caller of its own account.
fn direct(ask: &Ask<'_>, found: &[LetIn]) -> Truth {
    any(found.iter().map(|let_in| {
        let_in.truth.and(match let_in.kind {
            _ if let_in.truth == Truth::F => Truth::F,
            Kind::User | Kind::Session | Kind::OwnRoot => Truth::T, // S4.4.1, S4.4.3, S4.4.7
            Kind::Role => boundary_allows(ask).and(session_allows(ask)), // S4.4.2
            Kind::UserOfSession => boundary_allows(ask).and(session_allows_explicitly(ask)), // S4.4.4
            Kind::Any if let_in.on_principal_arn => Truth::T,       // S4.4.5
            Kind::Any => boundary_allows(ask).and(session_allows(ask)).at_least_unknown(), // S4.4.6
            Kind::Federated => Truth::U,                            // S4.4.9
            Kind::Account | Kind::Service => Truth::F,              // S4.4.8
        })
    }))
}

/// S4.3.1: the account gate.
fn gate(found: &[LetIn]) -> Truth {
    any(found
        .iter()
        .filter(|l| matches!(l.kind, Kind::Account | Kind::OwnRoot))
        .map(|l| l.truth))
}

/// S4.5: same account, through IAM.
fn delegated(ask: &Ask<'_>, found: &[LetIn]) -> Truth {
    match gate(found) {
        Truth::F => Truth::F,
        gate => gate.and(identity_side(ask)),
    }
}

/// S4.6: another account; both sides are needed.
fn across(ask: &Ask<'_>, found: &[LetIn]) -> Truth {
    match any(found.iter().map(|l| l.truth)) {
        Truth::F => Truth::F,
        key_policy => key_policy.and(identity_side(ask)),
    }
}

/// S4.11.1: a service principal named by the key policy (grants to services are S4.9.2).
fn service(found: &[LetIn]) -> Truth {
    any(found
        .iter()
        .filter(|l| matches!(l.kind, Kind::Service | Kind::Any))
        .map(|l| l.truth))
}
