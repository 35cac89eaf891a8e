//! Resource and NotResource.

use super::*;

fn identity(resource: &str) -> Vec<Diagnostic> {
    in_identity(&json!({"Resource": resource}))
}

const OTHER: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn resources_that_can_match_keys() {
    for resource in [
        "*",
        KEY,
        "arn:aws:kms:*:111122223333:key/*",
        "arn:*:kms:*:*:*",
        "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        "arn:aws:kms:us-gov-west-1:1111*:key/????????-*",
        "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${aws:PrincipalTag/key}",
        "arn:aws:kms",
        "arn:aws:kms:us-east-1",
        "arn:aws:kms:*:*",
        "arn:aws:kms:us-east-1:111122223333",
    ] {
        none(&identity(resource));
    }
    none(&in_key(&json!({"Resource": KEY})));
}

#[test]
fn names_in_place_of_arns() {
    let id = identity("1234abcd-12ab-34cd-56ef-1234567890ab");
    one(
        &id,
        Code::SuspiciousResource,
        &[
            "the key id",
            "matches no key: the statement allows nothing (S2.4.5)",
            ":key/1234abcd",
        ],
    );
    one(
        &identity("key/*"),
        Code::SuspiciousResource,
        &["is not an ARN", ":key/*"],
    );
    one(
        &identity("alias/app"),
        Code::SuspiciousResource,
        &["an alias never stands for the key"],
    );
    one(
        &identity("app"),
        Code::SuspiciousResource,
        &["is not the pattern of an ARN"],
    );
    one(
        &identity("*app*"),
        Code::SuspiciousResource,
        &["unknown (S2.4.2)"],
    );
    let two = in_identity(&json!({"Resource": ["alias/app", KEY]}));
    one(&two, Code::SuspiciousResource, &["the entry matches no key"]);
    let not = in_identity(&json!({"NotResource": ["alias/app"]}));
    one(&not, Code::SuspiciousResource, &["the entry excepts no key"]);
}

#[test]
fn malformed_arns() {
    for (resource, words) in [
        ("arn:aws:kms:::key/*", "neither Region nor account"),
        ("arn:aws:kms::111122223333:key/*", "no Region"),
        ("arn:aws:kms:us-east-1::key/*", "no account"),
        (
            "arn:aws:kms:REGION:111122223333:key/*",
            "`REGION` in place of a Region",
        ),
        (
            "arn:aws:kms:us-east-1:1111:key/*",
            "`1111` in place of an account",
        ),
        ("arn:azure:kms:us-east-1:111122223333:key/*", "no partition"),
        (
            "arn:aws:kms:us-east-1:111122223333:key/1234ABCD-12ab-34cd-56ef-1234567890ab",
            "not the id of a key",
        ),
        (
            "arn:aws:kms:us-east-1:111122223333:1234abcd-12ab-34cd-56ef-1234567890ab",
            "write `key/1234abcd",
        ),
        (
            "arn:aws:kms:us-east-1:111122223333:keys/*",
            "neither a key nor an alias",
        ),
        ("arn:aws:s3:::bucket", "of the service `s3`"),
    ] {
        one(
            &identity(resource),
            Code::SuspiciousResource,
            &[words, "it matches no key"],
        );
    }
    one(
        &identity("arn:aws:k*:*:*:*"),
        Code::SuspiciousResource,
        &["wildcard in its service part", "unknown (S2.4.2)"],
    );
}

#[test]
fn short_arns() {
    one(
        &identity("arn:aws:kms:*:key/*"),
        Code::SuspiciousResource,
        &["has 5 parts", "unknown (S2.4.4)"],
    );
    one(
        &identity("arn:aws:kms:us-east-1:key/1234"),
        Code::SuspiciousResource,
        &["has 5 parts", "matches no key"],
    );
    one(
        &in_key(&json!({"Resource": "arn:aws:kms"})),
        Code::SuspiciousResource,
        &["unknown (S2.4.3)"],
    );
}

#[test]
fn alias_arns() {
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/app";
    one(
        &identity(alias),
        Code::SuspiciousResource,
        &[
            "does not stand for the alias's key",
            "`kms:ResourceAliases`",
            "S1.5",
        ],
    );
    let actions =
        |actions: Value, resources: Value| in_identity(&json!({"Action": actions, "Resource": resources}));
    none(&actions(json!("kms:CreateAlias"), json!(alias)));
    none(&actions(
        json!(["kms:*Alias", "kms:Decrypt"]),
        json!([alias, KEY]),
    ));
    none(&actions(json!("*"), json!(alias)));
    one(
        &actions(json!(["kms:CreateAlias", "kms:Decrypt"]), json!(alias)),
        Code::SuspiciousResource,
        &["only CreateAlias"],
    );
    one(
        &actions(json!("kms:*"), json!(alias)),
        Code::SuspiciousResource,
        &["only CreateAlias"],
    );
    let key = in_key(&json!({"Action": "kms:CreateAlias", "Resource": alias}));
    one(
        &key,
        Code::SuspiciousResource,
        &["write `*`, which in a key policy is this key"],
    );
}

