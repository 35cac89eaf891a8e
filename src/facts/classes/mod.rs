//! Classes: principals, and keys, that nothing in the snapshot tells apart share what is derived for one of them.
//!
//! A text that names a principal does not split its class: where a key's policy or a grant names a member, the member is
//! looked at by itself on that key, and only there. Rules see ids and do not know for how many they stand.

mod named;
mod tests_of_arns;
mod what_tells;

use super::id::{GrantId, KeyId, PolicyId, PrincipalId};
use super::lower::{Grants, retirable};
use super::statement::Statement;
use super::world::{Key, Kind, Party, Principal, Resource, World};
use crate::policy::document::PolicyKind;
use ahash::AHashMap;
use std::sync::OnceLock;
use what_tells::{Sign, Telling};

/// Who and what is alike.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// The first of its class, for each principal.
    principals: Vec<PrincipalId>,
    /// The first of its class, for each key.
    keys: Vec<KeyId>,
    /// All of a class, in order, where they are several.
    members: AHashMap<PrincipalId, Vec<PrincipalId>>,
    keys_of: AHashMap<KeyId, Vec<KeyId>>,
    /// What stands for a class of several principals.
    standing: AHashMap<PrincipalId, Principal>,
    /// Members of classes whom the policies of keys name, by the first key of a class.
    pub(crate) named: Listed,
    /// Principals that the grants on a key name, where these are not the whole class's.
    pub(crate) granted: Listed,
    /// Who and what is alike where no path leads; found out when first asked for.
    refused: OnceLock<Refused>,
}

/// Who and what is alike of those whom no path leads to a key: of them, denies and limits alone are looked at.
#[derive(Debug, Default)]
struct Refused {
    /// The first of its class, for each principal.
    principals: Vec<PrincipalId>,
    /// The first of its class, for each key.
    keys: Vec<KeyId>,
    /// Everybody whom statements that deny name, by key.
    denied: Listed,
}

impl Refused {
    fn of(world: &World) -> Refused {
        let telling = Telling::of(world, stands_against);
        Refused {
            principals: principals(world, &telling),
            keys: keys(world, &telling, false),
            denied: named::denied(world),
        }
    }
}

/// Principals by key, sorted.
#[derive(Debug, Default)]
pub(crate) struct Listed(Vec<Vec<PrincipalId>>);

impl Listed {
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

    fn has(&self, key: KeyId, principal: PrincipalId) -> bool {
        self.at(key).binary_search(&principal).is_ok()
    }
}

/// Where the cell of a principal and a key is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// With those who are alike.
    Alike,
    /// By itself, on all keys that are alike.
    Named,
    /// By itself, on this key.
    Granted,
}

/// A cell: the part it is in, and the ids it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Site {
    pub(crate) part: Part,
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
}

impl Classes {
    /// Finds who and what is alike.
    pub(crate) fn of(world: &World) -> Classes {
        let all = Telling::of(world, |_| true);
        let mut classes = Classes {
            principals: principals(world, &all),
            keys: keys(world, &all, true),
            ..Classes::default()
        };
        classes.members = several(&classes.principals, PrincipalId::at);
        classes.keys_of = several(&classes.keys, KeyId::at);
        let stands = classes.members.keys().filter_map(|&first| {
            let alike = Principal {
                alike: true,
                ..world.principal(first)?.clone()
            };
            Some((first, alike))
        });
        classes.standing = stands.collect();
        classes.name(world);
        classes
    }

    /// Everybody and everything by itself.
    #[cfg(test)]
    pub(crate) fn none(world: &World) -> Classes {
        let principals: Vec<PrincipalId> = (0..world.principals.len()).map(PrincipalId::at).collect();
        let refused = Refused {
            denied: Listed(vec![principals.clone(); world.keys.len()]),
            ..Refused::default()
        };
        Classes {
            refused: refused.into(),
            principals,
            keys: (0..world.keys.len()).map(KeyId::at).collect(),
            ..Classes::default()
        }
    }

