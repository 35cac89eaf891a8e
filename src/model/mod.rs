//! What an organization contains, as plain values: accounts, principals, keys, grants, guardrails.
//!
//! Nothing here is evaluated. "Not in the snapshot" is always a value of its own ([`Collected`]), never an empty list.

pub mod action;
pub mod change;
pub mod finding;
pub mod key;
pub(crate) mod names;
pub mod organization;
pub mod principal;
pub mod request;
mod share;
pub mod snapshot;

use std::fmt;
use std::sync::Arc;

/// A piece of the snapshot, together with whether it was there at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Collected {
    /// All of it was read.
    Whole,
    /// Some of it was read: a truncated page, an unreadable part.
    Partly,
    /// Nothing of it is in the snapshot.
    #[default]
    Missing,
}

impl Collected {
    /// Whether what is not there is known not to exist.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self == Collected::Whole
    }
}

/// Tags by key, in order of the key. Copies share them.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags(Arc<[(String, String)]>);

impl Tags {
    /// No tags.
    #[must_use]
    pub fn new() -> Self {
        Tags::default()
    }

    /// Keys and values in order of the key.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The value of a key, as it is spelled.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&String> {
        let place = self.0.binary_search_by(|(other, _)| other.as_str().cmp(key));
        place
            .ok()
            .and_then(|place| self.0.get(place))
            .map(|(_, value)| value)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Of a key that comes twice the first value stays.
impl FromIterator<(String, String)> for Tags {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(tags: T) -> Self {
        let mut tags: Vec<_> = tags.into_iter().collect();
        if !tags.is_sorted_by(|a, b| a.0 < b.0) {
            tags.sort_by(|a, b| a.0.cmp(&b.0));
            tags.dedup_by(|next, first| next.0 == first.0);
        }
        Tags(tags.into())
    }
}
