//! Answers of `aws organizations` -> accounts, tree, policies and their targets.

use super::fields::Fields;
use super::hints::is_target;
use crate::arn::{Arn, is_account_id};
use crate::json::Node;
use crate::model::principal::Policy;
use crate::policy::document::{Document, PolicyKind};
use crate::source::Location;
use std::sync::Arc;

/// describe-organization.
pub(super) struct Overview {
    pub(super) id: Option<String>,
    pub(super) management: Option<String>,
    /// `CONSOLIDATED_BILLING` organizations have no policies.
    pub(super) features: Option<String>,
}

/// An account of list-accounts or list-accounts-for-parent.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) partition: Option<String>,
    /// The organization and its management account, as the ARN says.
    pub(super) organization: Option<(String, String)>,
    /// Root and OUs above it and itself, from the top, if printed.
    pub(super) path: Option<Vec<String>>,
}

/// A root with the policy types that are switched on.
pub(super) struct Root {
    pub(super) id: String,
    pub(super) enabled: Vec<String>,
}

/// An entry of list-policies.
pub(super) struct Summary {
    pub(super) id: String,
    /// `None` for policies that have nothing to do with access.
    pub(super) kind: Option<PolicyKind>,
    pub(super) name: String,
    pub(super) location: Location,
}

/// describe-policy.
pub(super) struct PolicyText {
    pub(super) summary: Summary,
    pub(super) policy: Option<Arc<Policy>>,
}

/// A node of the tree with the node above it.
pub(super) type Edge = (String, Option<String>);

pub(super) fn described(fields: &mut Fields<'_>, node: &Node<'_>) -> Overview {
    let arn = fields
        .text(node, "MasterAccountArn")
        .or_else(|| fields.text(node, "ManagementAccountArn"));
    let from_arn = arn
        .as_deref()
        .and_then(|arn| arn.rsplit('/').next())
        .map(str::to_owned);
    let management = fields
        .text(node, "MasterAccountId")
        .or_else(|| fields.text(node, "ManagementAccountId"))
        .or(from_arn);
    Overview {
        id: fields.text(node, "Id"),
        management,
        features: fields.text(node, "FeatureSet"),
    }
}

/// `arn:aws:organizations::MANAGEMENT:account/ORGANIZATION/ACCOUNT`
fn organization_of(arn: Arn<'_>) -> Option<(String, String)> {
    let id = arn.resource.split('/').nth(1).filter(|id| id.starts_with("o-"))?;
    is_account_id(arn.account).then(|| (id.to_owned(), arn.account.to_owned()))
}

/// Ids of a printed path: `o-x/r-y/ou-y-z/111122223333/`.
fn path_ids(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| is_target(part))
        .map(str::to_owned)
        .collect()
}

