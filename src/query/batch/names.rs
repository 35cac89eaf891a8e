//! Who and what a request names: each text looked at once.

use super::Batch;
use super::given::Vocabulary;
use super::memo::{Lacks, Pair, Root, number};
use super::{About, SLOTS};
use crate::arn::Arn;
use crate::cache::{Asker, StandIn, Whose};
use crate::condition::block::KeyName;
use crate::condition::key::Class;
use crate::engine::Engine;
use crate::facts::classes::Site;
use crate::facts::id::{AccountId, KeyId};
use crate::facts::world::{Kind, Resource};
use crate::model::action::{Action, ActionSet};
use crate::model::request::Request;
use crate::query::decide::{barred, usable};
use crate::query::request;
use ahash::AHashMap;
use std::sync::Arc;

/// Texts of one kind by number, with what each is.
#[derive(Debug)]
pub(super) struct Texts<T> {
    numbers: AHashMap<Arc<str>, u32>,
    all: Vec<(Arc<str>, T)>,
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Texts {
            numbers: AHashMap::new(),
            all: Vec::new(),
        }
    }
}

impl<T> Texts<T> {
    pub(super) fn number(&mut self, text: &str, make: impl FnOnce() -> T) -> u32 {
        if let Some(&known) = self.numbers.get(text) {
            return known;
        }
        let text: Arc<str> = text.into();
        self.all.push((Arc::clone(&text), make()));
        let made = number(self.all.len() - 1);
        self.numbers.insert(text, made);
        made
    }

    pub(super) fn at(&self, number: u32) -> Option<&T> {
        self.all.get(number as usize).map(|(_, what)| what)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", |(text, _)| text)
    }
}

/// Somebody who asks and can be nobody else.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) askers: Arc<[Asker]>,
    pub(super) stand_in: StandIn,
    /// The account it names, known or not: that is whose short names it means.
    pub(super) named_account: Option<u32>,
    pub(super) account: Option<AccountId>,
    pub(super) kind: Kind,
    pub(super) partition: u32,
}

/// What a resource's name means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Key(On),
    /// It depends on the account that asks.
    Short,
    /// Something else.
    Other,
}

/// A key of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct On {
    pub(super) id: KeyId,
    /// What the request so states: a condition key and its value.
    pub(super) alias: Option<(u32, u32)>,
    /// What cannot work on it.
    pub(super) unusable: ActionSet,
    pub(super) account: AccountId,
    pub(super) partition: Option<u32>,
    /// Whether its policies ask more of its account's principals than that.
    pub(super) asks_who: bool,
}

/// Somebody, a key and an action, found.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) about: About,
    pub(super) on: On,
    pub(super) whose: Whose,
    /// Where denies and limits are looked at, if no path leads there.
    pub(super) no_path: Option<Site>,
    pub(super) lacks: Lacks,
    /// The rule by which no policy can make it possible.
    pub(super) infeasible: Option<&'static str>,
}

impl Place {
    /// What decides first: the cell, or what stands against one that no path leads to.
    pub(super) fn root(&self, open: bool) -> Root {
        let session = matches!(self.whose, Whose::SessionOf(_));
        match &self.no_path {
            Some(site) => Root::of_refused(site, session, self.about.action, open),
            None => Root::of_cell(self.whose, self.about.action, open),
        }
    }

    /// What decides if nothing stands against it.
    pub(super) fn lacks(&self, open: bool) -> Root {
        Root::of_missing(self.lacks, self.about.key, self.about.action, open)
    }

    pub(super) fn pair(&self) -> Pair {
        (self.about.who, self.about.key.0)
    }
}

/// Where the cell of a pair is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pair: (u32, KeyId),
    whose: Whose,
    no_path: Option<Site>,
}

