//! A diff is the difference of the two relations: held against rows, and against the slow evaluator, on pairs of worlds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "diff/edits.rs"]
mod edits;
mod support;

use edits::Edits;
use keywho::diff::{Diff, Kind, diff};
use keywho::{Access, Engine, MatrixFilter, Snapshot};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::asking::{askers, has_plain_rows, with};
use support::decide::{Decision, decide};
use support::generate::vocabulary::Vocabulary;
use support::number;
use support::operations::operations;
use support::requests::contexts::contexts;
use support::rng::Rng;
use support::world::World;

fn snapshot(world: &World) -> Snapshot {
    Snapshot::from_files(support::write::files(world)).0
}

fn compiled(world: &World) -> Engine {
    Engine::compile(&snapshot(world))
}

/// Principal, key and action.
type Place = (String, String, String);

/// A diff row by row; each row stands once.
fn rows_of(diff: &Diff<'_>) -> BTreeMap<Place, Kind> {
    let mut rows = BTreeMap::new();
    for change in &diff.changes {
        for principal in &change.principals {
            for key in &change.keys {
                for action in &change.actions {
                    let place = ((*principal).to_owned(), (*key).to_owned(), action.to_string());
                    let before = rows.insert(place.clone(), change.kind);
                    assert!(before.is_none(), "twice: {place:?}: {before:?}, {change:#?}");
                }
            }
        }
    }
    rows
}

/// All rows of an engine; those of renamed principals under their new names.
fn relation(engine: &Engine, diff: &Diff<'_>) -> BTreeMap<Place, Access> {
    let named = |name: String| {
        let renamed = diff.renamed.iter().find(|(old, _)| *old == name);
        renamed.map_or(name, |(_, new)| (*new).to_owned())
    };
    let rows = engine.matrix(&MatrixFilter::default()).unwrap();
    rows.map(|row| {
        (
            (named(row.principal), row.key, row.action.to_string()),
            row.access,
        )
    })
    .collect()
}

fn shown(access: Option<&Access>) -> String {
    match access {
        None => "no access".to_owned(),
        Some(Access::Always) => "always".to_owned(),
        Some(Access::Conditional { condition, .. }) => format!("if {}", condition.text()),
    }
}

/// Whether the kind of a change fits the two rows that it is about, as far as a look at them tells.
fn fits(kind: Option<Kind>, old: Option<&Access>, new: Option<&Access>) -> bool {
    match (old, new, kind) {
        (None, None, kind) => kind.is_none(),
        (None, Some(_), kind) => matches!(kind, Some(Kind::Gained | Kind::BecameUnknown)),
        (Some(_), None, kind) => matches!(kind, Some(Kind::Lost | Kind::BecameKnown)),
        (Some(Access::Always), Some(Access::Always), kind) => kind.is_none(),
        (Some(Access::Always), Some(_), kind) => matches!(kind, Some(Kind::Narrowed | Kind::BecameUnknown)),
        (Some(_), Some(Access::Always), kind) => matches!(kind, Some(Kind::Widened | Kind::BecameKnown)),
        (
            Some(Access::Conditional { condition: a, .. }),
            Some(Access::Conditional { condition: b, .. }),
            kind,
        ) => kind.is_none() || a.text() != b.text(),
    }
}

fn worlds() -> std::ops::Range<u64> {
    let first = number("KEYWHO_DIFF_FIRST", 1_u64);
    first..first + number("KEYWHO_DIFF_WORLDS", 80_u64)
}

/// A world, and the same after some edits.
fn pair(seed: u64) -> (World, World, Vec<String>) {
    let old = support::generate::generate(seed);
    let other = support::generate::generate(seed + 1_000_000);
    let mut edits = Edits::new(seed, &other);
    let mut new = old.clone();
    let made = (0..1 + seed % 4).map(|_| edits.edit(&mut new)).collect();
    (old, new, made)
}

#[test]
fn a_diff_is_the_difference_of_the_relations() {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for seed in worlds() {
        let (before, after, made) = pair(seed);
        let (old, new) = (compiled(&before), compiled(&after));
        let found = diff(&old, &new);
        let rows = rows_of(&found);
        let (was, is) = (relation(&old, &found), relation(&new, &found));
        for place in was.keys().chain(is.keys()).chain(rows.keys()) {
            let (a, b, kind) = (was.get(place), is.get(place), rows.get(place).copied());
            assert!(
                fits(kind, a, b),
                "seed {seed}: {kind:?} of {place:?}: {} -> {}\n{made:?}",
                shown(a),
                shown(b)
            );
        }
        for kind in rows.values() {
            *kinds.entry(*kind).or_default() += 1;
        }
        // The other way round, everything is the other way round.
        let back = rows_of(&diff(&new, &old));
        let reversed = |name: &str| {
            let renamed = found.renamed.iter().find(|(_, new)| *new == name);
            renamed.map_or(name, |(old, _)| *old).to_owned()
        };
        let turned: BTreeMap<Place, Kind> = rows
            .into_iter()
            .map(|((principal, key, action), kind)| ((reversed(&principal), key, action), kind.reversed()))
            .collect();
        assert_eq!(turned, back, "seed {seed}: {made:?}");
        assert!(diff(&old, &old).changes.is_empty(), "seed {seed}");
    }
    println!("{kinds:?}");
    if worlds().count() >= 80 {
        for kind in [
            Kind::Gained,
            Kind::Lost,
            Kind::Widened,
            Kind::Narrowed,
            Kind::Changed,
        ] {
            assert!(
                kinds.get(&kind).is_some_and(|n| *n >= 20),
                "too few of {kind:?}: {kinds:?}"
            );
        }
    }
}

