//! Blocks of one key -> the rows of its table: who, what, when, and by what.
//!
//! Principals whose access has the same letters under the same condition share a row. What they have it by is told for
//! each of the blocks that the row is made of.

use super::Budget;
use super::letters::{Sign, few};
use super::relation::{Relation, rank, short_name};
use super::sources::Sources;
use crate::model::action::{Action, ActionSet};
use crate::report::json::UNDECIDED;
use crate::report::names;
use crate::report::style::clean;
use crate::{Access as Possible, Block, Derivation};
use ahash::AHashMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many actions a row names; a list of all is shown once for all keys.
const ACTIONS: usize = 2;

/// Principals with access of the same letters under the same condition.
#[derive(Serialize)]
pub(super) struct Row {
    who: Vec<Name>,
    who_more: usize,
    /// Whether they are of other accounts.
    outside: bool,
    sign: String,
    class: &'static str,
    may: May,
    /// Whether some of them have less.
    differ: bool,
    when: String,
    /// The whole condition, if `when` is cut.
    whole: Option<String>,
    parts: Vec<Part>,
    parts_more: usize,
}

#[derive(Serialize)]
struct Name {
    number: usize,
    name: String,
}

/// Actions: the first few, and the number of the list of all.
#[derive(Serialize)]
struct May {
    first: String,
    more: usize,
    set: usize,
}

/// Some of the principals of a row, with what they have by the same ways.
#[derive(Serialize)]
struct Part {
    /// Who, and what, where that is not the whole row.
    of: Option<String>,
    ways: Vec<Way>,
}

/// One way in which access comes about.
#[derive(Serialize)]
struct Way {
    path: &'static str,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    name: String,
    /// The number of a statement outside of key policies.
    source: Option<usize>,
    line: u32,
}

/// Statements of the key's policies, or grants: their lines in one file.
#[derive(Serialize)]
struct Own {
    /// The folder, where it is not that of the file before.
    folder: Option<String>,
    file: String,
    lines: Vec<(u32, String)>,
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
    fn may(&mut self, set: ActionSet) -> May {
        let actions: Vec<Action> = set.iter().collect();
        let (first, more) = few(&actions, ACTIONS);
        let mut number = 0;
        if more > 0 {
            let next = self.all_sets.len();
            number = *self.sets.entry(set).or_insert(next);
            if number == next {
                self.all_sets.push(set);
            }
        }
        May {
            first,
            more,
            set: number,
        }
    }
}

/// What is possible under one condition.
struct Under<'b, 'e> {
    access: &'b Possible,
    of: BTreeMap<&'e str, ActionSet>,
    blocks: Vec<&'b Block<'e>>,
}

/// The table of a key.
#[derive(Serialize)]
pub(super) struct Access {
    /// Those of outsiders first.
    rows: Vec<Row>,
    /// How many of the account and of services can only read: the matrix names them.
    readers: usize,
    /// Where in the key's own files that stands.
    own: Vec<Own>,
}

/// Makes the table of a key.
pub(super) fn of_key(
    blocks: &[Block<'_>],
    account: &str,
    relation: &Relation<'_>,
    shared: &mut Shared,
    budget: Budget,
) -> Access {
    let mut by_condition: BTreeMap<String, Under<'_, '_>> = BTreeMap::new();
    for block in blocks {
        let text = match &block.access {
            Possible::Always => String::new(),
            Possible::Conditional { condition, .. } => condition.text(),
        };
        let under = by_condition.entry(text).or_insert_with(|| Under {
            access: &block.access,
            of: BTreeMap::new(),
            blocks: Vec::new(),
        });
        let actions: ActionSet = block.actions.iter().copied().collect();
        for &principal in &block.principals {
            *under.of.entry(principal).or_default() |= actions;
        }
        under.blocks.push(block);
    }
    let mut table = Table {
        account,
        relation,
        shared,
        budget,
        own: BTreeSet::new(),
    };
    let mut rows = Vec::new();
    let (mut named, mut readers) = (BTreeSet::new(), BTreeSet::new());
    for under in by_condition.values() {
        let mut alike: BTreeMap<(u8, Reverse<Sign>), Vec<&str>> = BTreeMap::new();
        for (&principal, &actions) in &under.of {
            let actions: Vec<Action> = actions.iter().collect();
            let sign = Sign::of(&actions, under.access).shown();
            let rank = rank(principal, account);
            alike.entry((rank, Reverse(sign))).or_default().push(principal);
        }
        for ((rank, Reverse(sign)), who) in alike {
            if !sign.is_read() {
                named.extend(who.iter().copied());
            }
            if sign.is_read() && rank >= 2 {
                readers.extend(who);
            } else {
                rows.push((rank, table.row(under, sign, &who)));
            }
        }
    }
    rows.sort_by_key(|(rank, _)| *rank);
    readers.retain(|principal| !named.contains(principal));
    Access {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        readers: readers.len(),
        own: by_file(table.own),
    }
}

fn by_file(places: BTreeSet<(String, u32, String)>) -> Vec<Own> {
    let mut files: Vec<Own> = Vec::new();
    let mut last = (String::new(), String::new());
    for (path, line, name) in places {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        match files.last_mut() {
            Some(own) if last == (folder.to_owned(), file.to_owned()) => own.lines.push((line, name)),
            _ => files.push(Own {
                folder: (files.is_empty() || last.0 != folder).then(|| folder.to_owned()),
                file: file.to_owned(),
                lines: vec![(line, name)],
            }),
        }
        last = (folder.to_owned(), file.to_owned());
    }
    files
}

/// The table of one key while its rows are made.
struct Table<'t> {
    account: &'t str,
    relation: &'t Relation<'t>,
    shared: &'t mut Shared,
    budget: Budget,
    /// File, line and name.
    own: BTreeSet<(String, u32, String)>,
}

