//! The decision (S4): the permissions a request needs, each decided by feasibility, denies, guardrails and paths.

use super::caller::{Caller, Who, callers};
use super::context::{Context, Sources};
use super::document::{Condition, Document, PolicyKind};
use super::grants::{child_grant, grant_path, retire_decision};
use super::mechanisms::{Mechanism, Options};
use super::operations::{Operation, operation};
use super::principals::{Kind, covers, matching_kinds};
use super::statements::{allows, applies, denies};
use super::text::arn;
use super::truth::{Truth, all, any};
use super::world::{Grant, Guardrail, Key, Policies, World};
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
    let decisions: Vec<Decision> = callers(world, request).iter().map(|caller| decide_as(world, request, caller, options)).collect();
    if decisions.iter().all(|d| *d == decisions[0]) { decisions[0] } else { Decision::Undetermined }
}

/// S4.1.1 over all permissions the request needs (S4.12): feasibility first, then explicit denies, then the rest.
fn decide_as(world: &World, request: &Value, caller: &Caller<'_>, options: &Options) -> Decision {
    let session_policies: Vec<Document> = request["sessionPolicies"].as_array().into_iter().flatten().cloned().map(Document::read).collect();
    let endpoint = request["vpcEndpoint"].as_str().and_then(|id| world.endpoints.iter().find(|e| e.id == id));
    let child = child_grant(request);
    let asks: Vec<Ask<'_>> = permissions(world, request, caller)
        .into_iter()
        .map(|needed| {
            let retired = match (&needed.target, needed.operation.name) {
                (Target::Key(key), "RetireGrant") => key.grants.iter().find(|g| Some(g.id.as_str()) == request["grantId"].as_str()),
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
    let values = asks.iter().zip(denied).map(|(ask, denied)| denied.not().and(permitted(ask)));
    match all(values) {
        Truth::T => Decision::Allowed,
        Truth::F => Decision::ImplicitDeny,
        Truth::U => Decision::Undetermined,
    }
}

/// The context of the first permission a request needs; for the generator, which wants to know what conditions will see.
pub fn first_context(world: &World, request: &Value) -> Context {
    let caller = callers(world, request).remove(0);
    let needed = permissions(world, request, &caller).remove(0);
    Context::of(&Sources {
        world,
        request,
        stated: needed.stated,
        caller: &caller,
        operation: needed.operation,
        target: needed.target,
        identifier: needed.identifier,
        grant: child_grant(request).as_ref(),
    })
}

/// One permission a request needs.
struct Needed<'r> {
    operation: &'static Operation,
    target: Target<'r>,
    identifier: &'r str,
    stated: Vec<(String, Vec<String>)>,
}

/// S4.12, S5.4.1: the permissions behind a request.
fn permissions<'r>(world: &'r World, request: &'r Value, caller: &Caller<'_>) -> Vec<Needed<'r>> {
    let name = request["action"].as_str().unwrap_or_default();
    let resource = request["resource"].as_str().unwrap_or("*");
    let on = |operation: &'static Operation, identifier: &'r str, stated| {
        let target = match find_key(world, caller, identifier) {
            _ if operation.resourceless => Target::Nothing,
            Some(key) => Target::Key(key),
            None => panic!("no key {identifier} in {request}"),
        };
        Needed { operation, target, identifier, stated }
    };
    let context = stated(&request["context"]);
    if name == "kms:ReEncrypt" {
        let destination = request["destination"].as_str().unwrap_or_default();
        let from = operation("ReEncryptFrom").expect("in the table");
        let to = operation("ReEncryptTo").expect("in the table");
        return vec![on(from, resource, context.clone()), on(to, destination, destination_context(context, stated(&request["destinationContext"])))];
    }
    let operation = operation(name).unwrap_or_else(|| panic!("no action {name}"));
    let mut needed = vec![on(operation, resource, context.clone())];
    if operation.on_alias {
        let Target::Key(key) = needed[0].target.clone() else { panic!("alias operations have a key") };
        let alias = request["alias"].as_str().unwrap_or_default();
        let arn = if alias.starts_with("arn:") {
            alias.to_owned()
        } else {
            format!("arn:{}:kms:{}:{}:{alias}", world.partition, key.region, key.account)
        };
        if let Some(previous) = request["previousKey"].as_str().filter(|_| operation.name == "UpdateAlias") {
            needed.push(on(operation, previous, context.clone()));
        }
        let target = Target::Alias { arn, account: key.account.clone(), region: key.region.clone() };
        needed.push(Needed { operation, target, identifier: alias, stated: context });
    }
    needed
}

