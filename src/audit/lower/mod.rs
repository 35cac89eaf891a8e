//! A compiled snapshot -> what the rules of findings look at.
//!
//! Keys with the same cells and the same statements in their policies are looked at once, by the first of them.

mod access;
mod conditions;
mod each;
mod grants;
mod policies;
mod premises;
mod remarks;
mod statements;
mod tags;
mod takeover;

use super::Settings;
use crate::engine::Engine;
use crate::facts::audited::{AuditFacts, HolderId, NoteId};
use crate::facts::id::{AccountId, KeyId, Mask, PrincipalId, StatementId};
use crate::facts::statement::{Cover, Statement};
use access::Access;
pub(super) use access::{Holder, NAMED};
use ahash::{AHashMap, AHashSet};
pub(super) use each::copies;
pub(super) use policies::Texts;
pub(super) use premises::Premises;
use std::collections::{BTreeMap, BTreeSet};

/// Some keys, as the rules of findings see them.
pub(super) struct Audited<'e> {
    engine: &'e Engine,
    settings: &'e Settings,
    premises: &'e Premises<'e>,
    /// Statements that are among the facts.
    seen: AHashSet<StatementId>,
    pub(super) facts: AuditFacts,
    holders: Vec<Holder<'e>>,
    /// Of those who can take others over: who uses which key.
    users: AHashMap<KeyId, AHashSet<PrincipalId>>,
    /// What was found out about cells, by their addresses, for keys that can perform the same.
    cells: AHashMap<(usize, Mask), Access>,
    notes: Vec<String>,
    /// Where statements of policies that no single key has are written.
    texts: AHashMap<StatementId, Texts<'e>>,
}

impl<'e> Audited<'e> {
    /// Looks at some keys, and at who has access to them.
    pub(super) fn keys(
        engine: &'e Engine,
        settings: &'e Settings,
        premises: &'e Premises<'e>,
        keys: &[KeyId],
    ) -> Audited<'e> {
        let mut audited = Audited::nothing(engine, settings, premises);
        for &id in keys {
            audited.key(id);
        }
        let accounts: BTreeSet<AccountId> =
            audited.facts.key_in.iter().map(|&(_, account)| account).collect();
        for account in accounts {
            audited.guardrails_of(account);
        }
        audited.takeovers();
        audited
    }

    fn nothing(engine: &'e Engine, settings: &'e Settings, premises: &'e Premises<'e>) -> Audited<'e> {
        Audited {
            engine,
            settings,
            premises,
            seen: AHashSet::new(),
            facts: AuditFacts::default(),
            holders: Vec::new(),
            users: AHashMap::new(),
            cells: AHashMap::new(),
            notes: Vec::new(),
            texts: AHashMap::new(),
        }
    }

    fn key(&mut self, id: KeyId) {
        let Some(key) = self.engine.world.key(id) else {
            return;
        };
        self.facts.key_in.push((id, key.account));
        if !key.aws_managed {
            self.facts.customer_key.push((id,));
            self.remarks_on_key(id, key);
        }
        self.key_statements(id, key);
        self.open_to_anyone(id);
        let mut gains = self.grantees(key);
        let named = self.facts.names_principal.iter();
        let named: BTreeSet<PrincipalId> = named.map(|&(_, principal, _)| principal).collect();
        gains.extend(named.iter().map(|&principal| (principal, Default::default())));
        self.holders(id, key, &mut gains);
        self.grants(id, key, &gains);
        self.tags(id, key, &gains);
        let may = named.into_iter().filter_map(|one| Some((one, *gains.get(&one)?)));
        let may = may.filter(|(_, (_, possible))| !possible.is_empty());
        let may = may.map(|(one, (certain, possible))| (id, one, certain, possible));
        self.facts.named_may.extend(may);
    }

    /// A text that a finding repeats.
    pub(super) fn note(&self, id: NoteId) -> Option<&str> {
        self.notes.get(id.0 as usize).map(String::as_str)
    }

    /// Where a statement is written, if no single key has it.
    pub(super) fn texts(&self, id: StatementId) -> Option<&Texts<'e>> {
        self.texts.get(&id)
    }

    fn add_note(&mut self, text: String) -> NoteId {
        let id = NoteId(u32::try_from(self.notes.len()).unwrap_or(u32::MAX));
        self.notes.push(text);
        id
    }

    fn add_holder(&mut self, holder: Holder<'e>) -> HolderId {
        let id = HolderId(u32::try_from(self.holders.len()).unwrap_or(u32::MAX));
        self.holders.push(holder);
        id
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
        let account = engine.world.account(key.account);
        let account = account.map_or("", |account| account.id.as_str());
        let statements = engine.world.statements_of(&key.policies);
        // A copied policy may name another key (S2.4.6).
        let covers = |statement: &Statement| statement.covers(key, account) != Cover::No;
        let statements: Vec<(StatementId, bool)> = statements.map(|(id, one)| (id, covers(one))).collect();
        let with = engine.derived_with(id);
        let sort = (key.account, key.aws_managed, statements, with, &key.grants);
        alike.entry(sort).or_default().push(id);
    }
    let mut alike: Vec<Vec<KeyId>> = alike.into_values().collect();
    // Those of one account side by side: they have much in common.
    let account = |keys: &Vec<KeyId>| {
        let first = keys.first().and_then(|&id| engine.world.key(id));
        first.map(|key| key.account)
    };
    alike.sort_by(|a, b| (account(a), a).cmp(&(account(b), b)));
    alike
}
