//! Classes: principals, and keys, that nothing in the snapshot tells apart share what is derived for one of them.
//!
//! A text that names a principal or a key does not split its class. Statements about principals or keys that they list
//! one by one ([`About`]), and grants, are looked at for the pairs that they are about, and only there:
//!
//! | pair | looked at |
//! | --- | --- |
//! | no text and no grant is about it | with all that are alike, once for all such pairs |
//! | the key's policy names the principal | by itself, on all keys whose policies say the same |
//! | a policy of the principal lists the key | with all who hold the same, on that key |
//! | both, or a grant on the key names the principal | by itself, on that key |
//!
//! Rules see ids and do not know for how many they stand.

mod pairs;
mod signature;
mod tests_of_arns;
mod what_tells;

use super::id::{AccountId, KeyId, PolicyId, PrincipalId, StatementId};
use super::statement::{About, Statement};
use super::world::{Principal, World};
use crate::policy::document::PolicyKind;
use ahash::AHashMap;
pub(crate) use pairs::{Listed, Pairs};
use std::hash::Hash;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use what_tells::Telling;

/// Who and what is alike.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// The layer of tables that they are for.
    layer: u8,
    among: Among,
    /// Principals and keys that are alike but for texts that name them.
    principals: Partition<PrincipalId>,
    keys: Partition<KeyId>,
    /// Of principals that hold statements which list keys: those that hold the same.
    holders: Partition<PrincipalId>,
    /// Of keys whose policies name principals: those whose policies say the same.
    texts: Partition<KeyId>,
    /// What stands for a class of several principals, by its first.
    standing: AHashMap<PrincipalId, Principal>,
    pub(crate) pairs: Pairs,
    /// Who and what is alike where no path leads; found out when asked for often enough.
    refused: OnceLock<Refused>,
    /// How often it was asked for.
    asked: AtomicUsize,
}

/// How many cells without a path are looked at by themselves: to find out who is alike takes as long as some hundreds.
const APART: usize = 500;

/// Who and what is alike of those whom no path leads to a key: of them, denies and limits alone are looked at.
#[derive(Debug, Default)]
struct Refused {
    principals: Partition<PrincipalId>,
    keys: Partition<KeyId>,
}

impl Refused {
    fn of(world: &World, among: &Among) -> Refused {
        let stands_against = |statement: &Statement| {
            let limits = matches!(statement.kind, PolicyKind::Scp | PolicyKind::Boundary);
            (statement.denies || limits) && statement.about == About::Many
        };
        let telling = Telling::of(world, among, stands_against);
        Refused {
            principals: signature::principals(world, among, &telling, None),
            keys: signature::keys(world, among, &telling, None, false),
        }
    }
}

/// Whom and what classes are made of.
#[derive(Debug, Default)]
pub(crate) struct Among {
    /// In order.
    pub(crate) principals: Vec<PrincipalId>,
    /// In order.
    pub(crate) keys: Vec<KeyId>,
}

impl Among {
    /// Everybody and everything.
    pub(crate) fn all(world: &World) -> Among {
        Among {
            principals: (0..world.principals.len()).map(PrincipalId::at).collect(),
            keys: (0..world.keys.len()).map(KeyId::at).collect(),
        }
    }

    fn has(&self, principal: PrincipalId) -> bool {
        // Of everybody, each is at its own place.
        self.principals.get(principal.index()) == Some(&principal)
            || self.principals.binary_search(&principal).is_ok()
    }

    fn has_key(&self, key: KeyId) -> bool {
        self.keys.get(key.index()) == Some(&key) || self.keys.binary_search(&key).is_ok()
    }

    /// The statements that may say something about them, in order.
    fn statements(&self, world: &World) -> Vec<StatementId> {
        if self.principals.len() == world.principals.len() && self.keys.len() == world.keys.len() {
            return (0..world.statements.len()).map(StatementId::at).collect();
        }
        let principals = || self.principals.iter().filter_map(|&id| world.principal(id));
        let keys = || self.keys.iter().filter_map(|&id| world.key(id));
        let mut accounts: Vec<AccountId> = principals().filter_map(|one| one.account).collect();
        accounts.extend(keys().map(|key| key.account));
        accounts.sort_unstable();
        accounts.dedup();
        let levels = accounts.into_iter().flat_map(|id| world.levels_of(id));
        let mut policies: Vec<PolicyId> = levels
            .flat_map(|level| level.scps.iter().chain(&level.rcps))
            .copied()
            .collect();
        policies.extend(principals().flat_map(|one| one.policies.iter().chain(&one.boundary)));
        policies.extend(keys().flat_map(|key| &key.policies));
        policies.sort_unstable();
        policies.dedup();
        let statements = world.statements_of(&policies);
        let mut statements: Vec<StatementId> = statements.map(|(id, _)| id).collect();
        statements.sort_unstable();
        statements.dedup();
        statements
    }
}

