//! `iam get-account-authorization-details` -> users, groups, roles and managed policies.

use super::fields::Fields;
use crate::arn::{Arn, is_account_id};
use crate::diag::{Code, Diagnostic};
use crate::json::Node;
use crate::model::principal::{Group, Permissions, Policy, Role, User};
use crate::policy::document::PolicyKind;
use crate::source::Location;
use rayon::prelude::*;
use std::sync::Arc;

/// One page of account authorization details.
#[derive(Default)]
pub(super) struct IamPage {
    pub(super) account: Option<String>,
    pub(super) partition: Option<String>,
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    pub(super) roles: Vec<Role>,
    /// Managed policies by ARN.
    pub(super) managed: Vec<ManagedPolicy>,
    pub(super) location: Location,
}

/// A managed policy; without a text if the answer has none.
pub(super) struct ManagedPolicy {
    pub(super) arn: String,
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) location: Location,
}

/// Reads a page. Entities are read in parallel: one account may fill a hundred megabytes.
pub(super) fn page(fields: &mut Fields<'_>, node: &Node<'_>) -> IamPage {
    let mut page = IamPage {
        location: fields.location(node.span),
        ..IamPage::default()
    };
    page.users = each(fields, node, "UserDetailList", user);
    page.groups = each(fields, node, "GroupDetailList", group);
    page.roles = each(fields, node, "RoleDetailList", role);
    page.managed = each(fields, node, "Policies", managed);
    let arns = page.users.iter().map(|user| &user.arn);
    let arns = arns.chain(page.groups.iter().map(|group| &group.arn));
    let arns = arns.chain(page.roles.iter().map(|role| &role.arn));
    let mut arns = arns
        .chain(page.managed.iter().map(|policy| &policy.arn))
        .filter_map(|arn| Arn::parse(arn));
    if let Some(arn) = arns.find(|arn| is_account_id(arn.account)) {
        page.account = Some(arn.account.to_owned());
        page.partition = Some(arn.partition.to_owned());
    }
    page
}

fn each<T: Send>(
    fields: &mut Fields<'_>,
    page: &Node<'_>,
    name: &str,
    read: fn(&mut Fields<'_>, &Node<'_>) -> Option<T>,
) -> Vec<T> {
    let nodes = fields.objects(page, name);
    let shared = &*fields;
    let read: Vec<_> = nodes
        .par_iter()
        .map(|node| {
            let mut fields = shared.fork();
            (read(&mut fields, node), fields)
        })
        .collect();
    let mut values = Vec::with_capacity(read.len());
    for (value, found) in read {
        values.extend(value);
        fields.join(found);
    }
    values
}

/// ARN and name; one of them is enough. An entity with neither is reported and not read.
fn identity(fields: &mut Fields<'_>, node: &Node<'_>, name: &str, noun: &str) -> Option<(String, String)> {
    let arn = fields.text(node, "Arn").unwrap_or_default();
    let path = fields.text(node, "Path").unwrap_or_else(|| "/".to_owned());
    let last = arn.rsplit('/').next().unwrap_or_default();
    let name = fields
        .text(node, name)
        .or_else(|| Some(last.to_owned()).filter(|last| !last.is_empty()));
    let Some(name) = name else {
        let message = format!("a {noun} with neither name nor ARN");
        fields.invalid(node.span, message, "it appears in no answer");
        return None;
    };
    if arn.is_empty() {
        // The account is added when it is known.
        return Some((format!("{noun}{path}{name}"), name));
    }
    Some((arn, name))
}

