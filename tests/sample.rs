//! The bundled sample organization: every answer, and what becomes of answers when parts are missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::{Access, Engine, MatrixFilter, Row, Snapshot};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/sample-organization")
}

fn access(row: &Row) -> String {
    match &row.access {
        Access::Always => "always".to_owned(),
        Access::Conditional { condition, .. } => format!("if {}", condition.text()),
    }
}

/// One line for each key and principal and each access, with the actions that share it.
fn relation(engine: &Engine) -> String {
    let mut lines: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for row in engine.matrix(&MatrixFilter::default()).unwrap() {
        let name = row.action.name().to_owned();
        lines
            .entry((row.key.clone(), row.principal.clone(), access(&row)))
            .or_default()
            .push(name);
    }
    let mut out = String::new();
    let mut last = String::new();
    for ((key, principal, access), actions) in lines {
        if key != last {
            writeln!(out, "{key}").unwrap();
            last = key;
        }
        writeln!(out, "  {principal}: {access}\n      {}", actions.join(" ")).unwrap();
    }
    out
}

/// Read against the policies, key by key.
#[test]
fn the_whole_relation() {
    let (snapshot, _) = Snapshot::load(folder()).unwrap();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("relation", relation(&Engine::compile(&snapshot)));
    });
}

/// The sample's files but for those whose path says so.
fn without(leave_out: impl Fn(&str) -> bool) -> Snapshot {
    let mut files = Vec::new();
    let mut open = vec![folder()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path
                .strip_prefix(folder())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            if !leave_out(&name) {
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    Snapshot::from_files(files).0
}

fn who_can(snapshot: &Snapshot, key: &str) -> Vec<Row> {
    let engine = Engine::compile(snapshot);
    engine.who_can("kms:Decrypt", key).unwrap().collect()
}

const DATA: &str = "/keys/7f52a303-09b8-4eaa-ac76-82c00dbe54d5/";

#[test]
fn a_missing_key_policy_leaves_every_answer_open() {
    let rows = who_can(
        &without(|name| name.contains(DATA) && name.ends_with("get-key-policy.json")),
        "alias/payments-data",
    );
    assert!(rows.len() > 15, "everybody may be named: {}", rows.len());
    for row in &rows {
        let Access::Conditional { condition, .. } = &row.access else {
            panic!("{} is certain", row.principal)
        };
        assert!(
            condition.is_for_want_of_data(),
            "{}: {}",
            row.principal,
            condition.text()
        );
    }
}

#[test]
fn missing_grants_leave_those_without_access_open_and_the_others_certain() {
    let whole = who_can(&without(|_| false), "alias/payments-data");
    let rows = who_can(
        &without(|name| name.contains(DATA) && name.ends_with("list-grants.json")),
        "alias/payments-data",
    );
    for row in &rows {
        let before = whole.iter().find(|known| known.principal == row.principal);
        match (&row.access, before.map(|row| &row.access)) {
            (Access::Always, before) => assert!(matches!(before, Some(Access::Always)), "{}", row.principal),
            (Access::Conditional { condition, .. }, _) => {
                assert!(condition.is_for_want_of_data(), "{}", row.principal)
            }
        }
    }
    assert!(
        whole
            .iter()
            .all(|known| rows.iter().any(|row| row.principal == known.principal))
    );
}

#[test]
fn a_missing_account_stands_as_one_principal() {
    let snapshot = without(|name| name.starts_with("accounts/123456789012/"));
    let engine = Engine::compile(&snapshot);
    let rows: Vec<Row> = engine
        .matrix(&MatrixFilter {
            principals: vec!["account:123456789012".to_owned()],
            ..MatrixFilter::default()
        })
        .unwrap()
        .collect();
    assert!(!rows.is_empty(), "keys shared with the account are open to it");
    assert!(
        rows.iter()
            .all(|row| matches!(row.access, Access::Conditional { .. }))
    );
    assert!(engine.coverage().gaps.iter().any(|gap| gap.of == "123456789012"));
}
