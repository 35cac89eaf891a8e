//! Trust policies of roles -> whom they let assume the role.

use crate::arn::{PrincipalArn, is_account_id};
use crate::facts::audited::Sure;
use crate::facts::id::{AccountId, PrincipalId};
use crate::facts::world::{Kind, World};
use crate::model::snapshot::Snapshot;
use crate::pattern::glob_ignore_case;
use crate::policy::document::{Document, Effect, Patterns, PrincipalEntry, Statement};
use ahash::AHashMap;

/// Whom the roles of a snapshot trust.
#[derive(Default)]
pub(super) struct Trusts {
    /// Roles of each account that are not of services, and whether they can be passed to one.
    roles: AHashMap<AccountId, Vec<(PrincipalId, bool)>>,
    /// Roles that trust an account.
    by_account: AHashMap<AccountId, Vec<(PrincipalId, Sure)>>,
    /// Roles that trust everyone.
    by_anyone: Vec<(PrincipalId, Sure)>,
    /// Roles that trust somebody by a text.
    by_name: Vec<(PrincipalId, String, Sure)>,
}

impl Trusts {
    /// Reads the trust policies of all roles.
    pub(super) fn of(world: &World, snapshot: &Snapshot) -> Self {
        let mut trusts = Trusts::default();
        let roles = snapshot
            .accounts
            .values()
            .flat_map(|account| account.roles.values());
        for role in roles.filter(|role| !role.is_service_linked()) {
            let ids = world.principal_ids.get(&role.arn).into_iter().flatten();
            let Some(&id) = ids.into_iter().find(|&&id| is_role(world, id)) else {
                continue;
            };
            let Some(account) = world.principal(id).and_then(|role| role.account) else {
                continue;
            };
            let document = role.trust.as_ref().map(|trust| &trust.document);
            let passable = document.is_some_and(trusts_service);
            trusts.roles.entry(account).or_default().push((id, passable));
            for statement in document.into_iter().flat_map(letting) {
                trusts.statement(world, id, statement);
            }
        }
        for trusting in trusts.by_account.values_mut() {
            trusting.extend(&trusts.by_anyone);
        }
        trusts
    }

    fn statement(&mut self, world: &World, role: PrincipalId, statement: &Statement) {
        let sure = match statement.conditions.is_empty() && statement.opaque.is_none() {
            true => Sure::Certain,
            false => Sure::Perhaps,
        };
        for entry in statement.principals.iter().flat_map(|one| &one.entries) {
            match entry {
                PrincipalEntry::Anyone => self.by_anyone.push((role, sure)),
                PrincipalEntry::Aws(text) if text == "*" => self.by_anyone.push((role, sure)),
                PrincipalEntry::Aws(text) => match account(text) {
                    Some(id) => {
                        if let Some(&id) = world.account_ids.get(id) {
                            self.by_account.entry(id).or_default().push((role, sure));
                        }
                    }
                    None => self.by_name.push((role, text.clone(), sure)),
                },
                _ => {}
            }
        }
    }

    /// The roles of an account, and whether they can be passed to a service.
    pub(super) fn roles_of(&self, account: AccountId) -> &[(PrincipalId, bool)] {
        self.roles.get(&account).map_or(&[], Vec::as_slice)
    }

    /// The roles whose trust policies let the IAM policies of an account decide.
    pub(super) fn roles_that_trust(&self, account: AccountId) -> &[(PrincipalId, Sure)] {
        self.by_account.get(&account).unwrap_or(&self.by_anyone)
    }

    /// The roles that trust somebody by name, with whom.
    pub(super) fn named(&self, world: &World) -> Vec<(PrincipalId, PrincipalId, Sure)> {
        let each = self.by_name.iter().flat_map(|(role, text, sure)| {
            let found = [world.principal_ids.get(text), world.otherwise_named.get(text)];
            let ids = found.into_iter().flatten().flatten().copied();
            ids.filter(|&id| is_person(world, id))
                .map(|id| (*role, id, *sure))
        });
        let mut each: Vec<_> = each.collect();
        each.sort_unstable();
        each.dedup();
        each
    }
}

fn is_role(world: &World, id: PrincipalId) -> bool {
    world.principal(id).is_some_and(|one| one.kind == Kind::Role)
}

fn is_person(world: &World, id: PrincipalId) -> bool {
    world
        .principal(id)
        .is_some_and(|one| matches!(one.kind, Kind::User | Kind::Role))
}

/// The account that a text stands for.
fn account(text: &str) -> Option<&str> {
    match PrincipalArn::parse(text) {
        Some(PrincipalArn::Root { account, .. }) => Some(account),
        _ => Some(text).filter(|text| is_account_id(text)),
    }
}

/// The statements that let somebody assume the role, if no other denies it to everyone.
fn letting(document: &Document) -> impl Iterator<Item = &Statement> {
    let assumes = |one: &&Statement| match &one.actions {
        Some(Patterns { negated, patterns }) => {
            patterns
                .iter()
                .any(|pattern| glob_ignore_case(pattern, "sts:AssumeRole"))
                != *negated
        }
        None => one.opaque.is_some(),
    };
    let everyone = |one: &Statement| {
        let mut entries = one.principals.iter().flat_map(|one| &one.entries);
        entries.any(|entry| {
            matches!(entry, PrincipalEntry::Anyone) || *entry == PrincipalEntry::Aws("*".to_owned())
        })
    };
    let denies = |one: &Statement| {
        one.effect == Some(Effect::Deny) && one.conditions.is_empty() && one.opaque.is_none() && everyone(one)
    };
    let closed = document.statements.iter().filter(assumes).any(denies);
    let allows = document.statements.iter().filter(assumes);
    allows.filter(move |one| {
        let listed = one.principals.as_ref().is_some_and(|one| !one.negated);
        one.effect != Some(Effect::Deny) && listed && !closed
    })
}

/// Whether a role is for a service, so that it can be passed to it.
fn trusts_service(document: &Document) -> bool {
    let mut entries = letting(document).flat_map(|one| one.principals.iter().flat_map(|one| &one.entries));
    entries.any(|entry| matches!(entry, PrincipalEntry::Service(_)))
}
