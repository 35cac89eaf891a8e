//! Two snapshots -> what is other in the new one, in words and with its place; and whose access it may concern.
//!
//! Texts are compared by what they say, wherever they stand: statements that moved are the same, and so are policies
//! whose statements stand in another order.

mod iam;
mod keys;
mod organization;
mod policies;

use crate::model::action::ActionSet;
use crate::model::snapshot::Snapshot;
use crate::source::Location;
use ahash::AHashMap;
use smallvec::SmallVec;

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    /// It is new.
    Added,
    /// It is another.
    Changed,
    /// It is no longer there.
    Removed,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    /// Plain words.
    Text(&'static str),
    /// A name or value from the snapshot.
    Name(String),
    /// ARN of a key.
    Key(String),
    /// ARN of a user, role or group.
    Principal(String),
}

/// Something that is other in the new snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause {
    /// What happened to it.
    pub turn: Turn,
    /// What it is, as a noun phrase: "statement X of the key policy of K".
    pub words: Vec<Word>,
    /// The file, relative to its snapshot; empty for what stands in none.
    pub file: String,
    /// Line, from 1; 0 for what stands in no file.
    pub line: u32,
    /// Whether file and line are those of the old snapshot.
    pub in_old: bool,
}

/// Number of a cause.
pub(super) type CauseId = u32;

/// Whose access a cause may concern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Touch {
    /// A user or role and its sessions, by ARN.
    Principal(String),
    /// All principals of an account.
    Callers(String),
    /// A key, by ARN.
    Key(String),
    /// All keys of an account.
    KeysOf(String),
    /// Everybody.
    Everybody,
}

/// A statement or grant that a derivation may rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// A policy, or one statement of it.
    Statement { policy: String, index: Option<u32> },
    /// A grant, by its id.
    Grant(String),
}

/// A cause, and what it can be the cause of.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cause: Cause,
    pub(super) touches: Vec<Touch>,
    /// The actions that it is about.
    pub(super) actions: ActionSet,
    /// What access rested on that is no longer there or is another.
    pub(super) was: Vec<Basis>,
    /// What access can rest on that was not there or was another.
    pub(super) is: Vec<Basis>,
    /// Whether it may concern access that does not rest on it: it denies, limits, or is part of conditions.
    pub(super) elsewhere: bool,
    /// Whether it can only give access, or only take it away.
    pub(super) gives: Option<bool>,
    /// Whether it is about the text of a key policy.
    pub(super) of_key_policy: bool,
}

/// The causes, by whom they may concern.
#[derive(Debug, Default)]
pub(super) struct Causes {
    pub(super) all: Vec<Found>,
    principals: AHashMap<String, Vec<CauseId>>,
    callers: AHashMap<String, Vec<CauseId>>,
    keys: AHashMap<String, Vec<CauseId>>,
    keys_of: AHashMap<String, Vec<CauseId>>,
    everybody: Vec<CauseId>,
}

/// Numbers of causes, in order.
pub(super) type CauseSet = SmallVec<[CauseId; 2]>;

impl Causes {
    /// Compares two snapshots.
    pub(super) fn of(old: &Snapshot, new: &Snapshot) -> Causes {
        let finder = || Finder {
            old,
            new,
            found: Vec::new(),
        };
        let (keys, (accounts, elsewhere)) = rayon::join(
            || finder().look(Finder::keys),
            || {
                let elsewhere = |finder: &mut Finder<'_>| {
                    finder.managed();
                    finder.organization();
                };
                rayon::join(|| finder().look(Finder::accounts), || finder().look(elsewhere))
            },
        );
        let mut causes = Causes {
            all: [keys, accounts, elsewhere].into_iter().flatten().collect(),
            ..Causes::default()
        };
        causes.all.sort_by(|a, b| a.cause.cmp(&b.cause));
        for (number, found) in causes.all.iter().enumerate() {
            for touch in &found.touches {
                let (there, name) = match touch {
                    Touch::Principal(arn) => (&mut causes.principals, arn),
                    Touch::Callers(account) => (&mut causes.callers, account),
                    Touch::Key(arn) => (&mut causes.keys, arn),
                    Touch::KeysOf(account) => (&mut causes.keys_of, account),
                    Touch::Everybody => {
                        causes.everybody.push(super::matching::at(number));
                        continue;
                    }
                };
                let there = there.entry(name.clone()).or_default();
                there.push(super::matching::at(number));
            }
        }
        causes
    }

    /// Those that may concern a principal of an account, by its own ARN and that of the role or user it comes from.
    pub(super) fn of_principal(&self, arn: &str, origin: Option<&str>, account: &str, into: &mut CauseSet) {
        let own = self.principals.get(arn).into_iter().flatten();
        let origin = origin.and_then(|origin| self.principals.get(origin));
        let callers = self.callers.get(account).into_iter().flatten();
        into.extend(own.chain(origin.into_iter().flatten()).chain(callers).copied());
        into.extend(self.everybody.iter().copied());
    }

    /// Those that may concern a key of an account.
    pub(super) fn of_key(&self, arn: &str, account: &str, into: &mut CauseSet) {
        let own = self.keys.get(arn).into_iter().flatten();
        let of_account = self.keys_of.get(account).into_iter().flatten();
        into.extend(own.chain(of_account).copied());
    }

    /// Keys of which a policy is another.
    pub(super) fn key_policies(&self) -> impl Iterator<Item = &str> {
        let of_policies = self.all.iter().filter(|found| found.of_key_policy);
        let touches = of_policies.flat_map(|found| &found.touches);
        touches.filter_map(|touch| match touch {
            Touch::Key(arn) => Some(arn.as_str()),
            _ => None,
        })
    }

    pub(super) fn get(&self, id: CauseId) -> Option<&Found> {
        self.all.get(id as usize)
    }
}

