//! By what a principal had or has access to a key.

use super::cells::Comparison;
use super::judge::Side;
use super::matching::At;
use crate::answer::Derivation;
use crate::engine::Pair;
use crate::facts::id::PrincipalId;
use crate::model::action::{Action, ActionSet};

/// The derivations of one action; empty if there is no access.
pub(super) fn of(
    comparison: &Comparison<'_, '_>,
    side: Side,
    principal: At,
    key: At,
    action: Action,
) -> Vec<Derivation> {
    let Some(both) = comparison.keys.get(key as usize) else {
        return Vec::new();
    };
    let (engine, key) = match side {
        Side::Old => (comparison.old, both.old),
        Side::New => (comparison.new, both.new),
    };
    let Some(key) = key else { return Vec::new() };
    let mut via: Vec<Derivation> = Vec::new();
    for principal in ids(comparison, side, principal) {
        let Some(folded) = engine.folded(principal, key) else {
            continue;
        };
        let pair = Pair {
            principal,
            key,
            folded,
        };
        let ways = engine.ways(pair, ActionSet::from(action));
        via.extend(engine.via(pair, &ways, action));
    }
    via.sort();
    via.dedup();
    via
}

/// The callers that a principal stands for.
fn ids(comparison: &Comparison<'_, '_>, side: Side, at: At) -> Vec<PrincipalId> {
    let engine = match side {
        Side::Old => comparison.old,
        Side::New => comparison.new,
    };
    match comparison.principals.get(at) {
        Some(both) => {
            let id = match side {
                Side::Old => both.old,
                Side::New => both.new,
            };
            id.into_iter().collect()
        }
        None => {
            let name = comparison.principals.name(at, comparison.old, comparison.new);
            let ids = name.and_then(|name| engine.world.principal_ids.get(name));
            ids.map(|ids| ids.to_vec()).unwrap_or_default()
        }
    }
}
