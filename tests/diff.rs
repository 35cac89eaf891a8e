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
use keywho::diff::{Diff, Kind, Side, diff};
use keywho::edit::{Edit, Given};
use keywho::model::action::{Action, matching};
use keywho::{Access, Engine, MatrixFilter, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::asking::{askers, has_plain_rows, with};
use support::decide::{Decision, decide};
use support::document::Document;
use support::generate::vocabulary::Vocabulary;
use support::number;
use support::operations::operations;
use support::requests::contexts::contexts;
use support::rng::Rng;
use support::world::{Grant, World};

fn snapshot(world: &World) -> Snapshot {
    Snapshot::from_files(support::write::files(world)).0
}

/// A snapshot and its engine.
struct Compiled {
    snapshot: Snapshot,
    engine: Engine,
}

impl Compiled {
    fn of(snapshot: Snapshot) -> Compiled {
        let engine = Engine::compile(&snapshot);
        Compiled { snapshot, engine }
    }

    fn side(&self) -> Side<'_> {
        Side {
            snapshot: &self.snapshot,
            engine: &self.engine,
        }
    }
}

fn compiled(world: &World) -> Compiled {
    Compiled::of(snapshot(world))
}

/// Principal, key and action.
type Place = (String, String, String);

/// A diff row by row; each row stands once.
fn rows_of(diff: &Diff<'_>) -> BTreeMap<Place, Kind> {
    let mut rows = BTreeMap::new();
    for change in diff.changes() {
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
        let found = diff(old.side(), new.side());
        let rows = rows_of(&found);
        let (was, is) = (relation(&old.engine, &found), relation(&new.engine, &found));
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
        let back = rows_of(&diff(new.side(), old.side()));
        let reversed = |name: &str| {
            let renamed = found.renamed.iter().find(|(_, new)| *new == name);
            renamed.map_or(name, |(old, _)| *old).to_owned()
        };
        let turned: BTreeMap<Place, Kind> = rows
            .into_iter()
            .map(|((principal, key, action), kind)| ((reversed(&principal), key, action), kind.reversed()))
            .collect();
        assert_eq!(turned, back, "seed {seed}: {made:?}");
        assert!(diff(old.side(), old.side()).is_empty(), "seed {seed}");
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

/// What enumeration found of a pair of worlds.
#[derive(Default)]
struct Enumerated {
    seen: BTreeMap<Option<Kind>, usize>,
    witnesses: usize,
    wrong: Vec<String>,
}

/// Two worlds, and what the diff says of them.
struct Compared<'a> {
    seed: u64,
    before: &'a World,
    after: &'a World,
    found: &'a Diff<'a>,
}

impl Compared<'_> {
    fn said(&self, request: &Value) -> (Option<bool>, Option<bool>) {
        (allows(self.before, request), allows(self.after, request))
    }

    /// Holds a row against some requests that are about it.
    fn row(&self, place: &Place, kind: Option<Kind>, requests: &[Value], all: &mut Enumerated) {
        let decided: Vec<_> = requests.iter().map(|request| self.said(request)).collect();
        *all.seen.entry(kind).or_insert(0) += decided.len();
        let seed = self.seed;
        if !judge(kind, &decided) {
            let request = requests.first();
            all.wrong.push(format!(
                "seed {seed}: {kind:?} of {place:?}: {decided:?}\n{request:?}"
            ));
        }
        let (principal, key, action) = place;
        let change = self.found.changes().find(|change| {
            kind == Some(change.kind)
                && change.principals.contains(&principal.as_str())
                && change.keys.contains(&key.as_str())
                && change.actions.iter().any(|one| one.to_string() == *action)
        });
        let Some((change, request)) = change.zip(requests.first()) else {
            return;
        };
        for (context, expected) in [(&change.gains, (false, true)), (&change.loses, (true, false))] {
            let Some(context) = context else { continue };
            let request = with(request, context);
            let got = self.said(&request);
            all.witnesses += 1;
            if got != (Some(expected.0), Some(expected.1)) {
                let wrong = format!("seed {seed}: a witness of {kind:?} is {got:?}: {request}");
                all.wrong.push(wrong);
            }
        }
    }
}

