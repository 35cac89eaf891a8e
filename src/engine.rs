//! The compiled snapshot: facts lowered, rules run, cells folded. Everything after only reads.

use crate::answer::{Access, Residual};
use crate::cells::{Cell, Derived, Values, derive};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::simplify::simplify;
use crate::condition::solve::{RequestContext, Solver, Verdict, witness};
use crate::facts::build;
use crate::facts::id::{AccountId, KeyId, PrincipalId};
use crate::facts::lower::{Scope, lower};
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::{Key, Principal, World};
use crate::model::action::ActionSet;
use crate::model::snapshot::{Coverage, Gap, Snapshot};
use ahash::AHashSet;
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
    pub(crate) access: SmallVec<[(ActionSet, FormulaId); 1]>,
}

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
        Engine {
            derived,
            folded,
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
                return Access::Conditional {
                    condition: Residual::undecided(Arc::clone(&self.formulas), formula),
                    witness: None,
                };
            }
            conditional(&self.formulas, formula)
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
                return Access::Conditional {
                    condition: Residual::undecided(Arc::new(formulas), any),
                    witness: None,
                };
            }
            conditional(&formulas, any)
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

/// Access under a condition, in its shortest form, with a request that meets it.
fn conditional(formulas: &Formulas, formula: FormulaId) -> Access {
    let given = RequestContext::new();
    let (simpler, id) = simplify(formulas, formula, &given);
    Access::Conditional {
        condition: Residual::new(Arc::new(simpler), id),
        witness: witness(formulas, formula, true, &given).map(Arc::new),
    }
}

/// All cells, put together.
#[derive(Default)]
struct Fold {
    folded: Vec<Folded>,
    formulas: Formulas,
    undecided: AHashSet<FormulaId>,
}

/// Puts the layers of every cell together, once for each set of actions that nothing tells apart.
fn fold(world: &World, derived: &Derived) -> Fold {
    let mut fold = Fold::default();
    let mut solver = Solver::default();
    for rows in derived
        .paths
        .chunk_by(|a, b| (a.key, a.principal) == (b.key, b.principal))
    {
        let Some(first) = rows.first() else { continue };
        let (Some(principal), Some(key)) = (world.principal(first.principal), world.key(first.key)) else {
            continue;
        };
        let cell = derived.cell(first.principal, first.key, principal.account);
        let case = Case {
            view: View::of(world),
            principal,
            key,
            stated: None,
        };
        let mut access: SmallVec<[(ActionSet, FormulaId); 1]> = SmallVec::new();
        if !case.in_one_partition() {
            continue;
        }
        for part in cell.partition(&case) {
            let Some(action) = part.first() else { continue };
            let mut values = Values {
                formulas: &mut fold.formulas,
            };
            let value = cell.layers(&case, action, &mut values).value;
            let value = match solver.verdict(&fold.formulas, value) {
                // S6.6: no row for what no request can satisfy.
                Verdict::Never => continue,
                Verdict::Always => FormulaId::TRUE,
                Verdict::Sometimes => value,
                Verdict::Undecided => {
                    fold.undecided.insert(value);
                    value
                }
            };
            match access.iter_mut().find(|(_, known)| *known == value) {
                Some((actions, _)) => *actions |= part,
                None => access.push((part, value)),
            }
        }
        if !access.is_empty() {
            fold.folded.push(Folded {
                key: first.key,
                principal: first.principal,
                access,
            });
        }
    }
    fold
}
