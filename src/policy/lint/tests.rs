//! For each remark a policy that provokes it, and one that just does not.

mod action;
mod condition;
mod never;
mod principal;
mod real;
mod resource;
mod variable;

use super::{Subject, lint};
use crate::condition::operator::Operator;
use crate::diag::{Code, Diagnostic};
use crate::policy::document::{
    Condition, Document, Effect, Patterns, PolicyKind, PrincipalEntry, Principals, Statement,
};
use crate::source::Location;
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Reads a well-formed policy. What is not well-formed makes the statement opaque, without saying why.
pub(super) fn read(policy: &Value) -> Document {
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let statement = |(index, value): (usize, &Value)| {
        let index = u32::try_from(index).unwrap();
        statement(index, value)
    };
    Document {
        variables: policy["Version"] == "2012-10-17",
        statements: statements.iter().enumerate().map(statement).collect(),
        opaque: None,
        location: Location::default(),
    }
}

fn statement(index: u32, value: &Value) -> Statement {
    let mut opaque = None;
    let either = |plain: &str, not: &str| match (&value[plain], &value[not]) {
        (Value::Null, Value::Null) => None,
        (Value::Null, negated) => Some((true, negated.clone())),
        (plain, _) => Some((false, plain.clone())),
    };
    let mut patterns = |plain: &str, not: &str| {
        let (negated, value) = either(plain, not)?;
        let patterns = texts(&value);
        if patterns.is_none() {
            opaque = Some("not texts".to_owned());
        }
        Some(Patterns {
            negated,
            patterns: patterns?,
        })
    };
    let actions = patterns("Action", "NotAction");
    let resources = patterns("Resource", "NotResource");
    let principals = either("Principal", "NotPrincipal").and_then(|(negated, value)| {
        let entries = entries(&value);
        if entries.is_none() {
            opaque = Some("not principals".to_owned());
        }
        Some(Principals {
            negated,
            entries: entries?,
        })
    });
    Statement {
        sid: None,
        index,
        effect: match value["Effect"].as_str() {
            Some("Allow") => Some(Effect::Allow),
            Some("Deny") => Some(Effect::Deny),
            _ => None,
        },
        principals,
        actions,
        resources,
        conditions: conditions(&value["Condition"]),
        opaque,
        location: Location {
            line: index + 1,
            ..Location::default()
        },
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn entries(value: &Value) -> Option<Vec<PrincipalEntry>> {
    if value == "*" {
        return Some(vec![PrincipalEntry::Anyone]);
    }
    let mut all = Vec::new();
    for (kind, value) in value.as_object()? {
        all.extend(texts(value)?.into_iter().map(|text| match kind.as_str() {
            "AWS" => PrincipalEntry::Aws(text),
            "Service" => PrincipalEntry::Service(text),
            "Federated" => PrincipalEntry::Federated(text),
            "CanonicalUser" => PrincipalEntry::CanonicalUser(text),
            other => PrincipalEntry::Other(other.to_owned(), text),
        }));
    }
    Some(all)
}

fn conditions(block: &Value) -> Vec<Condition> {
    let mut all = Vec::new();
    for (operator, keys) in block.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            all.extend(texts(values).map(|values| Condition {
                operator: Operator::parse(operator),
                key: key.clone(),
                values,
            }));
        }
    }
    all
}

/// What is remarked on a policy with this one statement.
fn found(kind: PolicyKind, statement: &Value) -> Vec<Diagnostic> {
    let document = read(&json!({"Version": "2012-10-17", "Statement": statement}));
    lint(&document, kind, &Subject::default())
}

fn found_about(key_arn: &str, statement: &Value) -> Vec<Diagnostic> {
    let document = read(&json!({"Version": "2012-10-17", "Statement": statement}));
    let about = Subject {
        key_arn: Some(key_arn),
        ..Subject::default()
    };
    lint(&document, PolicyKind::Key, &about)
}

/// An allowing key policy statement, with some elements set.
fn key_statement(elements: &Value) -> Value {
    let principal = json!({"AWS": "arn:aws:iam::111122223333:role/app"});
    let plain = json!({"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"});
    with(plain, elements)
}

/// An allowing identity policy statement, with some elements set.
fn identity_statement(elements: &Value) -> Value {
    with(
        json!({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}),
        elements,
    )
}

/// Sets some elements, and drops those that are null or whose counterpart with `Not` is set.
fn with(mut statement: Value, elements: &Value) -> Value {
    let all = statement.as_object_mut().unwrap();
    for (name, value) in elements.as_object().unwrap() {
        if let Some(plain) = name.strip_prefix("Not") {
            all.remove(plain);
        }
        all.insert(name.clone(), value.clone());
    }
    all.retain(|_, value| !value.is_null());
    statement
}

