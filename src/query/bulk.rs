//! Rows of the whole relation: who can, what can, matrix.

use super::{names, reasons};
use crate::answer::{Access, Derivation, Row};
use crate::cells::Values;
use crate::condition::formula::{FormulaId, Formulas};
use crate::engine::{Engine, Folded, Pair};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Resource};
use crate::model::action::{Action, ActionSet};
use crate::pattern::glob_ignore_case;
use crate::rules::PathRow;
use crate::{Error, pattern};
use ahash::AHashMap;
use smallvec::SmallVec;
use std::rc::Rc;
use std::sync::Arc;

/// Which rows of the relation to list. Empty lists mean "all"; names may be globs.
#[derive(Clone, Debug, Default)]
pub struct MatrixFilter {
    /// Principals by name or glob.
    pub principals: Vec<String>,
    /// Keys by id, ARN, alias or glob.
    pub keys: Vec<String>,
    /// Actions by name or glob, with or without `kms:`.
    pub actions: Vec<String>,
    /// Also operations that the key cannot perform (S5.5.2).
    pub all_operations: bool,
}

/// By which paths a cell allows sets of actions.
pub(crate) type Ways = Vec<(ActionSet, Vec<PathRow>)>;

/// What a cell allows, before rows of one name are put together.
struct Found<'e> {
    pair: Pair<'e>,
    action: Action,
    formula: FormulaId,
    usable: bool,
}

/// Makes rows, and remembers what the next may have in common with the last.
struct Listing<'e> {
    engine: &'e Engine,
    wanted: ActionSet,
    all: bool,
    /// By cell.
    ways: AHashMap<*const Folded, Rc<Ways>>,
    /// By cell, the first action of a way, and the texts in which the statements stand.
    via: AHashMap<Reasons, Arc<[Derivation]>>,
}

type Reasons = (*const Folded, Option<Action>, Texts);

/// The key, and where the texts of the policies of a principal are.
type Texts = (KeyId, SmallVec<[usize; 4]>);

