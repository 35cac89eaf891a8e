//! Answers of `aws kms` -> keys, aliases, policies, grants and tags, each with the key it belongs to.

use super::fields::Fields;
use crate::arn::{Arn, KeyArn};
use crate::diag::{Code, Diagnostic};
use crate::json::Node;
use crate::model::Tags;
use crate::model::key::{Grant, Key};
use crate::model::principal::Policy;
use crate::policy::document::{Document, PolicyKind};
use crate::source::Location;
use ahash::AHashMap;
use std::sync::Arc;

/// Which key something belongs to, as far as the answer and its path say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyRef {
    pub(super) id: Option<String>,
    pub(super) partition: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
}

impl KeyRef {
    /// The full ARN, if everything is known. The partition may be that of the Region's other keys, or be guessed.
    pub(super) fn arn(&self, partitions: &AHashMap<String, String>) -> Option<String> {
        let (id, account, region) = (self.id.as_ref()?, self.account.as_ref()?, self.region.as_ref()?);
        let printed = self.partition.as_ref().or_else(|| partitions.get(region));
        let partition = printed.map_or_else(|| partition_of(region), String::as_str);
        Some(["arn:", partition, ":kms:", region, ":", account, ":key/", id].concat())
    }
}

/// The partition a Region lies in (S1.1).
pub(super) fn partition_of(region: &str) -> &'static str {
    const BY_PREFIX: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
    ];
    BY_PREFIX
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
}

/// An entry of list-aliases.
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) partition: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) target: Option<String>,
    pub(super) location: Location,
}

/// The key that an answer names by id or ARN; what it does not say is taken from the path.
pub(super) fn key_ref(fields: &mut Fields<'_>, node: &Node<'_>, name: &str) -> KeyRef {
    let named = fields.text(node, name);
    let found = named_key(fields, named);
    contradiction(fields, node, &found);
    found
}

/// The key of a printed id or ARN, completed by the path.
fn named_key(fields: &Fields<'_>, named: Option<String>) -> KeyRef {
    let Some(named) = named else {
        return hinted_key(fields);
    };
    match KeyArn::parse(&named) {
        Some(arn) => KeyRef {
            id: Some(arn.id.to_owned()),
            partition: Some(arn.partition.to_owned()),
            account: Some(arn.account.to_owned()),
            region: Some(arn.region.to_owned()),
        },
        None => KeyRef {
            id: Some(named),
            ..hinted_key(fields)
        },
    }
}

/// The key that the path names.
pub(super) fn hinted_key(fields: &Fields<'_>) -> KeyRef {
    KeyRef {
        id: fields.hints.key.clone(),
        partition: None,
        account: fields.hints.account.clone(),
        region: fields.hints.region.clone(),
    }
}

/// Reports an answer about one key in the folder of another.
fn contradiction(fields: &mut Fields<'_>, node: &Node<'_>, found: &KeyRef) {
    let hinted = fields.hints;
    let differs = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    let pairs = [
        (&found.id, &hinted.key, "key"),
        (&found.account, &hinted.account, "account"),
        (&found.region, &hinted.region, "Region"),
    ];
    let Some((says, path, noun)) = pairs.into_iter().find(|(a, b, _)| differs(a, b)) else {
        return;
    };
    let (says, path) = (says.clone().unwrap_or_default(), path.clone().unwrap_or_default());
    let message = format!("an answer about {noun} `{says}` under a path that names `{path}`");
    let found = Diagnostic::new(Code::ConflictingData, fields.location(node.span), message);
    fields.report(found.effect(format!("it counts for `{says}`")));
}

