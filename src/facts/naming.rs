//! Principals that are there because key policies, endpoint policies and grants name them (S3.1.13, S3.1.14).

use super::asking::{session_prefix, unlisted};
use super::id::{AccountId, GrantId, PolicyId, PrincipalId};
use super::principals::{bare, is_service};
use super::world::{Account, Grant, Key, Kind, Membership, Party, Principal, World, Written};
use crate::arn::{Arn, PrincipalArn, is_account_id, unique_id};
use crate::model::action::{Action, ActionSet};
use crate::model::key;
use crate::policy::document::{Document, PolicyKind, PrincipalEntry, Statement};
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A text that names somebody, or several that name one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mention {
    /// Each with the number of keys and endpoint policies that it stands in, in order.
    texts: SmallVec<[(Arc<str>, usize); 1]>,
    /// Who is there because of it.
    created: SmallVec<[PrincipalId; 1]>,
}

impl Mention {
    /// The text that decides whom they name, if they differ.
    fn first(&self) -> Option<Arc<str>> {
        self.texts.first().map(|(text, _)| Arc::clone(text))
    }

    fn change(&mut self, text: &str, change: impl FnOnce(usize) -> usize) {
        let at = match self.texts.binary_search_by(|(known, _)| (**known).cmp(text)) {
            Ok(at) => at,
            Err(at) => {
                self.texts.insert(at, (text.into(), 0));
                at
            }
        };
        if let Some((_, times)) = self.texts.get_mut(at) {
            *times = change(*times);
        }
        self.texts.retain(|(_, times)| *times > 0);
    }
}

impl World {
    /// Notes that a text stands in so many keys or endpoint policies more; whom it names is there from now on.
    pub(super) fn mention(&mut self, text: &str, times: usize) {
        self.mentions_change(text, |known| known.saturating_add(times));
    }

    /// Changes how often a text stands somewhere, and makes whom it names anew if the first text that names them means
    /// another.
    fn mentions_change(&mut self, text: &str, change: impl FnOnce(usize) -> usize) {
        let at = mentioned(text);
        let mentions = Arc::make_mut(&mut self.mentions);
        let mention = mentions.entry(Arc::clone(&at)).or_default();
        let before = mention.first();
        mention.change(text, change);
        let first = mention.first();
        if let (Some(before), Some(first)) = (&before, &first)
            && (before == first || self.partition_meant(before) == self.partition_meant(first))
        {
            return;
        }
        let mentions = Arc::make_mut(&mut self.mentions);
        let created = mentions
            .get_mut(&at)
            .map(|mention| std::mem::take(&mut mention.created));
        if first.is_none() {
            mentions.remove(&at);
        }
        created.into_iter().flatten().for_each(|id| self.lose(id));
        let Some(text) = first else { return };
        let first = self.principals.len();
        self.named_principal(&text);
        let created = (first..self.principals.len()).map(PrincipalId::at);
        if let Some(mention) = Arc::make_mut(&mut self.mentions).get_mut(&at) {
            mention.created = created.collect();
        }
    }

    /// Whom the policies of a key and the grants on it name, and the accounts that conditions of the policies ask for.
    pub(super) fn mentions_on(&self, policies: &[Written], grants: &[GrantId]) -> BTreeSet<String> {
        let documents = policies.iter().map(|one| &one.text.document);
        let mut found: BTreeSet<String> = documents.flat_map(mentions_of).collect();
        let grants = grants.iter().filter_map(|&id| self.grant(id));
        found.extend(grants.flat_map(|grant| grant.names.iter().cloned()));
        found
    }

    /// Notes that texts stand where others stood; gives those who are new, gone, or others now.
    pub(super) fn mention_instead(
        &mut self,
        before: &BTreeSet<String>,
        after: &BTreeSet<String>,
    ) -> Vec<PrincipalId> {
        let first = self.principals.len();
        let gone = self.gone.len();
        for text in before.difference(after) {
            self.forget(text);
        }
        for text in after.difference(before) {
            self.mention(text, 1);
        }
        if self.principals.len() == first && self.gone.len() == gone {
            return Vec::new();
        }
        self.sessions_again(first);
        let new = (first..self.principals.len()).map(PrincipalId::at);
        let mut touched: Vec<PrincipalId> = new.collect();
        touched.extend(self.gone.iter().copied());
        let known = Arc::clone(&self.known_accounts);
        self.know_accounts();
        if known != self.known_accounts {
            touched.extend(self.principal_ids.get("*").into_iter().flatten());
        }
        touched
    }

    /// Notes that a text stands in one key less; whom nothing else names is gone.
    fn forget(&mut self, text: &str) {
        self.mentions_change(text, |known| known.saturating_sub(1));
    }

