//! The tables of the compiled snapshot: cells of classes, and of those that texts and grants are about.
//!
//! Keys have nothing to do with each other, so some keys of an account at a time are lowered and derived, with whoever
//! has to do with them.

use super::fold::{Fold, Folded, fold};
use crate::cells::{Cell, Derived, derive, derive_each};
use crate::condition::formula::{FormulaId, Formulas};
use crate::facts::classes::{Classes, Listed, Part, Site};
use crate::facts::id::{AccountId, KeyId, PrincipalId};
use crate::facts::lower::{Cast, Scope, lower};
use crate::facts::relations::Facts;
use crate::facts::union::Union;
use crate::facts::view::View;
use crate::facts::world::{Key, Principal, World};
use crate::rules::PathRow;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How many keys are derived together.
const TOGETHER: usize = 64;

/// What the rules derived for some keys of a part, and what it comes to.
#[derive(Debug, Default)]
struct Table {
    derived: Derived,
    /// Sorted by key, then principal.
    folded: Vec<Folded>,
    /// Positions in `folded`, sorted by principal, then key.
    by_principal: Vec<u32>,
}

/// All tables of all parts.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    all: Vec<(Part, Table)>,
    /// Where the table of a key is.
    of_key: AHashMap<(Part, KeyId), u32>,
}

/// The tables with their conditions.
pub(super) struct Compiled {
    pub(super) tables: Tables,
    pub(super) formulas: Formulas,
    pub(super) undecided: AHashSet<FormulaId>,
    /// How many facts there were.
    pub(super) facts: usize,
}

/// Who the ids of a table are.
pub(super) struct Source<'a> {
    pub(super) world: &'a World,
    classes: &'a Classes,
    part: Part,
}

impl<'a> Source<'a> {
    pub(super) fn principal(&self, id: PrincipalId) -> Option<&'a Principal> {
        self.classes.standing(self.world, self.part, id)
    }

    fn principals(&self, ids: impl Iterator<Item = PrincipalId>) -> Vec<(PrincipalId, &'a Principal)> {
        ids.filter_map(|id| Some((id, self.principal(id)?))).collect()
    }
}

/// Keys that are derived together.
struct Task<'a> {
    part: Part,
    keys: Vec<(KeyId, &'a Key)>,
}

impl Task<'_> {
    fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(|(id, _)| *id).collect()
    }
}

/// What was derived for them.
struct Done {
    part: Part,
    keys: Vec<KeyId>,
    derived: Derived,
    facts: usize,
}

/// Runs the rules for all pairs, and puts the layers of each cell together.
pub(super) fn compile(world: &World, classes: &Classes, formulas: Formulas) -> Compiled {
    let alike = Source {
        world,
        classes,
        part: Part::Alike,
    };
    let cast = Cast::new(View::of(world), alike.principals(classes.all()));
    let mut tasks = by_account(world, Part::Alike, classes.all_keys());
    for part in [Part::Named, Part::Listed, Part::Single] {
        let keys = classes.pairs.of(part).keys();
        tasks.extend(by_account(world, part, keys.map(|(key, _)| key)));
    }
    let done: Vec<Done> = tasks
        .into_par_iter()
        .map(|task| match task.part {
            Part::Alike => together(&cast, &task),
            part => apart(world, classes, classes.pairs.of(part), &task),
        })
        .collect();
    let facts = done.iter().map(|done| done.facts).sum();
    let sources: Vec<(Source<'_>, &Derived)> = done
        .iter()
        .map(|done| {
            let part = done.part;
            (Source { world, classes, part }, &done.derived)
        })
        .collect();
    let Fold {
        folded,
        formulas,
        undecided,
    } = Fold::of(formulas).and(fold(&sources));
    drop(sources);
    let mut tables = Tables::default();
    for (done, folded) in done.into_iter().zip(folded) {
        let at = u32::try_from(tables.all.len()).unwrap_or(u32::MAX);
        tables
            .of_key
            .extend(done.keys.iter().map(|&key| ((done.part, key), at)));
        tables.all.push((done.part, Table::new(done.derived, folded)));
    }
    Compiled {
        tables,
        formulas,
        undecided,
        facts,
    }
}

/// Some keys of an account at a time.
fn by_account<'a>(world: &'a World, part: Part, keys: impl Iterator<Item = KeyId>) -> Vec<Task<'a>> {
    let mut accounts: BTreeMap<AccountId, Vec<(KeyId, &Key)>> = BTreeMap::new();
    for id in keys {
        if let Some(key) = world.key(id) {
            accounts.entry(key.account).or_default().push((id, key));
        }
    }
    let shares = accounts.values().flat_map(|keys| keys.chunks(TOGETHER));
    shares
        .map(|keys| Task {
            part,
            keys: keys.to_vec(),
        })
        .collect()
}

