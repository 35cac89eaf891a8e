//! Keys, set operators and values, one condition at a time.

use super::*;

/// A condition in an identity policy that allows one action.
fn on(action: &str, condition: Value) -> Vec<Diagnostic> {
    in_identity(&json!({"Action": action, "Condition": condition}))
}

fn decrypt(condition: Value) -> Vec<Diagnostic> {
    on("kms:Decrypt", condition)
}

#[test]
fn unknown_keys() {
    let equals = |key: &str| decrypt(json!({"StringEquals": {key: "x"}}));
    one(
        &equals("kms:ViaServices"),
        Code::UnknownConditionKey,
        &["did you mean `kms:ViaService`?", "unknown (S6.11, A35)"],
    );
    one(
        &equals("aws:PrincipalTag"),
        Code::UnknownConditionKey,
        &["the name goes on: `aws:PrincipalTag/...`"],
    );
    one(
        &equals("kms:EncryptionContext"),
        Code::UnknownConditionKey,
        &["`kms:EncryptionContext:...`"],
    );
    one(
        &equals("s3:prefix"),
        Code::UnknownConditionKey,
        &["keys of `s3` are not in requests to KMS"],
    );
    one(
        &equals("aws:${aws:username}"),
        Code::UnknownConditionKey,
        &["no place in the name of a key"],
    );
    none(&equals("AWS:principaltag/team"));
    none(&equals("kms:EncryptionContext:Any thing"));
    none(&equals("token.actions.githubusercontent.com:sub"));
    // Of several services: the key of another one is its own business, one of KMS or of all is not.
    let mixed = |key: &str| in_identity(&json!({"Action": "*", "Condition": {"StringLike": {key: "x*"}}}));
    none(&mixed("s3:prefix"));
    one(&mixed("aws:PrincipalOrgName"), Code::UnknownConditionKey, &[]);
}

#[test]
fn keys_that_no_action_has() {
    let via = json!({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}});
    one(
        &on("kms:Sign", via.clone()),
        Code::UnsupportedConditionKey,
        &[
            "the condition never holds: the statement allows nothing",
            "`kms:Decrypt`",
        ],
    );
    none(&decrypt(via.clone()));
    none(&on("kms:*", via.clone()));
    // S5.2.2: their keys are inferred.
    none(&on("kms:Encapsulate", via));
    for always in [
        json!({"StringNotEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}),
        json!({"StringEqualsIfExists": {"kms:GrantConstraintType": "EncryptionContextEquals"}}),
        json!({"Null": {"kms:GrantConstraintType": "true"}}),
    ] {
        one(
            &decrypt(always),
            Code::UnsupportedConditionKey,
            &["the condition always holds (S2.5.4"],
        );
    }
    let tags = json!({"StringEquals": {"aws:RequestTag/a": "b"}});
    one(&decrypt(tags.clone()), Code::UnsupportedConditionKey, &[]);
    // Another action has it.
    none(&in_identity(
        &json!({"Action": ["kms:Decrypt", "ec2:CreateTags"], "Condition": tags.clone()}),
    ));
    none(&on("*", tags));
}

#[test]
fn keys_that_no_principal_has() {
    let source = json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}});
    let key = |principal: Value, condition: &Value| {
        in_key(&json!({"Principal": principal, "Condition": condition}))
    };
    let role = json!({"AWS": "arn:aws:iam::111122223333:role/app"});
    let service = json!({"Service": "s3.amazonaws.com"});
    one(
        &key(role.clone(), &source),
        Code::NeverTrue,
        &["only direct calls of AWS services", "S3.2, A29"],
    );
    one(
        &decrypt(source.clone()),
        Code::NeverTrue,
        &["`aws:SourceArn` is never present"],
    );
    none(&key(service.clone(), &source));
    none(&key(json!("*"), &source));
    none(&key(json!({"AWS": "*"}), &source));
    none(&key(
        json!({"AWS": "111122223333", "Service": "s3.amazonaws.com"}),
        &source,
    ));
    none(&key(
        role.clone(),
        &json!({"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:s3:::bucket"}}),
    ));
    let name = json!({"StringEquals": {"aws:username": "alice"}});
    one(&key(role, &name), Code::NeverTrue, &["roles have no user name"]);
    none(&key(json!({"AWS": "111122223333"}), &name));
    let org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-example"}});
    one(
        &key(service.clone(), &org),
        Code::NeverTrue,
        &["direct calls of AWS services do not have it"],
    );
    none(&key(
        service,
        &json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-example"}}),
    ));
}

#[test]
fn tags_and_aliases_in_key_policies() {
    for condition in [
        json!({"StringEquals": {"aws:ResourceTag/Env": "Test"}}),
        json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}}),
    ] {
        one(
            &in_key(&json!({"Condition": condition.clone()})),
            Code::TagInKeyPolicy,
            &["unknown (S6.4, A36)"],
        );
        none(&decrypt(condition));
    }
    none(&in_key(
        &json!({"Condition": {"StringEquals": {"kms:RequestAlias": "alias/app"}}}),
    ));
}