    /// Makes sessions again of accounts some of whose roles and users are new or gone, since they rest on these.
    fn sessions_again(&mut self, first: usize) {
        let new = (first..self.principals.len()).map(PrincipalId::at);
        let changed: Vec<PrincipalId> = new.chain(self.gone.iter().copied()).collect();
        let changed = changed.iter().filter_map(|id| self.principals.get(id.index()));
        let by_name = |one: &&Principal| matches!(one.kind, Kind::User | Kind::Role);
        let accounts: BTreeSet<AccountId> = changed.filter(by_name).filter_map(|one| one.account).collect();
        let of_accounts = |text: &str| {
            let account = crate::arn::account_of(text).and_then(|id| self.account_ids.get(id));
            text.contains(":sts:") && account.is_some_and(|account| accounts.contains(account))
        };
        let mut texts: Vec<Arc<str>> = self
            .mentions
            .keys()
            .filter(|text| of_accounts(text))
            .cloned()
            .collect();
        texts.sort_unstable();
        for text in texts {
            let mentions = Arc::make_mut(&mut self.mentions);
            let times = mentions.remove(&text).map_or(0, |mention| {
                mention.created.iter().for_each(|&id| self.lose(id));
                mention.texts.iter().map(|(_, times)| times).sum()
            });
            self.mention(&text, times);
        }
    }

    fn lose(&mut self, id: PrincipalId) {
        let Some(principal) = self.principals.get(id.index()) else {
            return;
        };
        let ids = Arc::make_mut(&mut self.principal_ids);
        if let Some(known) = ids.get_mut(&principal.name) {
            known.retain(|known| *known != id);
            if known.is_empty() {
                ids.remove(&principal.name);
            }
        }
        if principal.kind == Kind::Role {
            let begin = session_prefix(
                &principal.partition,
                self.account_of(principal),
                &principal.short_name,
            );
            if let Some(roles) = Arc::make_mut(&mut self.roles_by_session).get_mut(&begin) {
                roles.retain(|role| *role != id);
            }
        }
        self.gone.insert(id);
    }

    /// The accounts that have principals of their own here.
    pub(super) fn know_accounts(&mut self) {
        let has_some = |id: AccountId| {
            let members = self.members.get(&Some(id));
            members.is_some_and(|ids| ids.iter().any(|&id| self.principal(id).is_some()))
        };
        let accounts = self.accounts.iter().enumerate();
        let known = accounts.filter(|(at, _)| has_some(AccountId::at(*at)));
        self.known_accounts = known.map(|(_, account)| account.id.clone()).collect();
    }

    fn named_principal(&mut self, text: &str) {
        if self.principal_ids.contains_key(text) {
            return;
        }
        if is_account_id(text) {
            return self.named_account(text, &self.partition());
        }
        match PrincipalArn::parse(text) {
            Some(PrincipalArn::Root { partition, account }) => self.named_account(account, partition),
            Some(PrincipalArn::User { .. })
            | Some(PrincipalArn::Role { .. })
            | Some(PrincipalArn::Session { .. })
            | Some(PrincipalArn::Federated { .. }) => {
                for principal in self.outsiders(text) {
                    self.add(principal);
                }
            }
            _ if is_service(text) => {
                self.add(bare(Kind::Service, text, "aws"));
            }
            _ => {}
        }
    }

    /// The partition that a text names, or means.
    fn partition_meant(&self, text: &str) -> String {
        Arn::parse(text).map_or_else(|| self.partition(), |arn| arn.partition.to_owned())
    }

    /// The partition that texts without one mean: that of the snapshot.
    fn partition(&self) -> String {
        let first = self.keys.get(0).and_then(Key::partition);
        first.unwrap_or("aws").to_owned()
    }

    fn named_account(&mut self, account: &str, partition: &str) {
        let known = self.account_ids.get(account).and_then(|&id| self.account(id));
        if !known.is_some_and(|account| account.known) {
            self.whole_account(account, partition);
        }
    }

    /// The id of an account; one that is not listed belongs to no organization that is.
    pub(super) fn account_id(&mut self, id: &str) -> AccountId {
        if let Some(&known) = self.account_ids.get(id) {
            return known;
        }
        let listed = self.organization.as_ref().is_some_and(|one| one.accounts_listed);
        let new = AccountId::at(self.accounts.len());
        self.accounts.push(Account {
            id: id.to_owned(),
            membership: if listed {
                Membership::Outside
            } else {
                Membership::Unknown
            },
            org_path: None,
            levels: Vec::new(),
            scp_member: false,
            rcp_member: false,
            iam_whole: false,
            known: false,
        });
        self.account_ids.insert(id.to_owned(), new);
        new
    }

    /// A grant, compiled.
    pub(super) fn compiled_grant(&mut self, grant: &key::Grant) -> Grant {
        let operations = grant
            .operations
            .iter()
            .filter_map(|name| Action::parse(name))
            .collect::<ActionSet>();
        Grant {
            id: grant.id.clone(),
            name: grant.name.clone(),
            operations: operations & ActionSet::GRANT_OPERATIONS,
            grantee: self.party(grant.grantee.as_deref(), grant.grantee_service.as_deref()),
            retiring: self.party(grant.retiring.as_deref(), grant.retiring_service.as_deref()),
            issuer: grant
                .issuing_account
                .as_deref()
                .map(|account| self.account_id(account)),
            constraints: grant.constraints.clone(),
            location: grant.location,
            names: parties(grant).cloned().collect(),
        }
    }

