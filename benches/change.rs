//! What an edit of a compiled organization costs, beside compiling the edited one; what comparing two organizations that
//! differ in ten policies costs, beside loading both; and an explanation, whose repairs are edits that are tried.
//!
//! `cargo bench --bench change`; `-- medium`, `large` or `huge` for one size.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

mod measure;
mod world;

use keywho::{Change, Engine, Snapshot};
use measure::{apart, memory, milliseconds, words};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use world::{Shape, generate};

const TIMES: usize = 9;

fn main() {
    let words = words();
    if let [one, folder] = words.as_slice()
        && one == "one"
    {
        println!("{}", loaded(Path::new(folder)));
        return;
    }
    println!(
        "{:<10}{:>12}{:>12}{:>12}  {:<44}{:>12}{:>12}",
        "", "principals", "keys", "compile ms", "edit", "best ms", "middle ms"
    );
    for (name, shape) in [
        ("medium", Shape::MEDIUM),
        ("large", Shape::LARGE),
        ("huge", Shape::HUGE),
    ] {
        if words.is_empty() || words.iter().any(|word| word == name) {
            edits(name, shape);
            differences(name, shape);
            memory_of_two(name, shape);
        }
    }
}

/// Compares two organizations that differ in ten policies.
fn differences(name: &str, shape: Shape) {
    let files = generate(shape, 7).files;
    let started = Instant::now();
    let (old, _) = Snapshot::from_files(files.clone());
    let (mut new, _) = Snapshot::from_files(files);
    let read = milliseconds(started);
    // Five key policies, and five managed policies, each with the text of the next.
    let keys: Vec<Change> = (0..5)
        .map(|at| Change::KeyPolicy {
            key: old.keys[at * 7].arn.clone(),
            policy: Arc::clone(&old.keys[at * 7 + 1].policies[0]),
        })
        .collect();
    let managed: Vec<_> = old
        .accounts
        .values()
        .flat_map(|account| &account.managed)
        .collect();
    let policies = managed.windows(2).step_by(3).take(5).map(|pair| {
        let policy = keywho::model::principal::Policy {
            name: pair[0].0.clone(),
            ..(**pair[1].1).clone()
        };
        Change::Managed {
            arn: pair[0].0.clone(),
            policy: Some(Arc::new(policy)),
        }
    });
    for change in keys.into_iter().chain(policies) {
        new.apply(&change).unwrap();
    }
    let started = Instant::now();
    let (before, after) = (Engine::compile(&old), Engine::compile(&new));
    let compile = milliseconds(started);
    let side = |snapshot, engine| keywho::diff::Side { snapshot, engine };
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let started = Instant::now();
            let found = keywho::diff::diff(side(&old, &before), side(&new, &after));
            let time = milliseconds(started);
            assert!(!found.is_empty());
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let load = read + compile;
    let middle = times[TIMES / 2];
    println!(
        "{name:<10} ten policies: both read and compiled in {load:.0} ms, compared in {middle:.0} ms: {:.2} of loading",
        (load + middle) / load
    );
}

/// What two snapshots of the same organization take, read one beside the other.
fn memory_of_two(name: &str, shape: Shape) {
    let folder = tempfile::tempdir().unwrap();
    for (file, content) in generate(shape, 7).files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let measured = apart([folder.path()]);
    println!(
        "{name:<10} two snapshots: {:.0} MB the first, {:.0} MB more the second; {:.0} MB at the peak with both compiled",
        measured["first"].as_f64().unwrap(),
        measured["second"].as_f64().unwrap(),
        measured["peak"].as_f64().unwrap()
    );
}

fn loaded(folder: &Path) -> Value {
    let in_use = || memory("VmRSS:").unwrap();
    let before = in_use();
    let (old, _) = Snapshot::load(folder).unwrap();
    let first = in_use();
    let (new, _) = Snapshot::load_beside(folder, &old).unwrap();
    let second = in_use();
    let engines = (Engine::compile(&old), Engine::compile(&new));
    let peak = memory("VmHWM:").unwrap();
    drop(engines);
    json!({"first": first - before, "second": second - first, "peak": peak})
}

