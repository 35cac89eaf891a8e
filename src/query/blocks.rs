//! The whole relation in blocks: principals, keys and actions that have the same access.

use super::bulk::{MatrixFilter, can_perform, wanted_actions};
use crate::Error;
use crate::answer::{Access, Derivation};
use crate::condition::formula::FormulaId;
use crate::engine::{Engine, Pair};
use crate::facts::id::KeyId;
use crate::facts::world::Kind;
use crate::model::action::{Action, ActionSet};
use ahash::AHashMap;
use std::collections::BTreeMap;

/// Every one of some principals may do every one of some actions on every one of some keys.
#[derive(Clone, Debug)]
#[must_use]
pub struct Block<'e> {
    /// The principals, as rows name them, sorted.
    pub principals: Vec<&'e str>,
    /// ARNs of the keys, sorted; `*` for actions without a resource.
    pub keys: Vec<&'e str>,
    /// The actions.
    pub actions: Vec<Action>,
    /// Always, or under a condition.
    pub access: Access,
    /// By what the first of the principals may on the first of the keys; the others by the same texts.
    pub via: Vec<Derivation>,
    /// Whether the keys can perform the operations at all (S5.5.2).
    pub usable: bool,
}

/// What the pairs of a block have in common.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Common {
    formula: FormulaId,
    via: Vec<Derivation>,
    usable: bool,
    /// Whether the principals are services.
    service: bool,
}

impl Engine {
    /// The whole relation, or the part a filter leaves, in blocks: no row is in two of them, and each row of
    /// [`Engine::matrix`] is in one. Sorted by the first key.
    ///
    /// # Errors
    /// A filter names nothing that exists.
    pub fn blocks(&self, filter: &MatrixFilter) -> Result<impl Iterator<Item = Block<'_>> + '_, Error> {
        let actions = wanted_actions(&filter.actions)?;
        let wanted = self.wanted_keys(&filter.keys)?;
        let principals = self.wanted_principals(&filter.principals)?;
        let all = filter.all_operations;
        let of_one = self.keys_alike(wanted.as_deref());
        Ok(of_one.into_iter().flat_map(move |keys| {
            let Some(&(_, first)) = keys.first() else {
                return Vec::new();
            };
            let names: Vec<&str> = keys.iter().map(|(name, _)| *name).collect();
            let pairs = self.on_key(first).filter(|pair| {
                principals
                    .as_ref()
                    .is_none_or(|principals| principals.contains(&pair.principal))
            });
            self.blocks_on(pairs, &names, actions, all)
        }))
    }

    /// Key by key, in the order of ARNs, the blocks on it: with the places of its own policies, and no other key in them.
    pub fn blocks_by_key(&self) -> impl Iterator<Item = (&str, Vec<Block<'_>>)> + '_ {
        let keys = self.world.keys.iter().enumerate();
        let mut keys: Vec<(&str, KeyId)> = keys.map(|(at, key)| (key.arn.as_str(), KeyId::at(at))).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(arn, key)| {
            let blocks = self.blocks_on(self.on_key(key), &[arn], ActionSet::ALL, false);
            (arn, blocks)
        })
    }

    /// Keys with the same cells, sorted by ARN within and by the first.
    fn keys_alike(&self, wanted: Option<&[KeyId]>) -> Vec<Vec<(&str, KeyId)>> {
        let mut of_one: BTreeMap<_, Vec<(&str, KeyId)>> = BTreeMap::new();
        for (index, key) in self.world.keys.iter().enumerate() {
            let id = KeyId::at(index);
            if wanted.is_none_or(|wanted| wanted.contains(&id)) {
                let class = self.derived_with(id);
                of_one.entry(class).or_default().push((&key.arn, id));
            }
        }
        let mut of_one: Vec<_> = of_one.into_values().collect();
        of_one.iter_mut().for_each(|keys| keys.sort_unstable());
        of_one.sort_unstable();
        of_one
    }

