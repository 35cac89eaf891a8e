//! The pairs of a principal and a key that texts or grants are about.

use super::{Among, Part, Partition};
use crate::facts::id::{KeyId, PolicyId, PrincipalId};
use crate::facts::statement::About;
use crate::facts::world::{Key, Resource, World};
use ahash::AHashMap;

/// All such pairs, by key.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    /// By the first key of those whose policies say the same: everybody whom these name.
    pub(super) named: Listed,
    /// By key: the first of those who hold the same, where that lists the key.
    pub(super) listed: Listed,
    /// By key: everybody whom a grant names, and who is in both of the lists above.
    pub(super) single: Listed,
}

/// Principals by key, sorted.
#[derive(Debug, Default)]
pub(crate) struct Listed(Vec<Vec<PrincipalId>>);

impl Listed {
    fn new(mut by_key: Vec<Vec<PrincipalId>>) -> Listed {
        for principals in &mut by_key {
            principals.sort_unstable();
            principals.dedup();
        }
        Listed(by_key)
    }

    /// The principals listed for a key.
    pub(crate) fn at(&self, key: KeyId) -> &[PrincipalId] {
        self.0.get(key.index()).map_or(&[], Vec::as_slice)
    }

    /// All keys with principals listed, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (KeyId, &[PrincipalId])> {
        let all = self.0.iter().enumerate();
        all.map(|(index, listed)| (KeyId::at(index), listed.as_slice()))
            .filter(|(_, listed)| !listed.is_empty())
    }

    pub(super) fn has(&self, key: KeyId, principal: PrincipalId) -> bool {
        self.at(key).binary_search(&principal).is_ok()
    }
}

impl Pairs {
    pub(super) fn new(
        world: &World,
        among: &Among,
        holders: &Partition<PrincipalId>,
        texts: &Partition<KeyId>,
    ) -> Pairs {
        let nobody = || vec![Vec::new(); world.keys.len()];
        let (mut named, mut single) = (nobody(), nobody());
        let listed = listed(world, among, holders);
        let here = |one: &PrincipalId| among.has(*one);
        for &id in &among.keys {
            let Some(key) = world.key(id) else { continue };
            if texts.first(id) == id
                && let Some(named) = named.get_mut(id.index())
            {
                named.extend(named_on(world, key).into_iter().filter(here));
            }
            if let Some(single) = single.get_mut(id.index()) {
                single.extend(granted_on(world, key).into_iter().filter(here));
            }
        }
        let named = Listed::new(named);
        for &id in &among.keys {
            if let Some(single) = single.get_mut(id.index()).filter(|_| !listed.at(id).is_empty()) {
                let both = named.at(texts.first(id)).iter().copied();
                single.extend(both.filter(|&one| listed.has(id, holders.first(one))));
            }
        }
        Pairs {
            named,
            listed,
            single: Listed::new(single),
        }
    }

    /// The pairs of a part.
    pub(crate) fn of(&self, part: Part) -> &Listed {
        const NONE: &Listed = &Listed(Vec::new());
        match part {
            Part::Alike => NONE,
            Part::Named => &self.named,
            Part::Listed => &self.listed,
            Part::Single => &self.single,
        }
    }

    /// Everybody by itself on every key.
    #[cfg(test)]
    pub(super) fn all_single(world: &World) -> Pairs {
        let everybody: Vec<PrincipalId> = (0..world.principals.len()).map(PrincipalId::at).collect();
        Pairs {
            single: Listed(vec![everybody; world.keys.len()]),
            ..Pairs::default()
        }
    }
}

/// Everybody whom the principal elements of a key's policies name.
fn named_on(world: &World, key: &Key) -> Vec<PrincipalId> {
    let statements = world.statements_of(&key.policies);
    let texts = statements.flat_map(|(_, statement)| statement.principal_texts());
    texts.flat_map(|text| world.named(text)).collect()
}

/// Everybody whom the grants on a key name.
fn granted_on(world: &World, key: &Key) -> Vec<PrincipalId> {
    let grants = key.grants.iter().filter_map(|&id| world.grant(id));
    let parties = grants.flat_map(|grant| [&grant.grantee, &grant.retiring]);
    parties.flat_map(|party| world.meant(party)).collect()
}

/// The keys that policies list, with who holds these.
fn listed(world: &World, among: &Among, holders: &Partition<PrincipalId>) -> Listed {
    let mut of_policy: AHashMap<PolicyId, Vec<KeyId>> = AHashMap::new();
    let mut by_key: Vec<Vec<PrincipalId>> = vec![Vec::new(); world.keys.len()];
    for &holder in &among.principals {
        let Some(principal) = world
            .principal(holder)
            .filter(|_| holders.first(holder) == holder)
        else {
            continue;
        };
        for &policy in &principal.policies {
            let keys = of_policy
                .entry(policy)
                .or_insert_with(|| keys_listed(world, policy));
            for key in keys {
                if let Some(listed) = by_key.get_mut(key.index()) {
                    listed.push(holder);
                }
            }
        }
    }
    Listed::new(by_key)
}

fn keys_listed(world: &World, policy: PolicyId) -> Vec<KeyId> {
    let listing = world.statements_of([&policy]);
    let texts = listing
        .filter(|(_, one)| one.about == About::ListedKeys)
        .flat_map(|(_, one)| one.resources());
    let mut keys: Vec<KeyId> = texts.filter_map(|arn| world.key_ids.get(arn).copied()).collect();
    keys.retain(|&id| world.key(id).is_some_and(|key| key.kind == Resource::Key));
    keys
}