/// list-keys: the keys with their places.
pub(super) fn keys(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<(KeyRef, Location)> {
    let mut keys = Vec::new();
    for entry in fields.objects(page, "Keys") {
        let name = if entry.member("KeyArn").is_some_and(|arn| !arn.is_null()) {
            "KeyArn"
        } else {
            "KeyId"
        };
        let printed = fields.text(entry, name);
        keys.push((named_key(fields, printed), fields.location(entry.span)));
    }
    keys
}

/// describe-key: a key with what its metadata says and nothing else.
pub(super) fn metadata(fields: &mut Fields<'_>, node: &Node<'_>) -> (KeyRef, Key) {
    let name = if node.member("Arn").is_some_and(|arn| !arn.is_null()) {
        "Arn"
    } else {
        "KeyId"
    };
    let mut of = key_ref(fields, node, name);
    of.account = fields
        .text(node, "AWSAccountId")
        .filter(|_| of.account.is_none())
        .or(of.account);
    let mut algorithms = Vec::new();
    for list in [
        "EncryptionAlgorithms",
        "SigningAlgorithms",
        "MacAlgorithms",
        "KeyAgreementAlgorithms",
    ] {
        algorithms.extend(fields.texts(node, list));
    }
    let region_type = node
        .member("MultiRegionConfiguration")
        .filter(|node| !node.is_null());
    let key = Key {
        aws_managed: fields
            .text(node, "KeyManager")
            .and_then(|manager| match manager.as_str() {
                "AWS" => Some(true),
                "CUSTOMER" => Some(false),
                _ => None,
            }),
        spec: fields
            .text(node, "KeySpec")
            .or_else(|| fields.text(node, "CustomerMasterKeySpec")),
        usage: fields.text(node, "KeyUsage"),
        origin: fields.text(node, "Origin"),
        state: fields.text(node, "KeyState"),
        multi_region: fields.flag(node, "MultiRegion"),
        multi_region_type: region_type.and_then(|node| fields.text(node, "MultiRegionKeyType")),
        algorithms,
        description: fields.text(node, "Description").unwrap_or_default(),
        location: fields.location(node.span),
        ..Key::default()
    };
    (of, key)
}

/// get-key-policy, or a bare policy document where a key policy is expected.
pub(super) struct KeyPolicy {
    pub(super) key: KeyRef,
    pub(super) policy: Arc<Policy>,
    pub(super) location: Location,
}

/// get-key-policy. The key is known from the path alone.
pub(super) fn key_policy(fields: &mut Fields<'_>, node: &Node<'_>) -> Option<KeyPolicy> {
    let name = fields.text(node, "PolicyName");
    let document = fields.document(node, "Policy", PolicyKind::Key)?;
    Some(named_policy(fields, name, document))
}

/// A key policy of which only the text is given. The file may be named after the policy.
pub(super) fn named_policy(fields: &Fields<'_>, name: Option<String>, document: Document) -> KeyPolicy {
    let by_path = if fields.hints.says("aws_ram") {
        "AWS_RAM"
    } else {
        "default"
    };
    let name = name.unwrap_or_else(|| by_path.to_owned());
    let location = document.location;
    let policy = Arc::new(Policy {
        kind: PolicyKind::Key,
        name,
        document,
    });
    KeyPolicy {
        key: hinted_key(fields),
        policy,
        location,
    }
}

/// list-grants, with the key of each grant.
pub(super) fn grants(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<(KeyRef, Grant)> {
    let mut grants = Vec::new();
    for node in fields.objects(page, "Grants") {
        let of = key_ref(fields, node, "KeyId");
        grants.push((of, grant(fields, node)));
    }
    grants
}

pub(super) fn grant(fields: &mut Fields<'_>, node: &Node<'_>) -> Grant {
    let issuing = fields.text(node, "IssuingAccount");
    let account = issuing.map(|text| match Arn::parse(&text) {
        Some(arn) => arn.account.to_owned(),
        None => text,
    });
    Grant {
        id: fields.text(node, "GrantId").unwrap_or_default(),
        name: fields.text(node, "Name").unwrap_or_default(),
        grantee: fields.text(node, "GranteePrincipal"),
        grantee_service: fields.text(node, "GranteeServicePrincipal"),
        retiring: fields.text(node, "RetiringPrincipal"),
        retiring_service: fields.text(node, "RetiringServicePrincipal"),
        issuing_account: account,
        operations: fields.texts(node, "Operations"),
        constraints: fields.constraints(node),
        location: fields.location(node.span),
    }
}

/// list-aliases.
pub(super) fn aliases(fields: &mut Fields<'_>, page: &Node<'_>) -> Vec<Alias> {
    let mut aliases = Vec::new();
    for node in fields.objects(page, "Aliases") {
        let arn = fields.text(node, "AliasArn");
        let arn = arn.as_deref().and_then(Arn::parse);
        let name = fields
            .text(node, "AliasName")
            .or_else(|| arn.map(|arn| arn.resource.to_owned()));
        let Some(name) = name else {
            fields.invalid(
                node.span,
                "an alias without `AliasName`".to_owned(),
                "the alias was not read",
            );
            continue;
        };
        aliases.push(Alias {
            name,
            partition: arn.map(|arn| arn.partition.to_owned()),
            account: arn
                .map(|arn| arn.account.to_owned())
                .or_else(|| fields.hints.account.clone()),
            region: arn
                .map(|arn| arn.region.to_owned())
                .or_else(|| fields.hints.region.clone()),
            target: fields.text(node, "TargetKeyId"),
            location: fields.location(node.span),
        });
    }
    aliases
}

/// list-resource-tags.
pub(super) fn tags(fields: &mut Fields<'_>, page: &Node<'_>) -> Tags {
    fields.tags(page, "Tags", "TagKey", "TagValue")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_from_regions() {
        let partitions = [
            "eu-west-1",
            "cn-north-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eusc-de-east-1",
        ]
        .map(partition_of);
        assert_eq!(
            partitions,
            ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"]
        );
    }
}
