//! Accounts, users, groups and roles as `iam get-account-authorization-details` prints them.

use super::{Collected, Tags};
use crate::policy::document::{Document, PolicyKind};
use crate::source::Location;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One AWS account of the snapshot.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The 12-digit id.
    pub id: String,
    /// Partition of its ARNs, `aws` unless the files say otherwise.
    pub partition: String,
    /// Whether users, groups and roles were collected.
    pub iam: Collected,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Managed policies by ARN, default versions only. AWS managed ones are listed in every account that uses them.
    pub managed: BTreeMap<String, Arc<Policy>>,
}

/// A named policy: a document and where it comes from.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which kind it is.
    pub kind: PolicyKind,
    /// Name as people know it: `default`, an inline policy's name, a managed policy's ARN, an SCP's name.
    pub name: String,
    /// The text, parsed.
    pub document: Document,
}

/// An IAM user.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// ARN with path.
    pub arn: String,
    /// Name without path.
    pub name: String,
    /// Unique id, `AIDA...`; empty if not printed.
    pub unique_id: String,
    /// Names of its groups.
    pub groups: Vec<String>,
    /// Inline and managed policies, boundary, tags.
    pub permissions: Permissions,
    /// Where it stands.
    pub location: Location,
}

/// An IAM group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// ARN with path.
    pub arn: String,
    /// Name without path.
    pub name: String,
    /// Inline and managed policies.
    pub permissions: Permissions,
    /// Where it stands.
    pub location: Location,
}

/// An IAM role.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// ARN with path.
    pub arn: String,
    /// Name without path.
    pub name: String,
    /// Path, `/` if none.
    pub path: String,
    /// Unique id, `AROA...`; empty if not printed.
    pub unique_id: String,
    /// Trust policy, if printed: read for session tags and federation only (S6.2).
    pub trust: Option<Arc<Policy>>,
    /// Inline and managed policies, boundary, tags.
    pub permissions: Permissions,
    /// Where it stands.
    pub location: Location,
}

impl Role {
    /// Service-linked roles are exempt from SCPs and RCPs (S1.8, S3.1.5).
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }
}

/// What a user, group or role holds.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Inline policies.
    pub inline: Vec<Arc<Policy>>,
    /// ARNs of attached managed policies.
    pub attached: Vec<String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Tags,
}
