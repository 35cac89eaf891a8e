//! Requests in names: texts of columns looked up once, and decided without a look at any.

use super::given::{Given, Look};
use super::memo::number;
use super::{Batch, Verdict, pairs};
use crate::Error;
use crate::facts::world::Key;
use crate::model::action::Action;
use crate::model::request::{PlainRequest, Request};
use crate::query::request::{self, Side};

/// A context that has a number.
#[derive(Debug)]
pub(super) struct Known {
    text: Vec<(Box<str>, Box<str>)>,
    /// None where it must be looked at with the request.
    given: Option<Given>,
    /// Whether more follows from it than it states.
    follows: bool,
}

/// A text of one column of requests, looked up once: see [`Batch::resolve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    serial: u32,
    number: u32,
}

/// A request in names: small, and decided without a look at any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolved {
    /// Who asks.
    pub principal: Name,
    /// For what.
    pub action: Name,
    /// On which key.
    pub resource: Name,
    /// In which context.
    pub context: Name,
    /// Whether what is not stated is unknown instead of absent (S6.10).
    pub open_context: bool,
}

impl Batch<'_> {
    /// Names all four of a request; `None` for one that has more.
    pub fn resolve(&mut self, request: &Request) -> Option<Resolved> {
        request
            .is_plain()
            .then(|| self.resolve_plain(&request.plain(&pairs(request))))
    }

    /// Names all four of a request.
    pub fn resolve_plain(&mut self, request: &PlainRequest<'_>) -> Resolved {
        Resolved {
            principal: self.principal(request.principal),
            action: self.action(request.action),
            resource: self.resource(request.resource),
            context: self.context(request.context),
            open_context: request.open_context,
        }
    }

    /// Names a principal.
    pub fn principal(&mut self, principal: &str) -> Name {
        let number = self.who(principal);
        self.name(number)
    }

    /// Names an action.
    pub fn action(&mut self, action: &str) -> Name {
        let number = self.what(action);
        self.name(number)
    }

    /// Names a resource.
    pub fn resource(&mut self, resource: &str) -> Name {
        let number = self.target(resource);
        self.name(number)
    }

    /// Names a context: condition keys and values. A key with several values stands once for each.
    pub fn context(&mut self, context: &[(&str, &str)]) -> Name {
        let texts: Vec<(u32, u32)> = context
            .iter()
            .map(|(name, value)| (self.vocabulary.value(name), self.vocabulary.value(value)))
            .collect();
        let number = match self.contexts_by_text.get(&texts) {
            Some(&known) => known,
            None => {
                let known = self.look_at(context);
                self.contexts.push(known);
                let made = number(self.contexts.len() - 1);
                self.contexts_by_text.insert(texts, made);
                made
            }
        };
        self.name(number)
    }

    /// Decides one request that has been named.
    ///
    /// # Errors
    /// As [`Engine::decide`](crate::Engine::decide); a name is of another batch.
    pub fn decide_resolved(&mut self, request: &Resolved) -> Result<Verdict, Error> {
        let names = [
            request.principal,
            request.action,
            request.resource,
            request.context,
        ];
        if names.iter().any(|name| name.serial != self.serial) {
            let text = "a name of the request was given by another batch, or before this one was tidied";
            return Err(Error::Request(text.to_owned()));
        }
        let [who, action, resource, context] = names.map(|name| name.number);
        if let Some(place) = self.place(who, action, resource)
            && let Some(Known {
                given: Some(given),
                follows,
                ..
            }) = self.contexts.get(context as usize)
            && match follows {
                true => place.on.alias.is_none() && !self.is_short(resource),
                false => place.on.alias.is_none() || given.labels.is_empty(),
            }
            && !self.contradicts(&place, given)
        {
            let given = match &place.on.alias {
                Some(alias) => std::slice::from_ref(alias),
                None => &given.labels,
            };
            let found = match place.infeasible {
                Some(rule) => self.infeasible(&place, rule),
                None => self.remembered(&place, request.open_context, given),
            };
            if let Some(verdict) = found {
                return Ok(verdict);
            }
        }
        let known = self.contexts.get(context as usize);
        let text = known.map(|known| known.text.clone()).unwrap_or_default();
        let context: Vec<(&str, &str)> = text.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (principal, action, resource) = (
            self.principals.text(who).to_owned(),
            self.actions.text(action).to_owned(),
            self.resources.text(resource).to_owned(),
        );
        self.decide_plain(&PlainRequest {
            principal: &principal,
            action: &action,
            resource: &resource,
            context: &context,
            open_context: request.open_context,
        })
    }

    fn name(&self, number: u32) -> Name {
        Name {
            serial: self.serial,
            number,
        }
    }

    /// A context by itself.
    fn look_at(&mut self, context: &[(&str, &str)]) -> Known {
        let text = context.iter();
        let text = text
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        let mut given = Given::default();
        let look = Look {
            all: true,
            short: true,
        };
        if self.vocabulary.plain(context, look, &mut given) {
            return Known {
                text,
                given: Some(given),
                follows: false,
            };
        }
        given.clear();
        let request = PlainRequest {
            principal: "",
            action: "",
            resource: "",
            context,
            open_context: false,
        };
        let stated = request::stated(
            self.engine,
            &request.request(),
            &Key::default(),
            Action::Decrypt,
            Side::Source,
        );
        let stated = stated.ok().map(|stated| {
            self.vocabulary.stated(&stated, true, &mut given);
            given
        });
        Known {
            text,
            given: stated,
            follows: true,
        }
    }
}
