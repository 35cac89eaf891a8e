//! What statements ask of principals and keys, besides whom and what they name.

use super::Among;
use super::tests_of_arns::Finder;
use crate::condition::block::{Context, KeyName, PreparedCondition};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::known::Known;
use crate::condition::operator::{Base, Test};
use crate::condition::value::Prepared;
use crate::facts::context::{of_key, of_principal};
use crate::facts::id::{PolicyId, StatementId};
use crate::facts::statement::{Cover, Statement};
use crate::facts::world::{Key, Principal, World};
use crate::policy::document::PolicyKind;
use ahash::AHashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;

/// One thing that tells some from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    /// The value of a condition key.
    Value(u32, Known),
    /// A condition on `aws:PrincipalArn` has a value that matches.
    Hit(u32),
    /// The outcome of a condition on the key.
    KeyTest(u32, bool),
    /// What a condition is about, which does not decide it.
    OpenTest(u32, Option<Known>),
    /// How a resource element covers the key.
    Cover(u32, Cover),
    /// Nothing else is like it.
    Itself(String),
}

/// What statements ask of those they apply to: condition keys, and conditions on `aws:PrincipalArn`, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    values: BTreeSet<u32>,
    tests: BTreeSet<u32>,
}

impl Asked {
    fn extend(&mut self, other: &Asked) {
        self.values.extend(&other.values);
        self.tests.extend(&other.tests);
    }
}

/// What all statements of a world ask.
pub(super) struct Telling<'a> {
    world: &'a World,
    counts: fn(&Statement) -> bool,
    names: Vec<String>,
    /// Values of conditions on `aws:PrincipalArn`, with the conditions that have them.
    patterns: Vec<(&'a Prepared, Vec<u32>)>,
    patterns_by_arn: Finder,
    of_statement: AHashMap<StatementId, Asked>,
    /// By policies that may be about anybody.
    of_all: Asked,
    /// Names of condition keys about the key whose values tell keys apart.
    of_keys: Vec<String>,
    /// Conditions about the key whose outcomes do.
    key_tests: Vec<&'a PreparedCondition>,
    elements: Vec<&'a Statement>,
    elements_by_arn: Finder,
}