fn stated(context: &Value) -> Vec<(String, Vec<String>)> {
    let one = |value: &Value| super::document::canonical(value);
    let entries = context.as_object().into_iter().flatten();
    entries
        .map(|(key, value)| match value {
            Value::Array(values) => (key.clone(), values.iter().map(one).collect()),
            value => (key.clone(), vec![one(value)]),
        })
        .collect()
}

/// S4.12.1 [ambiguous]: the destination side keeps the caller's circumstances but has its own encryption context and algorithm.
fn destination_context(source: Vec<(String, Vec<String>)>, destination: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    let of_the_source = |key: &str| key.to_lowercase().starts_with("kms:encryption");
    source.into_iter().filter(|(key, _)| !of_the_source(key)).chain(destination).collect()
}

/// S1.4: key id, key ARN, alias name or alias ARN; ids and names mean the caller's account.
pub fn find_key<'w>(world: &'w World, caller: &Caller<'_>, identifier: &str) -> Option<&'w Key> {
    if identifier.starts_with("arn:") {
        let parts = arn(identifier)?;
        return world.keys.iter().find(|k| {
            k.arn == identifier || (k.account == parts.account && k.region == parts.region && k.aliases.iter().any(|a| a == parts.resource))
        });
    }
    world.keys.iter().filter(|k| caller.is_in(&k.account)).find(|k| k.id == identifier || k.aliases.iter().any(|a| a == identifier))
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
        Target::Key(key) if ask.operation.name == "RetireGrant" => endpoint_allows(ask).and(retire_decision(ask, key)),
        Target::Key(key) => all([scp_allows(ask), endpoint_allows(ask), any([direct(ask, key), delegated(ask, key), across(ask, key), grant_path(ask, key), service(ask, key)])]),
        Target::Alias { .. } => scp_allows(ask).and(identity_side(ask)), // S5.4.1
        Target::Nothing => all([scp_allows(ask), endpoint_allows(ask), identity_side(ask)]), // S4.10.1
    }
}

/// Every Allow statement of the key policies that applies, as (kind, truth, whether it tests `aws:PrincipalArn`).
fn key_policy_allows(ask: &Ask<'_>, key: &Key) -> Vec<(Kind, Truth, bool)> {
    let mut found = Vec::new();
    for (_, document) in &key.policies {
        for statement in document.statements.iter().filter(|s| s.allow) {
            let matches = applies(statement, document, PolicyKind::Key, ask);
            let on_principal_arn = statement.conditions.iter().any(|c: &Condition| c.key == "aws:principalarn");
            for (kind, truth) in matching_kinds(statement, ask) {
                found.push((kind, truth.and(matches), on_principal_arn));
            }
        }
    }
    found
}

/// S4.4: the key policy itself allows a caller of its own account.
fn direct(ask: &Ask<'_>, key: &Key) -> Truth {
    if !ask.caller.is_in(&key.account) {
        return Truth::F;
    }
    any(key_policy_allows(ask, key).into_iter().map(|(kind, truth, on_principal_arn)| {
        truth.and(match kind {
            Kind::User | Kind::Session | Kind::OwnRoot => Truth::T,                                        // S4.4.1, S4.4.3, S4.4.7
            Kind::Role => boundary_allows(ask).and(session_allows(ask)),                                   // S4.4.2
            Kind::UserOfSession => boundary_allows(ask).and(session_allows_explicitly(ask)),               // S4.4.4
            Kind::Any if on_principal_arn => Truth::T,                                                     // S4.4.5
            Kind::Any => boundary_allows(ask).and(session_allows(ask)).at_least_unknown(),                 // S4.4.6
            Kind::Federated => Truth::U,                                                                   // S4.4.9
            Kind::Account | Kind::Service => Truth::F,                                                     // S4.4.8
        })
    }))
}

/// S4.3.1: the account gate.
fn gate(ask: &Ask<'_>, key: &Key) -> Truth {
    let of_account = |(kind, _, _): &(Kind, Truth, bool)| matches!(kind, Kind::Account | Kind::OwnRoot);
    any(key_policy_allows(ask, key).into_iter().filter(of_account).map(|(_, truth, _)| truth))
}