/// Requests of every sort are decided slowly in both worlds.
#[test]
fn a_diff_is_what_enumeration_finds() {
    let mut all = Enumerated::default();
    // A few worlds will do, on all of which there are many rows.
    for seed in worlds().step_by(number("KEYWHO_DIFF_STEP", 5)) {
        let (before, after, _) = pair(seed);
        let (old, new) = (compiled(&before), compiled(&after));
        let found = diff(old.side(), new.side());
        let compared = Compared {
            seed,
            before: &before,
            after: &after,
            found: &found,
        };
        enumerate(&compared, [&old.engine, &new.engine], &mut all);
    }
    println!("{:?}, {} witnesses", all.seen, all.witnesses);
    let shown: Vec<&str> = all.wrong.iter().take(6).map(String::as_str).collect();
    assert!(
        all.wrong.is_empty(),
        "{} wrong:\n{}",
        all.wrong.len(),
        shown.join("\n")
    );
    assert!(
        all.witnesses >= 20 || worlds().count() < 80,
        "only {} witnesses",
        all.witnesses
    );
}

/// All rows that changed, and some of those that did not.
fn enumerate(compared: &Compared<'_>, [old, new]: [&Engine; 2], all: &mut Enumerated) {
    let limit = number("KEYWHO_DIFF_CONTEXTS", 6);
    let rows = rows_of(compared.found);
    let useless: BTreeSet<(String, String)> = [old, new].into_iter().flat_map(useless).collect();
    let mut rng = Rng::new(compared.seed ^ 0xe0e0);
    let names: Vec<&str> = new.principals().collect();
    let words = [Vocabulary::of(compared.before), Vocabulary::of(compared.after)];
    for principal in old.principals().filter(|name| names.contains(name)) {
        if principal.starts_with("account:") || principal == "*" || principal.contains(":federated-user/") {
            continue;
        }
        let askers = askers(compared.after, principal, &names);
        for (number, key) in compared.after.keys.iter().enumerate() {
            for operation in operations().iter().filter(|operation| has_plain_rows(operation)) {
                let action = format!("kms:{}", operation.name);
                let place = (principal.to_owned(), key.arn.clone(), action);
                let kind = rows.get(&place).copied();
                let useless = useless.contains(&(place.1.clone(), place.2.clone()));
                if useless || kind.is_none() && !rng.percent(12) {
                    continue;
                }
                let requests = askers.iter().flat_map(|asker| {
                    let of = |words| contexts(words, asker, operation, number, &mut rng.clone(), limit);
                    words.iter().flat_map(of).collect::<Vec<_>>()
                });
                compared.row(&place, kind, &requests.collect::<Vec<_>>(), all);
            }
        }
    }
}

/// A snapshot under other names of its files.
fn renamed_files(world: &World) -> Snapshot {
    let files = support::write::files(world).into_iter();
    let renamed = files.map(|(name, contents)| (name.replace(".json", "-of-monday.json"), contents));
    Snapshot::from_files(renamed).0
}

/// All documents of a world, to be written another way.
fn documents(world: &mut World) -> Vec<&mut Document> {
    let mut all: Vec<&mut Document> = Vec::new();
    for key in &mut world.keys {
        all.extend(key.policies.iter_mut().map(|(_, document)| document));
    }
    for account in &mut world.accounts {
        all.extend(account.managed.iter_mut().map(|policy| &mut policy.document));
        let users = account.users.iter_mut().map(|user| &mut user.policies);
        let groups = account.groups.iter_mut().map(|group| &mut group.policies);
        let roles = account.roles.iter_mut().map(|role| &mut role.policies);
        for policies in users.chain(groups).chain(roles) {
            all.extend(policies.inline.iter_mut().map(|(_, document)| document));
        }
    }
    if let Some(organization) = &mut world.organization {
        all.extend(organization.scps.iter_mut().map(|policy| &mut policy.document));
        all.extend(organization.rcps.iter_mut().map(|policy| &mut policy.document));
    }
    all
}

