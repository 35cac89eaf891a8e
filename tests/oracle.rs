//! The reference evaluator against worked cases, and the statistics of generated worlds; independent of the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod support;

use serde_json::json;
use std::collections::BTreeMap;
use support::Decision::{self, Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use support::cast::{A, B, Cast, M, X, cast, iam, key_arn, let_in, may, may_not, root, session, with};
use support::rng::Rng;
use support::{Mechanism, decide_traced, generate, requests};

fn u() -> String {
    iam(A, "user/u")
}

fn v() -> String {
    iam(A, "user/v")
}

fn r() -> String {
    iam(A, "role/R")
}

fn s() -> String {
    iam(A, "role/S")
}

fn rb() -> String {
    iam(B, "role/RB")
}

fn rx() -> String {
    iam(X, "role/RX")
}

fn owner() -> String {
    iam(A, "root")
}

fn r1() -> String {
    session(A, "R", "s1")
}

/// Asks for Decrypt in an empty context.
fn decrypt(cast: &Cast, principal: &str) -> Decision {
    cast.ask(principal, "Decrypt", json!({}))
}

#[test]
fn w1_to_w10_key_policy_and_iam() {
    assert_eq!(decrypt(&cast().kp(json!([root(A)])), &u()), ImplicitDeny, "W1");
    let w2 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w2, &u()), Allowed, "W2");
    let w3 = cast().kp(json!([let_in(&r(), "kms:Decrypt")])).id(&u(), json!([may("kms:*")]));
    assert_eq!(decrypt(&w3, &u()), ImplicitDeny, "W3");
    assert_eq!(w3.ask(&owner(), "PutKeyPolicy", json!({})), ImplicitDeny, "W4");
    let w5 = || cast().kp(json!([let_in(&u(), "kms:Decrypt")]));
    assert_eq!(decrypt(&w5(), &u()), Allowed, "W5");
    assert_eq!(decrypt(&w5().pb(&u(), json!([may("s3:*")])), &u()), Allowed, "W6");
    assert_eq!(decrypt(&w5().pb(&u(), json!([may("s3:*"), may_not("kms:Decrypt")])), &u()), ExplicitDeny, "W7");
    let w8 = cast().kp(json!([let_in(&r(), "kms:Decrypt")])).pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w8, &r1()), ImplicitDeny, "W8");
    let w9 = cast().kp(json!([let_in(&r1(), "kms:Decrypt")])).pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w9, &r1()), Allowed, "W9");
    assert_eq!(decrypt(&w9, &session(A, "R", "s2")), ImplicitDeny, "W9");
    assert_eq!(decrypt(&w9, &r()), Undetermined, "W9, session unnamed");
    let w10 = cast().kp(json!([let_in(&r(), "kms:Decrypt")]));
    let session_policy = json!({"sessionPolicies": [{"Version": "2012-10-17", "Statement": [may("kms:Encrypt")]}]});
    assert_eq!(w10.ask_more(&r1(), "Decrypt", json!({}), session_policy), ImplicitDeny, "W10");
}

