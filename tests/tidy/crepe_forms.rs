//! Rule source -> the rule forms in it that crepe 0.2 compiles into something other than what they say.
//!
//! Three forms give wrong answers without a word: a variable bound by `for` is not known to later atoms, which bind
//! it anew instead of joining; variables of an or-pattern in `let` are not known either; `let` over a bound variable
//! shadows it. Write `let y = x` and compare.

use super::rust_text::{code_only, words};
use std::collections::BTreeSet;

/// One forbidden form: the line it stands on, counted from 1, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// One rule of a `crepe!` block, with comments and literals blanked out.
pub(crate) struct Rule<'a> {
    pub(crate) line: usize,
    body: Vec<&'a str>,
}

/// All traps in one file.
pub(crate) fn traps(source: &str) -> Vec<Trap> {
    let code = code_only(source);
    rules(&code).iter().flat_map(traps_of_rule).collect()
}

/// All rules in a file whose comments and literals are blanked out. Declarations are left out.
pub(crate) fn rules(code: &str) -> Vec<Rule<'_>> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("crepe!") {
        let Some(open) = code[start..].find(['{', '(']).map(|at| start + at) else {
            continue;
        };
        let block = &code[open + 1..matching_close(code, open)];
        for item in split_outside_brackets(block, ';') {
            let item = item.trim_start();
            if item.trim().is_empty() || words(item).any(|word| word == "struct") {
                continue;
            }
            let body = item.split_once("<-").map_or("", |(_, body)| body);
            let offset = item.as_ptr() as usize - code.as_ptr() as usize;
            found.push(Rule {
                line: code[..offset].matches('\n').count() + 1,
                body: split_outside_brackets(body, ',')
                    .into_iter()
                    .map(str::trim)
                    .collect(),
            });
        }
    }
    found
}

fn traps_of_rule(rule: &Rule<'_>) -> Vec<Trap> {
    let mut bound = BTreeSet::new();
    let mut by_for = BTreeSet::new();
    let mut found = Vec::new();
    let mut trap = |message: String| {
        found.push(Trap {
            line: rule.line,
            message,
        })
    };
    for clause in &rule.body {
        if let Some(rest) = clause.strip_prefix("let ") {
            let pattern = &rest[..pattern_end(rest)];
            if pattern.contains('|') {
                trap(format!(
                    "variables of the or-pattern `{}` are not joined",
                    pattern.trim()
                ));
            }
            for variable in pattern_variables(pattern) {
                if !bound.insert(variable) {
                    trap(format!("`let` binds `{variable}` a second time"));
                }
            }
        } else if let Some(rest) = clause.strip_prefix("for ") {
            let pattern = rest.split(" in ").next().unwrap_or_default();
            for variable in pattern_variables(pattern) {
                if !bound.insert(variable) {
                    trap(format!("`for` binds `{variable}` a second time"));
                }
                by_for.insert(variable);
            }
        } else if !clause.starts_with(['(', '!']) {
            for variable in atom_variables(clause) {
                if by_for.contains(variable) {
                    trap(format!(
                        "`{variable}` comes from `for` and is bound anew by `{clause}`"
                    ));
                }
                bound.insert(variable);
            }
        }
    }
    found
}

fn matching_close(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

fn split_outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            c if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Where the pattern of `let PATTERN = ..` ends: the first `=` that is no part of `..=` or `==`.
fn pattern_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .find(|&at| {
            bytes[at] == b'=' && (at == 0 || bytes[at - 1] != b'.') && bytes.get(at + 1) != Some(&b'=')
        })
        .unwrap_or(text.len())
}

/// Names that a pattern binds: lower-case words that are no keyword, path, constructor or field name.
fn pattern_variables(pattern: &str) -> BTreeSet<&str> {
    words(pattern)
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'))
        .filter(|word| !matches!(*word, "_" | "ref" | "mut" | "true" | "false"))
        .filter(|word| {
            let end = word.as_ptr() as usize - pattern.as_ptr() as usize + word.len();
            !pattern[end..].trim_start().starts_with([':', '('])
        })
        .collect()
}

/// Plain variables among the arguments of an atom; other arguments are expressions and bind nothing.
fn atom_variables(atom: &str) -> Vec<&str> {
    let Some((_, arguments)) = atom.split_once('(') else {
        return Vec::new();
    };
    split_outside_brackets(arguments.trim_end().trim_end_matches(')'), ',')
        .into_iter()
        .map(|argument| argument.trim().trim_start_matches("ref "))
        .filter(|argument| argument.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'))
        .filter(|argument| !matches!(*argument, "_" | "true" | "false"))
        .filter(|argument| argument.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(body: &str) -> Vec<String> {
        let source = format!("crepe! {{\n  @input\n  struct Edge(u32, u32);\n\n  Path(x, y) <- {body};\n}}");
        traps(&source)
            .into_iter()
            .inspect(|trap| assert_eq!(trap.line, 5))
            .map(|trap| trap.message)
            .collect()
    }

    #[test]
    fn a_variable_from_for_must_not_be_joined() {
        assert_eq!(messages("Edge(x, _), for y in next(x), Edge(y, z)").len(), 1);
        assert_eq!(messages("for (x, w) in all(), Edge(x, y)").len(), 1);
        assert!(messages("Edge(x, _), for w in next(x), let y = w, Edge(z, y), (z == w)").is_empty());
        assert!(messages("for y in all(), !Edge(y, y), let x = y").is_empty());
    }

    #[test]
    fn an_or_pattern_in_let_is_a_trap() {
        assert_eq!(messages("Edge(x, k), let A(y) | B(y) = k").len(), 1);
        assert_eq!(messages("Edge(x, k), let Some(A(y) | B(y)) = k").len(), 1);
        assert!(messages("Edge(x, k), let y = k | 1").is_empty());
    }

    #[test]
    fn a_bound_variable_must_not_be_bound_again() {
        assert_eq!(messages("Edge(x, y), let y = x + 1").len(), 1);
        assert_eq!(
            messages("Edge(x, y), let Pair { first: y, .. } = f(x, y)").len(),
            1
        );
        assert_eq!(messages("Edge(x, y), for y in next(x)").len(), 1);
        assert!(messages("Edge(x, y), let z = x + 1, (z == y), let 0..=9 = z, Edge(z + 1, y)").is_empty());
    }

    #[test]
    fn facts_and_declarations_are_no_traps() {
        assert!(traps("crepe! { struct For(u32); For(1); // Path(x) <- let x = 1, let x = 2;\n}").is_empty());
        assert_eq!(
            rules("crepe! { struct For(u32); For(1); P(x) <- For(x); }").len(),
            2
        );
    }
}
