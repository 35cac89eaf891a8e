//! Whether some request can make a formula true (S6.6, S6.7).
//!
//! Atoms of one key are not independent: a single value cannot equal two different texts. The search assigns
//! atoms one by one and drops assignments that no value of some key admits. What it cannot tell it takes for
//! possible, and beyond a budget everything is: it never rules out a request that exists.

use super::block::KeyName;
use super::formula::{Atom, FormulaId, Formulas, Range, Shape};
use super::known::intersects;
use super::operator::Test;
use super::value::Prepared;
use crate::pattern::tokens;
use ahash::AHashMap;

/// How many assignments are tried for one formula.
const BUDGET: u32 = 4096;

/// Remembers what it found out about each formula.
#[derive(Debug, Default)]
pub(crate) struct Solver {
    possible: AHashMap<FormulaId, bool>,
    multi_valued: AHashMap<String, bool>,
}

/// An atom and whether it holds.
type Assignment = Vec<(Atom, bool)>;

impl Solver {
    /// `TRUE` or `FALSE` where every request agrees, else the formula itself.
    pub(crate) fn settle(&mut self, formulas: &mut Formulas, id: FormulaId) -> FormulaId {
        if id == FormulaId::TRUE || id == FormulaId::FALSE {
            return id;
        }
        if !self.is_possible(formulas, id) {
            return FormulaId::FALSE;
        }
        let not = formulas.not(id);
        if self.is_possible(formulas, not) {
            id
        } else {
            FormulaId::TRUE
        }
    }

    /// Whether some request may make the formula true.
    fn is_possible(&mut self, formulas: &mut Formulas, id: FormulaId) -> bool {
        if let Some(&known) = self.possible.get(&id) {
            return known;
        }
        let mut budget = BUDGET;
        let found = self.search(formulas, id, &mut Vec::new(), &mut budget);
        self.possible.insert(id, found);
        found
    }

    fn search(
        &mut self,
        formulas: &mut Formulas,
        id: FormulaId,
        chosen: &mut Assignment,
        budget: &mut u32,
    ) -> bool {
        match id {
            FormulaId::TRUE => return true,
            FormulaId::FALSE => return false,
            _ => {}
        }
        *budget = budget.saturating_sub(1);
        let Some(atom) = first_atom(formulas, id).cloned().filter(|_| *budget > 0) else {
            return true;
        };
        for holds in [true, false] {
            chosen.push((atom.clone(), holds));
            let consistent = self.is_consistent(chosen, atom_key(&atom));
            let found = consistent && {
                let rest = assign(formulas, id, &atom, holds);
                self.search(formulas, rest, chosen, budget)
            };
            chosen.pop();
            if found {
                return true;
            }
        }
        false
    }

    /// Whether one value of a key, or its absence, may agree with all that was chosen about it.
    fn is_consistent(&mut self, chosen: &Assignment, key: Option<&str>) -> bool {
        let Some(key) = key else { return true };
        let about: Vec<&(Atom, bool)> = chosen
            .iter()
            .filter(|(atom, _)| atom_key(atom) == Some(key))
            .collect();
        let absent = about
            .iter()
            .any(|(atom, holds)| *holds && matches!(atom, Atom::Absent { .. }));
        let tested = about
            .iter()
            .any(|(atom, holds)| *holds && matches!(atom, Atom::Test { .. }));
        if absent && tested {
            return false;
        }
        if absent || self.is_multi_valued(key) {
            return true;
        }
        let values = |wanted: bool| {
            about.iter().filter_map(move |(atom, holds)| match atom {
                Atom::Test {
                    range: Range::Some,
                    test,
                    values,
                    ..
                } if *holds == wanted => Some((*test, values)),
                _ => None,
            })
        };
        let agrees = |candidate: &str| {
            values(true).all(|(test, values)| values.iter().any(|value| may_match(test, value, candidate)))
                && !values(false)
                    .any(|(test, values)| values.iter().any(|value| must_match(test, value, candidate)))
        };
        // A key that must equal one of some texts has one of them; else any value will do.
        let exact = values(true)
            .find(|(test, values)| *test == Test::StringEquals && values.iter().all(|v| is_plain(v)));
        match exact {
            Some((_, candidates)) => candidates.iter().any(|candidate| agrees(candidate)),
            None => patterns_meet(values(true)),
        }
    }

    fn is_multi_valued(&mut self, key: &str) -> bool {
        if let Some(&known) = self.multi_valued.get(key) {
            return known;
        }
        let known = KeyName::new(key).known;
        // A key nobody knows may have several values.
        let multi = known.is_none_or(super::key::KnownKey::is_multi_valued);
        self.multi_valued.insert(key.to_owned(), multi);
        multi
    }
}

/// Whether a text has no variable that was left open.
fn is_plain(value: &str) -> bool {
    !value.contains("${")
}

fn may_match(test: Test, value: &str, candidate: &str) -> bool {
    !is_plain(value) || Prepared::read(test, value).matches(candidate)
}

fn must_match(test: Test, value: &str, candidate: &str) -> bool {
    is_plain(value) && Prepared::read(test, value).matches(candidate)
}