#[test]
fn w11_to_w28_principals_actions_resources() {
    let anyone = |condition| with(let_in("*", "kms:Decrypt"), json!({"Condition": condition}));
    let w11 = cast().kp(json!([anyone(json!({"ArnEquals": {"aws:PrincipalArn": r()}}))])).pb(&r(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w11, &r1()), Allowed, "W11");
    let w12 = cast().kp(json!([anyone(json!({"StringEquals": {"kms:CallerAccount": A}}))])).id(&rb(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w12, &v()), Allowed, "W12");
    assert_eq!(decrypt(&w12, &rb()), ImplicitDeny, "W13");
    let w14 = cast().kp(json!([let_in(A, "kms:Decrypt")])).id(&u(), json!([may("kms:*")]));
    assert_eq!(w14.ask(&u(), "Encrypt", json!({})), ImplicitDeny, "W14");
    let root_if = |condition| with(root(A), json!({"Condition": condition}));
    let w15 = cast().kp(json!([root_if(json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))])).id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w15, &u()), ImplicitDeny, "W15");
    assert_eq!(w15.ask(&u(), "Decrypt", json!({"kms:ViaService": "s3.us-east-1.amazonaws.com"})), Allowed, "W15");
    let w16 = cast().kp(json!([root_if(json!({"StringEquals": {"aws:PrincipalType": "Account"}}))])).id(&u(), json!([may("kms:*")]));
    assert_eq!((decrypt(&w16, &u()), decrypt(&w16, &owner())), (ImplicitDeny, Allowed), "W16");
    let deny_account = with(let_in(A, "kms:Decrypt"), json!({"Effect": "Deny"}));
    let w17 = cast().kp(json!([root(A), deny_account])).id(&u(), json!([may("kms:Decrypt")]));
    assert_eq!((decrypt(&w17, &u()), decrypt(&w17, &owner())), (ExplicitDeny, ExplicitDeny), "W17");
    let mut w18 = cast().kp(json!([root(A)])).id(&iam(A, "group/g"), json!([with(may("kms:Decrypt"), json!({"Resource": key_arn("K")}))]));
    w18.world.accounts[1].users[0].groups.push("g".into());
    assert_eq!((decrypt(&w18, &u()), decrypt(&w18, &v())), (Allowed, ImplicitDeny), "W18");
    assert_eq!(decrypt(&cast().kp(json!([let_in(&iam(A, "group/g"), "kms:Decrypt")])), &u()), ImplicitDeny, "W19");
    let alias = format!("arn:aws:kms:us-east-1:{A}:alias/app");
    let mut w20 = cast().kp(json!([root(A)])).id(&u(), json!([with(may("kms:Decrypt"), json!({"Resource": alias}))]));
    w20.key("K").aliases.push("alias/app".into());
    assert_eq!(w20.ask_more(&u(), "Decrypt", json!({}), json!({"resource": "alias/app"})), ImplicitDeny, "W20");
    let by_alias = |operator: &str, key: &str| {
        let condition = json!({"Condition": {operator: {key: "alias/app"}}});
        let mut w = cast().kp(json!([root(A)])).id(&u(), json!([with(may("kms:Decrypt"), condition)]));
        w.key("K").aliases.push("alias/app".into());
        w
    };
    assert_eq!(decrypt(&by_alias("ForAnyValue:StringEquals", "kms:ResourceAliases"), &u()), Allowed, "W21");
    let w22 = by_alias("StringEquals", "kms:RequestAlias");
    assert_eq!(decrypt(&w22, &u()), ImplicitDeny, "W22");
    assert_eq!(w22.ask_more(&u(), "Decrypt", json!({}), json!({"resource": alias})), Allowed, "W22");
    let re_encrypt = |w: Cast| {
        let w = w.kp(json!([root(A)])).key_policy("K2", json!({"Version": "2012-10-17", "Statement": [root(A)]}));
        w.ask_more(&u(), "ReEncrypt", json!({}), json!({"destination": key_arn("K2")}))
    };
    assert_eq!(re_encrypt(cast().id(&u(), json!([may("kms:ReEncrypt")]))), ImplicitDeny, "W23");
    let on = |action: &str, key: &str| with(may(action), json!({"Resource": key_arn(key)}));
    assert_eq!(re_encrypt(cast().id(&u(), json!([on("kms:ReEncryptFrom", "K"), on("kms:ReEncryptTo", "K")]))), ImplicitDeny, "W24");
    assert_eq!(re_encrypt(cast().id(&u(), json!([on("kms:ReEncryptFrom", "K"), on("kms:ReEncryptTo", "K2")]))), Allowed, "W24, right key");
    let no_resource = json!({"Effect": "Allow", "Principal": {"AWS": u()}, "Action": "kms:Decrypt"});
    assert_eq!(decrypt(&cast().kp(json!([no_resource])), &u()), ImplicitDeny, "W25");
    let other_key = with(let_in(&u(), "kms:Decrypt"), json!({"Resource": key_arn("K2")}));
    assert_eq!(decrypt(&cast().kp(json!([other_key])), &u()), ImplicitDeny, "W26");
    let not_iam = json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"});
    let w27 = cast().kp(json!([root(A)])).id(&u(), json!([not_iam]));
    assert_eq!(w27.ask(&u(), "ScheduleKeyDeletion", json!({})), Allowed, "W27");
    assert_eq!(decrypt(&cast().kp(json!([let_in("AROAEXAMPLEID", "kms:Decrypt")])), &s()), ImplicitDeny, "W28");
}

