//! How one formula stands to another: whether each request that the one lets through is let through by the other.

use super::RequestContext;
use super::diagram::{Diagram, Full, NEVER};
use super::universe::{Pair, Universe};
use crate::condition::formula::{FormulaId, Formulas, Shape};

/// How a formula stands to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    /// It lets the same requests through.
    Same,
    /// It lets more requests through, and all those of the earlier one.
    Weaker,
    /// It lets fewer requests through, and none but those of the earlier one.
    Stronger,
    /// It lets some requests through that the earlier one does not, and the other way round.
    Apart,
    /// Too large to tell.
    Undecided,
}

/// How a formula stands to an earlier one of the same table, among the requests that state what is given.
///
/// What nobody knows is taken as a question with one answer, the same for both (S6.8); where both let the same requests
/// through then, but one of them is certain for more of them, the one that is certain for more counts as weaker.
pub(crate) fn relation(
    formulas: &Formulas,
    earlier: FormulaId,
    later: FormulaId,
    given: &RequestContext,
) -> Relation {
    if earlier == later {
        return Relation::Same;
    }
    relation_in(formulas, earlier, later, given).unwrap_or(Relation::Undecided)
}

fn relation_in(
    formulas: &Formulas,
    earlier: FormulaId,
    later: FormulaId,
    given: &RequestContext,
) -> Result<Relation, Full> {
    let asks_nobody = |id| {
        let atoms = formulas.atoms(id);
        atoms.into_iter().any(|atom| match formulas.shape(atom) {
            Shape::Atom(atom) => atom.subject().is_none(),
            _ => false,
        })
    };
    let mut universe = Universe::of(formulas, &[earlier, later], given)?;
    if asks_nobody(earlier) || asks_nobody(later) {
        let mut answered = Universe::of(formulas, &[earlier, later], given)?;
        answered.answer()?;
        let (a, b) = pairs(&mut answered, formulas, earlier, later)?;
        let found = compared(&mut answered, a.at_best, b.at_best)?;
        if found != Relation::Same {
            return Ok(found);
        }
    }
    let (a, b) = pairs(&mut universe, formulas, earlier, later)?;
    match compared(&mut universe, a.at_worst, b.at_worst)? {
        // As little is certain of both; what is possible may still differ.
        Relation::Same => compared(&mut universe, a.at_best, b.at_best),
        found => Ok(found),
    }
}

fn pairs(
    universe: &mut Universe,
    formulas: &Formulas,
    a: FormulaId,
    b: FormulaId,
) -> Result<(Pair, Pair), Full> {
    let (a, b) = (universe.pair(formulas, a)?, universe.pair(formulas, b)?);
    Ok((universe.within(a)?, universe.within(b)?))
}

fn compared(universe: &mut Universe, earlier: Diagram, later: Diagram) -> Result<Relation, Full> {
    let mut outside = |of: Diagram, other: Diagram| {
        let not = universe.table.not(other)?;
        Ok(universe.table.and(of, not)? != NEVER)
    };
    let (lost, gained) = (outside(earlier, later)?, outside(later, earlier)?);
    Ok(match (lost, gained) {
        (true, true) => Relation::Apart,
        _ if !universe.complete => Relation::Undecided,
        (false, false) => Relation::Same,
        (false, true) => Relation::Weaker,
        (true, false) => Relation::Stronger,
    })
}
