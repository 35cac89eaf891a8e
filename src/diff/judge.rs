//! What was allowed and what is allowed -> what kind of change that is, for sets of actions; each pair of formulas once.

use crate::answer::Access;
use crate::condition::formula::{Atom, FormulaId, Formulas, Shape};
use crate::condition::solve::relation::{Relation, relation};
use crate::condition::solve::{RequestContext, Verdict, common, verdict, witness};
use crate::condition::subject::Subject;
use crate::engine::{Engine, Folded};
use crate::model::action::ActionSet;
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::sync::Arc;

/// What became of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// There was none.
    Gained,
    /// More requests are allowed than before, and all that were: without the condition, or under a weaker one.
    Widened,
    /// Some requests are allowed that were not, and some no longer.
    Changed,
    /// It could not be told whether more or fewer requests are allowed: the conditions are too large.
    Undecided,
    /// Whether there is access, or when, now depends on something that the snapshot lacks.
    BecameUnknown,
    /// It no longer depends on something that the snapshot lacks.
    BecameKnown,
    /// Fewer requests are allowed than before, and none that were not: under a condition, or a stronger one.
    Narrowed,
    /// There is none any more.
    Lost,
}

impl Kind {
    /// All kinds, those that may give access first.
    pub const ALL: [Kind; 8] = [
        Kind::Gained,
        Kind::Widened,
        Kind::Changed,
        Kind::Undecided,
        Kind::BecameUnknown,
        Kind::BecameKnown,
        Kind::Narrowed,
        Kind::Lost,
    ];

    /// Whether some request may be allowed that was not.
    #[must_use]
    pub fn gives(self) -> bool {
        matches!(
            self,
            Kind::Gained | Kind::Widened | Kind::Changed | Kind::Undecided
        )
    }

    /// What it is the other way round.
    #[must_use]
    pub fn reversed(self) -> Kind {
        match self {
            Kind::Gained => Kind::Lost,
            Kind::Lost => Kind::Gained,
            Kind::Widened => Kind::Narrowed,
            Kind::Narrowed => Kind::Widened,
            Kind::BecameUnknown => Kind::BecameKnown,
            Kind::BecameKnown => Kind::BecameUnknown,
            Kind::Changed | Kind::Undecided => self,
        }
    }
}

/// The number of a [`Delta`].
pub(super) type DeltaId = u32;

/// What became of access for some actions. A formula that is `None`: no access.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Delta {
    pub(super) kind: Kind,
    pub(super) actions: ActionSet,
    pub(super) old: Option<FormulaId>,
    pub(super) new: Option<FormulaId>,
    /// For the calls of a service by itself.
    pub(super) service: bool,
}

/// A [`Delta`] as it is shown.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) old: Option<Access>,
    pub(super) new: Option<Access>,
    /// A request that is allowed now and was not, where there was and is access and one is certain.
    pub(super) gains: Option<RequestContext>,
    /// A request that was allowed and is not.
    pub(super) loses: Option<RequestContext>,
}

/// Which of the two snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Old,
    New,
}

/// Sets of actions with their formulas in the common table, in order.
pub(super) type Cell = Vec<(ActionSet, FormulaId)>;

/// Compares, and remembers what it found.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// The formulas of both engines.
    formulas: Formulas,
    undecided: AHashSet<FormulaId>,
    known: AHashMap<(Side, FormulaId), FormulaId>,
    cells: Vec<Cell>,
    cell_ids: AHashMap<Cell, u32>,
    by_place: AHashMap<(Side, usize, ActionSet), u32>,
    compared: AHashMap<(u32, u32, bool), Arc<[DeltaId]>>,
    kinds: AHashMap<(FormulaId, FormulaId, bool), Option<Kind>>,
    deltas: Vec<Delta>,
    delta_ids: AHashMap<Delta, DeltaId>,
}

impl Judge {
    pub(super) fn delta(&self, id: DeltaId) -> Option<&Delta> {
        self.deltas.get(id as usize)
    }

    /// What became of a cell of one engine in the other, of the actions that the key can perform in each.
    pub(super) fn compare(
        &mut self,
        old: Option<(&Engine, &Folded, ActionSet)>,
        new: Option<(&Engine, &Folded, ActionSet)>,
        service: bool,
    ) -> Arc<[DeltaId]> {
        let mut id = |side, of: Option<(&Engine, &Folded, ActionSet)>| match of {
            Some((engine, folded, performed)) => self.of_folded(side, engine, folded, performed),
            None => self.cell(Cell::new()),
        };
        let (old, new) = (id(Side::Old, old), id(Side::New, new));
        self.compare_cells(old, new, service)
    }

    /// The number of a cell of an engine.
    fn of_folded(&mut self, side: Side, engine: &Engine, folded: &Folded, performed: ActionSet) -> u32 {
        let place = (side, std::ptr::from_ref(folded).addr(), performed);
        if let Some(&known) = self.by_place.get(&place) {
            return known;
        }
        let mut cell = Cell::new();
        for &(actions, formula) in &folded.access {
            let actions = actions & performed;
            if !actions.is_empty() {
                cell.push((actions, self.own(side, engine, formula)));
            }
        }
        let id = self.cell(cell);
        self.by_place.insert(place, id);
        id
    }

