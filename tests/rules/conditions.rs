//! Condition operators on what is known of their keys: `StringEquals aws:username alice` into always, never or a residual.
//!
//! `key NAME = a | b`, `key NAME absent`, `key NAME open` (any value, or absent), `key NAME present` (any value),
//! `key NAME one of a | b` and `key NAME doubt CLAUSE` state what is known from there on; a key that is not stated is
//! absent. `version 2008-10-17` turns policy variables off. Every other line is a condition.

use super::{check_cases, table_lines};
use crate::condition::block::{Context, KeyName, PreparedCondition};
use crate::condition::formula::Formulas;
use crate::condition::known::Known;
use crate::condition::operator::Operator;
use crate::condition::words;
use crate::policy::document::Condition;
use crate::rules::clauses::clause;
use std::collections::BTreeMap;

/// What the lines so far state.
#[derive(Default)]
struct Stated(BTreeMap<String, Known>);

impl Context for Stated {
    fn known(&self, key: &KeyName) -> Known {
        self.0.get(&key.name).cloned().unwrap_or(Known::Absent)
    }
}

/// `a | b` as a list; nothing as an empty one.
pub(super) fn list(text: &str) -> Vec<String> {
    let parts = text.split('|').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn known(text: &str) -> Known {
    match text
        .split_once(' ')
        .map_or((text, ""), |(first, rest)| (first, rest.trim()))
    {
        ("=", values) => Known::Is(list(values)),
        ("absent", "") => Known::Absent,
        ("open", "") => Known::free(),
        ("present", "") => Known::present(),
        ("one", values) => {
            let values = list(values.strip_prefix("of").expect("one of"));
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            Known::one_of(&values, false)
        }
        ("doubt", id) => Known::Doubt(clause(id).expect("a clause").id),
        _ => panic!("nothing known is written `{text}`"),
    }
}

/// A condition as a line of text: operator, key, values.
pub(super) fn condition(line: &str) -> Condition {
    let mut words = line.splitn(3, ' ');
    let operator = Operator::parse(words.next().unwrap());
    let key = words.next().expect("a key").to_owned();
    let values = list(words.next().unwrap_or_default());
    Condition {
        operator,
        key,
        values,
    }
}

#[test]
fn conditions_on_their_cases() {
    check_cases("conditions", "conditions.txt", |text| {
        let mut stated = Stated::default();
        let mut variables = true;
        let mut results = Vec::new();
        for line in table_lines(text) {
            if let Some(version) = line.strip_prefix("version ") {
                variables = version == "2012-10-17";
            } else if let Some(fact) = line.strip_prefix("key ") {
                let (name, what) = fact.split_once(' ').ok_or(line)?;
                stated.0.insert(KeyName::new(name).name, known(what));
                results.push(line.to_owned());
            } else {
                let mut formulas = Formulas::default();
                let prepared = PreparedCondition::new(&condition(line), variables);
                let result = prepared.evaluate(&stated, &mut formulas);
                results.push(format!("  {line} => {}", words::text(&formulas, result)));
            }
        }
        Ok(results.join("\n"))
    });
}
