//! Rules, their registry and the worked cases -> where the three are out of step.
//!
//! The registry is `rules/clauses.rs`, one line a clause: `clause!("S4.5.1", "title", "source", "W2", ..)`.

use std::collections::{BTreeMap, BTreeSet};

/// One registered clause: its id is the key of the map this stands in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) title: String,
    pub(crate) cases: BTreeSet<String>,
}

/// The clauses of the registry's text, and what is wrong with the registry itself.
pub(crate) fn registry(text: &str) -> (BTreeMap<String, Clause>, Vec<String>) {
    let mut clauses = BTreeMap::new();
    let mut problems = Vec::new();
    for (at, _) in text.match_indices("clause!(") {
        let line = text[..at].matches('\n').count() + 1;
        // The definition of the macro itself has no string after the bracket.
        let mut fields = strings(&text[at..]).into_iter();
        let (Some(id), Some(title)) = (fields.next(), fields.next()) else {
            continue;
        };
        let _source = fields.next();
        let cases = fields.filter(|field| is_id(field, 'W')).collect();
        if !is_id(&id, 'S') {
            problems.push(format!("rules/clauses.rs:{line}: `{id}` is no clause id"));
        }
        if clauses.insert(id.clone(), Clause { title, cases }).is_some() {
            problems.push(format!("rules/clauses.rs:{line}: `{id}` is registered twice"));
        }
    }
    (clauses, problems)
}

/// What is out of step: ids cited by rules, ids registered, and worked cases that have a folder.
pub(crate) fn out_of_step(
    clauses: &BTreeMap<String, Clause>,
    cited: &BTreeSet<String>,
    cases: &BTreeSet<String>,
) -> Vec<String> {
    let registered: BTreeSet<_> = clauses.keys().cloned().collect();
    let named: BTreeSet<_> = clauses.values().flat_map(|clause| clause.cases.clone()).collect();
    let unregistered = cited
        .difference(&registered)
        .map(|id| format!("{id} is cited by a rule but not registered"));
    let unused = registered
        .difference(cited)
        .map(|id| format!("{id} is registered but no rule cites it"));
    let missing = named
        .difference(cases)
        .map(|id| format!("{id} is a clause's case but has no folder"));
    let untested = clauses
        .iter()
        .filter(|(_, clause)| clause.cases.is_empty())
        .map(|(id, clause)| format!("{id} ({}) names no case", clause.title));
    unregistered
        .chain(unused)
        .chain(missing)
        .chain(untested)
        .collect()
}

/// Every `S4.5.1` or `W12` in a text.
pub(crate) fn ids(text: &str, letter: char) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'))
        .map(|word| word.trim_matches('.'))
        .filter(|word| is_id(word, letter))
        .map(str::to_owned)
        .collect()
}

fn is_id(text: &str, letter: char) -> bool {
    text.strip_prefix(letter).is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// The string literals of a macro call, up to its closing bracket.
fn strings(call: &str) -> Vec<String> {
    let (mut found, mut inside, mut escaped) = (Vec::<String>::new(), false, false);
    for c in call.chars() {
        match (c, inside) {
            (')', false) => break,
            ('"', false) => {
                found.push(String::new());
                inside = true;
            }
            ('"', true) if !escaped => inside = false,
            (_, true) => {
                escaped = c == '\\' && !escaped;
                if let Some(text) = found.last_mut() {
                    text.push(c);
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_registry_is_read_and_compared() {
    let text = "macro_rules! clause { }\nclause!(\"S4.1\", \"deny (wins)\", \"page\", \"W2\", \"W3\");\nclause!(\"S4.2\", \"t\", \"p\");";
    let (clauses, problems) = registry(text);
    assert!(problems.is_empty());
    assert_eq!(clauses["S4.1"].title, "deny (wins)");
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids("see S4.1, (W3) and S5.", 'S'), set(&["S4.1", "S5"]));
    let problems = out_of_step(&clauses, &set(&["S4.1", "S9"]), &set(&["W2"]));
    assert_eq!(problems.len(), 4, "{problems:?}");
}
