//! Rows of the whole relation: who can, what can, matrix.

use super::{names, reasons};
use crate::answer::{Access, Derivation, Row};
use crate::cells::Values;
use crate::condition::formula::{FormulaId, Formulas};
use crate::engine::{Engine, Folded, Pair};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Resource};
use crate::model::action::{Action, ActionSet, MultiRegionType};
use crate::pattern::glob_ignore_case;
use crate::rules::PathRow;
use crate::{Error, pattern};
use std::rc::Rc;

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
pub(super) type Ways = Vec<(ActionSet, Vec<PathRow>)>;

/// What a cell allows, before rows of one name are put together.
struct Found<'e> {
    pair: Pair<'e>,
    ways: Rc<Ways>,
    principal: &'e str,
    key: &'e str,
    action: Action,
    formula: FormulaId,
    usable: bool,
}

impl Engine {
    /// Everyone who can do an action on a key, sorted by principal.
    ///
    /// # Errors
    /// The action or key is not known, or the key's name means several keys.
    pub fn who_can(&self, action: &str, key: &str) -> Result<Vec<Row>, Error> {
        let action = names::action(action)?;
        let key = self.find_key(key)?;
        let mut found = self.found(self.on_key(key), ActionSet::from(action), true);
        found.sort_by(|a, b| a.principal.cmp(b.principal));
        Ok(self.rows(&found))
    }

    /// Everything a principal can do, sorted by key and action.
    ///
    /// # Errors
    /// The principal is not known, or several could be meant.
    pub fn what_can(&self, principal: &str) -> Result<Vec<Row>, Error> {
        let wanted = self.find_principals(principal)?;
        let pairs = wanted
            .into_iter()
            .flat_map(|principal| self.of_principal(principal));
        let mut found = self.found(pairs, ActionSet::ALL, false);
        found.sort_by(|a, b| (a.key, a.action).cmp(&(b.key, b.action)));
        Ok(self.rows(&found))
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
            self.rows_of(self.on_key(key).filter(wanted), actions, all)
        }))
    }

    /// The rows of some pairs on one key, sorted by principal and action.
    pub(super) fn rows_of<'e>(
        &'e self,
        pairs: impl IntoIterator<Item = Pair<'e>>,
        wanted: ActionSet,
        all: bool,
    ) -> Vec<Row> {
        let mut found = self.found(pairs.into_iter(), wanted, all);
        found.sort_by_key(|found| (found.principal, found.action));
        self.rows(&found)
    }

    /// What cells allow, action by action. Pairs of one cell follow each other.
    fn found<'e>(
        &'e self,
        pairs: impl Iterator<Item = Pair<'e>>,
        wanted: ActionSet,
        all: bool,
    ) -> Vec<Found<'e>> {
        let mut found = Vec::new();
        let mut last: Option<(&Folded, Rc<Ways>)> = None;
        for pair in pairs {
            let (Some(principal), Some(key)) =
                (self.world.principal(pair.principal), self.world.key(pair.key))
            else {
                continue;
            };
            let ways = match &last {
                Some((folded, ways)) if std::ptr::eq(*folded, pair.folded) => Rc::clone(ways),
                _ => Rc::new(self.ways(pair, wanted)),
            };
            last = Some((pair.folded, Rc::clone(&ways)));
            for &(actions, formula) in &pair.folded.access {
                // S6.16: SynchronizeMultiRegionKey has no row.
                for action in (actions & wanted) - ActionSet::SYNCHRONIZE {
                    let usable = can_perform(key, action);
                    if usable || all {
                        found.push(Found {
                            pair,
                            ways: Rc::clone(&ways),
                            principal: &principal.name,
                            key: &key.arn,
                            action,
                            formula,
                            usable,
                        });
                    }
                }
            }
        }
        found
    }

    /// One row for each principal name, key and action: what stands for the same follows each other.
    fn rows(&self, found: &[Found<'_>]) -> Vec<Row> {
        let same =
            |a: &Found<'_>, b: &Found<'_>| (a.principal, a.key, a.action) == (b.principal, b.key, b.action);
        let row = |group: &[Found<'_>]| {
            let first = group.first()?;
            let mut via: Vec<Derivation> = group
                .iter()
                .flat_map(|one| self.via(one.pair, &one.ways, one.action))
                .collect();
            via.sort();
            via.dedup();
            Some(Row {
                principal: first.principal.to_owned(),
                key: first.key.to_owned(),
                action: first.action,
                access: self.access_of(first.principal, group),
                via,
                usable: first.usable,
            })
        };
        found.chunk_by(same).filter_map(row).collect()
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
    pub(super) fn ways(&self, pair: Pair<'_>, wanted: ActionSet) -> Ways {
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
    pub(super) fn via(&self, pair: Pair<'_>, ways: &Ways, action: Action) -> Vec<Derivation> {
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
                let fits = |key: &Key| {
                    let mut names = key.aliases.iter().chain([&key.arn, &key.id]);
                    names.any(|text| pattern::glob(name, text))
                };
                found.extend(self.real_keys().filter(|(_, key)| fits(key)).map(|(id, _)| id));
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
    if key.kind != Resource::Key {
        return true;
    }
    let multi_region = match (key.multi_region, key.multi_region_type.as_deref()) {
        (Some(false), _) => Some(MultiRegionType::Single),
        (_, Some("PRIMARY")) => Some(MultiRegionType::Primary),
        (_, Some("REPLICA")) => Some(MultiRegionType::Replica),
        (Some(true), _) => Some(MultiRegionType::Member),
        (None, _) => None,
    };
    action.usable_with(
        key.spec.as_deref(),
        key.usage.as_deref(),
        key.origin.as_deref(),
        multi_region,
    ) != Some(false)
}

impl Key {
    /// Whether an operation works in the key's state (S7.3); `None` if not known.
    pub(crate) fn state_allows(&self, action: Action) -> Option<bool> {
        action.usable_in_state(self.state.as_deref()?)
    }
}
