//! Taking together what is alike changes no answer.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod changes;

use super::Engine;
use crate::answer::{Access, Decision, Row};
use crate::model::action::Action;
use crate::query::bulk::MatrixFilter;
use crate::{Request, Snapshot};

/// A row, written out.
fn line(row: &Row) -> String {
    let access = match &row.access {
        Access::Always => "always".to_owned(),
        Access::Conditional { condition, witness } => format!("{} {witness:?}", condition.json()),
    };
    format!(
        "{} {} {} {access} {:?}",
        row.key, row.principal, row.action, row.via
    )
}

/// The whole relation.
fn everything() -> MatrixFilter {
    MatrixFilter {
        all_operations: true,
        ..MatrixFilter::default()
    }
}

fn lines(engine: &Engine) -> Vec<String> {
    engine
        .matrix(&everything())
        .unwrap()
        .map(|row| line(&row))
        .collect()
}

/// What blocks and rows both tell of a row, but for the reasons, which blocks give for one of theirs.
fn told(principal: &str, key: &str, action: Action, access: &Access, usable: bool) -> String {
    let access = match access {
        Access::Always => "always".to_owned(),
        Access::Conditional { condition, .. } => condition.text(),
    };
    format!("{principal} {key} {action} {access} {usable}")
}

fn in_order(engine: &Engine) -> Vec<String> {
    let rows = engine.matrix(&everything()).unwrap();
    let tell = |row: Row| told(&row.principal, &row.key, row.action, &row.access, row.usable);
    let mut told: Vec<String> = rows.map(tell).collect();
    told.sort();
    told
}

/// The blocks, row by row.
fn in_blocks(engine: &Engine) -> Vec<String> {
    let mut rows = Vec::new();
    for block in engine.blocks(&everything()).unwrap() {
        for principal in &block.principals {
            for key in &block.keys {
                let of = |action: &Action| told(principal, key, *action, &block.access, block.usable);
                rows.extend(block.actions.iter().map(of));
            }
        }
    }
    rows.sort();
    rows
}

/// Compares both ways to compile; how many cells there are with classes, and without.
fn compared(name: &str, snapshot: &Snapshot) -> (usize, usize) {
    let (shared, apart) = (Engine::compile(snapshot), Engine::compile_apart(snapshot));
    let (with, without) = (lines(&shared), lines(&apart));
    assert_eq!(with.len(), without.len(), "{name}: number of rows");
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with, without, "{name}");
    }
    assert_eq!(in_blocks(&shared), in_order(&shared), "{name}: blocks");
    let listed = shared.entries().map(|entry| entry.actions().len());
    let single = |row: &Row| {
        shared
            .world
            .principal_ids
            .get(&row.principal)
            .is_some_and(|ids| ids.len() == 1)
    };
    let rows: Vec<Row> = shared.matrix(&MatrixFilter::default()).unwrap().collect();
    if rows.iter().all(single) {
        assert_eq!(listed.sum::<usize>(), rows.len(), "{name}: entries");
        let mut told: Vec<String> = rows
            .iter()
            .map(|row| told(&row.principal, &row.key, row.action, &row.access, true))
            .collect();
        told.sort();
        assert_eq!(in_entries(&shared), told, "{name}: entries");
    }
    let (size, all) = (shared.size(), apart.size());
    assert_eq!((size.pairs, size.rows), (all.pairs, all.rows), "{name}: size");
    let rows = |engine: &Engine, key: &str| -> Vec<String> {
        let rows = engine.who_can("kms:Decrypt", key).unwrap();
        rows.map(|row| line(&row)).collect()
    };
    for (_, key) in shared.real_keys() {
        assert_eq!(rows(&shared, &key.arn), rows(&apart, &key.arn), "{name}");
    }
    for principal in shared.world.principals.iter() {
        let can = |engine: &Engine| -> Vec<String> {
            let rows = engine.what_can(&principal.name).into_iter().flatten();
            rows.map(|row| line(&row)).collect()
        };
        assert_eq!(can(&shared), can(&apart), "{name}: {}", principal.name);
    }
    decided(name, &shared, &apart, |decision| {
        let decision = Decision {
            // Ids of formulas depend on the order of work.
            residual: None,
            ..decision
        };
        format!("{decision:?}")
    });
    (size.cells, all.cells)
}

/// Every principal asks for a few actions on every key.
fn decided(name: &str, shared: &Engine, apart: &Engine, told: fn(Decision) -> String) {
    let keys = || shared.world.keys.iter().filter(|key| key.arn != "*");
    for principal in shared.world.principals.iter() {
        for (number, key) in keys().enumerate() {
            for action in ["kms:Decrypt", "kms:CreateGrant", "kms:RetireGrant"] {
                let request = Request {
                    principal: principal.name.clone(),
                    action: action.to_owned(),
                    resource: key.arn.clone(),
                    open_context: number.is_multiple_of(2),
                    ..Request::default()
                };
                let said = |engine: &Engine| {
                    let decision = engine.decide(&request).map_err(|error| error.to_string());
                    decision.map(told)
                };
                assert_eq!(said(shared), said(apart), "{name}: {request:?}");
            }
        }
    }
}

#[test]
fn classes_change_no_answer() {
    let first = support::number("KEYWHO_CLASSES_FIRST", 1);
    let worlds = support::number("KEYWHO_CLASSES_WORLDS", 40);
    let (mut cells, mut apart) = (0, 0);
    for seed in first..first + worlds {
        let files = support::write::files(&support::generate::generate(seed));
        let (snapshot, _) = Snapshot::from_files(files);
        let (with, without) = compared(&format!("seed {seed}"), &snapshot);
        cells += with;
        apart += without;
    }
    assert!(cells < apart, "{cells} cells with classes, {apart} without");
}

#[test]
fn classes_change_no_answer_of_the_sample() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/sample-organization");
    let (snapshot, _) = Snapshot::load(&folder).unwrap();
    compared("sample", &snapshot);
}

/// The relation pair by pair, as rows are written for blocks.
fn in_entries(engine: &Engine) -> Vec<String> {
    let mut rows = Vec::new();
    for entry in engine.entries() {
        for (actions, access) in entry.parts() {
            let of = |action: Action| told(entry.principal(), entry.key(), action, &access, true);
            rows.extend(actions.iter().map(of));
        }
    }
    rows.sort();
    rows
}
