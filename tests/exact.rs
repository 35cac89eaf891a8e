//! Rows are exact: held against the slow evaluator on requests of every sort, row by row and truth by truth.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use keywho::{Access, Engine, MatrixFilter, Row, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::asking::{askers, has_plain_rows, with};
use support::decide::{Decision, decide};
use support::document::Document;
use support::generate::vocabulary::Vocabulary;
use support::operations::operations;
use support::requests::contexts::contexts;
use support::rng::Rng;
use support::world::World;
use support::{begin_of_sessions, number};

struct Tally {
    rows: usize,
    always: usize,
    conditional: usize,
    absent: usize,
    witnesses: usize,
    requests: usize,
    wrong: Vec<String>,
}

/// What the engine lists against what the slow evaluator says of requests.
#[test]
fn rows_are_what_enumeration_finds() {
    let worlds = number("KEYWHO_EXACT_WORLDS", 26_u64);
    let first = number("KEYWHO_EXACT_FIRST", 1_u64);
    let limit = number("KEYWHO_EXACT_CONTEXTS", 8);
    let mut tally = Tally {
        rows: 0,
        always: 0,
        conditional: 0,
        absent: 0,
        witnesses: 0,
        requests: 0,
        wrong: Vec::new(),
    };
    let (mut keys, mut operators) = (BTreeSet::new(), BTreeSet::new());
    for seed in first..first + worlds {
        let world = support::generate::generate(seed);
        tested(&world, &mut keys, &mut operators);
        compare(seed, &world, limit, &mut tally);
    }
    println!(
        "{} rows: {} always, {} conditional, {} absent; {} witnesses, {} requests",
        tally.rows, tally.always, tally.conditional, tally.absent, tally.witnesses, tally.requests
    );
    if let Ok(path) = std::env::var("KEYWHO_EXACT_LOG") {
        std::fs::write(path, tally.wrong.join("\n")).unwrap();
    }
    let shown: Vec<&str> = tally.wrong.iter().take(10).map(String::as_str).collect();
    assert!(
        tally.wrong.is_empty(),
        "{} differ:\n{}",
        tally.wrong.len(),
        shown.join("\n")
    );
    if worlds >= 26 {
        assert!(tally.rows >= 100_000, "only {} rows", tally.rows);
        assert!(keys.len() >= 40, "only {} keys: {keys:?}", keys.len());
        let families = ["String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn", "Null"];
        assert_eq!(operators.len(), families.len(), "{operators:?}");
    }
}

/// The condition keys that policies of a world test, and the families of their operators.
fn tested(world: &World, keys: &mut BTreeSet<String>, families: &mut BTreeSet<String>) {
    let mut note = |document: &Document| {
        for condition in document
            .statements
            .iter()
            .flat_map(|statement| &statement.conditions)
        {
            keys.insert(condition.key.clone());
            families.extend(condition.operator.family.map(|family| format!("{family:?}")));
        }
    };
    for key in &world.keys {
        key.policies.iter().for_each(|(_, document)| note(document));
    }
    if let Some(organization) = &world.organization {
        let guardrails = organization.scps.iter().chain(&organization.rcps);
        guardrails.for_each(|policy| note(&policy.document));
    }
    for account in &world.accounts {
        account.managed.iter().for_each(|policy| note(&policy.document));
        let users = account.users.iter().map(|user| &user.policies);
        for policies in users.chain(account.roles.iter().map(|role| &role.policies)) {
            policies.inline.iter().for_each(|(_, document)| note(document));
        }
    }
}

fn compare(seed: u64, world: &World, limit: usize, tally: &mut Tally) {
    let (snapshot, _) = Snapshot::from_files(support::write::files(world));
    let engine = Engine::compile(&snapshot);
    assert_eq!(engine.undecided(), 0, "seed {seed}");
    let filter = MatrixFilter {
        all_operations: true,
        ..MatrixFilter::default()
    };
    let rows: Vec<Row> = engine.matrix(&filter).unwrap().collect();
    let mut listed: BTreeMap<(&str, &str, String), &Access> = BTreeMap::new();
    for row in &rows {
        listed.insert((&row.principal, &row.key, row.action.to_string()), &row.access);
    }
    let compared = Compared {
        seed,
        world,
        engine: &engine,
    };
    let words = Vocabulary::of(world);
    let mut rng = Rng::new(seed ^ 0xe8ac7);
    let names: Vec<String> = engine.principals().map(str::to_owned).collect();
    let texts: Vec<&str> = names.iter().map(String::as_str).collect();
    for principal in &names {
        // Rows of whole accounts and of anybody stand for people who are not there to be asked.
        if principal.starts_with("account:") || principal == "*" || principal.contains(":federated-user/") {
            continue;
        }
        let askers = askers(world, principal, &texts);
        for (number, key) in world.keys.iter().enumerate() {
            for operation in operations().iter().filter(|operation| has_plain_rows(operation)) {
                let action = format!("kms:{}", operation.name);
                let access = listed
                    .get(&(principal.as_str(), key.arn.as_str(), action))
                    .copied();
                let mut said = Vec::new();
                for asker in &askers {
                    for request in contexts(&words, asker, operation, number, &mut rng, limit) {
                        said.push((decide(world, &request), request));
                    }
                }
                tally.rows += 1;
                tally.requests += said.len();
                judge(&compared, access, &said, tally);
            }
        }
    }
}

