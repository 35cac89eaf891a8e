//! Two compiled snapshots -> what became of access: gained, lost, wider, narrower, known or no longer known.
//!
//! Access is compared, not text: conditions by which requests they let through, principals by name and unique id.

mod cells;
mod judge;
mod matching;

use crate::answer::{Access, Derivation};
use crate::condition::solve::RequestContext;
use crate::engine::Engine;
use crate::model::action::Action;
pub use judge::Kind;

/// What became of access from one snapshot to another.
#[derive(Clone, Debug)]
pub struct Diff<'e> {
    /// The changes.
    pub changes: Vec<AccessChange<'e>>,
    /// Old and new names of users and roles that have another name and the same unique id.
    pub renamed: Vec<(&'e str, &'e str)>,
    /// Users and roles that have the same name and another unique id: they were deleted and made again.
    pub recreated: Vec<&'e str>,
}

/// For each of some principals, the same became of each of some actions on each of some keys.
#[derive(Clone, Debug)]
pub struct AccessChange<'e> {
    /// What became of it.
    pub kind: Kind,
    /// The principals, as rows name them, sorted; new names of those that were renamed.
    pub principals: Vec<&'e str>,
    /// ARNs of the keys, sorted; `*` for actions without a resource.
    pub keys: Vec<&'e str>,
    /// The actions.
    pub actions: Vec<Action>,
    /// Access before.
    pub old: Option<Access>,
    /// Access now.
    pub new: Option<Access>,
    /// The context of a request that was not allowed and is, where there was and is access and one is certain.
    pub gains: Option<RequestContext>,
    /// The context of a request that was allowed and is not, where there was and is access and one is certain.
    pub loses: Option<RequestContext>,
    /// By what the first principal had access to the first key.
    pub via_old: Vec<Derivation>,
    /// By what it has access.
    pub via_new: Vec<Derivation>,
}

/// Compares two compiled snapshots.
#[must_use]
pub fn diff<'e>(old: &'e Engine, new: &'e Engine) -> Diff<'e> {
    let principals = matching::Principals::of(old, new);
    let keys = matching::keys(old, new);
    let tags = cells::Tags {
        principal: &|_| 0,
        key: &|_| 0,
    };
    let mut comparison = cells::Comparison::new(old, new, &principals, &keys, &tags);
    let blocks = comparison.blocks(&tags);
    let mut changes: Vec<AccessChange<'e>> = Vec::new();
    for block in &blocks {
        let Some(delta) = comparison.judge.delta(block.delta) else {
            continue;
        };
        let mut names: Vec<&'e str> = Vec::new();
        let of_classes = block.classes.iter().flat_map(|&class| {
            let class = comparison.classes.get(class as usize);
            class.into_iter().flat_map(|class| class.members.iter())
        });
        let there = of_classes.filter(|one| block.except.binary_search(one).is_err());
        let all = there.chain(&block.single);
        names.extend(all.filter_map(|&one| principals.name(one, old, new)));
        names.sort_unstable();
        if names.is_empty() {
            continue;
        }
        let mut arns: Vec<&'e str> = Vec::new();
        for both in block.keys.iter().filter_map(|&key| keys.get(key as usize)) {
            let now = both.new.and_then(|id| new.world.key(id));
            let key = now.or_else(|| both.old.and_then(|id| old.world.key(id)));
            arns.extend(key.map(|key| key.arn.as_str()));
        }
        arns.sort_unstable();
        arns.dedup();
        let (gains, loses) = comparison.judge.witnesses(delta);
        changes.push(AccessChange {
            kind: delta.kind,
            principals: names,
            keys: arns,
            actions: delta.actions.iter().collect(),
            old: comparison.judge.access(delta.old, delta.service),
            new: comparison.judge.access(delta.new, delta.service),
            gains,
            loses,
            via_old: Vec::new(),
            via_new: Vec::new(),
        });
    }
    changes.sort_by(|a, b| {
        let key = |one: &AccessChange<'e>| {
            (
                one.kind,
                one.principals.clone(),
                one.keys.clone(),
                one.actions.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    Diff {
        changes,
        renamed: principals.renamed.clone(),
        recreated: principals.recreated.clone(),
    }
}