#[test]
fn w29_to_w40_conditions() {
    let if_pair = |effect: &str, operator: &str, action: &str, key: &str, value: &str| {
        json!({"Effect": effect, "Principal": {"AWS": r()}, "Action": action, "Resource": "*", "Condition": {operator: {key: value}}})
    };
    let app = "kms:EncryptionContext:AppName";
    let w29 = cast().kp(json!([if_pair("Allow", "StringEquals", "kms:GenerateDataKey", app, "App")]));
    assert_eq!(w29.ask(&r(), "GenerateDataKey", json!({app: "App", "kms:EncryptionContext:X": "1"})), Allowed, "W29");
    assert_eq!(w29.ask(&r(), "GenerateDataKey", json!({})), ImplicitDeny, "W29");
    let w30 = cast().kp(json!([if_pair("Allow", "ForAllValues:StringEquals", "kms:GenerateDataKey", app, "App")]));
    assert_eq!(w30.ask(&r(), "GenerateDataKey", json!({})), Allowed, "W30");
    for operator in ["StringNotEquals", "StringNotEqualsIfExists"] {
        let deny = if_pair("Deny", operator, "kms:Decrypt", "kms:EncryptionContext:Dept", "IT");
        assert_eq!(decrypt(&cast().kp(json!([let_in(&r(), "kms:Decrypt"), deny])), &r()), ExplicitDeny, "W31, W32");
    }
    let condition = json!({"StringEquals": {"kms:CallerAccount": A, "kms:EncryptionContext:user": "${aws:username}"}});
    let statement = json!([with(let_in("*", "kms:Decrypt"), json!({"Condition": condition}))]);
    let w33 = cast().kp(statement.clone());
    assert_eq!(w33.ask(&u(), "Decrypt", json!({"kms:EncryptionContext:user": "u"})), Allowed, "W33");
    assert_eq!(w33.ask(&r(), "Decrypt", json!({"kms:EncryptionContext:user": "R"})), ImplicitDeny, "W33");
    let w34 = cast().key_policy("K", json!({"Statement": statement}));
    assert_eq!(w34.ask(&u(), "Decrypt", json!({"kms:EncryptionContext:user": "u"})), ImplicitDeny, "W34");
    let by_ip = with(may("kms:Decrypt"), json!({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}));
    let w36 = cast().kp(json!([root(A)])).id(&u(), json!([by_ip])).endpoint(let_in("*", "*"));
    assert_eq!(w36.ask_more(&u(), "Decrypt", json!({"aws:VpcSourceIp": "10.0.0.1"}), json!({"vpcEndpoint": "vpce-1"})), ImplicitDeny, "W36");
    assert_eq!(w36.ask(&u(), "Decrypt", json!({"aws:SourceIp": "203.0.113.9"})), Allowed, "W36, public");
    assert_eq!(w36.ask(&u(), "Decrypt", json!({"kms:ViaService": "s3.us-east-1.amazonaws.com"})), Undetermined, "S3.2.2");
    let by_tag = with(may("kms:Decrypt"), json!({"Condition": {"StringEquals": {"aws:ResourceTag/Env": "Test"}}}));
    let mut w37 = cast().kp(json!([root(A)])).id(&u(), json!([by_tag]));
    w37.key("K").tags.push(("Env".into(), "Prod".into()));
    assert_eq!(decrypt(&w37, &u()), ImplicitDeny, "W37");
    w37.key("K").tags[0].1 = "Test".into();
    assert_eq!(decrypt(&w37, &u()), Allowed, "W37, other value");
    let limited = json!({"Condition": {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}}});
    let w38 = cast().kp(json!([with(let_in(&u(), "kms:CreateGrant"), limited)]));
    let create = |operations: &[&str]| json!({"grant": {"GranteePrincipal": v(), "Operations": operations}});
    assert_eq!(w38.ask_more(&u(), "CreateGrant", json!({}), create(&["Encrypt", "Decrypt"])), ImplicitDeny, "W38");
    assert_eq!(w38.ask_more(&u(), "CreateGrant", json!({}), create(&["Encrypt"])), Allowed, "W38, within");
    let for_aws = json!({"Condition": {"Bool": {"kms:GrantIsForAWSResource": true}}});
    let w40 = cast().kp(json!([with(let_in(&u(), "kms:CreateGrant"), for_aws)]));
    assert_eq!(w40.ask_more(&u(), "CreateGrant", json!({}), create(&["Decrypt"])), ImplicitDeny, "W40");
    let via = json!({"kms:ViaService": "ec2.us-east-1.amazonaws.com"});
    assert_eq!(w40.ask_more(&u(), "CreateGrant", via, create(&["Decrypt"])), Allowed, "W40");
}