/// Whether the patterns of one test meet those of another, for every two tests.
fn patterns_meet<'a>(tests: impl Iterator<Item = (Test, &'a Vec<String>)>) -> bool {
    let likes: Vec<&Vec<String>> = tests
        .filter(|(test, _)| *test == Test::StringLike)
        .map(|(_, values)| values)
        .collect();
    let meet = |a: &Vec<String>, b: &Vec<String>| {
        a.iter().any(|x| {
            b.iter()
                .any(|y| !is_plain(x) || !is_plain(y) || intersects(&tokens(x), &tokens(y)))
        })
    };
    likes
        .iter()
        .enumerate()
        .all(|(n, a)| likes.iter().skip(n.saturating_add(1)).all(|b| meet(a, b)))
}

fn atom_key(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::Absent { key } | Atom::Test { key, .. } => Some(key),
        Atom::Ambiguous { .. } | Atom::Unknown { .. } => None,
    }
}

fn first_atom(formulas: &Formulas, id: FormulaId) -> Option<&Atom> {
    match formulas.shape(id) {
        Shape::True | Shape::False => None,
        Shape::Atom(atom) => Some(atom),
        Shape::Not(inner) => first_atom(formulas, inner),
        Shape::And(parts) | Shape::Or(parts) => parts.iter().find_map(|&part| first_atom(formulas, part)),
    }
}

/// The formula once an atom is decided.
fn assign(formulas: &mut Formulas, id: FormulaId, atom: &Atom, holds: bool) -> FormulaId {
    match formulas.shape(id) {
        Shape::True | Shape::False => id,
        Shape::Atom(own) if own == atom => FormulaId::constant(holds),
        Shape::Atom(_) => id,
        Shape::Not(inner) => {
            let inner = assign(formulas, inner, atom, holds);
            formulas.not(inner)
        }
        Shape::And(parts) => {
            let parts = parts.to_vec();
            let parts: Vec<FormulaId> = parts
                .into_iter()
                .map(|part| assign(formulas, part, atom, holds))
                .collect();
            formulas.and(parts)
        }
        Shape::Or(parts) => {
            let parts = parts.to_vec();
            let parts: Vec<FormulaId> = parts
                .into_iter()
                .map(|part| assign(formulas, part, atom, holds))
                .collect();
            formulas.or(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(formulas: &mut Formulas, key: &str, test: Test, values: &[&str]) -> FormulaId {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        formulas.atom(Atom::Test {
            key: key.to_owned(),
            range: Range::Some,
            test,
            values,
        })
    }

    #[test]
    fn one_value_cannot_equal_two_texts() {
        let (mut formulas, mut solver) = (Formulas::default(), Solver::default());
        let s3 = is(
            &mut formulas,
            "kms:ViaService",
            Test::StringEquals,
            &["s3.us-east-1.amazonaws.com"],
        );
        let ec2 = is(
            &mut formulas,
            "kms:ViaService",
            Test::StringEquals,
            &["ec2.us-east-1.amazonaws.com"],
        );
        let not_ec2 = formulas.not(ec2);
        let both = formulas.and2(s3, ec2);
        assert_eq!(solver.settle(&mut formulas, both), FormulaId::FALSE);
        let only = formulas.and2(s3, not_ec2);
        assert_eq!(solver.settle(&mut formulas, only), only);
    }

    #[test]
    fn a_text_meets_a_pattern_or_not() {
        let (mut formulas, mut solver) = (Formulas::default(), Solver::default());
        let like = is(&mut formulas, "aws:SourceVpce", Test::StringLike, &["vpce-1*"]);
        let equal = is(&mut formulas, "aws:SourceVpce", Test::StringEquals, &["vpce-2"]);
        let other = is(&mut formulas, "aws:SourceVpce", Test::StringLike, &["vpce-2*"]);
        for never in [formulas.and2(like, equal), formulas.and2(like, other)] {
            assert_eq!(solver.settle(&mut formulas, never), FormulaId::FALSE);
        }
    }

    #[test]
    fn several_values_may_meet_several_tests() {
        let (mut formulas, mut solver) = (Formulas::default(), Solver::default());
        let a = is(&mut formulas, "aws:TagKeys", Test::StringEquals, &["a"]);
        let b = is(&mut formulas, "aws:TagKeys", Test::StringEquals, &["b"]);
        let both = formulas.and2(a, b);
        assert_eq!(solver.settle(&mut formulas, both), both);
    }

    #[test]
    fn present_and_absent_exclude_each_other() {
        let (mut formulas, mut solver) = (Formulas::default(), Solver::default());
        let absent = formulas.atom(Atom::Absent {
            key: "kms:ViaService".to_owned(),
        });
        let via = is(&mut formulas, "kms:ViaService", Test::StringLike, &["s3.*"]);
        let both = formulas.and2(absent, via);
        assert_eq!(solver.settle(&mut formulas, both), FormulaId::FALSE);
        let not_via = formulas.not(via);
        let implied = formulas.not(absent);
        let either = formulas.or2(not_via, implied);
        assert_eq!(solver.settle(&mut formulas, either), FormulaId::TRUE);
    }
}
