//! Action and NotAction.

use super::*;

#[test]
fn unknown_actions() {
    let key = |action: &str| in_key(&json!({"Action": action}));
    one(
        &key("kms:ReEncrypt"),
        Code::UnknownAction,
        &["write `kms:ReEncrypt*`", "S2.3.1"],
    );
    one(
        &key("KMS:Decript"),
        Code::UnknownAction,
        &["unknown KMS action `KMS:Decript`", "did you mean `kms:Decrypt`?"],
    );
    one(
        &key("kms:Describe"),
        Code::UnknownAction,
        &["did you mean `kms:Describe*`?"],
    );
    one(
        &key("kms:ReEncript*"),
        Code::UnknownAction,
        &["matches no KMS action"],
    );
    one(&key("kms:Zebra"), Code::UnknownAction, &[]);
    for action in [
        "kms:decrypt",
        "kms:ReEncrypt*",
        "kms:Gen?rateMac",
        "kms:*",
        "*",
        "*:*",
        "kms:SynchronizeMultiRegionKey",
    ] {
        none(&key(action));
    }
    one(
        &in_identity(&json!({"Action": "kms:ReEncrypt"})),
        Code::UnknownAction,
        &[],
    );
    one(
        &in_identity(&json!({"NotAction": ["kms:Zebra", "iam:*"]})),
        Code::UnknownAction,
        &["excludes nothing"],
    );
    none(&in_identity(&json!({"NotAction": ["kms:Decrypt", "iam:Zebra"]})));
}

#[test]
fn malformed_actions() {
    let identity = |action: &str| in_identity(&json!({"Action": action}));
    one(
        &identity("k*:Decrypt"),
        Code::InvalidAction,
        &["a wildcard in the service prefix", "unknown (S2.3.1)"],
    );
    one(&identity("*:Decrypt"), Code::InvalidAction, &[]);
    one(
        &identity("Decrypt"),
        Code::InvalidAction,
        &["no service prefix", "write `kms:Decrypt`"],
    );
    one(
        &identity("kms:Decrypt "),
        Code::InvalidAction,
        &["space around the action `kms:Decrypt`"],
    );
    one(
        &identity("kms:Decrypt,kms:Encrypt"),
        Code::InvalidAction,
        &["is no action"],
    );
    one(&identity("kms.Decrypt"), Code::InvalidAction, &[]);
    one(
        &identity("*Decrypt"),
        Code::InvalidAction,
        &["no service prefix", "unknown"],
    );
    one(&identity("kms:"), Code::InvalidAction, &[]);
    // Not of KMS, however they are read.
    for action in ["GetObject", "s*:GetObject", "s3:Get Object"] {
        none(&identity(action));
    }
    let named = json!({"Action": ["GetObject", "kms:Decrypt"]});
    one(&in_key(&named), Code::InvalidAction, &["matches nothing"]);
    none(&in_identity(&named));
}

#[test]
fn actions_that_a_key_policy_does_not_decide() {
    let key = |actions: Value| in_key(&json!({"Action": actions}));
    one(
        &key(json!("kms:ListAliases")),
        Code::IneffectiveAction,
        &["has no effect in a key policy", "S2.3.3"],
    );
    one(
        &key(json!(["kms:ListKeys", "kms:CreateKey", "kms:Decrypt"])),
        Code::IneffectiveAction,
        &["`kms:ListKeys`, `kms:CreateKey` have"],
    );
    one(
        &key(json!(["kms:RetireGrant", "kms:Decrypt"])),
        Code::IneffectiveAction,
        &["S4.9.8"],
    );
    one(&key(json!("kms:*CustomKeyStore*")), Code::IneffectiveAction, &[]);
    one(
        &key(json!(["s3:GetObject", "kms:Decrypt"])),
        Code::IneffectiveAction,
        &["not an action of KMS"],
    );
    none(&key(json!(["kms:List*", "kms:Create*", "kms:*"])));
    none(&in_key(&json!({"NotAction": ["kms:CreateKey", "s3:*"]})));
    none(&in_identity(
        &json!({"Action": ["kms:ListAliases", "s3:GetObject"]}),
    ));
}

#[test]
fn actions_that_an_rcp_does_not_reach() {
    let rcp = |action: &str| {
        let statement =
            json!({"Effect": "Deny", "Principal": "*", "Action": [action, "kms:Decrypt"], "Resource": "*"});
        found(PolicyKind::Rcp, &statement)
    };
    one(
        &rcp("kms:CreateKey"),
        Code::IneffectiveAction,
        &["in an RCP", "S4.7.3", "use an SCP"],
    );
    one(&rcp("kms:RetireGrant"), Code::IneffectiveAction, &[]);
    none(&rcp("kms:*"));
    none(&rcp("s3:*"));
}
