//! CloudTrail events of KMS: the request that one records.

use super::{Answer, Asked, message};
use crate::Request;
use crate::model::action::{Action, ActionSet};
use crate::model::key::{Constraints, Grant};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Parameters that are condition keys.
const PARAMETERS: &[(&str, &str)] = &[
    ("encryptionAlgorithm", "kms:EncryptionAlgorithm"),
    ("signingAlgorithm", "kms:SigningAlgorithm"),
    ("macAlgorithm", "kms:MacAlgorithm"),
    ("messageType", "kms:MessageType"),
    ("keyPairSpec", "kms:DataKeyPairSpec"),
    ("keyAgreementAlgorithm", "kms:KeyAgreementAlgorithm"),
    ("replicaRegion", "kms:ReplicaRegion"),
    ("primaryRegion", "kms:PrimaryRegion"),
    ("wrappingAlgorithm", "kms:WrappingAlgorithm"),
    ("wrappingKeySpec", "kms:WrappingKeySpec"),
    ("expirationModel", "kms:ExpirationModel"),
    (
        "pendingWindowInDays",
        "kms:ScheduleKeyDeletionPendingWindowInDays",
    ),
    ("rotationPeriodInDays", "kms:RotationPeriodInDays"),
    (
        "bypassPolicyLockoutSafetyCheck",
        "kms:BypassPolicyLockoutSafetyCheck",
    ),
];

/// The request that an event records.
pub(super) fn asked(event: &Value) -> Result<Asked, String> {
    let name = text(event, "eventName").ok_or("an event without `eventName`")?;
    let re_encrypts = name == "ReEncrypt";
    let action = Action::parse(name);
    if action.is_none() && !re_encrypts {
        return Err(format!("`{name}` is no operation that a policy can allow"));
    }
    let mut asked = Asked {
        request: Request {
            id: text(event, "eventID").unwrap_or_default().to_owned(),
            action: format!("kms:{name}"),
            open_context: true,
            ..Request::default()
        },
        answer: Some(answer(event)),
        unclear: Vec::new(),
    };
    caller(event, &mut asked)?;
    asked.request.resource = match action {
        Some(action) if ActionSet::WITHOUT_RESOURCE.contains(action) => "*".to_owned(),
        _ => key(event, "keyId", 0)?,
    };
    context(event, &mut asked.request);
    let parameters = event.get("requestParameters").unwrap_or(&Value::Null);
    let request = &mut asked.request;
    match action {
        None => {
            request.resource = key(event, "sourceKeyId", 0).or_else(|_| key(event, "keyId", 0))?;
            request.destination = Some(key(event, "destinationKeyId", 1)?);
            pairs(parameters, "sourceEncryptionContext", &mut request.context);
            pairs(
                parameters,
                "destinationEncryptionContext",
                &mut request.destination_context,
            );
        }
        Some(Action::CreateGrant) => request.grant = Some(grant(parameters)),
        Some(Action::RetireGrant) => request.grant_id = text(parameters, "grantId").map(str::to_owned),
        Some(action) if ActionSet::ALIAS.contains(action) => {
            request.alias = text(parameters, "aliasName").map(str::to_owned);
        }
        Some(_) => {}
    }
    Ok(asked)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn answer(event: &Value) -> Answer {
    match (text(event, "errorCode"), text(event, "errorMessage")) {
        (Some(code), said) if code.contains("AccessDenied") => message::answer(said.unwrap_or(code)),
        // What fails otherwise was authorized before it failed, or never got that far.
        _ => Answer::Allowed,
    }
}

/// Who asked, and through which service.
fn caller(event: &Value, asked: &mut Asked) -> Result<(), String> {
    let identity = event.get("userIdentity").unwrap_or(&Value::Null);
    let kind = text(identity, "type").unwrap_or_default();
    let through = text(identity, "invokedBy");
    let request = &mut asked.request;
    request.principal = match (kind, text(identity, "arn")) {
        ("AWSService", _) => through
            .ok_or("the event does not name the service that called")?
            .to_owned(),
        (_, Some(arn)) => arn.to_owned(),
        ("AWSAccount", None) => {
            let account = text(identity, "accountId").ok_or("the event does not name its caller")?;
            asked.unclear.push(
                "this event is from the log of the key's account, which names only the account of the caller"
                    .to_owned(),
            );
            format!("account:{account}")
        }
        _ => return Err("the event does not name its caller".to_owned()),
    };
    if kind == "FederatedUser" {
        let issuer = identity.pointer("/sessionContext/sessionIssuer/arn");
        request.federated_by = issuer.and_then(Value::as_str).map(str::to_owned);
    }
    let region = text(event, "awsRegion");
    match through.filter(|_| kind != "AWSService") {
        None => {}
        Some(service) if service.ends_with(".amazonaws.com") => {
            if let Some((name, region)) = service.strip_suffix(".amazonaws.com").zip(region) {
                state(
                    request,
                    "kms:ViaService",
                    format!("{name}.{region}.amazonaws.com"),
                );
            }
        }
        Some(other) => asked.unclear.push(format!(
            "the event says `{other}` in place of the service that called"
        )),
    }
    Ok(())
}

fn state(request: &mut Request, key: &str, value: String) {
    request.context.insert(key.to_owned(), vec![value]);
}

/// The key: of the resources the one at a position, else what a parameter names.
fn key(event: &Value, parameter: &str, at: usize) -> Result<String, String> {
    let resources = event.get("resources").and_then(Value::as_array);
    let arns = resources.into_iter().flatten();
    let arns = arns.filter_map(|one| text(one, "ARN").or_else(|| text(one, "arn")));
    let keys: Vec<&str> = arns.filter(|arn| arn.contains(":key/")).collect();
    if let Some(arn) = keys.get(at) {
        return Ok((*arn).to_owned());
    }
    let parameters = event.get("requestParameters").unwrap_or(&Value::Null);
    let named = text(parameters, parameter)
        .or_else(|| text(parameters, "targetKeyId"))
        .or_else(|| text(parameters, "keyArn"));
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    // ReEncrypt within one key.
    if let Some(only) = keys.first() {
        return Ok((*only).to_owned());
    }
    let message = text(event, "errorMessage").and_then(|text| message::asked(text).ok());
    match message
        .map(|asked| asked.request.resource)
        .filter(|name| name != "*")
    {
        Some(resource) => Ok(resource),
        None => Err("the event does not name the key".to_owned()),
    }
}

/// What the event tells of the context of the request.
fn context(event: &Value, request: &mut Request) {
    let parameters = event.get("requestParameters").unwrap_or(&Value::Null);
    for (parameter, key) in PARAMETERS {
        let value = parameters.get(*parameter);
        let value = value.and_then(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        });
        if let Some(value) = value {
            state(request, key, value);
        }
    }
    pairs(parameters, "encryptionContext", &mut request.context);
    if let Some(alias) = text(parameters, "keyId").filter(|id| id.contains("alias/"))
        && let Some((_, name)) = alias.split_once("alias/")
    {
        state(request, "kms:RequestAlias", format!("alias/{name}"));
    }
    if let Some(time) = text(event, "eventTime") {
        state(request, "aws:CurrentTime", time.to_owned());
    }
    let address = text(event, "sourceIPAddress").filter(|text| text.parse::<IpAddr>().is_ok());
    match text(event, "vpcEndpointId") {
        // Through an endpoint there is no public address (S6.15).
        Some(endpoint) if !request.context.contains_key("kms:ViaService") => {
            state(request, "aws:SourceVpce", endpoint.to_owned());
            if let Some(address) = address {
                state(request, "aws:VpcSourceIp", address.to_owned());
            }
        }
        // S3.2.2: what a service calls with is its own network.
        Some(_) => {}
        None if request.context.contains_key("kms:ViaService") => {}
        None => {
            if let Some(address) = address {
                state(request, "aws:SourceIp", address.to_owned());
            }
        }
    }
    let mfa = event.pointer("/userIdentity/sessionContext/attributes/mfaAuthenticated");
    if let Some(mfa) = mfa.and_then(Value::as_str) {
        state(request, "aws:MultiFactorAuthPresent", mfa.to_owned());
    }
}

