//! Facts about the principals and keys at hand: all of a snapshot, or one of each.

use super::id::{
    AccountId, GrantId, GranteeKind, KeyId, MatchKind, PolicyId, PrincipalId, StatementId, TestId,
};
use super::index::Index;
use super::matching::names;
use super::relations::Facts;
use super::residual::principal_test;
use super::statement::{Cover, Statement};
use super::view::View;
use super::world::{Grant, Key, Kind, Party, Principal, Resource, World};
use crate::policy::document::{PolicyKind, PrincipalEntry};
use ahash::{AHashMap, AHashSet};
use std::collections::hash_map::Entry;

/// What to lower.
pub(crate) struct Scope<'a> {
    pub(crate) view: View<'a>,
    pub(crate) principals: Vec<(PrincipalId, &'a Principal)>,
    pub(crate) keys: Vec<(KeyId, &'a Key, Grants)>,
    /// Policy of the VPC endpoint the requests come through.
    pub(crate) endpoint: Option<PolicyId>,
    /// Whether denies matter also for principals that no path of the key can reach.
    pub(crate) all_denies: bool,
}

/// Which grants of a key to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    /// All.
    All,
    /// Only who may retire them by account (S4.9.8): keys of one class differ in all else.
    Retirable,
}

/// The facts of a scope.
pub(crate) fn lower(scope: &Scope<'_>) -> Facts {
    let mut lowering = Lowering {
        scope,
        facts: Facts::default(),
        index: Index::new(scope.principals.iter().map(|&(_, principal)| principal)),
        holders: AHashMap::new(),
        tests: AHashMap::new(),
        seen: AHashSet::new(),
    };
    lowering.principals();
    lowering.accounts();
    for &(id, key, grants) in &scope.keys {
        lowering.key(id, key, grants);
    }
    lowering.facts
}

struct Lowering<'a> {
    scope: &'a Scope<'a>,
    facts: Facts,
    index: Index<'a>,
    /// Policies by the accounts whose principals they bind.
    holders: AHashMap<AccountId, Vec<PolicyId>>,
    /// Tests by their text, with the accounts of those they admit.
    tests: AHashMap<String, (TestId, AHashSet<AccountId>)>,
    /// Statements whose principal element is lowered.
    seen: AHashSet<StatementId>,
}