impl<'e> Listing<'e> {
    /// The rows of pairs of one key and one name of principals, sorted by action.
    fn rows(&mut self, pairs: &[Pair<'e>]) -> Vec<Row> {
        let mut found: SmallVec<[Found<'e>; 8]> = SmallVec::new();
        for &pair in pairs {
            let Some(key) = self.engine.world.key(pair.key) else {
                continue;
            };
            for &(actions, formula) in &pair.folded.access {
                // S6.16: SynchronizeMultiRegionKey has no row.
                for action in (actions & self.wanted) - ActionSet::SYNCHRONIZE {
                    let usable = can_perform(key, action);
                    if usable || self.all {
                        found.push(Found {
                            pair,
                            action,
                            formula,
                            usable,
                        });
                    }
                }
            }
        }
        found.sort_by_key(|found| found.action);
        let same = found.chunk_by(|a, b| a.action == b.action);
        same.filter_map(|group| self.row(group)).collect()
    }

    /// One row for what stands for the same.
    fn row(&mut self, group: &[Found<'e>]) -> Option<Row> {
        let world = &self.engine.world;
        let first = group.first()?;
        let principal = &world.principal(first.pair.principal)?.name;
        let via = match group {
            [one] => self.via(one),
            several => {
                let all: Vec<_> = several.iter().map(|one| self.via(one)).collect();
                let mut all: Vec<Derivation> = all.iter().flat_map(|via| via.iter().cloned()).collect();
                all.sort();
                all.dedup();
                all.into()
            }
        };
        Some(Row {
            principal: principal.clone(),
            key: world.key(first.pair.key)?.arn.clone(),
            action: first.action,
            access: self.engine.access_of(principal, group),
            via,
            usable: first.usable,
        })
    }

    fn via(&mut self, found: &Found<'e>) -> Arc<[Derivation]> {
        let cell = std::ptr::from_ref(found.pair.folded);
        let held = self.engine.world.principal(found.pair.principal);
        let held = held.into_iter().flat_map(|principal| &principal.written);
        let texts = held.map(|written| Arc::as_ptr(&written.text).addr()).collect();
        let ways = self.ways.entry(cell);
        let ways = ways.or_insert_with(|| Rc::new(self.engine.ways(found.pair, self.wanted)));
        // Actions of one way have their reasons in common.
        let way = ways.iter().find(|(actions, _)| actions.contains(found.action));
        let action = way.and_then(|(actions, _)| actions.first());
        let at = (cell, action, (found.pair.key, texts));
        if let Some(known) = self.via.get(&at) {
            return Arc::clone(known);
        }
        let via: Arc<[Derivation]> = self.engine.via(found.pair, ways, found.action).into();
        self.via.insert(at, Arc::clone(&via));
        via
    }
}

impl Engine {
    /// Everyone who can do an action on a key, sorted by principal.
    ///
    /// # Errors
    /// The action or key is not known, or the key's name means several keys.
    pub fn who_can<'e>(
        &'e self,
        action: &str,
        key: &str,
    ) -> Result<impl Iterator<Item = Row> + use<'e>, Error> {
        let action = names::action(action)?;
        let key = self.find_key(key)?;
        Ok(self.listed(self.on_key(key).collect(), ActionSet::from(action), true))
    }

    /// Everything a principal can do, sorted by key and action.
    ///
    /// # Errors
    /// The principal is not known, or several could be meant.
    pub fn what_can<'e>(&'e self, principal: &str) -> Result<impl Iterator<Item = Row> + use<'e>, Error> {
        let wanted = self.find_principals(principal)?;
        let pairs = wanted
            .into_iter()
            .flat_map(|principal| self.of_principal(principal));
        Ok(self.listed(pairs.collect(), ActionSet::ALL, false))
    }

    /// The whole relation, or the part a filter leaves, sorted by key, principal and action.
    ///
    /// # Errors
    /// A filter names nothing that exists.
    pub fn matrix(&self, filter: &MatrixFilter) -> Result<impl Iterator<Item = Row> + '_, Error> {
        let actions = wanted_actions(&filter.actions)?;
        let keys = self.wanted_keys(&filter.keys)?;
        let principals = self.wanted_principals(&filter.principals)?;
        let all = filter.all_operations;
        let all_keys = self.world.keys.iter().enumerate();
        let mut order: Vec<(&str, KeyId)> = all_keys
            .map(|(index, key)| (key.arn.as_str(), KeyId::at(index)))
            .filter(|(_, id)| keys.as_ref().is_none_or(|keys| keys.contains(id)))
            .collect();
        order.sort_unstable();
        Ok(order.into_iter().flat_map(move |(_, key)| {
            let wanted = |pair: &Pair<'_>| {
                principals
                    .as_ref()
                    .is_none_or(|principals| principals.contains(&pair.principal))
            };
            self.listed(self.on_key(key).filter(wanted).collect(), actions, all)
        }))
    }

    /// The rows of some pairs, sorted by key, principal and action, each made when it is asked for.
    pub(crate) fn listed<'e>(
        &'e self,
        mut pairs: Vec<Pair<'e>>,
        wanted: ActionSet,
        all: bool,
    ) -> impl Iterator<Item = Row> + 'e {
        let names = |pair: &Pair<'e>| {
            let key = self.world.key(pair.key).map(|key| key.arn.as_str());
            let principal = self.world.principal(pair.principal);
            (key, principal.map(|principal| principal.name.as_str()))
        };
        pairs.sort_by(|a, b| names(a).cmp(&names(b)));
        let mut listing = Listing {
            engine: self,
            wanted,
            all,
            ways: AHashMap::new(),
            via: AHashMap::new(),
        };
        let mut next = 0;
        std::iter::from_fn(move || {
            let rest = pairs.get(next..)?;
            let first = names(rest.first()?);
            let group = rest.iter().take_while(|pair| names(pair) == first).count();
            next += group;
            Some(listing.rows(rest.get(..group)?))
        })
        .flatten()
    }

    /// What the callers of one name have together. A federated user's name does not tell who made the session: access
    /// is certain only if it is whoever did (S3.1.4).
    fn access_of(&self, name: &str, group: &[Found<'_>]) -> Access {
        let is_federated = |id: &&PrincipalId| {
            self.world
                .principal(**id)
                .is_some_and(|one| one.kind == Kind::Federated)
        };
        let named = self.world.principal_ids.get(name).into_iter().flatten();
        let callers = named.filter(is_federated).count().max(1);
        let formulas = || group.iter().map(|found| found.formula);
        match formulas().next() {
            Some(first) if group.len() == callers && formulas().all(|formula| formula == first) => {
                let caller = group
                    .first()
                    .and_then(|one| self.world.principal(one.pair.principal));
                self.access(first, caller.is_some_and(|caller| caller.kind == Kind::Service))
            }
            _ => {
                let of_callers = group.iter().map(|found| {
                    let caller = self.world.principal(found.pair.principal);
                    let creator = caller.and_then(|caller| caller.origin.as_deref());
                    (creator.unwrap_or(name), found.formula)
                });
                self.access_by_creator(&of_callers.collect::<Vec<_>>())
            }
        }
    }

    /// By which paths a cell allows the actions wanted: each set of actions that nothing in it tells apart.
    pub(crate) fn ways(&self, pair: Pair<'_>, wanted: ActionSet) -> Ways {
        let (Some(principal), Some(key)) = (self.world.principal(pair.principal), self.world.key(pair.key))
        else {
            return Ways::new();
        };
        let case = self.case(principal, key);
        let cell = self.cell(self.site(pair.principal, pair.key));
        let mut formulas = Formulas::default();
        let mut ways = Ways::new();
        for part in cell.partition(&case) {
            let Some(action) = (part & wanted).first() else {
                continue;
            };
            let mut values = Values {
                formulas: &mut formulas,
            };
            let paths = cell.layers(&case, action, &mut values).paths;
            let open = paths.iter().filter(|path| path.limited != FormulaId::FALSE);
            ways.push((part, open.map(|path| path.row).collect()));
        }
        ways
    }

    /// By what a principal may do an action on a key.
    pub(crate) fn via(&self, pair: Pair<'_>, ways: &Ways, action: Action) -> Vec<Derivation> {
        let (Some(principal), Some(key)) = (self.world.principal(pair.principal), self.world.key(pair.key))
        else {
            return Vec::new();
        };
        let case = self.case(principal, key);
        let of_action = ways.iter().filter(|(actions, _)| actions.contains(action));
        let mut via: Vec<Derivation> = of_action
            .flat_map(|(_, rows)| rows)
            .flat_map(|row| reasons::derivations(&case, row))
            .collect();
        via.sort();
        via.dedup();
        via
    }

    pub(super) fn wanted_keys(&self, wanted: &[String]) -> Result<Option<Vec<KeyId>>, Error> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for name in wanted {
            if name.contains(['*', '?']) {
                found.extend(self.keys_like(name));
                if name == "*" {
                    let keys = self.world.keys.iter().enumerate();
                    found.extend(
                        keys.filter(|(_, key)| key.kind == Resource::Nothing)
                            .map(|(i, _)| KeyId::at(i)),
                    );
                }
            } else {
                found.push(self.find_key(name)?);
            }
        }
        Ok(Some(found))
    }

    pub(super) fn wanted_principals(&self, wanted: &[String]) -> Result<Option<Vec<PrincipalId>>, Error> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for name in wanted {
            if name != "*" && name.contains(['*', '?']) {
                let all = self.world.listed();
                let fits = all.filter(|(_, principal)| pattern::glob(name, &principal.name));
                found.extend(fits.map(|(id, _)| id));
            } else {
                found.extend(self.find_principals(name)?);
            }
        }
        Ok(Some(found))
    }
}

pub(super) fn wanted_actions(wanted: &[String]) -> Result<ActionSet, Error> {
    if wanted.is_empty() {
        return Ok(ActionSet::ALL);
    }
    let mut found = ActionSet::EMPTY;
    for name in wanted {
        if name.contains(['*', '?']) {
            let bare = name.split_once(':').map_or(name.as_str(), |(_, bare)| bare);
            found |= Action::all()
                .filter(|action| glob_ignore_case(bare, action.name()))
                .collect();
        } else {
            found.insert(names::action(name)?);
        }
    }
    Ok(found)
}

/// Whether a key of this usage, spec and origin can perform an operation (S5.5.2); what is not known does not hide a row.
pub(crate) fn can_perform(key: &Key, action: Action) -> bool {
    !key.cannot.contains(action)
}

/// The operations with rows (S6.16) that a key can perform (S5.5.2).
pub(crate) fn performed(key: &Key) -> ActionSet {
    ActionSet::ALL - key.cannot - ActionSet::SYNCHRONIZE
}

impl Key {
    /// Whether an operation works in the key's state (S7.3); `None` if not known.
    pub(crate) fn state_allows(&self, action: Action) -> Option<bool> {
        action.usable_in_state(self.state.as_deref()?)
    }
}