#[test]
fn actions_without_resource_need_a_star() {
    let on = |actions: Value, resource: &str| in_identity(&json!({"Action": actions, "Resource": resource}));
    let all_keys = "arn:aws:kms:*:111122223333:key/*";
    one(
        &on(json!("kms:CreateKey"), all_keys),
        Code::SuspiciousResource,
        &["does not allow it (S2.4.8)"],
    );
    one(
        &on(json!(["kms:ListKeys", "kms:ListAliases", "kms:Decrypt"]), KEY),
        Code::SuspiciousResource,
        &["`kms:ListKeys`, `kms:ListAliases` work on no key"],
    );
    none(&on(json!("kms:CreateKey"), "*"));
    none(&on(json!(["kms:List*", "kms:Decrypt"]), KEY));
    // S2.4.8: older documentation accepts this.
    none(&on(
        json!("kms:CreateKey"),
        "arn:aws:kms:us-east-1:111122223333:*",
    ));
    none(&on(json!("*"), all_keys));
}

#[test]
fn statements_of_several_services() {
    let mixed = |resources: Value| {
        in_identity(&json!({"Action": ["s3:GetObject", "kms:Decrypt"], "Resource": resources}))
    };
    let none_of_kms = mixed(json!(["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]));
    one(
        &none_of_kms,
        Code::SuspiciousResource,
        &[
            "no resource of the statement can match `kms:Decrypt`",
            "nothing of KMS",
        ],
    );
    none(&mixed(json!(["arn:aws:s3:::bucket/*", KEY])));
    none(&mixed(json!("*")));
    one(
        &mixed(json!(["arn:aws:s3:::bucket/*", "alias/app"])),
        Code::SuspiciousResource,
        &["`alias/app`"],
    );
}

#[test]
fn variables_in_the_wrong_part() {
    let early = identity("arn:aws:kms:*:${aws:PrincipalAccount}:key/*");
    one(
        &early,
        Code::SuspiciousResource,
        &["before the sixth part", "S2.7.1"],
    );
    none(&identity("arn:aws:kms:*:*:key/${aws:PrincipalTag/key}"));
}

#[test]
fn a_key_policy_is_about_its_own_key() {
    let about = |elements: Value| found_about(KEY, &key_statement(&elements));
    one(
        &about(json!({"Resource": OTHER})),
        Code::OtherResource,
        &["is not this key", "the statement allows nothing (S2.4.6, A30)"],
    );
    one(
        &about(json!({"Effect": "Deny", "Resource": [OTHER]})),
        Code::OtherResource,
        &["denies nothing"],
    );
    one(
        &about(json!({"Resource": "arn:aws:kms:us-east-1:444455556666:key/*"})),
        Code::OtherResource,
        &[],
    );
    none(&about(json!({"Resource": [OTHER, KEY]})));
    none(&about(json!({"Resource": "arn:aws:kms:*:111122223333:key/*"})));
    none(&about(json!({"Resource": "*"})));
    none(&found(
        PolicyKind::Key,
        &key_statement(&json!({"Resource": OTHER})),
    ));
    // What is no ARN of a key is reported as that.
    one(
        &about(json!({"Resource": "alias/app"})),
        Code::SuspiciousResource,
        &[],
    );
}

#[test]
fn a_key_policy_of_a_known_account() {
    let statement = key_statement(&json!({"Resource": OTHER}));
    let document = read(&json!({"Statement": statement}));
    let about = |account| Subject {
        account: Some(account),
        ..Subject::default()
    };
    none(&lint(&document, PolicyKind::Key, &about("111122223333")));
    let found = lint(&document, PolicyKind::Key, &about("444455556666"));
    one(
        &found,
        Code::OtherResource,
        &["not of this key's account, `444455556666`"],
    );
}

#[test]
fn not_resource_in_a_key_policy() {
    let about = |resource: &str| found_about(KEY, &key_statement(&json!({"NotResource": resource})));
    one(&about("*"), Code::OtherResource, &["excepts this key", "S2.4.7"]);
    one(&about(KEY), Code::OtherResource, &[]);
    none(&about(OTHER));
    one(&in_key(&json!({"NotResource": "*"})), Code::OtherResource, &[]);
    none(&in_identity(&json!({"NotResource": "*"})));
}
