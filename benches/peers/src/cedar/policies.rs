//! IAM, key and organization policies and grants as Cedar policies.
//!
//! A key policy statement that names roles of its account, or everyone, is a `permit` on its key, and so is a grant.
//! What it leaves to an account's IAM is a tag of the key (see `entities`): each allow of an identity policy is a
//! `permit` where the key has left the action to the caller's account. Denies are `forbid`s.

use super::condition;
use crate::organization::{Grant, Guardrail, Key, Organization, Role, Statement};
use keywho::model::action::{Action, ActionSet};
use std::collections::BTreeMap;

/// Which requests a policy can matter to. Leaving out the others is what Cedar's documentation calls slicing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Any,
    /// Those of principals that are this, hold it or are in it: a role, a policy, a level of the organization.
    Holders(String),
    /// Those to a key.
    Key(String),
}

/// A Cedar policy.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) reach: Reach,
    pub(crate) actions: ActionSet,
    pub(crate) text: String,
}

/// The account leaves the action to the IAM of the caller's account, or names the caller, who is of another.
const OPEN: &str = "((resource.hasTag(principal.account) && resource.getTag(principal.account).contains(action)) \
    || (resource.hasTag(principal.arn) && resource.getTag(principal.arn).contains(action)))";

/// The head of a policy, and what else must hold.
struct Rule<'a> {
    permit: bool,
    principal: &'a str,
    actions: ActionSet,
    resource: &'a str,
    when: Vec<String>,
    unless: Option<&'a str>,
}

impl Rule<'_> {
    fn print(&self, reach: Reach) -> Option<Text> {
        if self.actions.is_empty() {
            return None;
        }
        let effect = if self.permit { "permit" } else { "forbid" };
        let actions = match self.actions {
            ActionSet::ALL => "action".to_owned(),
            some => format!("action in Action::{:?}", group(some)),
        };
        let mut text = format!("{effect}({}, {actions}, {})", self.principal, self.resource);
        if !self.when.is_empty() {
            text += &format!("\nwhen {{ {} }}", self.when.join(" && "));
        }
        if let Some(unless) = self.unless {
            text += &format!("\nunless {{ {unless} }}");
        }
        text.push(';');
        Some(Text {
            reach,
            actions: self.actions,
            text,
        })
    }
}

/// The name of a set of actions: asking whether an action is in a group is faster than comparing it with a list.
pub(crate) fn group(actions: ActionSet) -> String {
    format!("set-{:x}", actions.bits())
}

/// All policies of an organization.
pub(crate) fn translate(organization: &Organization) -> Vec<Text> {
    let mut texts: Vec<Text> = own_account_only().into_iter().collect();
    texts.extend(organization.guardrails.iter().flat_map(guardrail));
    texts.extend(managed(organization));
    texts.extend(organization.roles.iter().flat_map(inline));
    texts.extend(organization.keys.iter().flat_map(key_policy));
    texts.extend(
        organization
            .keys
            .iter()
            .flat_map(|key| key.grants.iter().flat_map(|one| grant(key, one))),
    );
    texts
}

/// S4.2.1: most operations do not work on keys of other accounts.
fn own_account_only() -> Option<Text> {
    let rule = Rule {
        permit: false,
        principal: "principal",
        actions: Action::all()
            .filter(|action| !action.is_cross_account())
            .collect(),
        resource: "resource",
        when: vec!["principal.account != resource.account".to_owned()],
        unless: None,
    };
    rule.print(Reach::Any)
}

/// S4.7: denies bind who or what is at a level that the policy is attached to. What is allowed is everything, at every
/// level, so that nothing is denied for want of it.
fn guardrail(policy: &Guardrail) -> Vec<Text> {
    let mut texts = Vec::new();
    for statement in &policy.statements {
        assert_eq!(statement.resources, ["*"], "{}", policy.id);
        if statement.allows {
            assert!(statement.actions == ActionSet::ALL && statement.condition.is_empty());
            continue;
        }
        for target in &policy.targets {
            let at = format!("in Level::{target:?}");
            let (principal, resource, unless, reach) = match policy.of_resources {
                false => (
                    format!("principal {at}"),
                    "resource".to_owned(),
                    "principal.serviceLinked",
                    Reach::Holders(target.clone()),
                ),
                true => (
                    "principal".to_owned(),
                    format!("resource {at}"),
                    "principal.serviceLinked || resource.awsManaged",
                    Reach::Any,
                ),
            };
            let rule = Rule {
                permit: false,
                principal: &principal,
                actions: statement.actions,
                resource: &resource,
                when: condition::clauses(&statement.condition),
                unless: Some(unless),
            };
            texts.extend(rule.print(reach));
        }
    }
    texts
}

/// Managed policies as what they are held as: identity policies, boundaries, or both.
fn managed(organization: &Organization) -> Vec<Text> {
    let mut texts = Vec::new();
    for (arn, statements) in &organization.managed {
        let attached = |role: &Role| role.attached.contains(arn);
        if organization.roles.iter().any(attached) {
            let holder = format!("principal in Policy::{arn:?}");
            texts.extend(statements.iter().filter_map(|said| identity(&holder, arn, said)));
        }
        if organization
            .roles
            .iter()
            .any(|role| role.boundary.as_ref() == Some(arn))
        {
            texts.extend(boundary(arn, statements));
        }
    }
    texts
}

fn inline(role: &Role) -> Vec<Text> {
    let holder = format!("principal == Role::{:?}", role.arn);
    let said = role.inline.iter();
    said.filter_map(|said| identity(&holder, &role.arn, said))
        .collect()
}