/// Statements of a document as a list, to be changed.
fn statements(document: &mut Document) -> Option<&mut Vec<Value>> {
    let statements = document.json.get_mut("Statement")?;
    if !statements.is_array() {
        *statements = Value::Array(vec![statements.take()]);
    }
    statements.as_array_mut()
}

fn in_another_order(document: &mut Document) {
    if let Some(statements) = statements(document) {
        statements.reverse();
    }
}

/// Each action of a statement in a statement of its own.
fn action_by_action(document: &mut Document) {
    let Some(all) = statements(document) else { return };
    let one_by_one = |statement: &Value| -> Vec<Value> {
        let Some(actions) = statement["Action"].as_array().filter(|actions| actions.len() > 1) else {
            return vec![statement.clone()];
        };
        let of = |(number, action): (usize, &Value)| {
            let mut one = statement.clone();
            one["Action"] = action.clone();
            if number > 0 && one["Sid"].is_string() {
                one["Sid"] = format!("{}{number}", one["Sid"].as_str().unwrap()).into();
            }
            one
        };
        actions.iter().enumerate().map(of).collect()
    };
    *all = all.iter().flat_map(one_by_one).collect();
}

/// Every KMS action that NotAction leaves, by its name.
fn with_actions_written_out(document: &mut Document) {
    for statement in statements(document).into_iter().flatten() {
        let Some(not) = statement.get("NotAction").cloned() else {
            continue;
        };
        let not = match &not {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            one => vec![one.as_str().unwrap()],
        };
        // What is no plain pattern of an action's name may mean something else.
        if !not
            .iter()
            .all(|pattern| pattern.to_lowercase().starts_with("kms:"))
        {
            continue;
        }
        let left =
            Action::all().filter(|action| !not.iter().any(|pattern| matching(pattern).set.contains(*action)));
        let left: Vec<Value> = left.map(|action| action.to_string().into()).collect();
        let statement = statement.as_object_mut().unwrap();
        statement.remove("NotAction");
        statement.insert("Action".to_owned(), left.into());
    }
}

/// The values of conditions the other way round.
fn with_values_turned(document: &mut Document) {
    for statement in statements(document).into_iter().flatten() {
        let conditions = statement.get_mut("Condition").and_then(Value::as_object_mut);
        for keys in conditions
            .into_iter()
            .flat_map(|operators| operators.values_mut())
        {
            for values in keys
                .as_object_mut()
                .into_iter()
                .flat_map(|keys| keys.values_mut())
            {
                if let Some(values) = values.as_array_mut() {
                    values.reverse();
                }
            }
        }
    }
}

