//! Whether some request, every request, or none makes a formula true (S6.6-S6.8), and a request that shows it.
//!
//! Decided by trying one request of every sort that the atoms of the formula can tell apart, out of those that there are
//! (S6.15). What nobody knows is taken both ways: a formula is possible if it can hold at best, and holds always if it
//! does at worst. Beyond a bound nothing is decided, and it says so.

mod callers;
mod calls;
mod candidates;
mod diagram;
mod groups;
mod language;
mod links;
pub(crate) mod relation;
mod sets;
pub(crate) mod simplify;
#[cfg(test)]
mod tests;
mod universe;

use super::formula::{FormulaId, Formulas};
use super::subject::SubjectId;
use ahash::AHashMap;
pub(crate) use calls::is_possible;
use diagram::{ALWAYS, Full, NEVER};
use std::collections::BTreeMap;
use universe::{Content, Universe, Value};

/// When a formula is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// For no request.
    Never,
    /// For every request.
    Always,
    /// For some, or it depends on something that nobody knows.
    Sometimes,
    /// Too large to tell.
    Undecided,
}

/// The context of a request: condition keys with their values.
pub type RequestContext = BTreeMap<String, Vec<String>>;

/// What all requests of a caller have in common: those of a service no service made for somebody else (S3.2).
pub(crate) fn common(service: bool) -> RequestContext {
    let none = || ("kms:ViaService".to_owned(), Vec::new());
    service.then(none).into_iter().collect()
}

/// Remembers what it found out about each formula of one table.
#[derive(Debug, Default)]
pub(crate) struct Solver {
    given: RequestContext,
    verdicts: AHashMap<FormulaId, Verdict>,
}

impl Solver {
    /// For requests that state what is given.
    pub(crate) fn given(given: RequestContext) -> Solver {
        Solver {
            given,
            ..Solver::default()
        }
    }

    /// When a formula is true.
    pub(crate) fn verdict(&mut self, formulas: &Formulas, id: FormulaId) -> Verdict {
        match id {
            FormulaId::TRUE => return Verdict::Always,
            FormulaId::FALSE => return Verdict::Never,
            _ => {}
        }
        if let Some(&known) = self.verdicts.get(&id) {
            return known;
        }
        let verdict = verdict(formulas, id, &self.given);
        self.verdicts.insert(id, verdict);
        verdict
    }
}

/// When a formula is true, among the requests that state what is given.
pub(crate) fn verdict(formulas: &Formulas, id: FormulaId, given: &RequestContext) -> Verdict {
    verdict_in(formulas, id, given).unwrap_or(Verdict::Undecided)
}

fn verdict_in(formulas: &Formulas, id: FormulaId, given: &RequestContext) -> Result<Verdict, Full> {
    let mut universe = Universe::of(formulas, &[id], given)?;
    let pair = universe.pair(formulas, id)?;
    let pair = universe.within(pair)?;
    let verdict = if pair.at_best == NEVER {
        Verdict::Never
    } else if pair.at_worst == universe.admissible {
        Verdict::Always
    } else {
        return Ok(Verdict::Sometimes);
    };
    Ok(if universe.complete {
        verdict
    } else {
        Verdict::Undecided
    })
}

/// A request that states what is given and for which a formula is certainly true, or certainly not. `None` if there is
/// none, or none was found.
pub(crate) fn witness(
    formulas: &Formulas,
    id: FormulaId,
    holds: bool,
    given: &RequestContext,
) -> Option<RequestContext> {
    witness_in(formulas, id, holds, given).ok().flatten()
}

fn witness_in(
    formulas: &Formulas,
    id: FormulaId,
    holds: bool,
    given: &RequestContext,
) -> Result<Option<RequestContext>, Full> {
    let mut universe = Universe::of(formulas, &[id], given)?;
    let pair = universe.pair(formulas, id)?;
    let wanted = if holds {
        pair.at_worst
    } else {
        universe.table.not(pair.at_best)?
    };
    let mut names: Vec<(SubjectId, String)> = Vec::new();
    for subject in universe
        .variables
        .iter()
        .filter_map(|variable| variable.values.first())
        .flatten()
    {
        if let Some(known) = formulas.subject_of(subject.0) {
            names.push((subject.0, known.name.clone()));
        }
    }
    let stated = calls::stated(&mut universe, &names)?;
    let mut wanted = universe.table.and(wanted, universe.admissible)?;
    wanted = universe.table.and(wanted, stated)?;
    if wanted == NEVER {
        return Ok(None);
    }
    let mut context = given.clone();
    // WHY: every variable gets a value, because a key left out is absent, which the key may never be.
    for number in 0..universe.variables.len() {
        let variable = u32::try_from(number).unwrap_or(u32::MAX);
        let values = universe
            .variables
            .get(number)
            .map(|v| v.values.clone())
            .unwrap_or_default();
        for (at, value) in values.iter().enumerate() {
            let branches = (0..values.len())
                .map(|n| if n == at { ALWAYS } else { NEVER })
                .collect();
            let chosen = universe.table.node(variable, branches)?;
            let left = universe.table.and(wanted, chosen)?;
            if left != NEVER {
                wanted = left;
                if universe.way == Some(variable) && calls::is_by_service(at) {
                    let service = || vec!["s3.us-east-1.amazonaws.com".to_owned()];
                    context.entry("kms:ViaService".to_owned()).or_insert_with(service);
                }
                state(formulas, value, &mut context);
                break;
            }
        }
    }
    // An absent key is not stated.
    context.retain(|_, values| !values.is_empty());
    if context.contains_key("aws:MultiFactorAuthAge") {
        let yes = vec!["true".to_owned()];
        context.insert("aws:MultiFactorAuthPresent".to_owned(), yes);
    }
    Ok(Some(context))
}

/// Adds what a value of a variable gives its keys.
fn state(formulas: &Formulas, value: &Value, context: &mut RequestContext) {
    let spelling = value.iter().find(|(subject, _)| *subject == groups::SPELLING);
    if let Some((_, Content::One(spelling))) = spelling {
        // Whoever asks for the name alone, in another spelling, does not see what the pair says.
        let pair = context.entry(format!("kms:EncryptionContext:{spelling}"));
        pair.or_insert_with(|| vec!["x".to_owned()]);
    }
    for (id, content) in value {
        let values = match content {
            Content::Absent => continue,
            Content::One(text) => vec![text.clone()],
            Content::Set(values) => values.clone(),
        };
        if *id == groups::OTHERS {
            for name in values {
                context.insert(format!("kms:EncryptionContext:{name}"), vec!["x".to_owned()]);
            }
            continue;
        }
        let Some(subject) = formulas.subject_of(*id) else {
            continue;
        };
        match spelling {
            _ if subject.settled().is_some() => {}
            Some((_, Content::One(spelling))) => {
                context.insert(format!("kms:EncryptionContext:{spelling}"), values);
            }
            _ => {
                context.insert(subject.name.clone(), values);
            }
        }
    }
}
