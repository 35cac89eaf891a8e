//! W57 to W70: grants.

use super::super::support::Decision::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use super::super::support::cast::{A, B, Cast, cast, let_in, may, may_not, root, with};
use super::{decrypt, owner, r, rb, rx, s, u, v};
use serde_json::json;

#[test]
fn w57_to_w70_grants() {
    let to_s = |operations: &[&str]| json!({"GranteePrincipal": s(), "Operations": operations});
    let w57 = || cast().kp(json!([root(A)])).grant(to_s(&["Decrypt"]));
    assert_eq!(
        (decrypt(&w57(), &s()), w57().ask(&s(), "Encrypt", json!({}))),
        (Allowed, ImplicitDeny),
        "W57"
    );
    let subset = json!({"Constraints": {"EncryptionContextSubset": {"Dept": "IT"}}});
    let w58 = cast().grant(with(to_s(&["Decrypt", "DescribeKey"]), subset.clone()));
    assert_eq!(
        w58.ask(
            &s(),
            "Decrypt",
            json!({"kms:EncryptionContext:Dept": "IT", "kms:EncryptionContext:P": "x"})
        ),
        Allowed,
        "W58"
    );
    assert_eq!(
        w58.ask(&s(), "Decrypt", json!({"kms:EncryptionContext:dept": "IT"})),
        ImplicitDeny,
        "W58"
    );
    assert_eq!(w58.ask(&s(), "DescribeKey", json!({})), Allowed, "W58");
    let deny = with(let_in(&s(), "kms:*"), json!({"Effect": "Deny"}));
    assert_eq!(
        decrypt(&w57().kp(json!([root(A), deny])), &s()),
        ExplicitDeny,
        "W59"
    );
    assert_eq!(
        decrypt(&w57().scp(A, may_not("kms:*"), false), &s()),
        ExplicitDeny,
        "W59"
    );
    assert_eq!(
        decrypt(&w57().id(&s(), json!([may_not("kms:*")])), &s()),
        ExplicitDeny,
        "W59"
    );
    assert_eq!(
        decrypt(&w57().scp(A, may("s3:*"), true), &s()),
        ImplicitDeny,
        "W60"
    );
    assert_eq!(
        decrypt(&w57().pb(&s(), json!([may("s3:*")])), &s()),
        Undetermined,
        "W61"
    );
    let to_rb =
        |issuer: &str| json!({"GranteePrincipal": rb(), "Operations": ["Decrypt"], "IssuingAccount": issuer});
    assert_eq!(
        decrypt(
            &cast().grant(to_rb(A)).id(&rb(), json!([may("kms:Decrypt")])),
            &rb()
        ),
        Allowed,
        "W62"
    );
    assert_eq!(decrypt(&cast().grant(to_rb(A)), &rb()), Undetermined, "W63");
    assert_eq!(decrypt(&cast().grant(to_rb(B)), &rb()), Allowed, "W64");
    let w65 = cast().grant(with(to_s(&["Decrypt", "CreateGrant"]), subset));
    let equals = json!({"EncryptionContextEquals": {"Dept": "IT"}});
    let child = |operation: &str, constraints| json!({"grant": {"GranteePrincipal": rx(), "Operations": [operation], "Constraints": constraints}});
    assert_eq!(
        w65.ask_more(&s(), "CreateGrant", json!({}), child("Decrypt", equals.clone())),
        Allowed,
        "W65"
    );
    assert_eq!(
        w65.ask_more(&s(), "CreateGrant", json!({}), child("Encrypt", equals)),
        ImplicitDeny,
        "W65"
    );
    assert_eq!(
        w65.ask_more(&s(), "CreateGrant", json!({}), child("Decrypt", json!({}))),
        ImplicitDeny,
        "W65"
    );
    let w66 = cast().kp(json!([let_in(&u(), "kms:CreateGrant")]));
    let for_u = json!({"grant": {"GranteePrincipal": u(), "Operations": ["Decrypt"]}});
    assert_eq!(
        w66.ask_more(&u(), "CreateGrant", json!({}), for_u),
        Allowed,
        "W66"
    );
    let w67 = || {
        cast()
            .kp(json!([root(A)]))
            .grant(with(to_s(&["Decrypt"]), json!({"RetiringPrincipal": v()})))
    };
    let retire =
        |w: &Cast, principal: &str| w.ask_more(principal, "RetireGrant", json!({}), json!({"grantId": "g"}));
    assert_eq!(
        (
            retire(&w67(), &v()),
            retire(&w67(), &s()),
            retire(&w67(), &owner())
        ),
        (Allowed, ImplicitDeny, Allowed),
        "W67"
    );
    assert_eq!(
        retire(&w67().id(&u(), json!([may("kms:RetireGrant")])), &u()),
        Allowed,
        "W68"
    );
    let deny_v = with(let_in(&v(), "kms:RetireGrant"), json!({"Effect": "Deny"}));
    assert_eq!(retire(&w67().kp(json!([deny_v])), &v()), Allowed, "W69");
    assert_eq!(
        retire(&w67().scp(A, may("s3:*"), true), &v()),
        Undetermined,
        "S4.9.8 under an SCP"
    );
    let bucket = "arn:aws:s3:::bucket1";
    let to_s3 = json!({"GranteeServicePrincipal": "s3.amazonaws.com", "Operations": ["Decrypt"], "Constraints": {"SourceArn": bucket}});
    let w70 = cast().grant(to_s3);
    assert_eq!(
        w70.ask("s3.amazonaws.com", "Decrypt", json!({"aws:SourceArn": bucket})),
        Allowed,
        "W70"
    );
    assert_eq!(
        w70.ask(
            "s3.amazonaws.com",
            "Decrypt",
            json!({"aws:SourceArn": "arn:aws:s3:::bucket2"})
        ),
        ImplicitDeny,
        "W70"
    );
    assert_eq!(decrypt(&w70, &r()), ImplicitDeny, "W70");
}