impl<'a> Telling<'a> {
    /// What the statements about some principals and keys ask that count.
    pub(super) fn of(world: &'a World, among: &Among, counts: fn(&Statement) -> bool) -> Telling<'a> {
        let mut telling = Telling {
            world,
            counts,
            names: Vec::new(),
            patterns: Vec::new(),
            patterns_by_arn: Finder::default(),
            of_statement: AHashMap::new(),
            of_all: Asked::default(),
            of_keys: Vec::new(),
            key_tests: Vec::new(),
            elements: Vec::new(),
            elements_by_arn: Finder::default(),
        };
        telling.statements(among.statements(world));
        telling
    }

    fn counts(&self, statement: &Statement) -> bool {
        !(statement.actions | statement.doubtful).is_empty() && (self.counts)(statement)
    }

    /// The statements of policies that count, in order.
    pub(super) fn counting(&self, policies: &[PolicyId]) -> Vec<StatementId> {
        let statements = self.world.statements_of(policies);
        let counting = statements.filter(|(_, statement)| self.counts(statement));
        let mut counting: Vec<StatementId> = counting.map(|(id, _)| id).collect();
        counting.sort_unstable();
        counting.dedup();
        counting
    }

    fn statements(&mut self, all: Vec<StatementId>) {
        let mut names: AHashMap<String, u32> = AHashMap::new();
        let mut tests: AHashMap<String, u32> = AHashMap::new();
        let mut patterns: AHashMap<(&Base, &str), usize> = AHashMap::new();
        let mut elements: AHashMap<String, u32> = AHashMap::new();
        let mut of_keys: BTreeSet<String> = BTreeSet::new();
        let mut key_tests: AHashMap<String, &'a PreparedCondition> = AHashMap::new();
        for id in all {
            let counts = |one: &&Statement| self.counts(one);
            let Some(statement) = self.world.statement(id).filter(counts) else {
                continue;
            };
            let mut asked = Asked::default();
            let mut ask = |name: &KeyName| {
                let next = number(names.len());
                asked
                    .values
                    .insert(*names.entry(name.name.clone()).or_insert(next));
            };
            for condition in &statement.conditions {
                let mut keys = condition.keys();
                if is_test_of_arn(condition) {
                    keys.next();
                }
                keys.for_each(|key| ask(&key));
                match condition.keys().count() {
                    1 if may_be_about_keys(&condition.key().name) => {
                        key_tests.insert(condition.text(), condition);
                    }
                    _ => of_keys.extend(condition.keys().map(|key| key.name)),
                }
            }
            for name in statement.resource_variables() {
                ask(&name);
                of_keys.insert(name.name);
            }
            for condition in statement.conditions.iter().filter(|one| is_test_of_arn(one)) {
                let next = number(tests.len());
                let test = *tests.entry(condition.text()).or_insert(next);
                for (text, pattern) in condition.fixed().filter(|_| test == next) {
                    let next = self.patterns.len();
                    let at = *patterns.entry((condition.base(), text)).or_insert(next);
                    if at == next {
                        self.patterns.push((pattern, Vec::new()));
                        self.patterns_by_arn.add(number(at), text);
                    }
                    if let Some((_, tests)) = self.patterns.get_mut(at) {
                        tests.push(test);
                    }
                }
                asked.tests.insert(test);
            }
            if statement.kind != PolicyKind::Key && statement.tells_keys_apart() {
                let next = number(self.elements.len());
                let element = *elements.entry(statement.resource_text()).or_insert(next);
                if element == next {
                    self.elements.push(statement);
                    for text in statement.resources() {
                        self.elements_by_arn.add(element, text);
                    }
                }
            }
            if matches!(
                statement.kind,
                PolicyKind::Key | PolicyKind::Rcp | PolicyKind::Endpoint
            ) {
                self.of_all.extend(&asked);
            }
            self.of_statement.insert(id, asked);
        }
        self.names = in_order(names);
        // Where very many conditions ask for one thing, its value is looked at instead.
        let mut asked: AHashMap<&str, Vec<&'a PreparedCondition>> = AHashMap::new();
        for test in key_tests.into_values() {
            asked.entry(&test.key().name).or_default().push(test);
        }
        for (name, tests) in asked {
            match tests.len() > MANY_TESTS || of_keys.contains(name) {
                true => drop(of_keys.insert(name.to_owned())),
                false => self.key_tests.extend(tests),
            }
        }
        self.of_keys = of_keys.into_iter().collect();
    }

    /// What is asked of a principal, and of all that carry the same.
    pub(super) fn asked_of(&self, principal: &Principal) -> Asked {
        let mut asked = self.of_all.clone();
        let levels = principal
            .account
            .into_iter()
            .flat_map(|id| self.world.levels_of(id));
        let scps = levels.flat_map(|level| &level.scps);
        let policies = principal.policies.iter().chain(&principal.boundary).chain(scps);
        let own = self.world.statements_of(policies);
        let own = own.filter_map(|(id, _)| self.of_statement.get(&id));
        own.for_each(|other| asked.extend(other));
        asked.values.retain(|&name| {
            self.names.get(name as usize).is_some_and(|name| {
                !same_for_all_of_account(name) && of_principal(self.world, principal, name).is_some()
            })
        });
        asked
    }

    /// What tells a principal from others that carry the same.
    pub(super) fn signs(&self, principal: &Principal, asked: &Asked) -> Vec<Sign> {
        let mut signs = Vec::new();
        for &number in &asked.values {
            let name = self.names.get(number as usize);
            let known = name.and_then(|name| of_principal(self.world, principal, name));
            signs.extend(known.map(|known| Sign::Value(number, known)));
        }
        if asked.tests.is_empty() {
            return signs;
        }
        let account = self.world.account_of(principal);
        let found = self.patterns_by_arn.about(&principal.arn, account).into_iter();
        let found = found.filter_map(|pattern| self.patterns.get(pattern as usize));
        let hits = found.filter(|(pattern, _)| pattern.matches(&principal.arn));
        let tests = hits.flat_map(|(_, tests)| tests).copied();
        let mut hit: SmallVec<[u32; 8]> = tests.filter(|test| asked.tests.contains(test)).collect();
        hit.sort_unstable();
        hit.dedup();
        signs.extend(hit.into_iter().map(Sign::Hit));
        signs
    }

    /// What tells a key from others that are made the same way.
    pub(super) fn signs_of_key(&self, key: &Key) -> Vec<Sign> {
        let mut signs = Vec::new();
        for (number_of, name) in self.of_keys.iter().enumerate() {
            let known = of_key(key, name);
            signs.extend(known.map(|known| Sign::Value(number(number_of), known)));
        }
        for (test, condition) in self.key_tests.iter().enumerate() {
            let name = &condition.key().name;
            let outcome = condition.evaluate(&OfKey(key), &mut Formulas::default());
            signs.push(match outcome {
                FormulaId::TRUE => Sign::KeyTest(number(test), true),
                FormulaId::FALSE => Sign::KeyTest(number(test), false),
                _ => Sign::OpenTest(number(test), of_key(key, name)),
            });
        }
        let account = self.world.account(key.account).map_or("", |account| &account.id);
        let found = self.elements_by_arn.about(&key.arn, account);
        for element in found {
            if let Some(statement) = self.elements.get(element as usize) {
                signs.push(covered(statement, element, key, account));
            }
        }
        for (id, statement) in self.world.statements_of(&key.policies) {
            if self.counts(statement) && statement.tells_keys_apart() {
                signs.push(covered(statement, id.0, key, account));
            }
        }
        signs
    }
}

/// What a key alone decides.
struct OfKey<'a>(&'a Key);