/// S4.5: same account, through IAM.
fn delegated(ask: &Ask<'_>, key: &Key) -> Truth {
    Truth::from(ask.caller.is_in(&key.account)).and(gate(ask, key)).and(identity_side(ask))
}

/// S4.6: another account; both sides are needed.
fn across(ask: &Ask<'_>, key: &Key) -> Truth {
    if ask.caller.is_service() || ask.caller.is_in(&key.account) {
        return Truth::F;
    }
    any(key_policy_allows(ask, key).into_iter().map(|(kind, truth, _)| if kind == Kind::Federated { truth.at_most_unknown() } else { truth })).and(identity_side(ask))
}

/// S4.11.1: a service principal named by the key policy (grants to services are S4.9.2).
fn service(ask: &Ask<'_>, key: &Key) -> Truth {
    if !ask.caller.is_service() {
        return Truth::F;
    }
    any(key_policy_allows(ask, key).into_iter().filter(|(kind, _, _)| matches!(kind, Kind::Service | Kind::Any)).map(|(_, truth, _)| truth))
}

/// The identity side of S4.5.1, S4.6.1 and S4.10.1: root users pass; others need an Allow within boundary and session policies.
pub fn identity_side(ask: &Ask<'_>) -> Truth {
    if ask.caller.is_service() {
        return Truth::F;
    }
    if ask.caller.is_root() {
        return Truth::T; // S3.1.1
    }
    let session = if ask.caller.is_federated() { session_allows_explicitly(ask) } else { session_allows(ask) };
    all([identity_allows(ask), boundary_allows(ask), session])
}

/// `allow(ID)`; U for accounts that are not in the snapshot (S3.1.14).
pub fn identity_allows(ask: &Ask<'_>) -> Truth {
    if ask.caller.is_external() {
        return Truth::U;
    }
    allows(identity_policies(ask.caller), PolicyKind::Identity, ask)
}

/// S4.5.2: inline, attached and group policies; a federated user has those of its creator (S3.1.4).
fn identity_policies<'w>(caller: &Caller<'w>) -> Vec<&'w Document> {
    let Some(account) = caller.known else { return Vec::new() };
    let of = |policies: &'w Policies| {
        let inline = policies.inline.iter().map(|(_, document)| document);
        inline.chain(policies.attached.iter().filter_map(|arn| account.managed(arn))).collect::<Vec<_>>()
    };
    match &caller.who {
        Who::User(Some(user)) | Who::Federated { creator: Some(user), .. } => {
            let groups = account.groups.iter().filter(|g| user.groups.contains(&g.name));
            of(&user.policies).into_iter().chain(groups.flat_map(|g| of(&g.policies))).collect()
        }
        Who::Role { role: Some(role), .. } => of(&role.policies),
        _ => Vec::new(),
    }
}

/// The permissions boundary, if one is set.
fn boundary<'w>(caller: &Caller<'w>) -> Option<&'w Document> {
    let set = match &caller.who {
        Who::User(Some(user)) | Who::Federated { creator: Some(user), .. } => user.boundary.as_ref(),
        Who::Role { role: Some(role), .. } => role.boundary.as_ref(),
        _ => None,
    };
    caller.known?.managed(set?)
}

/// No boundary, or it allows. The boundary of a principal outside the snapshot is unknown, as its whole IAM side.
pub fn boundary_allows(ask: &Ask<'_>) -> Truth {
    match boundary(ask.caller) {
        _ if ask.options.neutral(Mechanism::BoundaryLimit) => Truth::T,
        Some(document) => allows([document], PolicyKind::Boundary, ask),
        None if ask.caller.is_external() && !ask.caller.is_root() => Truth::U,
        None => Truth::T,
    }
}

/// No session policy passed, or they allow (S4.5.2).
pub fn session_allows(ask: &Ask<'_>) -> Truth {
    if ask.session_policies.is_empty() { Truth::T } else { session_allows_explicitly(ask) }
}

/// Session policies were passed and allow.
pub fn session_allows_explicitly(ask: &Ask<'_>) -> Truth {
    if ask.options.neutral(Mechanism::SessionLimit) {
        return Truth::T;
    }
    allows(ask.session_policies, PolicyKind::Session, ask)
}

