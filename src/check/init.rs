//! The relation of today -> the text of an assertion file that holds today.

use crate::engine::Engine;
use crate::facts::id::KeyId;
use crate::facts::world::{Key, Kind, Membership, Principal};
use crate::model::action::{Action, ActionSet, Group};
use crate::query::bulk::performed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Of more principals than these, their accounts are listed.
const LISTED: usize = 40;

/// What assertions are made about, for each key.
const GROUPS: [Group; 3] = [Group::Use, Group::Administer, Group::Grant];

/// Who has access, as an assertion says it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Nobody,
    Each(Vec<String>),
    Accounts(BTreeSet<String>),
}

impl Engine {
    /// The text of an assertion file that holds now: who uses, administers and grants each key, that nobody outside of
    /// the organization does where nobody does, and that somebody can change each key policy.
    #[must_use]
    pub fn assertions_of_today(&self) -> String {
        let mut text =
            String::from("# What holds today. Delete what need not, and tell why the rest must.\n");
        let mut alike: BTreeMap<Vec<(Group, Whom)>, Vec<&Key>> = BTreeMap::new();
        let (mut inside, mut managed) = (Vec::new(), Vec::new());
        for (id, key) in self.real_keys() {
            let each = GROUPS
                .into_iter()
                .map(|group| (group, self.whom(id, key, group.actions())));
            alike.entry(each.collect()).or_default().push(key);
            if !self.has(id, ActionSet::ON_KEYS, |one| self.is_outsider(one), false) {
                inside.push(key);
            }
            let people = |one: &Principal| matches!(one.kind, Kind::User | Kind::Role);
            if self.has(id, ActionSet::from(Action::PutKeyPolicy), people, true) {
                managed.push(key);
            }
        }
        if !inside.is_empty() {
            let actions = "[\"use\", \"administer\", \"grant\", \"read\"]";
            assertion(
                &mut text,
                "nobody-outside",
                &inside,
                actions,
                "none = \"outside\"",
            );
        }
        if !managed.is_empty() {
            assertion(
                &mut text,
                "somebody-manages",
                &managed,
                "\"PutKeyPolicy\"",
                "at-least = 1",
            );
        }
        for (each, keys) in &alike {
            for (group, whom) in each {
                let Some(demand) = demand(whom) else { continue };
                let first = keys.first().map_or("", |key| short(key));
                let id = format!("{}-of-{first}", group.name());
                assertion(&mut text, &id, keys, &quoted(group.name()), &demand);
            }
        }
        text
    }

    /// Who can do one of some actions on a key.
    fn whom(&self, id: KeyId, key: &Key, actions: ActionSet) -> Whom {
        let actions = actions & performed(key);
        let mut names = BTreeSet::new();
        let mut accounts = BTreeSet::new();
        for pair in self.on_key(id) {
            if !pair
                .folded
                .access
                .iter()
                .any(|(some, _)| some.intersects(actions))
            {
                continue;
            }
            let Some(one) = self.world.principal(pair.principal) else {
                continue;
            };
            names.insert(one.name.clone());
            accounts.insert(self.world.account_of(one).to_owned());
        }
        let by_account = names.len() > LISTED && accounts.iter().all(|account| !account.is_empty());
        match names.len() {
            0 if actions.is_empty() => Whom::Nobody,
            _ if by_account => Whom::Accounts(accounts),
            _ => Whom::Each(names.into_iter().collect()),
        }
    }

    /// Whether somebody of a sort can do one of some actions on a key; `always`: whatever the request states.
    fn has(&self, id: KeyId, actions: ActionSet, sort: impl Fn(&Principal) -> bool, always: bool) -> bool {
        self.on_key(id).any(|pair| {
            let access = pair.folded.access.iter();
            let mut access = access.filter(|(some, _)| some.intersects(actions));
            access.any(|(_, formula)| !always || *formula == crate::condition::formula::FormulaId::TRUE)
                && self.world.principal(pair.principal).is_some_and(&sort)
        })
    }

    fn is_outsider(&self, one: &Principal) -> bool {
        match one.kind {
            Kind::Anyone => true,
            Kind::Service => false,
            _ => self.world.membership(one.account) != Membership::Inside,
        }
    }
}

fn demand(whom: &Whom) -> Option<String> {
    match whom {
        Whom::Nobody => None,
        Whom::Each(names) if names.is_empty() => Some("none = \"*\"".to_owned()),
        Whom::Each(names) => Some(format!("only = {}", list(names.iter().map(String::as_str)))),
        Whom::Accounts(accounts) => Some(format!(
            "only = [{{ account = {} }}]",
            list(accounts.iter().map(String::as_str))
        )),
    }
}

fn assertion(text: &mut String, id: &str, keys: &[&Key], actions: &str, demand: &str) {
    let keys = list(keys.iter().map(|key| key.arn.as_str()));
    let _ = write!(
        text,
        "\n[[assert]]\nid = {}\nkeys = {keys}\nactions = {actions}\n{demand}\n",
        quoted(id)
    );
}

fn short(key: &Key) -> &str {
    let alias = key
        .aliases
        .first()
        .map(|alias| alias.strip_prefix("alias/").unwrap_or(alias));
    alias.unwrap_or(&key.id)
}

/// One text, or a list with each on its line.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.map(quoted).collect();
    match texts.as_slice() {
        [only] => only.clone(),
        several => format!("[\n    {},\n]", several.join(",\n    ")),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
