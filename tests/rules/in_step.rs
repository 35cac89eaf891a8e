//! Clauses, rules and cases in step: no rule without a clause, no clause without a case, no case of nothing.

use super::{folders, heading, here, ids, name, read};
use crate::rules::clauses::{all, clause};
use crate::rules::findings::catalogue::Check;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The programs of rules: files with a `crepe!` block.
const PROGRAMS: &[&str] = &["paths", "grants", "guardrails", "denies", "near"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder of the repository, with their texts; the registry itself is not one of them.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && !path.to_string_lossy().contains("rules/clauses")
            {
                let text = read(&path);
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// `S4.9.1` before `S4.10.1`.
fn order(id: &str) -> (char, Vec<u32>) {
    let (letter, numbers) = id.split_at(1);
    let numbers = numbers.split('.').map(|number| number.parse().unwrap());
    (letter.chars().next().unwrap(), numbers.collect())
}

/// Whether an id is registered, or is a section that has registered clauses.
fn is_known(id: &str) -> bool {
    let inside = format!("{id}.");
    all().any(|clause| clause.id == id || clause.id.starts_with(&inside))
}

#[test]
fn clauses_are_complete_and_sorted() {
    let mut problems = Vec::new();
    for (before, after) in all().zip(all().skip(1)) {
        if order(before.id) >= order(after.id) {
            problems.push(format!("{} does not come before {}", before.id, after.id));
        }
    }
    for found in all() {
        assert_eq!(clause(found.id), Some(found));
        if found.title.is_empty() || found.title.ends_with('.') || found.source.is_empty() {
            problems.push(format!("{} has no proper title or source", found.id));
        }
        if !found.text.ends_with('.') || found.text.contains("  ") {
            problems.push(format!("{} has a text that is no sentence", found.id));
        }
    }
    assert_eq!(clause("S4"), None);
    assert_none(&problems);
}

/// Line numbers and first comment lines of all rules of a program.
fn rules_of(text: &str) -> Vec<(usize, Option<&str>)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_rule = |line: &&str| !line.starts_with("//") && line.contains("<-");
    let at = lines.iter().enumerate().filter(|(_, line)| is_rule(line));
    at.map(|(at, _)| {
        let comment = lines[..at].iter().rev().take_while(|line| line.starts_with("//"));
        (
            at + 1,
            comment.last().map(|line| line.trim_start_matches(['/', ' '])),
        )
    })
    .collect()
}

#[test]
fn every_rule_begins_with_its_clause() {
    let mut problems = Vec::new();
    for program in PROGRAMS {
        let path = format!("rules/{program}.rs");
        let text = read(&root().join(&path));
        let rules = rules_of(&text);
        assert!(rules.len() > 10, "{path} has rules");
        for (line, comment) in rules {
            let cited = comment.and_then(|comment| comment.split_once(':'));
            // `S4.9.8 (a)` is a point of S4.9.8.
            let id = cited.map(|(id, _)| id.split(' ').next().unwrap());
            if id.and_then(clause).is_none() {
                problems.push(format!(
                    "{path}:{line}: no registered clause begins the comment above"
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_is_cited_is_registered() {
    let mut problems = Vec::new();
    for folder in ["rules", "src/facts", "src/condition"] {
        for (path, text) in sources(folder) {
            for id in ids(&text)
                .into_iter()
                .filter(|id| id.starts_with('S') && !is_known(id))
            {
                problems.push(format!("{}: {id} is not registered", path.display()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_answers_name_is_registered() {
    // Clauses that reach answers stand in the source as literals of their own.
    let mut found = BTreeSet::new();
    let all = [sources("rules"), sources("src")].concat();
    // Remarks of the lint are about documents, not about decisions.
    for (_, text) in all
        .into_iter()
        .filter(|(path, _)| !path.to_string_lossy().contains("/policy/lint"))
    {
        for literal in text.split('"').filter(|literal| ids(literal).contains(*literal)) {
            found.insert(literal.to_owned());
        }
    }
    assert!(found.contains("S4.9.5") && found.contains("A40"));
    let is_check = |id: &str| Check::ALL.iter().any(|check| check.rule().id == id);
    let unknown: Vec<String> = found
        .into_iter()
        .filter(|id| clause(id).is_none() && !is_check(id))
        .collect();
    assert_none(&unknown);
}

/// The clauses of each worked case, by folder.
fn worked_cases() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for folder in folders(&root().join("tests/cases")) {
        let text = read(&folder.join("case.md"));
        let rules = text.lines().find(|line| line.starts_with("Rules:"));
        found.insert(name(&folder).to_owned(), ids(rules.expect("a line of rules")));
    }
    found
}

/// The clauses that each audit case names, by `audits/folder`.
fn audit_cases() -> BTreeMap<String, BTreeSet<String>> {
    let folders = folders(&root().join("tests/audits")).into_iter();
    let cases = folders.filter(|folder| folder.join("case.md").is_file());
    cases
        .map(|folder| {
            let cited = ids(&read(&folder.join("case.md")));
            (format!("audits/{}", name(&folder)), cited)
        })
        .collect()
}

/// The clauses of each rule case, by `program/folder`: those its comment's sentences begin with.
fn rule_cases() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for program in folders(&here()) {
        for folder in folders(&program) {
            let texts = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let text = texts.filter(|path| path.extension().is_some_and(|end| end == "txt"));
            let heading = heading(&read(&text.last().expect("a case's text")));
            let mut cited = BTreeSet::new();
            for (list, _) in heading.lines().filter_map(|line| line.split_once(':')) {
                if list.split(", ").all(|id| ids(id).contains(id)) {
                    cited.extend(ids(list));
                }
            }
            found.insert(format!("{}/{}", name(&program), name(&folder)), cited);
        }
    }
    found
}

#[test]
fn every_clause_has_cases_that_name_it() {
    let (worked, rules, audits) = (worked_cases(), rule_cases(), audit_cases());
    let mut problems = Vec::new();
    for clause in all() {
        if clause.cases.is_empty() {
            problems.push(format!("{} has no case", clause.id));
        }
        for &case in clause.cases {
            match worked
                .get(case)
                .or_else(|| rules.get(case))
                .or_else(|| audits.get(case))
            {
                None => problems.push(format!("{}: there is no case {case}", clause.id)),
                Some(cited) if !cited.contains(clause.id) => {
                    problems.push(format!("{}: {case} does not name it", clause.id));
                }
                Some(_) => {}
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_case_is_of_registered_clauses() {
    let mut problems = Vec::new();
    for (case, cited) in worked_cases() {
        for id in cited.iter().filter(|id| clause(id).is_none()) {
            problems.push(format!("{case}: {id} is not registered"));
        }
    }
    for (case, cited) in rule_cases() {
        if cited.is_empty() {
            problems.push(format!("{case} names no clause"));
        }
        for id in cited {
            if clause(&id).is_none_or(|clause| !clause.cases.contains(&case.as_str())) {
                problems.push(format!("{case}: {id} is not registered with this case"));
            }
        }
    }
    assert_none(&problems);
}
