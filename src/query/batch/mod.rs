//! Many requests, one after the other: names are looked up once, and what was decided before is found again.
//!
//! A [`Batch`] gives the answers of [`Engine::decide`]. A request that carries nothing but the four that every request
//! has costs a few look-ups, and an evaluation where nobody asked the like before; every other goes the long way.

mod given;
mod memo;
mod names;
mod resolved;

pub use resolved::{Name, Resolved};

use super::request::{self, Side};
use crate::Error;
use crate::answer::{Decision, Outcome, Residual};
use crate::cache::{Asker, Ruling};
use crate::engine::Engine;
use crate::facts::id::KeyId;
use crate::facts::residual::Case;
use crate::facts::stated::Stated;
use crate::model::action::Action;
use crate::model::request::{PlainRequest, Request};
use ahash::AHashMap;
use given::{Given, Look, Vocabulary};
use memo::{ABSENT, Memo, Pair, Root, Step};
use names::{On, Place, Slot, Target, Texts, Who};
use resolved::Known;
use smallvec::SmallVec;
use std::cell::RefCell;
use std::sync::Arc;

/// How much a batch remembers before it starts anew.
const LIMIT: usize = 1 << 21;
/// Of how many pairs it remembers where their cells are. Whatever comes later takes the place of another.
const SLOTS: usize = 1 << 12;

/// Decides many requests, and remembers what they have in common.
///
/// It is for one thread; others make their own of the same engine.
///
/// ```no_run
/// # let (snapshot, _) = keywho::Snapshot::load("snapshot/")?;
/// # let (engine, requests): (_, Vec<keywho::Request>) = (keywho::Engine::compile(&snapshot), Vec::new());
/// let mut batch = engine.batch();
/// for verdict in batch.decide_batch(&requests) {
///     let verdict = verdict?;
///     if verdict.outcome == keywho::Outcome::ExplicitDeny {
///         println!("{:?}", batch.decision(&verdict).map(|decision| decision.statements));
///     }
/// }
/// # Ok::<(), keywho::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch<'e> {
    engine: &'e Engine,
    /// What tells its names and verdicts from those of other batches.
    serial: u32,
    principals: Texts<Option<Who>>,
    actions: Texts<Option<Action>>,
    resources: Texts<Target>,
    /// Keys that short names mean for the principals of an account, and for those that have none.
    short: AHashMap<(u32, Option<u32>), Option<On>>,
    contexts: Vec<Known>,
    contexts_by_text: AHashMap<Vec<(u32, u32)>, u32>,
    vocabulary: Vocabulary,
    memo: Memo,
    given: Given,
    slots: Vec<Option<Slot>>,
}

/// What was decided about one request; the whole [`Decision`] is there when asked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Verdict {
    /// What was decided.
    pub outcome: Outcome,
    /// The layer that decided (S4.1.2).
    pub layer: &'static str,
    /// The rule that decided.
    pub rule: &'static str,
    /// Whether the operation can work on the key and in its state; `None` where there is nothing to say (S4.2.3).
    pub usable: Option<bool>,
    source: Source,
}

/// Where the rest of a decision is.
#[derive(Clone, Debug)]
enum Source {
    /// In the batch of this number.
    Batch { serial: u32, leaf: u32, about: About },
    /// Here.
    Own(Arc<Decision>),
}

/// Who, what and which key a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct About {
    who: u32,
    key: KeyId,
    action: Action,
}

impl Verdict {
    /// What verdicts of one batch have in common if their decisions differ in nothing but the request's id; none for
    /// requests that went the long way.
    #[must_use]
    pub fn token(&self) -> Option<u128> {
        match &self.source {
            Source::Batch { leaf, about, .. } => Some(
                u128::from(*leaf) << 72
                    | u128::from(about.who) << 40
                    | u128::from(about.key.0) << 8
                    | u128::from(about.action.index()),
            ),
            Source::Own(_) => None,
        }
    }

    fn own(decision: Decision) -> Verdict {
        Verdict {
            outcome: decision.outcome,
            layer: decision.layer,
            rule: decision.rule,
            usable: decision.usable,
            source: Source::Own(Arc::new(decision)),
        }
    }
}

impl Engine {
    /// Begins to decide many requests.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            engine: self,
            serial: self.cache.number(),
            principals: Texts::default(),
            actions: Texts::default(),
            resources: Texts::default(),
            short: AHashMap::new(),
            contexts: Vec::new(),
            contexts_by_text: AHashMap::new(),
            vocabulary: Vocabulary::default(),
            memo: Memo::default(),
            given: Given::default(),
            slots: vec![None; SLOTS],
        }
    }

    /// Decides many requests: for each what [`Engine::decide`] says.
    #[must_use]
    pub fn decide_batch(&self, requests: &[Request]) -> Vec<Result<Decision, Error>> {
        let mut batch = self.batch();
        let decide = |request: &Request| {
            let verdict = batch.decide(request)?;
            match batch.decision(&verdict) {
                Some(mut decision) => {
                    decision.id.clone_from(&request.id);
                    Ok(decision)
                }
                None => self.decide(request),
            }
        };
        requests.iter().map(decide).collect()
    }
}