#[test]
fn set_operators_on_single_valued_keys() {
    let all = decrypt(json!({"ForAllValues:StringEquals": {"kms:EncryptionContext:Dept": "IT"}}));
    one(
        &all,
        Code::SetOperator,
        &[
            "which has one value",
            "without the key satisfies it (S2.5.7, A25); KMS refuses",
        ],
    );
    let all = decrypt(json!({"ForAllValues:StringEquals": {"aws:PrincipalTag/Dept": "IT"}}));
    one(&all, Code::SetOperator, &["leave out `ForAllValues:`"]);
    let any = decrypt(json!({"ForAnyValue:StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}));
    one(
        &any,
        Code::SetOperator,
        &["none: the key is a set of at most one value"],
    );
    let not = decrypt(json!({"ForAnyValue:StringNotEquals": {"aws:PrincipalTag/Dept": "IT"}}));
    one(&not, Code::SetOperator, &["as it would without `ForAnyValue`"]);
    none(&decrypt(json!({"StringEquals": {"aws:PrincipalTag/Dept": "IT"}})));
    none(&decrypt(json!({"Null": {"aws:PrincipalTag/Dept": "false"}})));
}

#[test]
fn set_operators_missing_on_multi_valued_keys() {
    let paths = |operator: &str| decrypt(json!({operator: {"aws:PrincipalOrgPaths": "o-a/r-b/*"}}));
    one(
        &paths("StringLike"),
        Code::SetOperator,
        &[
            "write `ForAnyValue:StringLike` or `ForAllValues:StringLike`",
            "S2.5.7, A35",
        ],
    );
    none(&paths("ForAnyValue:StringLike"));
    none(&decrypt(json!({"Null": {"aws:PrincipalOrgPaths": "false"}})));
}

#[test]
fn all_values_of_nothing() {
    let all = json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "App"}});
    one(
        &decrypt(all.clone()),
        Code::SetOperator,
        &[
            "nothing asks for the key",
            "A25",
            "\"Null\": {\"kms:EncryptionContextKeys\": \"false\"}",
        ],
    );
    let and = |other: &Value| {
        let mut both = all.clone();
        both.as_object_mut()
            .unwrap()
            .extend(other.as_object().unwrap().clone());
        decrypt(both)
    };
    none(&and(&json!({"Null": {"kms:encryptionContextKeys": "false"}})));
    none(&and(
        &json!({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "App"}}),
    ));
    one(
        &and(&json!({"Null": {"kms:ViaService": "false"}})),
        Code::SetOperator,
        &[],
    );
    none(&in_identity(&json!({"Effect": "Deny", "Condition": all})));
    // Always present where it is supported.
    none(&on(
        "kms:CreateGrant",
        json!({"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}}),
    ));
    let tags = json!({"ForAllValues:StringEquals": {"aws:TagKeys": "Team"}});
    none(&on("kms:TagResource", tags.clone()));
    one(&on("kms:CreateKey", tags), Code::SetOperator, &[]);
}

#[test]
fn wildcards_that_are_literal() {
    let alias = |operator: &str, value: &str| decrypt(json!({operator: {"kms:RequestAlias": value}}));
    one(
        &alias("StringEquals", "alias/app-*"),
        Code::LiteralWildcard,
        &[
            "use `StringLike`",
            "matches nothing but this very text (S2.5.3, A35)",
        ],
    );
    one(
        &alias("StringNotEquals", "alias/app?"),
        Code::LiteralWildcard,
        &["use `StringNotLike`", "excludes nothing but"],
    );
    one(
        &alias("StringEqualsIgnoreCase", "alias/*"),
        Code::LiteralWildcard,
        &[],
    );
    none(&alias("StringLike", "alias/app-*"));
    none(&alias("StringEquals", "alias/app-${*}"));
    none(&alias("StringEquals", "alias/app"));
    none(&decrypt(
        json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    ));
    // Such a text is never an account.
    let never = decrypt(json!({"StringEquals": {"kms:CallerAccount": "*"}}));
    one(
        &never,
        Code::LiteralWildcard,
        &["the condition never holds: the statement allows nothing"],
    );
}

#[test]
fn values_that_the_operator_cannot_read() {
    for (operator, key, wrong, right) in [
        ("Bool", "aws:SecureTransport", "yes", "TRUE"),
        ("NumericLessThan", "aws:MultiFactorAuthAge", "one hour", "3600"),
        (
            "DateGreaterThan",
            "aws:CurrentTime",
            "tomorrow",
            "2026-11-01T00:00:00Z",
        ),
        ("IpAddress", "aws:SourceIp", "203.0.113.*", "203.0.113.0/24"),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::*",
            "arn:aws:iam::*:role/*",
        ),
        ("BinaryEquals", "kms:EncryptionContext:b", "%", "QmluYXJ5"),
    ] {
        let condition = |value: Value| decrypt(json!({operator: {key: value}}));
        one(
            &condition(json!(wrong)),
            Code::InvalidConditionValue,
            &["cannot read", "the condition never holds"],
        );
        one(
            &condition(json!([wrong, right])),
            Code::InvalidConditionValue,
            &["it never matches (S2.5.3)"],
        );
        none(&condition(json!(right)));
    }
    let not = decrypt(json!({"NotIpAddress": {"aws:SourceIp": "here"}}));
    one(&not, Code::InvalidConditionValue, &["it excludes nothing"]);
    let variable = decrypt(json!({"NumericEquals": {"aws:MultiFactorAuthAge": "${aws:PrincipalTag/age}"}}));
    one(
        &variable,
        Code::InvalidConditionValue,
        &["String and ARN operators only"],
    );
    let null = |value: Value| decrypt(json!({"Null": {"aws:PrincipalTag/a": value}}));
    one(
        &null(json!("no")),
        Code::InvalidConditionValue,
        &["`\"true\"` for an absent key"],
    );
    none(&null(json!([true])));
}