/// What says the same gives the same access, however it is written.
#[test]
fn a_diff_of_rewritten_policies_is_empty() {
    type Rewrite = (&'static str, fn(&mut Document));
    let rewrites: [Rewrite; 4] = [
        ("statements in another order", in_another_order),
        ("actions one by one", action_by_action),
        ("actions written out", with_actions_written_out),
        ("values turned", with_values_turned),
    ];
    for seed in worlds().step_by(2) {
        let world = support::generate::generate(seed);
        let old = compiled(&world);
        let renamed = Compiled::of(renamed_files(&world));
        let found = diff(old.side(), renamed.side());
        assert!(
            found.is_empty(),
            "seed {seed}, files renamed: {:#?}",
            found.groups
        );
        assert!(
            found.without_effect.is_empty(),
            "seed {seed}: {:?}",
            found.without_effect
        );
        for (what, rewrite) in rewrites {
            let mut world = world.clone();
            documents(&mut world).into_iter().for_each(rewrite);
            let new = compiled(&world);
            let found = diff(old.side(), new.side());
            assert!(found.is_empty(), "seed {seed}, {what}: {:#?}", found.groups);
        }
    }
}

/// The edits that make one world of another, as people would write them, with their files: key policies, grants, managed
/// policies and texts of organization policies.
fn written_edits(old: &World, new: &World) -> Vec<(String, Option<String>)> {
    let mut edits = Vec::new();
    for (before, after) in old.keys.iter().zip(&new.keys) {
        for ((_, was), (name, is)) in before.policies.iter().zip(&after.policies) {
            if was.json != is.json {
                let answer = json!({"PolicyName": name, "Policy": is.json.to_string()});
                edits.push((format!("key-policy:{}", after.arn), Some(answer.to_string())));
            }
        }
        let has = |grants: &[Grant], id: &str| grants.iter().any(|grant| grant.id == id);
        let gone = before
            .grants
            .iter()
            .filter(|grant| !has(&after.grants, &grant.id));
        edits.extend(gone.map(|grant| (format!("grant:{}/{}", after.arn, grant.id), None)));
        if after.grants.iter().any(|grant| !has(&before.grants, &grant.id)) {
            let files = support::write::files(new);
            let of_key = |name: &str| name.contains(&after.region) && name.contains(&after.id);
            let list = files
                .iter()
                .find(|(name, _)| of_key(name) && name.ends_with("list-grants.json"));
            let text = String::from_utf8(list.unwrap().1.clone()).unwrap();
            edits.push((format!("grant:{}", after.arn), Some(text)));
        }
    }
    for (before, after) in old.accounts.iter().zip(&new.accounts) {
        for (was, is) in before.managed.iter().zip(&after.managed) {
            if was.document.json != is.document.json {
                edits.push((
                    format!("identity-policy:{}", is.arn),
                    Some(is.document.json.to_string()),
                ));
            }
        }
    }
    let organizations = old.organization.iter().zip(&new.organization);
    for (kind, pairs) in
        organizations.flat_map(|(a, b)| [("scp", (&a.scps, &b.scps)), ("rcp", (&a.rcps, &b.rcps))])
    {
        for (was, is) in pairs.0.iter().zip(pairs.1) {
            if was.document.json != is.document.json && !is.targets.is_empty() {
                let of = format!("{kind}:{}/{}", is.targets[0], is.id);
                edits.push((of, Some(is.document.json.to_string())));
            }
        }
    }
    edits
}

/// What an edit gives is what the edited files give, whether the snapshot or the engine is edited.
#[test]
fn edits_are_what_the_edited_files_give() {
    let mut made = 0;
    for seed in worlds().step_by(2) {
        let old = support::generate::generate(seed);
        let other = support::generate::generate(seed + 1_000_000);
        let (mut edits, mut new) = (Edits::new(seed, &other), old.clone());
        for _ in 0..3 {
            edits.edit_text(&mut new);
        }
        let written = written_edits(&old, &new);
        let mut edited = snapshot(&old);
        let mut engine = Engine::compile(&edited);
        for (text, contents) in &written {
            let (edit, given) = match contents {
                Some(contents) => {
                    let (name, contents) = ("edit.json", contents.as_bytes());
                    (Edit::with(text).unwrap(), Some(Given { name, contents }))
                }
                None => (Edit::without(text).unwrap(), None),
            };
            for change in edited.edit(&edit, given).unwrap().changes {
                engine = engine.with_change(&change).unwrap();
                made += 1;
            }
        }
        let by_hand = compiled(&new);
        let by_edits = Compiled {
            snapshot: edited,
            engine,
        };
        let whole = Compiled::of(by_edits.snapshot.clone());
        for (what, other) in [("engine", &by_edits), ("snapshot", &whole)] {
            let found = diff(by_hand.side(), other.side());
            assert!(
                found.is_empty(),
                "seed {seed}, {what}: {written:?}\n{:#?}",
                found.groups
            );
        }
        let (a, b) = (compiled(&old), compiled(&old));
        assert_eq!(
            rows_of(&diff(a.side(), by_edits.side())),
            rows_of(&diff(b.side(), by_hand.side())),
            "seed {seed}"
        );
    }
    assert!(made > 30 || worlds().count() < 80, "only {made} edits");
}