/// A world, and the engine that was made of it.
struct Compared<'a> {
    seed: u64,
    world: &'a World,
    engine: &'a Engine,
}

/// Whether `decide` allows a request.
fn allows(engine: &Engine, request: &Value) -> bool {
    decided(engine, request) == Some(keywho::Outcome::Allowed)
}

/// What `decide` says of a request; `None` if it calls it none.
fn decided(engine: &Engine, request: &Value) -> Option<keywho::Outcome> {
    let parsed = keywho::report::request::parse(request.to_string().as_bytes()).unwrap();
    Some(engine.decide(&parsed.request).ok()?.outcome)
}

/// Requests about a row that no context alone describes: their decision has other sides too (S6.16).
fn has_other_sides(action: &str) -> bool {
    action.ends_with("Alias") || action.ends_with("RetireGrant")
}

/// Every condition of the sample organization has a request that meets it and one that does not.
#[test]
fn witnesses_of_the_sample_are_allowed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/sample-organization");
    let (snapshot, _) = Snapshot::load(folder).unwrap();
    let engine = Engine::compile(&snapshot);
    assert_eq!(engine.undecided(), 0);
    let mut replayed = 0;
    for row in engine.matrix(&MatrixFilter::default()).unwrap() {
        let Access::Conditional { condition, witness } = &row.access else {
            continue;
        };
        let (action, text) = (row.action.to_string(), condition.text());
        if has_other_sides(&action) || text.contains('[') || row.principal.contains(":federated-user/") {
            continue;
        }
        // A role asks through a session.
        let session = begin_of_sessions(&row.principal).map(|begin| begin + "session");
        let asker = session.unwrap_or_else(|| row.principal.clone());
        let mut request = json!({"id": "1", "principal": asker, "action": action, "resource": row.key});
        if action == "kms:CreateGrant" {
            request["grant"] = json!({});
        }
        let met = with(&request, witness.as_ref().expect(&text));
        let unmet = with(&request, &condition.refused().expect(&text));
        assert!(allows(&engine, &met), "{} {text}: {met}", row.principal);
        assert!(!allows(&engine, &unmet), "{} {text}: {unmet}", row.principal);
        replayed += 1;
    }
    assert!(replayed > 50, "only {replayed} conditions");
}

fn judge(compared: &Compared<'_>, access: Option<&Access>, said: &[(Decision, Value)], tally: &mut Tally) {
    let world = compared.world;
    let mut report = |what: &str, request: &Value| {
        tally
            .wrong
            .push(format!("seed {}: {what}: {request}", compared.seed))
    };
    match access {
        None => {
            tally.absent += 1;
            for (decision, request) in said {
                if matches!(decision, Decision::Allowed | Decision::Undetermined) {
                    report(&format!("{decision:?}, but no row"), request);
                    break;
                }
            }
        }
        Some(Access::Always) => {
            tally.always += 1;
            for (decision, request) in said {
                if *decision != Decision::Allowed {
                    report(&format!("{decision:?}, but always"), request);
                    break;
                }
            }
        }
        Some(Access::Conditional { condition, witness }) => {
            tally.conditional += 1;
            let text = condition.text();
            // A near miss of an algorithm is a value that the engine knows the key cannot have, and no request.
            let mut requests = said.iter().map(|(_, request)| request);
            let first = requests.clone().next();
            let taken = requests.find(|request| decided(compared.engine, request).is_some());
            let Some(request) = taken.or(first) else { return };
            match witness {
                Some(context) => {
                    tally.witnesses += 1;
                    let request = with(request, context);
                    let slow = decide(world, &request);
                    if slow != Decision::Allowed || !allows(compared.engine, &request) {
                        report(
                            &format!("a witness is not allowed, slowly {slow:?} ({text})"),
                            &request,
                        );
                    }
                }
                // What the new grant is, is no part of the context.
                None if text.contains("S4.9.7") => {}
                None => {
                    for (decision, request) in said {
                        // A session with a place of its own may be certain where the others are not.
                        let own = request["principal"].as_str().unwrap();
                        let own = compared.engine.principals().any(|name| name == own);
                        if *decision == Decision::Allowed && !(own && text.contains('[')) {
                            report(&format!("allowed, but no witness ({text})"), request);
                            break;
                        }
                    }
                }
            }
            if said.iter().all(|(decision, _)| *decision == Decision::Allowed) {
                match condition.refused() {
                    Some(context) => {
                        let request = with(request, &context);
                        let slow = decide(world, &request);
                        if slow == Decision::Allowed || allows(compared.engine, &request) {
                            report(
                                &format!("a counterexample is allowed, slowly {slow:?} ({text})"),
                                &request,
                            );
                        }
                    }
                    // Nothing is certain to be refused that depends on what nobody knows.
                    None if text.contains('[') => {}
                    None => report(&format!("always allowed, but conditional ({text})"), request),
                }
            }
        }
    }
}