/// What is alike, by the first of each class.
#[derive(Debug)]
struct Partition<I> {
    /// The first of its class, for each that belongs to one.
    first: Vec<I>,
    firsts: Vec<I>,
    /// All of a class, in order, where they are several.
    members: AHashMap<I, Vec<I>>,
}

impl<I> Default for Partition<I> {
    fn default() -> Self {
        Partition {
            first: Vec::new(),
            firsts: Vec::new(),
            members: AHashMap::new(),
        }
    }
}

impl<I: Id> Partition<I> {
    /// Parts the given ones of so many; `first` tells the first of each one's class.
    fn of(all: usize, given: &[I], mut first: impl FnMut(I) -> I) -> Self {
        let mut partition = Partition {
            first: (0..all).map(I::at).collect(),
            ..Partition::default()
        };
        for &one in given {
            let class = first(one);
            if class == one {
                partition.firsts.push(one);
                continue;
            }
            if let Some(first) = partition.first.get_mut(one.index()) {
                *first = class;
            }
            let members = partition.members.entry(class);
            members.or_insert_with(|| vec![class]).push(one);
        }
        partition
    }

    /// The first of the class of something.
    fn first(&self, of: I) -> I {
        self.first.get(of.index()).copied().unwrap_or(of)
    }

    /// All of a class, by its first.
    fn members<'a>(&'a self, first: &'a I) -> &'a [I] {
        self.members
            .get(first)
            .map_or(std::slice::from_ref(first), Vec::as_slice)
    }
}

/// Ids that are positions.
trait Id: Copy + Eq + Hash {
    fn at(position: usize) -> Self;
    fn index(self) -> usize;
}

macro_rules! positions {
    ($($id:ident)*) => {$(
        impl Id for $id {
            fn at(position: usize) -> Self {
                $id::at(position)
            }

            fn index(self) -> usize {
                $id::index(self)
            }
        }
    )*};
}

positions!(PrincipalId KeyId);

/// Where the cell of a principal and a key is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// With those who are alike, on the keys that are alike.
    Alike,
    /// By itself, on the keys whose policies say the same: they name it.
    Named,
    /// With those who hold the same, on this key: their policies list it.
    Listed,
    /// By itself, on this key.
    Single,
}

impl Part {
    /// All parts.
    pub(crate) const ALL: [Part; 4] = [Part::Alike, Part::Named, Part::Listed, Part::Single];

    /// Whether a statement may be about pairs of this part.
    pub(crate) fn looks_at(self, statement: &Statement) -> bool {
        match statement.about {
            About::Many => true,
            About::ListedPrincipals => matches!(self, Part::Named | Part::Single),
            About::ListedKeys => matches!(self, Part::Listed | Part::Single),
        }
    }

    /// Whether the ids of its principals stand for classes.
    pub(crate) fn is_by_class(self) -> bool {
        matches!(self, Part::Alike | Part::Listed)
    }
}

/// A cell: the part it is in, and the ids it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Site {
    /// The layer of tables.
    pub(crate) layer: u8,
    pub(crate) part: Part,
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
}

impl Classes {
    /// Finds who and what is alike.
    pub(crate) fn of(world: &World, layer: u8, among: Among) -> Classes {
        let telling = Telling::of(world, &among, |statement| statement.about == About::Many);
        let ((principals, holders), (keys, texts)) = rayon::join(
            || {
                let lists_keys = |statement: &Statement| statement.about == About::ListedKeys;
                let listing = Telling::of(world, &among, lists_keys);
                let principals = signature::principals(world, &among, &telling, None);
                let holders = signature::principals(world, &among, &listing, Some(&principals));
                (principals, holders)
            },
            || {
                let lists_principals = |statement: &Statement| statement.about == About::ListedPrincipals;
                let listing = Telling::of(world, &among, lists_principals);
                let keys = signature::keys(world, &among, &telling, None, true);
                let texts = signature::keys(world, &among, &listing, Some(&keys), true);
                (keys, texts)
            },
        );
        let several = principals.members.keys().chain(holders.members.keys());
        let standing = several.filter_map(|&first| {
            let alike = Principal {
                alike: true,
                ..world.principal(first)?.clone()
            };
            Some((first, alike))
        });
        Classes {
            layer,
            standing: standing.collect(),
            pairs: Pairs::new(world, &among, &holders, &texts),
            among,
            principals,
            keys,
            holders,
            texts,
            refused: OnceLock::new(),
            asked: AtomicUsize::new(0),
        }
    }

