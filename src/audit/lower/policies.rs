//! Identity policies, boundaries and guardrails -> what they say, who holds them, and what is odd in them.

use super::access::{Holder, is_of_aws};
use super::grants::Gains;
use super::remarks::Remarking;
use super::{Audited, Premises};
use crate::audit::Settings;
use crate::engine::Engine;
use crate::facts::audited::{Guardrail, HolderKind, Standing, Who};
use crate::facts::id::{AccountId, KeyId, Mask, PolicyId, PrincipalId, StatementId};
use crate::facts::statement::{About, Statement};
use crate::facts::world::{Kind, Principal, Resource, World};
use crate::model::action::ActionSet;
use crate::model::principal::Policy;
use crate::policy::document::{Effect, PolicyKind};
use crate::policy::lint::Subject;
use ahash::{AHashMap, AHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many places of one statement are kept.
const PLACES: usize = 20;

/// Where a statement is written.
#[derive(Debug, Default)]
pub(crate) struct Texts<'e> {
    /// The first policies, and the position there.
    pub(crate) first: Vec<(&'e Policy, usize)>,
    /// How many there are.
    pub(crate) total: usize,
    /// The account they belong to; none if there are several, or if it is none's.
    pub(crate) account: Option<AccountId>,
}

/// What is found on the way through all principals.
#[derive(Default)]
struct Pass<'e> {
    /// Texts that were looked at, by their addresses and kinds.
    texts: AHashSet<(usize, PolicyKind)>,
    holders: AHashMap<(StatementId, Who, Mask), Holder<'e>>,
    ceilings: AHashMap<(Option<PolicyId>, Option<AccountId>), Mask>,
}

