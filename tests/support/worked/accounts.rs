//! W41 to W56: other accounts and guardrails.

use super::super::support::Decision::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use super::super::support::cast::{
    A, B, Cast, M, X, cast, iam, key_arn, let_in, may, may_not, root, session, with,
};
use super::{decrypt, owner, r, rb, rx, s, u};
use serde_json::json;

#[test]
fn w41_to_w56_accounts_and_guardrails() {
    let both = json!([
        root(A),
        let_in(&iam(B, "root"), "kms:Decrypt"),
        let_in(&iam(B, "root"), "kms:Encrypt")
    ]);
    let on_k = with(may("kms:Decrypt"), json!({"Resource": key_arn("K")}));
    let w41 = || cast().kp(both.clone()).id(&rb(), json!([on_k]));
    assert_eq!(decrypt(&w41(), &rb()), Allowed, "W41");
    assert_eq!(w41().ask(&rb(), "Encrypt", json!({})), ImplicitDeny, "W42");
    assert_eq!(decrypt(&w41(), &iam(B, "role/RB2")), ImplicitDeny, "W42");
    assert_eq!(
        decrypt(&cast().kp(json!([root(A), let_in(&rb(), "kms:Decrypt")])), &rb()),
        ImplicitDeny,
        "W43"
    );
    let named = session(B, "RB", "s");
    let w44 = cast()
        .kp(json!([let_in(&named, "kms:Decrypt")]))
        .id(&rb(), json!([may("kms:Decrypt")]))
        .pb(&rb(), json!([may("s3:*")]));
    assert_eq!(decrypt(&w44, &named), ImplicitDeny, "W44");
    let w45 = cast().kp(json!([root(B)])).id(&rb(), json!([may("kms:*")]));
    assert_eq!(
        w45.ask(&rb(), "ScheduleKeyDeletion", json!({})),
        ImplicitDeny,
        "W45"
    );
    let w46 = || {
        cast()
            .kp(json!([root(A), let_in(X, "kms:Decrypt")]))
            .id(&rx(), json!([may("kms:Decrypt")]))
    };
    assert_eq!(decrypt(&w46(), &rx()), Allowed, "W46");
    let mut unknown = w46();
    unknown.world.accounts.retain(|a| a.id != X);
    assert_eq!(
        decrypt(&unknown, &rx()),
        Undetermined,
        "W46, X not in the snapshot"
    );
    assert_eq!(decrypt(&unknown, &iam(X, "root")), Allowed, "S4.6.2");
    let perimeter = json!({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:PrincipalIsAWSService": "false"}});
    let w47 = || w46().rcp(A, with(may_not("kms:*"), json!({"Condition": perimeter})));
    assert_eq!(decrypt(&w47(), &rx()), ExplicitDeny, "W47");
    let w48 =
        w47().grant(json!({"GranteePrincipal": s(), "RetiringPrincipal": rx(), "Operations": ["Decrypt"]}));
    assert_eq!(
        w48.ask_more(&rx(), "RetireGrant", json!({}), json!({"grantId": "g"})),
        Allowed,
        "W48"
    );
    let w49 = cast()
        .kp(json!([root(A)]))
        .id(&u(), json!([may("kms:*")]))
        .scp(A, may("s3:*"), true);
    assert_eq!(
        (decrypt(&w49, &u()), decrypt(&w49, &owner())),
        (ImplicitDeny, ImplicitDeny),
        "W49"
    );
    assert_eq!(
        decrypt(&w41().scp(B, may_not("kms:Decrypt"), false), &rb()),
        ExplicitDeny,
        "W50"
    );
    assert_eq!(
        decrypt(&w41().scp(A, may_not("kms:Decrypt"), false), &rb()),
        Allowed,
        "W51"
    );
    let rm = iam(M, "role/RM");
    let w52 = cast()
        .kp(json!([let_in(M, "kms:Decrypt")]))
        .id(&rm, json!([may("kms:Decrypt")]))
        .scp("r-1", may_not("kms:*"), false);
    assert_eq!(decrypt(&w52, &rm), Allowed, "W52");
    let unless = |list| json!([root(A), {"Effect": "Deny", "NotPrincipal": {"AWS": list}, "Action": "kms:Decrypt", "Resource": "*"}]);
    let allow_both = |w: Cast| {
        w.id(&r(), json!([may("kms:Decrypt")]))
            .id(&u(), json!([may("kms:Decrypt")]))
    };
    let w53 = allow_both(cast().kp(unless(json!([r()]))));
    assert_eq!(
        (decrypt(&w53, &r()), decrypt(&w53, &u())),
        (Undetermined, ExplicitDeny),
        "W53"
    );
    let w54 = allow_both(cast().kp(unless(json!([r(), owner()]))));
    assert_eq!(decrypt(&w54, &r()), Allowed, "W54, no boundary");
    assert_eq!(
        decrypt(&w54.pb(&r(), json!([may("*")])), &r()),
        ExplicitDeny,
        "W54"
    );
    let only_r = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": r()}}});
    let w55 = allow_both(cast().kp(json!([root(A), only_r])));
    assert_eq!(
        (decrypt(&w55, &r()), decrypt(&w55, &u())),
        (Allowed, ExplicitDeny),
        "W55"
    );
    assert_eq!(decrypt(&w55, "cloudtrail.amazonaws.com"), ExplicitDeny, "W55");
    let w56 = cast()
        .kp(json!([root(A)]))
        .id(&u(), json!([may("kms:Decrypt")]))
        .endpoint(let_in("*", "kms:DescribeKey"));
    assert_eq!(
        w56.ask_more(&u(), "Decrypt", json!({}), json!({"vpcEndpoint": "vpce-1"})),
        ImplicitDeny,
        "W56"
    );
}