/// S4.5, S4.6: an allow counts where the key policy has left it to the account. `of`: the policy, or the role it is in.
fn identity(holder: &str, of: &str, statement: &Statement) -> Option<Text> {
    let mut when = Vec::new();
    if statement.allows {
        when.push(OPEN.to_owned());
    }
    when.extend(resources(&statement.resources));
    when.extend(condition::clauses(&statement.condition));
    let rule = Rule {
        permit: statement.allows,
        principal: holder,
        actions: statement.actions,
        resource: "resource",
        when,
        unless: None,
    };
    rule.print(Reach::Holders(of.to_owned()))
}

/// S4.4.2, S4.5.1: what a boundary does not allow is out of reach, and what it denies is denied.
fn boundary(arn: &str, statements: &[Statement]) -> Vec<Text> {
    let holder = format!("principal in Boundary::{arn:?}");
    let simple = |said: &Statement| said.resources == ["*"] && said.condition.is_empty();
    assert!(statements.iter().all(simple), "{arn}");
    let (allows, denies): (Vec<_>, Vec<_>) = statements.iter().partition(|said| said.allows);
    let allowed = allows
        .iter()
        .fold(ActionSet::EMPTY, |all, said| all | said.actions);
    let forbidden = [ActionSet::ALL - allowed]
        .into_iter()
        .chain(denies.iter().map(|said| said.actions));
    let rule = |actions| Rule {
        permit: false,
        principal: &holder,
        actions,
        resource: "resource",
        when: Vec::new(),
        unless: None,
    };
    forbidden
        .filter_map(|actions| rule(actions).print(Reach::Holders(arn.to_owned())))
        .collect()
}

fn resources(patterns: &[String]) -> Option<String> {
    if patterns.iter().any(|pattern| pattern == "*") {
        return None;
    }
    let (globs, exact): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| pattern.contains(['*', '?']));
    let mut any: Vec<String> = globs
        .iter()
        .map(|pattern| format!("resource.arn like {pattern:?}"))
        .collect();
    if !exact.is_empty() {
        any.push(format!("{}.contains(resource)", entities("Key", exact)));
    }
    Some(format!("({})", any.join(" || ")))
}

fn entities<'a>(kind: &str, names: impl IntoIterator<Item = &'a String>) -> String {
    let each: Vec<String> = names
        .into_iter()
        .map(|name| format!("{kind}::{name:?}"))
        .collect();
    format!("[{}]", each.join(", "))
}

/// S4.4: what a key policy allows to roles of its own account, and what it denies.
fn key_policy(key: &Key) -> Vec<Text> {
    let said = key.policy.iter();
    said.filter_map(|said| match said.allows {
        true => direct(key, said),
        false => denied(key, said),
    })
    .collect()
}

fn on_key(key: &Key, permit: bool, actions: ActionSet, when: Vec<String>) -> Option<Text> {
    let rule = Rule {
        permit,
        principal: "principal",
        actions,
        resource: &format!("resource == Key::{:?}", key.arn),
        when,
        unless: None,
    };
    rule.print(Reach::Key(key.arn.clone()))
}

fn direct(key: &Key, statement: &Statement) -> Option<Text> {
    let mut when = Vec::new();
    match statement.principals.as_slice() {
        [any] if any == "*" => {
            // S4.6.1: those of other accounts would need IAM as well.
            assert_eq!(
                statement.condition["StringEquals"]["kms:CallerAccount"],
                key.account
            );
        }
        _ => {
            let own = format!("arn:aws:iam::{}:role/", key.account);
            let roles: Vec<&String> = statement
                .principals
                .iter()
                .filter(|name| name.starts_with(&own))
                .collect();
            if roles.is_empty() {
                return None;
            }
            when.push(format!("{}.contains(principal)", entities("Role", roles)));
        }
    }
    when.extend(condition::clauses(&statement.condition));
    on_key(key, true, statement.actions, when)
}

fn denied(key: &Key, statement: &Statement) -> Option<Text> {
    assert_eq!(statement.principals, ["*"], "{}", key.arn);
    on_key(
        key,
        false,
        statement.actions,
        condition::clauses(&statement.condition),
    )
}

/// S4.9: a constraint binds operations that have an encryption context; DescribeKey has none. That of CreateGrant binds
/// the grant asked for, which is not modelled: it is left out.
fn grant(key: &Key, grant: &Grant) -> Vec<Text> {
    let free = match grant.subset.is_empty() {
        true => grant.operations,
        false => grant.operations & ActionSet::of(&[Action::DescribeKey]),
    };
    let bound = (grant.operations - free).without(Action::CreateGrant);
    let pairs = condition::clauses(&subset(&grant.subset));
    let permit = |actions, when: Vec<String>| {
        Rule {
            permit: true,
            principal: &format!("principal == Role::{:?}", grant.grantee),
            actions,
            resource: &format!("resource == Key::{:?}", key.arn),
            when,
            unless: None,
        }
        .print(Reach::Key(key.arn.clone()))
    };
    [permit(free, Vec::new()), permit(bound, pairs)]
        .into_iter()
        .flatten()
        .collect()
}

/// The constraint as a condition.
fn subset(pairs: &BTreeMap<String, String>) -> serde_json::Map<String, serde_json::Value> {
    let each: serde_json::Map<String, serde_json::Value> = pairs
        .iter()
        .map(|(name, value)| (format!("kms:EncryptionContext:{name}"), value.as_str().into()))
        .collect();
    serde_json::Map::from_iter([("StringEquals".to_owned(), each.into())])
}
