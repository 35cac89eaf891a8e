//! Blocks of one key -> its section: who may do what, when, by what.

use super::Budget;
use super::letters::{LETTERS, Sign, few};
use super::relation::{Relation, rank};
use super::sources::Sources;
use crate::model::action::{Action, ActionSet};
use crate::model::key::Key;
use crate::report::json::UNDECIDED;
use crate::report::names;
use crate::report::style::clean;
use crate::{Access, Block, Derivation};
use ahash::AHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many actions a row names; a list of all is shown once for all keys.
const ACTIONS: usize = 4;

/// The section of a key.
#[derive(Serialize)]
pub(super) struct Section {
    pub(super) place: usize,
    facts: Vec<(&'static str, String)>,
    /// How many principals have each letter, in the order of [`LETTERS`].
    counts: Vec<usize>,
    pub(super) outside: bool,
    rows: Vec<Row>,
    /// Statements of its own policies and its grants, with file and line.
    own: Vec<Own>,
}

/// Principals with the same access.
#[derive(Serialize)]
struct Row {
    who: Vec<Name>,
    who_more: usize,
    sign: String,
    class: &'static str,
    actions: String,
    actions_more: usize,
    /// The number of the list of all actions.
    set: usize,
    when: String,
    /// The whole condition, if `when` is cut.
    whole: Option<String>,
    ways: Vec<Way>,
    ways_more: usize,
}

#[derive(Serialize)]
struct Name {
    number: usize,
    name: String,
    outside: bool,
}

/// One way in which access comes about.
#[derive(Serialize)]
struct Way {
    /// For whom, where not all of the row have it.
    of: Option<String>,
    path: &'static str,
    parts: Vec<Part>,
}

#[derive(Clone, Serialize)]
struct Part {
    name: String,
    /// The number of a statement outside of key policies.
    source: Option<usize>,
    line: u32,
}

#[derive(Serialize)]
struct Own {
    name: String,
    file: String,
    line: u32,
}

/// What the sections of all keys have in common.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) sources: Sources,
    sets: AHashMap<ActionSet, usize>,
    /// Lists of actions that rows cut.
    pub(super) all_sets: Vec<ActionSet>,
}

impl Shared {
    fn set(&mut self, actions: &[Action]) -> usize {
        let set: ActionSet = actions.iter().copied().collect();
        let next = self.all_sets.len();
        let number = *self.sets.entry(set).or_insert(next);
        if number == next {
            self.all_sets.push(set);
        }
        number
    }
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
    let mut own = BTreeMap::new();
    let rows = alike(blocks, account)
        .iter()
        .map(|same| row(same, relation, account, &mut own, shared, budget))
        .collect();
    Section {
        place,
        facts: key.map(facts).unwrap_or_default(),
        counts: (0..LETTERS.len()).map(count).collect(),
        outside: of.keys().any(|principal| rank(principal, account) < 2),
        rows,
        own: own
            .into_iter()
            .map(|((file, line, name), ())| Own { name, file, line })
            .collect(),
    }
}

/// Blocks with the same actions under the same condition, those of outsiders first.
fn alike<'b, 'e>(blocks: &'b [Block<'e>], account: &str) -> Vec<Vec<&'b Block<'e>>> {
    let mut same: BTreeMap<(u8, &[Action], String), Vec<&Block<'e>>> = BTreeMap::new();
    for block in blocks {
        let first = block.principals.first().copied().unwrap_or_default();
        let when = match &block.access {
            Access::Always => String::new(),
            Access::Conditional { condition, .. } => condition.text(),
        };
        same.entry((rank(first, account), &block.actions, when))
            .or_default()
            .push(block);
    }
    let mut same: Vec<_> = same.into_iter().collect();
    same.sort_by_cached_key(|((rank, ..), blocks)| {
        (
            *rank,
            blocks.first().and_then(|block| block.principals.first().copied()),
        )
    });
    same.into_iter().map(|(_, blocks)| blocks).collect()
}

/// What stands in the files of a key: file, line and name.
type OwnPlaces = BTreeMap<(String, u32, String), ()>;

fn row(
    same: &[&Block<'_>],
    relation: &Relation<'_>,
    account: &str,
    own: &mut OwnPlaces,
    shared: &mut Shared,
    budget: Budget,
) -> Row {
    let mut who: Vec<&str> = same
        .iter()
        .flat_map(|block| block.principals.iter().copied())
        .collect();
    who.sort_by_key(|principal| (rank(principal, account), *principal));
    let no_actions: &[Action] = &[];
    let actions = same.first().map_or(no_actions, |block| block.actions.as_slice());
    let access = same.first().map_or(&Access::Always, |block| &block.access);
    let sign = Sign::of(actions, access);
    let (named, actions_more) = few(actions, ACTIONS);
    let (when, whole) = when(access);
    let mut ways: Vec<Way> = Vec::new();
    let mut ways_more = 0;
    for block in same {
        let of = (same.len() > 1).then(|| some_names(&block.principals));
        for via in block.via.iter() {
            let parts = parts(via, own, shared);
            if ways.len() < budget.ways {
                ways.push(Way {
                    of: of.clone(),
                    path: via.path,
                    parts,
                });
            } else {
                ways_more += 1;
            }
        }
    }
    Row {
        who_more: who.len().saturating_sub(budget.names),
        who: who
            .iter()
            .take(budget.names)
            .map(|principal| Name {
                number: relation.number(principal),
                name: names::principal(principal),
                outside: rank(principal, account) < 2,
            })
            .collect(),
        sign: sign.text(),
        class: sign.class(),
        actions: named,
        actions_more,
        set: if actions_more > 0 { shared.set(actions) } else { 0 },
        when,
        whole,
        ways,
        ways_more,
    }
}

/// The condition in a few words, and the whole of it if that is more.
fn when(access: &Access) -> (String, Option<String>) {
    let Access::Conditional { condition, .. } = access else {
        return ("always".to_owned(), None);
    };
    let (short, text) = (clean(&condition.short()), clean(&condition.text()));
    let doubt = match (condition.is_undecided(), condition.is_for_want_of_data()) {
        (true, _) => format!(" ({UNDECIDED})"),
        (false, true) => " (not known)".to_owned(),
        (false, false) => String::new(),
    };
    let whole = (short != text).then_some(text);
    (format!("if {short}{doubt}"), whole)
}

fn some_names(principals: &[&str]) -> String {
    let shown: Vec<String> = principals
        .iter()
        .take(3)
        .map(|name| names::principal(name))
        .collect();
    match principals.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What a way rests on. Key policies and grants belong to the key; other statements are listed once for all.
fn parts(via: &Derivation, own: &mut OwnPlaces, shared: &mut Shared) -> Vec<Part> {
    let mut parts = Vec::new();
    for at in &via.statements {
        let name = crate::report::text::statement(at);
        let is_own = matches!(at.policy.as_str(), "default" | "AWS_RAM");
        if is_own && !at.file.is_empty() {
            own.insert((clean(&at.file), at.line, format!("statement {name}")), ());
        }
        parts.push(Part {
            name: if is_own {
                name
            } else {
                format!("{} {name}", names::policy(&at.policy))
            },
            source: (!is_own).then(|| shared.sources.number(at)),
            line: at.line,
        });
    }
    if let Some(grant) = &via.grant {
        let name = crate::report::text::grant(grant);
        own.insert((clean(&grant.file), grant.line, name.clone()), ());
        parts.push(Part {
            name,
            source: None,
            line: grant.line,
        });
    }
    parts
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
