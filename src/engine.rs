//! The compiled snapshot: facts lowered, rules run, cells folded. Everything after only reads.

use crate::answer::Access;
use crate::cells::{Cell, Derived, Values, derive};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::{RequestContext, Solver, Verdict};
use crate::facts::build;
use crate::facts::id::{AccountId, KeyId, PrincipalId};
use crate::facts::lower::{Scope, lower};
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::{Key, Principal, World};
use crate::model::action::ActionSet;
use crate::model::snapshot::{Coverage, Gap, Snapshot};
use crate::rules::PathRow;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use smallvec::SmallVec;
use std::sync::Arc;

/// A snapshot, compiled once and asked many times.
///
/// ```no_run
/// let (snapshot, _diagnostics) = keywho::Snapshot::load("snapshot/")?;
/// let engine = keywho::Engine::compile(&snapshot);
/// for row in engine.who_can("kms:Decrypt", "alias/payments")? {
///     println!("{} {:?}", row.principal, row.access);
/// }
/// # Ok::<(), keywho::Error>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(crate) world: World,
    pub(crate) derived: Derived,
    /// Sorted by key, then principal.
    pub(crate) folded: Vec<Folded>,
    /// Positions in `folded`, sorted by principal, then key.
    pub(crate) by_principal: Vec<u32>,
    pub(crate) formulas: Arc<Formulas>,
    /// Formulas too large to decide.
    undecided: AHashSet<FormulaId>,
    pub(crate) cache: crate::cache::Cache,
    coverage: Coverage,
    facts: usize,
}

/// How large a compiled snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Principals, those that stand for whole accounts and for everyone included.
    pub principals: usize,
    /// Keys.
    pub keys: usize,
    /// Facts the rules start from.
    pub facts: usize,
    /// Facts the rules derive.
    pub derived: usize,
    /// Pairs of a principal and a key with some access.
    pub cells: usize,
    /// Rows of the whole relation: principal, key and action.
    pub rows: usize,
    /// Sets of actions in cells that depend on a condition.
    pub conditional: usize,
    /// Different conditions among them; each is decided once.
    pub conditions: usize,
}

/// What one principal may do with one key: sets of actions with the condition they share.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) key: KeyId,
    pub(crate) principal: PrincipalId,
    pub(crate) access: Accesses,
}

/// Sets of actions with their conditions.
type Accesses = SmallVec<[(ActionSet, FormulaId); 1]>;

/// How many rows of paths are worth a thread.
const SHARE: usize = 4096;

impl Engine {
    /// Lowers the snapshot into facts, runs the rules and folds the result into cells.
    #[must_use]
    pub fn compile(snapshot: &Snapshot) -> Engine {
        let world = build::world(snapshot);
        let scope = Scope {
            view: View::of(&world),
            principals: world
                .principals
                .iter()
                .enumerate()
                .map(|(i, p)| (PrincipalId::at(i), p))
                .collect(),
            keys: world
                .keys
                .iter()
                .enumerate()
                .map(|(i, key)| (KeyId::at(i), key))
                .collect(),
            endpoint: None,
            all_denies: false,
        };
        let facts = lower(&scope);
        let derived = derive(&facts, &[]);
        let Fold {
            folded,
            formulas,
            undecided,
        } = fold(&world, &derived);
        let mut by_principal: Vec<u32> = (0..folded.len())
            .filter_map(|at| u32::try_from(at).ok())
            .collect();
        by_principal.sort_by_key(|&at| folded.get(at as usize).map(|cell| (cell.principal, cell.key)));
        Engine {
            derived,
            folded,
            by_principal,
            formulas: Arc::new(formulas),
            undecided,
            cache: crate::cache::Cache::default(),
            coverage: snapshot.coverage.clone(),
            facts: facts.len(),
            world,
        }
    }

    /// How large the compiled snapshot is.
    #[must_use]
    pub fn size(&self) -> Size {
        let rows =
            |folded: &Folded| -> usize { folded.access.iter().map(|(actions, _)| actions.len()).sum() };
        let conditional = || {
            let all = self.folded.iter().flat_map(|folded| &folded.access);
            all.map(|(_, formula)| *formula)
                .filter(|formula| *formula != FormulaId::TRUE)
        };
        Size {
            conditional: conditional().count(),
            conditions: conditional().collect::<AHashSet<_>>().len(),
            principals: self.world.principals.len(),
            keys: self.real_keys().count(),
            facts: self.facts,
            derived: self.derived.len(),
            cells: self.folded.len(),
            rows: self.folded.iter().map(rows).sum(),
        }
    }

