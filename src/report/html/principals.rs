//! The relation in letters -> a section for all principals that may do the same: their names, and their keys.

use super::Budget;
use super::letters::Sign;
use super::relation::{Relation, anchor};
use crate::report::names;
use ahash::AHashMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Principals that may do the same on every key.
#[derive(Serialize)]
pub(super) struct Section {
    names: Vec<Name>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Name {
    number: usize,
    anchor: String,
    name: String,
}

/// Keys with the same letters.
#[derive(Serialize)]
struct Row {
    sign: String,
    class: &'static str,
    /// Places of the keys among all.
    keys: Vec<usize>,
    more: usize,
}

/// Places of keys, ascending, and the letters there.
type Signs = Vec<(usize, Sign)>;

/// All sections, in the order of the first name of each.
pub(super) fn all(relation: &Relation<'_>, budget: Budget) -> Vec<Section> {
    let mut places: AHashMap<Signs, usize> = AHashMap::new();
    let mut groups: Vec<(Vec<&str>, Signs)> = Vec::new();
    for (&principal, signs) in &relation.of {
        let next = groups.len();
        let signs: Signs = signs.iter().map(|&(place, sign)| (place, sign.shown())).collect();
        let place = *places.entry(signs.clone()).or_insert(next);
        match groups.get_mut(place) {
            Some((principals, _)) => principals.push(principal),
            None => groups.push((vec![principal], signs)),
        }
    }
    let each = groups
        .iter()
        .map(|(principals, signs)| section(relation, principals, signs, budget));
    each.collect()
}

fn section(relation: &Relation<'_>, principals: &[&str], signs: &[(usize, Sign)], budget: Budget) -> Section {
    // What is certain comes first, reading last.
    let mut by_sign: BTreeMap<(bool, Reverse<Sign>), Vec<usize>> = BTreeMap::new();
    for &(place, sign) in signs {
        let order = (sign.is_read(), Reverse(sign));
        by_sign.entry(order).or_default().push(place);
    }
    let names = principals.iter().map(|principal| Name {
        number: relation.number(principal),
        anchor: anchor("principal", principal),
        name: names::principal(principal),
    });
    let rows = by_sign.into_iter().map(|((_, Reverse(sign)), keys)| Row {
        sign: sign.text(),
        class: sign.class(),
        more: keys.len().saturating_sub(budget.keys),
        keys: keys.into_iter().take(budget.keys).collect(),
    });
    Section {
        names: names.collect(),
        rows: rows.collect(),
    }
}
