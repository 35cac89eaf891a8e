//! Formulas in plain words: what has to be true of a request, for people.
//!
//! "is not" also holds where the key is absent (S2.5.4); where it must be present the text says so. Parts of a list
//! stand in the order of their keys and texts, since ids depend on the order of work.

use super::formula::{Atom, FormulaId, Formulas, Range, Shape};
use super::operator::Test;
use super::subject::Operand;
use std::fmt::Write as _;

/// The formula in plain words.
#[must_use]
pub fn text(formulas: &Formulas, id: FormulaId) -> String {
    let mut out = String::new();
    write(formulas, id, false, &mut out);
    out
}

fn write(formulas: &Formulas, id: FormulaId, nested: bool, out: &mut String) {
    match formulas.shape(id) {
        Shape::True => out.push_str("always"),
        Shape::False => out.push_str("never"),
        Shape::Atom(atom) => write_atom(formulas, atom, true, out),
        Shape::Not(inner) => match formulas.shape(inner) {
            Shape::Atom(atom) => write_atom(formulas, atom, false, out),
            _ => {
                out.push_str("not (");
                write(formulas, inner, false, out);
                out.push(')');
            }
        },
        Shape::And(parts) => write_list(formulas, parts, " and ", nested, out),
        Shape::Or(parts) => write_list(formulas, parts, " or ", nested, out),
    }
}

fn write_list(formulas: &Formulas, parts: &[FormulaId], joint: &str, nested: bool, out: &mut String) {
    let mut sorted: Vec<(&str, String)> = parts
        .iter()
        .map(|&part| {
            let mut text = String::new();
            write(formulas, part, true, &mut text);
            (key_of(formulas, part), text)
        })
        .collect();
    sorted.sort();
    let texts: Vec<String> = sorted.into_iter().map(|(_, text)| text).collect();
    if nested {
        out.push('(');
    }
    out.push_str(&texts.join(joint));
    if nested {
        out.push(')');
    }
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

fn write_atom(formulas: &Formulas, atom: &Atom, positive: bool, out: &mut String) {
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
    // Writing to a `String` cannot fail.
    let _ = match atom {
        Atom::Absent { .. } if positive => write!(out, "{name} is absent"),
        Atom::Absent { .. } => write!(out, "{name} is present"),
        Atom::Test {
            range, test, values, ..
        } => {
            let what = format!("{}{}", verb(*test), list(values, *test));
            let several = subject.is_some_and(|subject| subject.multi_valued);
            match (range, positive) {
                (Range::Some, true) if several => write!(out, "some value of {name} is {what}"),
                (Range::Some, false) if several => write!(out, "no value of {name} is {what}"),
                (Range::Some | Range::Bare, _) => write!(out, "{name} is {not}{what}"),
                (Range::SomeNot, true) => write!(out, "some value of {name} is not {what}"),
                (Range::SomeNot, false) => write!(out, "every value of {name} is {what}"),
            }
        }
        Atom::Ambiguous { rule, about } | Atom::Unknown { rule, about } if positive => {
            write!(out, "[{rule}: {about}]")
        }
        Atom::Ambiguous { rule, about } | Atom::Unknown { rule, about } => {
            write!(out, "[{rule}: not the case that {about}]")
        }
    };
}

fn list(values: &[Operand], test: Test) -> String {
    let mut shown: Vec<String> = values.iter().map(|value| value.shown(test)).collect();
    shown.sort();
    match shown.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
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
