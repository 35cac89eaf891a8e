//! The rule core in another Datalog, `ascent`: who has some path to a key that no deny blocks, for every action.
//!
//! Modelled are the gate, roles named by key policies, grants, identity policies, and denies of key policies, boundaries
//! and service control policies; from `unconditional` it has the organization without conditions. Everything that
//! strings decide is decided in `lower`, as in keywho.

mod lower;
mod rules;
mod unconditional;

use crate::organization::{Organization, parse};
use crate::timing::seconds;
use crate::world::{Shape, generate};
use crate::{Different, SEED};
use keywho::model::action::Action;
use keywho::{Engine, MatrixFilter, Snapshot};
use lower::{Facts, KeyId, RoleId, lower, modelled};
use rules::{Single, run_sets};
use std::collections::HashMap;

/// The relation, sorted.
type Access = Vec<(RoleId, KeyId, Action)>;

pub(crate) fn compare(shape: Shape) -> Result<(), Different> {
    let files = unconditional::without_conditions(&generate(shape, SEED).files);
    let organization = Organization::read(&parse(&files));
    let (lowering, facts) = seconds(|| lower(&organization));
    let snapshot = Snapshot::from_files(files).0;
    let engine = Engine::compile(&snapshot);
    let (listing, wanted) = seconds(|| relation(&engine, &organization));
    let one_by_one = Single::new(&facts);
    let facts_of_one = one_by_one.facts();
    same(&organization, "one by one", &sorted(one_by_one.run()), &wanted)?;
    same(&organization, "with sets", &sorted(spread(&facts)), &wanted)?;
    let single = shortest(|| Single::new(&facts), Single::run);
    let sets = shortest(|| facts.clone(), run_sets);
    let compiling = shortest(|| (), |()| Engine::compile(&snapshot));
    println!(
        "  {} roles x {} keys: {} rows of role, key and action\n    \
         ascent: lowered in {lowering:.4} s; rules with a fact for each action ({facts_of_one} facts) {single:.4} s, with sets {sets:.4} s\n    \
         keywho: compiled in {compiling:.4} s (this matches all texts, has users too, and finds no condition to decide); \
         rows with reasons listed in {listing:.3} s\n    \
         ascent's lowering and rules take {:.1} times as long with a fact for each action, {:.1} times with sets",
        organization.roles.len(),
        organization.keys.len(),
        wanted.len(),
        (lowering + single) / compiling,
        (lowering + sets) / compiling
    );
    Ok(())
}

/// The shortest of some rounds; making what the work takes is not timed.
fn shortest<T, R>(make: impl Fn() -> T, work: impl Fn(T) -> R) -> f64 {
    let each = (0..5).map(|_| make()).map(|made| seconds(|| work(made)).0);
    each.fold(f64::INFINITY, f64::min)
}

/// keywho's rows of roles and actions that are modelled.
fn relation(engine: &Engine, organization: &Organization) -> Access {
    let roles: HashMap<&str, usize> = positions(organization.roles.iter().map(|role| role.arn.as_str()));
    let keys: HashMap<&str, usize> = positions(organization.keys.iter().map(|key| key.arn.as_str()));
    let filter = MatrixFilter {
        principals: vec!["arn:aws:iam::*:role/*".to_owned()],
        all_operations: true,
        ..MatrixFilter::default()
    };
    let rows = engine.matrix(&filter).expect("there are roles");
    let modelled = rows.filter(|row| modelled().contains(row.action));
    sorted(
        modelled
            .map(|row| {
                let id = |index: usize| u32::try_from(index).expect("there are few");
                (
                    id(roles[row.principal.as_str()]),
                    id(keys[row.key.as_str()]),
                    row.action,
                )
            })
            .collect(),
    )
}

fn positions<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(index, name)| (name, index)).collect()
}

fn spread(facts: &Facts) -> Access {
    let sets = run_sets(facts.clone());
    let each = sets
        .into_iter()
        .flat_map(|(role, key, set)| set.iter().map(move |action| (role, key, action)));
    each.collect()
}

fn sorted(mut access: Access) -> Access {
    access.sort_unstable();
    access
}

/// Whether ascent found keywho's relation.
fn same(organization: &Organization, how: &str, found: &Access, wanted: &Access) -> Result<(), Different> {
    if found == wanted {
        return Ok(());
    }
    let of = |all: &Access, other: &Access| all.iter().find(|row| other.binary_search(row).is_err()).copied();
    let (ascent_only, keywho_only) = (of(found, wanted), of(wanted, found));
    let (role, key, action) = ascent_only
        .or(keywho_only)
        .expect("the relations differ, and no row is twice in one");
    Err(Different(format!(
        "{}\n{action} on {}\nallowed: ascent {how} {}, keywho {}",
        organization.roles[role as usize].arn,
        organization.keys[key as usize].arn,
        ascent_only.is_some(),
        ascent_only.is_none()
    )))
}
