//! All conditions of a statement together -> a remark if no request can satisfy them (S2.5.9, A29).
//!
//! For each key the actions are found whose requests may satisfy all its conditions; a statement is never true when no
//! action is left by all keys. In doubt a request is possible: unknown operators, variables, and keys that nothing is
//! known of never contradict anything.

use super::condition::when_absent;
use super::possible::{Value, listed_for};
use super::{Linter, quote, quote_all};
use crate::condition::key::{KnownKey, Support, canonical_name, lookup};
use crate::condition::known::intersects;
use crate::condition::operator::{Base, Family, SetPrefix, Test};
use crate::condition::value::{number, seconds};
use crate::diag::Code;
use crate::model::action::{Action, ActionSet};
use crate::policy::document::{Condition, PolicyKind};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// With more values than this on one key, which no real policy has, contradictions are not looked for: that takes time by
/// the square of their number.
const MOST_VALUES: usize = 1_000;

/// The conditions on one key.
struct Group<'a> {
    name: String,
    key: Option<KnownKey>,
    conditions: Vec<&'a Condition>,
    tests: Vec<Comparison<'a>>,
}

/// One comparison with the key.
struct Comparison<'a> {
    set: SetPrefix,
    test: Test,
    negated: bool,
    values: Vec<Value<'a>>,
}

impl Comparison<'_> {
    /// Whether one value of the key may satisfy it.
    fn may_hold(&self, value: &str) -> bool {
        if self.negated {
            !self.values.iter().any(|listed| listed.does_match(value))
        } else {
            self.values.iter().any(|listed| listed.may_match(value))
        }
    }

    /// All values that satisfy it, if there are only so many.
    fn only_values(&self) -> Option<Vec<&str>> {
        // WHY: `true` can be written in more ways than one.
        if self.negated || self.test == Test::Bool {
            return None;
        }
        self.values
            .iter()
            .map(|value| value.fixed.as_ref()?.exact())
            .collect()
    }

    /// Whether some value may satisfy both this and another comparison, by their patterns alone.
    fn may_meet(&self, other: &Comparison<'_>) -> bool {
        let by_pattern = |one: &Comparison<'_>| {
            !one.negated && matches!(one.test, Test::StringEquals | Test::StringLike | Test::ArnLike)
        };
        if !by_pattern(self) || !by_pattern(other) {
            return true;
        }
        self.values
            .iter()
            .any(|a| other.values.iter().any(|b| intersects(&a.wide, &b.wide)))
    }
}

impl Linter<'_> {
    /// Reports a statement whose conditions contradict each other.
    pub(super) fn contradictions(&mut self) {
        let groups = self.groups();
        let mut left = self.actions;
        for group in &groups {
            let possible: ActionSet = self
                .actions
                .iter()
                .filter(|action| self.is_possible(group, *action))
                .collect();
            if possible.is_empty() {
                let message = if group.conditions.len() == 1 {
                    format!("no request satisfies the condition on {}", quote(&group.name))
                } else {
                    format!("the conditions on {} contradict each other", quote(&group.name))
                };
                return self.never(message);
            }
            left = left.intersect(possible);
        }
        if left.is_empty() {
            let names: Vec<&String> = groups.iter().map(|group| &group.name).collect();
            self.never(format!(
                "no action of the statement can satisfy {} together",
                quote_all(&names)
            ));
        }
    }

    fn never(&mut self, message: String) {
        let found = self.remark(Code::NeverTrue, message);
        let found = found.effect(format!("{} (S2.5.9, A29)", self.nothing()));
        self.report(found.help("all conditions of a statement must hold: use one statement for each case"));
    }

    fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
        for condition in &self.statement.conditions {
            let name = canonical_name(&condition.key);
            let tests = match condition.operator.base {
                Base::Compare { test, negated } => Some(Comparison {
                    set: condition.operator.set,
                    test,
                    negated,
                    values: condition
                        .values
                        .iter()
                        .map(|text| Value::read(test, text, self.variables))
                        .collect(),
                }),
                Base::Null | Base::Unknown(_) => None,
            };
            let group = groups.entry(name).or_insert_with_key(|name| Group {
                key: lookup(&condition.key).map(|(key, _)| key),
                name: name.clone(),
                conditions: Vec::new(),
                tests: Vec::new(),
            });
            group.conditions.push(condition);
            group.tests.extend(tests);
        }
        groups.into_values().collect()
    }

    /// Whether some request for an action may satisfy all conditions on a key.
    fn is_possible(&self, group: &Group<'_>, action: Action) -> bool {
        // S6.4: nothing is certain of these.
        if self.kind == PolicyKind::Key && group.key.is_some_and(|key| !key.is_documented_in_key_policies()) {
            return true;
        }
        let may_be_absent = group
            .conditions
            .iter()
            .all(|condition| when_absent(condition) != Some(false));
        may_be_absent || self.may_be_present(group, action) && group.has_value(action)
    }

    fn may_be_present(&self, group: &Group<'_>, action: Action) -> bool {
        let asked_absent = |condition: &&Condition| {
            condition.operator.base == Base::Null
                && !condition
                    .values
                    .iter()
                    .any(|value| value.eq_ignore_ascii_case("false"))
        };
        let supported = group.key.is_none_or(|key| {
            let not_at_all = key.support(action) == Support::No && (self.kms_alone || key.is_kms());
            !not_at_all && self.absent_for_principals(key).is_none()
        });
        supported && !group.conditions.iter().any(asked_absent)
    }
}

