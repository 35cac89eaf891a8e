//! From a request to its context: what is stated, what follows, and what contradicts (S1.5, S6.10, S6.15).

use crate::Error;
use crate::arn::AliasArn;
use crate::condition::block::{Context, KeyName};
use crate::condition::key;
use crate::condition::known::Known;
use crate::condition::value::seconds;
use crate::engine::Engine;
use crate::facts::context::AnyRequest;
use crate::facts::stated::{Stated, child_grant};
use crate::facts::world::{Key, Principal, Resource};
use crate::model::action::{Action, ActionSet};
use crate::model::request::Request;
use crate::policy::document::PolicyKind;
use std::collections::BTreeMap;

/// Which side of a request with two keys (S4.12.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The only one, or the source.
    Source,
    /// The destination of ReEncrypt.
    Destination,
}

/// Keys that each side of ReEncrypt has for itself (S4.12.1).
fn of_one_side(name: &str) -> bool {
    name.starts_with("kms:EncryptionContext")
        || matches!(name, "kms:EncryptionAlgorithm" | "kms:RequestAlias")
}

/// The context of one side of a request.
pub(crate) fn stated(
    engine: &Engine,
    request: &Request,
    key: &Key,
    action: Action,
    side: Side,
) -> Result<Stated, Error> {
    let mut stated = Stated {
        open: request.open_context,
        grant_id: request.grant_id.clone(),
        ..Stated::default()
    };
    let own = if side == Side::Destination {
        &request.destination_context
    } else {
        &request.context
    };
    let shared = request
        .context
        .iter()
        .filter(|(name, _)| side == Side::Source || !of_one_side(&key::canonical_name(name)));
    let identifier = match side {
        Side::Source => Some(request.resource.as_str()),
        Side::Destination => request.destination.as_deref(),
    };
    for (name, values) in shared.chain(own.iter().filter(|_| side == Side::Destination)) {
        state(&mut stated, name, values)?;
    }
    if let Some(alias) = identifier.and_then(alias_name) {
        add(&mut stated, "kms:RequestAlias", alias)?;
    }
    if let Some(child) = &request.grant {
        grant_keys(&mut stated, child)?;
    }
    if let Some(id) = &request.grant_id {
        retire_keys(engine, &mut stated, key, id);
    }
    if request.bypass {
        add(
            &mut stated,
            "kms:BypassPolicyLockoutSafetyCheck",
            "true".to_owned(),
        )?;
    }
    if let Some(endpoint) = &request.vpc_endpoint {
        endpoint_keys(engine, &mut stated, endpoint)?;
    }
    follow(&mut stated)?;
    if action == Action::CreateKey && key.kind == Resource::Nothing {
        stated.region = stated
            .values
            .get("aws:RequestedRegion")
            .and_then(|values| values.first().cloned());
    }
    Ok(stated)
}

/// The alias name in a request's resource; an alias ARN counts by its name (S1.5).
pub(super) fn alias_name(resource: &str) -> Option<String> {
    if resource.starts_with("alias/") {
        return Some(resource.to_owned());
    }
    AliasArn::parse(resource).map(|alias| alias.name.to_owned())
}

fn state(stated: &mut Stated, name: &str, values: &[String]) -> Result<(), Error> {
    let canonical = key::canonical_name(name);
    if let (Some(pair), [value]) = (key::pair_name(name), values) {
        stated.encryption_context.insert(pair.to_owned(), value.clone());
    }
    if values.is_empty() {
        return Ok(());
    }
    if stated
        .values
        .insert(canonical.clone(), values.to_vec())
        .is_some_and(|before| before != values)
    {
        return Err(Error::Request(format!(
            "the context states `{canonical}` twice with different values"
        )));
    }
    Ok(())
}

