//! Every folder under `tests/cases/` is a case: a snapshot, questions, and the answers the semantics gives.
//!
//! `ask.jsonl` states what must come out; the insta snapshot beside it holds the whole answer with its reasons.
//! Adding a case needs no Rust: see `tests/cases/README.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::{Access, Decision, Engine, Outcome, RequestContext, Row, Snapshot, StatementRef};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitDeny => "explicitDeny",
        Outcome::ImplicitDeny => "implicitDeny",
        Outcome::Undetermined => "undetermined",
    }
}

fn statement(out: &mut String, statement: &StatementRef) {
    let sid = statement
        .sid
        .as_deref()
        .map_or_else(|| format!("#{}", statement.index), |sid| format!("{sid:?}"));
    writeln!(
        out,
        "    {} {sid} {}:{}",
        statement.policy, statement.file, statement.line
    )
    .unwrap();
}

fn show_decision(out: &mut String, decision: &Decision) {
    writeln!(
        out,
        "  {} by {} ({})",
        outcome(decision.outcome),
        decision.layer,
        decision.rule
    )
    .unwrap();
    decision.statements.iter().for_each(|one| statement(out, one));
    if let Some(grant) = &decision.grant {
        writeln!(out, "    grant {} {}:{}", grant.id, grant.file, grant.line).unwrap();
    }
    if let Some(residual) = &decision.residual {
        writeln!(out, "    if {}", residual.text()).unwrap();
    }
    if let Some(usable) = decision.usable {
        writeln!(out, "    usable {usable}").unwrap();
    }
    if let Some(lockout) = decision.lockout {
        writeln!(out, "    lockout {lockout}").unwrap();
    }
    for note in &decision.notes {
        writeln!(out, "    note {note}").unwrap();
    }
}

fn json(decision: &Decision) -> String {
    let mut text = Vec::new();
    keywho::report::json::decision(&mut text, decision, keywho::report::json::Place::Line);
    String::from_utf8(text).unwrap()
}

fn show_row(out: &mut String, row: &Row) {
    match &row.access {
        Access::Always => writeln!(out, "  {} always", row.principal).unwrap(),
        Access::Conditional { condition, .. } => {
            writeln!(out, "  {} if {}", row.principal, condition.text()).unwrap()
        }
    }
    for via in row.via.iter() {
        let grant = via
            .grant
            .as_ref()
            .map(|grant| format!(" grant {}", grant.id))
            .unwrap_or_default();
        writeln!(out, "   via {} {}{grant}", via.path, via.rule).unwrap();
        via.statements.iter().for_each(|one| statement(out, one));
    }
}

fn decide(engine: &Engine, ask: &Value, out: &mut String, wrong: &mut Vec<String>) {
    let request = &ask["request"];
    writeln!(
        out,
        "decide {} {} {}",
        request["principal"], request["action"], request["resource"]
    )
    .unwrap();
    let parsed = keywho::report::request::parse(request.to_string().as_bytes());
    let request = match parsed {
        Ok(parsed) => parsed.request,
        Err(bad) => {
            wrong.push(format!("{ask}: bad request: {}", bad.error));
            return;
        }
    };
    let decision = match engine.decide(&request) {
        Ok(decision) => decision,
        Err(error) => {
            wrong.push(format!("{ask}: {error}"));
            return;
        }
    };
    show_decision(out, &decision);
    let mut together = engine.decide_batch(&[request.clone(), request]);
    while let Some(again) = together.pop() {
        if again.as_ref().map(json).ok() != Some(json(&decision)) {
            wrong.push(format!("{ask}: in a batch {again:?}"));
        }
    }
    let mut expect = |what: &str, wanted: &Value, got: &str| {
        if let Some(wanted) = wanted.as_str()
            && wanted != got
        {
            wrong.push(format!("{what} {got}, not {wanted}: {ask}"));
        }
    };
    expect("decision", &ask["expect"], outcome(decision.outcome));
    expect("lockout", &ask["lockout"], decision.lockout.unwrap_or("none"));
    if let Some(usable) = ask["usable"].as_bool() {
        expect(
            "usable",
            &Value::String(usable.to_string()),
            &decision.usable.unwrap_or(true).to_string(),
        );
    }
    if let Some(name) = ask["names"].as_str()
        && !decision.statements.iter().any(|one| one.policy == name)
    {
        wrong.push(format!("no statement of {name}: {ask}"));
    }
}

fn who_can(engine: &Engine, ask: &Value, out: &mut String, wrong: &mut Vec<String>) {
    let (action, key) = (ask["action"].as_str().unwrap(), ask["key"].as_str().unwrap());
    let given = given(&ask["context"]);
    writeln!(out, "who-can {action} {key}").unwrap();
    for (name, values) in &given {
        writeln!(out, "  given {name} {values:?}").unwrap();
    }
    let rows = engine.who_can(action, key).unwrap();
    let narrowing = engine.narrowing(&given).unwrap();
    let rows: Vec<Row> = rows.filter_map(|row| narrowing.row(row)).collect();
    rows.iter().for_each(|row| show_row(out, row));
    for (principal, wanted) in ask["expect"].as_object().unwrap() {
        let row = rows.iter().find(|row| row.principal == *principal);
        let got = match row.map(|row| &row.access) {
            None => "absent",
            Some(Access::Always) => "always",
            Some(Access::Conditional { .. }) => "conditional",
        };
        if wanted != got {
            wrong.push(format!("{principal} {got}, not {wanted}: {ask}"));
        }
    }
    for (principal, wanted) in ask["when"].as_object().into_iter().flatten() {
        let row = rows.iter().find(|row| row.principal == *principal);
        let got = match row.map(|row| &row.access) {
            Some(Access::Conditional { condition, .. }) => condition.text(),
            other => format!("{other:?}"),
        };
        if *wanted != got {
            wrong.push(format!("{principal} if {got}, not {wanted}: {ask}"));
        }
    }
}

/// What a question takes as known: a value, a list of values, or `null` for a key that is absent.
fn given(context: &Value) -> RequestContext {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let values = |value: &Value| match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let stated = context.as_object().into_iter().flatten();
    stated.map(|(key, value)| (key.clone(), values(value))).collect()
}

#[test]
fn cases() {
    let mut wrong = Vec::new();
    let folders = folders();
    assert!(folders.len() >= 88, "only {} case folders", folders.len());
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (snapshot, diagnostics) = Snapshot::load(folder.join("snapshot")).unwrap();
        let engine = Engine::compile(&snapshot);
        let mut out = String::new();
        for diagnostic in &diagnostics {
            writeln!(out, "{}: {}", diagnostic.code.name(), diagnostic.message).unwrap();
        }
        let mut found = Vec::new();
        let asks = std::fs::read_to_string(folder.join("ask.jsonl")).unwrap();
        for line in asks.lines().filter(|line| !line.trim().is_empty()) {
            let ask: Value = serde_json::from_str(line).unwrap();
            match ask["ask"].as_str() {
                Some("decide") => decide(&engine, &ask, &mut out, &mut found),
                Some("who-can") => who_can(&engine, &ask, &mut out, &mut found),
                other => found.push(format!("unknown question {other:?}")),
            }
        }
        wrong.extend(found.into_iter().map(|text| format!("{name}: {text}")));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("answers", out));
    }
    assert!(
        wrong.is_empty(),
        "{} wrong answers:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
