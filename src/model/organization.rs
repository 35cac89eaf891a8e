//! The organization: its tree, and the SCPs and RCPs attached to it; VPC endpoints.

use super::Collected;
use super::principal::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An AWS organization.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// `o-...`; empty if not printed.
    pub id: String,
    /// Management account; `None` if not printed.
    pub management: Option<String>,
    /// Root, OUs and accounts by id, with the id of their parent (the root has none).
    pub parents: BTreeMap<String, Option<String>>,
    /// Whether the list of accounts is whole: then an account not in `parents` or `members` is outside.
    pub accounts_collected: Collected,
    /// Ids of all member accounts, management account included.
    pub members: Vec<String>,
    /// Policies by id.
    pub policies: BTreeMap<String, Arc<Policy>>,
    /// Ids of the policies attached to a root, OU or account.
    pub attachments: BTreeMap<String, Vec<String>>,
    /// Whether SCPs (list, texts and targets) were read.
    pub scps_collected: Collected,
    /// Whether RCPs (list, texts and targets) were read.
    pub rcps_collected: Collected,
    /// Whether SCPs are switched on; `None` if not known.
    pub scps_enabled: Option<bool>,
    /// Whether RCPs are switched on; `None` if not known.
    pub rcps_enabled: Option<bool>,
}

impl Organization {
    /// The levels above an account from the root down to the account itself; `None` where the tree does not say.
    #[must_use]
    pub fn path(&self, account: &str) -> Option<Vec<&str>> {
        let mut path = Vec::new();
        let mut at = self.parents.get_key_value(account)?;
        loop {
            path.push(at.0.as_str());
            match at.1 {
                None => break,
                // INVARIANT: a tree deeper than its own node count is a cycle in the input.
                Some(_) if path.len() > self.parents.len() => return None,
                Some(parent) => at = self.parents.get_key_value(parent)?,
            }
        }
        path.reverse();
        Some(path)
    }
}

/// A VPC endpoint for KMS.
#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    /// `vpce-...`
    pub id: String,
    /// The VPC it belongs to.
    pub vpc: Option<String>,
    /// Account that owns it.
    pub account: String,
    /// Region.
    pub region: String,
    /// Service name, `com.amazonaws.REGION.kms`.
    pub service: String,
    /// Its policy; `None` when not printed: the default policy, which allows all.
    pub policy: Option<Arc<Policy>>,
}