/// What keys cannot perform, of what somebody is allowed: it has no rows (S5.5.2).
fn useless(engine: &Engine) -> Vec<(String, String)> {
    let filter = MatrixFilter {
        all_operations: true,
        ..MatrixFilter::default()
    };
    let rows = engine.matrix(&filter).unwrap().filter(|row| !row.usable);
    rows.map(|row| (row.key, row.action.to_string())).collect()
}

/// Whether a request may be allowed in a world; `None` if that is not known.
fn allows(world: &World, request: &Value) -> Option<bool> {
    match decide(world, request) {
        Decision::Allowed => Some(true),
        Decision::Undetermined => None,
        _ => Some(false),
    }
}

/// What is said of some requests in both worlds, against what the diff says of their row.
fn judge(kind: Option<Kind>, said: &[(Option<bool>, Option<bool>)]) -> bool {
    let never =
        |wrong: &dyn Fn(Option<bool>, Option<bool>) -> bool| !said.iter().any(|&(old, new)| wrong(old, new));
    match kind {
        None => never(&|old, new| old != new),
        Some(Kind::Gained) => never(&|old, _| old != Some(false)),
        Some(Kind::Lost) => never(&|_, new| new != Some(false)),
        Some(Kind::Widened) => never(&|old, new| old == Some(true) && new == Some(false)),
        Some(Kind::Narrowed) => never(&|old, new| old == Some(false) && new == Some(true)),
        Some(_) => true,
    }
}

/// Requests of every sort are decided slowly in both worlds.
#[test]
fn a_diff_is_what_enumeration_finds() {
    let limit = number("KEYWHO_DIFF_CONTEXTS", 6);
    let (mut seen, mut witnesses, mut wrong) = (BTreeMap::new(), 0_usize, Vec::new());
    // A few worlds will do, on all of which there are many rows.
    for seed in worlds().step_by(number("KEYWHO_DIFF_STEP", 5)) {
        let (before, after, made) = pair(seed);
        let (old, new) = (compiled(&before), compiled(&after));
        let found = diff(&old, &new);
        let rows = rows_of(&found);
        let useless: BTreeSet<(String, String)> = [&old, &new].into_iter().flat_map(useless).collect();
        let mut rng = Rng::new(seed ^ 0xe0e0);
        let names: Vec<&str> = new.principals().collect();
        let words = [Vocabulary::of(&before), Vocabulary::of(&after)];
        let in_both: Vec<&str> = old.principals().filter(|name| names.contains(name)).collect();
        for principal in in_both {
            if principal.starts_with("account:") || principal == "*" || principal.contains(":federated-user/")
            {
                continue;
            }
            let askers = askers(&after, principal, &names);
            for (number, key) in after.keys.iter().enumerate() {
                for operation in operations().iter().filter(|operation| has_plain_rows(operation)) {
                    let place = (
                        principal.to_owned(),
                        key.arn.clone(),
                        format!("kms:{}", operation.name),
                    );
                    let kind = rows.get(&place).copied();
                    let useless = useless.contains(&(place.1.clone(), place.2.clone()));
                    // Of what stayed the same, some will do.
                    if useless || kind.is_none() && !rng.percent(12) {
                        continue;
                    }
                    let requests = askers.iter().flat_map(|asker| {
                        let of = |words| contexts(words, asker, operation, number, &mut rng.clone(), limit);
                        words.iter().flat_map(of).collect::<Vec<_>>()
                    });
                    let requests: Vec<Value> = requests.collect();
                    let said = |request: &Value| (allows(&before, request), allows(&after, request));
                    let decided: Vec<_> = requests.iter().map(said).collect();
                    *seen.entry(kind).or_insert(0_usize) += decided.len();
                    if !judge(kind, &decided) {
                        wrong.push(format!(
                            "seed {seed}: {kind:?} of {place:?}: {decided:?}\n{made:?}\n{}",
                            requests[0]
                        ));
                    }
                    let change = found.changes.iter().find(|change| {
                        let (principal, key, _) = &place;
                        kind == Some(change.kind)
                            && change.principals.contains(&principal.as_str())
                            && change.keys.contains(&key.as_str())
                            && change.actions.iter().any(|action| action.to_string() == place.2)
                    });
                    let Some((change, request)) = change.zip(requests.first()) else {
                        continue;
                    };
                    for (context, expected) in
                        [(&change.gains, (false, true)), (&change.loses, (true, false))]
                    {
                        let Some(context) = context else { continue };
                        let request = with(request, context);
                        let got = said(&request);
                        witnesses += 1;
                        if got != (Some(expected.0), Some(expected.1)) {
                            wrong.push(format!(
                                "seed {seed}: a witness of {kind:?} is {got:?}: {request}"
                            ));
                        }
                    }
                }
            }
        }
    }
    println!("{seen:?}, {witnesses} witnesses");
    let shown: Vec<&str> = wrong.iter().take(6).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), shown.join("\n"));
    assert!(
        witnesses >= 50 || worlds().count() < 80,
        "only {witnesses} witnesses"
    );
}
