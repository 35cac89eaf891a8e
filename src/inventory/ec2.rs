//! `ec2 describe-vpc-endpoints` -> the endpoints of KMS with their policies.

use super::fields::Fields;
use crate::json::Node;
use crate::model::organization::VpcEndpoint;
use crate::model::principal::Policy;
use crate::policy::document::PolicyKind;
use std::sync::Arc;

/// Reads the endpoints of KMS; those of other services have no part in any answer.
pub(super) fn endpoints(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<VpcEndpoint> {
    let mut endpoints = Vec::new();
    for node in fields.objects(page, "VpcEndpoints") {
        let service = fields.text(node, "ServiceName").unwrap_or_default();
        if !matches!(service.rsplit('.').next(), Some("kms" | "kms-fips")) {
            continue;
        }
        let Some(id) = fields.text(node, "VpcEndpointId") else {
            fields.invalid(
                node.span,
                "a VPC endpoint without `VpcEndpointId`".to_owned(),
                "it was not read",
            );
            continue;
        };
        let region = service.rsplit('.').nth(1).unwrap_or_default().to_owned();
        let document = fields.document(node, "PolicyDocument", PolicyKind::Endpoint);
        endpoints.push(VpcEndpoint {
            vpc: fields.text(node, "VpcId"),
            account: fields
                .text(node, "OwnerId")
                .or_else(|| fields.hints.account.clone())
                .unwrap_or_default(),
            region,
            policy: document.map(|document| {
                Arc::new(Policy {
                    kind: PolicyKind::Endpoint,
                    name: id.clone(),
                    document,
                })
            }),
            service,
            id,
        });
    }
    endpoints
}
