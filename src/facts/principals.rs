//! Which principals there are, and what each carries (S3.1): the units of bulk answers (S3.1.13).

use super::asking::session_prefix;
use super::build::Builder;
use super::id::{AccountId, PolicyId, PrincipalId};
use super::matching::is_party;
use super::naming;
use super::world::{Kind, Party, Principal, World, Written};
use crate::arn::PrincipalArn;
use crate::model::action::ActionSet;
use crate::model::principal::{Account, Permissions, Role, User};
use crate::policy::document::{Document, PolicyKind, PrincipalEntry, Statement};
use ahash::AHashMap;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl<'s> Builder<'s> {
    /// Lists all principals: those of accounts, then those that policies and grants name.
    pub(crate) fn principals(&mut self) {
        let snapshot = self.snapshot;
        let accounts = snapshot.accounts.values();
        let roles: usize = accounts.clone().map(|account| account.roles.len()).sum();
        let users: usize = accounts.map(|account| account.users.len()).sum();
        self.world.principals.reserve(roles.saturating_add(users));
        Arc::make_mut(&mut self.world.roles_by_session).reserve(roles);
        Arc::make_mut(&mut self.world.principal_ids).reserve(roles.saturating_add(users));
        Arc::make_mut(&mut self.world.otherwise_named).reserve(roles.saturating_add(users));
        for account in snapshot.accounts.values() {
            let id = self.account(&account.id);
            self.root_user(account, id);
            for user in account.users.values() {
                self.user(account, id, user);
            }
            for role in account.roles.values() {
                self.role(account, id, role);
            }
            if !account.iam.is_whole() {
                self.world.whole_account(&account.id, &account.partition);
            }
        }
        self.named();
        self.world.know_accounts();
        self.anyone();
    }

    /// Lists the principals that key policies, endpoint policies and grants name, and those of accounts that conditions
    /// of key policies ask for.
    fn named(&mut self) {
        let endpoints = self.snapshot.endpoints.iter();
        let endpoints = endpoints.filter_map(|endpoint| endpoint.policy.as_ref());
        let endpoints: Vec<BTreeSet<String>> = endpoints
            .map(|policy| naming::mentions_of(&policy.document))
            .collect();
        let keys = self.world.keys.iter().flat_map(|key| key.mentions.iter());
        let mut times: AHashMap<&str, usize> = AHashMap::new();
        for text in keys.chain(endpoints.iter().flatten()) {
            *times.entry(text).or_default() += 1;
        }
        let all: BTreeMap<String, usize> = times
            .into_iter()
            .map(|(text, times)| (text.to_owned(), times))
            .collect();
        for (text, times) in all {
            self.world.mention(&text, times);
        }
    }

    fn root_user(&mut self, account: &Account, id: AccountId) {
        let arn = format!("arn:{}:iam::{}:root", account.partition, account.id);
        self.world.add(Principal {
            account: Some(id),
            ..bare(Kind::Root, &arn, &account.partition)
        });
    }

    fn user(&mut self, account: &'s Account, id: AccountId, user: &'s User) {
        let mut held = self.identity(account, &user.permissions, true);
        for group in &user.groups {
            match account.groups.get(group) {
                Some(group) => held.extend(self.identity(account, &group.permissions, false)),
                None => {
                    let unknown = self.unknown_identity(&format!("group {group} of account {}", account.id));
                    held.push((unknown, None));
                }
            }
        }
        let boundary = self.boundary(account, &user.permissions);
        let principal = Principal {
            account: Some(id),
            unique_id: user.unique_id.clone(),
            short_name: user.name.clone(),
            tags: user.permissions.tags.clone(),
            boundary: boundary.as_ref().map(|(policy, _)| *policy),
            policies: unique(held.iter().map(|(policy, _)| *policy).collect()),
            written: written(held, boundary),
            ..bare(Kind::User, &user.arn, &account.partition)
        };
        let user = self.world.add(principal);
        Arc::make_mut(&mut self.world.users_of)
            .entry(id)
            .or_default()
            .push(user);
    }

    fn role(&mut self, account: &'s Account, id: AccountId, role: &'s Role) {
        let held = self.identity(account, &role.permissions, true);
        // S3.1.5: a service-linked role has no boundary.
        let boundary = match role.is_service_linked() {
            true => None,
            false => self.boundary(account, &role.permissions),
        };
        let trust = role.trust.as_ref().map(|trust| &trust.document);
        let principal = Principal {
            account: Some(id),
            unique_id: role.unique_id.clone(),
            short_name: role.name.clone(),
            tags: role.permissions.tags.clone(),
            open_tags: trust.is_none_or(may_tag_sessions),
            service_linked: role.is_service_linked(),
            providers: trust.map(providers).unwrap_or_default(),
            boundary: boundary.as_ref().map(|(policy, _)| *policy),
            policies: unique(held.iter().map(|(policy, _)| *policy).collect()),
            written: written(held, boundary),
            ..bare(Kind::Role, &role.arn, &account.partition)
        };
        self.world.add(principal);
    }

    /// What a user or role holds itself (`own`), or through a group.
    fn identity(&mut self, account: &'s Account, permissions: &'s Permissions, own: bool) -> Vec<Held> {
        let mut held: Vec<Held> = Vec::new();
        for policy in &permissions.inline {
            let inline = self.policy(policy, PolicyKind::Identity);
            held.push(known(Written {
                inline: own,
                ..inline
            }));
        }
        for arn in &permissions.attached {
            held.push(match account.managed.get(arn) {
                Some(policy) => known(self.policy(policy, PolicyKind::Identity)),
                None => (self.unknown_identity(&format!("managed policy {arn}")), None),
            });
        }
        held
    }

    fn boundary(&mut self, account: &'s Account, permissions: &'s Permissions) -> Option<Held> {
        let arn = permissions.boundary.as_ref()?;
        Some(match account.managed.get(arn) {
            Some(policy) => known(self.policy(policy, PolicyKind::Boundary)),
            None => {
                let about = format!("the boundary {arn}, whose text is not in the snapshot,");
                let unknown = self
                    .world
                    .unknown_policy(PolicyKind::Boundary, arn, &about, ActionSet::ALL);
                (unknown, None)
            }
        })
    }

    fn unknown_identity(&mut self, what: &str) -> PolicyId {
        let about = format!("{what}, whose text is not in the snapshot,");
        self.world
            .unknown_policy(PolicyKind::Identity, what, &about, ActionSet::ALL)
    }

    /// S3.1.13: "any principal of any account", of those that have no row of their own.
    fn anyone(&mut self) {
        let name = "IAM of the caller's account (not in the snapshot)";
        let policy = self.world.may_allow(name, "the IAM of the caller's account");
        let partitions: BTreeSet<&str> = self
            .snapshot
            .keys
            .iter()
            .map(|key| key.partition.as_str())
            .collect();
        for partition in partitions {
            self.world.add(Principal {
                account: Some(AccountId::OTHER),
                policies: vec![policy],
                iam_unknown: true,
                ..bare(Kind::Anyone, "*", partition)
            });
        }
    }
}

