//! KMS keys with their policies, grants, aliases and tags.

use super::principal::Policy;
use super::{Collected, Tags};
use crate::source::Location;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One KMS key. What is `None` or `Missing` is unknown.
#[derive(Clone, Debug, Default)]
pub struct Key {
    /// Key ARN (S1.2).
    pub arn: String,
    /// Key id: the last part of the ARN.
    pub id: String,
    /// Account that owns it.
    pub account: String,
    /// Region.
    pub region: String,
    /// Partition.
    pub partition: String,
    /// Whether AWS manages it (S7.5); `None` if not known.
    pub aws_managed: Option<bool>,
    /// `KeySpec` as printed, e.g. `SYMMETRIC_DEFAULT`.
    pub spec: Option<String>,
    /// `KeyUsage` as printed.
    pub usage: Option<String>,
    /// `Origin` as printed.
    pub origin: Option<String>,
    /// `KeyState` as printed.
    pub state: Option<String>,
    /// Whether it is a multi-Region key; `None` if not known and the id does not tell.
    pub multi_region: Option<bool>,
    /// `PRIMARY` or `REPLICA`.
    pub multi_region_type: Option<String>,
    /// `SigningAlgorithms`, `EncryptionAlgorithms`, `MacAlgorithms` as printed by describe-key; empty if not printed.
    pub algorithms: Vec<String>,
    /// Description.
    pub description: String,
    /// Key policies: `default`, and `AWS_RAM` where the key is shared (S2.1.8).
    pub policies: Vec<Arc<Policy>>,
    /// Whether all key policies were read.
    pub policies_collected: Collected,
    /// Grants.
    pub grants: Vec<Grant>,
    /// Whether all grants were read.
    pub grants_collected: Collected,
    /// Alias names (`alias/...`), sorted.
    pub aliases: Vec<String>,
    /// Whether all aliases were read.
    pub aliases_collected: Collected,
    /// Tags.
    pub tags: Tags,
    /// Whether all tags were read.
    pub tags_collected: Collected,
    /// Whether automatic rotation is on; `None` if not known.
    pub rotation: Option<bool>,
    /// When it was last used for a cryptographic operation, as `get-key-last-usage` says; `None` if it was not, or if
    /// that is not known.
    pub last_used: Option<Timestamp>,
    /// Days since the last cryptographic use when the snapshot was taken, if `get-key-last-usage` was collected.
    pub trailing_days_without_use: Option<u64>,
    /// Where it stands.
    pub location: Location,
}

/// A grant (S4.9).
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Grant id.
    pub id: String,
    /// Name, empty if none.
    pub name: String,
    /// `GranteePrincipal` as printed: an ARN, a unique id, or a service name.
    pub grantee: Option<String>,
    /// `GranteeServicePrincipal`.
    pub grantee_service: Option<String>,
    /// `RetiringPrincipal`.
    pub retiring: Option<String>,
    /// `RetiringServicePrincipal`.
    pub retiring_service: Option<String>,
    /// Account id of `IssuingAccount` (printed as account root ARN); `None` if not printed.
    pub issuing_account: Option<String>,
    /// Operations as printed.
    pub operations: Vec<String>,
    /// `Constraints`.
    pub constraints: Constraints,
    /// Where it stands.
    pub location: Location,
}

/// Constraints of a grant (S4.9.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Constraints {
    /// `EncryptionContextEquals`.
    pub equals: Option<BTreeMap<String, String>>,
    /// `EncryptionContextSubset`.
    pub subset: Option<BTreeMap<String, String>>,
    /// `SourceArn`.
    pub source_arn: Option<String>,
    /// A constraint this tool does not know, by name: whether it holds is unknown.
    pub other: Option<String>,
}
