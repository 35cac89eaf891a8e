//! Which permissions a request needs (S4.12, S5.4.1), each with its key and the context stated for it.

use super::caller::{Caller, callers};
use super::context::{Context, Sources};
use super::decide::Target;
use super::grants::child_grant;
use super::operations::{Operation, operation};
use super::text::arn;
use super::world::{Key, World};
use serde_json::Value;

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
pub struct Needed<'r> {
    /// The action.
    pub operation: &'static Operation,
    /// The resource.
    pub target: Target<'r>,
    /// How the request named it.
    pub identifier: &'r str,
    /// What the request states for it.
    pub stated: Vec<(String, Vec<String>)>,
}

/// S4.12, S5.4.1: the permissions behind a request.
pub fn permissions<'r>(world: &'r World, request: &'r Value, caller: &Caller<'_>) -> Vec<Needed<'r>> {
    let name = request["action"].as_str().unwrap_or_default();
    let resource = request["resource"].as_str().unwrap_or("*");
    let on = |operation: &'static Operation, identifier: &'r str, stated| {
        let target = match find_key(world, caller, identifier) {
            _ if operation.resourceless => Target::Nothing,
            Some(key) => Target::Key(key),
            None => panic!("no key {identifier} in {request}"),
        };
        Needed {
            operation,
            target,
            identifier,
            stated,
        }
    };
    let context = stated(&request["context"]);
    if name == "kms:ReEncrypt" {
        let destination = request["destination"].as_str().unwrap_or_default();
        let from = operation("ReEncryptFrom").expect("in the table");
        let to = operation("ReEncryptTo").expect("in the table");
        return vec![
            on(from, resource, context.clone()),
            on(
                to,
                destination,
                destination_context(context, stated(&request["destinationContext"])),
            ),
        ];
    }
    let operation = operation(name).unwrap_or_else(|| panic!("no action {name}"));
    let mut needed = vec![on(operation, resource, context.clone())];
    if operation.on_alias {
        let Target::Key(key) = needed[0].target.clone() else {
            panic!("alias operations have a key")
        };
        let alias = request["alias"].as_str().unwrap_or_default();
        let arn = if alias.starts_with("arn:") {
            alias.to_owned()
        } else {
            format!(
                "arn:{}:kms:{}:{}:{alias}",
                world.partition, key.region, key.account
            )
        };
        if let Some(previous) = request["previousKey"]
            .as_str()
            .filter(|_| operation.name == "UpdateAlias")
        {
            needed.push(on(operation, previous, context.clone()));
        }
        let target = Target::Alias {
            arn,
            account: key.account.clone(),
            region: key.region.clone(),
        };
        needed.push(Needed {
            operation,
            target,
            identifier: alias,
            stated: context,
        });
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
fn destination_context(
    source: Vec<(String, Vec<String>)>,
    destination: Vec<(String, Vec<String>)>,
) -> Vec<(String, Vec<String>)> {
    let of_the_source = |key: &str| key.to_lowercase().starts_with("kms:encryption");
    source
        .into_iter()
        .filter(|(key, _)| !of_the_source(key))
        .chain(destination)
        .collect()
}

/// S1.4: key id, key ARN, alias name or alias ARN; ids and names mean the caller's account.
pub fn find_key<'w>(world: &'w World, caller: &Caller<'_>, identifier: &str) -> Option<&'w Key> {
    if identifier.starts_with("arn:") {
        let parts = arn(identifier)?;
        return world.keys.iter().find(|k| {
            k.arn == identifier
                || (k.account == parts.account
                    && k.region == parts.region
                    && k.aliases.iter().any(|a| a == parts.resource))
        });
    }
    world
        .keys
        .iter()
        .filter(|k| caller.is_in(&k.account))
        .find(|k| k.id == identifier || k.aliases.iter().any(|a| a == identifier))
}
