//! What an organization contains, as plain values: accounts, principals, keys, grants, guardrails.
//!
//! Nothing here is evaluated. "Not in the snapshot" is always a value of its own ([`Collected`]), never an empty list.

pub mod action;
pub mod change;
pub mod key;
pub mod organization;
pub mod principal;
pub mod request;
pub mod snapshot;

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

/// Tags by key, in order of the key.
pub type Tags = std::collections::BTreeMap<String, String>;
