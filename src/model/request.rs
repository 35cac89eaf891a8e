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

/// A request that has nothing but what every request has, in texts that are somewhere else.
#[derive(Clone, Copy, Debug)]
pub struct PlainRequest<'a> {
    /// ARN of the principal, or the name of a service principal.
    pub principal: &'a str,
    /// IAM action.
    pub action: &'a str,
    /// Key id, key ARN, alias name or alias ARN.
    pub resource: &'a str,
    /// Context keys with their values. A key with several values stands once for each.
    pub context: &'a [(&'a str, &'a str)],
    /// Whether what is not stated is unknown instead of absent (S6.10).
    pub open_context: bool,
}

impl Request {
    /// Whether it has nothing but what every request has.
    pub(crate) fn is_plain(&self) -> bool {
        self.session_policies.is_none()
            && self.vpc_endpoint.is_none()
            && self.grant.is_none()
            && self.grant_id.is_none()
            && self.alias.is_none()
            && self.previous_key.is_none()
            && self.destination.is_none()
            && self.destination_context.is_empty()
            && self.new_policy.is_none()
            && !self.bypass
            && self.federated_by.is_none()
            && self.context.values().all(|values| !values.is_empty())
    }

    /// What every request has, with a context.
    pub(crate) fn plain<'a>(&'a self, context: &'a [(&'a str, &'a str)]) -> PlainRequest<'a> {
        PlainRequest {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            context,
            open_context: self.open_context,
        }
    }
}

impl PlainRequest<'_> {
    /// The same in texts of its own.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut context: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self.context {
            context
                .entry((*name).to_owned())
                .or_default()
                .push((*value).to_owned());
        }
        Request {
            principal: self.principal.to_owned(),
            action: self.action.to_owned(),
            resource: self.resource.to_owned(),
            context,
            open_context: self.open_context,
            ..Request::default()
        }
    }
}