impl Lowering<'_> {
    fn principals(&mut self) {
        for &(id, principal) in &self.scope.principals {
            if let Some(account) = principal.account {
                self.facts.in_account.push((id, account));
            }
            match principal.kind {
                Kind::Root => self.facts.root_user.push((id,)),
                Kind::Service => self.facts.service_caller.push((id,)),
                _ => {}
            }
            if principal.service_linked {
                self.facts.service_linked.push((id,));
            }
            self.facts
                .holds
                .extend(principal.policies.iter().map(|&policy| (id, policy)));
            self.facts
                .bounded
                .extend(principal.boundary.map(|policy| (id, policy)));
            let session = principal.session_policies.iter().flatten();
            self.facts
                .limited
                .extend(session.clone().map(|&policy| (id, policy)));
            if let Some(account) = principal.account {
                let held = self.holders.entry(account).or_default();
                held.extend(
                    principal
                        .policies
                        .iter()
                        .chain(&principal.boundary)
                        .chain(session),
                );
            }
        }
    }

    fn accounts(&mut self) {
        let mut accounts: Vec<AccountId> = self
            .scope
            .principals
            .iter()
            .filter_map(|(_, p)| p.account)
            .collect();
        accounts.extend(self.scope.keys.iter().map(|(_, key, _)| key.account));
        accounts.sort_unstable();
        accounts.dedup();
        let world = self.scope.view.world;
        let mut levels = AHashSet::new();
        for id in accounts {
            let Some(account) = world.account(id) else {
                continue;
            };
            if account.scp_member {
                self.facts.scp_member.push((id,));
            }
            if account.rcp_member {
                self.facts.rcp_member.push((id,));
            }
            for &level in &account.levels {
                let Some(known) = world.levels.get(level.index()) else {
                    continue;
                };
                self.facts
                    .rcp_reaches
                    .extend(known.rcps.iter().map(|&policy| (id, policy)));
                if account.scp_member {
                    self.facts.scp_level.push((id, level));
                    self.holders.entry(id).or_default().extend(&known.scps);
                    if levels.insert(level) {
                        self.facts
                            .scp_attached
                            .extend(known.scps.iter().map(|&policy| (level, policy)));
                    }
                }
            }
        }
        for held in self.holders.values_mut() {
            held.sort_unstable();
            held.dedup();
        }
        self.facts
            .endpoint
            .extend(self.scope.endpoint.map(|policy| (policy,)));
    }

    fn key(&mut self, id: KeyId, key: &Key, grants: Grants) {
        if key.kind != Resource::Key {
            self.facts.keyless.push((id, key.account, key.actions));
            return self.policies_on(id, key, &[key.account].into_iter().collect());
        }
        self.facts.key_in.push((id, key.account));
        if !key.aws_managed {
            self.facts.customer_key.push((id,));
        }
        let mut accounts: AHashSet<AccountId> = [key.account].into_iter().collect();
        if self.scope.all_denies {
            accounts.extend(
                self.scope
                    .principals
                    .iter()
                    .filter_map(|(_, principal)| principal.account),
            );
        }
        let view = self.scope.view;
        for &policy in view.key_policies(key) {
            for statement_id in view.statements_of(policy) {
                let Some(statement) = view.statement(statement_id) else {
                    continue;
                };
                if self.on_key(statement) {
                    self.key_statement(id, key, statement_id, statement, &mut accounts);
                }
            }
        }
        if grants == Grants::All {
            for &grant_id in &key.grants {
                if let Some(grant) = view.world.grant(grant_id) {
                    self.grant(id, grant_id, grant, &mut accounts);
                }
            }
        }
        for (grant_id, grant) in retirable(view.world, key) {
            self.facts.retirable.push((grant_id, id));
            if grants == Grants::Retirable {
                self.retired_by(grant_id, grant, &mut accounts);
            }
        }
        self.policies_on(id, key, &accounts);
    }

    fn on_key(&self, statement: &Statement) -> bool {
        !(statement.actions | statement.doubtful).is_empty()
    }

    fn key_statement(
        &mut self,
        key_id: KeyId,
        key: &Key,
        id: StatementId,
        statement: &Statement,
        accounts: &mut AHashSet<AccountId>,
    ) {
        let account = self.scope.view.account_name(key.account);
        if statement.covers(key, account) == Cover::No {
            return;
        }
        let mask = (statement.actions | statement.doubtful) & key.actions;
        if mask.is_empty() {
            return;
        }
        if statement.allows {
            self.facts.key_allows.push((key_id, id, mask));
        }
        if statement.denies {
            self.facts.key_denies.push((key_id, id, mask));
        }
        self.principal_element(id, statement, accounts);
    }

    /// Whom a statement of a key policy or endpoint policy names; `accounts` collects theirs.
    fn principal_element(
        &mut self,
        id: StatementId,
        statement: &Statement,
        accounts: &mut AHashSet<AccountId>,
    ) {
        let first = self.seen.insert(id);
        let anyone = statement.opaque.is_some() && statement.principals.is_none();
        let negated = statement
            .principals
            .as_ref()
            .is_some_and(|principals| principals.negated);
        if negated && !anyone {
            for &(principal_id, principal) in &self.scope.principals {
                for named in names(self.scope.view, statement, principal) {
                    accounts.extend(principal.account);
                    if first {
                        self.facts.names_principal.push((id, principal_id, named.kind));
                    }
                }
            }
            return;
        }
        let mut candidates = Vec::new();
        let mut everyone = anyone;
        for entry in statement
            .principals
            .iter()
            .flat_map(|principals| &principals.entries)
        {
            match entry {
                PrincipalEntry::Anyone => everyone = true,
                PrincipalEntry::Aws(text) if text == "*" => everyone = true,
                PrincipalEntry::Aws(text) => match self.scope.view.account_named(text) {
                    Some(account) => {
                        accounts.insert(account);
                        if first {
                            self.facts.names_account.push((id, account));
                        }
                    }
                    None => {
                        candidates.extend(self.index.named(text));
                        if crate::arn::unique_id(text).is_some() {
                            candidates.extend(&self.index.federated);
                        }
                    }
                },
                PrincipalEntry::Service(_) => candidates.extend(&self.index.services),
                PrincipalEntry::Federated(_) => candidates.extend(&self.index.providers),
                PrincipalEntry::CanonicalUser(_) | PrincipalEntry::Other(..) => {}
            }
        }
        if everyone {
            if first {
                self.facts.names_anyone.push((id,));
            }
            // Only what allows brings principals to the key; whom a Deny spares is left to its conditions.
            if statement.allows {
                let (test, admitted) = self.test(statement, statement.principal_conditions());
                accounts.extend(admitted);
                if first {
                    self.facts.asks.push((id, test));
                }
            }
            if first {
                let by_arn = statement
                    .conditions
                    .iter()
                    .any(|c| c.key().name == "aws:PrincipalArn");
                if by_arn {
                    self.facts.tests_principal_arn.push((id,));
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        for position in candidates {
            let Some(&(principal_id, principal)) = self.scope.principals.get(position) else {
                continue;
            };
            for named in names(self.scope.view, statement, principal) {
                if matches!(
                    named.kind,
                    MatchKind::Anyone | MatchKind::Account | MatchKind::Root
                ) {
                    continue;
                }
                accounts.extend(principal.account);
                if first {
                    self.facts.names_principal.push((id, principal_id, named.kind));
                }
            }
        }
    }

    /// The test of some conditions on the principal, given as text (none: everyone passes), with the accounts it admits.
    fn test(&mut self, statement: &Statement, text: String) -> (TestId, &AHashSet<AccountId>) {
        let next = TestId::at(self.tests.len());
        let (id, accounts) = match self.tests.entry(text) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let everyone = new.key().is_empty();
                let mut accounts = AHashSet::new();
                for &(principal_id, principal) in &self.scope.principals {
                    if everyone || principal_test(self.scope.view.world, statement, principal) {
                        self.facts.admits.push((next, principal_id));
                        accounts.extend(principal.account);
                    }
                }
                new.insert((next, accounts))
            }
        };
        (*id, accounts)
    }

    /// What identity policies, boundaries, SCPs and the like of the given accounts say about a key.
    fn policies_on(&mut self, key_id: KeyId, key: &Key, accounts: &AHashSet<AccountId>) {
        let world = self.scope.view.world;
        let mut policies: Vec<PolicyId> = accounts
            .iter()
            .filter_map(|account| self.holders.get(account))
            .flatten()
            .copied()
            .collect();
        // S4.10.1: RCPs play no part without a key.
        if key.kind == Resource::Key
            && let Some(account) = world.account(key.account)
        {
            let levels = account
                .levels
                .iter()
                .filter_map(|level| world.levels.get(level.index()));
            policies.extend(levels.flat_map(|level| &level.rcps));
        }
        policies.extend(self.scope.endpoint);
        policies.sort_unstable();
        policies.dedup();
        for policy in policies {
            self.policy_on(policy, key_id, key);
        }
    }

    fn policy_on(&mut self, policy: PolicyId, key_id: KeyId, key: &Key) {
        let view = self.scope.view;
        let account = view.account_name(key.account);
        for id in view.statements_of(policy) {
            let Some(statement) = view.statement(id) else {
                continue;
            };
            let mask = (statement.actions | statement.doubtful) & key.actions;
            if mask.is_empty() || statement.covers(key, account) == Cover::No {
                continue;
            }
            if statement.allows {
                self.facts.policy_allows.push((policy, key_id, id, mask));
            }
            if statement.denies {
                self.facts.policy_denies.push((policy, key_id, id, mask));
                // Others are looked up for many principals at once, whom their conditions then tell apart.
                let of_holders = matches!(
                    statement.kind,
                    PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session
                );
                if of_holders && self.seen.insert(id) {
                    let (test, _) = self.test(statement, statement.principal_conditions());
                    self.facts.asks.push((id, test));
                }
            }
            if statement.kind == PolicyKind::Endpoint {
                self.principal_element(id, statement, &mut AHashSet::new());
            }
        }
    }

    fn grant(&mut self, key: KeyId, id: GrantId, grant: &Grant, accounts: &mut AHashSet<AccountId>) {
        self.facts.grant.push((id, key, grant.operations));
        self.retired_by(id, grant, accounts);
        for position in self.index.party(&grant.grantee) {
            let Some(&(principal_id, principal)) = self.scope.principals.get(position) else {
                continue;
            };
            accounts.extend(principal.account);
            let kind = match grant.grantee {
                Party::Role(_) => GranteeKind::Role,
                Party::Service(_) => GranteeKind::Service,
                _ => GranteeKind::Named,
            };
            self.facts.grantee.push((id, principal_id, kind));
        }
        if let Party::Account(account) = grant.grantee {
            accounts.insert(account);
            self.facts.grantee_account.push((id, account));
        }
        for position in self.index.party(&grant.retiring) {
            let Some(&(principal_id, principal)) = self.scope.principals.get(position) else {
                continue;
            };
            accounts.extend(principal.account);
            self.facts.retiring.push((id, principal_id));
        }
    }

    /// The accounts whose members may retire a grant.
    fn retired_by(&mut self, id: GrantId, grant: &Grant, accounts: &mut AHashSet<AccountId>) {
        let (issuer, retiring) = grant.retired_by();
        accounts.extend(issuer.into_iter().chain(retiring));
        self.facts.issued_by.extend(issuer.map(|account| (id, account)));
        self.facts
            .retiring_account
            .extend(retiring.map(|account| (id, account)));
    }
}

/// Of the grants on a key, the first of those that the same accounts may retire.
pub(crate) fn retirable<'a>(
    world: &'a World,
    key: &'a Key,
) -> impl Iterator<Item = (GrantId, &'a Grant)> + 'a {
    let mut seen = AHashSet::new();
    let grants = key.grants.iter();
    let grants = grants.filter_map(move |&id| world.grant(id).map(|grant| (id, grant)));
    grants.filter(move |(_, grant)| seen.insert(grant.retired_by()))
}
