//! Statements -> whom they name, what they test, and what they say on a key.

use super::Audited;
use super::access::is_of_aws;
use super::conditions::{absent_passes, tests};
use crate::arn::{PrincipalArn, unique_id};
use crate::cells::Values;
use crate::condition::block::PreparedCondition;
use crate::condition::formula::Formulas;
use crate::condition::key::KnownKey;
use crate::condition::solve::{Verdict, common, verdict};
use crate::facts::audited::{Manner, Mention, Sure, Tested, Whom};
use crate::facts::id::{AccountId, Basis, KeyId, Mask, PrincipalId, StatementId};
use crate::facts::statement::{Cover, Statement};
use crate::facts::world::{Key, Kind, World};
use crate::model::action::ActionSet;
use crate::policy::document::{Effect, PrincipalEntry};
use std::collections::BTreeMap;

impl Audited<'_> {
    /// Adds what the statements in the policies of a key say of it.
    pub(super) fn key_statements(&mut self, id: KeyId, key: &Key) {
        let engine = self.engine;
        let account = engine
            .world
            .account(key.account)
            .map_or("", |account| &account.id);
        for (statement_id, statement) in engine.world.statements_of(&key.policies) {
            if statement.covers(key, account) == Cover::No {
                continue;
            }
            let mask = statement.actions | statement.doubtful;
            if mask.is_empty() {
                continue;
            }
            self.statement(statement_id, statement);
            for (says, effect) in [
                (statement.allows, Effect::Allow),
                (statement.denies, Effect::Deny),
            ] {
                if says {
                    self.facts.key_says.push((id, statement_id, effect, mask));
                }
            }
            let own = |condition: &PreparedCondition| {
                tests(condition) == (Tested::CallerAccount, Manner::Fixed)
                    && condition.texts().any(|text| text == account)
            };
            if statement.conditions.iter().any(own) {
                self.facts.admits_own.push((id, statement_id));
            }
            let opens_gate = statement
                .entries()
                .any(|(_, account)| engine.world.account_named(account) == Some(key.account));
            if statement.allows && opens_gate {
                let sure = match statement.conditions.is_empty() && statement.opaque.is_none() {
                    true => Sure::Certain,
                    false => Sure::Perhaps,
                };
                self.facts.gate.push((id, mask, sure));
            }
        }
    }

    /// Adds what does not depend on where a statement stands, once.
    pub(super) fn statement(&mut self, id: StatementId, statement: &Statement) {
        if !self.seen.insert(id) {
            return;
        }
        for whom in whom(&self.engine.world, statement) {
            self.facts.names.push((id, whom));
        }
        if statement.conditions.is_empty() && statement.opaque.is_none() {
            self.facts.unconditional.push((id,));
        }
        for condition in &statement.conditions {
            let (tested, manner) = tests(condition);
            self.facts.tests.push((id, tested, manner));
        }
        let absent_passes = absent_passes(&self.engine.world, statement);
        if !absent_passes.is_empty() {
            self.facts.absent_passes.push((id, absent_passes));
        }
        self.orphans(id, statement);
        self.named_principals(id, statement);
    }

    /// Adds the users and roles that a statement names, and that no longer exist.
    fn orphans(&mut self, id: StatementId, statement: &Statement) {
        let world = &self.engine.world;
        let named = statement.principal_texts().map(|text| (Mention::Principal, text));
        let conditions = statement.conditions.iter();
        let conditions = conditions.filter(|one| one.key().known == Some(KnownKey::PrincipalArn));
        let tested = conditions.flat_map(PreparedCondition::texts);
        let all = named.chain(tested.map(|text| (Mention::Condition, text)));
        let gone: Vec<(Mention, String)> = all
            .filter(|(_, text)| is_orphan(world, text))
            .map(|(mention, text)| (mention, format!("`{text}`")))
            .collect();
        for (mention, text) in gone {
            let note = self.add_note(text);
            self.facts.orphan.push((id, mention, note));
        }
    }

    /// Adds the users and roles that a statement names, of accounts whose IAM is known.
    fn named_principals(&mut self, id: StatementId, statement: &Statement) {
        let world = &self.engine.world;
        let not = statement.principals.as_ref().is_some_and(|all| all.negated);
        for text in statement.principal_texts().filter(|_| !not) {
            for &principal in world.principal_ids.get(text).into_iter().flatten() {
                let known = world.principal(principal).filter(|one| !one.iam_unknown);
                if known.is_some_and(|one| !is_of_aws(one)) {
                    let administrator = self.premises.is_administrator(principal);
                    self.facts.names_principal.push((id, principal, administrator));
                }
            }
        }
    }

    /// Adds by which statements of its policies a key is open to anyone, denies aside.
    pub(super) fn open_to_anyone(&mut self, id: KeyId) {
        let anyone = self
            .engine
            .world
            .principal_ids
            .get("*")
            .and_then(|ids| ids.first());
        let opens = anyone.map(|&anyone| self.lets(anyone, id)).unwrap_or_default();
        let opens = opens.into_iter().map(|(statement, mask)| (id, statement, mask));
        self.facts.opens.extend(opens);
    }

    /// By which statements of the policies of a key a principal may do what, denies aside.
    pub(super) fn lets(&self, principal: PrincipalId, key: KeyId) -> BTreeMap<StatementId, Mask> {
        let mut found = BTreeMap::new();
        let world = &self.engine.world;
        let (Some(of), Some(on)) = (world.principal(principal), world.key(key)) else {
            return found;
        };
        let case = self.engine.case(of, on);
        let cell = self.engine.cell(self.engine.site(principal, key));
        let given = common(of.kind == Kind::Service);
        let mut formulas = Formulas::default();
        for part in cell.partition(&case) {
            let Some(action) = part.first() else { continue };
            let mut values = Values {
                formulas: &mut formulas,
            };
            for path in cell.layers(&case, action, &mut values).paths {
                let Basis::Statement(statement) = path.row.by else {
                    continue;
                };
                // What is not in the snapshot is told by itself.
                let opaque = world.statement(statement).and_then(|one| one.opaque.as_ref());
                if opaque.is_some_and(|opaque| opaque.rule == "A40") {
                    continue;
                }
                // S6.6: a statement that no request meets lets nobody in.
                if verdict(&formulas, path.holds, &given) != Verdict::Never {
                    *found.entry(statement).or_insert(ActionSet::EMPTY) |= part & path.row.mask;
                }
            }
        }
        found
    }
}