    /// Where denies and limits are looked at, of a cell that no path leads to.
    pub(crate) fn refused(&self, world: &World, site: Site) -> Site {
        let refused = self.refused.get_or_init(|| Refused::of(world));
        // Of a class of several, whom a text names is looked at by itself already; the first may be one of those.
        let named = || self.is_single(site.principal) && refused.denied.has(site.key, site.principal);
        match site.part {
            Part::Alike if named() => Site {
                part: Part::Named,
                ..site
            },
            Part::Alike => Site {
                principal: own_or(&refused.principals, site.principal.index(), site.principal),
                key: own_or(&refused.keys, site.key.index(), site.key),
                ..site
            },
            Part::Named | Part::Granted => site,
        }
    }

    /// Where the cell of a principal and a key is.
    pub(crate) fn site(&self, principal: PrincipalId, key: KeyId) -> Site {
        let of_key = self.first_key(key);
        let (part, principal, key) = if self.granted.has(key, principal) {
            (Part::Granted, principal, key)
        } else if self.named.has(of_key, principal) {
            (Part::Named, principal, of_key)
        } else {
            (Part::Alike, self.first(principal), of_key)
        };
        Site { part, principal, key }
    }

    /// The first of a principal's class.
    pub(crate) fn first(&self, principal: PrincipalId) -> PrincipalId {
        own_or(&self.principals, principal.index(), principal)
    }

    /// The first of a key's class.
    pub(crate) fn first_key(&self, key: KeyId) -> KeyId {
        own_or(&self.keys, key.index(), key)
    }

    /// The principals of a class, by its first.
    pub(crate) fn members<'a>(&'a self, first: &'a PrincipalId) -> &'a [PrincipalId] {
        self.members
            .get(first)
            .map_or(std::slice::from_ref(first), Vec::as_slice)
    }

    /// The keys of a class, by its first.
    pub(crate) fn keys_of<'a>(&'a self, first: &'a KeyId) -> &'a [KeyId] {
        self.keys_of
            .get(first)
            .map_or(std::slice::from_ref(first), Vec::as_slice)
    }

    /// Whether a principal is the only one of its class.
    pub(crate) fn is_single(&self, principal: PrincipalId) -> bool {
        !self.members.contains_key(&self.first(principal))
    }

    /// What stands for a class of principals, by its first.
    pub(crate) fn standing<'a>(&'a self, world: &'a World, first: PrincipalId) -> Option<&'a Principal> {
        self.standing.get(&first).or_else(|| world.principal(first))
    }

    /// One principal for each class.
    pub(crate) fn all<'a>(&'a self, world: &'a World) -> Vec<(PrincipalId, &'a Principal)> {
        let firsts = self.firsts(&self.principals, PrincipalId::at);
        firsts
            .filter_map(|first| Some((first, self.standing(world, first)?)))
            .collect()
    }

    /// One key for each class, and which of its grants are those of all.
    pub(crate) fn all_keys<'a>(&'a self, world: &'a World) -> Vec<(KeyId, &'a Key, Grants)> {
        let firsts = self.firsts(&self.keys, KeyId::at);
        firsts
            .filter_map(|first| Some((first, world.key(first)?, self.grants_at(first))))
            .collect()
    }

    /// The grants to look at for a class of keys.
    pub(crate) fn grants_at(&self, first: KeyId) -> Grants {
        match self.keys_of.contains_key(&first) {
            true => Grants::Retirable,
            false => Grants::All,
        }
    }

    fn firsts<'a, I: Copy + PartialEq + 'a>(
        &self,
        all: &'a [I],
        at: fn(usize) -> I,
    ) -> impl Iterator<Item = I> + 'a {
        let own = all.iter().enumerate();
        own.filter(move |(index, first)| at(*index) == **first)
            .map(|(_, first)| *first)
    }
}

fn own_or<I: Copy>(firsts: &[I], index: usize, own: I) -> I {
    firsts.get(index).copied().unwrap_or(own)
}

/// Whether a statement denies, or limits by what it allows.
fn stands_against(statement: &Statement) -> bool {
    statement.denies || matches!(statement.kind, PolicyKind::Scp | PolicyKind::Boundary)
}

