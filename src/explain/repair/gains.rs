//! What else an edit allows: rows that the relation gains on what the edit touches, by counts of cells.

use super::super::texts::Owner;
use super::Gains;
use super::edits::{Proposal, Target};
use crate::engine::{Engine, Folded, Pair};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Kind, World};
use crate::model::action::{Action, ActionSet};
use crate::model::request::Request;
use crate::query::bulk::can_perform;
use ahash::AHashSet;

/// How many cells are looked at; beyond that what is counted is a lower bound.
const CELLS: usize = 200_000;

/// What some edits touch.
#[derive(Default)]
struct Touched {
    keys: AHashSet<KeyId>,
    principals: Vec<PrincipalId>,
}

/// The rows that an edited engine has and the other has not, without the one asked for.
///
/// Edits that are proposed only ever add access, so that the numbers of rows tell.
pub(super) fn gains(before: &Engine, after: &Engine, set: &[Proposal], request: &Request) -> Gains {
    let touched = Touched::by(&before.world, set);
    let mut budget = CELLS;
    let mut gains = Gains::default();
    let mut keys: Vec<&KeyId> = touched.keys.iter().collect();
    keys.sort_unstable();
    for &key in keys {
        let (was, is) = (strangers(before, key), strangers(after, key));
        gains.strangers |= is > was;
        let (was, is) = (rows_on(before, key), rows_on(after, key));
        gains.rows += is.saturating_sub(was);
    }
    for &principal in &touched.principals {
        let was = rows_of(before, principal, &touched.keys, &mut budget);
        let is = rows_of(after, principal, &touched.keys, &mut budget);
        if budget == 0 {
            gains.at_least = true;
            break;
        }
        gains.rows += is.saturating_sub(was);
    }
    let asked = asked(after, request).saturating_sub(asked(before, request));
    gains.rows = gains.rows.saturating_sub(asked);
    gains
}

impl Touched {
    fn by(world: &World, set: &[Proposal]) -> Touched {
        let mut touched = Touched::default();
        for proposal in set {
            match &proposal.target {
                Target::Grants(key) | Target::Policy(Owner::Key(key), ..) => {
                    touched.keys.extend(world.key_ids.get(key).copied());
                }
                Target::Policy(Owner::Inline(arn), ..) => touched.principals.extend(world.named(arn)),
                Target::Policy(Owner::Managed(arn), ..) => {
                    let holders = world
                        .listed()
                        .filter(|(_, one)| one.written.iter().any(|written| written.text.name == *arn));
                    touched.principals.extend(holders.map(|(id, _)| id));
                }
                Target::Policy(Owner::Guardrail(id), _, at) => touched.below(world, id, at),
                Target::Policy(Owner::Other, ..) => {}
            }
        }
        touched.principals.sort_unstable();
        touched.principals.dedup();
        touched
    }

    /// Everybody and every key below the targets of an SCP or RCP.
    fn below(&mut self, world: &World, id: &str, at: &str) {
        let attached = world
            .attachments
            .iter()
            .filter(|(_, ids)| ids.iter().any(|one| one == id));
        let targets = attached.map(|(target, _)| target.as_str()).chain([at]);
        let levels: AHashSet<_> = targets.filter_map(|target| world.level_ids.get(target)).collect();
        let is_rcp = world
            .guardrails
            .get(id)
            .is_some_and(|(_, policy)| policy.kind == crate::policy::document::PolicyKind::Rcp);
        for (at, account) in world.accounts.iter().enumerate() {
            if !account.levels.iter().any(|level| levels.contains(level)) {
                continue;
            }
            let account = crate::facts::id::AccountId::at(at);
            if is_rcp {
                let keys = world.keys.iter().enumerate();
                let own = keys.filter(|(_, key)| key.account == account);
                self.keys.extend(own.map(|(at, _)| KeyId::at(at)));
            } else {
                self.principals
                    .extend(world.members.get(&Some(account)).into_iter().flatten());
            }
        }
    }
}

/// The actions of a cell that a key can perform. Retiring a grant only takes away and is not counted.
fn rows(engine: &Engine, key: KeyId, folded: &Folded) -> usize {
    let Some(key) = engine.world.key(key) else {
        return 0;
    };
    let actions = folded
        .access
        .iter()
        .flat_map(|(actions, _)| *actions - ActionSet::SYNCHRONIZE - ActionSet::RETIRE_GRANT);
    actions.filter(|&action| can_perform(key, action)).count()
}

fn rows_on(engine: &Engine, key: KeyId) -> usize {
    let cells = engine.counted(key).into_iter();
    cells
        .map(|(folded, principals)| rows(engine, key, folded) * principals)
        .sum()
}

fn rows_of(engine: &Engine, principal: PrincipalId, but: &AHashSet<KeyId>, budget: &mut usize) -> usize {
    let pairs = engine
        .of_principal(principal)
        .filter(|pair| !but.contains(&pair.key));
    let mut all = 0;
    for pair in pairs {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        all += rows(engine, pair.key, pair.folded);
    }
    all
}

/// The rows of those who stand for accounts outside of the snapshot.
fn strangers(engine: &Engine, key: KeyId) -> usize {
    let outside = |pair: &Pair<'_>| {
        let principal = engine.world.principal(pair.principal);
        principal.is_some_and(|one| matches!(one.kind, Kind::Account | Kind::Anyone))
    };
    engine
        .on_key(key)
        .filter(outside)
        .map(|pair| rows(engine, key, pair.folded))
        .sum()
}

/// 1 if the row asked for is there.
fn asked(engine: &Engine, request: &Request) -> usize {
    let Some(action) = Action::parse(&request.action) else {
        return 0;
    };
    let Ok((Some(key), _)) = engine.key_of(request, &request.resource) else {
        return 0;
    };
    let ids = row_of(&engine.world, &request.principal);
    let has = |pair: Pair<'_>| {
        pair.folded
            .access
            .iter()
            .any(|(actions, _)| actions.contains(action))
    };
    let mut own = engine.on_key(key).filter(|pair| ids.contains(&pair.principal));
    usize::from(own.any(has))
}

/// The principals whose row answers for a caller: itself, or the role of a session.
fn row_of(world: &World, name: &str) -> Vec<PrincipalId> {
    let role = || {
        let (before, _) = name.rsplit_once('/')?;
        world.roles_by_session.get(&format!("{before}/"))
    };
    let ids = world.principal_ids.get(name).or_else(role);
    ids.into_iter().flatten().copied().collect()
}