fn user(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<User> {
    let (arn, name) = identity(fields, node, "UserName", "user")?;
    Some(User {
        arn,
        name,
        unique_id: fields.text(node, "UserId").unwrap_or_default(),
        groups: fields.texts(node, "GroupList"),
        permissions: permissions(fields, node, "UserPolicyList"),
        location: fields.location(node.span),
    })
}

fn group(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<Group> {
    let (arn, name) = identity(fields, node, "GroupName", "group")?;
    let permissions = permissions(fields, node, "GroupPolicyList");
    Some(Group {
        arn,
        name,
        permissions,
        location: fields.location(node.span),
    })
}

fn role(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<Role> {
    let (arn, name) = identity(fields, node, "RoleName", "role")?;
    let resource = Arn::parse(&arn).map_or(arn.as_str(), |arn| arn.resource);
    let from_arn = resource
        .strip_prefix("role")
        .and_then(|path| path.strip_suffix(name.as_str()));
    // WHY: the ARN decides what a role is matched by, so its path wins; exemptions of service-linked roles hang on it.
    let path = from_arn
        .filter(|path| path.starts_with('/'))
        .unwrap_or("/")
        .to_owned();
    let trust = fields.document(node, "AssumeRolePolicyDocument", PolicyKind::Trust);
    Some(Role {
        path,
        unique_id: fields.text(node, "RoleId").unwrap_or_default(),
        trust: trust.map(|document| {
            Arc::new(Policy {
                kind: PolicyKind::Trust,
                name: "trust policy".to_owned(),
                document,
            })
        }),
        permissions: permissions(fields, node, "RolePolicyList"),
        location: fields.location(node.span),
        arn,
        name,
    })
}

fn permissions(fields: &mut Fields<'_>, node: &Node<'_>, inline: &str) -> Permissions {
    let mut permissions = Permissions {
        tags: fields.tags(node, "Tags", "Key", "Value"),
        ..Permissions::default()
    };
    for policy in fields.objects(node, inline) {
        let name = fields.text(policy, "PolicyName").unwrap_or_default();
        match fields.document(policy, "PolicyDocument", PolicyKind::Identity) {
            Some(document) => {
                let kind = PolicyKind::Identity;
                permissions.inline.push(Arc::new(Policy { kind, name, document }));
            }
            None => permissions.inline.push(without_text(fields, policy, name)),
        }
    }
    for attached in fields.objects(node, "AttachedManagedPolicies") {
        match fields.text(attached, "PolicyArn") {
            Some(arn) => permissions.attached.push(arn),
            None => {
                let message = "an attached policy without `PolicyArn`".to_owned();
                fields.invalid(
                    attached.span,
                    message,
                    "what it allows or denies is reported as unknown",
                );
                permissions
                    .inline
                    .push(without_text(fields, attached, String::new()));
            }
        }
    }
    permissions.boundary = boundary(fields, node);
    permissions
}

/// A policy that is there but cannot be read: opaque, so that its holders are not taken to lack it.
fn without_text(fields: &mut Fields<'_>, node: &Node<'_>, name: String) -> Arc<Policy> {
    let location = fields.location(node.span);
    let message = format!("policy `{name}` has no text");
    let found = Diagnostic::new(Code::UnparsablePolicy, location, &message);
    fields.report(found.effect("what it allows or denies is reported as unknown"));
    let document = crate::policy::document::Document {
        opaque: Some(message),
        location,
        ..Default::default()
    };
    Arc::new(Policy {
        kind: PolicyKind::Identity,
        name,
        document,
    })
}

/// ARN of the permissions boundary, which may be printed as an object or as bare text.
fn boundary(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<String> {
    let value = node
        .member("PermissionsBoundary")
        .filter(|value| !value.is_null())?;
    if let Some(arn) = value.text() {
        return Some(arn.into_owned()).filter(|arn| !arn.is_empty());
    }
    if value.members().is_empty() {
        return None;
    }
    let arn = fields
        .text(value, "PermissionsBoundaryArn")
        .or_else(|| fields.text(value, "Arn"));
    if arn.is_none() {
        let message = "a permissions boundary without `PermissionsBoundaryArn`".to_owned();
        fields.invalid(
            value.span,
            message,
            "what the boundary allows is reported as unknown",
        );
    }
    // A boundary whose name is lost still limits: it is named by a text that no policy has.
    Some(arn.unwrap_or_else(|| "unknown boundary".to_owned()))
}

fn managed(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<ManagedPolicy> {
    let location = fields.location(node.span);
    let Some(arn) = fields.text(node, "Arn") else {
        fields.invalid(
            node.span,
            "a managed policy without `Arn`".to_owned(),
            "it was not read",
        );
        return None;
    };
    let versions = fields.objects(node, "PolicyVersionList");
    let default_id = fields.text(node, "DefaultVersionId");
    let mut default = None;
    for version in &versions {
        let is_default = match fields.flag(version, "IsDefaultVersion") {
            Some(flag) => flag,
            None => {
                let id = fields.text(version, "VersionId");
                (id.is_some() && id == default_id) || versions.len() == 1
            }
        };
        if is_default && default.is_none() {
            default = Some(*version);
        }
    }
    let document = default.and_then(|version| fields.document(version, "Document", PolicyKind::Identity));
    let policy = document.map(|document| {
        Arc::new(Policy {
            kind: PolicyKind::Identity,
            name: arn.clone(),
            document,
        })
    });
    Some(ManagedPolicy {
        arn,
        policy,
        location,
    })
}