/// The pairs of an encryption context.
fn pairs(parameters: &Value, name: &str, context: &mut BTreeMap<String, Vec<String>>) {
    let pairs = parameters.get(name).and_then(Value::as_object);
    for (name, value) in pairs.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            context.insert(format!("kms:EncryptionContext:{name}"), vec![value.to_owned()]);
        }
    }
}

/// The grant that a CreateGrant request asks for.
fn grant(parameters: &Value) -> Grant {
    let owned = |name: &str| text(parameters, name).map(str::to_owned);
    let operations = parameters.get("operations").and_then(Value::as_array);
    let operations = operations.into_iter().flatten().filter_map(Value::as_str);
    let constraint = |name: &str| {
        let pairs = parameters.get("constraints")?.get(name)?.as_object()?;
        let pairs = pairs
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Some(pairs.collect())
    };
    Grant {
        grantee: owned("granteePrincipal"),
        grantee_service: owned("granteeServicePrincipal"),
        retiring: owned("retiringPrincipal"),
        retiring_service: owned("retiringServicePrincipal"),
        operations: operations.map(str::to_owned).collect(),
        constraints: Constraints {
            equals: constraint("encryptionContextEquals"),
            subset: constraint("encryptionContextSubset"),
            source_arn: parameters
                .pointer("/constraints/sourceArn")
                .and_then(Value::as_str)
                .map(str::to_owned),
            other: None,
        },
        ..Grant::default()
    }
}
