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

/// Narrows rows to the requests whose context states what is given.
#[derive(Debug)]
pub struct Narrowing<'e> {
    engine: &'e Engine,
    given: RequestContext,
    names: Vec<KeyName>,
    /// What each condition comes to. The conditions are kept: that is what makes their identities theirs.
    known: AHashMap<(usize, FormulaId), (Residual, Option<Access>)>,
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
            known: AHashMap::new(),
        })
    }
}

impl Narrowing<'_> {
    /// The row as it is for these requests; `None` if none of them is allowed.
    pub fn row(&mut self, row: Row) -> Option<Row> {
        if self.given.is_empty() {
            return Some(row);
        }
        if !self.may_be_stated(&row) {
            return None;
        }
        let access = match &row.access {
            Access::Always => Access::Always,
            Access::Conditional { condition, .. } => {
                let (_, access) = self
                    .known
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
    if name.name == "aws:SecureTransport"
        || name
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
