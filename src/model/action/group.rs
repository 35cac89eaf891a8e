//! Names for groups of actions, as people speak of them.

use super::{Action, ActionSet, Category, Level};

/// What a group of actions is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Uses key material.
    Use,
    /// Changes the key, its policy, aliases and tags, or ends it.
    Administer,
    /// Makes and revokes grants.
    Grant,
    /// Looks at the key and its settings.
    Read,
}

impl Group {
    /// All groups; every action on keys but RetireGrant and what KMS does itself is in one of them.
    pub const ALL: [Group; 4] = [Group::Use, Group::Administer, Group::Grant, Group::Read];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Group::Use => "use",
            Group::Administer => "administer",
            Group::Grant => "grant",
            Group::Read => "read",
        }
    }

    /// Its actions.
    #[must_use]
    pub fn actions(self) -> ActionSet {
        let on_keys = ActionSet::ON_KEYS.iter();
        on_keys
            .filter(|&action| Group::of(action) == Some(self))
            .collect()
    }

    /// The group of an action.
    #[must_use]
    pub fn of(action: Action) -> Option<Group> {
        let looks = matches!(action.level(), Level::Read | Level::List);
        match action.category() {
            Category::Internal => None,
            // Retiring takes access and gives none.
            Category::Grant if action == Action::RetireGrant => None,
            _ if looks => Some(Group::Read),
            Category::Cryptographic => Some(Group::Use),
            Category::Grant => Some(Group::Grant),
            _ => Some(Group::Administer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_on_keys_is_in_one_group_or_gives_nothing() {
        let grouped = Group::ALL.into_iter().fold(ActionSet::EMPTY, |all, group| {
            assert!(!all.intersects(group.actions()), "{group:?}");
            all | group.actions()
        });
        let rest = ActionSet::ON_KEYS - grouped;
        assert_eq!(rest, ActionSet::RETIRE_GRANT | ActionSet::SYNCHRONIZE);
        assert!(Group::Use.actions().contains(Action::Decrypt));
        assert!(Group::Administer.actions().contains(Action::PutKeyPolicy));
        assert!(Group::Read.actions().contains(Action::GetPublicKey));
        assert_eq!(Group::Grant.actions().len(), 2);
    }
}
