//! One edit of a snapshot, for "what if".

use super::Collected;
use super::key::{Grant, Key};
use super::principal::{Account, Permissions, Policy};
use super::snapshot::Snapshot;
use crate::error::{Error, unknown};
use std::sync::Arc;

/// One edit of a snapshot. Names are exact: ARNs of keys and principals, ids of targets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A key policy, in the place of the one with the same name (`default`, as a rule).
    KeyPolicy {
        /// ARN of the key.
        key: String,
        /// The policy.
        policy: Arc<Policy>,
    },
    /// A grant, added or in the place of the one with the same id.
    Grant {
        /// ARN of the key.
        key: String,
        /// The grant.
        grant: Box<Grant>,
    },
    /// A grant, taken away.
    NoGrant {
        /// ARN of the key.
        key: String,
        /// Id of the grant.
        id: String,
    },
    /// A managed policy, wherever it is attached or a boundary; `None`: detached from everyone who has it attached.
    Managed {
        /// Its ARN.
        arn: String,
        /// The text.
        policy: Option<Arc<Policy>>,
    },
    /// An inline policy of a user or role, added, replaced, or (`None`) taken away.
    Inline {
        /// ARN of the user or role.
        principal: String,
        /// Name of the policy.
        name: String,
        /// The text.
        policy: Option<Arc<Policy>>,
    },
    /// The permissions boundary of a user or role, which no other has; `None`: no boundary.
    Boundary {
        /// ARN of the user or role.
        principal: String,
        /// The text.
        policy: Option<Arc<Policy>>,
    },
    /// An SCP or RCP: attached to a target, with this text at all its targets; `None`: detached from the target.
    Guardrail {
        /// Id of a root, OU or account.
        target: String,
        /// Id of the policy.
        id: String,
        /// The text; its kind tells which of the two it is.
        policy: Option<Arc<Policy>>,
    },
}

/// An error about a name that is not in the snapshot.
fn missing(noun: &'static str, name: &str) -> Error {
    unknown(noun, name, std::iter::empty())
}

impl Snapshot {
    /// Makes an edit.
    ///
    /// # Errors
    /// It names something that the snapshot does not have; nothing is changed then.
    pub fn apply(&mut self, change: &Change) -> Result<(), Error> {
        match change {
            Change::KeyPolicy { key, policy } => {
                let key = self.key_mut(key)?;
                match key.policies.iter_mut().find(|known| known.name == policy.name) {
                    Some(known) => *known = Arc::clone(policy),
                    None => key.policies.push(Arc::clone(policy)),
                }
                key.policies_collected = Collected::Whole;
            }
            Change::Grant { key, grant } => {
                let key = self.key_mut(key)?;
                match key.grants.iter_mut().find(|known| known.id == grant.id) {
                    Some(known) => known.clone_from(grant),
                    None => key.grants.push((**grant).clone()),
                }
            }
            Change::NoGrant { key, id } => {
                let key = self.key_mut(key)?;
                let before = key.grants.len();
                key.grants.retain(|grant| grant.id != *id);
                if key.grants.len() == before {
                    return Err(missing("grant", id));
                }
            }
            Change::Managed { arn, policy } => self.managed(arn, policy.as_ref())?,
            Change::Inline {
                principal,
                name,
                policy,
            } => {
                let inline = &mut self.permissions_mut(principal)?.inline;
                match (inline.iter().position(|known| known.name == *name), policy) {
                    (Some(at), Some(policy)) => inline
                        .iter_mut()
                        .skip(at)
                        .take(1)
                        .for_each(|one| *one = Arc::clone(policy)),
                    (Some(at), None) => drop(inline.remove(at)),
                    (None, Some(policy)) => inline.push(Arc::clone(policy)),
                    (None, None) => return Err(missing("inline policy", name)),
                }
            }
            Change::Boundary { principal, policy } => {
                let permissions = self.permissions_mut(principal)?;
                permissions.boundary = policy.as_ref().map(|policy| policy.name.clone());
                if let Some(policy) = policy {
                    let account = self.account_mut(principal)?;
                    account.managed.insert(policy.name.clone(), Arc::clone(policy));
                }
            }
            Change::Guardrail { target, id, policy } => self.guardrail(target, id, policy.as_ref())?,
        }
        Ok(())
    }

    fn key_mut(&mut self, arn: &str) -> Result<&mut Key, Error> {
        let found = self.keys.iter_mut().find(|key| key.arn == arn);
        found.ok_or_else(|| missing("key", arn))
    }

    fn account_mut(&mut self, of: &str) -> Result<&mut Account, Error> {
        let account = crate::arn::account_of(of).and_then(|id| self.accounts.get_mut(id));
        account.ok_or_else(|| missing("principal", of))
    }

    fn permissions_mut(&mut self, arn: &str) -> Result<&mut Permissions, Error> {
        let account = self.account_mut(arn)?;
        let users = account.users.values_mut();
        let users = users.map(|user| (&user.arn, &mut user.permissions));
        let roles = account.roles.values_mut();
        let roles = roles.map(|role| (&role.arn, &mut role.permissions));
        let found = users.chain(roles).find(|(known, _)| *known == arn);
        found
            .map(|(_, permissions)| permissions)
            .ok_or_else(|| missing("principal", arn))
    }

    fn managed(&mut self, arn: &str, policy: Option<&Arc<Policy>>) -> Result<(), Error> {
        let mut found = false;
        for account in self.accounts.values_mut() {
            let all = account.users.values_mut().map(|user| &mut user.permissions);
            let all = all.chain(account.groups.values_mut().map(|group| &mut group.permissions));
            let all = all.chain(account.roles.values_mut().map(|role| &mut role.permissions));
            let mut used = account.managed.contains_key(arn);
            for permissions in all {
                used |= permissions.boundary.as_deref() == Some(arn)
                    || permissions.attached.iter().any(|one| one == arn);
                if policy.is_none() {
                    permissions.attached.retain(|one| one != arn);
                }
            }
            if let Some(policy) = policy.filter(|_| used) {
                account.managed.insert(arn.to_owned(), Arc::clone(policy));
            }
            found |= used;
        }
        match found {
            true => Ok(()),
            false => Err(missing("managed policy", arn)),
        }
    }

    fn guardrail(&mut self, target: &str, id: &str, policy: Option<&Arc<Policy>>) -> Result<(), Error> {
        let organization = self
            .organization
            .as_mut()
            .ok_or_else(|| missing("target", target))?;
        let placed = organization.parents.contains_key(target);
        if !placed && !organization.members.iter().any(|member| member == target) {
            return Err(missing("target", target));
        }
        let attached = organization.attachments.entry(target.to_owned()).or_default();
        match policy {
            Some(policy) => {
                if !attached.iter().any(|one| one == id) {
                    attached.push(id.to_owned());
                }
                organization.policies.insert(id.to_owned(), Arc::clone(policy));
            }
            None if attached.iter().any(|one| one == id) => attached.retain(|one| one != id),
            None => return Err(missing("attached policy", id)),
        }
        Ok(())
    }
}
