//! The message of a rule -> the sentence of a finding.

use super::{Holding, Rule};
use crate::answer::{GrantRef, StatementRef};
use crate::model::action::{Action, ActionSet};
use crate::model::key::Key;
use jiff::tz::Offset;
use std::collections::BTreeMap;

/// How many names a sentence has; the others are counted.
const MOST: usize = 3;

/// What stands in the places of a message.
pub(super) struct Said<'a> {
    pub(super) principals: &'a [Holding],
    pub(super) total: usize,
    pub(super) actions: ActionSet,
    /// How many can do each action.
    pub(super) counts: &'a BTreeMap<Action, usize>,
    pub(super) statements: &'a [StatementRef],
    /// How many statements there are, of which some are given.
    pub(super) texts: usize,
    pub(super) grants: &'a [GrantRef],
    /// The account that it is about, if it is about one as a whole.
    pub(super) account: Option<&'a str>,
    pub(super) other: Option<&'a str>,
    /// Texts that the finding repeats.
    pub(super) notes: &'a [String],
    /// The key, as it was printed.
    pub(super) key: Option<&'a Key>,
}

/// The message of a rule with its places filled.
pub(super) fn message(rule: &Rule, said: &Said<'_>) -> String {
    let mut text = String::new();
    let mut rest = rule.message;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((place, later)) = after.split_once('}') else {
            break;
        };
        text.push_str(&filled(rule, place, said));
        rest = later;
    }
    text.push_str(rest);
    text
}

fn filled(rule: &Rule, place: &str, said: &Said<'_>) -> String {
    match place {
        "who" => who(said, rule.message.contains("{who} of ")),
        "actions" => {
            let names: Vec<String> = said.actions.iter().map(|action| action.to_string()).collect();
            listed(names.len(), names.into_iter())
        }
        "statement" => {
            let each = said.statements.iter().map(statement);
            listed(said.texts, each)
        }
        "state" => said.key.map(state).unwrap_or_default(),
        "counts" => counts(said),
        "from" => said
            .other
            .map_or("any account".to_owned(), |id| format!("account {id}")),
        "grant" => listed(said.grants.len(), said.grants.iter().map(grant)),
        "other" if !said.notes.is_empty() => {
            let shown: Vec<&str> = said.notes.iter().map(String::as_str).take(MOST).collect();
            let more = said.notes.len().saturating_sub(shown.len());
            let more = if more == 0 {
                String::new()
            } else {
                format!("; and {more} more")
            };
            format!("{}{more}", shown.join("; "))
        }
        _ => said
            .other
            .or(said.account)
            .unwrap_or("that nobody knows")
            .to_owned(),
    }
}

/// Names; `of`: the account is named right after.
fn who(said: &Said<'_>, of: bool) -> String {
    let name = |one: &Holding| match one.principal.strip_prefix("account:") {
        Some(id) if !of => format!("any principal of account {id}"),
        _ => principal(&one.principal),
    };
    match said.total {
        0 => "nobody".to_owned(),
        total => listed(total, said.principals.iter().map(name)),
    }
}

/// `disabled, but was last used on 2026-11-20 and has alias/app and 2 grants`.
fn state(key: &Key) -> String {
    let state = match key.state.as_deref() {
        Some("PendingDeletion" | "PendingReplicaDeletion") => "waiting for its deletion",
        Some("Disabled") => "disabled",
        other => other.unwrap_or("in no known state"),
    };
    let used = key.last_used.map(|time| Offset::UTC.to_datetime(time).date());
    let used = used.map(|day| format!("was last used on {day}"));
    let aliases = listed(key.aliases.len(), key.aliases.iter().cloned());
    let grants = match key.grants.len() {
        0 => String::new(),
        1 => "1 grant".to_owned(),
        several => format!("{several} grants"),
    };
    let attached: Vec<String> = [aliases, grants]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let attached = (!attached.is_empty()).then(|| format!("has {}", attached.join(" and ")));
    let parts: Vec<String> = used.into_iter().chain(attached).collect();
    match parts.is_empty() {
        true => state.to_owned(),
        false => format!("{state}, but {}", parts.join(" and ")),
    }
}

/// ` (kms:Decrypt 4, kms:Encrypt 2)`; nothing if nobody can do anything.
fn counts(said: &Said<'_>) -> String {
    let each = said
        .counts
        .iter()
        .map(|(action, count)| format!("{action} {count}"));
    let each: Vec<String> = each.collect();
    match each.is_empty() {
        true => String::new(),
        false => format!(" ({})", each.join(", ")),
    }
}

/// `a, b, c and 4 more`.
pub(super) fn listed(total: usize, names: impl Iterator<Item = String>) -> String {
    let shown: Vec<String> = names.take(MOST).collect();
    match total.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn principal(name: &str) -> String {
    match name {
        "*" => "any principal".to_owned(),
        _ => match (name.strip_prefix("account:"), name.splitn(6, ':').nth(5)) {
            (Some(_), _) => "any principal".to_owned(),
            (None, Some(resource)) => resource.to_owned(),
            (None, None) => name.to_owned(),
        },
    }
}

fn statement(statement: &StatementRef) -> String {
    let of = match statement.policy.as_str() {
        "default" => "the key policy".to_owned(),
        name => format!("policy `{}`", name.rsplit('/').next().unwrap_or(name)),
    };
    match &statement.sid {
        Some(sid) => format!("statement `{sid}` of {of}"),
        None => format!("statement {} of {of}", statement.index + 1),
    }
}

fn grant(grant: &GrantRef) -> String {
    let id = grant.id.get(..12).unwrap_or(&grant.id);
    match grant.name.is_empty() {
        true => format!("grant {id}"),
        false => format!("grant `{}` ({id})", grant.name),
    }
}