#[test]
fn w41_to_w56_accounts_and_guardrails() {
    let both = json!([root(A), let_in(&iam(B, "root"), "kms:Decrypt"), let_in(&iam(B, "root"), "kms:Encrypt")]);
    let on_k = with(may("kms:Decrypt"), json!({"Resource": key_arn("K")}));
    let w41 = || cast().kp(both.clone()).id(&rb(), json!([on_k]));
    assert_eq!(decrypt(&w41(), &rb()), Allowed, "W41");
    assert_eq!(w41().ask(&rb(), "Encrypt", json!({})), ImplicitDeny, "W42");
    assert_eq!(decrypt(&w41(), &iam(B, "role/RB2")), ImplicitDeny, "W42");
    assert_eq!(decrypt(&cast().kp(json!([root(A), let_in(&rb(), "kms:Decrypt")])), &rb()), ImplicitDeny, "W43");
    let named = session(B, "RB", "s");
    let w44 = cast().kp(json!([let_in(&named, "kms:Decrypt")])).id(&rb(), json!([may("kms:Decrypt")])).pb(&rb(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w44, &named), ImplicitDeny, "W44");
    let w45 = cast().kp(json!([root(B)])).id(&rb(), json!([may("kms:*")]));
    assert_eq!(w45.ask(&rb(), "ScheduleKeyDeletion", json!({})), ImplicitDeny, "W45");
    let w46 = || cast().kp(json!([root(A), let_in(X, "kms:Decrypt")])).id(&rx(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w46(), &rx()), Allowed, "W46");
    let mut unknown = w46();
    unknown.world.accounts.retain(|a| a.id != X);
    assert_eq!(decrypt(&unknown, &rx()), Undetermined, "W46, X not in the snapshot");
    assert_eq!(decrypt(&unknown, &iam(X, "root")), Allowed, "S4.6.2");
    let perimeter = json!({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:PrincipalIsAWSService": "false"}});
    let w47 = || w46().rcp(A, with(may_not("kms:*"), json!({"Condition": perimeter})));
    assert_eq!(decrypt(&w47(), &rx()), ExplicitDeny, "W47");
    let w48 = w47().grant(json!({"GranteePrincipal": s(), "RetiringPrincipal": rx(), "Operations": ["Decrypt"]}));
    assert_eq!(w48.ask_more(&rx(), "RetireGrant", json!({}), json!({"grantId": "g"})), Allowed, "W48");
    let w49 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:*")])).scp(A, may("s3:*"), true);
    assert_eq!((decrypt(&w49, &u()), decrypt(&w49, &owner())), (ImplicitDeny, ImplicitDeny), "W49");
    assert_eq!(decrypt(&w41().scp(B, may_not("kms:Decrypt"), false), &rb()), ExplicitDeny, "W50");
    assert_eq!(decrypt(&w41().scp(A, may_not("kms:Decrypt"), false), &rb()), Allowed, "W51");
    let rm = iam(M, "role/RM");
    let w52 = cast().kp(json!([let_in(M, "kms:Decrypt")])).id(&rm, json!([may("kms:Decrypt")])).scp("r-1", may_not("kms:*"), false);
    assert_eq!(decrypt(&w52, &rm), Allowed, "W52");
    let unless = |list| json!([root(A), {"Effect": "Deny", "NotPrincipal": {"AWS": list}, "Action": "kms:Decrypt", "Resource": "*"}]);
    let allow_both = |w: Cast| w.id(&r(), json!([may("kms:Decrypt")])).id(&u(), json!([may("kms:Decrypt")]));
    let w53 = allow_both(cast().kp(unless(json!([r()]))));
    assert_eq!((decrypt(&w53, &r()), decrypt(&w53, &u())), (Undetermined, ExplicitDeny), "W53");
    let w54 = allow_both(cast().kp(unless(json!([r(), owner()]))));
    assert_eq!(decrypt(&w54, &r()), Allowed, "W54, no boundary");
    assert_eq!(decrypt(&w54.pb(&r(), json!([may("*")])), &r()), ExplicitDeny, "W54");
    let only_r = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": r()}}});
    let w55 = allow_both(cast().kp(json!([root(A), only_r])));
    assert_eq!((decrypt(&w55, &r()), decrypt(&w55, &u())), (Allowed, ExplicitDeny), "W55");
    assert_eq!(decrypt(&w55, "cloudtrail.amazonaws.com"), ExplicitDeny, "W55");
    let w56 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:Decrypt")])).endpoint(let_in("*", "kms:DescribeKey"));
    assert_eq!(w56.ask_more(&u(), "Decrypt", json!({}), json!({"vpcEndpoint": "vpce-1"})), ImplicitDeny, "W56");
}

#[test]
fn w57_to_w70_grants() {
    let to_s = |operations: &[&str]| json!({"GranteePrincipal": s(), "Operations": operations});
    let w57 = || cast().kp(json!([root(A)])).grant(to_s(&["Decrypt"]));
    assert_eq!((decrypt(&w57(), &s()), w57().ask(&s(), "Encrypt", json!({}))), (Allowed, ImplicitDeny), "W57");
    let subset = json!({"Constraints": {"EncryptionContextSubset": {"Dept": "IT"}}});
    let w58 = cast().grant(with(to_s(&["Decrypt", "DescribeKey"]), subset.clone()));
    assert_eq!(w58.ask(&s(), "Decrypt", json!({"kms:EncryptionContext:Dept": "IT", "kms:EncryptionContext:P": "x"})), Allowed, "W58");
    assert_eq!(w58.ask(&s(), "Decrypt", json!({"kms:EncryptionContext:dept": "IT"})), ImplicitDeny, "W58");
    assert_eq!(w58.ask(&s(), "DescribeKey", json!({})), Allowed, "W58");
    let deny = with(let_in(&s(), "kms:*"), json!({"Effect": "Deny"}));
    assert_eq!(decrypt(&w57().kp(json!([root(A), deny])), &s()), ExplicitDeny, "W59");
    assert_eq!(decrypt(&w57().scp(A, may_not("kms:*"), false), &s()), ExplicitDeny, "W59");
    assert_eq!(decrypt(&w57().id(&s(), json!([may_not("kms:*")])), &s()), ExplicitDeny, "W59");
    assert_eq!(decrypt(&w57().scp(A, may("s3:*"), true), &s()), ImplicitDeny, "W60");
    assert_eq!(decrypt(&w57().pb(&s(), json!([may("s3:*")])), &s()), Undetermined, "W61");
    let to_rb = |issuer: &str| json!({"GranteePrincipal": rb(), "Operations": ["Decrypt"], "IssuingAccount": issuer});
    assert_eq!(decrypt(&cast().grant(to_rb(A)).id(&rb(), json!([may("kms:Decrypt")])), &rb()), Allowed, "W62");
    assert_eq!(decrypt(&cast().grant(to_rb(A)), &rb()), Undetermined, "W63");
    assert_eq!(decrypt(&cast().grant(to_rb(B)), &rb()), Allowed, "W64");
    let w65 = cast().grant(with(to_s(&["Decrypt", "CreateGrant"]), subset));
    let equals = json!({"EncryptionContextEquals": {"Dept": "IT"}});
    let child = |operation: &str, constraints| json!({"grant": {"GranteePrincipal": rx(), "Operations": [operation], "Constraints": constraints}});
    assert_eq!(w65.ask_more(&s(), "CreateGrant", json!({}), child("Decrypt", equals.clone())), Allowed, "W65");
    assert_eq!(w65.ask_more(&s(), "CreateGrant", json!({}), child("Encrypt", equals)), ImplicitDeny, "W65");
    assert_eq!(w65.ask_more(&s(), "CreateGrant", json!({}), child("Decrypt", json!({}))), ImplicitDeny, "W65");
    let w66 = cast().kp(json!([let_in(&u(), "kms:CreateGrant")]));
    let for_u = json!({"grant": {"GranteePrincipal": u(), "Operations": ["Decrypt"]}});
    assert_eq!(w66.ask_more(&u(), "CreateGrant", json!({}), for_u), Allowed, "W66");
    let w67 = || cast().kp(json!([root(A)])).grant(with(to_s(&["Decrypt"]), json!({"RetiringPrincipal": v()})));
    let retire = |w: &Cast, principal: &str| w.ask_more(principal, "RetireGrant", json!({}), json!({"grantId": "g"}));
    assert_eq!((retire(&w67(), &v()), retire(&w67(), &s()), retire(&w67(), &owner())), (Allowed, ImplicitDeny, Allowed), "W67");
    assert_eq!(retire(&w67().id(&u(), json!([may("kms:RetireGrant")])), &u()), Allowed, "W68");
    let deny_v = with(let_in(&v(), "kms:RetireGrant"), json!({"Effect": "Deny"}));
    assert_eq!(retire(&w67().kp(json!([deny_v])), &v()), Allowed, "W69");
    assert_eq!(retire(&w67().scp(A, may("s3:*"), true), &v()), Undetermined, "S4.9.8 under an SCP");
    let bucket = "arn:aws:s3:::bucket1";
    let to_s3 = json!({"GranteeServicePrincipal": "s3.amazonaws.com", "Operations": ["Decrypt"], "Constraints": {"SourceArn": bucket}});
    let w70 = cast().grant(to_s3);
    assert_eq!(w70.ask("s3.amazonaws.com", "Decrypt", json!({"aws:SourceArn": bucket})), Allowed, "W70");
    assert_eq!(w70.ask("s3.amazonaws.com", "Decrypt", json!({"aws:SourceArn": "arn:aws:s3:::bucket2"})), ImplicitDeny, "W70");
    assert_eq!(decrypt(&w70, &r()), ImplicitDeny, "W70");
}

#[test]
fn w71_to_w88_services_and_other_operations() {
    let trail = |account: &str| format!("arn:aws:cloudtrail:us-east-1:{account}:trail/finance");
    let by_trail = json!({"Condition": {"ArnEquals": {"aws:SourceArn": trail(A)}}});
    let to_service = json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "kms:GenerateDataKey", "Resource": "*"});
    let ask = |w: &Cast, account: &str| w.ask("cloudtrail.amazonaws.com", "GenerateDataKey", json!({"aws:SourceArn": trail(account)}));
    let w71 = cast().kp(json!([with(to_service.clone(), by_trail)]));
    assert_eq!((ask(&w71, A), ask(&w71, X)), (Allowed, ImplicitDeny), "W71");
    assert_eq!(ask(&cast().kp(json!([to_service])), X), Allowed, "W72");
    let ebs = json!({"Condition": {"StringEquals": {"kms:CallerAccount": A, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}}});
    let mut w73 = cast().kp(json!([with(let_in("*", "kms:Decrypt"), ebs)])).rcp(A, may_not("kms:*"));
    w73.key("K").aws_managed = true;
    let via = json!({"kms:ViaService": "ec2.us-east-1.amazonaws.com"});
    assert_eq!(w73.ask(&v(), "Decrypt", via.clone()), Allowed, "W73, W74");
    assert_eq!((decrypt(&w73, &v()), w73.ask(&rb(), "Decrypt", via)), (ImplicitDeny, ImplicitDeny), "W73");
    let nothing = json!({"resource": "*"});
    let create_key = |resource: &str| cast().id(&u(), json!([with(may("kms:CreateKey"), json!({"Resource": resource}))])).ask_more(&u(), "CreateKey", json!({}), nothing.clone());
    assert_eq!(create_key(&format!("arn:aws:kms:*:{A}:key/*")), ImplicitDeny, "W75");
    assert_eq!(create_key("*"), Allowed, "S4.10.1");
    assert_eq!(create_key(&format!("arn:aws:kms:*:{A}:*")), Undetermined, "S2.4.8");
    let w76 = || cast().kp(json!([let_in(&u(), "kms:CreateAlias")]));
    let alias = json!({"alias": "alias/x"});
    assert_eq!(w76().ask_more(&u(), "CreateAlias", json!({}), alias.clone()), ImplicitDeny, "W76");
    let on_alias = with(may("kms:CreateAlias"), json!({"Resource": format!("arn:aws:kms:us-east-1:{A}:alias/x")}));
    assert_eq!(w76().id(&u(), json!([on_alias])).ask_more(&u(), "CreateAlias", json!({}), alias), Allowed, "W77");
    let linked = iam(A, "role/aws-service-role/x.amazonaws.com/L");
    let w81 = |statements| {
        let mut w = cast().kp(statements).scp(A, may_not("kms:*"), false).rcp(A, may_not("kms:*"));
        w.world.accounts[1].roles[0].path = "/aws-service-role/x.amazonaws.com/".into();
        w.world.accounts[1].roles[0].arn = linked.clone();
        decrypt(&w, &linked)
    };
    assert_eq!(w81(json!([let_in(&linked, "kms:Decrypt")])), Allowed, "W81");
    let deny_all = with(let_in("*", "kms:Decrypt"), json!({"Effect": "Deny", "Principal": "*"}));
    assert_eq!(w81(json!([let_in(&linked, "kms:Decrypt"), deny_all])), ExplicitDeny, "W82");
    let f = format!("arn:aws:sts::{A}:federated-user/f");
    let w83 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:Decrypt")]));
    let session_policy = json!({"federatedBy": u(), "sessionPolicies": [{"Version": "2012-10-17", "Statement": [may("kms:Decrypt")]}]});
    assert_eq!(w83.ask_more(&f, "Decrypt", json!({}), session_policy.clone()), Allowed, "W83");
    assert_eq!(w83.ask_more(&f, "Decrypt", json!({}), json!({"federatedBy": u()})), ImplicitDeny, "W83");
    assert_eq!(w83.ask_more(&f, "Decrypt", json!({}), with(session_policy, json!({"federatedBy": null}))), Undetermined, "u or v");
    assert_eq!(decrypt(&cast().kp(json!([let_in(&f, "kms:Decrypt")])), &f), Allowed, "W84");
    let of_org = with(let_in("*", "kms:Decrypt"), json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}));
    let w85 = || cast().kp(json!([of_org]));
    assert_eq!((decrypt(&w85(), &u()), decrypt(&w85(), &rb())), (Allowed, ImplicitDeny), "W85");
    assert_eq!(decrypt(&w85().id(&rb(), json!([may("kms:Decrypt")])), &rb()), Allowed, "W85");
    assert_eq!(decrypt(&w85().id(&rx(), json!([may("kms:Decrypt")])), &rx()), ImplicitDeny, "W85");
    let mut w86 = cast().kp(json!([root(A)])).id(&rb(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w86, &rb()), ImplicitDeny, "W86, not shared");
    let shared = cast().kp(json!([let_in(B, "kms:Decrypt")])).key("K").policies.remove(0).1;
    w86.key("K").policies.push(("AWS_RAM".into(), shared));
    assert_eq!(decrypt(&w86, &rb()), Allowed, "W86");
    let w88 = cast().grant(json!({"GranteePrincipal": iam(B, "root"), "Operations": ["Encrypt"]})).id(&rb(), json!([may("kms:Encrypt")]));
    let encrypt = |principal: &str| w88.ask(principal, "Encrypt", json!({}));
    assert_eq!((encrypt(&rb()), encrypt(&iam(B, "role/RB2"))), (Allowed, ImplicitDeny), "W88");
}

