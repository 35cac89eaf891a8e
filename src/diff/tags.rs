//! Principals and keys -> which causes may concern them, and who is an outsider.

use super::AccessChange;
use super::causes::{Basis, CauseSet, Causes, Found};
use super::cells::Tags;
use super::judge::Kind;
use super::matching::{At, Both, Principals};
use crate::answer::Derivation;
use crate::engine::Engine;
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Kind as Who, Membership, Principal, World};
use crate::model::action::ActionSet;
use ahash::AHashMap;

/// What is known of each principal and key besides what engines know.
pub(super) struct Tagged<'c> {
    causes: &'c Causes,
    /// The sets that tags stand for.
    sets: Vec<CauseSet>,
    tags: Tags,
    principals: Vec<Origin>,
    keys: Vec<String>,
}

/// Where somebody comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Origin {
    /// Whether it may be anybody.
    anybody: bool,
    /// The account, if it is not known to be in the organization.
    stranger: Option<String>,
}

impl<'c> Tagged<'c> {
    pub(super) fn new(
        old: &Engine,
        new: &Engine,
        principals: &Principals<'_>,
        keys: &[Both<KeyId>],
        causes: &'c Causes,
    ) -> Tagged<'c> {
        let mut tagged = Tagged {
            causes,
            sets: Vec::new(),
            tags: Tags::default(),
            principals: Vec::new(),
            keys: Vec::new(),
        };
        let mut known = AHashMap::new();
        for &both in &principals.all {
            let sides = [(&*old.world, both.old), (&*new.world, both.new)];
            tagged.principal(sides, &mut known);
        }
        for name in &principals.shared {
            let first = |engine: &Engine| -> Option<PrincipalId> {
                let ids = engine.world.principal_ids.get(*name)?;
                ids.first().copied()
            };
            let sides = [(&*old.world, first(old)), (&*new.world, first(new))];
            tagged.principal(sides, &mut known);
        }
        let mut known = AHashMap::new();
        for both in keys {
            let sides = [(&*old.world, both.old), (&*new.world, both.new)];
            tagged.key(sides, &mut known);
        }
        tagged
    }

    /// Takes the tags out, for the comparison.
    pub(super) fn tags(&self) -> Tags {
        Tags {
            principals: self.tags.principals.clone(),
            keys: self.tags.keys.clone(),
        }
    }

    fn principal(
        &mut self,
        sides: [(&World, Option<PrincipalId>); 2],
        known: &mut AHashMap<(CauseSet, Origin), u32>,
    ) {
        let mut set = CauseSet::new();
        let mut origin = Origin::default();
        let mut before = None;
        for (world, id) in sides {
            let Some(one) = id.and_then(|id| world.principal(id)) else {
                continue;
            };
            let who = (one.arn.as_str(), one.origin.as_deref(), world.account_of(one));
            if before != Some(who) {
                self.causes.of_principal(who.0, who.1, who.2, &mut set);
            }
            before = Some(who);
            origin = origin_of(world, one);
        }
        set.sort_unstable();
        set.dedup();
        let next = self.sets.len();
        let tag = *known
            .entry((set.clone(), origin.clone()))
            .or_insert(super::matching::at(next));
        if tag as usize == next {
            self.sets.push(set);
        }
        self.tags.principals.push(tag);
        self.principals.push(origin);
    }

    fn key(
        &mut self,
        sides: [(&World, Option<KeyId>); 2],
        known: &mut AHashMap<(CauseSet, Option<String>), u32>,
    ) {
        let mut set = CauseSet::new();
        let (mut owner, mut stranger) = (String::new(), None);
        for (world, id) in sides {
            let Some(key) = id.and_then(|id| world.key(id)) else {
                continue;
            };
            if let Some(account) = world.account(key.account) {
                self.causes.of_key(&key.arn, &account.id, &mut set);
                owner.clone_from(&account.id);
                stranger = (account.membership != Membership::Inside).then(|| account.id.clone());
            }
        }
        set.sort_unstable();
        set.dedup();
        let next = self.sets.len();
        let tag = *known
            .entry((set.clone(), stranger))
            .or_insert(super::matching::at(next));
        if tag as usize == next {
            self.sets.push(set);
        }
        self.tags.keys.push(tag);
        self.keys.push(owner);
    }

    /// Whether somebody is an outsider to a key.
    pub(super) fn outside(&self, principal: At, key: At) -> bool {
        let Some(origin) = self.principals.get(principal as usize) else {
            return false;
        };
        let owner = self.keys.get(key as usize);
        origin.anybody || origin.stranger.is_some() && origin.stranger.as_ref() != owner
    }

    /// The causes of a change, out of those that may concern principals and keys with these tags.
    pub(super) fn causes_of(&self, tags: (u32, u32), change: &AccessChange<'_>) -> CauseSet {
        let set = |tag: u32| self.sets.get(tag as usize).into_iter().flatten().copied();
        let mut all: CauseSet = set(tags.0).chain(set(tags.1)).collect();
        all.sort_unstable();
        all.dedup();
        let actions: ActionSet = change.actions.iter().copied().collect();
        // Of what is less and less likely, the first that there is.
        let tests: [&dyn Fn(&Found) -> bool; 3] = [
            &|found| {
                let about = !(found.actions & actions).is_empty() && may(found.gives, change.kind);
                about && (found.elsewhere || rests_on(found, change))
            },
            &|found| !(found.actions & actions).is_empty() && may(found.gives, change.kind),
            &|found| !(found.actions & actions).is_empty(),
        ];
        let fitting = |test: &&dyn Fn(&Found) -> bool| -> CauseSet {
            let fits = |id: &u32| self.causes.get(*id).is_some_and(test);
            all.iter().copied().filter(fits).collect()
        };
        let mut found = tests.iter().map(fitting);
        found.find(|set| !set.is_empty()).unwrap_or_default()
    }
}

/// Whether something that only gives or only takes access can have made a change.
fn may(gives: Option<bool>, kind: Kind) -> bool {
    let cannot = match gives {
        Some(true) => [Kind::Lost, Kind::Narrowed],
        Some(false) => [Kind::Gained, Kind::Widened],
        None => return true,
    };
    !cannot.contains(&kind)
}

/// Whether the reasons of a change name what a cause is about.
fn rests_on(found: &Found, change: &AccessChange<'_>) -> bool {
    let named = |bases: &[Basis], via: &[Derivation]| {
        bases.iter().any(|basis| via.iter().any(|one| names(one, basis)))
    };
    named(&found.was, &change.via_old) || named(&found.is, &change.via_new)
}

fn names(derivation: &Derivation, basis: &Basis) -> bool {
    match basis {
        Basis::Grant(id) => derivation.grant.as_ref().is_some_and(|grant| grant.id == *id),
        Basis::Statement { policy, index } => derivation
            .statements
            .iter()
            .any(|one| one.policy == *policy && index.is_none_or(|index| one.index == index)),
    }
}

fn origin_of(world: &World, one: &Principal) -> Origin {
    let stranger = match one.kind {
        Who::Service | Who::Anyone => None,
        _ => {
            let inside = world.membership(one.account) == Membership::Inside;
            (!inside).then(|| world.account_of(one).to_owned())
        }
    };
    Origin {
        anybody: one.kind == Who::Anyone,
        stranger,
    }
}
