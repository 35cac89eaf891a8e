//! Assertions: every folder under `tests/checks/` is a case, and on generated worlds what breaks an assertion is what the
//! rows of the relation say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use keywho::check::{Assertions, Verdict};
use keywho::report::{check::text, names::Names};
use keywho::{Access, Engine, MatrixFilter, Row, Snapshot};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn parse(text: &str) -> Assertions {
    Assertions::parse(text, "2026-11-27".parse().unwrap()).unwrap()
}

/// The lines `id: verdict` of a case's text.
fn stated(text: &str) -> BTreeMap<String, String> {
    let verdicts = ["passed", "failed", "undecided", "expired"];
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let each = lines.map(|(id, rest)| (id, rest.split(' ').next().unwrap()));
    each.filter(|(_, verdict)| verdicts.contains(verdict))
        .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()))
        .collect()
}

#[test]
fn assertions_come_out_as_the_semantics_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders: Vec<_> = fs::read_dir(root.join("checks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    for folder in folders {
        let case = fs::read_to_string(folder.join("case.md")).unwrap();
        let snapshot = case
            .lines()
            .find_map(|line| line.strip_prefix("Snapshot: "))
            .unwrap();
        let (snapshot, _) = Snapshot::load(root.join(snapshot)).unwrap();
        let assertions = parse(&fs::read_to_string(folder.join("assertions.toml")).unwrap());
        let engine = Engine::compile(&snapshot);
        let checked = engine.check(&assertions).unwrap();
        let found = checked
            .iter()
            .map(|one| (one.assertion.id.clone(), one.verdict.name().to_owned()));
        let shown = text::checked(&checked, &Names::of(&snapshot));
        insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!("checked", anstream::adapter::strip_str(&shown).to_string());
        });
        assert_eq!(
            found.collect::<BTreeMap<_, _>>(),
            stated(&case),
            "{}",
            folder.display()
        );
    }
}

/// A TOML file as JSON; days are texts.
fn as_json(text: &str) -> Value {
    fn value(toml: toml::Value) -> Value {
        match toml {
            toml::Value::Datetime(day) => day.to_string().into(),
            toml::Value::Array(all) => all.into_iter().map(value).collect(),
            toml::Value::Table(all) => all.into_iter().map(|(name, one)| (name, value(one))).collect(),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    value(toml::Value::Table(text.parse().unwrap()))
}

#[test]
fn assertion_files_fit_their_schema_and_mistakes_do_not() {
    let schema: Value = serde_json::from_str(Assertions::SCHEMA).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join("tests/checks")).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path().join("assertions.toml")) else {
            continue;
        };
        let wrong: Vec<String> = validator
            .iter_errors(&as_json(&text))
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let (snapshot, _) = Snapshot::load(root.join("tests/snapshots/sample-organization")).unwrap();
    let today = Engine::compile(&snapshot).assertions_of_today();
    assert!(validator.is_valid(&as_json(&today)));
    for mistake in [
        "onyl = \"*\"",
        "only = []",
        "none = { acount = \"1\" }",
        "at-least = 0",
        "",
    ] {
        let text = format!("[[assert]]\nid = \"a\"\n{mistake}\n");
        assert!(!validator.is_valid(&as_json(&text)), "{mistake}");
        assert!(
            Assertions::parse(&text, "2026-11-27".parse().unwrap()).is_err(),
            "{mistake}"
        );
    }
}

/// What is wrong with a file, with the suggestions.
fn wrong(text: &str, engine: &Engine) -> String {
    let error = match Assertions::parse(text, "2026-11-27".parse().unwrap()) {
        Err(error) => error,
        Ok(assertions) => engine.check(&assertions).expect_err(text),
    };
    match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}

