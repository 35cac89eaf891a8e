//! Formulas in plain words: what has to be true of a request, for people.
//!
//! "is not" also holds where the key is absent (S2.5.4); where it must be present the text says so. Parts of a list
//! stand in the order of their keys and texts, since ids depend on the order of work.

use super::formula::{Atom, FormulaId, Formulas, Range, Shape};
use super::operator::Test;
use super::subject::Operand;

/// The formula in plain words.
#[must_use]
pub fn text(formulas: &Formulas, id: FormulaId) -> String {
    write(
        formulas,
        id,
        &Length {
            parts: &[],
            values: usize::MAX,
        },
    )
}

/// The formula in a few words: of long lists the first elements, and how many more there are.
#[must_use]
pub fn short(formulas: &Formulas, id: FormulaId) -> String {
    write(
        formulas,
        id,
        &Length {
            parts: &[4, 3, 2],
            values: 3,
        },
    )
}

/// How many elements of lists are shown.
struct Length<'a> {
    /// Parts of a formula, of a part, and so on; beyond the last number it holds for all.
    parts: &'a [usize],
    /// Values that a key is compared with.
    values: usize,
}

fn write(formulas: &Formulas, id: FormulaId, length: &Length<'_>) -> String {
    match formulas.shape(id) {
        Shape::True => "always".to_owned(),
        Shape::False => "never".to_owned(),
        Shape::Atom(atom) => write_atom(formulas, atom, true, length),
        Shape::Not(inner) => match formulas.shape(inner) {
            Shape::Atom(atom) => write_atom(formulas, atom, false, length),
            _ => format!("not ({})", write(formulas, inner, length)),
        },
        Shape::And(parts) => write_list(formulas, parts, " and ", length),
        Shape::Or(parts) => write_list(formulas, parts, " or ", length),
    }
}

fn write_list(formulas: &Formulas, parts: &[FormulaId], joint: &str, length: &Length<'_>) -> String {
    let inner = Length {
        parts: length
            .parts
            .get(1..)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(length.parts),
        ..*length
    };
    let mut sorted: Vec<(&str, String)> = parts
        .iter()
        .map(|&part| {
            let text = write(formulas, part, &inner);
            let text = match formulas.shape(part) {
                Shape::And(_) | Shape::Or(_) => format!("({text})"),
                _ => text,
            };
            (key_of(formulas, part), text)
        })
        .collect();
    sorted.sort();
    let texts = sorted.into_iter().map(|(_, text)| text).collect();
    let shown = length.parts.first().copied().unwrap_or(usize::MAX);
    cut(
        texts,
        shown,
        joint,
        joint,
        if joint == " and " { "conditions" } else { "ways" },
    )
}

/// The first texts of a list, and how many more there are; one more is shown rather than counted.
fn cut(mut texts: Vec<String>, shown: usize, joint: &str, last: &str, noun: &str) -> String {
    let more = texts.len().saturating_sub(shown);
    if more < 2 {
        return texts.join(joint);
    }
    texts.truncate(shown);
    format!("{}{last}{more} more {noun}", texts.join(joint))
}

/// The condition key that a part begins with; nothing for parts that are lists or about no key.
fn key_of(formulas: &Formulas, id: FormulaId) -> &str {
    match formulas.shape(id) {
        Shape::Atom(atom) => {
            let subject = atom.subject().and_then(|id| formulas.subject_of(id));
            subject.map_or("", |subject| subject.name.as_str())
        }
        Shape::Not(inner) => key_of(formulas, inner),
        _ => "",
    }
}

fn write_atom(formulas: &Formulas, atom: &Atom, positive: bool, length: &Length<'_>) -> String {
    let subject = atom.subject().and_then(|id| formulas.subject_of(id));
    let name = match subject {
        // Compared with what only the request tells.
        Some(subject) => match subject.settled() {
            Some(value) => format!("{} ({value})", subject.name),
            None => subject.name.clone(),
        },
        None => String::new(),
    };
    let not = if positive { "" } else { "not " };
    match atom {
        Atom::Absent { .. } if positive => format!("{name} is absent"),
        Atom::Absent { .. } => format!("{name} is present"),
        Atom::Test {
            range, test, values, ..
        } => {
            let what = format!("{}{}", verb(*test), list(values, *test, length.values));
            let several = subject.is_some_and(|subject| subject.multi_valued);
            match (range, positive) {
                (Range::Some, true) if several => format!("some value of {name} is {what}"),
                (Range::Some, false) if several => format!("no value of {name} is {what}"),
                (Range::Some | Range::Bare, _) => format!("{name} is {not}{what}"),
                (Range::SomeNot, true) => format!("some value of {name} is not {what}"),
                (Range::SomeNot, false) => format!("every value of {name} is {what}"),
            }
        }
        Atom::Ambiguous { rule, about } | Atom::Unknown { rule, about } if positive => {
            format!("[{rule}: {about}]")
        }
        Atom::Ambiguous { rule, about } | Atom::Unknown { rule, about } => {
            format!("[{rule}: not the case that {about}]")
        }
    }
}

fn list(values: &[Operand], test: Test, length: usize) -> String {
    let mut shown: Vec<String> = values.iter().map(|value| value.shown(test)).collect();
    shown.sort();
    match shown.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        _ => format!("one of {}", cut(shown, length, ", ", " and ", "").trim_end()),
    }
}

fn verb(test: Test) -> &'static str {
    match test {
        Test::StringEquals | Test::NumericEquals | Test::DateEquals | Test::Bool | Test::BinaryEquals => "",
        Test::StringEqualsIgnoreCase => "(ignoring case) ",
        Test::StringLike | Test::ArnLike => "like ",
        Test::NumericLessThan => "less than ",
        Test::NumericLessThanEquals => "at most ",
        Test::NumericGreaterThan => "greater than ",
        Test::NumericGreaterThanEquals => "at least ",
        Test::DateLessThan => "before ",
        Test::DateLessThanEquals => "at or before ",
        Test::DateGreaterThan => "after ",
        Test::DateGreaterThanEquals => "at or after ",
        Test::IpAddress => "in ",
    }
}
