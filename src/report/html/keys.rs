//! Blocks of one key -> its section: what it is, who may do what, and where its statements and grants stand.

use super::Budget;
use super::access::{self, Access, Shared};
use super::letters::{LETTERS, Sign};
use super::relation::{Relation, rank};
use crate::Block;
use crate::model::key::Key;
use crate::report::style::clean;
use serde::Serialize;
use std::collections::BTreeMap;

/// The section of a key.
#[derive(Serialize)]
pub(super) struct Section {
    /// The key's place among all.
    place: usize,
    facts: Vec<(&'static str, String)>,
    /// How many principals have each letter, in the order of [`LETTERS`].
    counts: Vec<usize>,
    /// Whether somebody of another account has access.
    outside: bool,
    access: Access,
}

/// Makes the section of the key at a place of the relation.
pub(super) fn section(
    place: usize,
    key: Option<&Key>,
    blocks: &[Block<'_>],
    relation: &Relation<'_>,
    shared: &mut Shared,
    budget: Budget,
) -> Section {
    let account = relation.keys.get(place).map_or("", |key| key.account.as_str());
    let mut of: BTreeMap<&str, Sign> = BTreeMap::new();
    for block in blocks {
        let sign = Sign::of(&block.actions, &block.access);
        for &principal in &block.principals {
            let known = of.entry(principal).or_default();
            *known = known.and(sign);
        }
    }
    let count = |letter: usize| of.values().filter(|sign| sign.has(letter)).count();
    Section {
        place,
        facts: key.map(facts).unwrap_or_default(),
        counts: (0..LETTERS.len()).map(count).collect(),
        outside: key.is_some() && of.keys().any(|principal| rank(principal, account) < 2),
        access: access::of_key(blocks, account, relation, shared, budget),
    }
}

/// What is known of the key itself.
fn facts(key: &Key) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.as_deref().map(clean);
    let multi_region = match (key.multi_region, &key.multi_region_type) {
        (Some(true), Some(member)) => Some(clean(member)),
        (Some(true), None) => Some("yes".to_owned()),
        _ => None,
    };
    let rotation = key.rotation.map(|on| if on { "on" } else { "off" }.to_owned());
    let tags = key
        .tags
        .iter()
        .map(|(name, value)| clean(&format!("{name} = {value}")));
    let tags: Vec<_> = tags.collect();
    let facts = [
        ("State", text(&key.state)),
        ("Usage", text(&key.usage)),
        ("Spec", text(&key.spec)),
        ("Origin", text(&key.origin)),
        ("Multi-Region", multi_region),
        ("Rotation", rotation),
        (
            "Managed by",
            key.aws_managed
                .map(|aws| if aws { "AWS" } else { "customer" }.to_owned()),
        ),
        (
            "Aliases",
            (key.aliases.len() > 1).then(|| clean(&key.aliases.join(", "))),
        ),
        (
            "Description",
            Some(clean(&key.description)).filter(|text| !text.is_empty()),
        ),
        ("Tags", (!tags.is_empty()).then(|| tags.join(", "))),
    ];
    facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