#[test]
fn mistakes_point_at_their_line_and_suggest_what_was_meant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (snapshot, _) = Snapshot::load(root.join("tests/snapshots/sample-organization")).unwrap();
    let engine = Engine::compile(&snapshot);
    let mistakes = [
        "",
        "[[asert]]\nid = \"a\"",
        "assert = 1",
        "[[assert]]\nid = \"a\"",
        "[[assert]]\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nnone = \"*\"\n\n[[assert]]\nid = \"a\"\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nonly = \"*\"\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nonyl = \"*\"",
        "[[assert]]\nid = \"a\"\nonly = []",
        "[[assert]]\nid = \"a\"\nonly = 3",
        "[[assert]]\nid = \"a\"\nonly = [\n  \"role/BreakGlass\",\n  \"role/BreakGlas\",\n]",
        "[[assert]]\nid = \"a\"\nonly = \"role/OrganizationAccountAccessRole\"",
        "[[assert]]\nid = \"a\"\nkeys = \"alias/payments-tokns\"\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nkeys = { acount = \"1\" }\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nnone = { account = \"12\" }",
        "[[assert]]\nid = \"a\"\nnone = { region = \"eu-west-1\" }",
        "[[assert]]\nid = \"a\"\nactions = [\"Decrypt\", \"decript\"]\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nactions = \"admnister\"\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nat-least = 0",
        "[[assert]]\nid = \"a\"\nsame-as = \"alias/payment-data\"",
        "[[assert]]\nid = \"a\"\nnone = \"*\"\nexpires = \"soon\"",
        "[[assert]]\nid = \"a\"\nnone = \"*\"\nseverity = \"hihg\"",
        "[[assert]]\nid = \"a\"\nnone = \"*\"\nconditional-access = \"maybe\"",
        "[[assert]]\nid = \"a\nnone = \"*\"",
        "[[assert]]\nid = \"a\"\nonly-through = 1",
    ];
    let all: Vec<String> = mistakes
        .iter()
        .map(|text| format!("{text}\n-> {}\n", wrong(text, &engine)))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_holds_today_holds_today() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (snapshot, _) = Snapshot::load(root.join("tests/snapshots/sample-organization")).unwrap();
    let engine = Engine::compile(&snapshot);
    let text = engine.assertions_of_today();
    let assertions = parse(&text);
    for checked in engine.check(&assertions).unwrap() {
        assert_eq!(checked.verdict, Verdict::Passed, "{}", checked.assertion.id);
    }
    insta::assert_snapshot!("today", text);
}

/// The rows of an action, and whether nobody knows if they are there.
fn rows(engine: &Engine, action: &str) -> Vec<Row> {
    let filter = MatrixFilter {
        actions: vec![action.to_owned()],
        ..MatrixFilter::default()
    };
    engine.matrix(&filter).unwrap().collect()
}

/// Whether a condition asks for what nobody knows, whatever other accounts let their principals do (S3.1.14): `None` if it
/// holds then, or does not.
fn asks_for_data(tree: &Value) -> Option<bool> {
    let each = |parts: &Value, settled: bool| {
        let parts: Vec<Option<bool>> = parts.as_array().unwrap().iter().map(asks_for_data).collect();
        let ends = settled && parts.contains(&None);
        let open: Vec<bool> = parts.into_iter().flatten().collect();
        (!ends && !open.is_empty()).then(|| open.contains(&true))
    };
    match tree {
        tree if tree["rule"] == "S3.1.14" => None,
        tree if !tree["unknown"].is_null() => Some(true),
        tree if !tree["all"].is_null() => each(&tree["all"], false),
        // What holds makes the others of a choice needless.
        tree if !tree["any"].is_null() => each(&tree["any"], true),
        tree if !tree["not"].is_null() => asks_for_data(&tree["not"]),
        _ => Some(false),
    }
}

fn is_uncertain(row: &Row) -> bool {
    match &row.access {
        Access::Always => false,
        Access::Conditional { condition, .. } => {
            condition.is_undecided() || asks_for_data(&condition.json()) == Some(true)
        }
    }
}