    /// How many different conditions were too large to decide: the rows that have them stay conditional.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.undecided.len()
    }

    /// What a formula means for access, in its shortest form.
    pub(crate) fn access(&self, formula: FormulaId) -> Access {
        if formula == FormulaId::TRUE {
            return Access::Always;
        }
        self.cache.access(formula, || {
            if self.undecided.contains(&formula) {
                return Access::undecided(Arc::clone(&self.formulas), formula);
            }
            Access::conditional(&self.formulas, formula, &RequestContext::new())
        })
    }

    /// What sessions of one name may do that differ by who made them, as nothing else tells (S3.1.4).
    pub(crate) fn access_by_creator(&self, each: &[(&str, FormulaId)]) -> Access {
        let of = each
            .iter()
            .map(|(creator, formula)| ((*creator).to_owned(), *formula));
        self.cache.access_by_creator(of.collect(), || {
            let mut formulas = Formulas::clone(&self.formulas);
            let mut ways = Vec::new();
            for (creator, formula) in each {
                let made = formulas.unknown("S3.1.4", format!("made by {creator}"));
                ways.push(formulas.and2(made, *formula));
            }
            let any = formulas.or(ways);
            if each.iter().any(|(_, formula)| self.undecided.contains(formula)) {
                return Access::undecided(Arc::new(formulas), any);
            }
            Access::conditional(&formulas, any, &RequestContext::new())
        })
    }

    /// What the snapshot contains and lacks.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The gaps that touch answers about a key: its own, its account's, and the organization's.
    #[must_use]
    pub fn gaps_for_key(&self, key: &str) -> Vec<Gap> {
        let found = self.find_key(key).ok().and_then(|id| self.world.key(id));
        let touches = |gap: &&Gap| match found {
            Some(key) => {
                gap.of == key.arn
                    || gap.of == View::of(&self.world).account_name(key.account)
                    || !gap.of.contains(":key/")
            }
            None => true,
        };
        self.coverage.gaps.iter().filter(touches).cloned().collect()
    }

    pub(crate) fn case<'a>(&'a self, principal: &'a Principal, key: &'a Key) -> Case<'a> {
        Case {
            view: View::of(&self.world),
            principal,
            key,
            stated: None,
        }
    }

    /// The cell of a pair of the tables.
    pub(crate) fn cell(&self, principal: PrincipalId, key: KeyId) -> Cell {
        self.derived.cell(principal, key, self.account_of(principal))
    }

    fn account_of(&self, principal: PrincipalId) -> Option<AccountId> {
        self.world
            .principal(principal)
            .and_then(|principal| principal.account)
    }
}

/// All cells, put together.
#[derive(Default)]
struct Fold {
    folded: Vec<Folded>,
    formulas: Formulas,
    undecided: AHashSet<FormulaId>,
}

/// Puts the layers of every cell together: some keys on each thread.
fn fold(world: &World, derived: &Derived) -> Fold {
    let share = (derived.paths.len() / rayon::current_num_threads()).max(SHARE);
    let by_key = derived.paths.chunk_by(|a, b| a.key == b.key);
    let mut shares: Vec<Vec<&[PathRow]>> = vec![Vec::new()];
    let mut taken = 0;
    for rows in by_key {
        if taken >= share {
            shares.push(Vec::new());
            taken = 0;
        }
        taken += rows.len();
        shares.last_mut().into_iter().for_each(|last| last.push(rows));
    }
    let folds: Vec<Fold> = shares
        .into_par_iter()
        .map(|keys| {
            let mut fold = Fold::default();
            let mut solver = Solver::default();
            for rows in keys {
                fold.add(world, derived, &mut solver, rows);
            }
            fold
        })
        .collect();
    folds.into_iter().reduce(Fold::and).unwrap_or_default()
}

impl Fold {
    /// Puts the layers of the cells of one key together, once for each set of actions that nothing tells apart.
    fn add(&mut self, world: &World, derived: &Derived, solver: &mut Solver, of_key: &[PathRow]) {
        for rows in of_key.chunk_by(|a, b| a.principal == b.principal) {
            let Some(first) = rows.first() else { continue };
            let (Some(principal), Some(key)) = (world.principal(first.principal), world.key(first.key))
            else {
                continue;
            };
            let case = Case {
                view: View::of(world),
                principal,
                key,
                stated: None,
            };
            if !case.in_one_partition() {
                continue;
            }
            let cell = derived.cell(first.principal, first.key, principal.account);
            let access = self.access(&case, &cell, solver);
            if !access.is_empty() {
                self.folded.push(Folded {
                    key: first.key,
                    principal: first.principal,
                    access,
                });
            }
        }
    }

    fn access(&mut self, case: &Case<'_>, cell: &Cell, solver: &mut Solver) -> Accesses {
        let mut access = Accesses::new();
        for part in cell.partition(case) {
            let Some(action) = part.first() else { continue };
            let mut values = Values {
                formulas: &mut self.formulas,
            };
            let value = cell.layers(case, action, &mut values).value;
            let value = match solver.verdict(&self.formulas, value) {
                // S6.6: no row for what no request can satisfy.
                Verdict::Never => continue,
                Verdict::Always => FormulaId::TRUE,
                Verdict::Sometimes => value,
                Verdict::Undecided => {
                    self.undecided.insert(value);
                    value
                }
            };
            match access.iter_mut().find(|(_, known)| *known == value) {
                Some((actions, _)) => *actions |= part,
                None => access.push((part, value)),
            }
        }
        access
    }

    /// Both, with the formulas of one table.
    fn and(mut self, other: Fold) -> Fold {
        let mut known: AHashMap<FormulaId, FormulaId> = AHashMap::new();
        let Fold {
            folded,
            formulas,
            undecided,
        } = other;
        let mut own = |table: &mut Formulas, id: FormulaId| {
            *known.entry(id).or_insert_with(|| table.import(&formulas, id))
        };
        for mut cell in folded {
            for (_, formula) in &mut cell.access {
                *formula = own(&mut self.formulas, *formula);
            }
            self.folded.push(cell);
        }
        for formula in undecided {
            let formula = own(&mut self.formulas, formula);
            self.undecided.insert(formula);
        }
        self
    }
}