impl World {
    /// Lists a principal.
    pub(super) fn add(&mut self, principal: Principal) -> PrincipalId {
        let id = PrincipalId::at(self.principals.len());
        let ids = Arc::make_mut(&mut self.principal_ids);
        ids.entry(principal.name.clone()).or_default().push(id);
        let mut otherwise: SmallVec<[String; 4]> = SmallVec::new();
        if principal.arn != principal.name {
            otherwise.push(principal.arn.clone());
        }
        otherwise.extend(principal.origin.clone());
        otherwise.extend(Some(principal.unique_id.clone()).filter(|id| !id.is_empty()));
        match principal.kind {
            Kind::Role => {
                let account = self.account_of(&principal);
                let begin = session_prefix(&principal.partition, account, &principal.short_name);
                let roles = Arc::make_mut(&mut self.roles_by_session);
                roles.entry(begin).or_default().push(id);
            }
            Kind::Federated => {
                let user = principal
                    .origin
                    .as_ref()
                    .and_then(|user| self.principal_ids.get(user));
                let user = user.and_then(|ids| self.principal(*ids.first()?));
                otherwise.extend(user.map(|user| user.unique_id.clone()));
            }
            _ => {}
        }
        let names = Arc::make_mut(&mut self.otherwise_named);
        for name in otherwise {
            names.entry(name).or_default().push(id);
        }
        let members = Arc::make_mut(&mut self.members);
        members.entry(principal.account).or_default().push(id);
        self.principals.push(principal);
        id
    }

    /// The principals that a text may name: as users, roles, sessions or federated users.
    pub(crate) fn named(&self, text: &str) -> impl Iterator<Item = PrincipalId> + '_ {
        let session = match PrincipalArn::parse(text) {
            Some(PrincipalArn::Session {
                partition,
                account,
                role,
                ..
            }) => self
                .roles_by_session
                .get(&session_prefix(partition, account, role)),
            _ => None,
        };
        let found = [
            self.principal_ids.get(text),
            self.otherwise_named.get(text),
            session,
        ];
        found.into_iter().flatten().flatten().copied()
    }

    /// The principals a grant's party is, or may be one session of.
    pub(crate) fn meant<'a>(&'a self, party: &'a Party) -> impl Iterator<Item = PrincipalId> + 'a {
        let text = match party {
            Party::Role(arn) | Party::Named(arn) => Some(arn),
            Party::Nobody | Party::Account(_) | Party::Service(_) => None,
        };
        let services = self
            .members
            .get(&None)
            .filter(|_| matches!(party, Party::Service(_)));
        let named = text.into_iter().flat_map(|text| self.named(text));
        let found = named.chain(services.into_iter().flatten().copied());
        found.filter(move |&id| {
            self.principal(id)
                .is_some_and(|one| is_party(party, one).is_some())
        })
    }
}