/// Classes of more than one.
fn several<I: Copy + Eq + std::hash::Hash>(firsts: &[I], at: fn(usize) -> I) -> AHashMap<I, Vec<I>> {
    let mut all: AHashMap<I, Vec<I>> = AHashMap::new();
    for (index, first) in firsts.iter().enumerate() {
        if at(index) != *first {
            let class = all.entry(*first).or_insert_with(|| vec![*first]);
            class.push(at(index));
        }
    }
    all
}

/// What a user or role carries; class and name aside, policies see nothing else of it.
#[derive(PartialEq, Eq, Hash)]
struct Carried<'a> {
    kind: Kind,
    account: Option<super::id::AccountId>,
    partition: &'a str,
    policies: Vec<PolicyId>,
    boundary: Option<PolicyId>,
    service_linked: bool,
    open_tags: bool,
    providers: &'a [String],
}

fn principals(world: &World, telling: &Telling<'_>) -> Vec<PrincipalId> {
    let mut kinds: AHashMap<Carried<'_>, (usize, what_tells::Asked)> = AHashMap::new();
    let mut classes: AHashMap<(usize, Vec<Sign>), PrincipalId> = AHashMap::new();
    let all = world.principals.iter().enumerate();
    all.map(|(index, principal)| {
        let own = PrincipalId::at(index);
        // What is known of the others are their names; they are few.
        if !matches!(principal.kind, Kind::User | Kind::Role) || principal.iam_unknown {
            return own;
        }
        let carried = Carried {
            kind: principal.kind,
            account: principal.account,
            partition: &principal.partition,
            policies: telling.counting(&principal.policies),
            boundary: principal.boundary,
            service_linked: principal.service_linked,
            open_tags: principal.open_tags,
            providers: &principal.providers,
        };
        let next = kinds.len();
        let (kind, asked) = kinds
            .entry(carried)
            .or_insert_with(|| (next, telling.asked_of(principal)));
        let signs = telling.signs(principal, asked);
        *classes.entry((*kind, signs)).or_insert(own)
    })
    .collect()
}

/// What is always looked at of a key.
#[derive(PartialEq, Eq, Hash)]
struct Made<'a> {
    account: super::id::AccountId,
    partition: &'a str,
    region: &'a str,
    aws_managed: bool,
    spec: Option<&'a str>,
    usage: Option<&'a str>,
    origin: Option<&'a str>,
    multi_region: (Option<bool>, Option<&'a str>),
    known: (bool, bool),
    policies: Vec<PolicyId>,
    retired_by: Vec<RetiredBy>,
}

type RetiredBy = (Option<super::id::AccountId>, Option<super::id::AccountId>);

fn keys(world: &World, telling: &Telling<'_>, with_grants: bool) -> Vec<KeyId> {
    let mut classes: AHashMap<(Made<'_>, Vec<Sign>), KeyId> = AHashMap::new();
    let to_accounts = |id: &GrantId| {
        let grant = world.grant(*id);
        grant.is_some_and(|grant| matches!(grant.grantee, Party::Account(_)))
    };
    let all = world.keys.iter().enumerate();
    all.map(|(index, key)| {
        let own = KeyId::at(index);
        if key.kind != Resource::Key || with_grants && key.grants.iter().any(to_accounts) {
            return own;
        }
        let mut retired_by: Vec<RetiredBy> = Vec::new();
        if with_grants {
            retired_by.extend(retirable(world, key).map(|(_, grant)| grant.retired_by()));
            retired_by.sort_unstable();
        }
        let made = Made {
            account: key.account,
            partition: crate::arn::Arn::parse(&key.arn).map_or("", |arn| arn.partition),
            region: &key.region,
            aws_managed: key.aws_managed,
            spec: key.spec.as_deref(),
            usage: key.usage.as_deref(),
            origin: key.origin.as_deref(),
            multi_region: (key.multi_region, key.multi_region_type.as_deref()),
            known: (key.aliases_known, key.tags_known),
            policies: telling.counting(&key.policies),
            retired_by,
        };
        *classes.entry((made, telling.signs_of_key(key))).or_insert(own)
    })
    .collect()
}
