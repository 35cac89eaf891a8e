//! Rows for requests of which something is known.

use super::request::same;
use crate::Error;
use crate::answer::{Access, Residual, Row};
use crate::condition::block::{Context as _, KeyName};
use crate::condition::formula::FormulaId;
use crate::condition::key::{Class, KnownKey};
use crate::condition::known::Known;
use crate::condition::solve::{self, RequestContext};
use crate::engine::Engine;
use crate::facts::context::AnyRequest;
use crate::facts::world::Principal;
use crate::policy::document::PolicyKind;
use ahash::AHashMap;
use std::cell::{Cell, RefCell};

/// Narrows rows to the requests whose context states what is given.
#[derive(Debug)]
pub struct Narrowing<'e> {
    engine: &'e Engine,
    given: RequestContext,
    names: Vec<KeyName>,
    only_certain: bool,
    hidden: Cell<Hidden>,
    /// What each condition comes to. The conditions are kept: that is what makes their identities theirs.
    known: RefCell<AHashMap<(usize, FormulaId), Narrowed>>,
}

/// A condition, and what it comes to; `None` if no request meets it.
type Narrowed = (Residual, Option<Access>);

/// How many rows were left out, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// No request that states what is given is allowed.
    pub by_context: usize,
    /// Access depends on more than what is given.
    pub conditional: usize,
}

impl Engine {
    /// Narrows rows to requests that state what is given: condition keys, in any spelling, with their values, or with
    /// none for a key that is absent (S6.7).
    ///
    /// # Errors
    /// No request states all of it, because keys that depend on each other contradict (S6.15).
    pub fn narrowing(&self, given: &RequestContext) -> Result<Narrowing<'_>, Error> {
        if !solve::is_possible(given) {
            return Err(Error::Request(
                "no request has this context: its keys depend on each other and contradict (S6.15)"
                    .to_owned(),
            ));
        }
        Ok(Narrowing {
            engine: self,
            given: given.clone(),
            names: given.keys().map(|name| KeyName::new(name)).collect(),
            only_certain: false,
            hidden: Cell::default(),
            known: RefCell::default(),
        })
    }
}

impl Narrowing<'_> {
    /// Leaves out rows that stay conditional.
    #[must_use]
    pub fn only_certain(self) -> Self {
        Narrowing {
            only_certain: true,
            ..self
        }
    }

    /// How many rows were left out so far.
    #[must_use]
    pub fn hidden(&self) -> Hidden {
        self.hidden.get()
    }

    /// The row as it is for these requests; `None` if it is to be left out.
    pub fn row(&self, row: Row) -> Option<Row> {
        let mut hidden = self.hidden.get();
        let narrowed = self.narrowed(row);
        let kept = match narrowed {
            None => {
                hidden.by_context += 1;
                None
            }
            Some(row) if self.only_certain && !matches!(row.access, Access::Always) => {
                hidden.conditional += 1;
                None
            }
            kept => kept,
        };
        self.hidden.set(hidden);
        kept
    }

    fn narrowed(&self, row: Row) -> Option<Row> {
        if self.given.is_empty() {
            return Some(row);
        }
        if !self.may_be_stated(&row) {
            return None;
        }
        let access = match &row.access {
            Access::Always => Access::Always,
            Access::Conditional { condition, .. } => {
                let mut known = self.known.borrow_mut();
                let (_, access) = known
                    .entry(condition.identity())
                    .or_insert_with(|| (condition.clone(), condition.given(&self.given)));
                access.clone()?
            }
        };
        Some(Row { access, ..row })
    }

    /// Whether what is given agrees with what the snapshot knows of the principal and the key (S6.2).
    fn may_be_stated(&self, row: &Row) -> bool {
        let world = &self.engine.world;
        let Some(key) = world.key_ids.get(row.key.as_str()).and_then(|&id| world.key(id)) else {
            return true;
        };
        let callers = world.principal_ids.get(row.principal.as_str());
        let mut callers = callers
            .into_iter()
            .flatten()
            .filter_map(|&id| world.principal(id));
        let agrees = |principal: &Principal| {
            let any = AnyRequest {
                world,
                principal,
                key,
                action: row.action,
                policy: PolicyKind::Identity,
            };
            let mut stated = self.names.iter().zip(self.given.values());
            stated.all(|(name, values)| agrees(&any, name, values))
        };
        callers.any(agrees)
    }
}

fn agrees(any: &AnyRequest<'_>, name: &KeyName, values: &[String]) -> bool {
    // S6.3a: a key that the action does not have says nothing about the request.
    if name
        .known
        .is_some_and(|known| !known.actions().contains(any.action))
    {
        return true;
    }
    match any.known(name) {
        Known::Is(decided) => same(&decided, values),
        Known::Absent => values.is_empty() || name.known.map(KnownKey::class) != Some(Class::Principal),
        Known::Open { absent, .. } if values.is_empty() => absent,
        Known::Open { values: possible, .. } => values.iter().all(|value| possible.admits(value)),
        Known::Doubt(_) => true,
    }
}
