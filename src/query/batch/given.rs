//! The context of a request in numbers: condition keys and their values, each text looked at once.

use super::memo::number;
use crate::condition::block::KeyName;
use crate::condition::key::{KnownKey, pair_name};
use crate::facts::stated::{Asked, Stated, may_be_decided};
use ahash::AHashMap;

/// The whole encryption context, which no single condition key is.
const PAIRS: u32 = 0;
const CONTEXT_KEYS: u32 = 1;
const CURRENT_TIME: u32 = 2;
const EPOCH_TIME: u32 = 3;
/// The keys that the numbers above stand for, in order.
const FIRST: [&str; 4] = [
    "",
    "kms:EncryptionContextKeys",
    "aws:CurrentTime",
    "aws:EpochTime",
];

/// What a request states, as far as an answer can depend on it.
#[derive(Debug, Default, Clone)]
pub(super) struct Given {
    /// Numbers of keys with labels of their values.
    pub(super) labels: Vec<(u32, u32)>,
    /// Keys that the snapshot may decide otherwise.
    pub(super) decidable: Vec<(KeyName, Vec<String>)>,
    /// All keys stated.
    names: Vec<u32>,
}

impl Given {
    pub(super) fn clear(&mut self) {
        self.labels.clear();
        self.decidable.clear();
        self.names.clear();
    }
}

/// What follows from a key's being stated (S6.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    None,
    /// Something, or it may contradict another.
    Some,
    /// The encryption context and its keys.
    Pair,
    /// The same time in another form: the other key's number.
    Clock(u32),
    /// Which key a short name means.
    Region,
}

/// A condition key, as it is written.
#[derive(Debug)]
struct Name {
    /// The number of its canonical name.
    canonical: u32,
    key: KeyName,
    effect: Effect,
    decidable: bool,
}

/// Condition keys and values by their texts.
#[derive(Debug)]
pub(super) struct Vocabulary {
    written: AHashMap<Box<str>, u32>,
    names: Vec<Name>,
    canonical: AHashMap<Box<str>, u32>,
    /// By number of a canonical name: whether some evaluation asked for it. Nobody needs the values of others.
    watched: Vec<bool>,
    values: AHashMap<Box<str>, u32>,
    lists: AHashMap<Vec<String>, u32>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let mut all = Vocabulary {
            written: AHashMap::new(),
            names: Vec::new(),
            canonical: AHashMap::new(),
            watched: vec![false],
            values: AHashMap::new(),
            lists: AHashMap::new(),
        };
        for name in FIRST.iter().skip(1) {
            all.canonical(name);
        }
        all
    }
}

/// How much of a context is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The values of keys that nobody asked for yet, too.
    pub(super) all: bool,
    /// The key asked for is written by its id or alias, so that the Region matters.
    pub(super) short: bool,
}

impl Vocabulary {
    /// How many texts are remembered.
    pub(super) fn len(&self) -> usize {
        self.names.len() + self.values.len() + self.lists.len()
    }

    /// Looks a context up, if nothing follows from it but what it states: false where something may.
    pub(super) fn plain(&mut self, context: &[(&str, &str)], look: Look, given: &mut Given) -> bool {
        let mut rest = context;
        while let Some(&(name, value)) = rest.first() {
            let same = rest.iter().take_while(|(other, _)| *other == name).count();
            let (values, others) = rest.split_at_checked(same).unwrap_or((rest, &[]));
            rest = others;
            let written = self.written(name);
            let Some(Name {
                canonical,
                effect,
                decidable,
                ..
            }) = self.names.get(written as usize)
            else {
                return false;
            };
            let (canonical, decidable) = (*canonical, *decidable);
            let follows = match *effect {
                Effect::None => false,
                Effect::Some => true,
                Effect::Pair => {
                    look.all || values.len() != 1 || self.is_watched(PAIRS) || self.is_watched(CONTEXT_KEYS)
                }
                Effect::Clock(other) => look.all || self.is_watched(other),
                Effect::Region => look.short,
            };
            if follows || given.names.contains(&canonical) {
                return false;
            }
            given.names.push(canonical);
            if look.all || self.is_watched(canonical) {
                let label = match values {
                    [_] => self.value(value),
                    several => self.list(several.iter().map(|(_, value)| (*value).to_owned()).collect()),
                };
                given.labels.push((canonical, label));
            }
            if decidable && let Some(name) = self.names.get(written as usize) {
                let values = values.iter().map(|(_, value)| (*value).to_owned());
                given.decidable.push((name.key.clone(), values.collect()));
            }
        }
        true
    }

