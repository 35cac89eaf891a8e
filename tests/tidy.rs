//! The habits of this repository that a program can check: lengths, layers, rule forms, reasons, stray words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "tidy/clauses.rs"]
mod clauses;
#[path = "tidy/crepe_forms.rs"]
mod crepe_forms;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/rust_text.rs"]
mod rust_text;

use layers::SourceFile;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Files longer than this are listed: look for the second concept.
const LONG: usize = 400;
/// Files longer than this fail.
const TOO_LONG: usize = 600;

/// What may stand at the top of the repository, besides names that begin with a dot. `target` is not tracked.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "rules",
    "tests",
    "benches",
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "deny.toml",
    "rustfmt.toml",
    "clippy.toml",
    "target",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under a folder of the repository, by path from its top, sorted. Where a package inside was built, its
/// `target` is not tracked either.
fn files_under(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.unwrap();
            let path = format!(
                "{folder}/{}",
                entry.file_name().to_str().expect("file names are UTF-8")
            );
            match entry.file_type().unwrap().is_dir() {
                true if path.ends_with("/target") => {}
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Rust sources under some folders, with their texts.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let paths = folders.iter().flat_map(|folder| files_under(folder));
    paths
        .filter(|path| path.ends_with(".rs"))
        .map(|path| (read(&path), path))
        .map(|(text, path)| (path, text))
        .collect()
}

fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problem(s):\n  {}\n",
        problems.len(),
        problems.join("\n  ")
    );
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    for (path, text) in sources(&["src", "rules", "tests", "benches"]) {
        let lines = text.lines().count();
        if lines > TOO_LONG {
            problems.push(format!("{path}: {lines} lines, at most {TOO_LONG}"));
        } else if lines > LONG {
            println!("{path}: {lines} lines, better under {LONG}");
        }
    }
    assert_none(&problems);
}

#[test]
fn files_say_what_they_are() {
    let problems: Vec<_> = sources(&["src", "rules", "tests", "benches"])
        .into_iter()
        .filter(|(path, text)| !path.ends_with("/tests.rs") && !text.starts_with("//! "))
        .map(|(path, _)| format!("{path}: does not begin with a `//!` sentence"))
        .collect();
    assert_none(&problems);
}

#[test]
fn layers_are_kept() {
    let sources = sources(&["src", "rules"]);
    let files: Vec<_> = sources
        .iter()
        .map(|(path, text)| SourceFile { path, text })
        .collect();
    assert_none(&layers::violations(&files, &read("src/lib.rs")));
}

#[test]
fn rules_avoid_the_forms_that_crepe_misreads() {
    let mut problems = Vec::new();
    for (path, text) in sources(&["rules"]) {
        for trap in crepe_forms::traps(&text) {
            problems.push(format!("{path}:{}: {}", trap.line, trap.message));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_rule_cites_its_clause() {
    let mut problems = Vec::new();
    for (path, text) in sources(&["rules"]) {
        // Findings are numbered by themselves (semantics, section 8).
        let letters: &[char] = match path.starts_with("rules/findings/") {
            true => &['A', 'S'],
            false => &['S'],
        };
        for (line, cited) in citations(&text, letters) {
            if cited.is_empty() {
                problems.push(format!(
                    "{path}:{line}: no {letters:?} number in the comment above this rule"
                ));
            }
        }
    }
    assert_none(&problems);
}

/// For each rule: its line and the clause ids in the comments of its paragraph above it.
fn citations(text: &str, letters: &[char]) -> Vec<(usize, BTreeSet<String>)> {
    let code = rust_text::code_only(text);
    let lines: Vec<_> = text.lines().collect();
    crepe_forms::rules(&code)
        .iter()
        .map(|rule| {
            let above = lines[..rule.line - 1]
                .iter()
                .rev()
                .take_while(|line| !line.trim().is_empty());
            let comments = above.filter(|line| line.trim_start().starts_with("//"));
            let ids = comments.flat_map(|line| letters.iter().flat_map(|&letter| clauses::ids(line, letter)));
            (rule.line, ids.collect())
        })
        .collect()
}

#[test]
fn the_top_of_the_repository_is_small() {
    let problems: Vec<_> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .map(|name| format!("`{name}` has no place at the top of the repository"))
        .collect();
    assert_none(&problems);
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = read("Cargo.toml");
    let mut in_dependencies = false;
    let mut problems = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') && !line.contains(" # ") {
            problems.push(format!("Cargo.toml: no reason beside `{line}`"));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_readme_marks_its_commands() {
    let readme = read("README.md");
    for marker in ["<!-- try -->", "<!-- test -->"] {
        assert_eq!(
            readme.lines().filter(|line| *line == marker).count(),
            1,
            "{marker} stands once in README.md"
        );
    }
}

#[test]
fn no_file_names_a_machine() {
    // Put together here, so that this file passes its own test.
    let machine_paths = ["/wo_rk/", "/ro_ot/", "/ho_me/", "/tm_p/"].map(|path| path.replace('_', ""));
    let registry_hosts = [
        "index.crates._io",
        "static.crates._io",
        "registry.npmjs._org",
        "pypi._org",
        "deb.debian._org",
    ]
    .map(|host| host.replace('_', ""));
    let mut problems = Vec::new();
    let top = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned());
    for name in top.filter(|name| !matches!(name.as_str(), ".git" | "target" | "Cargo.lock")) {
        let files = match root().join(&name).is_dir() {
            true => files_under(&name),
            false => vec![name],
        };
        for path in files {
            let Ok(text) = fs::read_to_string(root().join(&path)) else {
                continue;
            };
            for word in machine_paths
                .iter()
                .chain(&registry_hosts)
                .filter(|word| text.contains(word.as_str()))
            {
                problems.push(format!("{path}: names `{word}`"));
            }
        }
    }
    assert_none(&problems);
}
