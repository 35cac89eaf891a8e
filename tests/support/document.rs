//! Policy JSON as plain statements (S2.1). Everything may be written as one value or as a list.

use serde_json::{Map, Value};

/// Which kind of policy it is (S2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Key policy.
    Key,
    /// Identity policy.
    Identity,
    /// Permissions boundary.
    Boundary,
    /// Session policy.
    Session,
    /// Service control policy.
    Scp,
    /// Resource control policy.
    Rcp,
    /// Policy of a VPC endpoint.
    Endpoint,
}

/// A policy, as written and as read.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// As written.
    pub json: Value,
    /// S2.1.2: `Version` is 2012-10-17, so that variables are substituted.
    pub variables: bool,
    /// The statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// True for Allow, false for Deny.
    pub allow: bool,
    /// `Principal` or `NotPrincipal`.
    pub principal: Option<Principals>,
    /// `Action` or `NotAction`.
    pub action: Option<Patterns>,
    /// `Resource` or `NotResource`.
    pub resource: Option<Patterns>,
    /// The condition block, one entry per operator and key.
    pub conditions: Vec<Condition>,
}

/// `Principal` or `NotPrincipal`: entries as (type, text); the bare `"*"` has the type `*`.
#[derive(Clone, Debug)]
pub struct Principals {
    /// Written with `Not`.
    pub negated: bool,
    /// Type and text.
    pub entries: Vec<(String, String)>,
}

/// `Action`, `Resource` or their `Not` forms.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// Written with `Not`.
    pub negated: bool,
    /// The patterns.
    pub patterns: Vec<String>,
}

/// One operator applied to one key.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The key in lower case (S2.5.2).
    pub key: String,
    /// The key as written.
    pub key_as_written: String,
    /// The values.
    pub values: Vec<String>,
}

/// An operator name taken apart (S2.5.3).
#[derive(Clone, Debug)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetPrefix>,
    /// The positive base name, such as `StringLike`.
    pub base: String,
    /// The `Not` form.
    pub negated: bool,
    /// Suffix `IfExists`.
    pub if_exists: bool,
    /// The family; `None` for an operator that does not exist.
    pub family: Option<Family>,
}

/// Set prefix of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetPrefix {
    /// `ForAllValues:`
    ForAllValues,
    /// `ForAnyValue:`
    ForAnyValue,
}

/// Operator families of S2.5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// String..
    String,
    /// Numeric..
    Numeric,
    /// Date..
    Date,
    /// Bool
    Bool,
    /// BinaryEquals
    Binary,
    /// IpAddress, NotIpAddress
    Ip,
    /// Arn..
    Arn,
    /// Null
    Null,
}

impl Document {
    /// Reads a policy.
    pub fn read(json: Value) -> Document {
        let variables = json["Version"] == "2012-10-17";
        let statements = one_or_many(&json["Statement"]).iter().map(|s| read_statement(s)).collect();
        Document { json, variables, statements }
    }
}

/// One value or a list of them; null is nothing.
fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

/// S2.6: the canonical text of a JSON scalar.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    one_or_many(value).into_iter().map(canonical).collect()
}

fn read_statement(json: &Value) -> Statement {
    let element = |name: &str| json.get(name);
    let principal = match (element("Principal"), element("NotPrincipal")) {
        (Some(entries), _) => Some(Principals { negated: false, entries: read_principals(entries) }),
        (None, Some(entries)) => Some(Principals { negated: true, entries: read_principals(entries) }),
        (None, None) => None,
    };
    let patterns = |plain: &str, negated: &str| match (element(plain), element(negated)) {
        (Some(patterns), _) => Some(Patterns { negated: false, patterns: texts(patterns) }),
        (None, Some(patterns)) => Some(Patterns { negated: true, patterns: texts(patterns) }),
        (None, None) => None,
    };
    Statement {
        allow: json["Effect"] == "Allow",
        principal,
        action: patterns("Action", "NotAction"),
        resource: patterns("Resource", "NotResource"),
        conditions: read_conditions(json.get("Condition").and_then(Value::as_object)),
    }
}

fn read_principals(json: &Value) -> Vec<(String, String)> {
    match json {
        Value::Object(types) => types.iter().flat_map(|(kind, values)| texts(values).into_iter().map(|v| (kind.clone(), v))).collect(),
        other => texts(other).into_iter().map(|text| ("*".to_owned(), text)).collect(),
    }
}

fn read_conditions(block: Option<&Map<String, Value>>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (operator, keys) in block.into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            conditions.push(Condition {
                operator: read_operator(operator),
                key: key.to_lowercase(),
                key_as_written: key.clone(),
                values: texts(values),
            });
        }
    }
    conditions
}

/// S2.5.3: prefix, base and suffix of an operator name.
pub fn read_operator(name: &str) -> Operator {
    let (set, rest) = match name.split_once(':') {
        Some(("ForAllValues", rest)) => (Some(SetPrefix::ForAllValues), rest),
        Some(("ForAnyValue", rest)) => (Some(SetPrefix::ForAnyValue), rest),
        _ => (None, name),
    };
    let (base, if_exists) = match rest.strip_suffix("IfExists") {
        Some(base) => (base, true),
        None => (rest, false),
    };
    let positive = base.replacen("Not", "", 1);
    let negated = positive != base;
    let family = match positive.as_str() {
        "StringEquals" | "StringEqualsIgnoreCase" | "StringLike" => Some(Family::String),
        "NumericEquals" => Some(Family::Numeric),
        "NumericLessThan" | "NumericLessThanEquals" | "NumericGreaterThan" | "NumericGreaterThanEquals" if !negated => Some(Family::Numeric),
        "DateEquals" => Some(Family::Date),
        "DateLessThan" | "DateLessThanEquals" | "DateGreaterThan" | "DateGreaterThanEquals" if !negated => Some(Family::Date),
        "Bool" if !negated => Some(Family::Bool),
        "BinaryEquals" if !negated => Some(Family::Binary),
        "IpAddress" => Some(Family::Ip),
        "ArnEquals" | "ArnLike" => Some(Family::Arn),
        "Null" if !negated && !if_exists && set.is_none() => Some(Family::Null),
        _ => None,
    };
    Operator { set, base: positive, negated, if_exists, family }
}
