//! The layers of every cell put together, set of actions by set of actions.

use super::tables::Source;
use crate::cells::{Cell, Derived, Values};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::{Solver, Verdict, common};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::residual::{Case, Of, Outcomes};
use crate::facts::view::View;
use crate::facts::world::Kind;
use crate::model::action::ActionSet;
use crate::rules::PathRow;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use smallvec::SmallVec;

/// What one principal may do with one key: sets of actions with the condition they share.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) key: KeyId,
    pub(crate) principal: PrincipalId,
    pub(crate) access: Accesses,
}

/// Sets of actions with their conditions.
type Accesses = SmallVec<[(ActionSet, FormulaId); 1]>;

/// All cells, put together.
#[derive(Default)]
pub(super) struct Fold {
    /// By table.
    pub(super) folded: Vec<Vec<Folded>>,
    pub(super) formulas: Formulas,
    pub(super) undecided: AHashSet<FormulaId>,
}

/// What was found out about formulas, for the requests of services and for all others.
struct Solvers {
    services: Solver,
    others: Solver,
}

/// Puts the layers of every cell together: some tables on each thread, since what is found out about conditions in one
/// serves the next.
pub(super) fn fold(tables: &[(Source<'_>, &Derived)]) -> Fold {
    let rows: usize = tables.iter().map(|(_, derived)| derived.paths().len()).sum();
    let share = rows / rayon::current_num_threads() + 1;
    let mut shares: Vec<Vec<&(Source<'_>, &Derived)>> = vec![Vec::new()];
    let mut taken = 0;
    for table in tables {
        if taken >= share {
            shares.push(Vec::new());
            taken = 0;
        }
        taken += table.1.paths().len();
        shares.last_mut().into_iter().for_each(|last| last.push(table));
    }
    let folds: Vec<Fold> = shares
        .into_par_iter()
        .map(|tables| {
            let mut fold = Fold::default();
            let mut solvers = Solvers {
                services: Solver::given(common(true)),
                others: Solver::given(common(false)),
            };
            for (source, derived) in tables {
                // Ids mean others in the next table.
                let outcomes = Outcomes::default();
                let by_key = derived.paths().chunk_by(|a, b| a.key == b.key);
                let folded =
                    by_key.flat_map(|rows| fold.of_key(source, derived, &mut solvers, &outcomes, rows));
                let folded = folded.collect();
                fold.folded.push(folded);
            }
            fold
        })
        .collect();
    folds.into_iter().reduce(Fold::and).unwrap_or_default()
}

impl Fold {
    /// Nothing, with formulas that are there already.
    pub(super) fn of(formulas: Formulas) -> Fold {
        Fold {
            formulas,
            ..Fold::default()
        }
    }

    /// Puts the layers of the cells of one key together, once for each set of actions that nothing tells apart.
    fn of_key(
        &mut self,
        source: &Source<'_>,
        derived: &Derived,
        solvers: &mut Solvers,
        outcomes: &Outcomes,
        of_key: &[PathRow],
    ) -> Vec<Folded> {
        let mut folded = Vec::new();
        for rows in of_key.chunk_by(|a, b| a.principal == b.principal) {
            let Some(first) = rows.first() else { continue };
            let (Some(principal), Some(key)) =
                (source.principal(first.principal), source.world.key(first.key))
            else {
                continue;
            };
            let case = Case {
                view: View::of(source.world),
                principal,
                key,
                stated: None,
                outcomes: Some(Of {
                    outcomes,
                    principal: first.principal,
                    key: first.key,
                }),
            };
            if !case.in_one_partition() {
                continue;
            }
            let cell = derived.cell(first.principal, first.key, principal.account);
            let solver = match principal.kind {
                Kind::Service => &mut solvers.services,
                _ => &mut solvers.others,
            };
            let access = self.access(&case, &cell, solver);
            if !access.is_empty() {
                folded.push(Folded {
                    key: first.key,
                    principal: first.principal,
                    access,
                });
            }
        }
        folded
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
    pub(super) fn and(mut self, other: Fold) -> Fold {
        let mut known: AHashMap<FormulaId, FormulaId> = AHashMap::new();
        let Fold {
            folded,
            formulas,
            undecided,
        } = other;
        let mut own = |table: &mut Formulas, id: FormulaId| {
            *known.entry(id).or_insert_with(|| table.import(&formulas, id))
        };
        for mut table in folded {
            for (_, formula) in table.iter_mut().flat_map(|cell| &mut cell.access) {
                *formula = own(&mut self.formulas, *formula);
            }
            self.folded.push(table);
        }
        for formula in undecided {
            let formula = own(&mut self.formulas, formula);
            self.undecided.insert(formula);
        }
        self
    }
}
