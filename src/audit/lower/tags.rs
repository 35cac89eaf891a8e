//! Statements that test tags or aliases of keys -> whom they would let in if these changed (A21).

use super::Audited;
use super::grants::Gains;
use super::premises::is_about_tags;
use crate::condition::formula::{FormulaId, Formulas};
use crate::facts::audited::Sure;
use crate::facts::id::{AccountId, KeyId, Mask, PolicyId, PrincipalId, StatementId};
use crate::facts::world::{Key, Principal, World};
use crate::model::Tags;
use crate::model::action::{Action, ActionSet};
use crate::policy::document::{Effect, PolicyKind};
use ahash::AHashMap;
use std::collections::BTreeMap;

/// A statement that tests tags or aliases, as far as it allows or denies, and for whom of one account it does.
pub(super) struct Tagging {
    statement: StatementId,
    effect: Effect,
    holders: Vec<PrincipalId>,
}

/// Statements that test tags or aliases, by the account of those for whom they hold: identity statements, and the denies of
/// SCPs and RCPs.
pub(super) fn by_account(world: &World) -> AHashMap<AccountId, Vec<Tagging>> {
    // A statement may stand in several policies.
    let about_tags = |id: &StatementId| {
        let statement = world.statement(*id);
        statement.is_some_and(|one| one.conditions.iter().any(is_about_tags))
    };
    let mut policies: AHashMap<PolicyId, Vec<StatementId>> = AHashMap::new();
    for (at, policy) in world.policies.iter().enumerate() {
        let statements: Vec<StatementId> = policy.statements.iter().copied().filter(about_tags).collect();
        if !statements.is_empty() {
            policies.insert(PolicyId::at(at), statements);
        }
    }
    let mut found: BTreeMap<(AccountId, StatementId), Vec<PrincipalId>> = BTreeMap::new();
    if policies.is_empty() {
        return AHashMap::new();
    }
    for (id, principal) in world.listed() {
        let of = principal
            .policies
            .iter()
            .filter_map(|policy| policies.get(policy));
        for (&statement, account) in of.flatten().zip(std::iter::repeat(principal.account)) {
            let Some(account) = account else { continue };
            found.entry((account, statement)).or_default().push(id);
        }
    }
    for (&account, members) in world.members.iter() {
        let Some(account) = account else { continue };
        let levels = world.levels_of(account);
        let attached = levels.flat_map(|level| level.scps.iter().chain(&level.rcps));
        for &statement in attached.filter_map(|policy| policies.get(policy)).flatten() {
            found.entry((account, statement)).or_default().clone_from(members);
        }
    }
    let mut by_account: AHashMap<AccountId, Vec<Tagging>> = AHashMap::new();
    for ((account, statement), holders) in found {
        let Some(of) = world.statement(statement) else {
            continue;
        };
        let allows = (of.allows && of.kind == PolicyKind::Identity).then_some(Effect::Allow);
        for effect in allows.into_iter().chain(of.denies.then_some(Effect::Deny)) {
            by_account.entry(account).or_default().push(Tagging {
                statement,
                effect,
                holders: holders.clone(),
            });
        }
    }
    by_account
}

/// Those for whom such statements hold; some of them several times.
pub(super) fn holders(tagging: &AHashMap<AccountId, Vec<Tagging>>) -> impl Iterator<Item = PrincipalId> {
    let all = tagging.values().flatten();
    all.flat_map(|one| &one.holders).copied()
}

impl<'e> Audited<'e> {
    /// Adds the statements that would let somebody new use a key under other tags or aliases.
    pub(super) fn tags(&mut self, id: KeyId, key: &'e Key, gains: &Gains) {
        let premises = self.premises;
        let Some(tagging) = premises.tagging.get(&key.account) else {
            return;
        };
        // The same key, with tags and aliases that nobody knows.
        let other = Key {
            tags: Tags::new(),
            tags_known: false,
            aliases: Vec::new(),
            aliases_known: false,
            ..key.clone()
        };
        let gates = self.facts.gate.iter().filter(|(gated, ..)| *gated == id);
        let (mut open, mut certain) = (Mask::EMPTY, Mask::EMPTY);
        for &(_, mask, sure) in gates {
            open |= mask;
            if sure == Sure::Certain {
                certain |= mask;
            }
        }
        for one in tagging {
            let Some(statement) = self.engine.world.statement(one.statement) else {
                continue;
            };
            let gained = one.holders.iter().find_map(|&holder| {
                let (_, has) = gains.get(&holder).copied().unwrap_or_default();
                let gained = self.gained(one, holder, (id, key), &other, open - has) - has;
                (!gained.is_empty()).then_some(gained)
            });
            let Some(gained) = gained else { continue };
            let plain = statement.opaque.is_none() && statement.conditions.iter().all(is_about_tags);
            let sure = match plain && (one.effect == Effect::Deny || gained.intersects(certain)) {
                true => Sure::Certain,
                false => Sure::Perhaps,
            };
            self.statement(one.statement, statement);
            self.facts.would_hold.push((id, one.statement, gained, sure));
        }
    }

    /// What somebody may do on a key only if it had other tags or aliases, as far as one statement decides.
    fn gained(
        &self,
        one: &Tagging,
        holder: PrincipalId,
        (id, key): (KeyId, &Key),
        other: &Key,
        open: Mask,
    ) -> Mask {
        let world = &self.engine.world;
        let (Some(principal), Some(statement)) = (world.principal(holder), world.statement(one.statement))
        else {
            return Mask::EMPTY;
        };
        let lacks = match one.effect {
            Effect::Allow => open & bound(world, principal),
            Effect::Deny => {
                let paths = self.engine.paths_of(self.engine.site(holder, id));
                paths.iter().fold(Mask::EMPTY, |all, row| all | row.mask)
            }
        };
        if lacks.is_empty() {
            return Mask::EMPTY;
        }
        let mut formulas = Formulas::default();
        let mut says = |key: &Key, action: Action| {
            let case = self.engine.case(principal, key);
            case.statement(one.statement, action, one.effect == Effect::Deny, &mut formulas)
        };
        let mut changes = |action: Action| match one.effect {
            Effect::Allow => says(key, action) == FormulaId::FALSE && says(other, action) != FormulaId::FALSE,
            Effect::Deny => says(key, action) == FormulaId::TRUE && says(other, action) != FormulaId::TRUE,
        };
        let groups = statement.groups.iter().map(|&group| group & lacks);
        let gained = groups.filter(|group| group.first().is_some_and(&mut changes));
        gained.fold(Mask::EMPTY, |all, group| all | group)
    }
}

/// What the boundary of a principal leaves, conditions aside.
fn bound(world: &World, principal: &Principal) -> Mask {
    principal.boundary.map_or(ActionSet::ALL, |boundary| {
        let statements = world.statements_of([&boundary]).map(|(_, one)| one);
        let allow = statements
            .filter(|one| one.allows)
            .map(|one| one.actions | one.doubtful);
        allow.fold(Mask::EMPTY, |all, mask| all | mask)
    })
}
