//! `iam get-account-authorization-details` -> users, groups, roles and managed policies.

use super::ahead::{Ahead, Batch, batch};
use super::entities::Entities;
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
    pub(super) users: Entities<User>,
    pub(super) groups: Entities<Group>,
    pub(super) roles: Entities<Role>,
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

/// Reads a page, of which some was read ahead.
pub(super) fn page(fields: &mut Fields<'_>, node: &Node<'_>, ahead: Ahead) -> IamPage {
    let mut page = IamPage {
        location: fields.location(node.span),
        ..IamPage::default()
    };
    let users = each(fields, node, "UserDetailList", ahead.users, user);
    let groups = each(fields, node, "GroupDetailList", ahead.groups, group);
    let roles = each(fields, node, "RoleDetailList", ahead.roles, role);
    page.managed = each(fields, node, "Policies", ahead.managed, managed);
    let arns = users.iter().map(|user| &user.arn);
    let arns = arns.chain(groups.iter().map(|group| &group.arn));
    let arns = arns.chain(roles.iter().map(|role| &role.arn));
    let mut arns = arns
        .chain(page.managed.iter().map(|policy| &policy.arn))
        .filter_map(|arn| Arn::parse(arn));
    if let Some(arn) = arns.find(|arn| is_account_id(arn.account)) {
        page.account = Some(arn.account.to_owned());
        page.partition = Some(arn.partition.to_owned());
    }
    let owner = page.account.as_deref();
    page.users = Entities::new(users, owner);
    page.groups = Entities::new(groups, owner);
    page.roles = Entities::new(roles, owner);
    page
}

/// Reads a list of entities of which some were read ahead: all but its first and its last.
fn each<T: Send>(
    fields: &mut Fields<'_>,
    page: &Node<'_>,
    name: &str,
    ahead: Vec<Batch<T>>,
    read: fn(&mut Fields<'_>, &Node<'_>) -> Option<T>,
) -> Vec<T> {
    const TOGETHER: usize = 32;
    let nodes = fields.list(page, name);
    let (place, hints) = (fields.place, fields.hints);
    let (first, last) = nodes.split_at(nodes.len().min(1));
    let read = |nodes: &[&Node<'_>]| batch(place, hints, nodes.iter().copied(), name, read);
    let mut batches = vec![read(first)];
    batches.extend(ahead);
    batches.par_extend(last.par_chunks(TOGETHER).map(read));
    for batch in &mut batches {
        fields.diagnostics.append(&mut batch.shape);
    }
    let mut values = Vec::with_capacity(batches.iter().map(|batch| batch.values.len()).sum());
    for batch in batches {
        values.extend(batch.values);
        fields.diagnostics.extend(batch.found);
        fields.lost += batch.lost;
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

pub(super) fn user(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<User> {
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

pub(super) fn group(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<Group> {
    let (arn, name) = identity(fields, node, "GroupName", "group")?;
    let permissions = permissions(fields, node, "GroupPolicyList");
    Some(Group {
        arn,
        name,
        permissions,
        location: fields.location(node.span),
    })
}

pub(super) fn role(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<Role> {
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
    let inline = fields.objects(node, inline);
    permissions.inline.reserve_exact(inline.len());
    for policy in inline {
        let name = fields.text(policy, "PolicyName").unwrap_or_default();
        match fields.document(policy, "PolicyDocument", PolicyKind::Identity) {
            Some(document) => {
                let kind = PolicyKind::Identity;
                permissions.inline.push(Arc::new(Policy { kind, name, document }));
            }
            None => permissions.inline.push(without_text(fields, policy, name)),
        }
    }
    let attached = fields.objects(node, "AttachedManagedPolicies");
    permissions.attached.reserve_exact(attached.len());
    for attached in attached {
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

pub(super) fn managed(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<ManagedPolicy> {
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
