//! Ids of clauses (`S4.5.1`) in comments.
//!
//! That rules, the registry and the cases are in step is checked where the registry can be read: `tests/rules/in_step.rs`.

use std::collections::BTreeSet;

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
