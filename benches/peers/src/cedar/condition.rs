//! Condition blocks as Cedar expressions.
//!
//! Every operator becomes "the key is there, and its value is one of those", or the negation of that: a positive
//! operator does not hold where the key is absent, a negated one does, and so does one with `IfExists`.

use crate::organization::texts;
use serde_json::{Map, Value};

/// A condition key: how to tell that it is there, and its value.
struct Subject {
    guard: Option<String>,
    value: String,
}

/// One expression for each operator and key; all must hold.
pub(crate) fn clauses(condition: &Map<String, Value>) -> Vec<String> {
    let mut clauses = Vec::new();
    for (operator, keys) in condition {
        let keys = keys.as_object().expect("an operator has keys");
        clauses.extend(
            keys.iter()
                .map(|(key, values)| clause(operator, &subject(key), &texts(values))),
        );
    }
    clauses
}

fn clause(operator: &str, subject: &Subject, values: &[String]) -> String {
    let value = &subject.value;
    let equal = |wanted: &String| match wanted.strip_prefix("${aws:PrincipalTag/") {
        Some(tag) => {
            let tag = tag.trim_end_matches('}');
            format!("principal.tags has {tag:?} && {value} == principal.tags[{tag:?}]")
        }
        None => format!("{value} == {wanted:?}"),
    };
    let like = |wanted: &String| format!("{value} like {wanted:?}");
    let same = |wanted: &String| format!("{value} == {wanted}");
    let within = |wanted: &String| format!("{value}.isInRange(ip({wanted:?}))");
    let one_of = |test: &dyn Fn(&String) -> String| {
        let any: Vec<String> = values.iter().map(test).collect();
        let any = format!("({})", any.join(" || "));
        match &subject.guard {
            Some(guard) => format!("({guard} && {any})"),
            None => any,
        }
    };
    match operator {
        "StringEquals" => one_of(&equal),
        "StringNotEquals" | "StringNotEqualsIfExists" => format!("!{}", one_of(&equal)),
        "ForAnyValue:StringLike" => one_of(&like),
        "ArnNotLike" => format!("!{}", one_of(&like)),
        "Bool" => one_of(&same),
        "BoolIfExists" => match &subject.guard {
            Some(guard) => format!("(!({guard}) || {})", one_of(&same)),
            None => one_of(&same),
        },
        "IpAddress" => one_of(&within),
        other => panic!("no translation of the operator {other}"),
    }
}

fn subject(key: &str) -> Subject {
    let known = |value: &str| Subject {
        guard: None,
        value: value.to_owned(),
    };
    let asked = |name: &str| Subject {
        guard: Some(format!("context has {name}")),
        value: format!("context.{name}"),
    };
    if let Some(tag) = key.strip_prefix("aws:ResourceTag/") {
        return Subject {
            guard: Some(format!("resource.tags has {tag:?}")),
            value: format!("resource.tags[{tag:?}]"),
        };
    }
    if let Some(pair) = key.strip_prefix("kms:EncryptionContext:") {
        return Subject {
            guard: Some(format!(
                "context has encryptionContext && context.encryptionContext has {pair:?}"
            )),
            value: format!("context.encryptionContext[{pair:?}]"),
        };
    }
    match key.to_ascii_lowercase().as_str() {
        "aws:requestedregion" => known("resource.region"),
        "aws:principalarn" => known("principal.arn"),
        "aws:principalorgid" => known("principal.organization"),
        "aws:principalisawsservice" => known("principal.isAwsService"),
        "kms:calleraccount" => known("principal.account"),
        "kms:resourcealiases" => known("resource.alias"),
        "aws:sourceip" => asked("sourceIp"),
        "aws:multifactorauthpresent" => asked("multiFactorAuthPresent"),
        "kms:viaservice" => asked("viaService"),
        "kms:grantisforawsresource" => asked("grantIsForAwsResource"),
        _ => panic!("no translation of the condition key {key}"),
    }
}
