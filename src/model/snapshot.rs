//! The snapshot: everything read, where it was read, and what was not.

use super::key::Key;
use super::organization::{Organization, VpcEndpoint};
use super::principal::Account;
use crate::source::{Files, Location};
use std::collections::BTreeMap;

/// What the AWS CLI printed about an organization, as plain values.
///
/// Immutable once loaded. Made by [`Snapshot::load`](crate::Snapshot::load).
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Names of the files read.
    pub files: Files,
    /// Accounts by id: every account with a file of its own, and every account the organization lists.
    pub accounts: BTreeMap<String, Account>,
    /// The organization, if anything about it was read.
    pub organization: Option<Organization>,
    /// Keys, sorted by ARN.
    pub keys: Vec<Key>,
    /// Aliases that point at no key of the snapshot: ARN and target id.
    pub dangling_aliases: Vec<(String, Option<String>)>,
    /// VPC endpoints of KMS.
    pub endpoints: Vec<VpcEndpoint>,
    /// What was there and what was not.
    pub coverage: Coverage,
}

/// What the snapshot contains and lacks, with what each gap makes unknown (A40).
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// One line for each collection: what it is, how many things were read.
    pub read: Vec<CoverageItem>,
    /// The gaps.
    pub gaps: Vec<Gap>,
}

/// Something that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageItem {
    /// What, in the plural: "accounts", "keys", "key policies", "grants".
    pub what: &'static str,
    /// How many were read whole.
    pub read: usize,
    /// How many should have been there.
    pub expected: usize,
}

/// Something that was missing, truncated or unreadable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What kind of thing: "key policy", "grants", "IAM of account", "SCPs".
    pub what: &'static str,
    /// Of whom: a key ARN, an account id, an organization id.
    pub of: String,
    /// "missing", "truncated" or "unreadable".
    pub how: &'static str,
    /// What that makes unknown, or what was assumed instead.
    pub effect: String,
    /// The file concerned, where there is one.
    pub location: Location,
}
