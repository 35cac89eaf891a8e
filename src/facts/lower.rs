//! Facts about the principals and keys at hand: some keys of a snapshot with whoever has to do with them, or one of each.

use super::classes::Part;
use super::id::{
    AccountId, GrantId, GranteeKind, KeyId, MatchKind, PolicyId, PrincipalId, StatementId, TestId,
};
use super::index::Index;
use super::matching::names;
use super::relations::Facts;
use super::residual::{account_test, principal_test};
use super::statement::{Cover, Statement};
use super::view::View;
use super::world::{Grant, Key, Kind, Party, Principal, Resource, World};
use crate::policy::document::{PolicyKind, PrincipalEntry};
use ahash::{AHashMap, AHashSet};
use std::sync::{Arc, PoisonError, RwLock};

/// What to lower: some keys, and those of a cast who may have to do with them.
pub(crate) struct Scope<'a> {
    pub(crate) cast: &'a Cast<'a>,
    pub(crate) keys: &'a [(KeyId, &'a Key)],
    /// Which pairs the facts are for.
    pub(crate) part: Part,
    /// Policy of the VPC endpoint the requests come through.
    pub(crate) endpoint: Option<PolicyId>,
    /// Whether denies matter also for principals that no path of the key can reach.
    pub(crate) all_denies: bool,
}

/// Principals, ready to be looked up for key after key.
pub(crate) struct Cast<'a> {
    view: View<'a>,
    principals: Vec<(PrincipalId, &'a Principal)>,
    index: Index<'a>,
    by_account: AHashMap<AccountId, Vec<usize>>,
    /// Those who belong to no account.
    elsewhere: Vec<usize>,
    /// Policies by the accounts whose principals they bind.
    holders: AHashMap<AccountId, Vec<PolicyId>>,
    /// Tests by their text.
    tests: RwLock<AHashMap<String, Arc<Test>>>,
}

/// A test of conditions on the principal, and whom it admits.
struct Test {
    id: TestId,
    admits: Vec<(PrincipalId, Option<AccountId>)>,
    accounts: AHashSet<AccountId>,
}

impl<'a> Cast<'a> {
    pub(crate) fn new(view: View<'a>, principals: Vec<(PrincipalId, &'a Principal)>) -> Self {
        let mut by_account: AHashMap<AccountId, Vec<usize>> = AHashMap::new();
        let mut holders: AHashMap<AccountId, Vec<PolicyId>> = AHashMap::new();
        let mut elsewhere = Vec::new();
        for (position, (_, principal)) in principals.iter().enumerate() {
            let Some(account) = principal.account else {
                elsewhere.push(position);
                continue;
            };
            by_account.entry(account).or_default().push(position);
            let held = holders.entry(account).or_default();
            held.extend(principal.policies.iter().chain(&principal.boundary));
            held.extend(principal.session_policies.iter().flatten());
        }
        for (&id, held) in &mut holders {
            if view.world.account(id).is_some_and(|account| account.scp_member) {
                held.extend(view.world.levels_of(id).flat_map(|level| &level.scps));
            }
            held.sort_unstable();
            held.dedup();
        }
        Cast {
            index: Index::new(principals.iter().map(|&(_, principal)| principal)),
            view,
            principals,
            by_account,
            elsewhere,
            holders,
            tests: RwLock::default(),
        }
    }

    /// The test of a statement's conditions on the principal; with none, everyone passes.
    fn test(&self, statement: &Statement) -> Arc<Test> {
        let text = statement.principal_conditions();
        let known = || self.tests.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(test) = known().get(text) {
            return Arc::clone(test);
        }
        let (admits, accounts) = self.admitted(statement, text.is_empty());
        let mut tests = self.tests.write().unwrap_or_else(PoisonError::into_inner);
        let id = TestId::at(tests.len());
        let test = tests.entry(text.to_owned());
        let made = || Arc::new(Test { id, admits, accounts });
        Arc::clone(test.or_insert_with(made))
    }

    fn admitted(
        &self,
        statement: &Statement,
        everyone: bool,
    ) -> (Vec<(PrincipalId, Option<AccountId>)>, AHashSet<AccountId>) {
        let world = self.view.world;
        let mut admits = Vec::new();
        let mut accounts = AHashSet::new();
        let mut admit = |position: &usize| {
            let Some(&(id, principal)) = self.principals.get(*position) else {
                return;
            };
            if everyone || principal_test(world, statement, principal) {
                admits.push((id, principal.account));
                accounts.extend(principal.account);
            }
        };
        self.elsewhere.iter().for_each(&mut admit);
        for members in self.by_account.values() {
            let first = members
                .first()
                .and_then(|&position| self.principals.get(position));
            if everyone || first.is_some_and(|(_, first)| account_test(world, statement, first)) {
                members.iter().for_each(&mut admit);
            }
        }
        (admits, accounts)
    }
}

