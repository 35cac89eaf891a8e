//! JSON text into a tree that borrows from it and knows where everything stands.
//!
//! Unlike a map of values, the tree keeps byte spans, duplicate keys and the spelling of numbers, so that a policy
//! statement can be shown where it was written and nothing that was written twice is lost. One pass, no recursion, no
//! copy of any string. Several values one after another (pages, NDJSON) are read one by one.
//!
//! ```
//! use keywho::json::{Reader, Value};
//!
//! let text = r#"{"Keys": []} {"Keys": [1]}"#;
//! let pages: Vec<_> = Reader::new(text).collect::<Result<_, _>>().unwrap();
//! assert_eq!(pages.len(), 2);
//! assert!(matches!(pages[1].member("Keys").unwrap().value, Value::Array(ref keys) if keys.len() == 1));
//! assert_eq!((pages[1].span.start, pages[1].span.end), (13, 26));
//! ```

mod decode;
mod part;
mod place;
mod read;

pub use decode::{OffsetMap, percent_decode};
pub(crate) use part::{Elements, Part};
pub use place::{Lines, Place};
pub use read::{Error, MAX_DEPTH, Problem, Reader};

use std::borrow::Cow;
use std::collections::HashSet;

/// A range of bytes in the text that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// From the first to the last byte of the value, quotes and brackets included.
    pub span: Span,
    /// The value.
    pub value: Value<'a>,
}

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is spelled.
    Number(&'a str),
    /// A string.
    String(Text<'a>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object: members in order, duplicates kept.
    Object(Vec<Member<'a>>),
}

/// One member of an object.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The key.
    pub key: Text<'a>,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// The value.
    pub node: Node<'a>,
}

/// What stands between the quotes of a string. Escapes are resolved when asked for; they are known to be valid.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The string it stands for. Allocates only if there are escapes.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(decode::unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Whether it stands for the given string.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        if self.escaped {
            decode::unescape(self.raw) == other
        } else {
            self.raw == other
        }
    }

    /// Whether two texts stand for the same string.
    #[must_use]
    pub fn same(&self, other: &Text<'_>) -> bool {
        if self.escaped || other.escaped {
            self.text() == other.text()
        } else {
            self.raw == other.raw
        }
    }

    /// The string together with a map back to the bytes it was written in. `span` is that of the string's node.
    #[must_use]
    pub fn with_map(&self, span: Span) -> (Cow<'a, str>, OffsetMap) {
        decode::with_map(self.raw, self.escaped, span)
    }
}

impl<'a> Node<'a> {
    /// The first member of that name, if this is an object that has one.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Node<'a>> {
        self.members()
            .iter()
            .find(|member| member.key.is(name))
            .map(|member| &member.node)
    }

    /// The members; empty for anything but an object.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// Positions of members whose key an earlier member has already, ascending.
    #[must_use]
    pub fn duplicates(&self) -> Vec<usize> {
        let members = self.members();
        let mut found = Vec::new();
        if differ_at_sight(members) {
            return found;
        }
        // WHY: comparing all pairs is fastest for what AWS prints and hopeless for what an attacker may print.
        if members.len() <= 16 {
            for (i, member) in members.iter().enumerate() {
                if members
                    .iter()
                    .take(i)
                    .any(|earlier| earlier.key.same(&member.key))
                {
                    found.push(i);
                }
            }
            return found;
        }
        let mut seen = HashSet::with_capacity(members.len());
        for (i, member) in members.iter().enumerate() {
            if !seen.insert(member.key.text()) {
                found.push(i);
            }
        }
        found
    }

    /// The string; `None` for anything but a string.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match &self.value {
            Value::String(text) => Some(text.text()),
            _ => None,
        }
    }

    /// Whether this is a string.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.value, Value::String(_))
    }

    /// Strings as they are, numbers and booleans as their canonical strings (S2.6); `None` for anything else.
    #[must_use]
    pub fn scalar(&self) -> Option<Cow<'a, str>> {
        match &self.value {
            Value::String(text) => Some(text.text()),
            Value::Number(text) => Some(Cow::Borrowed(text)),
            Value::Bool(true) => Some(Cow::Borrowed("true")),
            Value::Bool(false) => Some(Cow::Borrowed("false")),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What kind of value this is, with its article, for messages.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "`null`",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// Whether no two keys can be the same, going by their lengths and ends alone. If not, nothing is known.
fn differ_at_sight(members: &[Member<'_>]) -> bool {
    let mut seen = [0_u64; 4];
    members.iter().all(|Member { key, .. }| {
        let bytes = key.raw.as_bytes();
        let end = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mixed = (end(bytes.first()).wrapping_mul(31))
            .wrapping_add(end(bytes.last()).wrapping_mul(7))
            .wrapping_add(length.wrapping_mul(61));
        let bit = 1 << (mixed & 63);
        let word = seen.get_mut((mixed >> 6 & 3) as usize);
        !key.escaped && word.is_some_and(|word| std::mem::replace(word, *word | bit) & bit == 0)
    })
}
