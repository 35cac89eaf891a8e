//! Simplification against requests tried one by one: the meaning stays, and nothing is left that could go.

mod relation;

use super::RequestContext;
use super::simplify::simplify;
use crate::condition::formula::{Atom, FormulaId, Formulas, Range, Shape};
use crate::condition::known::Possible;
use crate::condition::operator::Test;
use crate::condition::subject::{Operand, Subject};
use crate::condition::value::Prepared;
use crate::pattern::tokens;

/// A key with what requests may give it, and comparisons that policies make with it.
struct Key {
    name: &'static str,
    several: bool,
    contexts: &'static [&'static [&'static str]],
    comparisons: &'static [(Test, &'static str)],
}

const KEYS: [Key; 8] = [
    Key {
        name: "kms:ViaService",
        several: false,
        contexts: &[
            &[],
            &["s3.us-east-1.amazonaws.com"],
            &["s3.eu-west-1.amazonaws.com"],
            &["ec2.us-east-1.amazonaws.com"],
            &["ec2.eu-west-1.amazonaws.com"],
            &["sqs.us-east-1.amazonaws.com"],
            &["sqs.eu-west-1.amazonaws.com"],
            &["s3.x.us-east-1.amazonaws.com"],
        ],
        comparisons: &[
            (Test::StringEquals, "s3.us-east-1.amazonaws.com"),
            (Test::StringEquals, "ec2.us-east-1.amazonaws.com"),
            (Test::StringLike, "s3.*"),
            (Test::StringLike, "*.us-east-1.amazonaws.com"),
        ],
    },
    Key {
        name: "aws:ViaAWSService",
        several: false,
        contexts: &[&["true"], &["false"]],
        comparisons: &[(Test::Bool, "true")],
    },
    Key {
        name: "aws:MultiFactorAuthPresent",
        several: false,
        contexts: &[&[], &["true"], &["false"]],
        comparisons: &[(Test::Bool, "true"), (Test::Bool, "false")],
    },
    Key {
        name: "aws:SourceIp",
        several: false,
        contexts: &[
            &[],
            &["203.0.113.5"],
            &["203.0.113.200"],
            &["198.51.100.7"],
            &["2001:db8::1"],
        ],
        comparisons: &[
            (Test::IpAddress, "203.0.113.0/24"),
            (Test::IpAddress, "203.0.113.0/25"),
            (Test::IpAddress, "2001:db8::/32"),
        ],
    },
    Key {
        name: "aws:CurrentTime",
        several: false,
        contexts: &[
            &["2023-12-31T23:59:59Z"],
            &["2024-01-01T00:00:00Z"],
            &["2024-06-01T00:00:00Z"],
            &["2025-01-01T00:00:00Z"],
            &["2025-06-01T00:00:00Z"],
        ],
        comparisons: &[
            (Test::DateLessThan, "2024-01-01T00:00:00Z"),
            (Test::DateGreaterThanEquals, "2024-01-01T00:00:00Z"),
            (Test::DateGreaterThan, "2025-01-01T00:00:00Z"),
        ],
    },
    Key {
        name: "kms:ScheduleKeyDeletionPendingWindowInDays",
        several: false,
        contexts: &[&["6"], &["7"], &["10"], &["15"], &["30"]],
        comparisons: &[
            (Test::NumericLessThan, "7"),
            (Test::NumericEquals, "7"),
            (Test::NumericGreaterThan, "14"),
        ],
    },
    Key {
        name: "aws:TagKeys",
        several: true,
        contexts: &[
            &[],
            &["team"],
            &["cost"],
            &["other"],
            &["team", "cost"],
            &["team", "other"],
            &["cost", "other"],
            &["team", "cost", "other"],
        ],
        comparisons: &[(Test::StringEquals, "team"), (Test::StringEquals, "cost")],
    },
    Key {
        name: "aws:PrincipalTag/team",
        several: false,
        contexts: &[&[], &["red"], &["blue"], &["green"]],
        comparisons: &[
            (Test::StringEquals, "red"),
            (Test::StringEqualsIgnoreCase, "BLUE"),
        ],
    },
];

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn formula(&mut self, formulas: &mut Formulas, keys: &[&Key], depth: usize) -> FormulaId {
        let parts = 2 + self.below(2);
        let formula = match (depth, self.below(3)) {
            (0, _) | (_, 0) => self.atom(formulas, keys),
            (_, 1) => {
                let parts: Vec<_> = (0..parts)
                    .map(|_| self.formula(formulas, keys, depth - 1))
                    .collect();
                formulas.and(parts)
            }
            _ => {
                let parts: Vec<_> = (0..parts)
                    .map(|_| self.formula(formulas, keys, depth - 1))
                    .collect();
                formulas.or(parts)
            }
        };
        if self.below(3) == 0 {
            formulas.not(formula)
        } else {
            formula
        }
    }

    fn atom(&mut self, formulas: &mut Formulas, keys: &[&Key]) -> FormulaId {
        let key = keys[self.below(keys.len())];
        let absent = key.contexts.contains(&&[][..]);
        let flag = || vec!["true".to_owned(), "false".to_owned()];
        let subject = formulas.subject(Subject {
            multi_valued: key.several,
            absent,
            possible: match key.name {
                "aws:ViaAWSService" | "aws:MultiFactorAuthPresent" => Possible::OneOf(flag()),
                _ => Possible::Anything,
            },
            ..Subject::free(key.name)
        });
        if absent && self.below(5) == 0 {
            return formulas.absent(subject);
        }
        let (test, _) = key.comparisons[self.below(key.comparisons.len())];
        let same = key.comparisons.iter().filter(|(other, _)| *other == test);
        let same = same.take(if test == Test::Bool {
            1 + self.below(2)
        } else {
            usize::MAX
        });
        let mut values: Vec<Operand> = same
            .map(|(_, value)| Operand::Fixed(tokens(value).into()))
            .collect();
        while values.len() > 1 && self.below(2) == 0 {
            values.remove(self.below(values.len()));
        }
        let range = match key.several && self.below(2) == 0 {
            true => Range::SomeNot,
            false => Range::Some,
        };
        formulas.test(subject, range, test, values)
    }
}

