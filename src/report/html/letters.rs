//! Actions and how they are possible -> the few letters of a cell: what for, and how certain.

use crate::Access;
use crate::model::action::{Action, ActionSet};
use serde::Serialize;

/// What a letter stands for.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Letter {
    pub(super) letter: char,
    pub(super) word: &'static str,
    pub(super) means: &'static str,
}

/// All letters, in the order in which cells show them.
pub(super) const LETTERS: [Letter; 5] = [
    Letter {
        letter: 'U',
        word: "use",
        means: "encrypt, decrypt, sign and the like",
    },
    Letter {
        letter: 'A',
        word: "administer",
        means: "change, disable or delete the key, its tags and aliases, or revoke grants",
    },
    Letter {
        letter: 'G',
        word: "grant",
        means: "create grants, and so let others use the key",
    },
    Letter {
        letter: 'P',
        word: "change policy",
        means: "write the key policy, and so decide who may do all of this",
    },
    Letter {
        letter: 'R',
        word: "read",
        means: "look at the key's settings, or retire a grant; shown where there is nothing more",
    },
];

const READ: u8 = 4;

/// Which letter an action has.
fn letter(action: Action) -> u8 {
    use crate::model::action::Category;
    match (action, action.category()) {
        (Action::CreateGrant, _) => 2,
        (Action::PutKeyPolicy, _) => 3,
        (Action::RevokeGrant, _) => 1,
        (_, Category::Cryptographic) => 0,
        (_, Category::View | Category::Grant) => READ,
        _ => 1,
    }
}

/// What a principal may do on a key, in letters: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Sign {
    always: u8,
    conditional: u8,
    unknown: u8,
}

impl Sign {
    /// The sign of some actions.
    pub(super) fn of(actions: &[Action], access: &Access) -> Sign {
        let bits = actions.iter().fold(0, |bits, &action| bits | 1 << letter(action));
        let mut sign = Sign::default();
        match access {
            Access::Always => sign.always = bits,
            Access::Conditional { condition, .. } if condition.is_for_want_of_data() => sign.unknown = bits,
            Access::Conditional { .. } => sign.conditional = bits,
        }
        sign
    }

    /// Both together: what is certain of one is certain.
    pub(super) fn and(self, other: Sign) -> Sign {
        let always = self.always | other.always;
        let conditional = (self.conditional | other.conditional) & !always;
        Sign {
            always,
            conditional,
            unknown: (self.unknown | other.unknown) & !always & !conditional,
        }
    }

    /// Whether a letter is among them, by its place in [`LETTERS`].
    pub(super) fn has(self, place: usize) -> bool {
        (self.always | self.conditional | self.unknown) & 1 << place != 0
    }

    /// `UA`, `U if GP`, `? R`; empty where there is nothing.
    pub(super) fn text(self) -> String {
        let is_more = (self.always | self.conditional | self.unknown) & !(1 << READ) != 0;
        let letters = |bits: u8| -> String {
            let bits = if is_more { bits & !(1 << READ) } else { bits };
            let all = LETTERS.iter().enumerate();
            all.filter(|(place, _)| bits & 1 << place != 0)
                .map(|(_, letter)| letter.letter)
                .collect()
        };
        let parts = [
            ("", letters(self.always)),
            ("if ", letters(self.conditional)),
            ("? ", letters(self.unknown)),
        ];
        let parts = parts.iter().filter(|(_, letters)| !letters.is_empty());
        let parts: Vec<String> = parts.map(|(how, letters)| format!("{how}{letters}")).collect();
        parts.join(" ")
    }

    /// The class of a cell: `y` for what is possible always, `c` under a condition only, `n` for what is not known.
    pub(super) fn class(self) -> &'static str {
        match (self.always, self.conditional, self.unknown) {
            (0, 0, 0) => "",
            (0, 0, _) => "n",
            (0, _, _) => "c",
            _ => "y",
        }
    }
}

/// A few actions by name, or how many more there are.
pub(super) fn few(actions: &[Action], most: usize) -> (String, usize) {
    let names: Vec<&str> = actions.iter().take(most).map(|action| action.name()).collect();
    (names.join(", "), actions.len().saturating_sub(most))
}

/// All names of a set.
pub(super) fn names(actions: ActionSet) -> String {
    let names: Vec<&str> = actions.iter().map(Action::name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn always(actions: &[Action]) -> Sign {
        Sign::of(actions, &Access::Always)
    }

    #[test]
    fn a_cell_says_what_for_and_how_certain() {
        let both = always(&[Action::Decrypt, Action::DescribeKey]);
        assert_eq!((both.text().as_str(), both.class()), ("U", "y"));
        assert_eq!(always(&[Action::DescribeKey]).text(), "R");
        assert_eq!(always(&[Action::PutKeyPolicy, Action::DisableKey]).text(), "AP");
        let sign = Sign {
            always: 1,
            conditional: 4,
            unknown: 8,
        };
        assert_eq!(sign.text(), "U if G ? P");
        assert_eq!(sign.and(always(&[Action::CreateGrant])).text(), "UG ? P");
        assert_eq!(Sign::default().text(), "");
        let unknown = Sign {
            unknown: 1,
            ..Sign::default()
        };
        assert_eq!(unknown.class(), "n");
    }
}
