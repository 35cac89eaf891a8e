//! From files to the whole relation, at three sizes, and how time and memory grow.
//!
//! `cargo bench --bench compile` runs everything; `-- small`, `medium`, `large`, `huge`, `adverse` or `growth` a part.
//! Every organization has a process of its own, so that one's peak memory is not another's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

mod measure;
mod world;

use keywho::audit::Settings;
use keywho::{Engine, MatrixFilter, Snapshot};
use measure::{apart, memory, milliseconds, words};
use serde_json::{Value, json};
use std::time::Instant;
use world::{Shape, generate};

const SEED: u64 = 7;
/// Rows of the matrix that are made one by one.
const ROWS: usize = 1_000_000;

fn main() {
    let words = words();
    if let [one, numbers @ ..] = words.as_slice()
        && one == "one"
    {
        let numbers: Vec<usize> = numbers.iter().map(|number| number.parse().unwrap()).collect();
        let &[accounts, roles, keys, statements, grants, teams, adverse] = numbers.as_slice() else {
            unreachable!("seven numbers are passed");
        };
        let shape = Shape {
            accounts,
            roles,
            keys,
            statements,
            grants,
            teams,
            adverse: adverse == 1,
        };
        println!("{}", measure(shape));
        return;
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    println!("{}", heading());
    for (name, shape) in [
        ("small", Shape::SMALL),
        ("medium", Shape::MEDIUM),
        ("large", Shape::LARGE),
        ("huge", Shape::HUGE),
        ("adverse", Shape::ADVERSE),
    ] {
        if wanted(name) {
            println!("{}", line(name, &alone(shape)));
        }
    }
    if wanted("growth") {
        growth();
    }
}

/// Doubles one dimension at a time.
fn growth() {
    let base = Shape::of(10);
    let before = alone(base);
    println!("\n{}\n{}", heading(), line("base", &before));
    let doubled = [
        (
            "accounts x 2",
            Shape {
                accounts: 2 * base.accounts,
                ..base
            },
        ),
        (
            "principals x 2",
            Shape {
                roles: 2 * base.roles,
                ..base
            },
        ),
        (
            "keys x 2",
            Shape {
                keys: 2 * base.keys,
                ..base
            },
        ),
        (
            "statements x 2",
            Shape {
                statements: 2 * base.statements,
                ..base
            },
        ),
        (
            "grants x 2",
            Shape {
                grants: 2 * base.grants,
                ..base
            },
        ),
    ];
    let mut ratios = Vec::new();
    for (name, shape) in doubled {
        let after = alone(shape);
        println!("{}", line(name, &after));
        let ratio = |field: &str| {
            after[field].as_f64().unwrap_or_default() / before[field].as_f64().unwrap_or_default()
        };
        ratios.push(format!(
            "{name:<16}{:>10.2}{:>10.2}{:>10.2}{:>10.2}{:>10.2}",
            ratio("load"),
            ratio("compile"),
            ratio("peak"),
            ratio("cells"),
            ratio("rows")
        ));
    }
    println!(
        "\n{:<16}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "times the base", "load", "compile", "peak", "cells", "rows"
    );
    println!("{}", ratios.join("\n"));
}

/// Measures one organization in a process of its own.
fn alone(shape: Shape) -> Value {
    let numbers = [
        shape.accounts,
        shape.roles,
        shape.keys,
        shape.statements,
        shape.grants,
        shape.teams,
        usize::from(shape.adverse),
    ];
    apart(numbers.map(|number| number.to_string()))
}

const COLUMNS: [(&str, &str); 19] = [
    ("principals", "principals"),
    ("keys", "keys"),
    ("principal_classes", "classes"),
    ("key_classes", "key classes"),
    ("facts", "facts"),
    ("derived", "derived"),
    ("cells", "cells"),
    ("rows", "rows"),
    ("load", "load ms"),
    ("compile", "compile ms"),
    ("peak", "peak MB"),
    ("after", "after MB"),
    ("conditions", "conditions"),
    ("who_can", "who-can us"),
    ("what_can", "what-can us"),
    ("listed", "rows/s"),
    ("scanned", "scan rows/s"),
    ("audit", "audit ms"),
    ("findings", "findings"),
];

fn heading() -> String {
    COLUMNS.iter().fold(format!("{:<16}", ""), |line, (_, title)| {
        format!("{line}{title:>12}")
    })
}

fn line(name: &str, measured: &Value) -> String {
    COLUMNS.iter().fold(format!("{name:<16}"), |line, (field, _)| {
        let number = measured[*field]
            .as_f64()
            .map_or_else(|| "-".to_owned(), |number| format!("{number:.0}"));
        format!("{line}{number:>12}")
    })
}

fn measure(shape: Shape) -> Value {
    let world = generate(shape, SEED);
    let keys = world.keys;
    let started = Instant::now();
    let (snapshot, diagnostics) = Snapshot::from_files(world.files);
    let load = milliseconds(started);
    assert!(
        diagnostics.is_empty(),
        "{} remarks, the first: {:?}",
        diagnostics.len(),
        diagnostics.first()
    );
    reset_peak();
    let started = Instant::now();
    let engine = Engine::compile(&snapshot);
    let compile = milliseconds(started);
    let (peak, after) = (memory("VmHWM:"), memory("VmRSS:"));
    let size = engine.size();
    let started = Instant::now();
    let asked: Vec<&String> = keys.iter().flatten().step_by(7).take(100).collect();
    let mut found = 0;
    for key in &asked {
        found += engine.who_can("kms:Decrypt", key).unwrap().count();
    }
    assert!(found > 0, "somebody can decrypt");
    let who_can = 1000.0 * milliseconds(started) / to_float(asked.len());
    let roles: Vec<&String> = world.roles.iter().flatten().step_by(97).take(100).collect();
    let started = Instant::now();
    let mut found = 0;
    for role in &roles {
        found += engine.what_can(role).unwrap().count();
    }
    assert!(found > 0, "somebody can do something");
    let what_can = 1000.0 * milliseconds(started) / to_float(roles.len());
    let started = Instant::now();
    let scanned: usize = engine.entries().map(|entry| entry.actions().len()).sum();
    let scanned = 1000.0 * to_float(scanned) / milliseconds(started);
    let started = Instant::now();
    let listed = engine
        .matrix(&MatrixFilter::default())
        .unwrap()
        .take(ROWS)
        .count();
    let listed = 1000.0 * to_float(listed) / milliseconds(started);
    let started = Instant::now();
    let audit = engine.audit(&snapshot, &Settings::default()).unwrap();
    let audited = milliseconds(started);
    json!({"audit": audited, "findings": audit.findings.len(), "principals": size.principals, "keys": size.keys,
        "principal_classes": size.principal_classes, "key_classes": size.key_classes, "facts": size.facts, "derived": size.derived, "cells": size.cells,
        "rows": size.rows, "load": load, "compile": compile, "peak": peak, "after": after,
        "conditions": size.conditions, "who_can": who_can, "what_can": what_can, "listed": listed, "scanned": scanned})
}

fn to_float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// Makes the peak start anew from what is in use now.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
