//! W29 to W40: conditions and variables.

use super::super::support::Decision::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use super::super::support::cast::{A, cast, let_in, may, root, with};
use super::{decrypt, r, u, v};
use serde_json::json;

#[test]
fn w29_to_w40_conditions() {
    let if_pair = |effect: &str, operator: &str, action: &str, key: &str, value: &str| json!({"Effect": effect, "Principal": {"AWS": r()}, "Action": action, "Resource": "*", "Condition": {operator: {key: value}}});
    let app = "kms:EncryptionContext:AppName";
    let w29 = cast().kp(json!([if_pair(
        "Allow",
        "StringEquals",
        "kms:GenerateDataKey",
        app,
        "App"
    )]));
    assert_eq!(
        w29.ask(
            &r(),
            "GenerateDataKey",
            json!({app: "App", "kms:EncryptionContext:X": "1"})
        ),
        Allowed,
        "W29"
    );
    assert_eq!(w29.ask(&r(), "GenerateDataKey", json!({})), ImplicitDeny, "W29");
    let w30 = cast().kp(json!([if_pair(
        "Allow",
        "ForAllValues:StringEquals",
        "kms:GenerateDataKey",
        app,
        "App"
    )]));
    assert_eq!(w30.ask(&r(), "GenerateDataKey", json!({})), Allowed, "W30");
    for operator in ["StringNotEquals", "StringNotEqualsIfExists"] {
        let deny = if_pair(
            "Deny",
            operator,
            "kms:Decrypt",
            "kms:EncryptionContext:Dept",
            "IT",
        );
        assert_eq!(
            decrypt(&cast().kp(json!([let_in(&r(), "kms:Decrypt"), deny])), &r()),
            ExplicitDeny,
            "W31, W32"
        );
    }
    let condition =
        json!({"StringEquals": {"kms:CallerAccount": A, "kms:EncryptionContext:user": "${aws:username}"}});
    let statement = json!([with(let_in("*", "kms:Decrypt"), json!({"Condition": condition}))]);
    let w33 = cast().kp(statement.clone());
    assert_eq!(
        w33.ask(&u(), "Decrypt", json!({"kms:EncryptionContext:user": "u"})),
        Allowed,
        "W33"
    );
    assert_eq!(
        w33.ask(&r(), "Decrypt", json!({"kms:EncryptionContext:user": "R"})),
        ImplicitDeny,
        "W33"
    );
    let w34 = cast().key_policy("K", json!({"Statement": statement}));
    assert_eq!(
        w34.ask(&u(), "Decrypt", json!({"kms:EncryptionContext:user": "u"})),
        ImplicitDeny,
        "W34"
    );
    let by_ip = with(
        may("kms:Decrypt"),
        json!({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
    );
    let w36 = cast()
        .kp(json!([root(A)]))
        .id(&u(), json!([by_ip]))
        .endpoint(let_in("*", "*"));
    assert_eq!(
        w36.ask_more(
            &u(),
            "Decrypt",
            json!({"aws:VpcSourceIp": "10.0.0.1"}),
            json!({"vpcEndpoint": "vpce-1"})
        ),
        ImplicitDeny,
        "W36"
    );
    assert_eq!(
        w36.ask(&u(), "Decrypt", json!({"aws:SourceIp": "203.0.113.9"})),
        Allowed,
        "W36, public"
    );
    assert_eq!(
        w36.ask(
            &u(),
            "Decrypt",
            json!({"kms:ViaService": "s3.us-east-1.amazonaws.com"})
        ),
        Undetermined,
        "S3.2.2"
    );
    let by_tag = with(
        may("kms:Decrypt"),
        json!({"Condition": {"StringEquals": {"aws:ResourceTag/Env": "Test"}}}),
    );
    let mut w37 = cast().kp(json!([root(A)])).id(&u(), json!([by_tag]));
    w37.key("K").tags.push(("Env".into(), "Prod".into()));
    assert_eq!(decrypt(&w37, &u()), ImplicitDeny, "W37");
    w37.key("K").tags[0].1 = "Test".into();
    assert_eq!(decrypt(&w37, &u()), Allowed, "W37, other value");
    let limited = json!({"Condition": {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}}});
    let w38 = cast().kp(json!([with(let_in(&u(), "kms:CreateGrant"), limited)]));
    let create = |operations: &[&str]| json!({"grant": {"GranteePrincipal": v(), "Operations": operations}});
    assert_eq!(
        w38.ask_more(&u(), "CreateGrant", json!({}), create(&["Encrypt", "Decrypt"])),
        ImplicitDeny,
        "W38"
    );
    assert_eq!(
        w38.ask_more(&u(), "CreateGrant", json!({}), create(&["Encrypt"])),
        Allowed,
        "W38, within"
    );
    let for_aws = json!({"Condition": {"Bool": {"kms:GrantIsForAWSResource": true}}});
    let w40 = cast().kp(json!([with(let_in(&u(), "kms:CreateGrant"), for_aws)]));
    assert_eq!(
        w40.ask_more(&u(), "CreateGrant", json!({}), create(&["Decrypt"])),
        ImplicitDeny,
        "W40"
    );
    let via = json!({"kms:ViaService": "ec2.us-east-1.amazonaws.com"});
    assert_eq!(
        w40.ask_more(&u(), "CreateGrant", via, create(&["Decrypt"])),
        Allowed,
        "W40"
    );
}
