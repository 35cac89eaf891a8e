//! What else an edit allows: rows that the relation gains on what the edit touches, by counts of cells.

use super::super::texts::Owner;
use super::Gains;
use super::edits::{Proposal, Target};
use crate::condition::formula::FormulaId;
use crate::engine::{Engine, Folded, Pair};
use crate::explain::Permission;
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Kind, World};
use crate::model::action::{Action, ActionSet};
use crate::query::bulk::can_perform;
use ahash::{AHashMap, AHashSet};

/// How many cells are looked at; beyond that what is counted is a lower bound.
const CELLS: usize = 200_000;

/// What some edits touch.
#[derive(Default)]
struct Touched {
    keys: AHashSet<KeyId>,
    principals: Vec<PrincipalId>,
}

/// The rows that an edited engine has and the other has not, and those that hold under fewer conditions; without the one
/// asked for.
///
/// Edits that are proposed only ever add access, so that a row which is another is a wider one. Formulas of the two
/// engines are of one table.
pub(super) fn gains(before: &Engine, after: &Engine, set: &[Proposal], asked: &[Permission]) -> Gains {
    let touched = Touched::by(&before.world, set);
    let mut count = Count {
        after,
        asked: asked.iter().filter_map(|one| row(&after.world, one)).collect(),
        budget: CELLS,
        gains: Gains::default(),
    };
    let mut keys: Vec<KeyId> = touched.keys.iter().copied().collect();
    keys.sort_unstable();
    for key in keys {
        count.compare(before.on_key(key), after.on_key(key), |pair| pair.principal);
    }
    for &principal in &touched.principals {
        let elsewhere = |pair: &Pair<'_>| !touched.keys.contains(&pair.key);
        let was = before.of_principal(principal).filter(elsewhere);
        let is = after.of_principal(principal).filter(elsewhere);
        count.compare(was, is, |pair| pair.key);
    }
    count.gains
}

/// What was counted so far.
struct Count<'e> {
    after: &'e Engine,
    /// The rows that were asked for, each by any of its principals.
    asked: Vec<(Vec<PrincipalId>, KeyId, Action)>,
    budget: usize,
    gains: Gains,
}

impl<'e> Count<'e> {
    /// Counts by what the cells of one key or one principal are now, and what they were.
    fn compare<T: std::hash::Hash + Eq>(
        &mut self,
        was: impl Iterator<Item = Pair<'e>>,
        is: impl Iterator<Item = Pair<'e>>,
        of: impl Fn(&Pair<'e>) -> T,
    ) {
        if self.gains.at_least {
            return;
        }
        let known: AHashMap<T, &Folded> = was.take(CELLS).map(|pair| (of(&pair), pair.folded)).collect();
        for pair in is {
            if self.budget == 0 {
                self.gains.at_least = true;
                return;
            }
            self.budget -= 1;
            let was = known
                .get(&of(&pair))
                .map_or(&[][..], |folded| folded.access.as_slice());
            if was != pair.folded.access.as_slice() {
                self.pair(was, &pair);
            }
        }
    }

    fn pair(&mut self, was: &[(ActionSet, FormulaId)], pair: &Pair<'_>) {
        let world = &self.after.world;
        let Some((key, principal)) = world.key(pair.key).zip(world.principal(pair.principal)) else {
            return;
        };
        for &(actions, formula) in &pair.folded.access {
            // Retiring a grant only takes away.
            for action in actions - ActionSet::SYNCHRONIZE - ActionSet::RETIRE_GRANT {
                let is_asked = self.asked.iter().any(|(ids, of, asked)| {
                    (pair.key, action) == (*of, *asked) && ids.contains(&pair.principal)
                });
                if is_asked {
                    self.gains.always |= formula == FormulaId::TRUE;
                }
                if is_asked || !can_perform(key, action) {
                    continue;
                }
                match was.iter().find(|(known, _)| known.contains(action)) {
                    Some((_, known)) if *known == formula => continue,
                    Some(_) => self.gains.wider += 1,
                    None => self.gains.rows += 1,
                }
                self.gains.strangers |= matches!(principal.kind, Kind::Account | Kind::Anyone);
            }
        }
    }
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

/// The row that a permission is about: of the caller, and of the role of a session.
fn row(world: &World, asked: &Permission) -> Option<(Vec<PrincipalId>, KeyId, Action)> {
    let name = asked.principal.as_str();
    let role = name
        .rsplit_once('/')
        .and_then(|(before, _)| world.roles_by_session.get(&format!("{before}/")));
    let ids = world.principal_ids.get(name).into_iter().chain(role).flatten();
    let account = crate::arn::account_of(name).and_then(|id| world.account_ids.get(id));
    let without_resource = || {
        let mut keys = world.keys.iter().enumerate();
        let own = keys.find(|(_, key)| key.arn == asked.key && Some(&key.account) == account)?;
        Some(KeyId::at(own.0))
    };
    let key = world.key_ids.get(&asked.key).copied().or_else(without_resource)?;
    Some((ids.copied().collect(), key, asked.action))
}
