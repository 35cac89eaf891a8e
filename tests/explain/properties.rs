//! On generated worlds: near misses are near, and repairs repair.
//!
//! Edits are made in the snapshot and the engine is compiled anew, so that nothing is taken from the code that proposed them.

use super::support;
use keywho::explain::{Element, Explanation, Layer, NearMiss, Source, Verdict};
use keywho::model::principal::Policy;
use keywho::policy::document::{Patterns, PrincipalEntry, Principals, Statement};
use keywho::report::json::Place;
use keywho::source::Location;
use keywho::{Decision, Engine, Outcome, Request, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A world with requests about it.
struct World {
    seed: u64,
    snapshot: Snapshot,
    engine: Engine,
    requests: Vec<Request>,
}

fn worlds(count: u64, each: usize) -> impl Iterator<Item = World> {
    let first = support::number("KEYWHO_EXPLAIN_FIRST", 1_u64);
    let count = support::number("KEYWHO_EXPLAIN_WORLDS", count);
    (first..first + count).map(move |seed| {
        let world = support::generate(seed);
        let (snapshot, _) = Snapshot::from_files(support::files(&world));
        let mut rng = support::rng::Rng::new(seed ^ 0xe871);
        let requests = support::requests(&world, &mut rng, each);
        let parsed = requests.iter().filter_map(|request| {
            let parsed = keywho::report::request::parse(request.to_string().as_bytes());
            parsed.ok().map(|parsed| parsed.request)
        });
        World {
            seed,
            engine: Engine::compile(&snapshot),
            requests: parsed.collect(),
            snapshot,
        }
    })
}

fn said(decision: &Decision) -> String {
    let mut text = Vec::new();
    keywho::report::json::decision(&mut text, decision, Place::Line);
    String::from_utf8(text).unwrap()
}

fn is_refused(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::ExplicitDeny | Outcome::ImplicitDeny)
}

/// What must hold of the layers of every explanation.
fn contradictions(explanation: &Explanation) -> Vec<String> {
    let mut wrong = Vec::new();
    for permission in &explanation.permissions {
        let of = |name: &str| -> Vec<&Layer> {
            permission
                .layers
                .iter()
                .filter(|layer| layer.name == name)
                .collect()
        };
        let outcome = permission.decision.outcome;
        let blocks = permission.layers.iter().any(|layer| layer.blocks);
        if blocks != is_refused(outcome) {
            wrong.push(format!("blocks: {blocks}, {outcome:?}"));
        }
        let denied = permission
            .layers
            .iter()
            .any(|layer| layer.verdict == Verdict::Denies && layer.name != "feasibility");
        if denied != (outcome == Outcome::ExplicitDeny) {
            wrong.push(format!("denied: {denied}, {outcome:?}"));
        }
        if outcome == Outcome::Allowed {
            let silent = of("scp").into_iter().chain(of("vpcEndpoint"));
            if silent.clone().any(|layer| layer.verdict == Verdict::Silent) {
                wrong.push("allowed through a silent guardrail".to_owned());
            }
            if !permission
                .paths
                .iter()
                .any(|path| path.verdict == Verdict::Allows)
            {
                // Several ways may hold together what none of them does.
                let some = permission
                    .paths
                    .iter()
                    .any(|path| path.verdict == Verdict::Depends);
                if !some {
                    wrong.push("allowed by no path".to_owned());
                }
            }
            for path in &permission.paths {
                let statements = &path.derivation.statements;
                let names = |policy: &str| statements.iter().any(|at| at.policy == policy);
                let key_policy = of("keyPolicy")[0].verdict;
                if names("default") && key_policy == Verdict::Silent {
                    wrong.push("a path through a silent key policy".to_owned());
                }
            }
        }
    }
    wrong
}

