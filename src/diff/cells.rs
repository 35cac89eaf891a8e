//! Two compiled snapshots -> blocks of principals and keys for which access became something else.
//!
//! Pairs are not looked at one by one. Principals that are alike in both snapshots make a class, keys likewise; each
//! pair of classes is compared once, and besides each pair that a text or a grant is about.

use super::judge::{Cell, DeltaId, Judge, Side};
use super::matching::{At, Both, Principals, at};
use crate::engine::{Engine, Folded, Pair, Signature};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::Kind;
use crate::model::action::ActionSet;
use crate::query::bulk::performed;
use ahash::{AHashMap, AHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Principals for which, on some keys, the same became of access.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) delta: DeltaId,
    /// What tags the principals and the keys have.
    pub(super) tags: (u32, u32),
    /// Shares of classes of principals.
    pub(super) shares: Vec<u32>,
    /// Of these, those who are not in the block.
    pub(super) except: Vec<At>,
    /// Principals besides.
    pub(super) single: Vec<At>,
    /// Positions of the keys.
    pub(super) keys: Vec<At>,
}

/// Principals that are alike in both snapshots.
#[derive(Debug)]
pub(super) struct Class {
    old: Option<Signature<PrincipalId>>,
    new: Option<Signature<PrincipalId>>,
    service: bool,
    /// Its members by their tags.
    shares: Vec<u32>,
}

/// Those of a class who have the same tag.
#[derive(Debug)]
pub(super) struct Share {
    tag: u32,
    pub(super) members: Vec<At>,
}

/// What tells principals, and keys, apart besides what engines know of them, by their positions: equal numbers for what
/// may stay together.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// Those of shared names stand last.
    pub(super) principals: Vec<u32>,
    pub(super) keys: Vec<u32>,
}

fn tag(tags: &[u32], at: At) -> u32 {
    tags.get(at as usize).copied().unwrap_or_default()
}

/// The comparison at work.
pub(super) struct Comparison<'c, 'e> {
    pub(super) old: &'e Engine,
    pub(super) new: &'e Engine,
    pub(super) principals: &'c Principals<'e>,
    pub(super) keys: &'c [Both<KeyId>],
    pub(super) tags: Tags,
    pub(super) judge: Judge,
    classes: Vec<Class>,
    pub(super) shares: Vec<Share>,
    /// The share of each principal.
    share_of: Vec<u32>,
    by_place: AHashMap<(Side, usize, PrincipalId), Vec<u32>>,
}

/// Keys that are alike in both snapshots, with what each can perform.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct KeyClass {
    old: Option<(Signature<KeyId>, ActionSet)>,
    new: Option<(Signature<KeyId>, ActionSet)>,
}

impl<'c, 'e> Comparison<'c, 'e> {
    pub(super) fn new(
        old: &'e Engine,
        new: &'e Engine,
        principals: &'c Principals<'e>,
        keys: &'c [Both<KeyId>],
        tags: Tags,
    ) -> Comparison<'c, 'e> {
        let mut comparison = Comparison {
            old,
            new,
            principals,
            keys,
            tags,
            judge: Judge::default(),
            classes: Vec::new(),
            shares: Vec::new(),
            share_of: Vec::with_capacity(principals.all.len()),
            by_place: AHashMap::new(),
        };
        comparison.sort_principals();
        comparison
    }

    fn sort_principals(&mut self) {
        let mut known: AHashMap<_, u32> = AHashMap::new();
        let mut known_shares: AHashMap<(u32, u32), u32> = AHashMap::new();
        for (number, &both) in self.principals.all.iter().enumerate() {
            let old = both.old.map(|id| self.old.alike(id));
            let new = both.new.map(|id| self.new.alike(id));
            let service = self.is_service(both);
            let next = at(self.classes.len());
            let class = *known.entry((old.clone(), new.clone(), service)).or_insert(next);
            if class == next {
                self.classes.push(Class {
                    old,
                    new,
                    service,
                    shares: Vec::new(),
                });
            }
            let tag = tag(&self.tags.principals, at(number));
            let next = at(self.shares.len());
            let share = *known_shares.entry((class, tag)).or_insert(next);
            if share == next {
                let members = Vec::new();
                self.shares.push(Share { tag, members });
                let class = self.classes.get_mut(class as usize);
                class.into_iter().for_each(|class| class.shares.push(share));
            }
            if let Some(share) = self.shares.get_mut(share as usize) {
                share.members.push(at(number));
            }
            self.share_of.push(share);
        }
        for (number, class) in self.classes.iter().enumerate() {
            for (side, signature) in [(Side::Old, &class.old), (Side::New, &class.new)] {
                for (layer, alike) in signature.iter().flatten().enumerate() {
                    if let Some(id) = alike.with() {
                        let there = self.by_place.entry((side, layer, id)).or_default();
                        there.push(at(number));
                    }
                }
            }
        }
    }