impl Context for OfKey<'_> {
    fn known(&self, name: &KeyName) -> Known {
        of_key(self.0, &name.name).unwrap_or_else(Known::free)
    }
}

/// How many conditions on one condition key are tried on every key.
const MANY_TESTS: usize = 64;

/// Whether a condition key may have values that keys decide.
fn may_be_about_keys(name: &str) -> bool {
    of_key(&Key::default(), name).is_some()
}

/// How a resource element covers a key; with variables in it, that depends on the principal too.
fn covered(statement: &Statement, element: u32, key: &Key, account: &str) -> Sign {
    match statement.covers(key, account) {
        Cover::Variables => Sign::Itself(key.arn.clone()),
        cover => Sign::Cover(element, cover),
    }
}

/// Whether a condition compares `aws:PrincipalArn` with texts that have no variables.
fn is_test_of_arn(condition: &PreparedCondition) -> bool {
    condition.key().name == "aws:PrincipalArn"
        && condition.keys().count() == 1
        && matches!(
            condition.base(),
            Base::Compare {
                test: Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike | Test::ArnLike,
                ..
            }
        )
}

/// Keys that have the same value for all users, or all roles, of an account.
fn same_for_all_of_account(name: &str) -> bool {
    matches!(
        name,
        "aws:PrincipalAccount"
            | "kms:CallerAccount"
            | "aws:PrincipalOrgID"
            | "aws:PrincipalOrgPaths"
            | "aws:PrincipalType"
            | "aws:PrincipalIsAWSService"
            | "aws:PrincipalServiceName"
            | "aws:PrincipalServiceNamesList"
    )
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn in_order(names: AHashMap<String, u32>) -> Vec<String> {
    let mut names: Vec<(String, u32)> = names.into_iter().collect();
    names.sort_unstable_by_key(|(_, number)| *number);
    names.into_iter().map(|(name, _)| name).collect()
}