/// Everybody of a cast on all keys of a task.
fn together(cast: &Cast<'_>, task: &Task<'_>) -> Done {
    let facts = facts(cast, task.part, &task.keys);
    Done {
        part: task.part,
        keys: task.ids(),
        derived: derive(&facts, &[]),
        facts: facts.len(),
    }
}

/// On each key of a task, only those who are listed for it.
fn apart(world: &World, classes: &Classes, listed: &Listed, task: &Task<'_>) -> Done {
    let part = task.part;
    let source = Source { world, classes, part };
    let mut union = Union::default();
    for one in &task.keys {
        let principals = source.principals(listed.at(one.0).iter().copied());
        let cast = Cast::new(View::of(world), principals);
        union.add(&facts(&cast, part, std::slice::from_ref(one)));
    }
    Done {
        part,
        keys: task.ids(),
        derived: derive_each(&union),
        facts: union.facts.len(),
    }
}

fn facts(cast: &Cast<'_>, part: Part, keys: &[(KeyId, &Key)]) -> Facts {
    lower(&Scope {
        cast,
        keys,
        part,
        endpoint: None,
        all_denies: false,
    })
}

impl Table {
    fn new(derived: Derived, folded: Vec<Folded>) -> Table {
        let mut by_principal: Vec<u32> = (0..folded.len())
            .filter_map(|at| u32::try_from(at).ok())
            .collect();
        by_principal.sort_by_key(|&at| folded.get(at as usize).map(|cell| (cell.principal, cell.key)));
        Table {
            derived,
            folded,
            by_principal,
        }
    }

    fn of_key(&self, key: KeyId) -> &[Folded] {
        let start = self.folded.partition_point(|folded| folded.key < key);
        let rest = self.folded.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|folded| folded.key == key))
            .unwrap_or_default()
    }

    fn of_principal(&self, principal: PrincipalId) -> impl Iterator<Item = &Folded> {
        let cell = |at: &u32| self.folded.get(*at as usize);
        let of = move |at: &u32| cell(at).map(|cell| cell.principal);
        let start = self.by_principal.partition_point(|at| of(at) < Some(principal));
        let rest = self.by_principal.get(start..).unwrap_or_default().iter();
        rest.map_while(cell)
            .take_while(move |cell| cell.principal == principal)
    }
}

impl Tables {
    fn of(&self, part: Part, key: KeyId) -> Option<&Table> {
        let at = self.of_key.get(&(part, key))?;
        self.all.get(*at as usize).map(|(_, table)| table)
    }

    pub(super) fn on_key(&self, part: Part, key: KeyId) -> &[Folded] {
        self.of(part, key).map_or(&[], |table| table.of_key(key))
    }

    /// A cell with some access.
    pub(super) fn folded_at(&self, part: Part, principal: PrincipalId, key: KeyId) -> Option<&Folded> {
        let cells = self.on_key(part, key);
        let at = cells.binary_search_by_key(&principal, |folded| folded.principal);
        cells.get(at.ok()?)
    }

    /// The cell of a site; `account` is the principal's.
    pub(super) fn cell(&self, site: Site, account: Option<AccountId>) -> Cell {
        let table = self.of(site.part, site.key);
        let cell = |table: &Table| table.derived.cell(site.principal, site.key, account);
        table.map(cell).unwrap_or_default()
    }

    /// The paths that lead to a cell.
    pub(super) fn paths_of(&self, site: Site) -> &[PathRow] {
        let table = self.of(site.part, site.key);
        table.map_or(&[], |table| table.derived.paths_of(site.principal, site.key))
    }

    /// Whether some path leads to a cell.
    pub(super) fn has_path(&self, site: Site) -> bool {
        let table = self.of(site.part, site.key);
        table.is_some_and(|table| table.derived.has_path(site.principal, site.key))
    }

    /// The cells of a principal, by the id it has in each part.
    pub(super) fn of_principal(
        &self,
        id: impl Fn(Part) -> PrincipalId,
    ) -> impl Iterator<Item = (Part, &Folded)> {
        self.all.iter().flat_map(move |(part, table)| {
            let cells = table.of_principal(id(*part));
            cells.map(move |folded| (*part, folded))
        })
    }

    /// All cells with some access.
    pub(super) fn folded(&self) -> impl Iterator<Item = &Folded> {
        self.all.iter().flat_map(|(_, table)| &table.folded)
    }

    /// How many facts were derived.
    pub(super) fn derived(&self) -> usize {
        self.all.iter().map(|(_, table)| table.derived.len()).sum()
    }
}