fn codes(found: &[Diagnostic]) -> Vec<Code> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn in_key(elements: &Value) -> Vec<Diagnostic> {
    found(PolicyKind::Key, &key_statement(elements))
}

fn in_identity(elements: &Value) -> Vec<Diagnostic> {
    found(PolicyKind::Identity, &identity_statement(elements))
}

/// The one remark, of this kind, in which these words are.
#[track_caller]
fn one(found: &[Diagnostic], code: Code, words: &[&str]) {
    assert_eq!(codes(found), [code], "{found:#?}");
    let Diagnostic {
        message,
        effect,
        help,
        ..
    } = &found[0];
    let parts = [Some(message.as_str()), effect.as_deref(), help.as_deref()];
    let all = parts.map(Option::unwrap_or_default).join(" | ");
    for word in words {
        assert!(all.contains(word), "no {word} in {all}");
    }
    house_style(found);
}

#[track_caller]
fn none(found: &[Diagnostic]) {
    assert!(found.is_empty(), "{found:#?}");
}

/// Lower case, no final period, and always an effect.
fn house_style(found: &[Diagnostic]) {
    for diagnostic in found {
        let texts = [
            Some(&diagnostic.message),
            diagnostic.effect.as_ref(),
            diagnostic.help.as_ref(),
        ];
        for text in texts.into_iter().flatten() {
            let first = text.chars().next().unwrap();
            assert!(
                !first.is_uppercase()
                    || text.starts_with("AWS")
                    || text.starts_with("KMS")
                    || text.starts_with("RCP"),
                "{text}"
            );
            assert!(!text.ends_with('.') || text.ends_with("..."), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
        assert!(diagnostic.effect.is_some(), "{diagnostic:?}");
    }
}

#[test]
fn length_and_characters_of_a_key_policy() {
    let document = read(&json!({"Statement": []}));
    let check = |kind, text: &str| {
        let about = Subject {
            text: Some(text),
            ..Subject::default()
        };
        lint(&document, kind, &about)
    };
    one(
        &check(PolicyKind::Key, &" ".repeat(32_769)),
        Code::PolicyTooLong,
        &["32769 bytes", "S2.1.5"],
    );
    none(&check(PolicyKind::Key, &" ".repeat(32_768)));
    none(&check(PolicyKind::Identity, &" ".repeat(32_769)));
    one(
        &check(PolicyKind::Key, "{\"Sid\": \"–\"}"),
        Code::InvalidCharacter,
        &["U+2013"],
    );
    one(
        &check(PolicyKind::Key, "\u{0}"),
        Code::InvalidCharacter,
        &["U+0000"],
    );
    none(&check(PolicyKind::Key, "{\t\r\n \u{ff}é~}"));
}

#[test]
fn statements_about_other_services_are_left_alone() {
    let statement = json!({
        "Effect": "Allow",
        "Action": ["s3:Get*", "Describe*", "iam:PassRole"],
        "Resource": ["arn:aws:s3:::bucket/${aws:usrname}", "bare", "arn:aws:s3:::${missing}"],
        "Condition": {
            "StringEquals": {"s3:prefix": "home/*", "aws:Unknown": "x", "aws:PrincipalAccount": "1"},
            "ForAllValues:StringEquals": {"aws:PrincipalArn": "x"},
            "Bool": {"aws:SecureTransport": "maybe"}
        }
    });
    none(&found(PolicyKind::Identity, &statement));
    // Everything, but on no resource of KMS.
    let statement = with(
        statement,
        &json!({"Action": "*", "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]}),
    );
    none(&found(PolicyKind::Identity, &statement));
    let trust = json!({"Effect": "Allow", "Action": "*", "Principal": {"AWS": "x"}});
    none(&found(PolicyKind::Trust, &trust));
}

#[test]
fn statements_without_effect_are_left_to_the_parser() {
    for missing in ["Action", "Resource", "Principal"] {
        none(&in_key(
            &json!({"Condition": {"Bool": {"kms:Odd": "x"}}, missing: null}),
        ));
    }
    none(&in_identity(&json!({"Resource": null, "Action": "kms:Nothing"})));
    // Of a statement that cannot be understood in full, the rest is looked at.
    let statement = key_statement(&json!({"Resource": {"Ref": "Key"}, "Action": "kms:Nothing"}));
    one(&found(PolicyKind::Key, &statement), Code::UnknownAction, &[]);
}

#[test]
fn every_statement_has_its_own_remarks() {
    let statement = key_statement(&json!({"Action": "kms:Nothing"}));
    let document = read(&json!({"Statement": [statement, statement]}));
    let found = lint(&document, PolicyKind::Key, &Subject::default());
    let lines: Vec<u32> = found.iter().map(|diagnostic| diagnostic.location.line).collect();
    assert_eq!(lines, [1, 2]);
}
