//! An explanation as JSON: one object with everything in it.

use super::tree::layer_name;
use crate::explain::repair::{Edit, Repair, Repairs};
use crate::explain::{Element, Explanation, Layer, Leaf, NearMiss, Path, Permission, Source};
use crate::model::snapshot::Gap;
use crate::report::SCHEMA_VERSION;
use crate::report::json::{context, gaps_value, outcome};
use crate::source::Files;
use crate::{Derivation, Residual};
use serde_json::{Map, Value, json};

/// The explanation as one object; `query` says what was asked, `unknown` are the gaps that touch the answer.
#[must_use]
pub fn json(
    query: &Value,
    explanation: &Explanation,
    repairs: Option<&Repairs>,
    notes: &[String],
    (unknown, files): (&[Gap], &Files),
) -> Value {
    let mut object = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    let decision = &explanation.decision;
    add("schema_version", SCHEMA_VERSION.into());
    add(
        "tool",
        json!({"name": "keywho", "version": env!("CARGO_PKG_VERSION")}),
    );
    add("query", query.clone());
    add("principal", explanation.request.principal.as_str().into());
    add("action", explanation.request.action.as_str().into());
    add("resource", explanation.request.resource.as_str().into());
    add("decision", outcome(decision.outcome).into());
    add("layer", decision.layer.into());
    add("rule", decision.rule.into());
    add("condition", condition(decision.residual.as_ref()));
    add("conditionText", text(decision.residual.as_ref()));
    add(
        "witness",
        explanation.witness.as_ref().map_or(Value::Null, context),
    );
    add("usable", decision.usable.map_or(Value::Null, Value::from));
    add("lockout", decision.lockout.map_or(Value::Null, Value::from));
    let notes: Vec<&String> = decision.notes.iter().chain(notes).collect();
    if !notes.is_empty() {
        add("notes", notes.into_iter().map(String::as_str).collect());
    }
    add(
        "permissions",
        explanation.permissions.iter().map(permission).collect(),
    );
    if let Some(repairs) = repairs {
        add("repairs", repairs.found.iter().map(repair).collect());
        add(
            "noRepair",
            repairs.none.as_deref().map_or(Value::Null, Value::from),
        );
    }
    add("unknown", gaps_value(unknown, files));
    Value::Object(object)
}

fn condition(residual: Option<&Residual>) -> Value {
    residual.map_or(Value::Null, Residual::json)
}

fn text(residual: Option<&Residual>) -> Value {
    residual.map_or(Value::Null, |residual| residual.text().into())
}

/// An object without the members that are null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.collect())
        }
        other => other,
    }
}

fn permission(permission: &Permission) -> Value {
    without_nulls(json!({
        "principal": permission.principal,
        "madeBy": permission.made_by,
        "action": permission.action.to_string(),
        "key": permission.key,
        "decision": outcome(permission.decision.outcome),
        "layer": permission.decision.layer,
        "rule": permission.decision.rule,
        "paths": permission.paths.iter().map(path).collect::<Value>(),
        "layers": permission.layers.iter().map(layer).collect::<Value>(),
    }))
}

fn path(path: &Path) -> Value {
    let Derivation {
        path: name,
        rule,
        statements,
        grant,
    } = &path.derivation;
    let sources = statements.iter().cloned().map(Source::Statement);
    let sources = sources.chain(grant.iter().cloned().map(Source::Grant));
    without_nulls(json!({
        "path": name,
        "rule": rule,
        "verdict": path.verdict.word(),
        "condition": condition(path.condition.as_ref()),
        "conditionText": text(path.condition.as_ref()),
        "sources": sources.map(|one| source(&one)).collect::<Value>(),
    }))
}

fn source(source: &Source) -> Value {
    match source {
        Source::Statement(at) => json!({
            "policy": at.policy, "sid": at.sid, "index": at.index, "file": at.file, "line": at.line,
        }),
        Source::Grant(at) => json!({"grant": at.id, "name": at.name, "file": at.file, "line": at.line}),
    }
}

fn layer(layer: &Layer) -> Value {
    without_nulls(json!({
        "layer": layer.name,
        "level": layer.level,
        "name": layer_name(layer),
        "verdict": layer.verdict.word(),
        "rule": layer.rule,
        "blocks": layer.blocks,
        "says": layer.says,
        "statements": layer.leaves.iter().map(leaf).collect::<Value>(),
        "nearMisses": layer.near.iter().map(near).collect::<Value>(),
        "moreNearMisses": layer.more,
    }))
}

fn leaf(leaf: &Leaf) -> Value {
    without_nulls(json!({
        "source": source(&leaf.source),
        "rule": leaf.rule,
        "says": leaf.says,
        "condition": condition(leaf.condition.as_ref()),
        "conditionText": text(leaf.condition.as_ref()),
        "statement": leaf.quote.json,
    }))
}

fn near(near: &NearMiss) -> Value {
    let (operator, key) = match &near.element {
        Element::Condition { operator, key } => (Some(operator), Some(key)),
        _ => (None, None),
    };
    without_nulls(json!({
        "source": source(&near.source),
        "element": near.element.name(),
        "operator": operator,
        "key": key,
        "says": near.says,
        "has": near.has,
        "hint": near.hint,
        "statement": near.quote.json,
    }))
}

fn repair(repair: &Repair) -> Value {
    without_nulls(json!({
        "edits": repair.edits.iter().map(edit).collect::<Value>(),
        "alsoAllows": repair.gains.rows,
        "alsoWidens": repair.gains.wider,
        "whateverIsStated": repair.gains.always,
        "conditionText": text(repair.condition.as_ref()),
        "alsoAllowsAtLeast": repair.gains.at_least.then_some(true),
        "opensToOutsiders": repair.gains.strangers.then_some(true),
    }))
}

fn edit(edit: &Edit) -> Value {
    without_nulls(json!({
        "what": edit.what,
        "policy": edit.policy,
        "file": edit.file,
        "line": edit.line,
        "before": edit.before,
        "after": edit.after,
    }))
}