pub(super) fn members(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<Member> {
    let mut members = Vec::new();
    for node in fields.objects(page, "Accounts") {
        let Some(id) = fields.text(node, "Id") else {
            fields.invalid(
                node.span,
                "an account without `Id`".to_owned(),
                "the account was not read",
            );
            continue;
        };
        let arn = fields.text(node, "Arn");
        let arn = arn.as_deref().and_then(Arn::parse);
        let path = fields
            .texts(node, "Paths")
            .first()
            .map(|path| path_ids(path))
            .filter(|p| p.len() > 1);
        members.push(Member {
            id,
            partition: arn.map(|arn| arn.partition.to_owned()),
            organization: arn.and_then(organization_of),
            path,
        });
    }
    members
}

pub(super) fn roots(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<Root> {
    let mut roots = Vec::new();
    for node in fields.objects(page, "Roots") {
        let Some(id) = fields.text(node, "Id") else {
            fields.invalid(
                node.span,
                "a root without `Id`".to_owned(),
                "the root was not read",
            );
            continue;
        };
        let mut enabled = Vec::new();
        for kind in fields.objects(node, "PolicyTypes") {
            // PENDING_ENABLE and PENDING_DISABLE are moments; policies may apply in both.
            if fields
                .text(kind, "Status")
                .is_none_or(|status| status != "DISABLED")
            {
                enabled.extend(fields.text(kind, "Type"));
            }
        }
        roots.push(Root { id, enabled });
    }
    roots
}

/// list-organizational-units-for-parent: the OUs, each with what is above it as far as that is printed or in the path.
pub(super) fn units(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for node in fields.objects(page, "OrganizationalUnits") {
        let Some(id) = fields.text(node, "Id") else {
            fields.invalid(node.span, "an OU without `Id`".to_owned(), "the OU was not read");
            continue;
        };
        let path = fields
            .text(node, "Path")
            .map(|path| path_ids(&path))
            .unwrap_or_default();
        let printed = path.iter().rev().find(|above| **above != id).cloned();
        edges.push((id, printed.or_else(|| fields.hints.parent.clone())));
    }
    edges
}

/// list-children and list-parents, whose other end stands in the path.
pub(super) fn relatives(fields: &mut Fields<'_>, page: &Node<'_>, name: &str) -> Vec<Edge> {
    let other = fields.hints.target();
    let mut edges = Vec::new();
    for node in fields.objects(page, name) {
        match (fields.text(node, "Id"), &other) {
            (Some(child), Some(parent)) if name == "Children" => edges.push((child, Some(parent.clone()))),
            (Some(parent), Some(child)) => edges.push((child.clone(), Some(parent))),
            _ => {}
        }
    }
    edges
}

/// The kind of policy that a `Type` or the ARN of a policy says.
fn kind_of(text: &str) -> Option<PolicyKind> {
    let text = text.to_ascii_lowercase();
    if text.contains("service_control_policy") {
        return Some(PolicyKind::Scp);
    }
    text.contains("resource_control_policy")
        .then_some(PolicyKind::Rcp)
}

/// The kind of policy that the path says: `list-policies/SERVICE_CONTROL_POLICY.json`.
pub(super) fn hinted_kind(fields: &Fields<'_>) -> Option<PolicyKind> {
    kind_of(&fields.hints.name)
}

fn summary(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<Summary> {
    let arn = fields.text(node, "Arn").unwrap_or_default();
    let from_arn = arn
        .rsplit('/')
        .next()
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    let Some(id) = fields
        .text(node, "Id")
        .or(from_arn)
        .or_else(|| fields.hints.policy.clone())
    else {
        fields.invalid(
            node.span,
            "a policy without `Id`".to_owned(),
            "the policy was not read",
        );
        return None;
    };
    let kind = match fields.text(node, "Type") {
        Some(kind) => kind_of(&kind),
        None => kind_of(&arn).or_else(|| hinted_kind(fields)),
    };
    let name = fields.text(node, "Name").unwrap_or_else(|| id.clone());
    Some(Summary {
        id,
        kind,
        name,
        location: fields.location(node.span),
    })
}

/// list-policies and list-policies-for-target.
pub(super) fn policies(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<Summary> {
    let mut summaries = Vec::new();
    for node in fields.objects(page, "Policies") {
        summaries.extend(summary(fields, node));
    }
    summaries
}

/// describe-policy. The text is read only if the policy has to do with access.
pub(super) fn policy(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<PolicyText> {
    let absent = Node {
        span: node.span,
        value: crate::json::Value::Object(Vec::new()),
    };
    let of = node
        .member("PolicySummary")
        .filter(|summary| !summary.is_null())
        .unwrap_or(&absent);
    if !fields.is_object(of, "`PolicySummary`") {
        return None;
    }
    let summary = summary(fields, of)?;
    let document = match summary.kind {
        Some(kind) => fields
            .document(node, "Content", kind)
            .map(|document| (kind, document)),
        None => None,
    };
    let policy = document.map(|(kind, document)| named(kind, &summary, document));
    Some(PolicyText { summary, policy })
}

pub(super) fn named(kind: PolicyKind, summary: &Summary, document: Document) -> Arc<Policy> {
    Arc::new(Policy {
        kind,
        name: summary.name.clone(),
        document,
    })
}

/// list-targets-for-policy: ids of roots, OUs and accounts.
pub(super) fn targets(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<String> {
    let mut targets = Vec::new();
    for node in fields.objects(page, "Targets") {
        match fields.text(node, "TargetId") {
            Some(id) => targets.push(id),
            None => fields.invalid(
                node.span,
                "a target without `TargetId`".to_owned(),
                "it was not read",
            ),
        }
    }
    targets
}

/// sts get-caller-identity: the account.
pub(super) fn caller(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<(String, Option<String>)> {
    let arn = fields.text(node, "Arn");
    let partition = arn
        .as_deref()
        .and_then(Arn::parse)
        .map(|arn| arn.partition.to_owned());
    let account = fields.text(node, "Account").filter(|id| is_account_id(id))?;
    Some((account, partition))
}