#[test]
fn explanations_agree_with_decisions() {
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for world in worlds(40, 40) {
        for request in &world.requests {
            let decided = world.engine.decide(request);
            let explained = world.engine.explain_request(request);
            let (Ok(decision), Ok(explanation)) = (&decided, &explained) else {
                assert_eq!(decided.is_ok(), explained.is_ok(), "{request:?}");
                continue;
            };
            asked += 1;
            let mut found = contradictions(explanation);
            if said(decision) != said(&explanation.decision) {
                found.push("another decision".to_owned());
            }
            if let Some(witness) = &explanation.witness {
                let mut again = request.clone();
                again.context.extend(witness.clone());
                again.open_context = false;
                let decided = world.engine.decide(&again).map(|decision| decision.outcome);
                if decided.as_ref().ok() != Some(&Outcome::Allowed) {
                    found.push(format!("the witness is {decided:?}: {witness:?}"));
                }
            }
            wrong.extend(
                found
                    .into_iter()
                    .map(|text| format!("seed {}: {text}: {request:?}", world.seed)),
            );
        }
    }
    assert!(asked >= 100, "{asked}");
    report(&wrong, asked);
}

fn report(wrong: &[String], of: usize) {
    let shown: Vec<&str> = wrong.iter().take(8).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} of {of} wrong:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

/// Every policy of a snapshot.
fn policies(snapshot: &mut Snapshot) -> Vec<&mut Arc<Policy>> {
    let mut all: Vec<&mut Arc<Policy>> = Vec::new();
    all.extend(snapshot.keys.iter_mut().flat_map(|key| &mut key.policies));
    for account in snapshot.accounts.values_mut() {
        all.extend(
            account
                .users
                .values_mut()
                .flat_map(|one| &mut one.permissions.inline),
        );
        all.extend(
            account
                .groups
                .values_mut()
                .flat_map(|one| &mut one.permissions.inline),
        );
        all.extend(
            account
                .roles
                .values_mut()
                .flat_map(|one| &mut one.permissions.inline),
        );
        all.extend(account.managed.values_mut());
    }
    all.extend(
        snapshot
            .organization
            .iter_mut()
            .flat_map(|one| one.policies.values_mut()),
    );
    all.extend(
        snapshot
            .endpoints
            .iter_mut()
            .filter_map(|one| one.policy.as_mut()),
    );
    all
}

/// Changes the statement at a place, wherever it is held.
fn change_at(snapshot: &mut Snapshot, at: Location, change: impl Fn(&mut Statement)) -> usize {
    let mut changed = 0;
    for policy in policies(snapshot) {
        if policy.document.statements.iter().any(|one| one.location == at) {
            let statements = &mut Arc::make_mut(policy).document.statements;
            for statement in statements.iter_mut().filter(|one| one.location == at) {
                change(statement);
                changed += 1;
            }
        }
    }
    changed
}

fn everything() -> Option<Patterns> {
    Some(Patterns {
        negated: false,
        patterns: vec!["*".to_owned()],
    })
}

/// The snapshot with one element of a statement or grant made to fit.
fn with_fit(snapshot: &Snapshot, near: &NearMiss, principal: &str, action: &str) -> Snapshot {
    let mut snapshot = snapshot.clone();
    if let Source::Grant(grant) = &near.source {
        let grants = snapshot.keys.iter_mut().flat_map(|key| &mut key.grants);
        for one in grants.filter(|one| one.id == grant.id) {
            match near.element {
                Element::Grantee => (one.grantee, one.grantee_service) = (Some(principal.to_owned()), None),
                Element::Operations => one.operations.push(action.to_owned()),
                _ => one.constraints = keywho::model::key::Constraints::default(),
            }
        }
        return snapshot;
    }
    let changed = change_at(&mut snapshot, near.quote.location, |statement| {
        match &near.element {
            Element::Action => statement.actions = everything(),
            Element::Resource => statement.resources = everything(),
            Element::Principal => {
                statement.principals = Some(Principals {
                    negated: false,
                    entries: vec![PrincipalEntry::Anyone],
                });
            }
            Element::Condition { operator, key } => statement
                .conditions
                .retain(|one| one.operator.to_string() != *operator || one.key != *key),
            other => panic!("{other:?}"),
        }
    });
    assert!(changed > 0, "{near:?}");
    snapshot
}

