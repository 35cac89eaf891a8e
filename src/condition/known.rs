//! What is known of a context key's value: exactly, within limits, or not at all (S6.1).

use crate::arn::Arn;
use crate::pattern::{Token, glob, match_tokens, tokens};
use std::sync::Arc;

/// What is known of a key in the requests at hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// The key is absent.
    Absent,
    /// The key has exactly these values.
    Is(Vec<String>),
    /// The value depends on the request.
    Open {
        /// Whether the key may be absent.
        absent: bool,
        /// Which values it may have.
        values: Possible,
    },
    /// The documentation leaves the key's presence or value open; the rule that says so.
    Doubt(&'static str),
}

/// Which values a key may have in some admissible request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Possible {
    /// Any text.
    Anything,
    /// One of these, the list being closed for this key and action (S6.6).
    OneOf(Vec<String>),
    /// Any text that this pattern matches.
    Like(String),
    /// Any text that none of these patterns matches.
    Unlike(Vec<String>),
    /// ARNs and ids of accounts other than these.
    ForeignTo(Arc<[String]>),
}

impl Possible {
    /// Whether some request may give the key this value.
    #[must_use]
    pub fn admits(&self, value: &str) -> bool {
        match self {
            Possible::Anything => true,
            Possible::OneOf(list) => list.iter().any(|one| one == value),
            Possible::Like(pattern) => glob(pattern, value),
            Possible::Unlike(patterns) => !patterns.iter().any(|pattern| glob(pattern, value)),
            Possible::ForeignTo(accounts) => {
                let account = Arn::parse(value).map_or(value, |arn| arn.account);
                !accounts.iter().any(|known| known == account)
            }
        }
    }
}

impl Possible {
    /// Limits that admit whatever either of the two admits, and more only where no limits of this kind say just that.
    #[must_use]
    pub fn union(&self, other: &Possible) -> Possible {
        let all = |a: &[String], b: &[String]| {
            let new = b.iter().filter(|value| !a.contains(value));
            a.iter().chain(new).cloned().collect()
        };
        let both = |a: &[String], b: &[String]| a.iter().filter(|value| b.contains(value)).cloned().collect();
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Possible::OneOf(a), Possible::OneOf(b)) => Possible::OneOf(all(a, b)),
            (Possible::Unlike(a), Possible::Unlike(b)) => Possible::Unlike(both(a, b)),
            (Possible::ForeignTo(a), Possible::ForeignTo(b)) => {
                let both: Vec<String> = both(a, b);
                Possible::ForeignTo(both.into())
            }
            (Possible::OneOf(values), wide) | (wide, Possible::OneOf(values))
                if values.iter().all(|value| wide.admits(value)) =>
            {
                wide.clone()
            }
            _ => Possible::Anything,
        }
    }
}

impl Known {
    /// One value.
    #[must_use]
    pub fn one(value: impl Into<String>) -> Self {
        Known::Is(vec![value.into()])
    }

    /// Some values, or absent when there are none.
    #[must_use]
    pub fn all(values: Vec<String>) -> Self {
        if values.is_empty() {
            Known::Absent
        } else {
            Known::Is(values)
        }
    }

    /// Any value; always present.
    #[must_use]
    pub fn present() -> Self {
        Known::Open {
            absent: false,
            values: Possible::Anything,
        }
    }

    /// Any value, or absent.
    #[must_use]
    pub fn free() -> Self {
        Known::Open {
            absent: true,
            values: Possible::Anything,
        }
    }

    /// One of a closed list; `absent` tells whether the key may be missing.
    #[must_use]
    pub fn one_of(values: &[&str], absent: bool) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Known::Open {
            absent,
            values: Possible::OneOf(values),
        }
    }

    /// `true` or `false`, always present.
    #[must_use]
    pub fn flag() -> Self {
        Known::one_of(&["true", "false"], false)
    }
}

/// Whether a pattern matches every, some or no text that another pattern matches.
///
/// "Every" is found only where it is plain (each run of the domain meets a run of the pattern);
/// otherwise the answer is "some", which is always safe.
#[must_use]
pub fn overlap(pattern: &[Token], domain: &str) -> Overlap {
    let domain = tokens(domain);
    if !intersects(pattern, &domain) {
        return Overlap::None;
    }
    // The domain's wildcards as characters of their own: only a run of the pattern matches them.
    let opaque: String = domain
        .iter()
        .map(|token| match token {
            Token::Char(c) => *c,
            Token::One => '\u{fffe}',
            Token::Many => '\u{ffff}',
        })
        .collect();
    if match_tokens(pattern, &opaque) && !pattern.contains(&Token::One) {
        Overlap::All
    } else {
        Overlap::Some
    }
}

/// How a pattern meets a set of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It matches all of them.
    All,
    /// It matches some and may miss others.
    Some,
    /// It matches none.
    None,
}

/// Whether some text matches both patterns.
#[must_use]
pub fn intersects(a: &[Token], b: &[Token]) -> bool {
    // reach[j]: the first i tokens of `a` and the first j tokens of `b` match a common text.
    let mut reach = vec![false; b.len() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    skip_runs(&mut reach, b);
    for x in a {
        let mut next = vec![false; b.len() + 1];
        if *x == Token::Many {
            let mut any = false;
            for (slot, &here) in next.iter_mut().zip(&reach) {
                any |= here;
                *slot = any;
            }
        } else {
            for (j, y) in b.iter().enumerate() {
                if !reach.get(j).copied().unwrap_or(false) {
                    continue;
                }
                let advance = match (x, y) {
                    (_, Token::Many) => {
                        set(&mut next, j);
                        continue;
                    }
                    (Token::One, _) | (_, Token::One) => true,
                    (x, y) => x == y,
                };
                if advance {
                    set(&mut next, j + 1);
                }
            }
            skip_runs(&mut next, b);
        }
        reach = next;
    }
    reach.last().copied().unwrap_or(false)
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}

/// A run may be empty.
fn skip_runs(reach: &mut [bool], b: &[Token]) {
    for (j, token) in b.iter().enumerate() {
        if *token == Token::Many && reach.get(j).copied().unwrap_or(false) {
            set(reach, j + 1);
        }
    }
}
