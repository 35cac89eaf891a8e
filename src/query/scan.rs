//! The whole relation, pair by pair, borrowed: for those who count, copy or compare it.

use super::bulk::performed;
use crate::answer::Access;
use crate::condition::formula::FormulaId;
use crate::engine::{Engine, Pair};
use crate::facts::id::KeyId;
use crate::facts::world::{Key, Kind, Principal};
use crate::model::action::ActionSet;

/// What one principal may do on one key.
#[derive(Clone, Copy)]
pub struct Entry<'e> {
    engine: &'e Engine,
    principal: &'e Principal,
    key: &'e Key,
    pair: Pair<'e>,
    performed: ActionSet,
}

impl<'e> Entry<'e> {
    /// The principal, as rows name it. Callers of one name, such as federated users that several users make, come one
    /// by one; a row of the matrix puts them together.
    #[must_use]
    pub fn principal(&self) -> &'e str {
        &self.principal.name
    }

    /// ARN of the key; `*` for actions without a resource.
    #[must_use]
    pub fn key(&self) -> &'e str {
        &self.key.arn
    }

    /// All actions that are possible at all: always, or under a condition. Operations that the key cannot perform are
    /// not among them (S5.5.2).
    #[must_use]
    pub fn actions(&self) -> ActionSet {
        let all = self.pair.folded.access.iter();
        all.fold(ActionSet::EMPTY, |all, (actions, _)| all | *actions) & self.performed
    }

    /// Those that are possible whatever the request states.
    #[must_use]
    pub fn always(&self) -> ActionSet {
        let all = self.pair.folded.access.iter();
        let always = all.filter(|(_, formula)| *formula == FormulaId::TRUE);
        always.fold(ActionSet::EMPTY, |all, (actions, _)| all | *actions) & self.performed
    }

    /// Sets of actions with the access that they have in common.
    pub fn parts(&self) -> impl Iterator<Item = (ActionSet, Access)> + 'e {
        let Entry {
            engine,
            principal,
            pair,
            performed,
            ..
        } = *self;
        let service = principal.kind == Kind::Service;
        let parts = pair
            .folded
            .access
            .iter()
            .map(move |(actions, formula)| (*actions & performed, *formula));
        parts
            .filter(|(actions, _)| !actions.is_empty())
            .map(move |(actions, formula)| (actions, engine.access(formula, service)))
    }
}

impl Engine {
    /// Every pair of a principal and a key with some access, key by key, in no order otherwise: nothing is copied and
    /// nothing but the pair at hand is looked at.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let keys = self.world.keys.iter().enumerate();
        keys.flat_map(move |(at, key)| {
            let performed = performed(key);
            let pairs = self.on_key(KeyId::at(at));
            pairs.filter_map(move |pair| {
                let entry = Entry {
                    engine: self,
                    principal: self.world.principal(pair.principal)?,
                    key,
                    pair,
                    performed,
                };
                (!entry.actions().is_empty()).then_some(entry)
            })
        })
    }
}
