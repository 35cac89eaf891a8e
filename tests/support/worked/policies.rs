//! W1 to W28: key policies and IAM, principals, actions, resources.

use super::super::support::Decision::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use super::super::support::cast::{A, Cast, cast, iam, key_arn, let_in, may, may_not, root, session, with};
use super::{decrypt, owner, r, r1, rb, s, u, v};
use serde_json::json;

#[test]
fn w1_to_w10_key_policy_and_iam() {
    assert_eq!(decrypt(&cast().kp(json!([root(A)])), &u()), ImplicitDeny, "W1");
    let w2 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w2, &u()), Allowed, "W2");
    let w3 = cast()
        .kp(json!([let_in(&r(), "kms:Decrypt")]))
        .id(&u(), json!([may("kms:*")]));
    assert_eq!(decrypt(&w3, &u()), ImplicitDeny, "W3");
    assert_eq!(w3.ask(&owner(), "PutKeyPolicy", json!({})), ImplicitDeny, "W4");
    let w5 = || cast().kp(json!([let_in(&u(), "kms:Decrypt")]));
    assert_eq!(decrypt(&w5(), &u()), Allowed, "W5");
    assert_eq!(decrypt(&w5().pb(&u(), json!([may("s3:*")])), &u()), Allowed, "W6");
    assert_eq!(
        decrypt(&w5().pb(&u(), json!([may("s3:*"), may_not("kms:Decrypt")])), &u()),
        ExplicitDeny,
        "W7"
    );
    let w8 = cast()
        .kp(json!([let_in(&r(), "kms:Decrypt")]))
        .pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w8, &r1()), ImplicitDeny, "W8");
    let w9 = cast()
        .kp(json!([let_in(&r1(), "kms:Decrypt")]))
        .pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w9, &r1()), Allowed, "W9");
    assert_eq!(decrypt(&w9, &session(A, "R", "s2")), ImplicitDeny, "W9");
    assert_eq!(decrypt(&w9, &r()), Undetermined, "W9, session unnamed");
    let w10 = cast().kp(json!([let_in(&r(), "kms:Decrypt")]));
    let session_policy =
        json!({"sessionPolicies": [{"Version": "2012-10-17", "Statement": [may("kms:Encrypt")]}]});
    assert_eq!(
        w10.ask_more(&r1(), "Decrypt", json!({}), session_policy),
        ImplicitDeny,
        "W10"
    );
}

