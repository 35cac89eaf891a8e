//! What the formats of a diff say in the same words.

use crate::diff::{AccessChange, Cause, Kind, Turn, Word};
use crate::model::action::Action;
use crate::query::lockout::Lockout;
use crate::report::json::UNDECIDED;
use crate::report::names::{self, Names};
use crate::{Access, Derivation, RequestContext, StatementRef};
use std::collections::BTreeMap;

/// Turns user text into what a format can show.
pub(super) type Quote<'q> = &'q dyn Fn(&str) -> String;

/// One word for a kind of change.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Gained => "gained",
        Kind::Widened => "widened",
        Kind::Changed => "changed",
        Kind::Undecided => "undecided",
        Kind::BecameUnknown => "became unknown",
        Kind::BecameKnown => "became known",
        Kind::Narrowed => "narrowed",
        Kind::Lost => "lost",
    }
}

/// `12 gained, 3 lost`; empty if nothing changed.
pub(super) fn counts(rows: &BTreeMap<Kind, usize>) -> String {
    let parts = rows.iter().map(|(of, count)| format!("{count} {}", kind(*of)));
    parts.collect::<Vec<_>>().join(", ")
}

/// `added statement "X" of the key policy of K`: `name` is for names that need marks around them, `thing` for principals
/// and keys.
pub(super) fn cause(cause: &Cause, names: &Names, name: Quote<'_>, thing: Quote<'_>) -> String {
    let turn = match cause.turn {
        Turn::Added => "added",
        Turn::Changed => "changed",
        Turn::Removed => "removed",
    };
    let mut text = turn.to_owned();
    for word in &cause.words {
        let piece = match word {
            Word::Text(words) => (*words).to_owned(),
            Word::Name(own) => name(own),
            Word::Key(arn) => thing(&names.key(arn)),
            Word::Principal(arn) => thing(&names::principal(arn)),
        };
        if piece != ")" {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}

/// `file:line` of a cause, with a word where it is of the old snapshot.
pub(super) fn place(cause: &Cause) -> Option<String> {
    if cause.file.is_empty() {
        return None;
    }
    let before = if cause.in_old { ", before" } else { "" };
    Some(match cause.line {
        0 => format!("{}{before}", cause.file),
        line => format!("{}:{line}{before}", cause.file),
    })
}

/// The first of a list, and how many more there are.
pub(super) fn list(items: impl ExactSizeIterator<Item = String>, shown: usize) -> String {
    let count = items.len();
    // One more is as long as saying so.
    let shown = if count == shown.saturating_add(1) {
        count
    } else {
        shown
    };
    let mut text = items.take(shown).collect::<Vec<_>>().join(", ");
    if count > shown {
        text.push_str(&format!(" and {} more", count - shown));
    }
    text
}

/// The principals of a change.
pub(super) fn principals(change: &AccessChange<'_>, shown: usize, quote: Quote<'_>) -> String {
    let principals = change.principals.iter();
    list(principals.map(|name| quote(&names::principal(name))), shown)
}

/// The keys of a change.
pub(super) fn keys(change: &AccessChange<'_>, shown: usize, names: &Names, quote: Quote<'_>) -> String {
    let key = |arn: &&str| match *arn {
        "*" => "no key".to_owned(),
        arn => quote(&names.key(arn)),
    };
    list(change.keys.iter().map(key), shown)
}

/// The actions of a change.
pub(super) fn actions(change: &AccessChange<'_>, shown: usize) -> String {
    let actions = change.actions.iter();
    list(actions.map(|action: &Action| action.name().to_owned()), shown)
}

/// What access was and is: `none -> if X`.
pub(super) fn access(change: &AccessChange<'_>, quote: Quote<'_>) -> String {
    let side = |access: Option<&Access>| match access {
        None => "none".to_owned(),
        Some(Access::Always) => "always".to_owned(),
        Some(Access::Conditional { condition, .. }) => {
            let undecided = if condition.is_undecided() {
                format!(" ({UNDECIDED})")
            } else {
                String::new()
            };
            format!("if {}{undecided}", quote(&condition.short()))
        }
    };
    match (&change.old, &change.new) {
        (None, new) => side(new.as_ref()),
        (old, None) => format!("was {}", side(old.as_ref())),
        (old, new) => format!("{} → {}", side(old.as_ref()), side(new.as_ref())),
    }
}

/// A request by its context.
pub(super) fn request(context: &RequestContext, quote: Quote<'_>) -> String {
    let pairs = context
        .iter()
        .map(|(key, values)| quote(&format!("{key} = {}", values.join(", "))));
    match context.is_empty() {
        true => "one whose context states nothing".to_owned(),
        false => format!("one with {}", pairs.collect::<Vec<_>>().join(", ")),
    }
}

/// By what access comes about: the path, its statements or grant, and where these stand.
pub(super) fn derivation(derivation: &Derivation, quote: Quote<'_>) -> String {
    let mut parts: Vec<String> = derivation
        .statements
        .iter()
        .map(|at| statement(at, quote))
        .collect();
    if let Some(grant) = &derivation.grant {
        let name = if grant.name.is_empty() {
            &grant.id
        } else {
            &grant.name
        };
        let place = quote(&format!("{}:{}", grant.file, grant.line));
        parts.push(format!("grant {} ({place})", quote(name)));
    }
    match parts.is_empty() {
        true => derivation.path.to_owned(),
        false => format!("{}: {}", derivation.path, parts.join(", ")),
    }
}

fn statement(at: &StatementRef, quote: Quote<'_>) -> String {
    let name = match &at.sid {
        Some(sid) => quote(sid),
        None => format!("#{}", at.index),
    };
    let policy = match at.policy.as_str() {
        "default" => String::new(),
        policy => format!("{} ", quote(&names::policy(policy))),
    };
    match at.file.is_empty() {
        true => format!("{policy}{name}"),
        false => format!("{policy}{name} ({})", quote(&format!("{}:{}", at.file, at.line))),
    }
}

/// What is said of a key that may be locked out.
pub(super) fn lockout(key: &str, lockout: Lockout, names: &Names, quote: Quote<'_>) -> Option<String> {
    let said = lockout.warning()?;
    Some(format!("{}: {said}", quote(&names.key(key))))
}