/// The facts of a scope.
pub(crate) fn lower(scope: &Scope<'_>) -> Facts {
    let mut lowering = Lowering {
        scope,
        cast: scope.cast,
        facts: Facts::default(),
        accounts: AHashSet::new(),
        tests: AHashMap::new(),
        seen: AHashSet::new(),
    };
    for &(id, key) in scope.keys {
        lowering.key(id, key);
    }
    lowering.accounts();
    lowering.principals();
    lowering.facts
}

struct Lowering<'a> {
    scope: &'a Scope<'a>,
    cast: &'a Cast<'a>,
    facts: Facts,
    /// The accounts whose principals have to do with some key.
    accounts: AHashSet<AccountId>,
    /// The tests that statements make.
    tests: AHashMap<TestId, Arc<Test>>,
    /// Statements whose principal element is lowered.
    seen: AHashSet<StatementId>,
}

impl<'a> Lowering<'a> {
    /// Whoever belongs to the accounts at hand, or to none.
    fn principals(&mut self) {
        let cast = self.cast;
        let mut accounts: Vec<AccountId> = self.accounts.iter().copied().collect();
        accounts.sort_unstable();
        let members = accounts.iter().filter_map(|account| cast.by_account.get(account));
        for position in members.flatten().chain(&cast.elsewhere) {
            if let Some(&(id, principal)) = cast.principals.get(*position) {
                self.principal(id, principal);
            }
        }
        let mut tests: Vec<&Arc<Test>> = self.tests.values().collect();
        tests.sort_unstable_by_key(|test| test.id);
        for test in tests {
            let here = |account: Option<AccountId>| account.is_none_or(|one| self.accounts.contains(&one));
            let admitted = test.admits.iter().filter(|(_, account)| here(*account));
            self.facts
                .admits
                .extend(admitted.map(|&(principal, _)| (test.id, principal)));
        }
    }

    fn principal(&mut self, id: PrincipalId, principal: &Principal) {
        let facts = &mut self.facts;
        facts
            .in_account
            .extend(principal.account.map(|account| (id, account)));
        match principal.kind {
            Kind::Root => facts.root_user.push((id,)),
            Kind::Service => facts.service_caller.push((id,)),
            _ => {}
        }
        if principal.service_linked {
            facts.service_linked.push((id,));
        }
        facts
            .holds
            .extend(principal.policies.iter().map(|&policy| (id, policy)));
        facts
            .bounded
            .extend(principal.boundary.map(|policy| (id, policy)));
        let session = principal.session_policies.iter().flatten();
        facts.limited.extend(session.map(|&policy| (id, policy)));
    }

