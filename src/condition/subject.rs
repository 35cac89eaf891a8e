//! What an atom is about: a condition key with the values that some request may give it, and what they are compared with.

use super::known::Possible;
use super::operator::Test;
use crate::pattern::Token;

/// A condition key that the request decides, within what is known of it.
///
/// Two subjects of one name and different limits are different: what can be true of one may be impossible of the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Condition key in canonical spelling.
    pub name: String,
    /// Whether a request may hold several values of it.
    pub multi_valued: bool,
    /// Whether the key may be absent.
    pub absent: bool,
    /// Which values it may have.
    pub possible: Possible,
    /// The pair of an encryption context with exactly this spelling of its name, as constraints of grants see it
    /// (S4.9.4); conditions ignore the case of the name (S2.5.2).
    pub exact_pair: bool,
}

impl Subject {
    /// A single-valued key of which nothing is known.
    #[must_use]
    pub fn free(name: impl Into<String>) -> Self {
        Subject {
            name: name.into(),
            multi_valued: false,
            absent: true,
            possible: Possible::Anything,
            exact_pair: false,
        }
    }

    /// The value it has in every request, if that is known.
    #[must_use]
    pub fn settled(&self) -> Option<&str> {
        match &self.possible {
            Possible::OneOf(values) if !self.absent => match values.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A subject in a table of formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub(crate) u32);

/// A policy value that a subject is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operand {
    /// Text, in which some characters may be wildcards.
    Fixed(Box<[Token]>),
    /// Text with variables that only the request decides (S2.7.5).
    Template(Box<[Part]>),
}

/// A piece of a [`Operand::Template`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Text.
    Text(Box<[Token]>),
    /// What the request gives a key, as literal characters (S2.7.4).
    Variable {
        /// The key.
        subject: SubjectId,
        /// Its name, for people.
        name: String,
        /// What it stands for when the key is absent; without it, the whole text matches nothing (S2.7.3).
        default: Option<String>,
    },
}

impl Operand {
    /// A text in which no character is a wildcard.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Operand::Fixed(crate::pattern::literal(text).into())
    }

    /// The text as a policy would write it for a comparison.
    #[must_use]
    pub fn shown(&self, test: Test) -> String {
        let mut out = String::new();
        match self {
            Operand::Fixed(tokens) => show(tokens, test, &mut out),
            Operand::Template(parts) => {
                for part in parts {
                    match part {
                        Part::Text(tokens) => show(tokens, test, &mut out),
                        Part::Variable {
                            name, default: None, ..
                        } => out.extend(["${", name, "}"]),
                        Part::Variable {
                            name,
                            default: Some(default),
                            ..
                        } => out.extend(["${", name, ", '", default, "'}"]),
                    }
                }
            }
        }
        out
    }

    /// The subjects of its variables.
    pub fn variables(&self) -> impl Iterator<Item = SubjectId> + '_ {
        let parts = match self {
            Operand::Fixed(_) => &[][..],
            Operand::Template(parts) => parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Variable { subject, .. } => Some(*subject),
            Part::Text(_) => None,
        })
    }
}

/// Where `*` and `?` are wildcards, the characters themselves are written `${*}` and `${?}` (S2.7.2).
fn show(tokens: &[Token], test: Test, out: &mut String) {
    for &token in tokens {
        match token {
            Token::Char(c @ ('*' | '?')) if test.has_wildcards() => out.extend(['$', '{', c, '}']),
            other => out.push(other.written()),
        }
    }
}
