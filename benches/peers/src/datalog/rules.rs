//! The rule core in ascent: a path to the key, and no deny on it. Once a fact for each action, once with sets of them.

use super::lower::{AccountId, Facts, KeyId, PolicyId, RoleId};
use ascent::{Lattice, ascent};
use keywho::model::action::{Action, ActionSet};
use std::cmp::Ordering;
use std::collections::HashMap;

ascent! {
    struct OneByOne;

    relation delegates(KeyId, AccountId, Action);
    relation names(KeyId, RoleId, Action);
    relation invites(KeyId, RoleId, Action);
    relation grants(KeyId, RoleId, Action);
    relation allows(PolicyId, KeyId, Action);
    relation holds(PolicyId, AccountId, RoleId);
    relation bars(KeyId, Action);
    relation denies(PolicyId, Action);
    relation limits(RoleId, PolicyId);

    relation path(RoleId, KeyId, Action);
    path(r, k, a) <-- names(k, r, a);
    path(r, k, a) <-- grants(k, r, a);
    path(r, k, a) <-- delegates(k, c, a), allows(p, k, a), holds(p, c, r);
    path(r, k, a) <-- invites(k, r, a), allows(p, k, a), holds(p, _, r);

    relation denied(RoleId, KeyId, Action);
    denied(r, k, a) <-- path(r, k, a), bars(k, a);
    denied(r, k, a) <-- path(r, k, a), limits(r, p), denies(p, a);

    relation access(RoleId, KeyId, Action);
    access(r, k, a) <-- path(r, k, a), !denied(r, k, a);
}

/// A set of actions; of two for the same pair, the union counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Mask(ActionSet);

impl PartialOrd for Mask {
    fn partial_cmp(&self, other: &Mask) -> Option<Ordering> {
        match (self.0.is_subset(other.0), other.0.is_subset(self.0)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

impl Mask {
    fn become_set(&mut self, set: ActionSet) -> bool {
        std::mem::replace(&mut self.0, set) != set
    }
}

impl Lattice for Mask {
    fn meet_mut(&mut self, other: Mask) -> bool {
        self.become_set(self.0 & other.0)
    }

    fn join_mut(&mut self, other: Mask) -> bool {
        self.become_set(self.0 | other.0)
    }
}

ascent! {
    struct Sets;

    relation delegates(KeyId, AccountId, ActionSet);
    relation names(KeyId, RoleId, ActionSet);
    relation invites(KeyId, RoleId, ActionSet);
    relation grants(KeyId, RoleId, ActionSet);
    relation allows(PolicyId, KeyId, ActionSet);
    relation holds(PolicyId, AccountId, RoleId);
    relation bars(KeyId, ActionSet);
    relation denies(PolicyId, ActionSet);
    relation limits(RoleId, PolicyId);

    lattice path(RoleId, KeyId, Mask);
    path(r, k, Mask(*a)) <-- names(k, r, a);
    path(r, k, Mask(*a)) <-- grants(k, r, a);
    path(r, k, Mask(*gate & *a)) <-- delegates(k, c, gate), allows(p, k, a), holds(p, c, r);
    path(r, k, Mask(*gate & *a)) <-- invites(k, r, gate), allows(p, k, a), holds(p, _, r);

    lattice denied(RoleId, KeyId, Mask);
    denied(r, k, Mask(*a)) <-- path(r, k, _), bars(k, a);
    denied(r, k, Mask(*a)) <-- path(r, k, _), limits(r, p), denies(p, a);
}

/// The program with a fact for each action.
pub(crate) struct Single(OneByOne);

impl Single {
    pub(crate) fn new(facts: &Facts) -> Single {
        Single(OneByOne {
            delegates: spread(&facts.delegates),
            names: spread(&facts.names),
            invites: spread(&facts.invites),
            grants: spread(&facts.grants),
            allows: spread(&facts.allows),
            holds: facts.holds.clone(),
            bars: spread_pairs(&facts.bars),
            denies: spread_pairs(&facts.denies),
            limits: facts.limits.clone(),
            ..OneByOne::default()
        })
    }

    /// How many facts it starts from.
    pub(crate) fn facts(&self) -> usize {
        let all = &self.0;
        let named = [&all.names, &all.invites, &all.grants].map(Vec::len);
        let small = [
            all.holds.len(),
            all.bars.len(),
            all.denies.len(),
            all.limits.len(),
        ];
        all.delegates.len() + all.allows.len() + named.iter().chain(&small).sum::<usize>()
    }

    pub(crate) fn run(mut self) -> Vec<(RoleId, KeyId, Action)> {
        self.0.run();
        self.0.access
    }
}

fn spread(facts: &[(u32, u32, ActionSet)]) -> Vec<(u32, u32, Action)> {
    let each = facts
        .iter()
        .flat_map(|&(a, b, set)| set.iter().map(move |action| (a, b, action)));
    each.collect()
}

fn spread_pairs(facts: &[(u32, ActionSet)]) -> Vec<(u32, Action)> {
    let each = facts
        .iter()
        .flat_map(|&(a, set)| set.iter().map(move |action| (a, action)));
    each.collect()
}

/// The program with sets of actions. Rules cannot take anything from a lattice: what is denied is taken off afterwards.
pub(crate) fn run_sets(facts: Facts) -> Vec<(RoleId, KeyId, ActionSet)> {
    let mut program = Sets {
        delegates: facts.delegates,
        names: facts.names,
        invites: facts.invites,
        grants: facts.grants,
        allows: facts.allows,
        holds: facts.holds,
        bars: facts.bars,
        denies: facts.denies,
        limits: facts.limits,
        ..Sets::default()
    };
    program.run();
    let denied = program
        .denied
        .iter()
        .map(|&(role, key, set)| ((role, key), set.0));
    let denied: HashMap<(RoleId, KeyId), ActionSet> = denied.collect();
    let paths = program.path.iter();
    paths
        .map(|&(role, key, set)| {
            let denied = denied.get(&(role, key)).copied().unwrap_or_default();
            (role, key, set.0 - denied)
        })
        .collect()
}
