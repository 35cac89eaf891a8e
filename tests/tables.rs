//! The tables of actions and condition keys against the machine-readable facts of the specification, field by field.
//!
//! The facts are not part of the project: `KEYWHO_SHARED` names the folder whose `data/` holds them. Without it the
//! tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::condition::key::{Class, KnownKey, Support, ValueType, canonical_name, lookup_written};
use keywho::model::action::{Action, ActionSet, Category, MultiRegionNeed, Resources, values};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// One file of facts; `None`, with a note, when there is none to compare with.
fn facts(file: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("KEYWHO_SHARED") else {
        eprintln!("skipped: KEYWHO_SHARED is not set");
        return None;
    };
    let path = Path::new(&folder).join("data").join(file);
    let text = std::fs::read_to_string(&path).expect("the facts are there");
    Some(serde_json::from_str(&text).expect("the facts are JSON"))
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {value}"))
}

fn flag(value: &Value, field: &str) -> bool {
    value[field]
        .as_bool()
        .unwrap_or_else(|| panic!("{field} of {value}"))
}

fn set(names: &[&str]) -> ActionSet {
    names
        .iter()
        .map(|name| Action::parse(name).expect(name))
        .collect()
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Cryptographic => "cryptographic",
        Category::Manage => "manage",
        Category::View => "view",
        Category::Grant => "grant",
        Category::Alias => "alias",
        Category::Tag => "tag",
        Category::Import => "import",
        Category::KeyStore => "custom_key_store",
        Category::Internal => "internal",
    }
}

fn resources(resources: Resources) -> &'static [&'static str] {
    match resources {
        Resources::Key => &["key"],
        Resources::AliasAndKey => &["alias", "key"],
        Resources::None => &["none"],
    }
}

fn multi_region(need: MultiRegionNeed) -> Option<&'static str> {
    match need {
        MultiRegionNeed::NotNeeded => None,
        MultiRegionNeed::Primary => Some("PRIMARY"),
        MultiRegionNeed::Member => Some("any"),
        MultiRegionNeed::PrimaryAndReplica => Some("PRIMARY and REPLICA"),
    }
}

#[test]
fn actions() {
    let Some(facts) = facts("kms-operations.json") else {
        return;
    };
    let entries = facts["actions"].as_array().unwrap();
    let expected: Vec<&str> = entries.iter().map(|entry| text(entry, "action")).collect();
    let ours: Vec<String> = Action::all().map(|action| action.to_string()).collect();
    assert_eq!(ours, expected);
    for (action, entry) in Action::all().zip(entries) {
        assert_eq!(action.api_operation(), text(entry, "api_operation"), "{action}");
        assert_eq!(action.level().words(), text(entry, "access_level"), "{action}");
        assert_eq!(category(action.category()), text(entry, "category"), "{action}");
        assert_eq!(
            resources(action.resources()),
            strings(&entry["resource_types"]),
            "{action}"
        );
        let gate = if action.is_iam_only() {
            "iam_only"
        } else {
            "key_policy"
        };
        assert_eq!(gate, text(entry, "policy_gate"), "{action}");
        assert_eq!(
            action.is_cross_account(),
            flag(entry, "cross_account"),
            "{action}"
        );
        assert_eq!(
            action.is_grant_operation(),
            flag(entry, "grant_operation"),
            "{action}"
        );
        assert_eq!(
            action.accepts_alias_identifier(),
            flag(entry, "accepts_alias_identifier"),
            "{action}"
        );
        assert_eq!(
            action.accepts_grant_tokens(),
            flag(entry, "accepts_grant_tokens"),
            "{action}"
        );
        assert_eq!(
            action.has_encryption_context(),
            flag(entry, "has_encryption_context"),
            "{action}"
        );
        assert_eq!(action.key_usages(), strings(&entry["key_usages"]), "{action}");
        assert_eq!(action.key_specs(), strings(&entry["key_specs"]), "{action}");
        let origins = entry.get("key_origins").map_or(vec!["*"], strings);
        assert_eq!(action.key_origins(), origins, "{action}");
        let need = entry.get("multi_region").and_then(Value::as_str);
        assert_eq!(multi_region(action.multi_region()), need, "{action}");
        match (action.key_states(), &entry["usable_key_states"]) {
            (None, Value::String(any)) => assert!(any.starts_with("any"), "{action}: {any}"),
            (Some(states), list) => assert_eq!(states, strings(list), "{action}"),
            (None, list) => panic!("{action}: {list}"),
        }
    }
}