/// Adds a value that follows; stating another is a contradiction (S6.10).
fn add(stated: &mut Stated, name: &str, value: String) -> Result<(), Error> {
    let values = stated
        .values
        .entry(name.to_owned())
        .or_insert_with(|| vec![value.clone()]);
    if values.as_slice() == [value.as_str()] {
        return Ok(());
    }
    Err(Error::Request(format!(
        "the context states `{name}` = `{}`, but the request implies `{value}`",
        values.join(", ")
    )))
}

/// CreateGrant: the condition keys that describe the grant asked for.
fn grant_keys(stated: &mut Stated, child: &crate::model::key::Grant) -> Result<(), Error> {
    stated.child_grant = Some(child_grant(child));
    stated
        .values
        .entry("kms:GrantOperations".to_owned())
        .or_insert_with(|| child.operations.clone());
    let single = [
        ("kms:GranteePrincipal", &child.grantee),
        ("kms:GranteeServicePrincipal", &child.grantee_service),
        ("kms:RetiringPrincipal", &child.retiring),
        ("kms:RetiringServicePrincipal", &child.retiring_service),
        ("kms:GrantConstraintSourceArn", &child.constraints.source_arn),
    ];
    for (name, value) in single {
        if let Some(value) = value {
            add(stated, name, value.clone())?;
        }
    }
    constraint_keys(stated, &child.constraints)
}

/// The encryption context inside a grant's constraint, as CreateGrant and RetireGrant see it.
fn constraint_keys(stated: &mut Stated, constraints: &crate::model::key::Constraints) -> Result<(), Error> {
    let (kind, pairs) = match (&constraints.equals, &constraints.subset) {
        (Some(pairs), _) => ("EncryptionContextEquals", pairs),
        (None, Some(pairs)) => ("EncryptionContextSubset", pairs),
        (None, None) => return Ok(()),
    };
    add(stated, "kms:GrantConstraintType", kind.to_owned())?;
    for (name, value) in pairs {
        state(
            stated,
            &format!("kms:EncryptionContext:{name}"),
            std::slice::from_ref(value),
        )?;
    }
    Ok(())
}

fn retire_keys(engine: &Engine, stated: &mut Stated, key: &Key, id: &str) {
    let grants = key.grants.iter().filter_map(|&grant| engine.world.grant(grant));
    for grant in grants.filter(|grant| grant.id == id) {
        // What the request states for itself stands.
        let _ = constraint_keys(stated, &grant.constraints);
    }
}

/// A request through an endpoint has the endpoint's keys and no `aws:SourceIp` (S6.15).
fn endpoint_keys(engine: &Engine, stated: &mut Stated, id: &str) -> Result<(), Error> {
    if stated.values.contains_key("aws:SourceIp") {
        return Err(Error::Request(
            "a request through a VPC endpoint has no `aws:SourceIp` (S6.15)".to_owned(),
        ));
    }
    add(stated, "aws:SourceVpce", id.to_owned())?;
    if let Some(endpoint) = engine.world.endpoints.get(id) {
        if let Some(vpc) = &endpoint.vpc {
            add(stated, "aws:SourceVpc", vpc.clone())?;
        }
        add(stated, "aws:VpceAccount", endpoint.account.clone())?;
    }
    Ok(())
}