/// Whom the principal element of a statement names.
fn whom(world: &World, statement: &Statement) -> Vec<Whom> {
    if statement
        .principals
        .as_ref()
        .is_some_and(|principals| principals.negated)
    {
        return vec![Whom::NotListed];
    }
    // S2.1.10: whom it names is not known.
    if statement.opaque.is_some() && statement.principals.is_none() {
        return vec![Whom::Unknown];
    }
    let each = statement.entries().map(|(entry, account)| match entry {
        PrincipalEntry::Anyone => Some(Whom::Anyone),
        PrincipalEntry::Aws(text) if text == "*" => Some(Whom::Anyone),
        PrincipalEntry::Aws(_) if account.is_some() => Some(Whom::Account(
            world.account_named(account).unwrap_or(AccountId::OTHER),
        )),
        PrincipalEntry::Aws(text) if is_orphan(world, text) => None,
        PrincipalEntry::Aws(text) => {
            let account = crate::arn::account_of(text)?;
            let known = world.account_ids.get(account).copied();
            Some(Whom::Member(known.unwrap_or(AccountId::OTHER)))
        }
        PrincipalEntry::Service(_) => Some(Whom::Service),
        PrincipalEntry::Federated(_) | PrincipalEntry::CanonicalUser(_) | PrincipalEntry::Other(..) => None,
    });
    let mut each: Vec<Whom> = each.flatten().collect();
    each.sort_unstable();
    each.dedup();
    each
}

/// Whether an entry means a user or role that no longer exists (S2.2.11, S2.2.13).
pub(super) fn is_orphan(world: &World, text: &str) -> bool {
    let known =
        |text: &str| world.principal_ids.contains_key(text) || world.otherwise_named.contains_key(text);
    if text.contains(['*', '?', '$']) {
        return false;
    }
    match (unique_id(text), PrincipalArn::parse(text)) {
        (Some(_), _) => !world.otherwise_named.contains_key(text),
        (None, Some(PrincipalArn::User { account, .. } | PrincipalArn::Role { account, .. })) => {
            let account = world.account_ids.get(account).and_then(|&id| world.account(id));
            account.is_some_and(|account| account.iam_whole) && !known(text)
        }
        _ => false,
    }
}