#[test]
fn sets_of_actions() {
    let Some(facts) = facts("kms-operations.json") else {
        return;
    };
    assert_eq!(
        ActionSet::GRANT_OPERATIONS,
        set(&strings(&facts["grant_operations"]))
    );
    assert_eq!(values::GRANT_OPERATIONS, strings(&facts["grant_operations"]));
    let chosen = |keep: &dyn Fn(&Value) -> bool| -> ActionSet {
        let entries = facts["actions"].as_array().unwrap();
        entries
            .iter()
            .filter(|entry| keep(entry))
            .map(|entry| Action::parse(text(entry, "action")).unwrap())
            .collect()
    };
    let category = |name: &'static str| chosen(&|entry| text(entry, "category") == name);
    assert_eq!(ActionSet::ALL, chosen(&|_| true));
    assert_eq!(
        ActionSet::IAM_ONLY,
        chosen(&|entry| text(entry, "policy_gate") == "iam_only")
    );
    assert_eq!(
        ActionSet::KEY_POLICY_GATE,
        chosen(&|entry| text(entry, "policy_gate") == "key_policy")
    );
    assert_eq!(
        ActionSet::CROSS_ACCOUNT,
        chosen(&|entry| flag(entry, "cross_account"))
    );
    assert_eq!(
        ActionSet::ACCEPTS_ALIAS,
        chosen(&|entry| flag(entry, "accepts_alias_identifier"))
    );
    assert_eq!(
        ActionSet::ENCRYPTION_CONTEXT,
        chosen(&|entry| flag(entry, "has_encryption_context"))
    );
    assert_eq!(ActionSet::CRYPTOGRAPHIC, category("cryptographic"));
    assert_eq!(ActionSet::KEY_STORE, category("custom_key_store"));
    assert_eq!(ActionSet::ALIAS, category("alias"));
    assert_eq!(ActionSet::TAG, category("tag"));
    assert_eq!(ActionSet::SYNCHRONIZE, category("internal"));
    assert_eq!(
        ActionSet::WITHOUT_RESOURCE,
        chosen(&|entry| strings(&entry["resource_types"]) == ["none"])
    );
    let inferred = chosen(&|entry| {
        entry["notes"]
            .as_str()
            .is_some_and(|notes| notes.contains("condition-key list is inferred"))
    });
    assert_eq!(ActionSet::INFERRED_KEYS, inferred);
}

#[test]
fn enumerations() {
    let Some(facts) = facts("kms-operations.json") else {
        return;
    };
    let ours: &[(&str, &[&str])] = &[
        ("KeySpec", values::KEY_SPECS),
        ("KeyUsage", values::KEY_USAGES),
        ("KeyState", values::KEY_STATES),
        ("Origin", values::ORIGINS),
        ("KeyManager", values::KEY_MANAGERS),
        ("MultiRegionKeyType", values::MULTI_REGION_KEY_TYPES),
        ("ExpirationModel", values::EXPIRATION_MODELS),
        ("EncryptionAlgorithm", values::ENCRYPTION_ALGORITHMS),
        ("SigningAlgorithm", values::SIGNING_ALGORITHMS),
        ("MacAlgorithm", values::MAC_ALGORITHMS),
        ("KeyAgreementAlgorithm", values::KEY_AGREEMENT_ALGORITHMS),
        ("EncapsulationAlgorithm", values::ENCAPSULATION_ALGORITHMS),
        ("MessageType", values::MESSAGE_TYPES),
        ("DataKeyPairSpec", values::DATA_KEY_PAIR_SPECS),
    ];
    let enums = facts["enums"].as_object().unwrap();
    assert_eq!(
        ours.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(),
        enums.keys().map(String::as_str).collect()
    );
    for (name, list) in ours {
        assert_eq!(*list, strings(&enums[*name]), "{name}");
    }
}

