//! Policies as they are in use: the default ones must pass without remark.

use super::*;
use std::io::BufRead as _;

fn check(policy: &Value) -> Vec<Diagnostic> {
    let about = Subject {
        key_arn: Some(KEY),
        ..Subject::default()
    };
    lint(&read(policy), PolicyKind::Key, &about)
}

fn root() -> Value {
    json!({"AWS": "arn:aws:iam::111122223333:root"})
}

fn role(name: &str) -> Value {
    json!({"AWS": format!("arn:aws:iam::111122223333:role/{name}")})
}

/// S7.7: what CreateKey and the CDK write.
#[test]
fn the_programmatic_default() {
    let statement = json!({"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": root(), "Action": "kms:*", "Resource": "*"});
    none(&check(
        &json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}),
    ));
}

/// S5.3: what the console writes.
#[test]
fn the_console_default() {
    let admin = [
        "kms:Create*",
        "kms:Describe*",
        "kms:Enable*",
        "kms:List*",
        "kms:Put*",
        "kms:Update*",
        "kms:Revoke*",
        "kms:Disable*",
        "kms:Get*",
        "kms:Delete*",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:ScheduleKeyDeletion",
        "kms:CancelKeyDeletion",
        "kms:RotateKeyOnDemand",
        "kms:ImportKeyMaterial",
        "kms:ReplicateKey",
        "kms:UpdatePrimaryRegion",
    ];
    let user = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
    ];
    let grant = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];
    let for_aws = json!({"Bool": {"kms:GrantIsForAWSResource": true}});
    none(&check(
        &json!({"Version": "2012-10-17", "Id": "key-consolepolicy-3", "Statement": [
            {"Effect": "Allow", "Principal": root(), "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": role("admin"), "Action": admin, "Resource": "*"},
            {"Effect": "Allow", "Principal": role("app"), "Action": user, "Resource": "*"},
            {"Effect": "Allow", "Principal": role("app"), "Action": grant, "Resource": "*", "Condition": for_aws},
            {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": user, "Resource": "*"},
        ]}),
    ));
}

#[test]
fn a_trail() {
    let trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    let service = json!({"Service": "cloudtrail.amazonaws.com"});
    let context =
        json!({"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"});
    none(&check(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": service, "Action": "kms:GenerateDataKey*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceArn": trail}, "StringLike": context}},
        {"Effect": "Allow", "Principal": service, "Action": "kms:DescribeKey", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["kms:Decrypt", "kms:ReEncryptFrom"], "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}, "StringLike": context}},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:CreateAlias", "Resource": KEY,
            "Condition": {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com", "kms:CallerAccount": "111122223333"}}},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": "444455556666"}, "Null": {"kms:EncryptionContext:aws:cloudtrail:arn": "false"}}},
    ]})));
}

/// S7.5: the key policies of AWS managed keys, in the old version.
#[test]
fn an_aws_managed_key() {
    none(&check(
        &json!({"Version": "2012-10-17", "Id": "auto-ebs-2", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*",
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
                "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "ec2.us-east-1.amazonaws.com"}}},
            {"Effect": "Allow", "Principal": root(), "Resource": "*",
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]},
        ]}),
    ));
}

#[test]
fn guardrails() {
    let rcp = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-example123", "aws:PrincipalAccount": ["444455556666"]},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}
    }});
    none(&found(PolicyKind::Rcp, &rcp));
    let scp = json!({"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "support:*"], "Resource": "*", "Condition": {
        "StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]},
        "ArnNotLike": {"aws:PrincipalARN": "arn:aws:iam::*:role/admin"}
    }});
    none(&found(PolicyKind::Scp, &scp));
    none(&found(
        PolicyKind::Scp,
        &json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
    ));
    let deletion = json!({"Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "kms:Delete*"], "Resource": "*",
        "Condition": {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}}});
    none(&found(PolicyKind::Scp, &deletion));
}

/// Nothing takes time by the square of what is written.
#[test]
fn large_policies() {
    let many = |text: &dyn Fn(usize) -> String| -> Vec<String> { (0..4_000).map(text).collect() };
    let conditions: serde_json::Map<String, Value> = many(&|i| format!("aws:PrincipalTag/{i}"))
        .into_iter()
        .map(|key| (key, json!(["a*", "b"])))
        .collect();
    let aliases = many(&|i| format!("arn:aws:kms:us-east-1:111122223333:alias/{i}"));
    let arns = many(&|i| format!("arn:aws:iam::111122223333:role/{i}"));
    let roots = many(&|i| format!("arn:aws:iam::{:012}:root", i));
    let principals = [roots, arns.clone()].concat();
    let statement = json!({
        "Effect": "Deny",
        "NotPrincipal": {"AWS": principals},
        "Action": ["kms:CreateAlias", "kms:Decrypt"],
        "Resource": aliases,
        "Condition": {"ForAllValues:StringEquals": conditions, "ArnLike": {"aws:PrincipalArn": arns}, "StringLike": {"aws:PrincipalArn": arns}}
    });
    for kind in [PolicyKind::Key, PolicyKind::Endpoint] {
        assert!(found(kind, &statement).len() > 8_000);
    }
}

/// Published policies, if the folder is there: no remark without an effect, and none at all on other services.
#[test]
fn published_policies() {
    let Some(folder) = std::env::var_os("KEYWHO_SHARED") else {
        eprintln!("skipped: KEYWHO_SHARED is not set");
        return;
    };
    let corpus = std::path::Path::new(&folder).join("corpus");
    let mut remarks = std::collections::BTreeMap::<(&str, &str), usize>::new();
    for (file, kind) in [
        ("key-policies/key-policies.jsonl", PolicyKind::Key),
        (
            "identity-policies/identity-policies-kms.jsonl",
            PolicyKind::Identity,
        ),
        (
            "identity-policies/identity-policies-other.jsonl",
            PolicyKind::Identity,
        ),
        (
            "managed-policies/aws-managed-policies.jsonl",
            PolicyKind::Identity,
        ),
        ("scp-rcp/scp-rcp-policies.jsonl", PolicyKind::Scp),
    ] {
        let lines = std::io::BufReader::new(std::fs::File::open(corpus.join(file)).unwrap()).lines();
        for line in lines {
            let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let policy = if record["doc"].is_null() {
                &record["document"]
            } else {
                &record["doc"]
            };
            let found = lint(&read(policy), kind, &Subject::default());
            house_style(&found);
            for diagnostic in &found {
                *remarks.entry((file, diagnostic.code.name())).or_default() += 1;
            }
        }
    }
    eprintln!("{remarks:#?}");
    // Those that AWS maintains: six kinds of slip, each looked at.
    let of_aws: usize = remarks
        .iter()
        .filter(|((file, _), _)| file.starts_with("managed"))
        .map(|(_, count)| count)
        .sum();
    assert!(of_aws < 20, "{of_aws}");
}
