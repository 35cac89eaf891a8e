//! Grants (S4.9): use of a key through a grant, child grants, retiring.

use super::caller::Who;
use super::context::ContextValue;
use super::decide::Ask;
use super::layers::{boundary_allows, identity_allows, identity_side, scp_allows, session_allows};
use super::mechanisms::Mechanism;
use super::text::{Arn, arn, has_wildcard, service_name};
use super::truth::{Truth, all, any};
use super::world::{Grant, Key, PairConstraint};
use serde_json::Value;

/// S4.9.1: some grant on the key allows.
pub fn grant_path(ask: &Ask<'_>, key: &Key) -> Truth {
    if ask.options.neutral(Mechanism::Grants) {
        return Truth::F;
    }
    any(key
        .grants
        .iter()
        .filter(|g| g.operations.iter().any(|o| o == ask.operation.name))
        .map(|grant| {
            all([
                grantee_matches(ask, grant),
                pairs_satisfy(ask, grant),
                source_arn_satisfies(ask, grant),
                key_trust(ask, grant, key),
                limits_of_grantee(ask, grant),
                child_is_within(ask, grant),
            ])
        }))
}

/// How a principal text of a grant names the caller.
enum Named {
    /// By user, role, session, federated user or service.
    Itself(Truth),
    /// By its account.
    ByAccount,
    /// Not at all.
    No,
}

/// S4.9.2: the text of a grantee or retiring principal against the caller. Unique ids are orphans and name nobody.
fn named(ask: &Ask<'_>, text: &str) -> Named {
    let caller = ask.caller;
    if let Who::Service(name) = &caller.who {
        return Named::Itself(Truth::from(
            !text.starts_with("arn:") && service_name(text) == *name,
        ));
    }
    let Some(Arn {
        service,
        account,
        resource,
        ..
    }) = arn(text)
    else {
        return Named::No;
    };
    if !caller.is_in(account) {
        return Named::No;
    }
    match (&caller.who, service) {
        (_, "iam") if resource == "root" => Named::ByAccount,
        (Who::User(_), "iam") => Named::Itself(Truth::from(caller.text == text)),
        (Who::Role { .. }, "iam") if caller.role_arn().is_some() => {
            Named::Itself(Truth::from(caller.role_arn() == Some(text)))
        }
        (Who::Role { name, .. }, "iam") => {
            let possible = resource.starts_with("role/") && text.ends_with(&format!("/{name}"));
            Named::Itself(Truth::from(possible).at_most_unknown())
        }
        (
            Who::Role {
                session: None, name, ..
            },
            "sts",
        ) => {
            let same_role = resource.starts_with(&format!("assumed-role/{name}/"));
            Named::Itself(Truth::from(same_role).at_most_unknown()) // the unnamed session may be this one
        }
        (Who::Role { .. } | Who::Federated { .. }, "sts") => Named::Itself(Truth::from(caller.text == text)),
        _ => Named::No,
    }
}

/// S4.9.2: the grantee; an account as grantee is delegation [ambiguous].
fn grantee_matches(ask: &Ask<'_>, grant: &Grant) -> Truth {
    any([&grant.grantee, &grant.grantee_service]
        .into_iter()
        .flatten()
        .map(|text| match named(ask, text) {
            Named::Itself(truth) => truth,
            Named::ByAccount => identity_side(ask),
            Named::No => Truth::F,
        }))
}

/// S4.9.4: the encryption context constraint, for operations that have an encryption context.
fn pairs_satisfy(ask: &Ask<'_>, grant: &Grant) -> Truth {
    match &grant.constraint {
        Some(constraint) if ask.operation.encryption_context => {
            Truth::from(satisfies(constraint, &ask.context.pairs))
        }
        _ => Truth::T,
    }
}

fn contains(pairs: &[(String, String)], wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|pair| pairs.contains(pair))
}

fn same_pairs(a: &[(String, String)], b: &[(String, String)]) -> bool {
    contains(a, b) && contains(b, a)
}

fn satisfies(constraint: &PairConstraint, pairs: &[(String, String)]) -> bool {
    if constraint.equals {
        same_pairs(&constraint.pairs, pairs)
    } else {
        contains(pairs, &constraint.pairs)
    }
}

/// S4.9.4: the SourceArn constraint.
fn source_arn_satisfies(ask: &Ask<'_>, grant: &Grant) -> Truth {
    let Some(wanted) = &grant.source_arn else {
        return Truth::T;
    };
    let direct_by_iam = !ask.caller.is_service() && ask.context.get("kms:viaservice").is_none();
    match ask.context.get("aws:sourcearn") {
        _ if direct_by_iam => Truth::U, // [ambiguous]
        None => Truth::F,
        Some(_) if has_wildcard(wanted) => Truth::U, // [ambiguous]
        Some(ContextValue::Known(values)) => Truth::from(values[0] == *wanted),
        Some(_) => Truth::U,
    }
}

