//! Blocks, key by key -> who may do what in letters, by principal: what matrix and principals are made from.

use super::letters::Sign;
use crate::Block;
use crate::report::names::{self, Names};
use ahash::AHashMap;
use std::collections::BTreeMap;

/// A key as links and headings name it.
pub(super) struct Key {
    pub(super) arn: String,
    pub(super) account: String,
    /// What links lead to, without `#`.
    pub(super) anchor: String,
    pub(super) name: String,
    /// The name without account and Region.
    pub(super) short: String,
}

/// The whole relation in letters.
#[derive(Default)]
pub(super) struct Relation<'e> {
    pub(super) keys: Vec<Key>,
    anchors: AHashMap<String, usize>,
    /// By principal: places in `keys`, ascending, and the letters there.
    pub(super) of: BTreeMap<&'e str, Vec<(usize, Sign)>>,
    numbers: AHashMap<&'e str, usize>,
}

impl<'e> Relation<'e> {
    /// Adds a key and returns its place.
    pub(super) fn add_key(&mut self, arn: &str, names: &Names) -> usize {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        // A multi-Region key has the same id in each Region.
        let mut anchor = match arn {
            "*" => "key-none".to_owned(),
            _ => anchor("key", part(5).strip_prefix("key/").unwrap_or(arn)),
        };
        let known = self.anchors.entry(anchor.clone()).or_default();
        *known += 1;
        if *known > 1 {
            anchor = format!("{anchor}-{}", part(3));
        }
        let name = match arn {
            "*" => "actions without a key".to_owned(),
            _ => names.key(arn),
        };
        let short = match name.split(" (").next().unwrap_or(&name) {
            plain if arn.ends_with(plain) => names::short_id(plain),
            alias => alias,
        };
        self.keys.push(Key {
            arn: arn.to_owned(),
            account: part(4).to_owned(),
            anchor,
            short: short.to_owned(),
            name,
        });
        self.keys.len() - 1
    }

    /// Adds what is possible on a key.
    pub(super) fn add_blocks(&mut self, place: usize, blocks: &[Block<'e>]) {
        for block in blocks {
            let sign = Sign::of(&block.actions, &block.access);
            for &principal in &block.principals {
                let next = self.numbers.len();
                self.numbers.entry(principal).or_insert(next);
                let signs = self.of.entry(principal).or_default();
                match signs.last_mut() {
                    Some((last, known)) if *last == place => *known = known.and(sign),
                    _ => signs.push((place, sign)),
                }
            }
        }
    }

    /// The number by which links name a principal.
    pub(super) fn number(&self, principal: &str) -> usize {
        self.numbers.get(principal).copied().unwrap_or_default()
    }
}

/// An id of an element, which a link can name as it is: a kind and a name.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+=,".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{kind}-{name}")
}

/// Who is shown first: anybody, outsiders, services, then the account's own.
pub(super) fn rank(principal: &str, account: &str) -> u8 {
    let of = principal
        .strip_prefix("account:")
        .or_else(|| principal.split(':').nth(4));
    match of {
        _ if principal == "*" => 0,
        Some(of) if of == account => 3,
        Some(_) => 1,
        None => 2,
    }
}

/// The name of a principal, without the account where it is the key's own.
pub(super) fn short_name(principal: &str, account: &str) -> String {
    let name = names::principal(principal);
    match name.strip_suffix(&format!(" ({account})")) {
        Some(own) => own.to_owned(),
        None => name,
    }
}
