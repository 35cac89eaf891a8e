//! Conditions that contradict each other.

use super::*;

fn on(action: Value, condition: Value) -> Vec<Diagnostic> {
    in_identity(&json!({"Action": action, "Condition": condition}))
}

fn decrypt(condition: Value) -> Vec<Diagnostic> {
    on(json!("kms:Decrypt"), condition)
}

#[track_caller]
fn contradicts(condition: Value) {
    one(
        &decrypt(condition),
        Code::NeverTrue,
        &["contradict each other", "S2.5.9, A29"],
    );
}

#[test]
fn absent_and_tested() {
    let tag = |operator: &str, absent: &str| json!({operator: {"aws:PrincipalTag/t": "a"}, "Null": {"AWS:PrincipalTag/T": absent}});
    contradicts(tag("StringEquals", "true"));
    contradicts(
        json!({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/"}, "Null": {"aws:PrincipalOrgPaths": "true"}}),
    );
    none(&decrypt(tag("StringEquals", "false")));
    none(&decrypt(tag("StringEqualsIfExists", "true")));
    none(&decrypt(tag("StringNotEquals", "true")));
    // Either is asked for, so nothing is.
    none(&decrypt(
        json!({"StringEquals": {"aws:PrincipalTag/t": "a"}, "Null": {"aws:PrincipalTag/t": ["true", "false"]}}),
    ));
}

#[test]
fn disjoint_values() {
    let tag = |one: Value, other: Value| json!({"StringEquals": {"aws:PrincipalTag/t": one}, "StringLike": {"aws:PrincipalTag/t": other}});
    contradicts(tag(json!("a"), json!("b*")));
    contradicts(tag(json!(["a", "b"]), json!(["c", "d*"])));
    none(&decrypt(tag(json!(["a", "b"]), json!(["c", "b*"]))));
    none(&decrypt(tag(json!("a"), json!("${aws:username}"))));
    contradicts(
        json!({"StringLike": {"kms:ViaService": "s3.*"}, "StringLikeIfExists": {"kms:ViaService": "ec2.*"}}),
    );
    none(&decrypt(
        json!({"StringLikeIfExists": {"kms:ViaService": "s3.*"}, "StringEqualsIfExists": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}),
    ));
    contradicts(
        json!({"StringEquals": {"aws:PrincipalTag/t": "a"}, "StringNotEquals": {"aws:PrincipalTag/t": ["a", "b"]}}),
    );
    none(&decrypt(
        json!({"StringEquals": {"aws:PrincipalTag/t": ["a", "c"]}, "StringNotEquals": {"aws:PrincipalTag/t": ["a", "b"]}}),
    ));
    contradicts(
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}, "StringLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:*"}}),
    );
}

#[test]
fn listed_values_that_are_used_up() {
    contradicts(
        json!({"Bool": {"aws:ViaAWSService": "true"}, "StringEquals": {"aws:ViaAWSService": "false"}}),
    );
    contradicts(json!({"StringLike": {"kms:KeySpec": "RSA_*"}, "StringNotLike": {"kms:KeySpec": "*_?0*"}}));
    none(&decrypt(
        json!({"StringLike": {"kms:KeySpec": "RSA_*"}, "StringNotLike": {"kms:KeySpec": "*_2*"}}),
    ));
    let none_left = on(
        json!("kms:CreateGrant"),
        json!({"StringNotEquals": {"kms:KeyOrigin": ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]}}),
    );
    // S2.5.4: it would hold for a request without the key.
    none(&none_left);
}

#[test]
fn ranges() {
    let age = |low: &str, high: &str| json!({"NumericGreaterThan": {"aws:MultiFactorAuthAge": low}, "NumericLessThanEquals": {"aws:MultiFactorAuthAge": high}});
    contradicts(age("3600", "60"));
    contradicts(age("60", "60.0"));
    none(&decrypt(age("60", "61")));
    let at = |low: &str, high: &str| json!({"DateGreaterThanEquals": {"aws:CurrentTime": low}, "DateLessThanEquals": {"aws:CurrentTime": high}});
    contradicts(at("2026-11-02", "2026-11-01T23:59:59Z"));
    none(&decrypt(at("2026-11-01", "2026-11-01T00:00:00Z")));
    contradicts(
        json!({"NumericEquals": {"aws:MultiFactorAuthAge": ["1", "5"]}, "NumericGreaterThan": {"aws:MultiFactorAuthAge": "5"}}),
    );
    // Several values of one test are alternatives.
    none(&decrypt(
        json!({"NumericLessThan": {"aws:MultiFactorAuthAge": ["10", "100"]}, "NumericGreaterThan": {"aws:MultiFactorAuthAge": ["50", "200"]}}),
    ));
}

#[test]
fn several_values() {
    let paths = |all: &str, any: &str| json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": all}, "ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": any}});
    contradicts(paths("o-a/r-b/", "o-a/r-c/"));
    none(&decrypt(paths("o-a/r-b/", "o-a/r-b/")));
    // Different values may satisfy the two.
    let any = json!({
        "ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/"},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-c/*"}
    });
    none(&decrypt(any));
}

#[test]
fn keys_that_no_action_has_together() {
    let condition = json!({"StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}});
    let both = on(json!(["kms:Sign", "kms:Decrypt"]), condition);
    one(
        &both,
        Code::NeverTrue,
        &[
            "no action of the statement can satisfy `kms:EncryptionAlgorithm`, `kms:SigningAlgorithm` together",
        ],
    );
    none(&on(
        json!(["kms:Sign", "kms:Decrypt"]),
        json!({"StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
    ));
    let of_actions = json!({"StringEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}, "Bool": {"kms:ReEncryptOnSameKey": "true"}});
    none(&on(
        json!(["kms:GenerateDataKey", "kms:ReEncrypt*"]),
        of_actions.clone(),
    ));
    one(
        &on(json!(["kms:GenerateDataKey", "kms:Encrypt"]), of_actions),
        Code::UnsupportedConditionKey,
        &[],
    );
}

#[test]
fn nothing_is_certain_of_what_is_not_known() {
    for condition in [
        json!({"StringLikes": {"aws:PrincipalTag/t": "a"}, "StringEquals": {"aws:PrincipalTag/t": "b"}}),
        json!({"StringEquals": {"aws:PrincipalTag/t": "${aws:username}", "aws:PrincipalTag/u": "b"}}),
    ] {
        none(&decrypt(condition));
    }
    let key = in_key(
        &json!({"Condition": {"StringEquals": {"aws:ResourceTag/t": "a"}, "StringNotEquals": {"aws:ResourceTag/t": "a"}}}),
    );
    one(&key, Code::TagInKeyPolicy, &[]);
}

#[test]
fn a_contradiction_is_reported_besides_no_other_dead_condition() {
    let both = json!({"StringEquals": {"kms:KeySpec": "AES", "aws:PrincipalTag/t": "a"}, "StringNotEquals": {"aws:PrincipalTag/t": "a"}});
    one(&decrypt(both), Code::NeverTrue, &["`kms:KeySpec` is never `AES`"]);
}

#[test]
fn statements_of_several_services_say_that_it_is_about_kms() {
    let mixed = on(
        json!(["s3:GetObject", "kms:Decrypt"]),
        json!({"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "no"}}),
    );
    one(
        &mixed,
        Code::InvalidConditionValue,
        &["the statement allows nothing of KMS"],
    );
}
