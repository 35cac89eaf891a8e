//! Two compiled snapshots -> what became of access, and by what: gained, lost, wider, narrower, known or no longer known.
//!
//! Access is compared, not text: conditions by which requests they let through, principals by name and unique id. What is
//! other in the new snapshot is found separately ([`Cause`]); each change is put down to those causes that can have
//! made it.
//!
//! ```
//! use keywho::diff::{Side, diff};
//! use keywho::{Engine, Snapshot};
//!
//! let (snapshot, _) = Snapshot::from_files([]);
//! let engine = Engine::compile(&snapshot);
//! let side = Side { snapshot: &snapshot, engine: &engine };
//! assert!(diff(side, side).is_empty());
//! ```

mod causes;
mod cells;
mod judge;
mod matching;
mod tags;
mod via;

use crate::answer::{Access, Derivation};
use crate::condition::formula::FormulaId;
use crate::condition::solve::RequestContext;
use crate::engine::Engine;
use crate::model::action::{Action, ActionSet, Level};
use crate::model::snapshot::Snapshot;
use crate::query::lockout::Lockout;
pub use causes::{Cause, Turn, Word};
use causes::{CauseSet, Causes};
use cells::{Block, Comparison};
pub use judge::Kind;
use judge::Shown;
use matching::Principals;
use rayon::prelude::*;
use std::collections::BTreeMap;
use tags::Tagged;

/// A snapshot and what was compiled of it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'e> {
    /// The snapshot.
    pub snapshot: &'e Snapshot,
    /// Its engine.
    pub engine: &'e Engine,
}

/// What became of access from one snapshot to another.
#[derive(Clone, Debug)]
#[must_use]
pub struct Diff<'e> {
    /// The changes by what made them: what gives outsiders access first, then what gives administration.
    pub groups: Vec<Group<'e>>,
    /// What is other in the new snapshot, and of no consequence for access.
    pub without_effect: Vec<Cause>,
    /// Keys whose policy is another, with who can change it now.
    pub lockouts: Vec<(&'e str, Lockout)>,
    /// Old and new names of users and roles that have another name and the same unique id.
    pub renamed: Vec<(&'e str, &'e str)>,
    /// Users and roles that have the same name and another unique id: they were deleted and made again.
    pub recreated: Vec<&'e str>,
}

/// Changes of access that have the same causes.
#[derive(Clone, Debug)]
pub struct Group<'e> {
    /// Whatever can have made the changes; empty if nothing was found that can have.
    pub causes: Vec<Cause>,
    /// The changes.
    pub changes: Vec<AccessChange<'e>>,
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
    /// Whether the principals are outsiders: of an account that is not known to be in the organization and does not own
    /// the keys, or anybody.
    pub outside: bool,
    /// Whether the actions are among those by which keys are administered.
    pub admin: bool,
}

impl AccessChange<'_> {
    /// How many rows of the whole relation it stands for.
    #[must_use]
    pub fn rows(&self) -> usize {
        let pairs = self.principals.len().saturating_mul(self.keys.len());
        pairs.saturating_mul(self.actions.len())
    }
}

impl Diff<'_> {
    /// Whether nothing became of access.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// All changes.
    pub fn changes(&self) -> impl Iterator<Item = &AccessChange<'_>> {
        self.groups.iter().flat_map(|group| &group.changes)
    }

    /// How many rows of the whole relation there are of each kind of change.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<Kind, usize> {
        let mut rows: BTreeMap<Kind, usize> = BTreeMap::new();
        for change in self.changes() {
            let count = rows.entry(change.kind).or_default();
            *count = count.saturating_add(change.rows());
        }
        rows
    }
}

/// Actions by which a key is administered: who has one of them can give access to others, or take the key away.
#[must_use]
pub fn administrative() -> ActionSet {
    let permissions = Action::all().filter(|action| action.level() == Level::Permissions);
    let destructive = [
        Action::ScheduleKeyDeletion,
        Action::DisableKey,
        Action::DeleteImportedKeyMaterial,
    ];
    permissions.chain(destructive).collect::<ActionSet>() - ActionSet::RETIRE_GRANT
}