/// A principal of which only kind and name are set.
pub(crate) fn bare(kind: Kind, name: &str, partition: &str) -> Principal {
    Principal {
        name: name.to_owned(),
        kind,
        account: None,
        partition: partition.to_owned(),
        arn: name.to_owned(),
        unique_id: String::new(),
        short_name: String::new(),
        session: None,
        origin: None,
        tags: crate::model::Tags::new(),
        open_tags: false,
        service_linked: false,
        providers: Vec::new(),
        policies: Vec::new(),
        boundary: None,
        session_policies: None,
        iam_unknown: false,
        written: Vec::new(),
        alike: false,
    }
}

/// A policy that somebody holds, and its text if the snapshot has it.
type Held = (PolicyId, Option<Written>);

fn known(written: Written) -> Held {
    (written.policy, Some(written))
}

/// The policies whose texts there are, each once.
fn written(held: Vec<Held>, boundary: Option<Held>) -> Vec<Written> {
    let texts = held
        .into_iter()
        .chain(boundary)
        .filter_map(|(_, written)| written);
    let mut written: Vec<Written> = Vec::new();
    for one in texts {
        // Somebody may hold a policy directly and through a group.
        let same = |known: &Written| known.policy == one.policy && Arc::ptr_eq(&known.text, &one.text);
        if !written.iter().any(same) {
            written.push(one);
        }
    }
    written
}

/// Whether a text is the name of a service principal.
pub(crate) fn is_service(text: &str) -> bool {
    let host = text.ends_with(".amazonaws.com")
        || text.ends_with(".amazonaws.com.cn")
        || text.ends_with(".aws.internal");
    host && !text.contains([':', '/', '*'])
}

pub(super) fn unique(mut policies: Vec<PolicyId>) -> Vec<PolicyId> {
    policies.sort_unstable();
    policies.dedup();
    policies
}

/// Whether a trust policy lets sessions carry tags (S6.2); what cannot be understood may.
fn may_tag_sessions(trust: &Document) -> bool {
    trust.opaque.is_some()
        || trust
            .statements
            .iter()
            .any(|statement| allows_action(statement, "sts:TagSession"))
}

fn allows_action(statement: &Statement, action: &str) -> bool {
    if statement.opaque.is_some() {
        return true;
    }
    let allow = statement.effect != Some(crate::policy::document::Effect::Deny);
    allow
        && statement.actions.as_ref().is_some_and(|actions| {
            let hit = actions
                .patterns
                .iter()
                .any(|pattern| crate::pattern::glob_ignore_case(pattern, action));
            hit != actions.negated
        })
}

/// The identity providers a trust policy names (S2.2.9).
fn providers(trust: &Document) -> Vec<String> {
    let entries = trust
        .statements
        .iter()
        .filter_map(|statement| statement.principals.as_ref());
    entries
        .flat_map(|principals| &principals.entries)
        .filter_map(|entry| match entry {
            PrincipalEntry::Federated(provider) => Some(provider.clone()),
            _ => None,
        })
        .collect()
}

impl Party {
    /// Whether a grant's party may be this principal; roles also stand for their sessions.
    pub(crate) fn is(&self, principal: &Principal) -> bool {
        match self {
            Party::Nobody | Party::Account(_) => false,
            Party::Service(name) => principal.kind == Kind::Service && same_service(name, &principal.name),
            Party::Role(arn) => match principal.kind {
                Kind::Role => principal.arn == *arn,
                Kind::Session => principal.origin.as_deref() == Some(arn) || principal.arn == *arn,
                _ => false,
            },
            Party::Named(arn) => principal.name == *arn,
        }
    }
}

/// Whether two names mean one service: `logs.eu-west-1.amazonaws.com` is `logs.amazonaws.com` (S2.2.8).
pub(crate) fn same_service(a: &str, b: &str) -> bool {
    a == b || plain_service(a) == plain_service(b)
}

fn plain_service(name: &str) -> (&str, &str) {
    let suffix = if name.ends_with(".cn") {
        ".amazonaws.com.cn"
    } else {
        ".amazonaws.com"
    };
    let Some(stem) = name.strip_suffix(suffix) else {
        return (name, "");
    };
    match stem.rsplit_once('.') {
        Some((service, region)) if is_region(region) => (service, suffix),
        _ => (stem, suffix),
    }
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let ends_in_number = parts
        .next_back()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
    ends_in_number
        && parts.clone().count() >= 2
        && parts.all(|part| part.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regional_names_mean_the_same_service() {
        assert!(same_service("logs.eu-west-1.amazonaws.com", "logs.amazonaws.com"));
        assert!(!same_service("logs.amazonaws.com", "s3.amazonaws.com"));
    }
}