/// The caller as a grant names it: the role of a session.
fn grantee(snapshot: &Snapshot, principal: &str) -> String {
    let Some((before, _)) = principal
        .rsplit_once('/')
        .filter(|_| principal.contains(":assumed-role/"))
    else {
        return principal.to_owned();
    };
    let roles = snapshot
        .accounts
        .values()
        .flat_map(|account| account.roles.values());
    let mut own =
        roles.filter(|role| support::begin_of_sessions(&role.arn).as_deref() == Some(&format!("{before}/")));
    own.next()
        .map_or_else(|| principal.to_owned(), |role| role.arn.clone())
}

#[test]
fn one_element_makes_a_near_miss_hit() {
    let mut elements: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for world in worlds(24, 24) {
        for request in &world.requests {
            let Ok(explanation) = world.engine.explain_request(request) else {
                continue;
            };
            for (at, permission) in explanation.permissions.iter().enumerate() {
                for (layer_at, layer) in permission.layers.iter().enumerate() {
                    assert!(layer.near.is_empty() || layer.verdict == Verdict::Silent);
                    // Of many that are alike, some.
                    for near in layer.near.iter().take(4) {
                        tried += 1;
                        *elements.entry((layer.name, near.element.name())).or_default() += 1;
                        let who = grantee(&world.snapshot, &permission.principal);
                        let fit = with_fit(&world.snapshot, near, &who, permission.action.name());
                        let again = Engine::compile(&fit).explain_request(request).unwrap();
                        let verdict = again.permissions[at].layers[layer_at].verdict;
                        if !matches!(verdict, Verdict::Allows | Verdict::Depends) {
                            wrong.push(format!("seed {}: {near:?}\n  of {request:?}", world.seed));
                        }
                    }
                }
            }
        }
    }
    println!("{tried}: {elements:?}");
    report(&wrong, tried);
    let layers: std::collections::BTreeSet<&str> = elements.keys().map(|(layer, _)| *layer).collect();
    if tried > 500 {
        for layer in [
            "scp",
            "vpcEndpoint",
            "keyPolicy",
            "grant",
            "identity",
            "boundary",
            "session",
        ] {
            assert!(
                layer == "session" || layers.contains(layer),
                "{layer} has no near miss"
            );
        }
        for element in [
            "Principal",
            "Action",
            "Resource",
            "Condition",
            "Operations",
            "GranteePrincipal",
        ] {
            assert!(
                elements.keys().any(|(_, own)| *own == element),
                "{element} is never missed"
            );
        }
    }
}

#[test]
fn every_repair_allows_the_request() {
    let (mut wrong, mut tried, mut refused, mut without) = (Vec::new(), 0, 0, Vec::new());
    for world in worlds(24, 24) {
        for request in &world.requests {
            let Ok(explanation) = world.engine.explain_request(request) else {
                continue;
            };
            let Ok(repairs) = world.engine.repairs(&explanation) else {
                panic!("{request:?}");
            };
            if !is_refused(explanation.decision.outcome) {
                assert!(repairs.found.is_empty() && repairs.none.is_none());
                continue;
            }
            refused += 1;
            assert_eq!(repairs.found.is_empty(), repairs.none.is_some(), "{request:?}");
            without.extend(repairs.none.clone());
            for repair in &repairs.found {
                tried += 1;
                let mut edited = world.snapshot.clone();
                for change in &repair.changes {
                    edited.apply(change).unwrap();
                }
                let decision = Engine::compile(&edited).decide(request).unwrap();
                let fine = match request.open_context {
                    true => !is_refused(decision.outcome),
                    false => decision.outcome == Outcome::Allowed,
                };
                if !fine {
                    let edits: Vec<&str> = repair.edits.iter().map(|edit| edit.what.as_str()).collect();
                    wrong.push(format!(
                        "seed {}: {:?} after {edits:?}: {request:?}",
                        world.seed, decision.outcome
                    ));
                }
            }
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    without
        .iter()
        .for_each(|why| *reasons.entry(why).or_default() += 1);
    println!("{refused} refused, {tried} repairs; without: {reasons:#?}");
    report(&wrong, tried);
    assert!(tried > refused, "{tried} repairs of {refused} refusals");
}
