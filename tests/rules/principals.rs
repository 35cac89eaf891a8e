//! Principal elements on the cast: `Allow Principal AWS arn:..` into whom it names, how, and with what reservation.
//!
//! A line is the effect, `Principal` or `NotPrincipal`, and entries by ` | `: `*`, `AWS text`, `Service name` and so on.

use super::cast::{PRINCIPALS, principal, world};
use super::conditions::list;
use super::{check_cases, table_lines};
use crate::facts::id::PolicyId;
use crate::facts::matching::{Reserve, names};
use crate::facts::statement::Statement;
use crate::facts::view::View;
use crate::policy::document::{self, Effect, Patterns, PolicyKind, PrincipalEntry, Principals};
use crate::source::Location;

/// A statement about everything, with nothing but effect and principals.
pub(super) fn about_everything(effect: Effect, principals: Option<Principals>) -> document::Statement {
    let everything = Patterns {
        negated: false,
        patterns: vec!["*".to_owned()],
    };
    document::Statement {
        sid: None,
        index: 0,
        effect: Some(effect),
        principals,
        actions: Some(everything.clone()),
        resources: Some(everything),
        conditions: Vec::new(),
        opaque: None,
        location: Location::default(),
    }
}

pub(super) fn effect(text: &str) -> Effect {
    match text {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        _ => panic!("`{text}` is no effect"),
    }
}

fn entry(text: &str) -> PrincipalEntry {
    let own = |text: &str| text.to_owned();
    match text.split_once(' ') {
        None if text == "*" => PrincipalEntry::Anyone,
        Some(("AWS", text)) => PrincipalEntry::Aws(own(text)),
        Some(("Service", text)) => PrincipalEntry::Service(own(text)),
        Some(("Federated", text)) => PrincipalEntry::Federated(own(text)),
        Some(("CanonicalUser", text)) => PrincipalEntry::CanonicalUser(own(text)),
        _ => panic!("`{text}` is no entry of a principal element"),
    }
}

fn statement(line: &str) -> Statement {
    let mut words = line.splitn(3, ' ');
    let effect = effect(words.next().unwrap());
    let principals = Principals {
        negated: words.next() == Some("NotPrincipal"),
        entries: list(words.next().expect("entries"))
            .iter()
            .map(|text| entry(text))
            .collect(),
    };
    let written = about_everything(effect, Some(principals));
    Statement::new(PolicyId(0), PolicyKind::Key, "default", true, &written)
}

fn reserved(reserve: &Reserve) -> String {
    match reserve {
        Reserve::None => String::new(),
        Reserve::Session(user_id) => format!(", if aws:userid is {user_id}"),
        Reserve::Ambiguous(rule, about) => format!(", if [{rule}: {about}]"),
    }
}

#[test]
fn principals_on_their_cases() {
    check_cases("principals", "principals.txt", |text| {
        let world = world();
        let mut results = Vec::new();
        for line in table_lines(text) {
            results.push(line.to_owned());
            let statement = statement(line);
            for &who in PRINCIPALS {
                for named in names(View::of(&world), &statement, &principal(who)) {
                    results.push(format!("  {who}: {:?}{}", named.kind, reserved(&named.reserve)));
                }
            }
        }
        Ok(results.join("\n"))
    });
}
