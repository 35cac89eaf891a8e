//! Two worlds -> who and what is in both: principals by name, then by unique id; keys by ARN.

use crate::engine::Engine;
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Principal, World};
use ahash::AHashMap;

/// Something that is in one of two worlds, or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Both<I> {
    pub(super) old: Option<I>,
    pub(super) new: Option<I>,
}

/// Position of a principal or key among those of both worlds.
pub(super) type At = u32;

pub(super) fn at(position: usize) -> At {
    At::try_from(position).unwrap_or(At::MAX)
}

/// The principals of two worlds.
#[derive(Debug, Default)]
pub(super) struct Principals<'e> {
    /// Those whose name means one caller.
    pub(super) all: Vec<Both<PrincipalId>>,
    /// Names that several callers share: rows put these together.
    pub(super) shared: Vec<&'e str>,
    /// Old and new names of those with the same unique id.
    pub(super) renamed: Vec<(&'e str, &'e str)>,
    /// Those with the same name and another unique id.
    pub(super) recreated: Vec<&'e str>,
    /// Positions by id; the last number stands for none.
    by_old: Vec<At>,
    by_new: Vec<At>,
}

impl<'e> Principals<'e> {
    pub(super) fn of(old: &'e Engine, new: &'e Engine) -> Principals<'e> {
        let mut found = Principals {
            by_old: vec![At::MAX; old.world.principals.len()],
            by_new: vec![At::MAX; new.world.principals.len()],
            ..Principals::default()
        };
        let (mut gone, mut added) = (Vec::new(), Vec::new());
        for (name, in_old) in named(&old.world) {
            match (
                in_old,
                new.world
                    .principal_ids
                    .get(name)
                    .map(|ids| alive(&new.world, ids)),
            ) {
                (Callers::One(old), None | Some(Callers::None)) => gone.push(old),
                (Callers::One(old), Some(Callers::One(new))) => found.push(Some(old), Some(new)),
                (Callers::None, _) => {}
                (Callers::One(_) | Callers::Several, _) => found.shared.push(name),
            }
        }
        for (name, in_new) in named(&new.world) {
            let in_old = old.world.principal_ids.get(name);
            match (in_old.map(|ids| alive(&old.world, ids)), in_new) {
                (None | Some(Callers::None), Callers::One(new)) => added.push(new),
                (None | Some(Callers::None), Callers::Several) => found.shared.push(name),
                _ => {}
            }
        }
        found.rename(old, new, gone, added);
        let recreated = found.all.iter().filter_map(|both| {
            let (before, now) = (old.world.principal(both.old?)?, new.world.principal(both.new?)?);
            let known = !before.unique_id.is_empty() && !now.unique_id.is_empty();
            (is_user_or_role(now) && known && before.unique_id != now.unique_id).then_some(now.name.as_str())
        });
        found.recreated = recreated.collect();
        found.recreated.sort_unstable();
        found.shared.sort_unstable();
        found
    }

    /// Finds those who have another name now, and keeps the others apart.
    fn rename(&mut self, old: &'e Engine, new: &'e Engine, gone: Vec<PrincipalId>, added: Vec<PrincipalId>) {
        let mut by_id: AHashMap<(Kind, &str), PrincipalId> = AHashMap::new();
        for &id in &added {
            if let Some(one) = new.world.principal(id).filter(|one| has_unique_id(one)) {
                by_id.insert((one.kind, &one.unique_id), id);
            }
        }
        for id in gone {
            let before = old.world.principal(id).filter(|one| has_unique_id(one));
            let now = before.and_then(|one| by_id.remove(&(one.kind, one.unique_id.as_str())));
            self.push(Some(id), now);
            let now = now.and_then(|id| new.world.principal(id));
            if let (Some(before), Some(now)) = (before, now) {
                self.renamed.push((&before.name, &now.name));
            }
        }
        for id in added {
            if self.of_new(id).is_none() {
                self.push(None, Some(id));
            }
        }
        self.renamed.sort_unstable();
    }

    fn push(&mut self, old: Option<PrincipalId>, new: Option<PrincipalId>) {
        let at = at(self.all.len());
        self.all.push(Both { old, new });
        for (positions, id) in [(&mut self.by_old, old), (&mut self.by_new, new)] {
            if let Some(place) = id.and_then(|id| positions.get_mut(id.index())) {
                *place = at;
            }
        }
    }

    pub(super) fn of_old(&self, id: PrincipalId) -> Option<At> {
        self.by_old.get(id.index()).copied().filter(|at| *at != At::MAX)
    }

    pub(super) fn of_new(&self, id: PrincipalId) -> Option<At> {
        self.by_new.get(id.index()).copied().filter(|at| *at != At::MAX)
    }

    /// The position of a shared name: after all others.
    pub(super) fn at_shared(&self, number: usize) -> At {
        at(self.all.len().saturating_add(number))
    }

    /// The name of a principal, the new one if it has two.
    pub(super) fn name(&self, at: At, old: &'e Engine, new: &'e Engine) -> Option<&'e str> {
        let Some(both) = self.get(at) else {
            let number = (at as usize).checked_sub(self.all.len())?;
            return self.shared.get(number).copied();
        };
        let now = both.new.and_then(|id| new.world.principal(id));
        let one = now.or_else(|| both.old.and_then(|id| old.world.principal(id)));
        one.map(|one| one.name.as_str())
    }

    pub(super) fn get(&self, at: At) -> Option<Both<PrincipalId>> {
        self.all.get(at as usize).copied()
    }
}

/// How many callers go by one name.
enum Callers {
    None,
    One(PrincipalId),
    Several,
}

fn named(world: &World) -> impl Iterator<Item = (&str, Callers)> {
    let names = world.principal_ids.iter();
    names.map(|(name, ids)| (name.as_str(), alive(world, ids)))
}

fn alive(world: &World, ids: &[PrincipalId]) -> Callers {
    let mut there = ids.iter().copied().filter(|&id| world.principal(id).is_some());
    match (there.next(), there.next()) {
        (None, _) => Callers::None,
        (Some(only), None) => Callers::One(only),
        (Some(_), Some(_)) => Callers::Several,
    }
}

fn is_user_or_role(one: &Principal) -> bool {
    matches!(one.kind, Kind::User | Kind::Role)
}

fn has_unique_id(one: &Principal) -> bool {
    is_user_or_role(one) && !one.unique_id.is_empty()
}

/// The keys of two worlds, and what stands for the resource of actions without one.
pub(super) fn keys(old: &Engine, new: &Engine) -> Vec<Both<KeyId>> {
    // What stands for no resource is there once for each account, under one name.
    let name = |engine: &Engine, key: &Key| {
        let account = engine.world.account(key.account);
        (key.arn.clone(), account.map(|account| account.id.clone()))
    };
    let keys = new.world.keys.iter().enumerate();
    let mut in_new: AHashMap<_, KeyId> = keys.map(|(at, key)| (name(new, key), KeyId::at(at))).collect();
    let mut found: Vec<Both<KeyId>> = Vec::new();
    for (at, key) in old.world.keys.iter().enumerate() {
        found.push(Both {
            old: Some(KeyId::at(at)),
            new: in_new.remove(&name(old, key)),
        });
    }
    let mut added: Vec<KeyId> = in_new.into_values().collect();
    added.sort_unstable();
    found.extend(added.into_iter().map(|id| Both {
        old: None,
        new: Some(id),
    }));
    found
}
