//! A compiled snapshot -> what the rules of findings look at.
//!
//! Keys with the same cells and the same statements in their policies are looked at once, by the first of them.

mod access;
mod conditions;
mod each;
mod grants;
mod premises;
mod statements;
mod tags;
mod takeover;

use super::Settings;
use crate::engine::Engine;
use crate::facts::audited::{AuditFacts, HolderId};
use crate::facts::id::{KeyId, PrincipalId, StatementId};
pub(super) use access::{Holder, NAMED};
use ahash::AHashSet;
pub(super) use each::copies;
pub(super) use premises::Premises;
use std::collections::BTreeMap;

/// Some keys, as the rules of findings see them.
pub(super) struct Audited<'e> {
    engine: &'e Engine,
    settings: &'e Settings,
    administrators: &'e AHashSet<PrincipalId>,
    premises: &'e Premises<'e>,
    /// Statements that are among the facts.
    seen: AHashSet<StatementId>,
    pub(super) facts: AuditFacts,
    holders: Vec<Holder<'e>>,
}

impl<'e> Audited<'e> {
    /// Looks at some keys, and at who has access to them.
    pub(super) fn keys(
        engine: &'e Engine,
        settings: &'e Settings,
        administrators: &'e AHashSet<PrincipalId>,
        premises: &'e Premises<'e>,
        keys: &[KeyId],
    ) -> Audited<'e> {
        let mut audited = Audited {
            engine,
            settings,
            administrators,
            premises,
            seen: AHashSet::new(),
            facts: AuditFacts::default(),
            holders: Vec::new(),
        };
        for &id in keys {
            audited.key(id);
        }
        audited.takeovers();
        audited
    }

    fn key(&mut self, id: KeyId) {
        let Some(key) = self.engine.world.key(id) else {
            return;
        };
        self.facts.key_in.push((id, key.account));
        if !key.aws_managed {
            self.facts.customer_key.push((id,));
        }
        self.key_statements(id, key);
        self.open_to_anyone(id);
        self.guardrails(key.account);
        let mut gains = self.grantees(key);
        self.holders(id, key, &mut gains);
        self.grants(id, key, &gains);
        self.tags(id, key, &gains);
        self.facts.watched_may.extend(
            gains
                .iter()
                .filter(|(_, (_, possible))| !possible.is_empty())
                .map(|(&principal, &(certain, possible))| (id, principal, certain, possible)),
        );
    }

    /// Who a holder stands for.
    pub(super) fn holder(&self, id: HolderId) -> Option<&Holder<'e>> {
        self.holders.get(id.0 as usize)
    }
}

/// Keys that are alike for findings, by the first of them.
pub(super) fn alike(engine: &Engine) -> Vec<Vec<KeyId>> {
    let mut alike: BTreeMap<_, Vec<KeyId>> = BTreeMap::new();
    for (id, key) in engine.real_keys() {
        let statements = engine.world.statements_of(&key.policies);
        let statements: Vec<StatementId> = statements.map(|(id, _)| id).collect();
        let with = engine.derived_with(id);
        let sort = (key.account, key.aws_managed, statements, with, &key.grants);
        alike.entry(sort).or_default().push(id);
    }
    let mut alike: Vec<Vec<KeyId>> = alike.into_values().collect();
    alike.sort_unstable();
    alike
}