impl Group<'_> {
    /// Whether the key may have values that satisfy all comparisons.
    fn has_value(&self, action: Action) -> bool {
        let values: usize = self.tests.iter().map(|test| 1 + test.values.len()).sum();
        if values > MOST_VALUES {
            return true;
        }
        let list = self.key.and_then(|key| listed_for(key, action));
        let several = match self.key {
            Some(key) => key.is_multi_valued(),
            None => self.tests.iter().any(|test| test.set != SetPrefix::Single),
        };
        if !several {
            let all: Vec<&Comparison<'_>> = self.tests.iter().collect();
            return one_value(&all, list);
        }
        // S2.5.6: each value satisfies the comparisons with all, and some value each comparison with any.
        let (of_all, of_any): (Vec<&Comparison<'_>>, Vec<&Comparison<'_>>) = self
            .tests
            .iter()
            .partition(|test| test.set == SetPrefix::ForAllValues);
        one_value(&of_all, list)
            && of_any.iter().all(|any| {
                // S2.5.7: without set operator the outcome for several values is open.
                if any.set == SetPrefix::Single && any.negated {
                    return true;
                }
                let mut with: Vec<&Comparison<'_>> = of_all.clone();
                with.push(any);
                one_value(&with, list)
            })
    }
}

/// Whether one value may satisfy all comparisons; `list` is all the key can have, if that is known.
fn one_value(tests: &[&Comparison<'_>], list: Option<&[&'static str]>) -> bool {
    let satisfies_all = |value: &str| tests.iter().all(|test| test.may_hold(value));
    if let Some(list) = list {
        return list.iter().any(|value| satisfies_all(value));
    }
    if let Some(values) = tests.iter().find_map(|test| test.only_values()) {
        return values.iter().any(|value| satisfies_all(value));
    }
    let pairs_meet = tests
        .iter()
        .enumerate()
        .all(|(i, a)| tests.iter().skip(i + 1).all(|b| a.may_meet(b)));
    pairs_meet && ranges_meet(tests, Family::Numeric, number) && ranges_meet(tests, Family::Date, seconds)
}

/// The numbers that one comparison admits, widened to one range: lowest and highest, and whether each is left out.
#[derive(Clone, Copy, Default)]
struct Range {
    low: Option<(Decimal, bool)>,
    high: Option<(Decimal, bool)>,
}

impl Range {
    fn of(comparison: &Comparison<'_>, read: fn(&str) -> Option<Decimal>) -> Option<Range> {
        let numbers = || comparison.values.iter().filter_map(|value| read(value.text));
        let (lowest, highest) = (numbers().min()?, numbers().max()?);
        let none = Range::default();
        Some(match comparison.test {
            Test::NumericLessThan | Test::DateLessThan => Range {
                high: Some((highest, true)),
                ..none
            },
            Test::NumericLessThanEquals | Test::DateLessThanEquals => Range {
                high: Some((highest, false)),
                ..none
            },
            Test::NumericGreaterThan | Test::DateGreaterThan => Range {
                low: Some((lowest, true)),
                ..none
            },
            Test::NumericGreaterThanEquals | Test::DateGreaterThanEquals => Range {
                low: Some((lowest, false)),
                ..none
            },
            _ => Range {
                low: Some((lowest, false)),
                high: Some((highest, false)),
            },
        })
    }
}

/// Whether the ranges of all comparisons of a family may have a number in common.
fn ranges_meet(tests: &[&Comparison<'_>], family: Family, read: fn(&str) -> Option<Decimal>) -> bool {
    let ranges: Vec<Range> = tests
        .iter()
        .filter(|test| test.test.family() == family && !test.negated)
        .filter_map(|test| Range::of(test, read))
        .collect();
    // INVARIANT: of equal bounds the one that is left out is the narrower.
    let low = ranges.iter().filter_map(|range| range.low).max();
    let high = ranges
        .iter()
        .filter_map(|range| range.high)
        .min_by_key(|&(number, open)| (number, !open));
    match (low, high) {
        (Some((low, low_open)), Some((high, high_open))) => {
            low < high || low == high && !low_open && !high_open
        }
        _ => true,
    }
}
