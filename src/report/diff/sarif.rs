//! A diff as SARIF: a result for each change, at the statement that made it.

use super::{Context, words};
use crate::diff::{AccessChange, Diff, Group, Kind};
use crate::model::finding::fingerprint;
use crate::report::sarif::{Finding, Level, Log, Place, Rule, Text};
use crate::report::style::clean;

const SHOWN: usize = 3;

/// The file.
#[must_use]
pub fn sarif(diff: &Diff<'_>, context: Context<'_>) -> Vec<u8> {
    let rules = Kind::ALL.map(|kind| {
        let (id, title, help, level, severity) = rule(kind);
        let help = Text::from(help.to_owned());
        Rule::new(id, title, title, help, level, severity)
    });
    let of_groups = diff.groups.iter().flat_map(|group| {
        let changes = group.changes.iter();
        changes.map(move |change| result(change, group, context))
    });
    let (log, _) = Log::new("keywho/diff", rules.into(), of_groups);
    log.bytes()
}

/// Id, title, help, level and severity.
fn rule(kind: Kind) -> (&'static str, &'static str, &'static str, Level, &'static str) {
    const LOOK: &str = "Check that the access is wanted. `keywho explain` says by what it comes about.";
    const GONE: &str = "Check that nobody needs the access any more.";
    match kind {
        Kind::Gained => (
            "access-gained",
            "Access to a key is gained",
            LOOK,
            Level::Warning,
            "7.0",
        ),
        Kind::Widened => (
            "access-widened",
            "Access to a key is wider",
            LOOK,
            Level::Warning,
            "6.0",
        ),
        Kind::Changed => (
            "access-changed",
            "Access to a key depends on something else",
            LOOK,
            Level::Warning,
            "6.0",
        ),
        Kind::Undecided => (
            "access-undecided",
            "The conditions of access to a key are too large to compare",
            LOOK,
            Level::Warning,
            "6.0",
        ),
        Kind::BecameUnknown => (
            "access-became-unknown",
            "Access to a key is no longer known",
            "Collect what the new snapshot lacks: `keywho coverage` says what it is.",
            Level::Warning,
            "5.0",
        ),
        Kind::BecameKnown => (
            "access-became-known",
            "Access to a key is known now",
            LOOK,
            Level::Note,
            "1.0",
        ),
        Kind::Narrowed => (
            "access-narrowed",
            "Access to a key is narrower",
            GONE,
            Level::Note,
            "1.0",
        ),
        Kind::Lost => ("access-lost", "Access to a key is lost", GONE, Level::Note, "1.0"),
    }
}

fn result(change: &AccessChange<'_>, group: &Group<'_>, context: Context<'_>) -> Finding {
    let (id, _, _, level, _) = rule(change.kind);
    let level = match level {
        Level::Warning if change.outside || change.admin => Level::Error,
        level => level,
    };
    let plain = |text: &str| clean(text);
    let quoted = |text: &str| format!("`{}`", clean(text));
    let outside = if change.outside { " (outsider)" } else { "" };
    let mut message = format!(
        "{}: {}{outside}, {}, on {}, {}",
        words::kind(change.kind),
        words::principals(change, SHOWN, &plain),
        words::actions(change, SHOWN),
        words::keys(change, SHOWN, context.names, &plain),
        words::access(change, &plain),
    );
    let causes = group.causes.iter().take(SHOWN);
    let causes: Vec<String> = causes
        .map(|cause| words::cause(cause, context.names, &quoted, &plain))
        .collect();
    if !causes.is_empty() {
        message.push_str(&format!(". {}", causes.join("; ")));
    }
    let actions = change.actions.iter().map(|action| action.name());
    let (keys, principals) = (change.keys.join(" "), change.principals.join(" "));
    let actions = actions.collect::<Vec<_>>().join(" ");
    let same = fingerprint(&[id, &keys, &principals, &actions]);
    let (file, line) = place(change, group);
    let mut place = Place::new("", file, line);
    if let Some(key) = change.keys.first() {
        place = place.of(key);
    }
    Finding::new(id, level, message, place, &same)
}

/// The line of the cause, of the new snapshot if there is one; or else that of what access rests on.
fn place<'c>(change: &'c AccessChange<'_>, group: &'c Group<'_>) -> (&'c str, u32) {
    let of_causes = |in_old: bool| {
        let causes = group.causes.iter().filter(move |cause| cause.in_old == in_old);
        causes.map(|cause| (cause.file.as_str(), cause.line))
    };
    let via = change.via_new.iter().chain(&change.via_old);
    let via = via.flat_map(|one| {
        let statements = one.statements.iter().map(|at| (at.file.as_str(), at.line));
        statements.chain(one.grant.iter().map(|at| (at.file.as_str(), at.line)))
    });
    let mut all = of_causes(false).chain(of_causes(true)).chain(via);
    // WHY: a result without a file makes the whole report useless to GitHub.
    all.find(|(file, _)| !file.is_empty()).unwrap_or(("snapshot", 1))
}