/// Compares two compiled snapshots.
pub fn diff<'e>(old: Side<'e>, new: Side<'e>) -> Diff<'e> {
    let (causes, principals) = rayon::join(
        || Causes::of(old.snapshot, new.snapshot),
        || Principals::of(old.engine, new.engine),
    );
    let keys = matching::keys(old.engine, new.engine);
    let tagged = Tagged::new(old.engine, new.engine, &principals, &keys, &causes);
    let mut comparison = Comparison::new(old.engine, new.engine, &principals, &keys, tagged.tags());
    let blocks = comparison.blocks();
    let mut groups: BTreeMap<CauseSet, Vec<AccessChange<'e>>> = BTreeMap::new();
    let shown = comparison.judge.shown();
    let found: Vec<Vec<(CauseSet, AccessChange<'e>)>> = blocks
        .par_iter()
        .map(|block| {
            let changes = changes(&comparison, block, &tagged, &shown).into_iter();
            let with_causes = changes.map(|change| (tagged.causes_of(block.tags, &change), change));
            with_causes.collect()
        })
        .collect();
    for (set, change) in found.into_iter().flatten() {
        groups.entry(set).or_default().push(change);
    }
    let mut used: CauseSet = groups.keys().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    let mut groups: Vec<Group<'e>> = groups
        .into_iter()
        .map(|(set, mut changes)| {
            changes.sort_by(|a, b| order(a).cmp(&order(b)));
            let causes = set.iter().filter_map(|&id| causes.get(id));
            Group {
                causes: causes.map(|found| found.cause.clone()).collect(),
                changes,
            }
        })
        .collect();
    groups.sort_by(|a, b| {
        let key = |group: &Group<'e>| group.changes.first().map(|change| rank(change));
        (key(a), &a.causes).cmp(&(key(b), &b.causes))
    });
    let unused = causes.all.iter().enumerate();
    let unused = unused.filter(|(at, _)| used.binary_search(&matching::at(*at)).is_err());
    Diff {
        groups,
        without_effect: unused.map(|(_, found)| found.cause.clone()).collect(),
        lockouts: lockouts(&causes, new.engine),
        renamed: principals.renamed.clone(),
        recreated: principals.recreated.clone(),
    }
}

/// What comes first: access for outsiders, then administration, then other access, then what takes access away.
fn rank(change: &AccessChange<'_>) -> Rank {
    let gives = change.kind.gives() || change.kind == Kind::BecameUnknown;
    (
        !(gives && change.outside),
        !(gives && change.admin),
        change.kind,
        !change.outside,
        !change.admin,
    )
}

type Rank = (bool, bool, Kind, bool, bool);

/// The order of changes in a group.
fn order<'c>(change: &'c AccessChange<'_>) -> (Rank, &'c [&'c str], &'c [&'c str], &'c [Action]) {
    (rank(change), &change.principals, &change.keys, &change.actions)
}

/// The changes of a block: those of administrative actions by themselves.
fn changes<'e>(
    comparison: &Comparison<'_, 'e>,
    block: &Block,
    tagged: &Tagged<'_>,
    shown: &[Shown],
) -> Vec<AccessChange<'e>> {
    let (old, new) = (comparison.old, comparison.new);
    let delta = comparison.judge.delta(block.delta);
    let Some((delta, shown)) = delta.zip(shown.get(block.delta as usize)) else {
        return Vec::new();
    };
    let of_shares = block.shares.iter().flat_map(|&share| {
        let share = comparison.shares.get(share as usize);
        share.into_iter().flat_map(|share| share.members.iter())
    });
    let there = of_shares.filter(|one| block.except.binary_search(one).is_err());
    let all = there.chain(&block.single);
    let mut members: Vec<(&'e str, matching::At)> = all
        .filter_map(|&one| Some((comparison.principals.name(one, old, new)?, one)))
        .collect();
    members.sort_unstable();
    let keys = block.keys.iter();
    let mut arns: Vec<(&'e str, matching::At)> = keys
        .filter_map(|&key| Some((comparison.key_name(key)?, key)))
        .collect();
    arns.sort_unstable();
    let (Some(&(_, first)), Some(&(_, key))) = (members.first(), arns.first()) else {
        return Vec::new();
    };
    arns.dedup_by_key(|(arn, _)| *arn);
    let outside = tagged.outside(first, key);
    let admin = administrative();
    let via = |side, access: Option<FormulaId>, action| match access {
        // Paths that something stands against are no reasons.
        None => Vec::new(),
        Some(_) => via::of(comparison, side, first, key, action),
    };
    let parts = [delta.actions & admin, delta.actions - admin];
    let parts = parts.into_iter().filter_map(|part| Some((part, part.first()?)));
    let made = parts.map(|(actions, action)| AccessChange {
        kind: delta.kind,
        principals: members.iter().map(|(name, _)| *name).collect(),
        keys: arns.iter().map(|(arn, _)| *arn).collect(),
        actions: actions.iter().collect(),
        old: shown.old.clone(),
        new: shown.new.clone(),
        gains: shown.gains.clone(),
        loses: shown.loses.clone(),
        via_old: via(judge::Side::Old, delta.old, action),
        via_new: via(judge::Side::New, delta.new, action),
        outside,
        admin: admin.contains(action),
    });
    made.collect()
}

/// Keys whose policies are others, with who can change these now.
fn lockouts<'e>(causes: &Causes, new: &'e Engine) -> Vec<(&'e str, Lockout)> {
    let mut keys: Vec<&str> = causes.key_policies().collect();
    keys.sort_unstable();
    keys.dedup();
    let there = keys.into_iter().filter_map(|arn| {
        let id = new.world.key_ids.get(arn)?;
        let key = new.world.key(*id)?;
        Some((key.arn.as_str(), new.lockout(arn).ok()?))
    });
    there.collect()
}
