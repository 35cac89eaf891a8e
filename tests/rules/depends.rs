//! What is remembered of a condition for other principals and keys is the same for them.

use super::cast::{key, principal, world};
use crate::condition::block::{Context, KeyName};
use crate::condition::key::KnownKey;
use crate::facts::context::{AnyRequest, Depends};
use crate::model::action::Action;
use crate::policy::document::PolicyKind;

/// Everyone but services, for whom nothing is remembered.
const PRINCIPALS: [&str; 11] = [
    "root",
    "alice",
    "bob",
    "app",
    "app/s1",
    "fed",
    "linked",
    "root-b",
    "stray/s1",
    "anyone-of-b",
    "anyone",
];
const KEYS: [&str; 7] = ["k", "rsa", "bare", "twice", "many", "mrk", "nothing"];

fn names() -> Vec<KeyName> {
    let known = KnownKey::all().map(|known| known.name().replace('*', "Team"));
    let others = [
        "example:Unknown",
        "aws:RequestTag/Team",
        "aws:ResourceTag/Env",
        "aws:SourceVpcArn",
    ];
    known
        .chain(others.map(str::to_owned))
        .map(|name| KeyName::new(&name))
        .collect()
}

#[test]
fn context_keys_depend_on_no_more_than_is_said() {
    let world = world();
    let people = PRINCIPALS.map(principal);
    let keys = KEYS.map(key);
    let mut independent = 0;
    for name in names() {
        let depends = Depends::of(&name.name);
        for action in Action::all() {
            for policy in [PolicyKind::Key, PolicyKind::Identity] {
                let known = |who: usize, which: usize| {
                    let any = AnyRequest {
                        world: &world,
                        principal: people.get(who).unwrap(),
                        key: keys.get(which).unwrap(),
                        action,
                        policy,
                    };
                    any.known(&name)
                };
                for who in 0..people.len() {
                    for which in 0..keys.len() {
                        // Whatever it does not depend on may as well be the first.
                        let who_else = if depends.on_principal { who } else { 0 };
                        let which_else = if depends.on_key { which } else { 0 };
                        assert_eq!(
                            known(who, which),
                            known(who_else, which_else),
                            "{name:?} {action}"
                        );
                        independent += usize::from((who, which) != (who_else, which_else));
                    }
                }
            }
        }
    }
    assert!(independent > 0, "nothing can be remembered");
}