#[test]
fn what_breaks_an_assertion_is_what_the_rows_say() {
    let first = support::number("KEYWHO_CHECK_FIRST", 1_u64);
    let worlds = support::number("KEYWHO_CHECK_WORLDS", 60_u64);
    let mut broken = 0;
    for seed in first..first + worlds {
        let (snapshot, _) = Snapshot::from_files(support::files(&support::generate(seed)));
        let engine = Engine::compile(&snapshot);
        for action in ["Decrypt", "CreateGrant", "PutKeyPolicy"] {
            let all = rows(&engine, action);
            let names: BTreeSet<&str> = all.iter().map(|row| row.principal.as_str()).collect();
            let some: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| *name != "*")
                .step_by(2)
                .collect();
            if some.is_empty() {
                continue;
            }
            let list = format!("{some:?}");
            let text = format!(
                "[[assert]]\nid = \"only\"\nkeys = \"*\"\nactions = \"{action}\"\nonly = {list}\n\
                 [[assert]]\nid = \"none\"\nkeys = \"*\"\nactions = \"{action}\"\nnone = {list}\n"
            );
            let assertions = parse(&text);
            for checked in engine.check(&assertions).unwrap() {
                let only = checked.assertion.id == "only";
                let breaks = |row: &&Row| some.contains(&row.principal.as_str()) != only;
                let breaking: Vec<&Row> = all.iter().filter(breaks).collect();
                // Several callers of one name have one row, and one violation each.
                let named: BTreeSet<(&str, &str)> = breaking
                    .iter()
                    .map(|row| (row.principal.as_str(), row.key.as_str()))
                    .collect();
                let found: BTreeSet<(&str, &str)> = checked
                    .violations
                    .iter()
                    .map(|one| (one.principal.as_deref().unwrap(), one.key.as_str()))
                    .collect();
                let context = format!("world {seed}, {action}, {}", checked.assertion.id);
                assert!(found.is_subset(&named), "{context}: {found:?} {named:?}");
                if checked.total <= checked.violations.len() {
                    assert_eq!(found, named, "{context}");
                }
                let expected = match () {
                    () if breaking.is_empty() => Verdict::Passed,
                    () if breaking.iter().all(|row| is_uncertain(row)) => Verdict::Undecided,
                    () => Verdict::Failed,
                };
                assert_eq!(checked.verdict, expected, "{context}");
                broken += usize::from(expected == Verdict::Failed);
            }
        }
    }
    assert!(broken > 0, "the worlds break something");
}

/// Services other than S3 that the worlds name, and one that none of them names; in each Region.
const SERVICES: &[&str] = &["ec2", "secretsmanager", "elsewhere"];
const REGIONS: &[&str] = &[
    "us-east-1",
    "eu-west-1",
    "eu-central-1",
    "us-gov-west-1",
    "us-gov-east-1",
];

#[test]
fn only_through_finds_every_other_way() {
    let first = support::number("KEYWHO_CHECK_FIRST", 1_u64);
    let worlds = support::number("KEYWHO_CHECK_WORLDS", 60_u64);
    let text = "[[assert]]\nid = \"s3\"\nkeys = \"*\"\nactions = \"Decrypt\"\nonly-through = \"s3\"\n";
    let assertions = parse(text);
    let (mut found_some, mut found_none) = (0, 0);
    for seed in first..first + worlds {
        let (snapshot, _) = Snapshot::from_files(support::files(&support::generate(seed)));
        let engine = Engine::compile(&snapshot);
        let services = SERVICES.iter().flat_map(|service| {
            REGIONS
                .iter()
                .map(move |region| vec![format!("{service}.{region}.amazonaws.com")])
        });
        let other_ways = services.chain([Vec::new()]);
        let other_ways: Vec<_> = other_ways
            .map(|values| {
                engine
                    .narrowing(&[("kms:ViaService".to_owned(), values)].into())
                    .unwrap()
            })
            .collect();
        let all = rows(&engine, "Decrypt");
        let direct = |row: &Row| row.principal.ends_with(".amazonaws.com");
        let breaking: BTreeSet<(&str, &str)> = all
            .iter()
            .filter(|row| direct(row) || other_ways.iter().any(|way| way.row((*row).clone()).is_some()))
            .map(|row| (row.principal.as_str(), row.key.as_str()))
            .collect();
        let checked = engine.check(&assertions).unwrap();
        let found: BTreeSet<(&str, &str)> = checked[0]
            .violations
            .iter()
            .map(|one| (one.principal.as_deref().unwrap(), one.key.as_str()))
            .collect();
        let needless: Vec<_> = found.difference(&breaking).take(3).collect();
        assert!(needless.is_empty(), "world {seed}: {needless:?}");
        if checked[0].total <= checked[0].violations.len() {
            assert_eq!(found, breaking, "world {seed}");
        }
        found_some += usize::from(!found.is_empty());
        found_none += all.len() - breaking.len();
    }
    assert!(found_some > 0 && found_none > 0, "the worlds have both");
}
