//! The 58 KMS actions and what is fixed about each (S5.1): names and patterns of names into [`Action`]s and sets.
//!
//! `table` holds one line for each action, `set` the [`ActionSet`] mask, `values` what a request parameter can be for a
//! key of a given kind. Which condition keys an action supports stands with the keys, in
//! [`KnownKey::actions`](crate::condition::key::KnownKey::actions).
//!
//! ```
//! use keywho::model::action::{Action, matching};
//!
//! assert_eq!(Action::parse("KMS:decrypt"), Some(Action::Decrypt));
//! assert_eq!(matching("kms:ReEncrypt*").set.len(), 2);
//! assert!(matching("kms:ReEncrypt").set.is_empty());
//! ```

mod group;
mod set;
mod table;
pub mod values;

pub use group::Group;
pub use set::{ActionSet, Actions};
pub use table::Action;

use crate::pattern::{glob, glob_ignore_case};
use std::fmt;

/// Access level of the service authorization reference (S5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Read
    Read,
    /// List
    List,
    /// Write, which is also that of Encrypt and Decrypt.
    Write,
    /// Permissions management
    Permissions,
    /// Tagging
    Tagging,
}

impl Level {
    /// The words of the service authorization reference.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Level::Read => "Read",
            Level::List => "List",
            Level::Write => "Write",
            Level::Permissions => "Permissions management",
            Level::Tagging => "Tagging",
        }
    }
}

/// What an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Uses key material, or makes random bytes.
    Cryptographic,
    /// Creates, changes or deletes a key.
    Manage,
    /// Looks at keys and their settings.
    View,
    /// Makes, lists and ends grants.
    Grant,
    /// Aliases.
    Alias,
    /// Tags.
    Tag,
    /// Imported key material.
    Import,
    /// Custom key stores.
    KeyStore,
    /// KMS's own (S5.4.8).
    Internal,
}

/// What a Resource element has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resources {
    /// The key ARN.
    Key,
    /// The key ARN, and separately the alias ARN (S5.4.1).
    AliasAndKey,
    /// Nothing: only `*` matches (S2.4.8).
    None,
}

/// Whether a key is single-Region or which member of a multi-Region key it is (S7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MultiRegionType {
    /// A single-Region key.
    Single,
    /// The primary.
    Primary,
    /// A replica.
    Replica,
    /// One of the two, not known which.
    Member,
}

/// Which member of a multi-Region key an action works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MultiRegionNeed {
    /// Any key, single-Region ones included.
    NotNeeded,
    /// The primary only.
    Primary,
    /// Any member.
    Member,
    /// The primary and a replica, both concerned by one call (S5.4.5).
    PrimaryAndReplica,
}

/// Prefix of every action of the table.
pub const PREFIX: &str = "kms:";

impl Action {
    /// Reads an action's name, ignoring case, with `kms:` or without.
    ///
    /// There is no action `kms:ReEncrypt` (S2.3.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Action> {
        let bare = match name.split_once(':') {
            Some((prefix, bare)) if prefix.eq_ignore_ascii_case("kms") => bare,
            Some(_) => return None,
            None => name,
        };
        Action::all().find(|action| action.name().eq_ignore_ascii_case(bare))
    }

    /// All actions, sorted by name.
    #[must_use]
    pub fn all() -> Actions {
        ActionSet::ALL.iter()
    }

    /// The action with the nearest name, if any is near.
    #[must_use]
    pub fn did_you_mean(name: &str) -> Option<Action> {
        let bare = name
            .split_once(':')
            .map_or(name, |(_, bare)| bare)
            .to_ascii_lowercase();
        Action::all()
            .map(|action| {
                (
                    strsim::jaro_winkler(&bare, &action.name().to_ascii_lowercase()),
                    action,
                )
            })
            .filter(|&(likeness, _)| likeness >= 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, action)| action)
    }

    /// Whether the operation can work on a key like this (S5.5); `None` if what is not known decides.
    ///
    /// This is not authorization: a permission may be there and the operation fail (S4.2.3).
    #[must_use]
    pub fn usable_with(
        self,
        spec: Option<&str>,
        usage: Option<&str>,
        origin: Option<&str>,
        multi_region: Option<MultiRegionType>,
    ) -> Option<bool> {
        let by_spec = one_of(self.key_specs(), spec, values::KEY_SPECS);
        let by_usage = match (usage, spec.and_then(values::usages)) {
            (None, Some(possible)) => usage_among(self.key_usages(), possible),
            _ => one_of(self.key_usages(), usage, values::KEY_USAGES),
        };
        let by_origin = one_of(self.key_origins(), origin, values::ORIGINS);
        let by_region = match (self.multi_region(), multi_region) {
            (MultiRegionNeed::NotNeeded, _) => Some(true),
            (_, None) => None,
            (_, Some(MultiRegionType::Single)) => Some(false),
            (MultiRegionNeed::Primary, Some(MultiRegionType::Replica)) => Some(false),
            (MultiRegionNeed::Primary, Some(MultiRegionType::Member)) => None,
            _ => Some(true),
        };
        let parts = [by_spec, by_usage, by_origin, by_region];
        if parts.contains(&Some(false)) {
            Some(false)
        } else {
            (!parts.contains(&None)).then_some(true)
        }
    }

    /// Whether the operation works in this state of the key (S7.3); `None` if the table does not know the state.
    #[must_use]
    pub fn usable_in_state(self, state: &str) -> Option<bool> {
        match self.key_states() {
            None => Some(true),
            Some(states) => one_of(states, Some(state), values::KEY_STATES),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.name())
    }
}

