//! Snapshots with gaps: what lowering makes of what is not there.
//!
//! There is always account `111122223333` with the user alice and one key. A line adds or takes something away:
//! `organization`, `no scps`, `scps off`, `no rcps`, `rcps off`, `management`; `no key policy`, `no grants`, `some grants`,
//! `alias NAME`, `aws managed`; `attached NAME` and `boundary NAME`, which are names without a text. The result says who is
//! bound by which guardrails, and what every statement says about alice decrypting with the key.

use super::{check_cases, table_lines};
use crate::condition::formula::Formulas;
use crate::facts::build;
use crate::facts::classes::Part;
use crate::facts::id::{KeyId, PrincipalId, StatementId};
use crate::facts::lower::{Cast, Scope, lower};
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::{Kind, World};
use crate::model::action::Action;
use crate::model::organization::Organization;
use crate::model::principal::{Account, User};
use crate::model::snapshot::Snapshot;
use crate::model::{Collected, key};

const A: &str = "111122223333";

fn snapshot(text: &str) -> Result<Snapshot, String> {
    let mut organization = None;
    let mut alice = User {
        arn: format!("arn:aws:iam::{A}:user/alice"),
        name: "alice".to_owned(),
        unique_id: "AIDAALICE".to_owned(),
        ..User::default()
    };
    let mut key = key::Key {
        arn: format!("arn:aws:kms:eu-west-1:{A}:key/key-a"),
        id: "key-a".to_owned(),
        account: A.to_owned(),
        region: "eu-west-1".to_owned(),
        partition: "aws".to_owned(),
        aws_managed: Some(false),
        spec: Some("SYMMETRIC_DEFAULT".to_owned()),
        policies_collected: Collected::Whole,
        grants_collected: Collected::Whole,
        aliases_collected: Collected::Whole,
        tags_collected: Collected::Whole,
        ..key::Key::default()
    };
    for line in table_lines(text) {
        let known = organization.get_or_insert_with(whole_organization);
        match line.split_once(' ').unwrap_or((line, "")) {
            ("organization", "") => {}
            ("no", "scps") => known.scps_collected = Collected::Missing,
            ("scps", "off") => known.scps_enabled = Some(false),
            ("no", "rcps") => known.rcps_collected = Collected::Missing,
            ("rcps", "off") => known.rcps_enabled = Some(false),
            ("management", "") => known.management = Some(A.to_owned()),
            ("no", "key policy") => key.policies_collected = Collected::Missing,
            ("no", "grants") => key.grants_collected = Collected::Missing,
            ("some", "grants") => key.grants_collected = Collected::Partly,
            ("aws", "managed") => key.aws_managed = Some(true),
            ("alias", name) => key.aliases.push(name.to_owned()),
            ("attached", name) => alice.permissions.attached.push(name.to_owned()),
            ("boundary", name) => alice.permissions.boundary = Some(name.to_owned()),
            _ => return Err(format!("not understood: {line}")),
        }
    }
    let mut account = Account {
        id: A.to_owned(),
        partition: "aws".to_owned(),
        iam: Collected::Whole,
        ..Account::default()
    };
    account.users.insert(alice.name.clone(), alice);
    let mut snapshot = Snapshot {
        organization,
        keys: vec![key],
        ..Snapshot::default()
    };
    snapshot.accounts.insert(A.to_owned(), account);
    Ok(snapshot)
}

/// An organization with the account below its root, of which everything was collected.
fn whole_organization() -> Organization {
    let mut organization = Organization {
        id: "o-example".to_owned(),
        management: Some("000000000001".to_owned()),
        accounts_collected: Collected::Whole,
        members: vec![A.to_owned()],
        scps_collected: Collected::Whole,
        rcps_collected: Collected::Whole,
        scps_enabled: Some(true),
        rcps_enabled: Some(true),
        ..Organization::default()
    };
    organization.parents.insert("r-1".to_owned(), None);
    organization.parents.insert(A.to_owned(), Some("r-1".to_owned()));
    organization
}

/// What a statement says about alice decrypting with the key.
fn says(world: &World, id: StatementId, denies: bool) -> String {
    let alice = world
        .principals
        .iter()
        .find(|principal| principal.kind == Kind::User);
    let case = Case {
        view: View::of(world),
        principal: alice.unwrap(),
        key: world.key(KeyId(0)).unwrap(),
        stated: None,
        outcomes: None,
    };
    let mut formulas = Formulas::default();
    let named = case.named(id, None, &mut formulas);
    let holds = case.statement(id, Action::Decrypt, denies, &mut formulas);
    let both = formulas.and2(named, holds);
    crate::condition::words::text(&formulas, both)
}

#[test]
fn gaps_on_their_cases() {
    check_cases("worlds", "world.txt", |text| {
        let snapshot = snapshot(text)?;
        let world = build::world(&snapshot);
        let ids = |n: usize| u32::try_from(n).unwrap();
        let principals = world.principals.iter().enumerate();
        let keys = world.keys.iter().enumerate();
        let principals = principals.map(|(n, principal)| (PrincipalId(ids(n)), principal));
        let keys: Vec<_> = keys.map(|(n, key)| (KeyId(ids(n)), key)).collect();
        let facts = lower(&Scope {
            cast: &Cast::new(View::of(&world), principals.collect()),
            keys: &keys,
            part: Part::Single,
            endpoint: None,
            all_denies: false,
        });
        let mut lines = Vec::new();
        let binds =
            |what: &str, bound: bool| format!("{what} {}", if bound { "bind" } else { "do not bind" });
        lines.push(binds("SCPs", !facts.scp_member.is_empty()));
        lines.push(binds("RCPs", !facts.rcp_member.is_empty()));
        let kind = if facts.customer_key.is_empty() {
            "AWS"
        } else {
            "customer"
        };
        lines.push(format!("the key is {kind} managed"));
        let mut rows = Vec::new();
        let key_rows = facts.key_allows.iter().map(|row| ("allows", row));
        let key_rows = key_rows.chain(facts.key_denies.iter().map(|row| ("denies", row)));
        rows.extend(key_rows.map(|(effect, &(key, id, mask))| (effect, key, id, mask)));
        let policy_rows = facts.policy_allows.iter().map(|row| ("allows", row));
        let policy_rows = policy_rows.chain(facts.policy_denies.iter().map(|row| ("denies", row)));
        rows.extend(policy_rows.map(|(effect, &(_, key, id, mask))| (effect, key, id, mask)));
        rows.retain(|(_, key, _, mask)| *key == KeyId(0) && mask.contains(Action::Decrypt));
        for (effect, _, id, _) in rows {
            let statement = world.statement(id).unwrap();
            let policy = &world.policy(statement.policy).unwrap().name;
            lines.push(format!(
                "{policy} {effect}: {}",
                says(&world, id, effect == "denies")
            ));
        }
        Ok(lines.join("\n"))
    });
}