impl<'e> Audited<'e> {
    /// Looks at all policies that no single key has.
    pub(in crate::audit) fn policies(
        engine: &'e Engine,
        settings: &'e Settings,
        premises: &'e Premises<'e>,
    ) -> Audited<'e> {
        let mut audited = Audited::nothing(engine, settings, premises);
        let mut pass = Pass::default();
        for (id, principal) in engine.world.listed() {
            let own = matches!(principal.kind, Kind::User | Kind::Role);
            if own && !is_of_aws(principal) {
                audited.held_by(&mut pass, id, principal);
            }
        }
        let mut holders: Vec<_> = pass.holders.into_iter().collect();
        holders.sort_unstable_by_key(|(sort, _)| *sort);
        for ((statement, who, mask), holder) in holders {
            let number = audited.add_holder(holder);
            audited.facts.holds.push((statement, number, who, mask));
        }
        audited.guardrails();
        audited.named_keys();
        let nothing = (0..engine.world.keys.len()).map(KeyId::at);
        for (id, key) in nothing.filter_map(|id| Some((id, engine.world.key(id)?))) {
            if key.kind == Resource::Nothing {
                audited.holders(id, key, &mut Gains::new());
            }
        }
        audited
    }

    /// Adds what one principal holds.
    fn held_by(&mut self, pass: &mut Pass<'e>, id: PrincipalId, principal: &'e Principal) {
        let world: &'e World = &self.engine.world;
        let mut statements: Vec<StatementId> = Vec::new();
        for written in &principal.written {
            if is_written_by_aws(&written.text) {
                continue;
            }
            let identity = principal.policies.contains(&written.policy);
            let kind = if identity {
                PolicyKind::Identity
            } else {
                PolicyKind::Boundary
            };
            if pass.texts.insert((Arc::as_ptr(&written.text).addr(), kind)) {
                self.text(&written.text, &written.statements, kind, principal.account);
            }
            if identity {
                statements.extend(written.statements.iter());
            }
        }
        statements.sort_unstable();
        statements.dedup();
        if statements.is_empty() {
            return;
        }
        let ceiling = pass.ceilings.entry((principal.boundary, principal.account));
        let ceiling = *ceiling.or_insert_with(|| ceiling_of(world, principal));
        let ceiling = ceiling - denied(world.statements_of(&principal.policies));
        let who = Who {
            kind: HolderKind::Person,
            standing: Standing::Own,
            account: principal.account.unwrap_or(AccountId::OTHER),
            administrator: self.premises.is_administrator(id),
        };
        for statement in statements {
            let Some(says) = world.statement(statement).filter(|says| says.allows) else {
                continue;
            };
            let mask = (says.actions | says.doubtful) & ceiling;
            if mask.is_empty() {
                continue;
            }
            let holder = pass.holders.entry((statement, who, mask));
            holder.or_insert_with(|| Holder::nobody(None)).count(id, None);
        }
    }

    /// Adds a text that was not looked at before.
    fn text(
        &mut self,
        text: &'e Arc<Policy>,
        statements: &[StatementId],
        kind: PolicyKind,
        account: Option<AccountId>,
    ) {
        let world: &'e World = &self.engine.world;
        let new: Vec<bool> = statements
            .iter()
            .map(|id| self.place(*id, text, statements, account))
            .collect();
        let remarking = Remarking {
            key: None,
            document: &text.document,
            kind,
            about: Subject::default(),
        };
        if new.contains(&true) {
            self.remarks(remarking, statements);
        }
        for (id, statement) in statements
            .iter()
            .filter_map(|&id| Some((id, world.statement(id)?)))
        {
            let mask = statement.actions | statement.doubtful;
            if kind != PolicyKind::Identity || mask.is_empty() || !statement.may_cover_keys() {
                continue;
            }
            match text.name.starts_with("arn:") {
                true => self.facts.managed.push((id,)),
                false => self.facts.inline.push((id,)),
            }
            for effect in effects(statement) {
                self.facts.identity_says.push((id, effect, mask));
            }
            if statement.covers_all_keys() {
                self.facts.on_all_keys.push((id,));
            }
            self.statement(id, statement);
        }
    }

    /// Notes where a statement is written; whether it is the first place.
    fn place(
        &mut self,
        id: StatementId,
        text: &'e Policy,
        statements: &[StatementId],
        account: Option<AccountId>,
    ) -> bool {
        let known = self.texts.entry(id).or_default();
        if known.total == 0 {
            known.account = account;
        } else if known.account != account {
            known.account = None;
        }
        known.total += 1;
        if let Some(at) = statements.iter().position(|one| *one == id)
            && known.first.len() < PLACES
        {
            known.first.push((text, at));
        }
        known.total == 1
    }

    /// Adds the guardrails of the organization, and what they deny in which account.
    fn guardrails(&mut self) {
        let world: &'e World = &self.engine.world;
        let mut all: Vec<_> = world.guardrails.iter().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        for (_, (policy, text)) in all.into_iter().filter(|(id, _)| !is_default(id)) {
            let statements = world.policy(*policy).map(|policy| policy.statements.clone());
            let statements = statements.unwrap_or_default();
            let sort = match text.kind {
                PolicyKind::Rcp => Guardrail::Rcp,
                _ => Guardrail::Scp,
            };
            self.text(text, &statements, text.kind, None);
            for (id, statement) in world.statements_of([policy]) {
                let mask = statement.actions | statement.doubtful;
                for effect in effects(statement).filter(|_| !mask.is_empty()) {
                    self.facts.guardrail_says.push((id, sort, effect, mask));
                }
                self.statement(id, statement);
            }
        }
        for account in 0..world.accounts.len() {
            self.guardrails_of(AccountId::at(account));
        }
    }

    /// Adds what binds an account.
    pub(super) fn guardrails_of(&mut self, id: AccountId) {
        let world: &'e World = &self.engine.world;
        let Some(account) = world.account(id) else {
            return;
        };
        if account.rcp_member {
            self.facts.rcp_member.push((id,));
        }
        for level in world.levels_of(id) {
            let scps = level.scps.iter().filter(|_| account.scp_member);
            let rcps = level.rcps.iter().filter(|_| account.rcp_member);
            let scps = world.statements_of(scps).map(|one| (Guardrail::Scp, one));
            let rcps = world.statements_of(rcps).map(|one| (Guardrail::Rcp, one));
            for (sort, (statement, says)) in scps.chain(rcps) {
                let mask = says.actions | says.doubtful;
                if says.denies && !mask.is_empty() {
                    self.facts.guardrail_denies.push((id, sort, statement, mask));
                    self.statement(statement, says);
                }
            }
        }
    }

    /// Adds the keys that identity policies name one by one, with what their policies say.
    fn named_keys(&mut self) {
        let world: &'e World = &self.engine.world;
        let mut named: BTreeSet<KeyId> = BTreeSet::new();
        let said: BTreeSet<StatementId> = self.facts.identity_says.iter().map(|&(id, ..)| id).collect();
        for (id, statement) in said.into_iter().filter_map(|id| Some((id, world.statement(id)?))) {
            if statement.about != About::ListedKeys {
                continue;
            }
            let mask = (statement.actions | statement.doubtful) & ActionSet::KEY_POLICY_GATE;
            let keys = statement.resources().filter_map(|text| world.key_ids.get(text));
            for &key in keys.filter(|&&key| world.key(key).is_some_and(|key| !key.aws_managed)) {
                named.insert(key);
                self.facts.names_key.push((id, key, mask));
            }
        }
        for (id, key) in named.into_iter().filter_map(|id| Some((id, world.key(id)?))) {
            self.key_statements(id, key);
        }
    }
}