/// Whether a value is on a list whose entries may end in `*`. A value newer than the table may be on it all the same.
fn one_of(list: &[&str], value: Option<&str>, known: &[&str]) -> Option<bool> {
    if list.contains(&"*") {
        return Some(true);
    }
    let value = value?;
    let listed = list.iter().any(|entry| glob(entry, value));
    (listed || known.contains(&value)).then_some(listed)
}

/// Whether every, no, or only some possible usage is on a list.
fn usage_among(list: &[&str], possible: &[&str]) -> Option<bool> {
    let on_list = |usage: &&str| list.contains(usage) || list.contains(&"*");
    if possible.iter().all(on_list) {
        Some(true)
    } else if possible.iter().any(on_list) {
        None
    } else {
        Some(false)
    }
}

/// What one entry of an Action or NotAction element matches (S2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionPattern {
    /// The KMS actions it matches, or may match.
    pub set: ActionSet,
    /// Whether that is in doubt: there is a wildcard in the prefix (S2.3.1). Never set when nothing would match.
    pub doubt: bool,
    /// Whether IAM would accept the entry: `*`, or a service prefix and a name.
    pub valid: bool,
}

/// Finds the KMS actions that an entry of an Action or NotAction element matches, ignoring case (S2.3.1).
#[must_use]
pub fn matching(pattern: &str) -> ActionPattern {
    let only_stars = |text: &str| !text.is_empty() && text.bytes().all(|b| b == b'*');
    let wild = |text: &str| text.contains(['*', '?']);
    if only_stars(pattern) {
        return ActionPattern {
            set: ActionSet::ALL,
            doubt: false,
            valid: true,
        };
    }
    let Some((prefix, name)) = pattern.split_once(':') else {
        // WHY: an entry without a prefix is invalid; were it read as one glob, it could match.
        let set: ActionSet = Action::all()
            .filter(|action| wild(pattern) && glob_ignore_case(pattern, &action.to_string()))
            .collect();
        return ActionPattern {
            set,
            doubt: !set.is_empty(),
            valid: false,
        };
    };
    if only_stars(prefix) && only_stars(name) {
        return ActionPattern {
            set: ActionSet::ALL,
            doubt: false,
            valid: true,
        };
    }
    let set = if !glob_ignore_case(prefix, "kms") {
        ActionSet::EMPTY
    } else if only_stars(name) {
        ActionSet::ALL
    } else if wild(name) {
        Action::all()
            .filter(|action| glob_ignore_case(name, action.name()))
            .collect()
    } else {
        Action::parse(name).map_or(ActionSet::EMPTY, ActionSet::from)
    };
    if wild(prefix) {
        return ActionPattern {
            set,
            doubt: !set.is_empty(),
            valid: false,
        };
    }
    let plain = |text: &str, extra: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
    };
    let valid = plain(prefix, b"-") && plain(name, b"-_.*?");
    ActionPattern {
        set,
        doubt: false,
        valid,
    }
}

#[cfg(test)]
mod tests;
