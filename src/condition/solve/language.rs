//! Patterns over texts as automata: one text of every sort that a number of patterns can tell apart.
//!
//! Every comparison of strings and ARNs is a *linear* pattern: steps that each read one character of a class, once or any
//! number of times. All patterns are run together, character by character; each combination of accepted and refused
//! patterns that some text reaches is found, with the shortest such text.

use crate::arn::pattern_parts;
use crate::condition::operator::Test;
use crate::condition::value::{Prepared, boolean};
use crate::pattern::{Token, tokens};
use ahash::AHashSet;
use std::collections::VecDeque;

/// Which characters a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// This one.
    One(char),
    /// This one, in either case.
    Fold(char),
    /// Any.
    Any,
    /// Any but a colon.
    NotColon,
    /// What the name of a partition is made of: lower-case letters, digits, hyphens.
    Lower,
    /// A digit.
    Digit,
}

impl Class {
    fn reads(self, c: char) -> bool {
        match self {
            Class::One(own) => own == c,
            Class::Fold(own) => own == c || c.to_lowercase().eq(own.to_lowercase()),
            Class::Any => true,
            Class::NotColon => c != ':',
            Class::Lower => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
            Class::Digit => c.is_ascii_digit(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    class: Class,
    many: bool,
}

/// A pattern as a row of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linear(Vec<Step>);

impl Linear {
    /// The texts a comparison with a policy value matches; for ARN comparisons, those of them that are ARNs
    /// ([`Linear::arn`]). `None` if it is no comparison of texts, or matches nothing.
    pub(super) fn of(test: Test, value: &[Token]) -> Option<Linear> {
        let steps = match test {
            Test::StringEquals => value.iter().map(|token| one(token.written())).collect(),
            Test::StringEqualsIgnoreCase => {
                return Some(Linear::ignoring_case(&crate::pattern::written(value)));
            }
            Test::StringLike => return Some(Linear::globbed(value, Class::Any)),
            Test::ArnLike => return Linear::arn_like(value),
            Test::Bool => {
                let value = crate::pattern::written(value);
                return boolean(&value).map(|_| Linear::ignoring_case(&value));
            }
            // Bytes have one spelling only.
            Test::BinaryEquals => {
                let readable = Prepared::new(test, value).is_valid();
                return readable.then(|| Linear::of(Test::StringEquals, value)).flatten();
            }
            _ => return None,
        };
        Some(Linear(steps))
    }

    /// A pattern with wildcards.
    pub(super) fn like(pattern: &str) -> Linear {
        Linear::globbed(&tokens(pattern), Class::Any)
    }

    /// A pattern whose wildcards stand for anything but colons.
    pub(super) fn without_colons(pattern: &str) -> Linear {
        Linear::globbed(&tokens(pattern), Class::NotColon)
    }

    fn globbed(pattern: &[Token], class: Class) -> Linear {
        Linear(pattern.iter().map(|&token| wild(token, class)).collect())
    }

    fn arn_like(value: &[Token]) -> Option<Linear> {
        if crate::pattern::matches_everything(value) {
            return Some(Linear::arn());
        }
        let parts: Vec<&[Token]> = pattern_parts(value).collect();
        let [first @ .., sixth] = parts.as_slice() else {
            return None;
        };
        if first.len() != 5 {
            return None;
        }
        let mut steps = Vec::new();
        for part in first {
            steps.extend(part.iter().map(|&token| wild(token, Class::NotColon)));
            steps.push(one(':'));
        }
        steps.extend(sixth.iter().map(|&token| wild(token, Class::Any)));
        Some(Linear(steps))
    }

    /// Every ARN (S1.1).
    pub(super) fn arn() -> Linear {
        let run = |class| Step { class, many: true };
        let step = |class| Step { class, many: false };
        let mut steps: Vec<Step> = "arn:aws".chars().map(one).collect();
        steps.extend([run(Class::Lower), one(':'), step(Class::NotColon)]);
        for _ in 0..3 {
            steps.extend([run(Class::NotColon), one(':')]);
        }
        steps.extend([step(Class::Any), run(Class::Any)]);
        Linear(steps)
    }

    /// A name in any case.
    pub(super) fn ignoring_case(text: &str) -> Linear {
        let folded = text.to_lowercase();
        let step = |c| Step {
            class: Class::Fold(c),
            many: false,
        };
        Linear(folded.chars().map(step).collect())
    }

    /// ARNs of a global service in any account: `arn:P:SERVICE::ACCOUNT:` and a pattern.
    pub(super) fn in_any_account(service: &str, resource: &str) -> Linear {
        let mut steps: Vec<Step> = "arn:aws".chars().map(one).collect();
        steps.push(Step {
            class: Class::Lower,
            many: true,
        });
        steps.extend(format!(":{service}::").chars().map(one));
        let digit = Step {
            class: Class::Digit,
            many: false,
        };
        steps.extend([digit; 12]);
        steps.push(one(':'));
        steps.extend(Linear::like(resource).0);
        Linear(steps)
    }

    /// This pattern between two texts.
    pub(super) fn between(&self, before: &[Token], after: &[Token]) -> Linear {
        let fixed =
            |tokens: &[Token]| -> Vec<Step> { tokens.iter().map(|&token| wild(token, Class::Any)).collect() };
        let mut steps = fixed(before);
        steps.extend_from_slice(&self.0);
        steps.extend(fixed(after));
        Linear(steps)
    }

    /// The only text it matches, if it has just one.
    pub(super) fn only_text(&self) -> Option<String> {
        self.0
            .iter()
            .map(|step| match step {
                Step {
                    class: Class::One(c),
                    many: false,
                } => Some(*c),
                _ => None,
            })
            .collect()
    }
}

fn one(c: char) -> Step {
    Step {
        class: Class::One(c),
        many: false,
    }
}

fn wild(token: Token, class: Class) -> Step {
    match token {
        Token::Char(c) => one(c),
        Token::One => Step { class, many: false },
        Token::Many => Step { class, many: true },
    }
}

/// How many states are visited before the search gives up.
const STATES: usize = 20_000;

/// A position in one pattern: pattern, step.
type Position = (u16, u16);

/// One text for each combination of patterns that some text matches and misses. `None` beyond the bound.
pub(super) fn sorts_of_texts(patterns: &[Linear]) -> Option<Vec<String>> {
    if patterns.len() > usize::from(u16::MAX) || patterns.iter().any(|p| p.0.len() >= usize::from(u16::MAX)) {
        return None;
    }
    let alphabet = alphabet(patterns);
    let start = closed(patterns, (0..patterns.len()).map(|n| (short(n), 0)).collect());
    let mut texts = vec![None]; // of each state: the state before and the character read
    let mut known: AHashSet<Vec<Position>> = AHashSet::new();
    let mut open = VecDeque::from([(start, 0)]);
    let mut sorts: AHashSet<Vec<u16>> = AHashSet::new();
    let mut found = Vec::new();
    // WHY: an empty text is no value of its own; it stands only for patterns that ask for it.
    let asks_for_nothing = patterns.iter().any(|pattern| pattern.0.is_empty());
    while let Some((state, number)) = open.pop_front() {
        let accepted: Vec<u16> = state
            .iter()
            .filter(|&&(pattern, step)| length(patterns, pattern) == usize::from(step))
            .map(|&(pattern, _)| pattern)
            .collect();
        if (number > 0 || asks_for_nothing) && sorts.insert(accepted) {
            found.push(spell(&texts, number));
        }
        for &c in &alphabet {
            let next = read(patterns, &state, c);
            if !known.insert(next.clone()) {
                continue;
            }
            if known.len() > STATES {
                return None;
            }
            open.push_back((next, texts.len()));
            texts.push(Some((number, c)));
        }
    }
    Some(found)
}

fn short(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn length(patterns: &[Linear], pattern: u16) -> usize {
    patterns.get(usize::from(pattern)).map_or(0, |p| p.0.len())
}

fn step(patterns: &[Linear], (pattern, at): Position) -> Option<Step> {
    patterns
        .get(usize::from(pattern))?
        .0
        .get(usize::from(at))
        .copied()
}

/// Adds the positions behind runs, which may be empty.
fn closed(patterns: &[Linear], mut state: Vec<Position>) -> Vec<Position> {
    let mut at = 0;
    while let Some(&position) = state.get(at) {
        if step(patterns, position).is_some_and(|step| step.many) {
            state.push((position.0, position.1.saturating_add(1)));
        }
        at += 1;
    }
    state.sort_unstable();
    state.dedup();
    state
}

fn read(patterns: &[Linear], state: &[Position], c: char) -> Vec<Position> {
    let next = state.iter().filter_map(|&(pattern, at)| {
        let step = step(patterns, (pattern, at)).filter(|step| step.class.reads(c))?;
        Some((pattern, if step.many { at } else { at.saturating_add(1) }))
    });
    closed(patterns, next.collect())
}

/// The characters that patterns name, and one of each sort that they do not.
fn alphabet(patterns: &[Linear]) -> Vec<char> {
    let mut all: Vec<char> = Vec::new();
    for step in patterns.iter().flat_map(|pattern| &pattern.0) {
        match step.class {
            Class::One(c) => all.push(c),
            Class::Fold(c) => all.extend(std::iter::once(c).chain(c.to_uppercase())),
            Class::Any => {}
            Class::NotColon => all.push(':'),
            Class::Lower => all.extend([':', 'x']),
            Class::Digit => all.push('7'),
        }
    }
    all.sort_unstable();
    all.dedup();
    let fresh = [
        'x', 'y', 'z', 'w', '0', '1', '2', 'X', 'Y', 'Z', '_', '~', '\u{e9}', '\u{3b1}',
    ];
    // A lower-case letter where possible, and a character that is none of a partition's.
    let plain = fresh.into_iter().find(|c| !all.contains(c));
    let other = ['X', 'Y', 'Z', '_', '~', '\u{e9}', '\u{3b1}']
        .into_iter()
        .find(|c| !all.contains(c));
    let lower = patterns
        .iter()
        .flat_map(|pattern| &pattern.0)
        .any(|step| step.class == Class::Lower);
    all.extend(plain);
    all.extend(other.filter(|c| lower && !all.contains(c)));
    all
}

fn spell(texts: &[Option<(usize, char)>], number: usize) -> String {
    let mut letters = Vec::new();
    let mut at = number;
    while let Some(&Some((before, c))) = texts.get(at) {
        letters.push(c);
        at = before;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{glob, tokens};

    fn sorts(patterns: &[&str]) -> Vec<String> {
        let linear: Vec<Linear> = patterns.iter().map(|p| Linear::like(p)).collect();
        let mut found = sorts_of_texts(&linear).unwrap();
        found.sort();
        found
    }

    #[test]
    fn every_combination_is_found_once() {
        // "a", "ab", something that begins with a, something that does not.
        assert_eq!(sorts(&["a", "a*", "ab"]), ["a", "aa", "ab", "b"]);
        // No text begins with both.
        assert_eq!(sorts(&["a*", "b*"]).len(), 3);
        assert_eq!(sorts(&["a*", "*b"]).len(), 4);
        assert_eq!(sorts(&["*"]), ["x"]);
    }

    #[test]
    fn agrees_with_all_short_words() {
        let mut state = 3_u64;
        let mut next = |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        let mut words = vec![String::new()];
        for at in 0..1365 {
            for letter in ['a', 'b', ':', 'c'] {
                words.push(format!("{}{letter}", words[at]));
            }
        }
        for _ in 0..300 {
            let pattern = |next: &mut dyn FnMut(usize) -> usize| -> String {
                (0..next(4)).map(|_| ['a', 'b', '*', '?', ':'][next(5)]).collect()
            };
            let patterns: Vec<String> = (0..3).map(|_| pattern(&mut next)).collect();
            let linear: Vec<Linear> = patterns.iter().map(|p| Linear::like(p)).collect();
            let of = |word: &str| -> Vec<bool> { patterns.iter().map(|p| glob(p, word)).collect() };
            let found: AHashSet<Vec<bool>> = sorts_of_texts(&linear)
                .unwrap()
                .iter()
                .map(|word| of(word))
                .collect();
            let expected: AHashSet<Vec<bool>> = words
                .iter()
                .filter(|word| !word.is_empty() || patterns.iter().any(String::is_empty))
                .map(|word| of(word))
                .collect();
            assert!(
                found.is_superset(&expected),
                "{patterns:?}: {found:?} {expected:?}"
            );
        }
    }

    #[test]
    fn arns_stop_wildcards_at_colons() {
        let like = Linear::of(Test::ArnLike, &tokens("arn:aws:iam::*:role/*")).unwrap();
        let found = sorts_of_texts(&[like, Linear::arn()]).unwrap();
        assert!(
            found
                .iter()
                .any(|text| text.starts_with("arn:aws:iam::") && text.ends_with("role/"))
        );
        assert!(found.iter().any(|text| crate::arn::Arn::parse(text).is_none()));
        assert_eq!(Linear::of(Test::ArnLike, &tokens("arn:aws:iam::*")), None);
    }

    #[test]
    fn letters_in_either_case() {
        let fold = Linear::of(Test::StringEqualsIgnoreCase, &tokens("Ab")).unwrap();
        let exact = Linear::of(Test::StringEquals, &tokens("ab")).unwrap();
        // Either the exact text, another spelling of it, or something else.
        assert_eq!(sorts_of_texts(&[fold, exact]).unwrap().len(), 3);
    }

    #[test]
    fn too_many_states_are_given_up() {
        let patterns: Vec<Linear> = (0..40)
            .map(|n| Linear::like(&format!("*{}a{n}?????????????*", "b".repeat(n % 7))))
            .collect();
        assert_eq!(sorts_of_texts(&patterns), None);
    }
}