    /// Everybody and everything by itself.
    #[cfg(test)]
    pub(crate) fn none(world: &World) -> Classes {
        let among = Among::all(world);
        Classes {
            pairs: Pairs::all_single(world),
            principals: Partition::of(world.principals.len(), &among.principals, |own| own),
            keys: Partition::of(world.keys.len(), &among.keys, |own| own),
            among,
            ..Classes::default()
        }
    }

    /// Whether they are made of a principal at all.
    pub(crate) fn has(&self, principal: PrincipalId) -> bool {
        self.among.has(principal)
    }

    /// Whether they are made of a key at all.
    pub(crate) fn has_key(&self, key: KeyId) -> bool {
        self.among.has_key(key)
    }

    /// Where the cell of a principal and a key is.
    pub(crate) fn site(&self, principal: PrincipalId, key: KeyId) -> Site {
        let (text, holder) = (self.texts.first(key), self.holders.first(principal));
        // What texts say of somebody or something that is not among those at hand was not looked up.
        let stranger = !self.among.has(principal) || !self.among.has_key(key);
        let (part, principal, key) = if stranger || self.pairs.single.has(key, principal) {
            (Part::Single, principal, key)
        } else if self.pairs.named.has(text, principal) {
            (Part::Named, principal, text)
        } else if self.pairs.listed.has(key, holder) {
            (Part::Listed, holder, key)
        } else {
            (
                Part::Alike,
                self.principals.first(principal),
                self.keys.first(key),
            )
        };
        Site {
            layer: self.layer,
            part,
            principal,
            key,
        }
    }

    /// Where denies and limits are looked at, of a cell that no path leads to.
    pub(crate) fn refused(&self, world: &World, site: Site) -> Site {
        let few = || self.asked.fetch_add(1, Ordering::Relaxed) < APART;
        if site.part != Part::Alike || self.refused.get().is_none() && few() {
            return site;
        }
        let refused = self.refused.get_or_init(|| Refused::of(world, &self.among));
        Site {
            principal: refused.principals.first(site.principal),
            key: refused.keys.first(site.key),
            ..site
        }
    }

    /// The id a principal has in a part.
    pub(crate) fn in_part(&self, part: Part, principal: PrincipalId) -> PrincipalId {
        match part {
            Part::Alike => self.principals.first(principal),
            Part::Listed => self.holders.first(principal),
            Part::Named | Part::Single => principal,
        }
    }

    /// The id a key has in a part.
    pub(crate) fn key_in_part(&self, part: Part, key: KeyId) -> KeyId {
        match part {
            Part::Alike => self.keys.first(key),
            Part::Named => self.texts.first(key),
            Part::Listed | Part::Single => key,
        }
    }

    /// The principals that have an id in a part.
    pub(crate) fn members<'a>(&'a self, part: Part, id: &'a PrincipalId) -> &'a [PrincipalId] {
        match part {
            Part::Alike => self.principals.members(id),
            Part::Listed => self.holders.members(id),
            Part::Named | Part::Single => std::slice::from_ref(id),
        }
    }

    /// The keys that have an id in a part.
    pub(crate) fn keys_of<'a>(&'a self, part: Part, id: &'a KeyId) -> &'a [KeyId] {
        match part {
            Part::Alike => self.keys.members(id),
            Part::Named => self.texts.members(id),
            Part::Listed | Part::Single => std::slice::from_ref(id),
        }
    }

    /// What stands for the principals that have an id in a part.
    pub(crate) fn standing<'a>(
        &'a self,
        world: &'a World,
        part: Part,
        id: PrincipalId,
    ) -> Option<&'a Principal> {
        let class = self.standing.get(&id).filter(|_| part.is_by_class());
        class.or_else(|| world.principal(id))
    }

    /// One principal for each class.
    pub(crate) fn all(&self) -> impl Iterator<Item = PrincipalId> + '_ {
        self.principals.firsts.iter().copied()
    }

    /// One key for each class.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.firsts.iter().copied()
    }
}
