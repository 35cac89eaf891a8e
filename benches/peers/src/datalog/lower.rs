//! An organization without conditions as facts.

use crate::organization::{Organization, Role, Statement};
use keywho::model::action::{Action, ActionSet};
use std::collections::HashMap;

/// Positions in the lists of the organization.
pub(crate) type RoleId = u32;
pub(crate) type KeyId = u32;
pub(crate) type AccountId = u32;
pub(crate) type PolicyId = u32;

/// Facts whose actions are sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The key policy leaves actions to the IAM policies of an account (S4.3, S4.6.1).
    pub(crate) delegates: Vec<(KeyId, AccountId, ActionSet)>,
    /// The key policy allows actions to a role of the key's account (S4.4.2).
    pub(crate) names: Vec<(KeyId, RoleId, ActionSet)>,
    /// The key policy allows actions to a role of another account, whose IAM must allow them too (S4.6.1).
    pub(crate) invites: Vec<(KeyId, RoleId, ActionSet)>,
    /// A grant (S4.9.3).
    pub(crate) grants: Vec<(KeyId, RoleId, ActionSet)>,
    /// An identity policy allows actions on a key.
    pub(crate) allows: Vec<(PolicyId, KeyId, ActionSet)>,
    /// A role of an account holds an identity policy.
    pub(crate) holds: Vec<(PolicyId, AccountId, RoleId)>,
    /// The key policy denies actions to everyone.
    pub(crate) bars: Vec<(KeyId, ActionSet)>,
    /// A boundary or service control policy denies actions.
    pub(crate) denies: Vec<(PolicyId, ActionSet)>,
    /// A boundary or service control policy limits a role.
    pub(crate) limits: Vec<(RoleId, PolicyId)>,
}

/// Actions that key policies decide about, save one that has no rows (S6.16).
pub(crate) fn modelled() -> ActionSet {
    let decided = Action::all().filter(|action| !action.is_iam_only());
    decided
        .collect::<ActionSet>()
        .without(Action::SynchronizeMultiRegionKey)
}

/// Numbers for names.
#[derive(Default)]
struct Ids<'a>(HashMap<&'a str, u32>);

impl<'a> Ids<'a> {
    fn of(&mut self, name: &'a str) -> u32 {
        let next = id(self.0.len());
        *self.0.entry(name).or_insert(next)
    }
}

fn id(index: usize) -> u32 {
    u32::try_from(index).expect("there are few")
}

pub(crate) fn lower(organization: &Organization) -> Facts {
    let mut facts = Facts::default();
    let mut accounts = Ids::default();
    let mut policies = Ids::default();
    key_policies(organization, &mut accounts, &mut facts);
    for (index, role) in organization.roles.iter().enumerate() {
        let held = role
            .attached
            .iter()
            .map(String::as_str)
            .chain((!role.inline.is_empty()).then_some(role.arn.as_str()));
        let account = accounts.of(&role.account);
        facts
            .holds
            .extend(held.map(|name| (policies.of(name), account, id(index))));
        let limits = role
            .boundary
            .iter()
            .map(String::as_str)
            .chain(guardrails(organization, role));
        facts
            .limits
            .extend(limits.map(|name| (id(index), policies.of(name))));
        allow(organization, policies.of(&role.arn), &role.inline, &mut facts);
    }
    for (arn, statements) in &organization.managed {
        let policy = policies.of(arn);
        allow(organization, policy, statements, &mut facts);
        deny(policy, statements, &mut facts);
    }
    for policy in organization
        .guardrails
        .iter()
        .filter(|policy| !policy.of_resources)
    {
        deny(policies.of(&policy.id), &policy.statements, &mut facts);
    }
    facts
}

/// The service control policies above a role (S4.7.1).
fn guardrails<'a>(organization: &'a Organization, role: &'a Role) -> impl Iterator<Item = &'a str> {
    let levels: Vec<&str> = organization.levels(&role.account).collect();
    let above = organization.guardrails.iter().filter(move |policy| {
        let at = |level: &&str| policy.targets.iter().any(|target| target == level);
        !policy.of_resources && !role.service_linked && levels.iter().any(at)
    });
    above.map(|policy| policy.id.as_str())
}

/// What a policy allows, on which keys. A boundary allows every KMS action, so that nothing is out of its reach.
fn allow(organization: &Organization, policy: PolicyId, statements: &[Statement], facts: &mut Facts) {
    for statement in statements.iter().filter(|said| said.allows) {
        let all = statement.resources == ["*"];
        let keys = organization.keys.iter().enumerate();
        let matched = keys.filter(|(_, key)| all || statement.resources.contains(&key.arn));
        let actions = statement.actions & modelled();
        facts
            .allows
            .extend(matched.map(|(index, _)| (policy, id(index), actions)));
    }
}

fn deny(policy: PolicyId, statements: &[Statement], facts: &mut Facts) {
    for statement in statements.iter().filter(|said| !said.allows) {
        assert_eq!(statement.resources, ["*"]);
        facts.denies.push((policy, statement.actions & modelled()));
    }
}

fn key_policies<'a>(organization: &'a Organization, accounts: &mut Ids<'a>, facts: &mut Facts) {
    let named = organization.roles.iter().enumerate();
    let roles: HashMap<&str, u32> = named
        .map(|(index, role)| (role.arn.as_str(), id(index)))
        .collect();
    let crossing: ActionSet = Action::all().filter(|action| action.is_cross_account()).collect();
    for (index, key) in organization.keys.iter().enumerate() {
        let index = id(index);
        for grant in &key.grants {
            let operations = grant.operations & modelled();
            facts
                .grants
                .push((index, roles[grant.grantee.as_str()], operations));
        }
        for statement in &key.policy {
            let actions = statement.actions & modelled();
            for name in &statement.principals {
                let account = name.split(':').nth(4);
                let own = account == Some(key.account.as_str());
                // S4.2.1: most operations do not work on keys of other accounts.
                let possible = if own { actions } else { actions & crossing };
                match (statement.allows, account, roles.get(name.as_str())) {
                    (false, None, _) => facts.bars.push((index, actions)),
                    (true, _, Some(&role)) if own => facts.names.push((index, role, possible)),
                    (true, _, Some(&role)) => facts.invites.push((index, role, possible)),
                    (true, Some(account), None) => {
                        facts.delegates.push((index, accounts.of(account), possible))
                    }
                    _ => panic!("not modelled: {statement:?}"),
                }
            }
        }
    }
}