/// The guardrails attached at each level above and on an account, level by level (S4.7.1).
fn by_level<'w>(world: &'w World, policies: &'w [Guardrail], account: &str) -> Vec<Vec<&'w Document>> {
    let levels = world.organization.as_ref().and_then(|o| o.levels(account)).unwrap_or_default();
    levels.iter().map(|level| policies.iter().filter(|p| p.targets.contains(level)).map(|p| &p.document).collect()).collect()
}

/// S4.7.1: the SCPs that bind the caller, level by level; none for management account, services and service-linked roles.
fn scps<'w>(ask: &Ask<'w>) -> Vec<Vec<&'w Document>> {
    let Some(organization) = &ask.world.organization else { return Vec::new() };
    match &ask.caller.account {
        Some(account) if *account != organization.management && !ask.caller.is_service_linked() => by_level(ask.world, &organization.scps, account),
        _ => Vec::new(),
    }
}

/// SCP_OK without its denies: every level allows.
pub fn scp_allows(ask: &Ask<'_>) -> Truth {
    if ask.options.neutral(Mechanism::ScpLimit) {
        return Truth::T;
    }
    all(scps(ask).into_iter().map(|level| allows(level, PolicyKind::Scp, ask)))
}

/// S4.7.3: the RCPs that bind the key.
fn rcps<'w>(ask: &Ask<'w>) -> Vec<&'w Document> {
    let (Some(organization), Target::Key(key)) = (&ask.world.organization, &ask.target) else { return Vec::new() };
    let exempt = key.account == organization.management || key.aws_managed || ask.caller.is_service_linked() || ask.operation.name == "RetireGrant";
    if exempt { Vec::new() } else { by_level(ask.world, &organization.rcps, &key.account).into_iter().flatten().collect() }
}

/// VE_OK without its denies (S4.7.4).
fn endpoint_allows(ask: &Ask<'_>) -> Truth {
    match ask.endpoint_policy {
        None => Truth::T,
        Some(_) if ask.options.neutral(Mechanism::EndpointLimit) => Truth::T,
        Some(document) => resource_policy(document, true, PolicyKind::Endpoint, ask),
    }
}

/// Some Allow (or Deny) statement of a policy with principals covers the caller and applies.
fn resource_policy(document: &Document, allow: bool, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    let statements = document.statements.iter().filter(|s| s.allow == allow);
    any(statements.map(|s| covers(s, ask).and(applies(s, document, kind, ask))))
}

/// S4.8.1: every explicit deny. S5.4.1: on the alias side those of the caller's account only; S4.9.8: RetireGrant knows no key policy.
fn explicit_deny(ask: &Ask<'_>) -> Truth {
    let unless = |mechanism: Mechanism, truth: &dyn Fn() -> Truth| if ask.options.neutral(mechanism) { Truth::F } else { truth() };
    let on_alias = matches!(ask.target, Target::Alias { .. });
    let key_policies: Vec<&Document> = match &ask.target {
        Target::Key(key) => key.policies.iter().map(|(_, document)| document).collect(),
        _ => Vec::new(),
    };
    let endpoint = ask.endpoint_policy.filter(|_| !on_alias);
    any([
        unless(Mechanism::DenyKeyPolicy, &|| any(key_policies.iter().map(|d| resource_policy(d, false, PolicyKind::Key, ask)))),
        unless(Mechanism::DenyIdentity, &|| denies(identity_policies(ask.caller), PolicyKind::Identity, ask)),
        unless(Mechanism::DenyBoundary, &|| denies(boundary(ask.caller), PolicyKind::Boundary, ask)),
        unless(Mechanism::DenySession, &|| denies(ask.session_policies, PolicyKind::Session, ask)),
        unless(Mechanism::DenyScp, &|| denies(scps(ask).into_iter().flatten(), PolicyKind::Scp, ask)),
        unless(Mechanism::DenyRcp, &|| any(rcps(ask).into_iter().map(|d| resource_policy(d, false, PolicyKind::Rcp, ask)))),
        unless(Mechanism::DenyEndpoint, &|| any(endpoint.into_iter().map(|d| resource_policy(d, false, PolicyKind::Endpoint, ask)))),
    ])
}