    fn own(&mut self, side: Side, engine: &Engine, formula: FormulaId) -> FormulaId {
        if let Some(&known) = self.known.get(&(side, formula)) {
            return known;
        }
        let own = self.formulas.import(&engine.formulas, formula);
        if engine.is_undecided(formula) {
            self.undecided.insert(own);
        }
        self.known.insert((side, formula), own);
        own
    }

    /// The formula of a row's access.
    pub(super) fn own_access(&mut self, access: &Access) -> FormulaId {
        let Access::Conditional { condition, .. } = access else {
            return FormulaId::TRUE;
        };
        let (formulas, formula) = condition.parts();
        let own = self.formulas.import(formulas, formula);
        if condition.is_undecided() {
            self.undecided.insert(own);
        }
        own
    }

    /// The number of a cell: equal for equal ones.
    pub(super) fn cell(&mut self, mut cell: Cell) -> u32 {
        cell.sort_unstable_by_key(|(actions, formula)| (*formula, actions.bits()));
        // What the engine kept apart may be one formula here.
        let mut merged: Cell = Vec::with_capacity(cell.len());
        for (actions, formula) in cell {
            match merged.last_mut() {
                Some((before, same)) if *same == formula => *before |= actions,
                _ => merged.push((actions, formula)),
            }
        }
        if let Some(&known) = self.cell_ids.get(&merged) {
            return known;
        }
        let id = super::matching::at(self.cells.len());
        self.cells.push(merged.clone());
        self.cell_ids.insert(merged, id);
        id
    }

    pub(super) fn compare_cells(&mut self, old: u32, new: u32, service: bool) -> Arc<[DeltaId]> {
        if old == new {
            return Arc::default();
        }
        if let Some(known) = self.compared.get(&(old, new, service)) {
            return Arc::clone(known);
        }
        let cell = |at: u32| self.cells.get(at as usize).cloned().unwrap_or_default();
        let (before, after) = (cell(old), cell(new));
        let mut pairs: Vec<(ActionSet, Option<FormulaId>, Option<FormulaId>)> = Vec::new();
        let all = |cell: &Cell| {
            cell.iter()
                .fold(ActionSet::EMPTY, |all, (actions, _)| all | *actions)
        };
        let (in_old, in_new) = (all(&before), all(&after));
        for &(actions, formula) in &before {
            pairs.push((actions - in_new, Some(formula), None));
            for &(others, other) in &after {
                pairs.push((actions & others, Some(formula), Some(other)));
            }
        }
        let gained = after.iter();
        pairs.extend(gained.map(|&(actions, formula)| (actions - in_old, None, Some(formula))));
        let mut found = Vec::new();
        for (actions, old, new) in pairs {
            if actions.is_empty() {
                continue;
            }
            if let Some(kind) = self.kind(old, new, service) {
                found.push(self.number(Delta {
                    kind,
                    actions,
                    old,
                    new,
                    service,
                }));
            }
        }
        let found: Arc<[DeltaId]> = found.into();
        self.compared.insert((old, new, service), Arc::clone(&found));
        found
    }

    fn number(&mut self, delta: Delta) -> DeltaId {
        if let Some(&known) = self.delta_ids.get(&delta) {
            return known;
        }
        let id = super::matching::at(self.deltas.len());
        self.deltas.push(delta.clone());
        self.delta_ids.insert(delta, id);
        id
    }

    fn kind(&mut self, old: Option<FormulaId>, new: Option<FormulaId>, service: bool) -> Option<Kind> {
        match (old, new) {
            (None, None) => None,
            (None, Some(new)) if self.rests_on_what_lacks(new, service) => Some(Kind::BecameUnknown),
            (None, Some(_)) => Some(Kind::Gained),
            (Some(old), None) if self.rests_on_what_lacks(old, service) => Some(Kind::BecameKnown),
            (Some(_), None) => Some(Kind::Lost),
            (Some(old), Some(new)) => {
                if let Some(&known) = self.kinds.get(&(old, new, service)) {
                    return known;
                }
                let kind = self.compared(old, new, service);
                self.kinds.insert((old, new, service), kind);
                kind
            }
        }
    }

    fn compared(&self, old: FormulaId, new: FormulaId, service: bool) -> Option<Kind> {
        if old == new {
            return None;
        }
        let (formulas, before, after) = self.about_the_same(old, new);
        let relation = relation(&formulas, before, after, &common(service));
        let lacks = |id| asks_what_lacks(&self.formulas, id);
        match (relation, lacks(old), lacks(new)) {
            (Relation::Same, ..) => None,
            (_, false, true) => Some(Kind::BecameUnknown),
            (_, true, false) => Some(Kind::BecameKnown),
            (Relation::Weaker, ..) => Some(Kind::Widened),
            (Relation::Stronger, ..) => Some(Kind::Narrowed),
            (Relation::Apart, ..) => Some(Kind::Changed),
            (Relation::Undecided, ..) => Some(Kind::Undecided),
        }
    }