/// Looks for causes.
struct Finder<'s> {
    old: &'s Snapshot,
    new: &'s Snapshot,
    found: Vec<Found>,
}

/// Where something stands: in the new snapshot if it is there.
#[derive(Clone, Copy)]
struct At {
    location: Location,
    in_old: bool,
}

fn in_new(location: Location) -> At {
    At {
        location,
        in_old: false,
    }
}

fn in_old(location: Location) -> At {
    At {
        location,
        in_old: true,
    }
}

impl<'s> Finder<'s> {
    fn look(mut self, at: impl FnOnce(&mut Finder<'s>)) -> Vec<Found> {
        at(&mut self);
        self.found
    }

    /// Notes something that may concern all actions, and access that does not rest on it.
    fn note(&mut self, turn: Turn, words: Vec<Word>, at: At, touches: Vec<Touch>) -> Option<&mut Found> {
        let snapshot = if at.in_old { self.old } else { self.new };
        let file = at.location.file.map(|file| snapshot.files.name(file).to_owned());
        let cause = Cause {
            turn,
            words,
            file: file.unwrap_or_default(),
            line: at.location.line,
            in_old: at.in_old,
        };
        self.found.push(Found {
            cause,
            touches,
            actions: ActionSet::ALL,
            was: Vec::new(),
            is: Vec::new(),
            elsewhere: true,
            gives: None,
            of_key_policy: false,
        });
        self.found.last_mut()
    }

    /// Notes tags or other values by name that are others.
    fn values<'v>(
        &mut self,
        old: impl Iterator<Item = (&'v String, &'v String)>,
        new: impl Iterator<Item = (&'v String, &'v String)>,
        of: &[Word],
        at: At,
        touch: &Touch,
    ) {
        for (name, before, now) in joined(old, new) {
            let turn = turn(before.is_some(), now.is_some());
            if before == now {
                continue;
            }
            let mut words = vec![Word::Text("tag"), Word::Name(name.clone()), Word::Text("of")];
            words.extend_from_slice(of);
            match (before, now) {
                (Some(before), Some(now)) => words.extend([
                    Word::Text("from"),
                    Word::Name(before.clone()),
                    Word::Text("to"),
                    Word::Name(now.clone()),
                ]),
                (Some(value), None) | (None, Some(value)) => {
                    words.extend([Word::Text("with value"), Word::Name(value.clone())]);
                }
                (None, None) => {}
            }
            self.note(turn, words, at, vec![touch.clone()]);
        }
    }
}

fn turn(before: bool, now: bool) -> Turn {
    match (before, now) {
        (false, _) => Turn::Added,
        (true, false) => Turn::Removed,
        (true, true) => Turn::Changed,
    }
}

/// Two ordered lists side by side.
fn joined<'v, K: Ord, V: ?Sized>(
    old: impl Iterator<Item = (K, &'v V)>,
    new: impl Iterator<Item = (K, &'v V)>,
) -> Vec<(K, Option<&'v V>, Option<&'v V>)> {
    let (mut old, mut new) = (old.peekable(), new.peekable());
    let mut all = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return all,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        match order {
            std::cmp::Ordering::Less => all.extend(old.next().map(|(key, value)| (key, Some(value), None))),
            std::cmp::Ordering::Greater => {
                all.extend(new.next().map(|(key, value)| (key, None, Some(value))))
            }
            std::cmp::Ordering::Equal => {
                let both = old.next().zip(new.next());
                all.extend(both.map(|((key, before), (_, now))| (key, Some(before), Some(now))));
            }
        }
    }
}
