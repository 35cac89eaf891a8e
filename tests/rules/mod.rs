//! Cases of the rules: small texts of facts, and what the rules derive from them.
//!
//! `PROGRAM/CASE/facts.txt` holds facts in the form of [`crate::facts::text`]. Its first comment names the clauses the
//! case exercises and says why what is derived is derived. `derived.snap` beside it is the result, sorted. A case has one
//! thing that holds and its near misses, so that no rule can be left out, or lose a condition, unnoticed.
//! `decision` has tables instead, which are their own expectation.

mod cast;
mod conditions;
mod context;
mod decision;
mod depends;
mod in_step;
mod principals;
mod programs;
mod statements;
mod worlds;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the rule cases.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders in a folder, sorted.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

/// Last part of a path.
fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap()
}

/// The comment a case begins with, without its `#`.
fn heading(text: &str) -> String {
    let comment = text.lines().map_while(|line| line.strip_prefix('#'));
    let lines: Vec<&str> = comment.map(str::trim).collect();
    lines.join("\n")
}

/// All clause ids in a text, as `S4.5.1` and `A40`; headings of sections (`S4`) are none.
fn ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let mut found = BTreeSet::new();
    for word in words.map(|word| word.trim_matches('.')) {
        // S6.3a is point (a) of S6.3.
        let word = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let numbers = |rest: &str| {
            let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            rest.split('.').all(number)
        };
        let is_id = match word.split_at_checked(1) {
            Some(("S", rest)) => rest.contains('.') && numbers(rest),
            Some(("A", rest)) => rest.len() < 3 && numbers(rest),
            _ => false,
        };
        if is_id {
            found.insert(word.to_owned());
        }
    }
    found
}

/// The lines of a table, without its comments.
fn table_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

/// Runs all cases of a folder; `derive` turns the text of a case's file into what its snapshot holds.
fn check_cases(program: &str, file: &str, derive: impl Fn(&str) -> Result<String, String>) {
    let mut wrong = Vec::new();
    for folder in folders(&here().join(program)) {
        let text = read(&folder.join(file));
        let derived = match derive(&text) {
            Ok(derived) => derived,
            Err(problem) => {
                wrong.push(format!("{}: {problem}", name(&folder)));
                continue;
            }
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let compare = || settings.bind(|| insta::assert_snapshot!("derived", derived));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err() {
            wrong.push(format!("{}: derived.snap differs", name(&folder)));
        }
    }
    assert!(wrong.is_empty(), "{program}:\n  {}", wrong.join("\n  "));
}
