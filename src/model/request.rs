//! One request: who asks for which action on which resource, in which context.

use crate::policy::document::Document;
use std::collections::BTreeMap;

/// A request, as `decide` takes it. The JSON form is documented in the README.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Echoed in the decision.
    pub id: String,
    /// ARN of the principal, or the name of a service principal.
    pub principal: String,
    /// IAM action, or `kms:ReEncrypt`.
    pub action: String,
    /// Key id, key ARN, alias name, alias ARN, or `*` for actions without a resource.
    pub resource: String,
    /// Context keys as stated; a single-valued key has one value.
    pub context: BTreeMap<String, Vec<String>>,
    /// Session policies passed when the session was made; `None`: none was passed.
    pub session_policies: Option<Vec<Document>>,
    /// Id of the VPC endpoint the request comes through.
    pub vpc_endpoint: Option<String>,
    /// CreateGrant: the grant asked for.
    pub grant: Option<crate::model::key::Grant>,
    /// RetireGrant: the id of the grant.
    pub grant_id: Option<String>,
    /// Alias operations: the alias.
    pub alias: Option<String>,
    /// UpdateAlias: the key the alias points at now.
    pub previous_key: Option<String>,
    /// `kms:ReEncrypt`: the destination key.
    pub destination: Option<String>,
    /// `kms:ReEncrypt`: context of the destination side.
    pub destination_context: BTreeMap<String, Vec<String>>,
    /// PutKeyPolicy: the new policy.
    pub new_policy: Option<Document>,
    /// PutKeyPolicy: `BypassPolicyLockoutSafetyCheck`.
    pub bypass: bool,
    /// Whether what is not stated is unknown instead of absent (S6.10).
    pub open_context: bool,
    /// ARN of the user that made a federated session, if known.
    pub federated_by: Option<String>,
}
