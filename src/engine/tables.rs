//! The tables of the compiled snapshot: cells of classes, and of those that policies or grants name.

use super::Engine;
use super::fold::{Fold, Folded, fold};
use crate::cells::{Derived, derive};
use crate::condition::formula::{FormulaId, Formulas};
use crate::facts::classes::{Classes, Listed, Part};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::lower::{Grants, Scope, lower};
use crate::facts::view::View;
use crate::facts::world::{Principal, World};
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;

/// What the rules derived for one part of the pairs, and what it comes to.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) derived: Derived,
    /// Sorted by key, then principal.
    pub(crate) folded: Vec<Folded>,
    /// Positions in `folded`, sorted by principal, then key.
    by_principal: Vec<u32>,
}

/// All parts.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    alike: Table,
    named: Table,
    granted: Table,
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
        match self.part {
            Part::Alike => self.classes.standing(self.world, id),
            Part::Named | Part::Granted => self.world.principal(id),
        }
    }
}

/// Runs the rules for all pairs, and puts the layers of each cell together.
pub(super) fn compile(world: &World, classes: &Classes) -> Compiled {
    let source = |part| Source { world, classes, part };
    let facts = lower(&Scope {
        view: View::of(world),
        principals: classes.all(world),
        keys: classes.all_keys(world),
        endpoint: None,
        all_denies: false,
    });
    let alike = derive(&facts, &[]);
    let mut count = facts.len();
    drop(facts);
    let (named, of_named) = by_key(world, &classes.named, |key| classes.grants_at(key));
    let (granted, of_granted) = by_key(world, &classes.granted, |_| Grants::All);
    count += of_named + of_granted;
    let folds = [
        fold(&source(Part::Alike), &alike),
        fold(&source(Part::Named), &named),
        fold(&source(Part::Granted), &granted),
    ];
    let sizes = folds.each_ref().map(|fold| fold.folded.len());
    let Fold {
        folded,
        formulas,
        undecided,
    } = folds.into_iter().reduce(Fold::and).unwrap_or_default();
    let mut folded = folded.into_iter();
    let [alike, named, granted] = [(alike, sizes[0]), (named, sizes[1]), (granted, sizes[2])]
        .map(|(derived, size)| Table::new(derived, folded.by_ref().take(size).collect()));
    Compiled {
        tables: Tables {
            alike,
            named,
            granted,
        },
        formulas,
        undecided,
        facts: count,
    }
}

/// Principals on the keys that name them, a run of the rules for each key; with the number of facts.
fn by_key(world: &World, named: &Listed, grants: impl Fn(KeyId) -> Grants + Sync) -> (Derived, usize) {
    let all: Vec<(KeyId, &[PrincipalId])> = named.keys().collect();
    let on = |(id, listed): (KeyId, &[PrincipalId])| {
        let principals = listed.iter().copied();
        let facts = lower(&Scope {
            view: View::of(world),
            principals: principals
                .filter_map(|id| Some((id, world.principal(id)?)))
                .collect(),
            keys: world
                .key(id)
                .map(|key| (id, key, grants(id)))
                .into_iter()
                .collect(),
            endpoint: None,
            all_denies: false,
        });
        (derive(&facts, &[]), facts.len())
    };
    let each: Vec<(Derived, usize)> = all.into_par_iter().map(on).collect();
    let facts = each.iter().map(|(_, count)| count).sum();
    let of_keys = each.into_iter().map(|(derived, _)| derived);
    (Derived::concat(of_keys.collect()), facts)
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
    /// The table of a part.
    pub(crate) fn of(&self, part: Part) -> &Table {
        match part {
            Part::Alike => &self.alike,
            Part::Named => &self.named,
            Part::Granted => &self.granted,
        }
    }

    /// All tables.
    pub(super) fn each(&self) -> impl Iterator<Item = &Table> {
        [&self.alike, &self.named, &self.granted].into_iter()
    }
}

/// One principal's cell on one key.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'e> {
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
    pub(crate) folded: &'e Folded,
}

impl Engine {
    /// Everybody with some access to a key, in no order.
    pub(crate) fn on_key(&self, key: KeyId) -> impl Iterator<Item = Pair<'_>> {
        let first = self.classes.first_key(key);
        let tables = [(Part::Alike, first), (Part::Named, first), (Part::Granted, key)];
        let cells = tables.into_iter().flat_map(move |(part, at)| {
            let cells = self.tables.of(part).of_key(at).iter();
            cells.map(move |folded| (part, folded))
        });
        cells.flat_map(move |(part, folded)| {
            let members = match part {
                Part::Alike => self.classes.members(&folded.principal),
                Part::Named | Part::Granted => std::slice::from_ref(&folded.principal),
            };
            members
                .iter()
                .copied()
                .filter(move |&principal| self.classes.site(principal, key).part == part)
                .map(move |principal| Pair {
                    principal,
                    key,
                    folded,
                })
        })
    }

    /// Every key a principal has some access to, in no order.
    pub(crate) fn of_principal(&self, principal: PrincipalId) -> impl Iterator<Item = Pair<'_>> {
        let tables = [
            (Part::Alike, self.classes.first(principal)),
            (Part::Named, principal),
            (Part::Granted, principal),
        ];
        let cells = tables.into_iter().flat_map(move |(part, at)| {
            let cells = self.tables.of(part).of_principal(at);
            cells.map(move |folded| (part, folded))
        });
        cells.flat_map(move |(part, folded)| {
            let keys = match part {
                Part::Alike | Part::Named => self.classes.keys_of(&folded.key),
                Part::Granted => std::slice::from_ref(&folded.key),
            };
            keys.iter()
                .copied()
                .filter(move |&key| self.classes.site(principal, key).part == part)
                .map(move |key| Pair {
                    principal,
                    key,
                    folded,
                })
        })
    }

    /// The cells of a key, with how many principals have each.
    pub(super) fn counted(&self, key: KeyId) -> impl Iterator<Item = (&Folded, usize)> {
        let first = self.classes.first_key(key);
        let mut apart: AHashMap<PrincipalId, usize> = AHashMap::new();
        let granted = self.classes.granted.at(key).iter();
        let named = self.classes.named.at(first).iter().copied();
        let named: Vec<PrincipalId> = named
            .filter(|&principal| self.classes.site(principal, key).part == Part::Named)
            .collect();
        for &principal in granted.chain(&named) {
            *apart.entry(self.classes.first(principal)).or_default() += 1;
        }
        let alike = self.tables.alike.of_key(first).iter().map(move |folded| {
            let all = self.classes.members(&folded.principal).len();
            let apart = apart.get(&folded.principal).copied().unwrap_or_default();
            (folded, all.saturating_sub(apart))
        });
        let one = self.tables.named.of_key(first).iter();
        let one = one.filter(move |folded| named.binary_search(&folded.principal).is_ok());
        let granted = self.tables.granted.of_key(key).iter();
        alike.chain(one.chain(granted).map(|folded| (folded, 1)))
    }
}
