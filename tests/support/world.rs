//! An organization as plain values: what the generator makes, the reference evaluator reads and `write` puts into files (S0.8).

use super::document::Document;
use serde_json::Value;

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// `aws` or another partition (S1.1).
    pub partition: String,
    /// The organization, if the snapshot has one.
    pub organization: Option<Organization>,
    /// Accounts whose IAM is in the snapshot.
    pub accounts: Vec<Account>,
    /// All keys of those accounts.
    pub keys: Vec<Key>,
    /// KMS endpoints of VPCs.
    pub endpoints: Vec<Endpoint>,
}

/// An organization: root, units, accounts and the policies attached to them.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// `o-..`
    pub id: String,
    /// `r-..`
    pub root: String,
    /// Management account.
    pub management: String,
    /// Organizational units.
    pub units: Vec<Unit>,
    /// Every account with the root or unit it lies in, management account included.
    pub members: Vec<Member>,
    /// Service control policies.
    pub scps: Vec<Guardrail>,
    /// Resource control policies.
    pub rcps: Vec<Guardrail>,
    /// Whether the organization uses resource control policies.
    pub rcps_enabled: bool,
}

/// An organizational unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// `ou-..`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Root or unit above.
    pub parent: String,
}

/// An account's place.
#[derive(Clone, Debug)]
pub struct Member {
    /// Account id.
    pub account: String,
    /// Root or unit above.
    pub parent: String,
}

/// An SCP or RCP with the roots, units and accounts it is attached to.
#[derive(Clone, Debug)]
pub struct Guardrail {
    /// `p-..`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Made by AWS.
    pub aws_managed: bool,
    /// The policy.
    pub document: Document,
    /// Where it is attached.
    pub targets: Vec<String>,
}

/// One account's IAM.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Managed policies in use.
    pub managed: Vec<ManagedPolicy>,
}

/// What users, groups and roles share: their identity policies.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Inline policies by name.
    pub inline: Vec<(String, Document)>,
    /// ARNs of attached managed policies.
    pub attached: Vec<String>,
}

/// An IAM user.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// Full ARN.
    pub arn: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// Name without path.
    pub name: String,
    /// `AIDA..`
    pub id: String,
    /// Names of its groups.
    pub groups: Vec<String>,
    /// Its own policies.
    pub policies: Policies,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// An IAM group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Full ARN.
    pub arn: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// Name.
    pub name: String,
    /// `AGPA..`
    pub id: String,
    /// Its policies.
    pub policies: Policies,
}

/// An IAM role.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// Full ARN.
    pub arn: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// Name without path.
    pub name: String,
    /// `AROA..`
    pub id: String,
    /// Trust policy.
    pub trust: Value,
    /// Its policies.
    pub policies: Policies,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// A managed policy with its default version and, sometimes, an older one that no longer counts.
#[derive(Clone, Debug)]
pub struct ManagedPolicy {
    /// Full ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// `/` or `/a/`.
    pub path: String,
    /// `ANPA..`
    pub id: String,
    /// The default version.
    pub document: Document,
    /// A version that is not the default.
    pub old_version: Option<Value>,
}

/// A KMS key.
#[derive(Clone, Debug, Default)]
pub struct Key {
    /// Key id.
    pub id: String,
    /// Key ARN.
    pub arn: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// `KeyManager` is `AWS` (S7.5).
    pub aws_managed: bool,
    /// `Enabled`, `Disabled`, ..
    pub state: String,
    /// `SYMMETRIC_DEFAULT`, ..
    pub spec: String,
    /// `ENCRYPT_DECRYPT`, ..
    pub usage: String,
    /// `AWS_KMS`, `EXTERNAL`, ..
    pub origin: String,
    /// `PRIMARY` or `REPLICA` of a multi-Region key, with the Region of the primary and those of the replicas.
    pub multi_region: Option<MultiRegion>,
    /// Key policies by name: `default` and, rarely, `AWS_RAM` (S2.1.8).
    pub policies: Vec<(String, Document)>,
    /// Grants.
    pub grants: Vec<Grant>,
    /// Alias names, `alias/..`.
    pub aliases: Vec<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Automatic rotation.
    pub rotation: bool,
}

/// Place of a key in its multi-Region set.
#[derive(Clone, Debug, Default)]
pub struct MultiRegion {
    /// `PRIMARY` or `REPLICA`.
    pub kind: String,
    /// Region of the primary.
    pub primary: String,
    /// Regions of the replicas.
    pub replicas: Vec<String>,
}

/// A grant (S4.9).
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Grant id.
    pub id: String,
    /// Name, often empty.
    pub name: String,
    /// `GranteePrincipal`: an ARN, a service name or an id of something deleted.
    pub grantee: Option<String>,
    /// `GranteeServicePrincipal`.
    pub grantee_service: Option<String>,
    /// `RetiringPrincipal`.
    pub retiring: Option<String>,
    /// `RetiringServicePrincipal`.
    pub retiring_service: Option<String>,
    /// Account id of `IssuingAccount`.
    pub issuing_account: String,
    /// Operations.
    pub operations: Vec<String>,
    /// Encryption context constraint.
    pub constraint: Option<PairConstraint>,
    /// `SourceArn` constraint.
    pub source_arn: Option<String>,
}

/// `EncryptionContextEquals` or `EncryptionContextSubset`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairConstraint {
    /// True for `EncryptionContextEquals`.
    pub equals: bool,
    /// The pairs.
    pub pairs: Vec<(String, String)>,
}

/// A VPC endpoint of KMS.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `vpce-..`
    pub id: String,
    /// `vpc-..`
    pub vpc: String,
    /// Owner.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its policy.
    pub document: Document,
}

impl World {
    /// The account, if its IAM is in the snapshot.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.id == id)
    }

    /// The key of that ARN.
    pub fn key(&self, arn: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.arn == arn)
    }

    /// ARN of an account's root user.
    pub fn root_arn(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:root", self.partition)
    }

    /// Organization id and path of an account, if it is in the organization.
    pub fn organization_path(&self, account: &str) -> Option<(String, String)> {
        let organization = self.organization.as_ref()?;
        let levels = organization.levels(account)?;
        let above: Vec<&str> = levels.iter().map(String::as_str).filter(|l| *l != account).collect();
        Some((organization.id.clone(), format!("{}/{}/", organization.id, above.join("/"))))
    }
}

impl Organization {
    /// Root, units from the top and the account itself; `None` for accounts outside.
    pub fn levels(&self, account: &str) -> Option<Vec<String>> {
        let member = self.members.iter().find(|m| m.account == account)?;
        let mut levels = vec![account.to_owned()];
        let mut above = member.parent.clone();
        while let Some(unit) = self.units.iter().find(|u| u.id == above) {
            levels.push(unit.id.clone());
            above = unit.parent.clone();
        }
        levels.push(above);
        levels.reverse();
        Some(levels)
    }
}

impl Account {
    /// The default version of a managed policy.
    pub fn managed(&self, arn: &str) -> Option<&Document> {
        self.managed.iter().find(|p| p.arn == arn).map(|p| &p.document)
    }
}

impl Role {
    /// S1.8: a service-linked role.
    pub fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }

    /// S6.2: whether a session of the role may bring session tags.
    pub fn allows_session_tags(&self) -> bool {
        self.trust.to_string().contains("sts:TagSession")
    }
}
