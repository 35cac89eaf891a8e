//! Condition keys on the cast: what is known of a key when somebody asks for an action on a key under some kind of policy.
//!
//! A line is principal, action, key, kind of policy, and condition keys. `stated NAME = a | b` states a value for the
//! lines below it, `stated openly` leaves open whatever is not stated, `stated nothing` starts a request that states
//! nothing; before such a line the question is about all requests.

use super::cast::{KEYS, PRINCIPALS, key, policy_kind, principal, world};
use super::conditions::list;
use super::{check_cases, table_lines};
use crate::condition::block::{Context as _, KeyName};
use crate::condition::known::{Known, Possible};
use crate::facts::context::AnyRequest;
use crate::facts::stated::{Stated, StatedRequest};
use crate::model::action::Action;

fn show(known: &Known) -> String {
    let few = |values: &[String]| match values.len() {
        0..=6 => values.join(" | "),
        many => format!("{} and {} more", values[..3].join(" | "), many - 3),
    };
    match known {
        Known::Absent => "absent".to_owned(),
        Known::Is(values) => format!("is {}", few(values)),
        Known::Doubt(rule) => format!("open by {rule}"),
        Known::Open { absent, values } => {
            let values = match values {
                Possible::Anything => "any value".to_owned(),
                Possible::OneOf(list) => format!("one of {}", few(list)),
                Possible::Like(pattern) => format!("like {pattern}"),
                Possible::Unlike(list) => format!("any value but {}", few(list)),
                Possible::ForeignTo(accounts) => format!("of none of {}", few(accounts)),
            };
            format!("{values}{}", if *absent { ", or absent" } else { "" })
        }
    }
}

#[test]
fn context_keys_on_their_cases() {
    check_cases("context", "keys.txt", |text| {
        let world = world();
        let mut stated: Option<Stated> = None;
        let mut results = Vec::new();
        for line in table_lines(text) {
            results.push(line.to_owned());
            if let Some(what) = line.strip_prefix("stated ") {
                let request = stated.get_or_insert_default();
                match what.split_once(" = ") {
                    None if what == "nothing" => *request = Stated::default(),
                    None if what == "openly" => request.open = true,
                    None => return Err(format!("not stated: {line}")),
                    Some((name, values)) => {
                        request.values.insert(KeyName::new(name).name, list(values));
                    }
                }
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let [who, action, on, policy, names @ ..] = &words[..] else {
                return Err(format!("principal, action, key, policy: {line}"));
            };
            assert!(PRINCIPALS.contains(who) && KEYS.contains(on), "{line}");
            let (principal, key) = (principal(who), key(on));
            let any = AnyRequest {
                world: &world,
                principal: &principal,
                key: &key,
                action: Action::parse(action).ok_or(line)?,
                policy: policy_kind(policy),
            };
            for name in names {
                let asked = KeyName::new(name);
                let known = match &stated {
                    None => any.known(&asked),
                    Some(stated) => StatedRequest { any, stated }.known(&asked),
                };
                results.push(format!("  {name}: {}", show(&known)));
            }
        }
        Ok(results.join("\n"))
    });
}