#[test]
fn condition_keys() {
    let Some(facts) = facts("condition-keys.json") else {
        return;
    };
    let entries = facts["keys"].as_array().unwrap();
    assert_eq!(KnownKey::all().len(), entries.len());
    for (key, entry) in KnownKey::all().zip(entries) {
        assert_eq!(key.name(), text(entry, "name"));
        let value_type = match key.value_type() {
            ValueType::String => "string",
            ValueType::Arn => "arn",
            ValueType::Bool => "bool",
            ValueType::Numeric => "numeric",
            ValueType::Date => "date",
            ValueType::Ip => "ip",
        };
        assert_eq!(value_type, text(entry, "type"), "{key}");
        assert_eq!(key.is_multi_valued(), flag(entry, "multi_valued"), "{key}");
        let class = match key.class() {
            Class::Principal => "principal",
            Class::Session => "session",
            Class::Resource => "resource",
            Class::ActionFixed => "action_fixed",
            Class::ActionFixedOrRequest => "action_fixed_or_request",
            Class::Request => "request",
            Class::Network => "network",
            Class::Environment => "environment",
            Class::ServiceCall => "service_call",
        };
        assert_eq!(class, text(entry, "class"), "{key}");
        if entry["applies_to"] == "*" {
            assert_eq!(key.actions(), ActionSet::ALL, "{key}");
        }
        if let Some(listed) = entry.get("values") {
            assert_eq!(key.values().unwrap(), strings(listed), "{key}");
        }
        let undocumented = [
            "documented as not supported in key policies",
            "documented as IAM policies only",
        ]
        .iter()
        .any(|words| text(entry, "policy_types").contains(words));
        assert_eq!(key.is_documented_in_key_policies(), !undocumented, "{key}");
        assert_eq!(key.is_family(), key.name().ends_with('*'), "{key}");
    }
}

#[test]
fn supported_keys() {
    let (Some(operations), Some(keys)) = (facts("kms-operations.json"), facts("condition-keys.json")) else {
        return;
    };
    let everywhere: BTreeSet<&str> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["applies_to"] == "*")
        .map(|entry| text(entry, "name"))
        .collect();
    let synonyms = operations["deprecated_condition_key_synonyms"]
        .as_object()
        .unwrap();
    for entry in operations["actions"].as_array().unwrap() {
        let action = Action::parse(text(entry, "action")).unwrap();
        let own: BTreeSet<&str> = strings(&entry["condition_keys"]).into_iter().collect();
        for key in KnownKey::all() {
            let name = synonyms
                .get(key.name())
                .map_or(key.name(), |name| name.as_str().unwrap());
            assert_eq!(key.canonical().name(), name);
            let expected = if everywhere.contains(name) || own.contains(name) {
                Support::Yes
            } else if name.starts_with("kms:") && ActionSet::INFERRED_KEYS.contains(action) {
                Support::Doubt("S5.2.2")
            } else {
                Support::No
            };
            assert_eq!(key.support(action), expected, "{key} of {action}");
        }
        for name in own {
            assert!(KnownKey::all().any(|key| key.name() == name), "{name}");
        }
    }
}

#[test]
fn every_name_is_found_again() {
    let Some(facts) = facts("condition-keys.json") else {
        return;
    };
    for entry in facts["keys"].as_array().unwrap() {
        let example = match text(entry, "name") {
            "<oidc-provider>:*" => "token.actions.githubusercontent.com:sub".to_owned(),
            name => name.replace('*', "7"),
        };
        let (key, _) = lookup_written(&example).unwrap_or_else(|| panic!("{example}"));
        assert_eq!(key.name(), text(entry, "name"));
        assert_eq!(
            canonical_name(&example.to_uppercase()),
            canonical_name(&example.to_lowercase())
        );
    }
}