    fn blocks_on<'e>(
        &'e self,
        pairs: impl Iterator<Item = Pair<'e>>,
        keys: &[&'e str],
        wanted: ActionSet,
        all: bool,
    ) -> Vec<Block<'e>> {
        let mut shared: AHashMap<(ActionSet, Common), Vec<&'e str>> = AHashMap::new();
        let mut ambiguous = Vec::new();
        let mut last = None;
        for pair in pairs {
            let Some(principal) = self.world.principal(pair.principal) else {
                continue;
            };
            // Several callers of one name have one row together.
            let same = self.world.principal_ids.get(&principal.name);
            if same.is_some_and(|ids| ids.len() > 1) {
                ambiguous.push(pair);
                continue;
            }
            let same = matches!(&last, Some((folded, _)) if std::ptr::eq(*folded, pair.folded));
            if !same {
                last = Some((pair.folded, self.sets(pair, wanted, all)));
            }
            for (actions, common) in last.iter().flat_map(|(_, sets)| sets) {
                let block = shared.entry((*actions, common.clone())).or_default();
                block.push(&principal.name);
            }
        }
        let mut blocks: Vec<Block<'e>> = shared
            .into_iter()
            .map(|((actions, common), mut principals)| {
                principals.sort_unstable();
                Block {
                    principals,
                    keys: keys.to_vec(),
                    actions: actions.iter().collect(),
                    access: self.access(common.formula, common.service),
                    via: common.via,
                    usable: common.usable,
                }
            })
            .collect();
        blocks.sort_by(|a, b| (&a.principals, &a.actions, &a.via).cmp(&(&b.principals, &b.actions, &b.via)));
        blocks.extend(self.ambiguous(ambiguous, keys, wanted, all));
        blocks
    }

    /// The sets of actions of one cell with their access and reasons.
    fn sets(&self, pair: Pair<'_>, wanted: ActionSet, all: bool) -> Vec<(ActionSet, Common)> {
        let ways = self.ways(pair, wanted);
        let mut sets: Vec<(ActionSet, Common)> = Vec::new();
        let (Some(key), Some(principal)) = (self.world.key(pair.key), self.world.principal(pair.principal))
        else {
            return sets;
        };
        for &(actions, formula) in &pair.folded.access {
            // S6.16: SynchronizeMultiRegionKey has no row.
            let actions = (actions & wanted) - ActionSet::SYNCHRONIZE;
            for (part, _) in &ways {
                let Some(first) = (*part & actions).first() else {
                    continue;
                };
                let via = self.via(pair, &ways, first);
                for usable in [true, false] {
                    let of_part = (*part & actions).iter();
                    let of_part: ActionSet = of_part
                        .filter(|&action| can_perform(key, action) == usable)
                        .collect();
                    if of_part.is_empty() || !(usable || all) {
                        continue;
                    }
                    let common = Common {
                        formula,
                        via: via.clone(),
                        usable,
                        service: principal.kind == Kind::Service,
                    };
                    match sets.iter_mut().find(|(_, known)| *known == common) {
                        Some((actions, _)) => *actions |= of_part,
                        None => sets.push((of_part, common)),
                    }
                }
            }
        }
        sets
    }

    /// Rows of callers that share a name, each a block.
    fn ambiguous<'e>(
        &'e self,
        pairs: Vec<Pair<'e>>,
        keys: &[&'e str],
        wanted: ActionSet,
        all: bool,
    ) -> Vec<Block<'e>> {
        let rows = self.listed(pairs, wanted, all);
        let named = |name: &str| {
            let ids = self.world.principal_ids.get_key_value(name)?;
            Some(ids.0.as_str())
        };
        rows.filter_map(|row| {
            Some(Block {
                principals: vec![named(&row.principal)?],
                keys: keys.to_vec(),
                actions: vec![row.action],
                access: row.access,
                via: row.via.to_vec(),
                usable: row.usable,
            })
        })
        .collect()
    }
}
