//! Two snapshots that are much the same keep what is equal once.

use super::Tags;
use super::principal::{Account, Permissions, Policy};
use super::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Snapshot {
    /// Takes policies and tags of another snapshot in the place of equal ones. Files of the same name have to have the
    /// same id in both.
    pub(crate) fn share(&mut self, other: &Snapshot) {
        for key in &mut self.keys {
            let same = other.keys.binary_search_by(|own| own.arn.cmp(&key.arn));
            let Some(same) = same.ok().and_then(|at| other.keys.get(at)) else {
                continue;
            };
            list(&mut key.policies, &same.policies);
            tags(&mut key.tags, &same.tags);
        }
        for (id, account) in &mut self.accounts {
            if let Some(same) = other.accounts.get(id) {
                share_account(account, same);
            }
        }
        if let (Some(own), Some(other)) = (&mut self.organization, &other.organization) {
            map(&mut own.policies, &other.policies);
        }
    }
}

fn share_account(own: &mut Account, other: &Account) {
    map(&mut own.managed, &other.managed);
    for (name, user) in &mut own.users {
        if let Some(same) = other.users.get(name) {
            permissions(&mut user.permissions, &same.permissions);
        }
    }
    for (name, group) in &mut own.groups {
        if let Some(same) = other.groups.get(name) {
            permissions(&mut group.permissions, &same.permissions);
        }
    }
    for (name, role) in &mut own.roles {
        if let Some(same) = other.roles.get(name) {
            permissions(&mut role.permissions, &same.permissions);
            if let (Some(own), Some(other)) = (&mut role.trust, &same.trust) {
                policy(own, other);
            }
        }
    }
}

fn permissions(own: &mut Permissions, other: &Permissions) {
    list(&mut own.inline, &other.inline);
    tags(&mut own.tags, &other.tags);
}

/// Policies of one name; they usually stand at the same place.
fn list(own: &mut [Arc<Policy>], other: &[Arc<Policy>]) {
    for (at, one) in own.iter_mut().enumerate() {
        let there = other.get(at).filter(|same| same.name == one.name);
        if let Some(same) = there.or_else(|| other.iter().find(|same| same.name == one.name)) {
            policy(one, same);
        }
    }
}

fn map(own: &mut BTreeMap<String, Arc<Policy>>, other: &BTreeMap<String, Arc<Policy>>) {
    for (name, one) in own {
        if let Some(same) = other.get(name) {
            policy(one, same);
        }
    }
}

fn policy(own: &mut Arc<Policy>, other: &Arc<Policy>) {
    let same = own.kind == other.kind && own.name == other.name && own.document == other.document;
    if same {
        *own = Arc::clone(other);
    }
}

fn tags(own: &mut Tags, other: &Tags) {
    if own == other {
        own.clone_from(other);
    }
}