/// What follows from stated keys in every admissible request (S6.15).
fn follow(stated: &mut Stated) -> Result<(), Error> {
    let names: Vec<String> = stated.encryption_context.keys().cloned().collect();
    if !names.is_empty() {
        let sorted = |mut values: Vec<String>| {
            values.sort();
            values
        };
        let given = stated
            .values
            .entry("kms:EncryptionContextKeys".to_owned())
            .or_insert_with(|| names.clone());
        if sorted(given.clone()) != sorted(names) {
            let text = "`kms:EncryptionContextKeys` must list exactly the stated encryption context (S6.15)";
            return Err(Error::Request(text.to_owned()));
        }
    }
    let flag = |name: &str| {
        stated
            .values
            .get(name)
            .and_then(|values| values.first())
            .map(|value| value.eq_ignore_ascii_case("true"))
    };
    let via = stated.values.contains_key("kms:ViaService");
    if via && flag("aws:ViaAWSService") == Some(false) {
        return Err(Error::Request(
            "`kms:ViaService` needs `aws:ViaAWSService` true (S6.15)".to_owned(),
        ));
    }
    if !via && !stated.open && flag("kms:GrantIsForAWSResource") == Some(true) {
        return Err(Error::Request(
            "`kms:GrantIsForAWSResource` true needs `kms:ViaService` (S6.15)".to_owned(),
        ));
    }
    if stated.values.contains_key("aws:MultiFactorAuthAge")
        && flag("aws:MultiFactorAuthPresent") == Some(false)
    {
        return Err(Error::Request(
            "`aws:MultiFactorAuthAge` needs `aws:MultiFactorAuthPresent` true (S6.15)".to_owned(),
        ));
    }
    if via {
        stated
            .values
            .insert("aws:ViaAWSService".to_owned(), vec!["true".to_owned()]);
        stated
            .values
            .entry("kms:GrantIsForAWSResource".to_owned())
            .or_insert_with(|| vec!["true".to_owned()]);
    }
    one_clock(stated);
    Ok(())
}

/// `aws:CurrentTime` and `aws:EpochTime` are one clock, each in its own form.
fn one_clock(stated: &mut Stated) {
    let first = |name: &str| stated.values.get(name).and_then(|values| values.first());
    let epoch = first("aws:CurrentTime")
        .and_then(|text| seconds(text))
        .map(|seconds| seconds.normalize().to_string());
    let current = first("aws:EpochTime")
        .and_then(|text| seconds(text))
        .and_then(|seconds| jiff::Timestamp::from_second(seconds.trunc().to_string().parse().ok()?).ok());
    if let Some(epoch) = epoch {
        stated
            .values
            .entry("aws:EpochTime".to_owned())
            .or_insert_with(|| vec![epoch]);
    }
    if let Some(current) = current {
        stated
            .values
            .entry("aws:CurrentTime".to_owned())
            .or_insert_with(|| vec![current.to_string()]);
    }
}

/// Refuses a context that contradicts what the snapshot decides (S6.10).
pub(crate) fn check(
    engine: &Engine,
    principal: &Principal,
    key: &Key,
    action: Action,
    stated: &Stated,
) -> Result<(), Error> {
    let mut contradictions = BTreeMap::new();
    for (name, values) in &stated.values {
        let key_name = KeyName::new(name);
        if let Some(decided) = contradicted(engine, (principal, key, action), &key_name, values) {
            contradictions.insert(name.clone(), decided.join(", "));
        }
    }
    match contradictions.into_iter().next() {
        None => Ok(()),
        Some((name, decided)) => Err(Error::Request(format!(
            "the context states `{name}` = `{}`, but the snapshot decides `{decided}` (S6.10)",
            stated
                .values
                .get(&name)
                .map(|values| values.join(", "))
                .unwrap_or_default()
        ))),
    }
}

/// What the snapshot decides of a condition key, if a request that states these values contradicts it.
pub(super) fn contradicted(
    engine: &Engine,
    (principal, key, action): (&Principal, &Key, Action),
    name: &KeyName,
    values: &[String],
) -> Option<Vec<String>> {
    let any = AnyRequest {
        world: &engine.world,
        principal,
        key,
        action,
        policy: PolicyKind::Identity,
    };
    let supported = name.known.is_none_or(|known| known.actions().contains(action));
    // A key that the action does not have is left alone: it says nothing about the request (S6.3a).
    if !supported
        || name.name == "aws:SecureTransport"
        || ActionSet::ALIAS.contains(action) && key.kind == Resource::Alias
    {
        return None;
    }
    match any.known(name) {
        Known::Is(decided) if !same(&decided, values) => Some(decided),
        _ => None,
    }
}

pub(super) fn same(decided: &[String], stated: &[String]) -> bool {
    decided.len() == stated.len()
        && decided
            .iter()
            .all(|one| stated.iter().any(|other| other.eq_ignore_ascii_case(one)))
}