/// Over generated cases: every mechanism decides its share, every decision has its share.
#[test]
fn generated_cases_are_near_the_edge() {
    let mut decisions: BTreeMap<Decision, usize> = BTreeMap::new();
    let mut decisive: BTreeMap<Mechanism, usize> = BTreeMap::new();
    let mut cases = 0;
    for seed in 0..45 {
        let world = generate(seed);
        for request in requests(&world, &mut Rng::new(seed), 66) {
            let (decision, mechanisms) = decide_traced(&world, &request);
            cases += 1;
            *decisions.entry(decision).or_default() += 1;
            mechanisms.into_iter().for_each(|m| *decisive.entry(m).or_default() += 1);
        }
    }
    let share = |n: usize| n as f64 * 100.0 / f64::from(cases);
    for (decision, n) in &decisions {
        println!("{:5.1} % {}", share(*n), decision.name());
    }
    for mechanism in Mechanism::all() {
        println!("{:5.1} % {mechanism:?}", share(decisive.get(&mechanism).copied().unwrap_or(0)));
    }
    for decision in [Allowed, ExplicitDeny, ImplicitDeny, Undetermined] {
        assert!(share(decisions[&decision]) >= 8.0, "{decision:?}");
    }
    for mechanism in Mechanism::all() {
        assert!(share(decisive.get(&mechanism).copied().unwrap_or(0)) >= 1.0, "{mechanism:?}");
    }
}