#[test]
fn w11_to_w28_principals_actions_resources() {
    let anyone = |condition| with(let_in("*", "kms:Decrypt"), json!({"Condition": condition}));
    let w11 = cast()
        .kp(json!([anyone(json!({"ArnEquals": {"aws:PrincipalArn": r()}}))]))
        .pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w11, &r1()), Allowed, "W11");
    let w12 = cast()
        .kp(json!([anyone(json!({"StringEquals": {"kms:CallerAccount": A}}))]))
        .id(&rb(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w12, &v()), Allowed, "W12");
    assert_eq!(decrypt(&w12, &rb()), ImplicitDeny, "W13");
    let w14 = cast()
        .kp(json!([let_in(A, "kms:Decrypt")]))
        .id(&u(), json!([may("kms:*")]));
    assert_eq!(w14.ask(&u(), "Encrypt", json!({})), ImplicitDeny, "W14");
    let root_if = |condition| with(root(A), json!({"Condition": condition}));
    let w15 = cast()
        .kp(json!([root_if(
            json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})
        )]))
        .id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w15, &u()), ImplicitDeny, "W15");
    assert_eq!(
        w15.ask(
            &u(),
            "Decrypt",
            json!({"kms:ViaService": "s3.us-east-1.amazonaws.com"})
        ),
        Allowed,
        "W15"
    );
    let w16 = cast()
        .kp(json!([root_if(
            json!({"StringEquals": {"aws:PrincipalType": "Account"}})
        )]))
        .id(&u(), json!([may("kms:*")]));
    assert_eq!(
        (decrypt(&w16, &u()), decrypt(&w16, &owner())),
        (ImplicitDeny, Allowed),
        "W16"
    );
    let deny_account = with(let_in(A, "kms:Decrypt"), json!({"Effect": "Deny"}));
    let w17 = cast()
        .kp(json!([root(A), deny_account]))
        .id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!(
        (decrypt(&w17, &u()), decrypt(&w17, &owner())),
        (ExplicitDeny, ExplicitDeny),
        "W17"
    );
    let mut w18 = cast().kp(json!([root(A)])).id(
        &iam(A, "group/g"),
        json!([with(may("kms:Decrypt"), json!({"Resource": key_arn("K")}))]),
    );
    w18.world.accounts[1].users[0].groups.push("g".into());
    assert_eq!(
        (decrypt(&w18, &u()), decrypt(&w18, &v())),
        (Allowed, ImplicitDeny),
        "W18"
    );
    assert_eq!(
        decrypt(
            &cast().kp(json!([let_in(&iam(A, "group/g"), "kms:Decrypt")])),
            &u()
        ),
        ImplicitDeny,
        "W19"
    );
    let alias = format!("arn:aws:kms:us-east-1:{A}:alias/app");
    let mut w20 = cast().kp(json!([root(A)])).id(
        &u(),
        json!([with(may("kms:Decrypt"), json!({"Resource": alias}))]),
    );
    w20.key("K").aliases.push("alias/app".into());
    assert_eq!(
        w20.ask_more(&u(), "Decrypt", json!({}), json!({"resource": "alias/app"})),
        ImplicitDeny,
        "W20"
    );
    let by_alias = |operator: &str, key: &str| {
        let condition = json!({"Condition": {operator: {key: "alias/app"}}});
        let mut w = cast()
            .kp(json!([root(A)]))
            .id(&u(), json!([with(may("kms:Decrypt"), condition)]));
        w.key("K").aliases.push("alias/app".into());
        w
    };
    assert_eq!(
        decrypt(&by_alias("ForAnyValue:StringEquals", "kms:ResourceAliases"), &u()),
        Allowed,
        "W21"
    );
    let w22 = by_alias("StringEquals", "kms:RequestAlias");
    assert_eq!(decrypt(&w22, &u()), ImplicitDeny, "W22");
    assert_eq!(
        w22.ask_more(&u(), "Decrypt", json!({}), json!({"resource": alias})),
        Allowed,
        "W22"
    );
    let re_encrypt = |w: Cast| {
        let w = w
            .kp(json!([root(A)]))
            .key_policy("K2", json!({"Version": "2012-10-17", "Statement": [root(A)]}));
        w.ask_more(
            &u(),
            "ReEncrypt",
            json!({}),
            json!({"destination": key_arn("K2")}),
        )
    };
    assert_eq!(
        re_encrypt(cast().id(&u(), json!([may("kms:ReEncrypt")]))),
        ImplicitDeny,
        "W23"
    );
    let on = |action: &str, key: &str| with(may(action), json!({"Resource": key_arn(key)}));
    assert_eq!(
        re_encrypt(cast().id(
            &u(),
            json!([on("kms:ReEncryptFrom", "K"), on("kms:ReEncryptTo", "K")])
        )),
        ImplicitDeny,
        "W24"
    );
    assert_eq!(
        re_encrypt(cast().id(
            &u(),
            json!([on("kms:ReEncryptFrom", "K"), on("kms:ReEncryptTo", "K2")])
        )),
        Allowed,
        "W24, right key"
    );
    let no_resource = json!({"Effect": "Allow", "Principal": {"AWS": u()}, "Action": "kms:Decrypt"});
    assert_eq!(
        decrypt(&cast().kp(json!([no_resource])), &u()),
        ImplicitDeny,
        "W25"
    );
    let other_key = with(let_in(&u(), "kms:Decrypt"), json!({"Resource": key_arn("K2")}));
    assert_eq!(decrypt(&cast().kp(json!([other_key])), &u()), ImplicitDeny, "W26");
    let not_iam = json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"});
    let w27 = cast().kp(json!([root(A)])).id(&u(), json!([not_iam]));
    assert_eq!(w27.ask(&u(), "ScheduleKeyDeletion", json!({})), Allowed, "W27");
    assert_eq!(
        decrypt(&cast().kp(json!([let_in("AROAEXAMPLEID", "kms:Decrypt")])), &s()),
        ImplicitDeny,
        "W28"
    );
}