    /// Looks up what a request states, with what follows.
    pub(super) fn stated(&mut self, stated: &Stated, all: bool, given: &mut Given) {
        for (name, values) in &stated.values {
            let canonical = self.canonical(name);
            if all || self.is_watched(canonical) {
                let label = self.label(values);
                given.labels.push((canonical, label));
            }
            let key = KeyName::new(name);
            if may_be_decided(key.known) {
                given.decidable.push((key, values.clone()));
            }
        }
        if all || self.is_watched(PAIRS) {
            given
                .labels
                .extend(self.pairs(stated).map(|label| (PAIRS, label)));
        }
    }

    /// The number of what an evaluation asked for, and the label of what the request states of it. From now on it is
    /// looked at.
    pub(super) fn watch(&mut self, asked: &Asked, stated: &Stated) -> Option<(u32, Option<u32>)> {
        let (number, label) = match asked {
            Asked::Own => return None,
            Asked::Pairs => (PAIRS, self.pairs(stated)),
            Asked::Key(name) => {
                let values = stated.values.get(name);
                (self.canonical(name), values.map(|values| self.label(values)))
            }
        };
        if let Some(watched) = self.watched.get_mut(number as usize) {
            *watched = true;
        }
        Some((number, label))
    }

    fn is_watched(&self, canonical: u32) -> bool {
        self.watched.get(canonical as usize).copied().unwrap_or(true)
    }

    fn written(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.written.get(name) {
            return known;
        }
        let key = KeyName::new(name);
        let canonical = self.canonical(&key.name);
        let effect = match key.known {
            _ if pair_name(name).is_some() => Effect::Pair,
            Some(KnownKey::CurrentTime) => Effect::Clock(EPOCH_TIME),
            Some(KnownKey::EpochTime) => Effect::Clock(CURRENT_TIME),
            Some(KnownKey::RequestedRegion) => Effect::Region,
            Some(
                KnownKey::EncryptionContext
                | KnownKey::EncryptionContextKeys
                | KnownKey::ViaService
                | KnownKey::ViaAWSService
                | KnownKey::GrantIsForAWSResource
                | KnownKey::MultiFactorAuthAge
                | KnownKey::MultiFactorAuthPresent
                | KnownKey::RequestAlias,
            ) => Effect::Some,
            _ => Effect::None,
        };
        let decidable = may_be_decided(key.known);
        self.names.push(Name {
            canonical,
            key,
            effect,
            decidable,
        });
        let written = number(self.names.len() - 1);
        self.written.insert(name.into(), written);
        written
    }

    fn canonical(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.canonical.get(name) {
            return known;
        }
        let canonical = number(self.watched.len());
        self.watched.push(false);
        self.canonical.insert(name.into(), canonical);
        canonical
    }

    fn label(&mut self, values: &[String]) -> u32 {
        match values {
            [one] => self.value(one),
            several => self.list(several.to_vec()),
        }
    }

    // One counter for both, so that a list is never taken for a value.

    pub(super) fn value(&mut self, value: &str) -> u32 {
        if let Some(&known) = self.values.get(value) {
            return known;
        }
        let label = number(self.values.len() + self.lists.len());
        self.values.insert(value.into(), label);
        label
    }

    fn list(&mut self, values: Vec<String>) -> u32 {
        let label = number(self.values.len() + self.lists.len());
        *self.lists.entry(values).or_insert(label)
    }

    /// The label of the encryption context; none if there is no pair.
    fn pairs(&mut self, stated: &Stated) -> Option<u32> {
        let pairs = &stated.encryption_context;
        let texts = pairs
            .iter()
            .flat_map(|(name, value)| [name.clone(), value.clone()]);
        (!pairs.is_empty()).then(|| self.list(texts.collect()))
    }

    /// The key a request states besides: the alias it names the key by.
    pub(super) fn alias(&mut self, alias: &str) -> (u32, u32) {
        (self.canonical("kms:RequestAlias"), self.value(alias))
    }
}