/// Every request that gives the keys one of their contexts, out of those that there are (S6.15).
fn requests(keys: &[&Key]) -> Vec<RequestContext> {
    let mut all = vec![RequestContext::new()];
    for key in keys {
        let with = |request: &RequestContext, values: &[&str]| {
            let mut request = request.clone();
            let values = values.iter().map(|&value| value.to_owned()).collect();
            request.insert(key.name.to_owned(), values);
            request
        };
        all = all
            .iter()
            .flat_map(|request| key.contexts.iter().map(|values| with(request, values)))
            .collect();
    }
    all.retain(super::is_possible);
    all
}

fn holds(formulas: &Formulas, id: FormulaId, request: &RequestContext) -> bool {
    match formulas.shape(id) {
        Shape::True => true,
        Shape::False => false,
        Shape::Not(inner) => !holds(formulas, inner, request),
        Shape::And(parts) => parts.iter().all(|&part| holds(formulas, part, request)),
        Shape::Or(parts) => parts.iter().any(|&part| holds(formulas, part, request)),
        Shape::Atom(atom) => {
            let name = &formulas.subject_of(atom.subject().unwrap()).unwrap().name;
            let given = &request[name];
            let Atom::Test {
                range, test, values, ..
            } = atom
            else {
                return given.is_empty();
            };
            let matches = |value: &String| {
                values.iter().any(|operand| match operand {
                    Operand::Fixed(tokens) => Prepared::new(*test, tokens).matches(value),
                    Operand::Template(_) => unreachable!("no variables here"),
                })
            };
            match range {
                Range::SomeNot => given.iter().any(|value| !matches(value)),
                Range::Some | Range::Bare => given.iter().any(matches),
            }
        }
    }
}