/// What the boundary of a principal and the SCPs of its account leave, whatever the request.
fn ceiling_of(world: &World, principal: &Principal) -> Mask {
    let mut left = ActionSet::ALL;
    if let Some(boundary) = &principal.boundary {
        left &= allowed(world.statements_of([boundary])) - denied(world.statements_of([boundary]));
    }
    let Some(account) = principal.account else {
        return left;
    };
    let bound = world.account(account).is_some_and(|account| account.scp_member);
    // A level without SCPs is one whose SCPs are not known (S4.7.5).
    for level in world
        .levels_of(account)
        .filter(|level| bound && !level.scps.is_empty())
    {
        left &= allowed(world.statements_of(&level.scps)) - denied(world.statements_of(&level.scps));
    }
    left
}

fn allowed<'a>(statements: impl Iterator<Item = (StatementId, &'a Statement)>) -> Mask {
    let allows = statements.filter(|(_, one)| one.allows);
    allows.fold(ActionSet::EMPTY, |all, (_, one)| all | one.actions | one.doubtful)
}

/// What some statements deny on all keys for every request.
fn denied<'a>(statements: impl Iterator<Item = (StatementId, &'a Statement)>) -> Mask {
    let always = |one: &Statement| {
        one.denies
            && !one.allows
            && one.opaque.is_none()
            && one.conditions.is_empty()
            && one.covers_all_keys()
    };
    let denies = statements.filter(|(_, one)| always(one));
    denies.fold(ActionSet::EMPTY, |all, (_, one)| all | one.actions)
}

fn effects(statement: &Statement) -> impl Iterator<Item = Effect> {
    let both = [
        (statement.allows, Effect::Allow),
        (statement.denies, Effect::Deny),
    ];
    both.into_iter()
        .filter(|(says, _)| *says)
        .map(|(_, effect)| effect)
}

/// Managed policies of AWS are in account `aws`; nobody else can change them.
fn is_written_by_aws(policy: &Policy) -> bool {
    policy.name.starts_with("arn:") && policy.name.split(':').nth(4) == Some("aws")
}

/// What AWS attaches where nobody attached anything.
fn is_default(id: &str) -> bool {
    matches!(id, "p-FullAWSAccess" | "p-RCPFullAWSAccess")
}
