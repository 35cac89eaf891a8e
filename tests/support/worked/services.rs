//! W71 to W88: services, AWS managed keys, other operations.

use super::super::support::Decision::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use super::super::support::cast::{A, B, Cast, X, cast, iam, let_in, may, may_not, root, with};
use super::{decrypt, rb, rx, u, v};
use serde_json::json;

#[test]
fn w71_to_w88_services_and_other_operations() {
    let trail = |account: &str| format!("arn:aws:cloudtrail:us-east-1:{account}:trail/finance");
    let by_trail = json!({"Condition": {"ArnEquals": {"aws:SourceArn": trail(A)}}});
    let to_service = json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "kms:GenerateDataKey", "Resource": "*"});
    let ask = |w: &Cast, account: &str| {
        w.ask(
            "cloudtrail.amazonaws.com",
            "GenerateDataKey",
            json!({"aws:SourceArn": trail(account)}),
        )
    };
    let w71 = cast().kp(json!([with(to_service.clone(), by_trail)]));
    assert_eq!((ask(&w71, A), ask(&w71, X)), (Allowed, ImplicitDeny), "W71");
    assert_eq!(ask(&cast().kp(json!([to_service])), X), Allowed, "W72");
    let ebs = json!({"Condition": {"StringEquals": {"kms:CallerAccount": A, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}}});
    let mut w73 = cast()
        .kp(json!([with(let_in("*", "kms:Decrypt"), ebs)]))
        .rcp(A, may_not("kms:*"));
    w73.key("K").aws_managed = true;
    let via = json!({"kms:ViaService": "ec2.us-east-1.amazonaws.com"});
    assert_eq!(w73.ask(&v(), "Decrypt", via.clone()), Allowed, "W73, W74");
    assert_eq!(
        (decrypt(&w73, &v()), w73.ask(&rb(), "Decrypt", via)),
        (ImplicitDeny, ImplicitDeny),
        "W73"
    );
    let nothing = json!({"resource": "*"});
    let create_key = |resource: &str| {
        cast()
            .id(
                &u(),
                json!([with(may("kms:CreateKey"), json!({"Resource": resource}))]),
            )
            .ask_more(&u(), "CreateKey", json!({}), nothing.clone())
    };
    assert_eq!(
        create_key(&format!("arn:aws:kms:*:{A}:key/*")),
        ImplicitDeny,
        "W75"
    );
    assert_eq!(create_key("*"), Allowed, "S4.10.1");
    assert_eq!(
        create_key(&format!("arn:aws:kms:*:{A}:*")),
        Undetermined,
        "S2.4.8"
    );
    let w76 = || cast().kp(json!([let_in(&u(), "kms:CreateAlias")]));
    let alias = json!({"alias": "alias/x"});
    assert_eq!(
        w76().ask_more(&u(), "CreateAlias", json!({}), alias.clone()),
        ImplicitDeny,
        "W76"
    );
    let on_alias = with(
        may("kms:CreateAlias"),
        json!({"Resource": format!("arn:aws:kms:us-east-1:{A}:alias/x")}),
    );
    assert_eq!(
        w76()
            .id(&u(), json!([on_alias]))
            .ask_more(&u(), "CreateAlias", json!({}), alias),
        Allowed,
        "W77"
    );
    let linked = iam(A, "role/aws-service-role/x.amazonaws.com/L");
    let w81 = |statements| {
        let mut w = cast()
            .kp(statements)
            .scp(A, may_not("kms:*"), false)
            .rcp(A, may_not("kms:*"));
        w.world.accounts[1].roles[0].path = "/aws-service-role/x.amazonaws.com/".into();
        w.world.accounts[1].roles[0].arn = linked.clone();
        decrypt(&w, &linked)
    };
    assert_eq!(w81(json!([let_in(&linked, "kms:Decrypt")])), Allowed, "W81");
    let deny_all = with(
        let_in("*", "kms:Decrypt"),
        json!({"Effect": "Deny", "Principal": "*"}),
    );
    assert_eq!(
        w81(json!([let_in(&linked, "kms:Decrypt"), deny_all])),
        ExplicitDeny,
        "W82"
    );
    let f = format!("arn:aws:sts::{A}:federated-user/f");
    let w83 = cast().kp(json!([root(A)])).id(&u(), json!([may("kms:Decrypt")]));
    let session_policy = json!({"federatedBy": u(), "sessionPolicies": [{"Version": "2012-10-17", "Statement": [may("kms:Decrypt")]}]});
    assert_eq!(
        w83.ask_more(&f, "Decrypt", json!({}), session_policy.clone()),
        Allowed,
        "W83"
    );
    assert_eq!(
        w83.ask_more(&f, "Decrypt", json!({}), json!({"federatedBy": u()})),
        ImplicitDeny,
        "W83"
    );
    assert_eq!(
        w83.ask_more(
            &f,
            "Decrypt",
            json!({}),
            with(session_policy, json!({"federatedBy": null}))
        ),
        Undetermined,
        "u or v"
    );
    assert_eq!(
        decrypt(&cast().kp(json!([let_in(&f, "kms:Decrypt")])), &f),
        Allowed,
        "W84"
    );
    let of_org = with(
        let_in("*", "kms:Decrypt"),
        json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}),
    );
    let w85 = || cast().kp(json!([of_org]));
    assert_eq!(
        (decrypt(&w85(), &u()), decrypt(&w85(), &rb())),
        (Allowed, ImplicitDeny),
        "W85"
    );
    assert_eq!(
        decrypt(&w85().id(&rb(), json!([may("kms:Decrypt")])), &rb()),
        Allowed,
        "W85"
    );
    assert_eq!(
        decrypt(&w85().id(&rx(), json!([may("kms:Decrypt")])), &rx()),
        ImplicitDeny,
        "W85"
    );
    let mut w86 = cast().kp(json!([root(A)])).id(&rb(), json!([may("kms:Decrypt")]));
    assert_eq!(decrypt(&w86, &rb()), ImplicitDeny, "W86, not shared");
    let shared = cast()
        .kp(json!([let_in(B, "kms:Decrypt")]))
        .key("K")
        .policies
        .remove(0)
        .1;
    w86.key("K").policies.push(("AWS_RAM".into(), shared));
    assert_eq!(decrypt(&w86, &rb()), Allowed, "W86");
    let w88 = cast()
        .grant(json!({"GranteePrincipal": iam(B, "root"), "Operations": ["Encrypt"]}))
        .id(&rb(), json!([may("kms:Encrypt")]));
    let encrypt = |principal: &str| w88.ask(principal, "Encrypt", json!({}));
    assert_eq!(
        (encrypt(&rb()), encrypt(&iam(B, "role/RB2"))),
        (Allowed, ImplicitDeny),
        "W88"
    );
}
