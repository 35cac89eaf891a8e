//! Statements back into JSON, in the order in which people write their elements.

use super::document::{Effect, Patterns, PrincipalEntry, Principals, Statement};
use serde_json::{Map, Value};

/// A statement as a policy would have it. What of it was not understood is not there.
#[must_use]
pub fn statement(statement: &Statement) -> Value {
    let mut object = Map::new();
    if let Some(sid) = &statement.sid {
        object.insert("Sid".to_owned(), sid.as_str().into());
    }
    if let Some(effect) = statement.effect {
        let text = match effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        object.insert("Effect".to_owned(), text.into());
    }
    if let Some(principals) = &statement.principals {
        object.insert(name("Principal", principals.negated), entries(principals));
    }
    for (element, patterns) in [("Action", &statement.actions), ("Resource", &statement.resources)] {
        if let Some(Patterns { negated, patterns }) = patterns {
            object.insert(name(element, *negated), one_or_many(patterns));
        }
    }
    if !statement.conditions.is_empty() {
        object.insert("Condition".to_owned(), conditions(statement));
    }
    Value::Object(object)
}

fn name(element: &str, negated: bool) -> String {
    match negated {
        true => format!("Not{element}"),
        false => element.to_owned(),
    }
}

fn one_or_many(texts: &[String]) -> Value {
    match texts {
        [one] => one.as_str().into(),
        many => many.into(),
    }
}

fn entries(principals: &Principals) -> Value {
    let mut by_type: Map<String, Value> = Map::new();
    for entry in &principals.entries {
        let (kind, text) = match entry {
            PrincipalEntry::Anyone if principals.entries.len() == 1 => return "*".into(),
            PrincipalEntry::Anyone => ("AWS", "*"),
            PrincipalEntry::Aws(text) => ("AWS", text.as_str()),
            PrincipalEntry::Service(text) => ("Service", text.as_str()),
            PrincipalEntry::Federated(text) => ("Federated", text.as_str()),
            PrincipalEntry::CanonicalUser(text) => ("CanonicalUser", text.as_str()),
            PrincipalEntry::Other(kind, text) => (kind.as_str(), text.as_str()),
        };
        match by_type.get_mut(kind) {
            None => {
                by_type.insert(kind.to_owned(), text.into());
            }
            Some(Value::Array(texts)) => texts.push(text.into()),
            Some(first) => *first = Value::Array(vec![first.take(), text.into()]),
        }
    }
    Value::Object(by_type)
}

fn conditions(statement: &Statement) -> Value {
    let mut block: Map<String, Value> = Map::new();
    for condition in &statement.conditions {
        let operator = block
            .entry(condition.operator.to_string())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(keys) = operator {
            keys.insert(condition.key.clone(), one_or_many(&condition.values));
        }
    }
    Value::Object(block)
}

#[cfg(test)]
mod tests {
    use super::super::document::PolicyKind;
    use super::super::parse::document_from_value;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_the_same() {
        let statements = [
            json!({"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}),
            json!({"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111111111111:role/R", "111111111111"], "Service": "s3.amazonaws.com"},
                "NotAction": ["kms:Get*", "kms:List*"], "NotResource": "*",
                "Condition": {"StringEquals": {"kms:ViaService": ["a", "b"], "kms:CallerAccount": "111111111111"}, "Bool": {"aws:ViaAWSService": "true"}}}),
        ];
        for written in statements {
            let document = json!({"Version": "2012-10-17", "Statement": [written]});
            let (read, remarks) = document_from_value(&document, PolicyKind::Key);
            assert!(
                remarks
                    .iter()
                    .all(|remark| remark.severity() != crate::diag::Severity::Error)
            );
            assert_eq!(super::statement(&read.statements[0]), written);
        }
    }
}
