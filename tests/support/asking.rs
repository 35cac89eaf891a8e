//! Rows -> requests that say what rows say: who asks for a principal of a row, which actions one request is about, and a
//! request in another context.

use super::begin_of_sessions;
use super::caller::callers;
use super::operations::Operation;
use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Actions whose rows say what one request on one key would: not those that need an alias, a second key or a grant.
pub fn has_plain_rows(operation: &Operation) -> bool {
    let special = [
        "RetireGrant",
        "ReplicateKey",
        "UpdatePrimaryRegion",
        "SynchronizeMultiRegionKey",
    ];
    !operation.resourceless && !operation.on_alias && !special.contains(&operation.name)
}

/// Who may ask as a row's principal: all sessions of a role, as far as they differ.
pub fn askers(world: &World, principal: &str, rows: &[&str]) -> Vec<String> {
    let request = json!({"principal": principal});
    let caller = callers(world, &request).remove(0);
    // A session does not tell the path of its role, so that of a role nobody listed may be another's (S1.7).
    let Some(begin) = begin_of_sessions(principal).filter(|_| !caller.is_external()) else {
        return vec![principal.to_owned()];
    };
    let named = rows.iter().filter(|row| row.starts_with(&begin));
    let mut sessions: Vec<String> = named.map(|row| (*row).to_owned()).collect();
    sessions.push(format!("{begin}another-session"));
    sessions
}

/// A request with another context; a role's session name goes where requests state it.
pub fn with(request: &Value, context: &BTreeMap<String, Vec<String>>) -> Value {
    let mut request = request.clone();
    let mut values = serde_json::Map::new();
    for (key, all) in context {
        let value = match all.as_slice() {
            [one] => json!(one),
            many => json!(many),
        };
        if key == "aws:userid" && request["principal"].as_str().unwrap().contains(":assumed-role/") {
            let (begin, _) = request["principal"].as_str().unwrap().rsplit_once('/').unwrap();
            let session = all[0].rsplit(':').next().unwrap();
            request["principal"] = json!(format!("{begin}/{session}"));
        }
        values.insert(key.clone(), value);
    }
    // What every request of the sort has, a condition that leaves its value open does not say.
    for (key, value) in request["context"].as_object().into_iter().flatten() {
        let of_the_sort = [
            "kms:MessageType",
            "kms:SigningAlgorithm",
            "kms:EncryptionAlgorithm",
            "kms:ReEncryptOnSameKey",
        ];
        let known = of_the_sort.iter().find(|name| name.eq_ignore_ascii_case(key));
        if let Some(name) = known {
            values.entry(*name).or_insert_with(|| value.clone());
        }
    }
    if !request["grant"].is_null() {
        // The grant asked for is described by the context alone.
        let operations = context.get("kms:GrantOperations").cloned();
        request["grant"] = json!({"Operations": operations.unwrap_or_else(|| vec!["Decrypt".to_owned()])});
    }
    request["context"] = Value::Object(values);
    request
}