    /// The ARN of a key.
    pub(super) fn key_name(&self, key: At) -> Option<&'e str> {
        let both = self.keys.get(key as usize)?;
        let now = both.new.and_then(|id| self.new.world.key(id));
        let key = now.or_else(|| both.old.and_then(|id| self.old.world.key(id)));
        key.map(|key| key.arn.as_str())
    }

    fn is_service(&self, both: Both<PrincipalId>) -> bool {
        let old = both.old.and_then(|id| self.old.world.principal(id));
        let one = old.or_else(|| both.new.and_then(|id| self.new.world.principal(id)));
        one.is_some_and(|one| one.kind == Kind::Service)
    }

    /// All blocks.
    pub(super) fn blocks(&mut self) -> Vec<Block> {
        let mut alike: AHashMap<KeyClass, Vec<At>> = AHashMap::new();
        for (number, &both) in self.keys.iter().enumerate() {
            let side = |engine: &Engine, id: Option<KeyId>| {
                let id = id?;
                let performed = engine.world.key(id).map(performed)?;
                Some((engine.alike_key(id), performed))
            };
            let class = KeyClass {
                old: side(self.old, both.old),
                new: side(self.new, both.new),
            };
            alike.entry(class).or_default().push(at(number));
        }
        let mut alike: Vec<(KeyClass, Vec<At>)> = alike.into_iter().collect();
        alike.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let mut rows = Rows::default();
        for (class, keys) in alike {
            let of_classes = self.of_classes(&class);
            for &key in &keys {
                self.on_key(key, &of_classes, &class, &mut rows);
            }
        }
        self.of_shared_names(&mut rows);
        rows.blocks()
    }

    /// Adds what became of access for callers that share a name: their rows put them together.
    fn of_shared_names(&mut self, rows: &mut Rows) {
        let principals = self.principals;
        if principals.shared.is_empty() {
            return;
        }
        let mut positions: [AHashMap<KeyId, At>; 2] = Default::default();
        for (number, both) in self.keys.iter().enumerate() {
            let sides = positions.iter_mut().zip([both.old, both.new]);
            sides.for_each(|(side, id)| side.extend(id.map(|id| (id, at(number)))));
        }
        for (number, name) in principals.shared.iter().enumerate() {
            let mut cells: BTreeMap<At, [Cell; 2]> = BTreeMap::new();
            for (side, (engine, positions)) in [self.old, self.new].into_iter().zip(&positions).enumerate() {
                let mut pairs: BTreeMap<At, Vec<Pair<'_>>> = BTreeMap::new();
                let ids = engine.world.principal_ids.get(*name).into_iter().flatten();
                let ids = ids.copied().filter(|&id| engine.world.principal(id).is_some());
                for pair in ids.flat_map(|id| engine.of_principal(id)) {
                    if let Some(&key) = positions.get(&pair.key) {
                        pairs.entry(key).or_default().push(pair);
                    }
                }
                for (key, pairs) in pairs {
                    for row in engine.listed(pairs, ActionSet::ALL, false) {
                        let formula = self.judge.own_access(&row.access);
                        if let Some(cell) = cells.entry(key).or_default().get_mut(side) {
                            cell.push((ActionSet::from(row.action), formula));
                        }
                    }
                }
            }
            for (key, [old, new]) in cells {
                let (old, new) = (self.judge.cell(old), self.judge.cell(new));
                let one = principals.at_shared(number);
                let tags = (tag(&self.tags.principals, one), tag(&self.tags.keys, key));
                for &delta in self.judge.compare_cells(old, new, false).iter() {
                    let members = Members {
                        single: vec![one],
                        ..Members::default()
                    };
                    rows.add(delta, tags, members, key);
                }
            }
        }
    }

    /// What became of access for classes of principals, on the keys of a class.
    fn of_classes(&mut self, keys: &KeyClass) -> AHashMap<u32, Arc<[DeltaId]>> {
        let mut there: AHashSet<u32> = AHashSet::new();
        let sides = [(Side::Old, self.old, &keys.old), (Side::New, self.new, &keys.new)];
        for (side, engine, signature) in sides {
            let signature = signature.as_ref().map(|(signature, _)| signature);
            for (layer, id) in signature.into_iter().flat_map(|keys| engine.alike_on(keys)) {
                there.extend(self.by_place.get(&(side, layer, id)).into_iter().flatten());
            }
        }
        let mut found = AHashMap::new();
        for number in there {
            let Some(class) = self.classes.get(number as usize) else {
                continue;
            };
            let old = cell(self.old, class.old.as_ref(), keys.old.as_ref());
            let new = cell(self.new, class.new.as_ref(), keys.new.as_ref());
            let deltas = self.judge.compare(old, new, class.service);
            if !deltas.is_empty() {
                found.insert(number, deltas);
            }
        }
        found
    }

    /// Adds what became of access on one key.
    fn on_key(
        &mut self,
        key: At,
        of_classes: &AHashMap<u32, Arc<[DeltaId]>>,
        keys: &KeyClass,
        rows: &mut Rows,
    ) {
        let Some(&both) = self.keys.get(key as usize) else {
            return;
        };
        let mut apart: Vec<At> = Vec::new();
        if let Some(id) = both.old {
            apart.extend(self.old.apart(id).filter_map(|id| self.principals.of_old(id)));
        }
        if let Some(id) = both.new {
            apart.extend(self.new.apart(id).filter_map(|id| self.principals.of_new(id)));
        }
        apart.sort_unstable();
        apart.dedup();
        let mut found: AHashMap<(DeltaId, u32), Members> = AHashMap::new();
        for &one in &apart {
            let tag = tag(&self.tags.principals, one);
            for &delta in self.of_pair(one, both, keys).iter() {
                found.entry((delta, tag)).or_default().single.push(one);
            }
        }
        for (&class, deltas) in of_classes {
            let shares = self.classes.get(class as usize);
            for &number in shares.into_iter().flat_map(|class| &class.shares) {
                let tag = self.shares.get(number as usize).map_or(0, |share| share.tag);
                for &delta in deltas.iter() {
                    found.entry((delta, tag)).or_default().shares.push(number);
                }
            }
        }
        for ((delta, of_principals), mut members) in found {
            members.shares.sort_unstable();
            if !members.shares.is_empty() {
                let share = |one: &&At| self.share_of.get(**one as usize);
                let in_one =
                    |one: &&At| share(one).is_some_and(|share| members.shares.binary_search(share).is_ok());
                members.except = apart.iter().filter(in_one).copied().collect();
            }
            let tags = (of_principals, tag(&self.tags.keys, key));
            rows.add(delta, tags, members, key);
        }
    }

    /// What became of access for one principal on one key.
    fn of_pair(&mut self, one: At, key: Both<KeyId>, keys: &KeyClass) -> Arc<[DeltaId]> {
        let Some(principal) = self.principals.get(one) else {
            return Arc::default();
        };
        let performed =
            |side: &Option<(Signature<KeyId>, ActionSet)>| side.as_ref().map(|(_, performed)| *performed);
        let of = |engine: &'e Engine, principal: Option<PrincipalId>, key: Option<KeyId>, performed| {
            Some((engine, engine.folded(principal?, key?)?, performed?))
        };
        let old = of(self.old, principal.old, key.old, performed(&keys.old));
        let new = of(self.new, principal.new, key.new, performed(&keys.new));
        let service = self.is_service(principal);
        self.judge.compare(old, new, service)
    }
}

fn cell<'e>(
    engine: &'e Engine,
    principals: Option<&Signature<PrincipalId>>,
    keys: Option<&(Signature<KeyId>, ActionSet)>,
) -> Option<(&'e Engine, &'e Folded, ActionSet)> {
    let (keys, performed) = keys?;
    Some((engine, engine.cell_alike(principals?, keys)?, *performed))
}

/// The principals of a block.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Members {
    shares: Vec<u32>,
    except: Vec<At>,
    single: Vec<At>,
}

/// Keys by what became of access on them, and for whom.
#[derive(Default)]
struct Rows(AHashMap<(DeltaId, (u32, u32), Members), Vec<At>>);

impl Rows {
    fn add(&mut self, delta: DeltaId, tags: (u32, u32), members: Members, key: At) {
        self.0.entry((delta, tags, members)).or_default().push(key);
    }

    fn blocks(self) -> Vec<Block> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable();
        let blocks = all.into_iter().map(|((delta, tags, members), keys)| Block {
            delta,
            tags,
            shares: members.shares,
            except: members.except,
            single: members.single,
            keys,
        });
        blocks.collect()
    }
}
