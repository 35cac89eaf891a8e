//! Keys of two snapshots: policies, grants, aliases, tags, and what the keys are.

use super::policies::Of;
use super::{Basis, Finder, Touch, Turn, Word, in_new, in_old, joined, turn};
use crate::model::Collected;
use crate::model::action::{Action, ActionSet};
use crate::model::key::{Grant, Key};
use crate::model::principal::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Finder<'_> {
    pub(super) fn keys(&mut self) {
        let of = |keys: &'_ [Key]| -> Vec<usize> {
            let mut order: Vec<usize> = (0..keys.len()).collect();
            order.sort_by_key(|&at| keys.get(at).map(|key| key.arn.as_str()));
            order
        };
        let (old, new) = (&self.old.keys, &self.new.keys);
        let (in_order_old, in_order_new) = (of(old), of(new));
        let by_arn = |keys: &'_ [Key], order: Vec<usize>| -> Vec<(String, usize)> {
            let named = order
                .into_iter()
                .filter_map(|at| Some((keys.get(at)?.arn.clone(), at)));
            named.collect()
        };
        let (a, b) = (by_arn(old, in_order_old), by_arn(new, in_order_new));
        let pairs = joined(
            a.iter()
                .filter_map(|(arn, at)| Some((arn.as_str(), old.get(*at)?))),
            b.iter()
                .filter_map(|(arn, at)| Some((arn.as_str(), new.get(*at)?))),
        );
        for (arn, before, now) in pairs {
            let touch = Touch::Key(arn.to_owned());
            match (before, now) {
                (Some(before), Some(now)) => self.key(before, now, &touch),
                (before, now) => {
                    let at = match (now, before) {
                        (Some(key), _) => in_new(key.location),
                        (None, key) => in_old(key.map(|key| key.location).unwrap_or_default()),
                    };
                    let words = vec![Word::Text("key"), Word::Key(arn.to_owned())];
                    self.note(turn(before.is_some(), now.is_some()), words, at, vec![touch]);
                }
            }
        }
    }

    fn key(&mut self, old: &Key, new: &Key, touch: &Touch) {
        let name = || Word::Key(new.arn.clone());
        let touches = std::slice::from_ref(touch);
        let by_name = |key: &'_ Key| -> BTreeMap<String, Arc<Policy>> {
            let policies = key.policies.iter();
            policies.map(|one| (one.name.clone(), Arc::clone(one))).collect()
        };
        let (before, now) = (by_name(old), by_name(new));
        for (policy, a, b) in joined(before.iter(), now.iter()) {
            let words = match policy.as_str() {
                "default" => vec![Word::Text("the key policy of"), name()],
                _ => vec![
                    Word::Text("key policy"),
                    Word::Name(policy.clone()),
                    Word::Text("of"),
                    name(),
                ],
            };
            let of = Of {
                words: &words,
                touches,
                limits: false,
            };
            self.text(a, b, &of);
        }
        self.grants(old, new, touch);
        let aliases = |key: &'_ Key| -> Vec<String> {
            let mut aliases = key.aliases.clone();
            aliases.sort_unstable();
            aliases
        };
        let (before, now) = (aliases(old), aliases(new));
        let same = |aliases: &'_ [String]| -> Vec<(String, String)> {
            aliases.iter().map(|one| (one.clone(), one.clone())).collect()
        };
        let (before, now) = (same(&before), same(&now));
        let pairs = joined(
            before.iter().map(|(name, own)| (name, own)),
            now.iter().map(|(name, own)| (name, own)),
        );
        for (alias, a, b) in pairs {
            if a.is_none() || b.is_none() {
                let words = vec![
                    Word::Text("alias"),
                    Word::Name(alias.clone()),
                    Word::Text("of"),
                    name(),
                ];
                let turn = turn(a.is_some(), b.is_some());
                self.note(turn, words, in_new(new.location), vec![touch.clone()]);
            }
        }
        self.values(
            old.tags.iter(),
            new.tags.iter(),
            &[name()],
            in_new(new.location),
            touch,
        );
        self.nature(old, new, touch);
    }

    /// What a key is, and what of it was collected.
    fn nature(&mut self, old: &Key, new: &Key, touch: &Touch) {
        let what = |key: &'_ Key| {
            (
                (
                    key.aws_managed,
                    key.spec.clone(),
                    key.usage.clone(),
                    key.origin.clone(),
                ),
                (
                    key.multi_region,
                    key.multi_region_type.clone(),
                    key.trailing_days_without_use,
                ),
            )
        };
        let mut others: Vec<&'static str> = Vec::new();
        if what(old) != what(new) {
            others.push("what describes");
        }
        let collected: [(&'static str, Collected, Collected); 4] = [
            (
                "the collected key policies of",
                old.policies_collected,
                new.policies_collected,
            ),
            (
                "the collected grants of",
                old.grants_collected,
                new.grants_collected,
            ),
            (
                "the collected aliases of",
                old.aliases_collected,
                new.aliases_collected,
            ),
            ("the collected tags of", old.tags_collected, new.tags_collected),
        ];
        others.extend(
            collected
                .iter()
                .filter(|(_, a, b)| a != b)
                .map(|(words, ..)| *words),
        );
        for words in others {
            let words = vec![Word::Text(words), Word::Key(new.arn.clone())];
            self.note(Turn::Changed, words, in_new(new.location), vec![touch.clone()]);
        }
    }

    fn grants(&mut self, old: &Key, new: &Key, touch: &Touch) {
        let by_id = |key: &'_ Key| -> BTreeMap<String, Grant> {
            let grants = key.grants.iter();
            grants.map(|grant| (grant.id.clone(), grant.clone())).collect()
        };
        if old.grants.is_empty() && new.grants.is_empty() {
            return;
        }
        let (before, now) = (by_id(old), by_id(new));
        for (id, a, b) in joined(before.iter(), now.iter()) {
            if a.zip(b).is_some_and(|(a, b)| says_the_same(a, b)) {
                continue;
            }
            let Some(shown) = b.or(a) else { continue };
            let called = if shown.name.is_empty() { id } else { &shown.name };
            let mut words = vec![
                Word::Text("grant"),
                Word::Name(called.clone()),
                Word::Text("on"),
                Word::Key(new.arn.clone()),
            ];
            if let Some(grantee) = shown.grantee.as_ref().or(shown.grantee_service.as_ref()) {
                words.extend([Word::Text("for"), Word::Principal(grantee.clone())]);
            }
            let at = match b {
                Some(grant) => in_new(grant.location),
                None => in_old(shown.location),
            };
            let turn = turn(a.is_some(), b.is_some());
            let Some(found) = self.note(turn, words, at, vec![touch.clone()]) else {
                continue;
            };
            // Who may retire it need not be among its operations (S4.9.8).
            let operations = a.into_iter().chain(b).flat_map(|grant| &grant.operations);
            let operations: ActionSet = operations.filter_map(|name| Action::parse(name)).collect();
            found.actions = operations | ActionSet::RETIRE_GRANT;
            found.was.extend(a.map(|grant| Basis::Grant(grant.id.clone())));
            found.is.extend(b.map(|grant| Basis::Grant(grant.id.clone())));
            found.gives = match turn {
                Turn::Added => Some(true),
                Turn::Removed => Some(false),
                Turn::Changed => None,
            };
            found.elsewhere = false;
        }
    }
}

fn says_the_same(a: &Grant, b: &Grant) -> bool {
    let whom = |one: &'_ Grant| {
        [
            one.grantee.clone(),
            one.grantee_service.clone(),
            one.retiring.clone(),
            one.retiring_service.clone(),
            one.issuing_account.clone(),
        ]
    };
    let operations = |one: &'_ Grant| {
        let mut all = one.operations.clone();
        all.sort_unstable();
        all
    };
    whom(a) == whom(b) && operations(a) == operations(b) && a.constraints == b.constraints
}