impl<'e> Batch<'e> {
    /// Decides requests in order.
    #[must_use]
    pub fn decide_batch(&mut self, requests: &[Request]) -> Vec<Result<Verdict, Error>> {
        self.tidy();
        requests.iter().map(|request| self.decide(request)).collect()
    }

    /// Decides one request.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide(&mut self, request: &Request) -> Result<Verdict, Error> {
        match request.is_plain() {
            true if request.context.is_empty() => self.decide_plain(&request.plain(&[])),
            true => self.decide_plain(&request.plain(&pairs(request))),
            false => self.at_length(request),
        }
    }

    /// Decides one request that has nothing but what every request has.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide_plain(&mut self, request: &PlainRequest<'_>) -> Result<Verdict, Error> {
        match self.quickly(request) {
            Some(verdict) => Ok(verdict),
            None => self.at_length(&request.request()),
        }
    }

    /// The whole decision of a verdict of this batch, without an id; `None` for a verdict of another.
    #[must_use]
    pub fn decision(&self, verdict: &Verdict) -> Option<Decision> {
        let (leaf, about) = match &verdict.source {
            Source::Own(decision) => return Some(Decision::clone(decision)),
            Source::Batch { serial, leaf, about } if *serial == self.serial => (self.memo.at(*leaf)?, about),
            Source::Batch { .. } => return None,
        };
        let asker = self.asker(about.who)?;
        let case = Case {
            view: asker.view(&self.engine.world),
            principal: &asker.principal,
            key: self.engine.world.key(about.key)?,
            stated: None,
            outcomes: None,
        };
        Some(Decision {
            residual: leaf.residual.clone(),
            ..leaf.ruling?.decision(&case, about.action)
        })
    }

    /// Forgets everything if that has become much. Verdicts and names given before are then those of another batch.
    /// Tells whether it did.
    pub fn tidy(&mut self) -> bool {
        let texts = self.principals.len() + self.resources.len() + self.contexts.len();
        if texts + self.vocabulary.len() + self.memo.len() > LIMIT {
            *self = self.engine.batch();
            return true;
        }
        false
    }

    fn at_length(&self, request: &Request) -> Result<Verdict, Error> {
        let mut decision = self.engine.decide(request)?;
        decision.id = String::new();
        Ok(Verdict::own(decision))
    }

    /// Decides a request that names one principal and one key of the tables and contradicts nothing.
    fn quickly(&mut self, request: &PlainRequest<'_>) -> Option<Verdict> {
        let who = self.who(request.principal);
        let action = self.what(request.action);
        let resource = self.target(request.resource);
        let place = self.place(who, action, resource)?;
        let look = Look {
            all: false,
            short: self.is_short(resource),
        };
        let mut given = std::mem::take(&mut self.given);
        given.clear();
        let verdict = self.in_context(request, &place, look, &mut given);
        self.given = given;
        verdict
    }

    fn in_context(
        &mut self,
        request: &PlainRequest<'_>,
        place: &Place,
        look: Look,
        given: &mut Given,
    ) -> Option<Verdict> {
        let mut stated = None;
        if self.vocabulary.plain(request.context, look, given) {
            given.labels.extend(place.on.alias);
        } else if look.short {
            return None;
        } else {
            given.clear();
            let whole = self.stated(&request.request(), place)?;
            self.vocabulary.stated(&whole, false, given);
            stated = Some(whole);
        }
        if self.contradicts(place, given) {
            return None;
        }
        if let Some(rule) = place.infeasible {
            return self.infeasible(place, rule);
        }
        if let Some(verdict) = self.remembered(place, request.open_context, &given.labels) {
            return Some(verdict);
        }
        // Where no request had a say, another thread may have decided for all.
        if place.no_path.is_none()
            && let Some(ruling) = self.engine.cache.ruling(place.whose, place.about.action)
        {
            let leaf = self.memo.leaf(Some(ruling), None);
            self.memo
                .insert(place.root(request.open_context), place.pair(), &[], leaf);
            return self.verdict(place, leaf);
        }
        let stated = match stated {
            Some(stated) => stated,
            None => self.stated(&request.request(), place)?,
        };
        self.evaluate(place, stated, given)
    }

    /// The verdict for a request, if the same was asked before.
    fn remembered(&self, place: &Place, open: bool, given: &[(u32, u32)]) -> Option<Verdict> {
        let leaf = self.memo.find(&place.root(open), place.pair(), given)?;
        match self.memo.at(leaf)?.ruling {
            Some(_) => self.verdict(place, leaf),
            None => {
                let lacks = self.memo.find(&place.lacks(open), place.pair(), given)?;
                self.verdict(place, lacks)
            }
        }
    }

    fn infeasible(&mut self, place: &Place, rule: &'static str) -> Option<Verdict> {
        let leaf = self.memo.leaf(Some(Ruling::refused("feasibility", rule)), None);
        self.verdict(place, leaf)
    }

    fn verdict(&self, place: &Place, leaf: u32) -> Option<Verdict> {
        let ruling = self.memo.at(leaf)?.ruling?;
        Some(Verdict {
            outcome: ruling.outcome,
            layer: ruling.layer,
            rule: ruling.rule,
            usable: place.on.unusable.contains(place.about.action).then_some(false),
            source: Source::Batch {
                serial: self.serial,
                leaf,
                about: place.about,
            },
        })
    }

    /// Evaluates the cell, and remembers what was asked.
    fn evaluate(&mut self, place: &Place, mut stated: Stated, given: &Given) -> Option<Verdict> {
        let About { who, key, action } = place.about;
        let engine = self.engine;
        let askers = Arc::clone(&self.principals.at(who)?.as_ref()?.askers);
        let asker = askers.first()?;
        let (root, open) = (place.root(stated.open), stated.open);
        // What stands against it may be known: it is the same for many.
        let mut found = self.memo.find(&root, place.pair(), &given.labels);
        if found.is_none() {
            stated.asked = Some(RefCell::default());
            let (ruling, residual) = match place.no_path {
                Some(_) => {
                    let cell = engine.cell_of(asker, place.whose);
                    (
                        engine.against(&case(engine, asker, key, &stated)?, &cell, action),
                        None,
                    )
                }
                None => {
                    let evaluated =
                        engine.evaluate_at(&case(engine, asker, key, &stated)?, asker, place.whose, action);
                    (Some(evaluated.ruling), evaluated.residual)
                }
            };
            found = Some(self.remember(root, place.pair(), &stated, (ruling, residual)));
        }
        let leaf = found?;
        if self.memo.at(leaf)?.ruling.is_some() {
            return self.verdict(place, leaf);
        }
        stated.asked = Some(RefCell::default());
        let ruling = engine.lacking(&case(engine, asker, key, &stated)?, action);
        let lacks = self.remember(place.lacks(open), place.pair(), &stated, (Some(ruling), None));
        self.verdict(place, lacks)
    }

    /// Remembers what an evaluation asked, and what came of it.
    fn remember(
        &mut self,
        root: Root,
        pair: Pair,
        stated: &Stated,
        (ruling, residual): (Option<Ruling>, Option<Residual>),
    ) -> u32 {
        let asked = stated.asked.as_ref().map(RefCell::take).unwrap_or_default();
        let steps = asked
            .iter()
            .map(|asked| match self.vocabulary.watch(asked, stated) {
                Some((name, label)) => Step::Key(name, label.unwrap_or(ABSENT)),
                None => Step::Own,
            });
        let steps: SmallVec<[Step; 8]> = steps.collect();
        let leaf = self.memo.leaf(ruling, residual);
        self.memo.insert(root, pair, &steps, leaf);
        leaf
    }

    /// Whether the snapshot decides a key otherwise than the request states it (S6.10).
    fn contradicts(&self, place: &Place, given: &Given) -> bool {
        let asked = || {
            let principal = &self.asker(place.about.who)?.principal;
            let key = self.engine.world.key(place.about.key)?;
            Some((principal, key, place.about.action))
        };
        given.decidable.iter().any(|(name, values)| {
            asked().is_none_or(|asked| request::contradicted(self.engine, asked, name, values).is_some())
        })
    }

    fn stated(&self, request: &Request, place: &Place) -> Option<Stated> {
        let key = self.engine.world.key(place.about.key)?;
        request::stated(self.engine, request, key, place.about.action, Side::Source).ok()
    }
}

fn case<'a>(engine: &'a Engine, asker: &'a Asker, key: KeyId, stated: &'a Stated) -> Option<Case<'a>> {
    Some(Case {
        view: asker.view(&engine.world),
        principal: &asker.principal,
        key: engine.world.key(key)?,
        stated: Some(stated),
        outcomes: None,
    })
}

/// The context of a request, a pair for each value.
fn pairs(request: &Request) -> SmallVec<[(&str, &str); 8]> {
    let pairs = request.context.iter().flat_map(|(name, values)| {
        let values = values.iter();
        values.map(move |value| (name.as_str(), value.as_str()))
    });
    pairs.collect()
}
