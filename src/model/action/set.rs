//! Sets of actions as one machine word, which is what rules and cells compute with.

use super::table::Action;
use std::fmt;
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Sub, SubAssign};

/// A set of KMS actions: bit *i* stands for the *i*-th action of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionSet(u64);

impl ActionSet {
    /// No action.
    pub const EMPTY: ActionSet = ActionSet(0);

    /// The actions listed.
    #[must_use]
    pub const fn of(actions: &[Action]) -> ActionSet {
        let mut set = ActionSet::EMPTY;
        let mut rest = actions;
        while let [first, later @ ..] = rest {
            set = set.with(*first);
            rest = later;
        }
        set
    }

    /// The set with this action too.
    #[must_use]
    pub const fn with(self, action: Action) -> ActionSet {
        ActionSet(self.0 | 1 << action.index())
    }

    /// The set without this action.
    #[must_use]
    pub const fn without(self, action: Action) -> ActionSet {
        ActionSet(self.0 & !(1 << action.index()))
    }

    /// Puts an action in.
    pub const fn insert(&mut self, action: Action) {
        *self = self.with(action);
    }

    /// Takes an action out.
    pub const fn remove(&mut self, action: Action) {
        *self = self.without(action);
    }

    /// Whether the action is in it.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & 1 << action.index() != 0
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: ActionSet) -> ActionSet {
        ActionSet(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersect(self, other: ActionSet) -> ActionSet {
        ActionSet(self.0 & other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn minus(self, other: ActionSet) -> ActionSet {
        ActionSet(self.0 & !other.0)
    }

    /// All actions that are not in it: what NotAction makes of a list (S2.3.2).
    #[must_use]
    pub const fn complement(self) -> ActionSet {
        ActionSet::ALL.minus(self)
    }

    /// Whether any action is in both.
    #[must_use]
    pub const fn intersects(self, other: ActionSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the other one holds all of this one.
    #[must_use]
    pub const fn is_subset(self, other: ActionSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many actions are in it.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The first action by name.
    #[must_use]
    pub fn first(self) -> Option<Action> {
        Action::from_index(u8::try_from(self.0.trailing_zeros()).ok()?)
    }

    /// The word itself.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Reads a word; bits that stand for no action are dropped.
    #[must_use]
    pub const fn from_bits(bits: u64) -> ActionSet {
        ActionSet(bits).intersect(ActionSet::ALL)
    }

    /// The actions in it, sorted by name.
    #[must_use]
    pub const fn iter(self) -> Actions {
        Actions(self)
    }
}

/// The actions of a set, sorted by name.
#[derive(Clone, Debug)]
pub struct Actions(ActionSet);

impl Iterator for Actions {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let first = self.0.first()?;
        self.0.remove(first);
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for Actions {}

impl IntoIterator for ActionSet {
    type Item = Action;
    type IntoIter = Actions;

    fn into_iter(self) -> Actions {
        self.iter()
    }
}

impl From<Action> for ActionSet {
    fn from(action: Action) -> ActionSet {
        ActionSet::EMPTY.with(action)
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> ActionSet {
        actions.into_iter().fold(ActionSet::EMPTY, ActionSet::with)
    }
}

impl Extend<Action> for ActionSet {
    fn extend<I: IntoIterator<Item = Action>>(&mut self, actions: I) {
        *self |= actions.into_iter().collect();
    }
}

impl BitOr for ActionSet {
    type Output = ActionSet;

    fn bitor(self, other: ActionSet) -> ActionSet {
        self.union(other)
    }
}

impl BitOrAssign for ActionSet {
    fn bitor_assign(&mut self, other: ActionSet) {
        *self = self.union(other);
    }
}

impl BitAnd for ActionSet {
    type Output = ActionSet;

    fn bitand(self, other: ActionSet) -> ActionSet {
        self.intersect(other)
    }
}

impl BitAndAssign for ActionSet {
    fn bitand_assign(&mut self, other: ActionSet) {
        *self = self.intersect(other);
    }
}

impl Sub for ActionSet {
    type Output = ActionSet;

    fn sub(self, other: ActionSet) -> ActionSet {
        self.minus(other)
    }
}

impl SubAssign for ActionSet {
    fn sub_assign(&mut self, other: ActionSet) {
        *self = self.minus(other);
    }
}

impl fmt::Display for ActionSet {
    /// Names with their prefix, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, action) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{action}")?;
        }
        Ok(())
    }
}