#[test]
fn values_that_the_key_never_has() {
    let equals = |key: &str, value: Value| decrypt(json!({"StringEquals": {key: value}}));
    one(
        &equals("kms:KeySpec", json!("RSA2048")),
        Code::NeverTrue,
        &[
            "`kms:KeySpec` is never `RSA2048`",
            "did you mean `RSA_2048`?",
            "A29",
        ],
    );
    one(
        &equals("kms:KeyOrigin", json!(["HSM", "EXTERNAL"])),
        Code::InvalidConditionValue,
        &["is never `HSM`", "its values are"],
    );
    one(
        &equals("kms:ViaService", json!("s3.amazonaws.com")),
        Code::NeverTrue,
        &["SERVICE.REGION.amazonaws.com", "S6.12"],
    );
    one(
        &equals("kms:CallerAccount", json!("1234")),
        Code::NeverTrue,
        &["twelve digits"],
    );
    one(
        &equals("aws:PrincipalAccount", json!("arn:aws:iam::111122223333:root")),
        Code::NeverTrue,
        &[],
    );
    one(
        &equals("aws:PrincipalOrgID", json!("r-abcd")),
        Code::NeverTrue,
        &["`o-`"],
    );
    one(
        &equals(
            "kms:RequestAlias",
            json!("arn:aws:kms:us-east-1:111122223333:alias/a"),
        ),
        Code::NeverTrue,
        &["never ARNs (S1.5)"],
    );
    one(
        &equals("aws:SourceVpce", json!("vpc-1")),
        Code::NeverTrue,
        &["`vpce-`"],
    );
    let session = "arn:aws:sts::111122223333:assumed-role/R/s";
    one(
        &equals("aws:PrincipalArn", json!(session)),
        Code::NeverTrue,
        &["of a session, the role's (S3.2)"],
    );
    one(
        &decrypt(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}})),
        Code::NeverTrue,
        &["is never like"],
    );
    one(
        &equals("aws:SecureTransport", json!("True")),
        Code::NeverTrue,
        &["did you mean `true`?"],
    );
    let not = decrypt(json!({"StringNotEquals": {"kms:KeyUsage": "SIGN"}}));
    one(
        &not,
        Code::InvalidConditionValue,
        &["it excludes nothing (S2.5.9)"],
    );
    for (operator, key, value) in [
        ("StringLike", "kms:KeySpec", "RSA_*"),
        ("StringEqualsIgnoreCase", "kms:KeySpec", "rsa_2048"),
        ("StringLike", "kms:ViaService", "s3.*.amazonaws.com"),
        ("StringLike", "kms:ViaService", "*"),
        (
            "StringEquals",
            "kms:ViaService",
            "s3.${aws:RequestedRegion}.amazonaws.com",
        ),
        ("StringLike", "kms:CallerAccount", "1111*"),
        ("StringEqualsIgnoreCase", "kms:RequestAlias", "ALIAS/App"),
        ("ArnLike", "aws:PrincipalArn", "*"),
        ("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
        (
            "StringEquals",
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:root",
        ),
        ("NumericEquals", "kms:CallerAccount", "111122223333"),
        ("NumericLessThan", "aws:EpochTime", "1800000000"),
    ] {
        none(&decrypt(json!({operator: {key: value}})));
    }
}

#[test]
fn values_that_the_key_never_has_for_the_action() {
    let rsa = json!({"StringEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}});
    one(
        &on("kms:GenerateDataKey*", rsa.clone()),
        Code::NeverTrue,
        &["`SYMMETRIC_DEFAULT`"],
    );
    none(&on("kms:Encrypt", rsa));
}

#[test]
fn operators_that_cannot_compare_the_key() {
    let found = decrypt(json!({"IpAddress": {"aws:PrincipalArn": "10.0.0.0/8"}}));
    one(&found, Code::NeverTrue, &["`IpAddress` does not compare them"]);
    let found = decrypt(json!({"Bool": {"aws:CurrentTime": "true"}}));
    one(&found, Code::NeverTrue, &["`Bool` cannot read its values"]);
}

#[test]
fn unknown_operators_are_left_to_the_parser() {
    none(&decrypt(json!({"StringLikes": {"kms:Odd": "x"}})));
}
