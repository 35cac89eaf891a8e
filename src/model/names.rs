//! Names as people write them in edits -> the ARNs and ids of the snapshot (S1.4).

use super::key::Key;
use super::principal::{Account, Permissions};
use super::snapshot::Snapshot;
use crate::arn::{AliasArn, short_names};
use crate::error::{Error, ambiguous, unknown};
use crate::policy::document::PolicyKind;

/// The only one of those that a name fits.
fn only<'a>(noun: &'static str, name: &str, found: Vec<&'a str>) -> Result<Option<&'a str>, Error> {
    match found.as_slice() {
        [] => Ok(None),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => Ok(Some(first)),
        several => Err(ambiguous(
            noun,
            name,
            several.iter().map(|&one| one.to_owned()).collect(),
        )),
    }
}

impl Snapshot {
    /// The ARN of a key, by its id, ARN, alias name (with or without `alias/`) or alias ARN.
    ///
    /// # Errors
    /// There is no such key, or the name means several.
    pub fn key_arn(&self, name: &str) -> Result<&str, Error> {
        let by_alias_arn = AliasArn::parse(name);
        let is_alias = |key: &Key, alias: &str| key.aliases.iter().any(|own| own == alias);
        let exactly = |key: &&Key| match &by_alias_arn {
            Some(alias) => {
                (key.account.as_str(), key.region.as_str()) == (alias.account, alias.region)
                    && is_alias(key, alias.name)
            }
            None => key.arn == name || key.id == name || is_alias(key, name),
        };
        let arns = |fits: &dyn Fn(&&Key) -> bool| -> Vec<&str> {
            let keys = self.keys.iter().filter(fits);
            keys.map(|key| key.arn.as_str()).collect()
        };
        let mut found = arns(&exactly);
        if found.is_empty() {
            let alias = format!("alias/{name}");
            found = arns(&|key| is_alias(key, &alias));
        }
        only("key", name, found)?.ok_or_else(|| {
            let aliases = self.keys.iter().flat_map(|key| &key.aliases);
            let names = self.keys.iter().map(|key| &key.arn).chain(aliases);
            unknown("key", name, names.map(String::as_str))
        })
    }

    /// The ARN of a user or role, by its ARN, `user/NAME`, `role/NAME` or `NAME`, with `ACCOUNT:` before it or without.
    ///
    /// # Errors
    /// There is no such user or role, or the name means several.
    pub fn principal_arn(&self, name: &str) -> Result<&str, Error> {
        let all = || self.accounts.values().flat_map(principals);
        let fits =
            |account: &str, arn: &str| arn == name || short_names(arn, account).any(|short| short == name);
        let found = all().filter(|(account, arn, _)| fits(account, arn));
        let found = found.map(|(_, arn, _)| arn).collect();
        only("user or role", name, found)?
            .ok_or_else(|| unknown("user or role", name, all().map(|(_, arn, _)| arn)))
    }

    /// The ARN of a managed policy, by its ARN or name, with `ACCOUNT:` before it or without.
    ///
    /// # Errors
    /// There is no such policy, or the name means several.
    pub fn managed_policy_arn(&self, name: &str) -> Result<&str, Error> {
        let all = || {
            self.accounts.values().flat_map(|account| {
                let users = account.users.values().map(|user| &user.permissions);
                let groups = account.groups.values().map(|group| &group.permissions);
                let roles = account.roles.values().map(|role| &role.permissions);
                let held = users.chain(groups).chain(roles);
                let held = held.flat_map(|held| held.attached.iter().chain(&held.boundary));
                let arns = account.managed.keys().chain(held);
                arns.map(|arn| (account.id.as_str(), arn.as_str()))
            })
        };
        let exactly = all().find(|(_, arn)| *arn == name);
        if let Some((_, arn)) = exactly {
            return Ok(arn);
        }
        let mut found: Vec<&str> = all()
            .filter(|(account, arn)| short_names(arn, account).any(|short| short == name))
            .map(|(_, arn)| arn)
            .collect();
        found.sort_unstable();
        found.dedup();
        only("managed policy", name, found)?.ok_or_else(|| {
            let mut known: Vec<&str> = all().map(|(_, arn)| arn).collect();
            known.sort_unstable();
            known.dedup();
            unknown("managed policy", name, known.into_iter())
        })
    }

    /// The id of a root, OU or account that organization policies can be attached to.
    ///
    /// # Errors
    /// There is no such target.
    pub fn target_id(&self, name: &str) -> Result<&str, Error> {
        let organization = self.organization.iter();
        let all = organization.flat_map(|one| one.parents.keys().chain(&one.members));
        let mut all = all.map(String::as_str);
        let found = all.clone().find(|id| *id == name);
        found.ok_or_else(|| unknown("root, OU or account", name, &mut all))
    }

    /// The id of an SCP or RCP, by its id or name; `None` if there is none of that kind.
    ///
    /// # Errors
    /// The name means several.
    pub fn guardrail_id(&self, name: &str, kind: PolicyKind) -> Result<Option<&str>, Error> {
        let policies = self.organization.iter().flat_map(|one| &one.policies);
        let of_kind: Vec<(&str, &str)> = policies
            .filter(|(_, policy)| policy.kind == kind)
            .map(|(id, policy)| (id.as_str(), policy.name.as_str()))
            .collect();
        if let Some((id, _)) = of_kind.iter().find(|(id, _)| *id == name) {
            return Ok(Some(id));
        }
        let found = of_kind.iter().filter(|(_, own)| *own == name);
        only("organization policy", name, found.map(|(id, _)| *id).collect())
    }

    /// The names of an organization's policies of one kind that are attached to a target.
    pub(crate) fn attached_names(&self, target: &str, kind: PolicyKind) -> Vec<&str> {
        let Some(organization) = &self.organization else {
            return Vec::new();
        };
        let attached = organization.attachments.get(target).into_iter().flatten();
        let policies = attached.filter_map(|id| organization.policies.get(id));
        let of_kind = policies.filter(|policy| policy.kind == kind);
        of_kind.map(|policy| policy.name.as_str()).collect()
    }

    /// What a user or role holds.
    pub(crate) fn permissions(&self, arn: &str) -> Option<&Permissions> {
        let account = self.accounts.get(crate::arn::account_of(arn)?)?;
        let mut all = principals(account);
        all.find(|(_, own, _)| *own == arn)
            .map(|(_, _, permissions)| permissions)
    }
}

/// The users and roles of an account: its id, their ARNs, and what they hold.
pub(crate) fn principals(account: &Account) -> impl Iterator<Item = (&str, &str, &Permissions)> {
    let users = account.users.values();
    let users = users.map(|user| (&account.id, &user.arn, &user.permissions));
    let roles = account.roles.values();
    let roles = roles.map(|role| (&account.id, &role.arn, &role.permissions));
    users
        .chain(roles)
        .map(|(id, arn, held)| (id.as_str(), arn.as_str(), held))
}