/// All formulas that lack one literal of a formula.
fn without_one(formulas: &mut Formulas, id: FormulaId) -> Vec<FormulaId> {
    let (parts, and) = match formulas.shape(id) {
        Shape::And(parts) => (parts.to_vec(), true),
        Shape::Or(parts) => (parts.to_vec(), false),
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    for at in 0..parts.len() {
        let mut rest = parts.clone();
        let part = rest.remove(at);
        let mut put = |formulas: &mut Formulas, rest: Vec<FormulaId>| {
            found.push(if and {
                formulas.and(rest)
            } else {
                formulas.or(rest)
            });
        };
        match formulas.shape(part) {
            Shape::And(_) | Shape::Or(_) => {
                for smaller in without_one(formulas, part) {
                    let mut list = rest.clone();
                    list.push(smaller);
                    put(formulas, list);
                }
            }
            _ => put(formulas, rest),
        }
    }
    found
}

#[test]
fn a_simplified_formula_means_the_same_and_nothing_in_it_can_go() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut shorter, mut checked) = (0, 0);
    for _ in 0..3_000 {
        let keys: Vec<&Key> = KEYS.iter().filter(|_| dice.below(2) == 0).take(4).collect();
        if keys.is_empty() {
            continue;
        }
        let mut formulas = Formulas::default();
        let id = dice.formula(&mut formulas, &keys, 3);
        let (mut simpler, simple) = simplify(&formulas, id, &RequestContext::new());
        let requests = requests(&keys);
        for request in &requests {
            assert_eq!(
                holds(&formulas, id, request),
                holds(&simpler, simple, request),
                "{} is not {} for {request:?}",
                crate::condition::words::text(&formulas, id),
                crate::condition::words::text(&simpler, simple),
            );
        }
        shorter += usize::from(simpler.atoms(simple).len() < formulas.atoms(id).len());
        for smaller in without_one(&mut simpler, simple) {
            checked += 1;
            assert!(
                requests
                    .iter()
                    .any(|request| holds(&simpler, smaller, request) != holds(&simpler, simple, request)),
                "{} means no more than {}",
                crate::condition::words::text(&simpler, simple),
                crate::condition::words::text(&simpler, smaller),
            );
        }
    }
    assert!(shorter > 500 && checked > 3_000, "{shorter} {checked}");
}

#[test]
fn the_text_does_not_depend_on_the_order_of_work() {
    let keys: Vec<&Key> = KEYS.iter().take(4).collect();
    for seed in 1..300 {
        let mut formulas = Formulas::default();
        let id = Dice(seed << 20).formula(&mut formulas, &keys, 3);
        let mut other = Formulas::default();
        // Other ids for the same atoms.
        for more in 1..5 {
            Dice(more << 40 | 1).formula(&mut other, &keys, 2);
        }
        let imported = other.import(&formulas, id);
        let text = |formulas: &Formulas, id| {
            let (formulas, id) = simplify(formulas, id, &RequestContext::new());
            crate::condition::words::text(&formulas, id)
        };
        assert_eq!(text(&formulas, id), text(&other, imported));
    }
}

/// S6.15: the name of a pair is one of the names there are, in whatever spelling; who asks for another spelling of it
/// does not see the pair.
#[test]
fn a_witness_states_the_pair_whose_name_is_asked_for() {
    let mut formulas = Formulas::default();
    let names = formulas.subject(Subject {
        multi_valued: true,
        ..Subject::free("kms:EncryptionContextKeys")
    });
    let wanted = vec![Operand::literal("TOKEN")];
    let listed = formulas.test(names, Range::Some, Test::StringEqualsIgnoreCase, wanted);
    let exact = formulas.subject(Subject {
        exact_pair: true,
        ..Subject::free("kms:EncryptionContext:token")
    });
    let other_spelling = formulas.absent(exact);
    let both = formulas.and2(listed, other_spelling);
    let context = super::witness(&formulas, both, true, &RequestContext::new()).unwrap();
    let stated = super::groups::pair_names(&context);
    assert!(
        matches!(stated.as_slice(), [name] if name.eq_ignore_ascii_case("token") && name != "token"),
        "{context:?}"
    );
}