impl Table<'_> {
    fn row(&mut self, under: &Under<'_, '_>, sign: Sign, who: &[&str]) -> Row {
        let sets = || {
            who.iter()
                .filter_map(|principal| under.of.get(principal).copied())
        };
        let all = sets().fold(ActionSet::EMPTY, |all, set| all | set);
        let is_in = |principal: &&str| who.binary_search(principal).is_ok();
        let blocks: Vec<(&Block<'_>, Vec<&str>)> = under
            .blocks
            .iter()
            .map(|block| (*block, block.principals.iter().copied().filter(is_in).collect()))
            .filter(|(_, who): &(_, Vec<&str>)| !who.is_empty())
            .collect();
        let is_one = blocks.len() == 1;
        let shown = blocks.iter().take(self.budget.ways);
        let parts = shown.map(|(block, who)| self.part(block, who, is_one)).collect();
        let (when, whole) = when(under.access);
        let names = who.iter().take(self.budget.names).map(|principal| Name {
            number: self.relation.number(principal),
            name: short_name(principal, self.account),
        });
        Row {
            who_more: who.len().saturating_sub(self.budget.names),
            who: names.collect(),
            outside: who.first().is_some_and(|first| rank(first, self.account) < 2)
                && !self.account.is_empty(),
            sign: sign.text(),
            class: sign.class(),
            may: self.shared.may(all),
            differ: sets().any(|set| set != all),
            when,
            whole,
            parts,
            parts_more: blocks.len().saturating_sub(self.budget.ways),
        }
    }

    fn part(&mut self, block: &Block<'_>, who: &[&str], is_one: bool) -> Part {
        let of = (!is_one).then(|| {
            let what = block.actions.first().map_or("", |first| first.name());
            let whom = first_of(
                short_name(who.first().copied().unwrap_or_default(), self.account),
                who.len(),
            );
            format!("{whom}, {}", first_of(what.to_owned(), block.actions.len()))
        });
        let ways = block.via.iter().map(|via| Way {
            path: via.path,
            steps: self.steps(via),
        });
        Part {
            ways: ways.collect(),
            of,
        }
    }

    /// What a way rests on. Key policies and grants belong to the key; other statements are listed once for all keys.
    fn steps(&mut self, via: &Derivation) -> Vec<Step> {
        let mut steps = Vec::new();
        for at in &via.statements {
            let name = match &at.sid {
                Some(sid) => clean(sid),
                None => format!("#{}", at.index),
            };
            let is_own = matches!(at.policy.as_str(), "default" | "AWS_RAM");
            if is_own && !at.file.is_empty() {
                self.own
                    .insert((clean(&at.file), at.line, format!("statement {name}")));
            }
            steps.push(Step {
                source: (!is_own).then(|| self.shared.sources.number(at)),
                line: at.line,
                name: match is_own {
                    true => name,
                    false => format!("{} {name}", names::policy(&at.policy)),
                },
            });
        }
        if let Some(grant) = &via.grant {
            let name = match grant.name.is_empty() {
                true => clean(grant.id.get(..8).unwrap_or(&grant.id)),
                false => clean(&grant.name),
            };
            self.own
                .insert((clean(&grant.file), grant.line, format!("grant {name}")));
            steps.push(Step {
                name,
                source: None,
                line: grant.line,
            });
        }
        steps
    }
}

/// The condition in a few words, and the whole of it if that is more.
fn when(access: &Possible) -> (String, Option<String>) {
    let Possible::Conditional { condition, .. } = access else {
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

/// `Decrypt and 3 more`.
fn first_of(first: String, all: usize) -> String {
    match all {
        0 | 1 => first,
        _ => format!("{first} and {} more", all - 1),
    }
}
