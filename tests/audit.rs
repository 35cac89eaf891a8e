//! Every folder under `tests/audits/` is a check of the catalogue: a world in which it is found, and one in which it is not.
//!
//! Adding a case needs no Rust: see `tests/audits/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::audit::Settings;
use keywho::{Audit, Engine, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const KEY: &str = "accounts/111111111111/us-east-1/keys/1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audits")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = all.filter(|path| path.join("case.md").is_file()).collect();
    folders.sort();
    folders
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

/// Where a file of a case belongs in the snapshot, and what it holds there.
fn place(name: &str, text: &str) -> (String, String) {
    let value = || serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let of_key = |file: &str, value: Value| (format!("{KEY}/{file}"), format!("{value:#}\n"));
    match name {
        "key-policy.json" => of_key(
            "get-key-policy.json",
            json!({"PolicyName": "default", "Policy": value()}),
        ),
        "grants.json" => of_key("list-grants.json", json!({"Grants": value()})),
        "tags.json" => of_key("list-resource-tags.json", json!({"Tags": value()})),
        "describe-key.json" => of_key(name, value()),
        "rotation.json" => of_key("get-key-rotation-status.json", value()),
        "aliases.json" => (
            "accounts/111111111111/us-east-1/kms-list-aliases.json".to_owned(),
            text.to_owned(),
        ),
        "iam-a.json" => (
            "accounts/111111111111/iam-get-account-authorization-details.json".to_owned(),
            text.to_owned(),
        ),
        "iam-b.json" => (
            "accounts/222222222222/iam-get-account-authorization-details.json".to_owned(),
            text.to_owned(),
        ),
        path => (path.to_owned(), text.to_owned()),
    }
}

/// The audit of `base/` with the files of a folder laid over it.
fn audit(folder: &Path) -> Audit {
    let world = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = world.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match text.is_empty() {
            true => drop(fs::remove_file(path)),
            false => fs::write(path, text).unwrap(),
        }
    };
    let base = root().join("base");
    for path in files(&base) {
        write(
            path.strip_prefix(&base).unwrap().to_str().unwrap(),
            &fs::read_to_string(&path).unwrap(),
        );
    }
    let mut settings = Settings::default();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        if name == "keywho.toml" {
            settings = Settings::parse(&text, "2026-11-27".parse().unwrap()).unwrap();
            continue;
        }
        let (place, text) = if text.is_empty() {
            (name, text)
        } else {
            place(&name, &text)
        };
        write(&place, &text);
    }
    let (snapshot, _) = Snapshot::load(world.path()).unwrap();
    Engine::compile(&snapshot).audit(&snapshot, &settings).unwrap()
}

fn show(audit: &Audit) -> String {
    let mut text = String::new();
    for finding in &audit.findings {
        let sure = if finding.certain { "" } else { " perhaps" };
        let accepted = if finding.accepted.is_some() {
            " accepted"
        } else {
            ""
        };
        writeln!(
            text,
            "{} {}{sure}{accepted}: {}",
            finding.rule.id, finding.severity, finding.message
        )
        .unwrap();
        for holding in finding.principals.iter() {
            let condition = holding
                .condition
                .as_ref()
                .map(|text| format!(" if {text}"))
                .unwrap_or_default();
            writeln!(text, "  {} {}{condition}", holding.principal, holding.actions).unwrap();
        }
        let place = Path::new(&finding.file)
            .file_name()
            .unwrap_or_default()
            .to_str()
            .unwrap();
        writeln!(text, "  at {place}:{}", finding.line).unwrap();
    }
    text
}

/// `Trigger: high` of a case's text.
fn stated<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    line.filter(|severity| !severity.contains(' '))
}

#[test]
fn every_check_is_found_and_just_not_found() {
    let mut wrong = Vec::new();
    for folder in folders(&root()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(folder.join("case.md")).unwrap();
        let rule = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# ")?.split(':').next());
        let rule = rule.unwrap_or_else(|| panic!("{name} has no title"));
        let mut shown = String::new();
        for (world, expected) in [
            ("trigger", stated(&text, "Trigger")),
            ("near", stated(&text, "Near")),
        ] {
            let audit = audit(&folder.join(world));
            let found = audit.findings.iter().filter(|one| one.rule.id == rule);
            let found = found
                .map(|one| one.severity)
                .max()
                .map(|severity| severity.name());
            if found != expected {
                wrong.push(format!(
                    "{name}/{world}: {rule} is {found:?} and should be {expected:?}"
                ));
            }
            writeln!(shown, "{world}\n{}", show(&audit)).unwrap();
        }
        insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!("audit", shown);
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Worlds about which other tools give false alarms, or miss what matters: each case says exactly what is found.
#[test]
fn known_complaints_are_answered() {
    let mut wrong = Vec::new();
    for folder in folders(&root().join("known")) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(folder.join("case.md")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("Finds: "));
        let line = line.unwrap_or_else(|| panic!("{name} does not say what it finds"));
        let expected: BTreeSet<&str> = line.split(", ").filter(|rule| *rule != "nothing").collect();
        let audit = audit(&folder.join("world"));
        let found: BTreeSet<&str> = audit.findings.iter().map(|one| one.rule.id).collect();
        if found != expected {
            wrong.push(format!("{name}: {found:?} and should be {expected:?}"));
        }
        insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!("audit", show(&audit));
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_of_nobody_s_interest_has_no_finding_but_delegation() {
    let nothing = tempfile::tempdir().unwrap();
    let found = audit(nothing.path()).findings;
    let found: Vec<&str> = found.iter().map(|one| one.rule.id).collect();
    assert_eq!(found, ["A4"]);
}