impl Batch<'_> {
    pub(super) fn asker(&self, who: u32) -> Option<&Asker> {
        self.principals.at(who)?.as_ref()?.askers.first()
    }

    pub(super) fn is_short(&self, resource: u32) -> bool {
        matches!(self.resources.at(resource), Some(Target::Short))
    }

    pub(super) fn who(&mut self, principal: &str) -> u32 {
        let (engine, vocabulary) = (self.engine, &mut self.vocabulary);
        self.principals.number(principal, || {
            let request = Request {
                principal: principal.to_owned(),
                ..Request::default()
            };
            let askers = engine.askers(&request).ok()?;
            let [
                Asker {
                    principal: one,
                    stand_in,
                    ..
                },
            ] = &*askers
            else {
                return None;
            };
            let named_account = crate::arn::account_of(principal);
            Some(Who {
                stand_in: *stand_in,
                named_account: named_account.map(|account| vocabulary.value(account)),
                account: one.account,
                kind: one.kind,
                partition: vocabulary.value(&one.partition),
                askers: Arc::clone(&askers),
            })
            .filter(|_| one.kind != Kind::Federated)
        })
    }

    pub(super) fn what(&mut self, action: &str) -> u32 {
        self.actions.number(action, || {
            let with_more = ActionSet::of(&[Action::ReplicateKey, Action::UpdatePrimaryRegion]);
            Action::parse(action)
                .filter(|&action| !(ActionSet::WITHOUT_RESOURCE | with_more).contains(action))
        })
    }

    pub(super) fn target(&mut self, resource: &str) -> u32 {
        let (engine, vocabulary) = (self.engine, &mut self.vocabulary);
        self.resources.number(resource, || {
            let id = match engine.world.key_ids.get(resource) {
                Some(&id) => id,
                None if Arn::parse(resource).is_none() => return Target::Short,
                None => match *engine.keys_named(resource) {
                    [only] => only,
                    _ => return Target::Other,
                },
            };
            on(engine, vocabulary, id, resource).map_or(Target::Other, Target::Key)
        })
    }

    pub(super) fn place(&mut self, who: u32, action: u32, resource: u32) -> Option<Place> {
        let action = (*self.actions.at(action)?)?;
        let on = match *self.resources.at(resource)? {
            Target::Key(on) => on,
            Target::Other => return None,
            Target::Short => self.short(who, resource)?,
        };
        let one = self.principals.at(who)?.as_ref()?;
        let own = one.account == Some(on.account);
        let elsewhere = on.partition.is_some_and(|partition| partition != one.partition);
        let infeasible = match one.kind {
            Kind::Service => None,
            _ => barred(!elsewhere, own, action),
        };
        let stand_in = one.stand_in;
        let lacks = match own && !elsewhere && !on.asks_who {
            true => Lacks::AllOf {
                account: on.account,
                root: one.kind == Kind::Root,
            },
            false => Lacks::One(who),
        };
        let Slot { whose, no_path, .. } = self.slot(who, stand_in, on.id)?;
        Some(Place {
            about: About {
                who,
                key: on.id,
                action,
            },
            on,
            whose,
            no_path,
            lacks,
            infeasible,
        })
    }

    fn slot(&mut self, who: u32, stand_in: StandIn, key: KeyId) -> Option<Slot> {
        let pair = (who, key);
        // The numbers are close together: a hash would not spread them better.
        let at = who.wrapping_mul(61).wrapping_add(key.0) as usize % SLOTS;
        let slot = self.slots.get_mut(at)?;
        if slot.is_none_or(|there| there.pair != pair) {
            let whose = self.engine.whose(stand_in, key);
            let no_path = self.engine.no_path(whose);
            *slot = Some(Slot { pair, whose, no_path });
        }
        *slot
    }

    /// The key that an id or an alias means for the principals of an account (S1.4).
    fn short(&mut self, who: u32, resource: u32) -> Option<On> {
        let account = self.principals.at(who)?.as_ref()?.named_account;
        if let Some(known) = self.short.get(&(resource, account)) {
            return *known;
        }
        let name = self.resources.text(resource);
        let request = Request {
            principal: self.principals.text(who).to_owned(),
            ..Request::default()
        };
        let found = self.engine.key_of(&request, name);
        let id = found.ok().and_then(|(id, _)| id);
        let made = id.and_then(|id| on(self.engine, &mut self.vocabulary, id, name));
        self.short.insert((resource, account), made);
        made
    }
}

/// A key of the tables, as a resource's name means it.
fn on(engine: &Engine, vocabulary: &mut Vocabulary, id: KeyId, name: &str) -> Option<On> {
    let key = engine.world.key(id).filter(|key| key.kind == Resource::Key)?;
    let unusable = ActionSet::ALL.iter();
    let partition = key.partition();
    // Of the principals of its own account, a statement that opens the key to the account asks nothing else.
    let statements = engine.world.statements_of(&key.policies);
    let of_who = |name: KeyName| name.known.is_some_and(|known| known.class() == Class::Principal);
    let mut allows = statements.filter(|(_, statement)| statement.allows);
    let asks_who = allows.any(|(_, statement)| {
        let mut asked = statement.conditions.iter().flat_map(|condition| condition.keys());
        asked.any(of_who) || statement.resource_variables().into_iter().any(of_who)
    });
    Some(On {
        id,
        asks_who,
        account: key.account,
        partition: partition.map(|partition| vocabulary.value(partition)),
        alias: request::alias_name(name).map(|alias| vocabulary.alias(&alias)),
        unusable: unusable
            .filter(|&action| usable(key, action) == Some(false))
            .collect(),
    })
}