    fn accounts(&mut self) {
        let mut accounts: Vec<AccountId> = self.accounts.iter().copied().collect();
        accounts.sort_unstable();
        let world = self.cast.view.world;
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
                    if levels.insert(level) {
                        self.facts
                            .scp_attached
                            .extend(known.scps.iter().map(|&policy| (level, policy)));
                    }
                }
            }
        }
        self.facts
            .endpoint
            .extend(self.scope.endpoint.map(|policy| (policy,)));
    }

    fn key(&mut self, id: KeyId, key: &Key) {
        self.accounts.insert(key.account);
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
            accounts.extend(self.cast.by_account.keys());
        }
        let view = self.cast.view;
        for &policy in view.key_policies(key) {
            for statement_id in view.statements_of(policy) {
                let Some(statement) = view.statement(statement_id) else {
                    continue;
                };
                if self.scope.part.looks_at(statement) {
                    self.key_statement(id, key, statement_id, statement, &mut accounts);
                }
            }
        }
        // Grants to accounts are about all their members; those to others are looked at for these alone.
        let for_part =
            |grant: &Grant| self.scope.part == Part::Single || matches!(grant.grantee, Party::Account(_));
        let grants = key
            .grants
            .iter()
            .filter_map(|&id| Some((id, view.world.grant(id)?)));
        for (grant_id, grant) in grants.filter(|(_, grant)| for_part(grant)).collect::<Vec<_>>() {
            self.grant(id, grant_id, grant, &mut accounts);
        }
        for (grant_id, grant) in retirable(view.world, key) {
            self.facts.retirable.push((grant_id, id));
            self.retired_by(grant_id, grant, &mut accounts);
        }
        self.policies_on(id, key, &accounts);
        self.accounts.extend(accounts);
    }

    fn key_statement(
        &mut self,
        key_id: KeyId,
        key: &Key,
        id: StatementId,
        statement: &Statement,
        accounts: &mut AHashSet<AccountId>,
    ) {
        let account = self.cast.view.account_name(key.account);
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
            for &(principal_id, principal) in &self.cast.principals {
                for named in names(self.cast.view, statement, principal) {
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
        for (entry, account) in statement.entries() {
            match entry {
                PrincipalEntry::Anyone => everyone = true,
                PrincipalEntry::Aws(text) if text == "*" => everyone = true,
                PrincipalEntry::Aws(text) => match self.cast.view.world.account_named(account) {
                    Some(account) => {
                        accounts.insert(account);
                        if first {
                            self.facts.names_account.push((id, account));
                        }
                    }
                    None => candidates.extend(self.cast.index.named(text)),
                },
                PrincipalEntry::Service(_) => candidates.extend(&self.cast.index.services),
                PrincipalEntry::Federated(_) => candidates.extend(&self.cast.index.providers),
                PrincipalEntry::CanonicalUser(_) | PrincipalEntry::Other(..) => {}
            }
        }
        if everyone {
            if first {
                self.facts.names_anyone.push((id,));
            }
            // Only what allows brings principals to the key; whom a Deny spares is left to its conditions.
            if statement.allows {
                let test = self.cast.test(statement);
                accounts.extend(&test.accounts);
                if first {
                    self.asks(id, test);
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
            let Some(&(principal_id, principal)) = self.cast.principals.get(position) else {
                continue;
            };
            for named in names(self.cast.view, statement, principal) {
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

    fn asks(&mut self, id: StatementId, test: Arc<Test>) {
        self.facts.asks.push((id, test.id));
        self.tests.insert(test.id, test);
    }

    /// What identity policies, boundaries, SCPs and the like of the given accounts say about a key.
    fn policies_on(&mut self, key_id: KeyId, key: &Key, accounts: &AHashSet<AccountId>) {
        let world = self.cast.view.world;
        let mut policies: Vec<PolicyId> = accounts
            .iter()
            .filter_map(|account| self.cast.holders.get(account))
            .flatten()
            .copied()
            .collect();
        // S4.10.1: RCPs play no part without a key.
        if key.kind == Resource::Key {
            policies.extend(world.levels_of(key.account).flat_map(|level| &level.rcps));
        }
        policies.extend(self.scope.endpoint);
        policies.sort_unstable();
        policies.dedup();
        for policy in policies {
            self.policy_on(policy, key_id, key);
        }
    }

    fn policy_on(&mut self, policy: PolicyId, key_id: KeyId, key: &Key) {
        let view = self.cast.view;
        let account = view.account_name(key.account);
        for id in view.statements_of(policy) {
            let Some(statement) = view.statement(id) else {
                continue;
            };
            let mask = (statement.actions | statement.doubtful) & key.actions;
            let looked_at = !mask.is_empty() && self.scope.part.looks_at(statement);
            if !looked_at || statement.covers(key, account) == Cover::No {
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
                    self.asks(id, self.cast.test(statement));
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
        for position in self.cast.index.party(&grant.grantee) {
            let Some(&(principal_id, principal)) = self.cast.principals.get(position) else {
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
        for position in self.cast.index.party(&grant.retiring) {
            let Some(&(principal_id, principal)) = self.cast.principals.get(position) else {
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
