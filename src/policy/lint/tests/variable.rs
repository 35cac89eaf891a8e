//! Variables and placeholders.

use super::*;

#[test]
fn unknown_variables() {
    let value = |text: &str| in_identity(&json!({"Condition": {"StringLike": {"kms:RequestAlias": text}}}));
    one(
        &value("alias/${aws:usernam}"),
        Code::UnknownVariable,
        &[
            "unknown variable `${aws:usernam}`",
            "did you mean `${aws:username}`?",
        ],
    );
    one(&value("alias/${s3:prefix}"), Code::UnknownVariable, &["S2.7.3"]);
    none(&value("alias/${aws:username}"));
    none(&value("alias/${aws:PrincipalTag/team, 'none'}-${*}"));
    let resource = in_identity(&json!({"Resource": "arn:aws:kms:*:*:key/${aws:tag}"}));
    one(&resource, Code::UnknownVariable, &[]);
    // Of several services: another one may know it.
    let mixed =
        json!({"Action": ["s3:*", "kms:*"], "Condition": {"StringLike": {"s3:prefix": "${s3:delimiter}"}}});
    none(&in_identity(&mixed));
}

#[test]
fn variables_have_one_value() {
    let condition = json!({"StringEquals": {"kms:EncryptionContext:via": "${aws:CalledVia}"}});
    one(
        &in_identity(&json!({"Condition": condition})),
        Code::UnknownVariable,
        &["several values", "S2.7.1"],
    );
}

#[test]
fn what_opens_no_variable() {
    let condition =
        |text: &str| in_identity(&json!({"Condition": {"StringEquals": {"kms:EncryptionContext:a": text}}}));
    one(
        &condition("${aws:username, none}"),
        Code::UnknownVariable,
        &["opens no variable"],
    );
    none(&condition("a$b{c}"));
}

#[test]
fn placeholders_are_reported_once() {
    let all = in_key(&json!({
        "Principal": {"AWS": "arn:aws:iam::${AWS::AccountId}:root", "Service": "logs.${var.region}.amazonaws.com"},
        "Action": ["kms:Decrypt", "${local.actions}"],
        "Resource": ["${aws_kms_key.key.arn}", "*"],
        "Condition": {"StringEquals": {"kms:CallerAccount": "${data.me.id}", "kms:EncryptionContext:${Name}": "a"}}
    }));
    one(
        &all,
        Code::UnknownVariable,
        &[
            "`arn:aws:iam::${AWS::AccountId}:root`, ",
            "and 2 more",
            "deployed",
        ],
    );
    let identity = in_identity(&json!({"Resource": "${var.key[\"a\"]}"}));
    one(&identity, Code::UnknownVariable, &["no template filled in"]);
    none(&in_identity(
        &json!({"Action": "s3:*", "Resource": "${var.bucket}"}),
    ));
}

#[test]
fn variables_are_text_in_the_old_version() {
    let policy = |version: &str, value: &str| {
        let condition = json!({"StringEquals": {"kms:EncryptionContext:user": value}});
        let statement = key_statement(&json!({"Condition": condition}));
        let document = read(&json!({"Version": version, "Statement": statement}));
        lint(&document, PolicyKind::Key, &Subject::default())
    };
    one(
        &policy("2008-10-17", "${aws:username}"),
        Code::OldVersion,
        &["literal text (S2.7.1, A52)", "2012-10-17"],
    );
    none(&policy("2012-10-17", "${aws:username}"));
    none(&policy("2008-10-17", "$aws:username"));
}
