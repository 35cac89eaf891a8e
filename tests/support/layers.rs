//! What each layer of policies says about an authorization: identity side (S4.5), guardrails (S4.7), explicit denies (S4.8).

use super::caller::{Caller, Who};
use super::decide::{Ask, Target};
use super::document::{Document, PolicyKind};
use super::mechanisms::Mechanism;
use super::principals::covers;
use super::statements::{allows, applies, denies};
use super::truth::{Truth, all, any};
use super::world::{Guardrail, Policies, World};

/// The identity side of S4.5.1, S4.6.1 and S4.10.1: root users pass; others need an Allow within boundary and session policies.
pub fn identity_side(ask: &Ask<'_>) -> Truth {
    if ask.caller.is_service() {
        return Truth::F;
    }
    if ask.caller.is_root() {
        return Truth::T; // S3.1.1
    }
    let session = if ask.caller.is_federated() {
        session_allows_explicitly(ask)
    } else {
        session_allows(ask)
    };
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
pub fn identity_policies<'w>(caller: &Caller<'w>) -> Vec<&'w Document> {
    let Some(account) = caller.known else {
        return Vec::new();
    };
    let of = |policies: &'w Policies| {
        let inline = policies.inline.iter().map(|(_, document)| document);
        inline
            .chain(policies.attached.iter().filter_map(|arn| account.managed(arn)))
            .collect::<Vec<_>>()
    };
    match &caller.who {
        Who::User(Some(user))
        | Who::Federated {
            creator: Some(user), ..
        } => {
            let groups = account.groups.iter().filter(|g| user.groups.contains(&g.name));
            of(&user.policies)
                .into_iter()
                .chain(groups.flat_map(|g| of(&g.policies)))
                .collect()
        }
        Who::Role { role: Some(role), .. } => of(&role.policies),
        _ => Vec::new(),
    }
}

/// The permissions boundary, if one is set.
pub fn boundary<'w>(caller: &Caller<'w>) -> Option<&'w Document> {
    let set = match &caller.who {
        Who::User(Some(user))
        | Who::Federated {
            creator: Some(user), ..
        } => user.boundary.as_ref(),
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
    if ask.session_policies.is_empty() {
        Truth::T
    } else {
        session_allows_explicitly(ask)
    }
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
    let levels = world
        .organization
        .as_ref()
        .and_then(|o| o.levels(account))
        .unwrap_or_default();
    levels
        .iter()
        .map(|level| {
            policies
                .iter()
                .filter(|p| p.targets.contains(level))
                .map(|p| &p.document)
                .collect()
        })
        .collect()
}

/// S4.7.1: the SCPs that bind the caller, level by level; none for management account, services and service-linked roles.
fn scps<'w>(ask: &Ask<'w>) -> Vec<Vec<&'w Document>> {
    let Some(organization) = &ask.world.organization else {
        return Vec::new();
    };
    match &ask.caller.account {
        Some(account) if *account != organization.management && !ask.caller.is_service_linked() => {
            by_level(ask.world, &organization.scps, account)
        }
        _ => Vec::new(),
    }
}

/// SCP_OK without its denies: every level allows.
pub fn scp_allows(ask: &Ask<'_>) -> Truth {
    if ask.options.neutral(Mechanism::ScpLimit) {
        return Truth::T;
    }
    all(scps(ask)
        .into_iter()
        .map(|level| allows(level, PolicyKind::Scp, ask)))
}

/// S4.7.3: the RCPs that bind the key.
fn rcps<'w>(ask: &Ask<'w>) -> Vec<&'w Document> {
    let (Some(organization), Target::Key(key)) = (&ask.world.organization, &ask.target) else {
        return Vec::new();
    };
    let exempt = key.account == organization.management
        || key.aws_managed
        || ask.caller.is_service_linked()
        || ask.operation.name == "RetireGrant";
    if exempt {
        Vec::new()
    } else {
        by_level(ask.world, &organization.rcps, &key.account)
            .into_iter()
            .flatten()
            .collect()
    }
}

/// VE_OK without its denies (S4.7.4).
pub fn endpoint_allows(ask: &Ask<'_>) -> Truth {
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
pub fn explicit_deny(ask: &Ask<'_>) -> Truth {
    let unless = |mechanism: Mechanism, truth: &dyn Fn() -> Truth| {
        if ask.options.neutral(mechanism) {
            Truth::F
        } else {
            truth()
        }
    };
    let on_alias = matches!(ask.target, Target::Alias { .. });
    let key_policies: Vec<&Document> = match &ask.target {
        Target::Key(key) => key.policies.iter().map(|(_, document)| document).collect(),
        _ => Vec::new(),
    };
    let endpoint = ask.endpoint_policy.filter(|_| !on_alias);
    any([
        unless(Mechanism::DenyKeyPolicy, &|| {
            any(key_policies
                .iter()
                .map(|d| resource_policy(d, false, PolicyKind::Key, ask)))
        }),
        unless(Mechanism::DenyIdentity, &|| {
            denies(identity_policies(ask.caller), PolicyKind::Identity, ask)
        }),
        unless(Mechanism::DenyBoundary, &|| {
            denies(boundary(ask.caller), PolicyKind::Boundary, ask)
        }),
        unless(Mechanism::DenySession, &|| {
            denies(ask.session_policies, PolicyKind::Session, ask)
        }),
        unless(Mechanism::DenyScp, &|| {
            denies(scps(ask).into_iter().flatten(), PolicyKind::Scp, ask)
        }),
        unless(Mechanism::DenyRcp, &|| {
            any(rcps(ask)
                .into_iter()
                .map(|d| resource_policy(d, false, PolicyKind::Rcp, ask)))
        }),
        unless(Mechanism::DenyEndpoint, &|| {
            any(endpoint
                .into_iter()
                .map(|d| resource_policy(d, false, PolicyKind::Endpoint, ask)))
        }),
    ])
}