    /// Both formulas about the same requests: a key of which the snapshots know different limits has those of both.
    fn about_the_same(&self, old: FormulaId, new: FormulaId) -> (Formulas, FormulaId, FormulaId) {
        let (before, after) = (self.formulas.subjects(old), self.formulas.subjects(new));
        let about = |subject: &Subject| {
            let same = |other: &&&Subject| {
                (&other.name, other.multi_valued, other.exact_pair)
                    == (&subject.name, subject.multi_valued, subject.exact_pair)
            };
            let alone = |of: &[&Subject]| {
                let mut found = of.iter().filter(same);
                let first = found.next().map(|one| (*one).clone());
                first.filter(|_| found.next().is_none())
            };
            match (alone(&before), alone(&after)) {
                (Some(a), Some(b)) if a != b => Subject {
                    absent: a.absent || b.absent,
                    possible: a.possible.union(&b.possible),
                    ..a
                },
                _ => subject.clone(),
            }
        };
        let mut formulas = Formulas::default();
        let before = formulas.import_about(&self.formulas, old, &about);
        let after = formulas.import_about(&self.formulas, new, &about);
        (formulas, before, after)
    }

    /// Whether there is no access but for what the snapshot lacks.
    fn rests_on_what_lacks(&self, id: FormulaId, service: bool) -> bool {
        if !asks_what_lacks(&self.formulas, id) {
            return false;
        }
        let mut formulas = Formulas::default();
        let sure = without_what_lacks(&mut formulas, &self.formulas, id);
        verdict(&formulas, sure, &common(service)) == Verdict::Never
    }

    /// All deltas as they are shown, by their numbers.
    pub(super) fn shown(&self) -> Vec<Shown> {
        let deltas = self.deltas.par_iter().map(|delta| {
            let (gains, loses) = self.witnesses(delta);
            Shown {
                old: self.access(delta.old, delta.service),
                new: self.access(delta.new, delta.service),
                gains,
                loses,
            }
        });
        deltas.collect()
    }

    /// Access under a formula.
    fn access(&self, of: Option<FormulaId>, service: bool) -> Option<Access> {
        let formula = of?;
        Some(match formula {
            FormulaId::TRUE => Access::Always,
            _ if self.undecided.contains(&formula) => {
                let mut formulas = Formulas::default();
                let formula = formulas.import(&self.formulas, formula);
                Access::undecided(Arc::new(formulas), formula)
            }
            _ => Access::conditional(&self.formulas, formula, &common(service)),
        })
    }

    /// Requests that are allowed now and were not, and that were allowed and are not: one of each, if one is certain.
    fn witnesses(&self, delta: &Delta) -> (Option<RequestContext>, Option<RequestContext>) {
        let (Some(old), Some(new)) = (delta.old, delta.new) else {
            return (None, None);
        };
        let (mut formulas, old, new) = self.about_the_same(old, new);
        let mut only = |of: FormulaId, other: FormulaId| {
            let not = formulas.not(other);
            let only = formulas.and2(of, not);
            match only {
                FormulaId::FALSE => None,
                _ => witness(&formulas, only, true, &common(delta.service)),
            }
        };
        (only(new, old), only(old, new))
    }
}

/// The rules that ask for something which the snapshot lacks or which could not be understood (S0.8, S2.1.10). What a
/// foreign account allows its principals (S3.1.14) is not among them: no snapshot of an organization has it.
const LACKING: [&str; 2] = ["A40", "S2.1.10"];

fn is_lacking(atom: &Atom) -> bool {
    matches!(atom, Atom::Unknown { rule, .. } if LACKING.contains(rule))
}

fn asks_what_lacks(formulas: &Formulas, id: FormulaId) -> bool {
    let atoms = formulas.atoms(id);
    let mut shapes = atoms.iter().map(|&atom| formulas.shape(atom));
    shapes.any(|shape| matches!(shape, Shape::Atom(atom) if is_lacking(atom)))
}

/// A formula with everything that the snapshot lacks at its worst.
fn without_what_lacks(own: &mut Formulas, from: &Formulas, id: FormulaId) -> FormulaId {
    match from.shape(id) {
        Shape::Atom(atom) if is_lacking(atom) => FormulaId::FALSE,
        Shape::Not(inner) => match from.shape(inner) {
            Shape::Atom(atom) if is_lacking(atom) => FormulaId::FALSE,
            _ => own.import(from, id),
        },
        Shape::And(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|&part| without_what_lacks(own, from, part))
                .collect();
            own.and(parts)
        }
        Shape::Or(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|&part| without_what_lacks(own, from, part))
                .collect();
            own.or(parts)
        }
        _ => own.import(from, id),
    }
}