/// S4.9.5: a caller of another account needs its own account to vouch for the key; U if nothing shows that it does [ambiguous].
fn key_trust(ask: &Ask<'_>, grant: &Grant, key: &Key) -> Truth {
    let same_account = ask.caller.is_service() || ask.caller.is_in(&key.account);
    let issued_at_home = ask.caller.is_in(&grant.issuing_account);
    let vouched = Truth::from(same_account || issued_at_home || ask.caller.is_root());
    vouched.or(identity_allows(ask)).at_least_unknown()
}

/// S4.9.6: a role named by its ARN whose boundary or session policy lacks the action: U [ambiguous]; named otherwise: no limit.
fn limits_of_grantee(ask: &Ask<'_>, grant: &Grant) -> Truth {
    let role_arn = grant
        .grantee
        .as_deref()
        .and_then(arn)
        .is_some_and(|a| a.service == "iam" && a.resource.starts_with("role/"));
    if role_arn {
        boundary_allows(ask).and(session_allows(ask)).at_least_unknown()
    } else {
        Truth::T
    }
}

/// S4.9.7: what is asked for through a grant stays within that grant.
fn child_is_within(ask: &Ask<'_>, parent: &Grant) -> Truth {
    if ask.operation.name != "CreateGrant" {
        return Truth::T;
    }
    let Some(child) = ask.grant else { return Truth::U };
    let operations = child.operations.iter().all(|o| parent.operations.contains(o));
    let pairs = match (&parent.constraint, &child.constraint) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(p), Some(c)) if p.equals => c.equals && same_pairs(&p.pairs, &c.pairs),
        (Some(p), Some(c)) => contains(&c.pairs, &p.pairs),
    };
    let source_arn = parent.source_arn.is_none() || parent.source_arn == child.source_arn;
    Truth::from(operations && pairs && source_arn)
}

/// S4.9.8: RetireGrant by right of the grant (a, b) or of one of three accounts (c, d), and what SCPs do to each.
pub fn retire_decision(ask: &Ask<'_>, key: &Key) -> Truth {
    let Some(grant) = ask.grant.filter(|_| !ask.options.neutral(Mechanism::Grants)) else {
        return Truth::F;
    };
    let by_right = retires_by_name(ask, grant).or(retires_as_grantee(ask, grant));
    let by_account = Truth::from(
        accounts_that_retire(grant, key)
            .iter()
            .any(|a| ask.caller.is_in(a)),
    )
    .and(identity_side(ask));
    let scp = scp_allows(ask);
    by_right.and(scp.at_least_unknown()).or(by_account.and(scp))
}

/// (a) the retiring principal itself.
fn retires_by_name(ask: &Ask<'_>, grant: &Grant) -> Truth {
    any([&grant.retiring, &grant.retiring_service]
        .into_iter()
        .flatten()
        .map(|text| match named(ask, text) {
            Named::Itself(truth) => truth,
            _ => Truth::F,
        }))
}

/// (b) the grantee, if the grant lists RetireGrant.
fn retires_as_grantee(ask: &Ask<'_>, grant: &Grant) -> Truth {
    Truth::from(grant.operations.iter().any(|o| o == "RetireGrant")).and(grantee_matches(ask, grant))
}

/// (c), (d): the accounts of the issuer, of the key, and one named as retiring principal.
fn accounts_that_retire(grant: &Grant, key: &Key) -> Vec<String> {
    let named = grant
        .retiring
        .as_deref()
        .and_then(arn)
        .filter(|a| a.resource == "root")
        .map(|a| a.account.to_owned());
    [grant.issuing_account.clone(), key.account.clone()]
        .into_iter()
        .chain(named)
        .collect()
}

/// The grant a CreateGrant request asks for.
pub fn child_grant(request: &Value) -> Option<Grant> {
    request.get("grant").filter(|g| g.is_object()).map(read_grant)
}

/// A grant in the shape of the API.
pub fn read_grant(json: &Value) -> Grant {
    let text = |name: &str| json[name].as_str().filter(|t| !t.is_empty()).map(str::to_owned);
    let constraints = &json["Constraints"];
    let pairs = |name: &str, equals: bool| {
        let pairs = constraints[name].as_object().filter(|p| !p.is_empty())?;
        let pairs = pairs
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect();
        Some(PairConstraint { equals, pairs })
    };
    Grant {
        id: text("GrantId").unwrap_or_default(),
        name: text("Name").unwrap_or_default(),
        grantee: text("GranteePrincipal"),
        grantee_service: text("GranteeServicePrincipal"),
        retiring: text("RetiringPrincipal"),
        retiring_service: text("RetiringServicePrincipal"),
        issuing_account: text("IssuingAccount").unwrap_or_default(),
        operations: json["Operations"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|o| o.as_str().map(str::to_owned))
            .collect(),
        constraint: pairs("EncryptionContextEquals", true)
            .or_else(|| pairs("EncryptionContextSubset", false)),
        source_arn: constraints["SourceArn"].as_str().map(str::to_owned),
    }
}