    fn party(&mut self, principal: Option<&str>, service: Option<&str>) -> Party {
        if let Some(service) = service {
            return Party::Service(service.to_owned());
        }
        let Some(text) = principal else {
            return Party::Nobody;
        };
        match PrincipalArn::parse(text) {
            Some(PrincipalArn::Root { account, .. }) => Party::Account(self.account_id(account)),
            Some(PrincipalArn::Role { .. }) => Party::Role(text.to_owned()),
            Some(PrincipalArn::User { .. })
            | Some(PrincipalArn::Session { .. })
            | Some(PrincipalArn::Federated { .. }) => Party::Named(text.to_owned()),
            _ if is_account_id(text) => Party::Account(self.account_id(text)),
            // S4.9.2: ListGrants shows service-made grants by the service's name.
            _ if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") => {
                Party::Service(text.to_owned())
            }
            _ => Party::Nobody,
        }
    }

    /// S3.1.14: "account X: any principal with an IAM allow".
    pub(super) fn whole_account(&mut self, account: &str, partition: &str) -> PrincipalId {
        let name = format!("account:{account}");
        if let Some(known) = self.principal_ids.get(&name).and_then(|ids| ids.first()) {
            return *known;
        }
        let policies = vec![self.foreign_identity(account)];
        let id = self.account_id(account);
        self.add(Principal {
            account: Some(id),
            policies,
            iam_unknown: true,
            ..bare(Kind::Account, &name, partition)
        })
    }

    /// The identity policies of an account that is not in the snapshot: one statement that may allow.
    fn foreign_identity(&mut self, account: &str) -> PolicyId {
        let name = format!("IAM of account {account} (not in the snapshot)");
        self.may_allow(&name, &format!("the IAM of account {account}"))
    }

    /// A principal that is named but not listed in its account; several when it may be one of several (federated users).
    fn outsiders(&mut self, arn: &str) -> Vec<Principal> {
        let Some(account) = crate::arn::account_of(arn).map(str::to_owned) else {
            return Vec::new();
        };
        let id = self.account_id(&account);
        let listed = self.account(id).is_some_and(|account| account.iam_whole);
        if let Some(found) = self.make_principals(arn, None, listed) {
            return found;
        }
        if listed {
            // S4.9.2: a session that AWS makes for itself has no role in IAM, and so no identity policies.
            return unlisted(arn, id, None).into_iter().collect();
        }
        // Not in the snapshot, and not known not to exist.
        let foreign = self.foreign_identity(&account);
        unlisted(arn, id, Some(foreign)).into_iter().collect()
    }

    /// Identity policies of which nothing is known but that they may allow (S3.1.14).
    pub(super) fn may_allow(&mut self, name: &str, about: &str) -> PolicyId {
        let policy = self.unknown_policy(PolicyKind::Identity, name, about, ActionSet::ALL);
        let statements = self
            .policy(policy)
            .map(|policy| policy.statements.clone())
            .unwrap_or_default();
        for id in statements {
            if let Some(statement) = self.statements.get_mut(id.index()) {
                statement.denies = false;
                if let Some(opaque) = &mut statement.opaque {
                    opaque.rule = "S3.1.14";
                }
            }
        }
        policy
    }
}

/// A text as it is counted: texts that stand for one account are one.
fn mentioned(text: &str) -> Arc<str> {
    match PrincipalArn::parse(text) {
        Some(PrincipalArn::Root { account, .. }) => format!("account:{account}").into(),
        _ if is_account_id(text) => format!("account:{text}").into(),
        _ => text.into(),
    }
}

/// Whom a grant names.
fn parties(grant: &key::Grant) -> impl Iterator<Item = &String> {
    let parties = [
        &grant.grantee,
        &grant.retiring,
        &grant.grantee_service,
        &grant.retiring_service,
    ];
    parties.into_iter().flatten()
}

/// Whom a document names.
pub(super) fn mentions_of(document: &Document) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    document
        .statements
        .iter()
        .for_each(|statement| named_in(statement, &mut found));
    found
}

/// Adds what a statement names: principals, and accounts in conditions on who the caller is.
fn named_in(statement: &Statement, found: &mut BTreeSet<String>) {
    for entry in statement
        .principals
        .iter()
        .flat_map(|principals| &principals.entries)
    {
        match entry {
            PrincipalEntry::Aws(text) if unique_id(text).is_none() => found.insert(text.clone()),
            PrincipalEntry::Service(text) => found.insert(text.clone()),
            _ => false,
        };
    }
    for condition in &statement.conditions {
        let key = crate::condition::key::canonical_name(&condition.key);
        if matches!(
            key.as_str(),
            "kms:CallerAccount" | "aws:PrincipalAccount" | "aws:PrincipalArn"
        ) {
            for value in &condition.values {
                let account = Arn::parse(value).map_or(value.as_str(), |arn| arn.account);
                if is_account_id(account) {
                    found.insert(account.to_owned());
                }
            }
        }
    }
}