fn edits(name: &str, shape: Shape) {
    let (snapshot, _) = Snapshot::from_files(generate(shape, 7).files);
    let started = Instant::now();
    let engine = Engine::compile(&snapshot);
    let compile = milliseconds(started);
    let size = engine.size();
    for (what, change) in changes(&snapshot) {
        let mut times: Vec<f64> = (0..TIMES)
            .map(|_| {
                let started = Instant::now();
                let changed = engine.with_change(&change).unwrap();
                let time = milliseconds(started);
                drop(changed);
                time
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{name:<10}{:>12}{:>12}{compile:>12.0}  {what:<44}{:>12.2}{:>12.2}",
            size.principals,
            size.keys,
            times[0],
            times[TIMES / 2]
        );
    }
    explanations(name, &engine, &snapshot);
}

/// Why roles may decrypt, or not, with keys of their account.
fn explanations(name: &str, engine: &Engine, snapshot: &Snapshot) {
    const PAIRS: usize = 400;
    const REPAIRED: usize = 20;
    let (mut explained, mut repaired) = (Vec::new(), Vec::new());
    let mut refused = 0;
    for at in 0..PAIRS {
        let key = &snapshot.keys[at * 131 % snapshot.keys.len()];
        let roles = &snapshot.accounts[&key.account].roles;
        let role = roles.values().nth(at * 17 % roles.len()).unwrap();
        let started = Instant::now();
        let explanation = engine.explain(&role.arn, "Decrypt", &key.arn).unwrap();
        explained.push(milliseconds(started));
        let is_refused = explanation.permissions[0].layers.iter().any(|layer| layer.blocks);
        refused += usize::from(is_refused);
        if is_refused && repaired.len() < REPAIRED {
            let started = Instant::now();
            let repairs = engine.repairs(&explanation).unwrap();
            assert!(!repairs.found.is_empty() || repairs.none.is_some());
            repaired.push(milliseconds(started));
        }
    }
    for (what, mut times) in [
        (format!("explain, {refused} of {PAIRS} refused"), explained),
        ("repairs of a refusal".to_owned(), repaired),
    ] {
        times.sort_by(f64::total_cmp);
        if let (Some(best), Some(middle), Some(worst)) =
            (times.first(), times.get(times.len() / 2), times.last())
        {
            println!(
                "{name:<10}{:>38}{what:<44}{best:>12.2}{middle:>12.2}  worst {worst:.2}",
                ""
            );
        }
    }
}

/// One of each kind, with texts that stand elsewhere in the organization.
fn changes(snapshot: &Snapshot) -> Vec<(String, Change)> {
    let account = snapshot.keys[0].account.clone();
    let shared: Vec<_> = snapshot
        .keys
        .iter()
        .filter(|key| key.account == account)
        .collect();
    let policy = |at: usize| Arc::clone(&shared[at % shared.len()].policies[0]);
    let key = shared[1].arn.clone();
    let naming = shared
        .iter()
        .position(|key| key.policies[0].document.statements.len() > 3)
        .unwrap();
    let iam = &snapshot.accounts[&account];
    let managed = |name: &str| iam.managed.iter().find(|(arn, _)| arn.contains(name)).unwrap();
    let (team, other) = (managed("teams/Team0"), managed("teams/Team1"));
    let held = |arn: &String| {
        let roles = iam
            .roles
            .values()
            .filter(|role| role.permissions.attached.contains(arn));
        roles.count()
    };
    let renamed = Arc::new(keywho::model::principal::Policy {
        name: team.0.clone(),
        ..(**other.1).clone()
    });
    let role = iam.roles.values().nth(7).unwrap();
    let inline = Arc::new(keywho::model::principal::Policy {
        name: "new".to_owned(),
        ..(**other.1).clone()
    });
    let grants = snapshot.keys.iter().flat_map(|key| &key.grants);
    let organization = snapshot.organization.as_ref().unwrap();
    let (id, scp) = organization
        .policies
        .iter()
        .find(|(id, _)| id.contains("deletion"))
        .unwrap();
    vec![
        (
            "key policy, another of the account".to_owned(),
            Change::KeyPolicy {
                key: key.clone(),
                policy: policy(naming),
            },
        ),
        (
            format!("managed policy held by {} roles", held(team.0)),
            Change::Managed {
                arn: team.0.clone(),
                policy: Some(renamed),
            },
        ),
        (
            "inline policy of a role".to_owned(),
            Change::Inline {
                principal: role.arn.clone(),
                name: "new".to_owned(),
                policy: Some(inline),
            },
        ),
        (
            "grant".to_owned(),
            Change::Grant {
                key,
                grant: Box::new(grants.clone().next().unwrap().clone()),
            },
        ),
        (
            "SCP, attached to one account".to_owned(),
            Change::Guardrail {
                target: account.clone(),
                id: id.clone(),
                policy: Some(Arc::clone(scp)),
            },
        ),
    ]
}
