//! Principal and NotPrincipal.

use super::*;

fn aws(principal: &str) -> Vec<Diagnostic> {
    in_key(&json!({"Principal": {"AWS": principal}}))
}

#[test]
fn principals_that_exist_by_their_form() {
    for principal in [
        "*",
        "111122223333",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/path/alice",
        "arn:aws-cn:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/R",
        "arn:aws:sts::111122223333:assumed-role/R/session",
        "arn:aws:sts::111122223333:federated-user/f",
    ] {
        none(&aws(principal));
    }
    none(&in_key(&json!({"Principal": "*"})));
    let services = [
        "logs.eu-west-1.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "a.aws.internal",
    ];
    none(&in_key(&json!({"Principal": {"Service": services}})));
}

#[test]
fn groups_and_other_arns() {
    let group = aws("arn:aws:iam::111122223333:group/ops");
    one(
        &group,
        Code::InvalidPrincipal,
        &[
            "is a group",
            "matches nobody: the statement allows nothing (S2.2.12)",
        ],
    );
    let profile = aws("arn:aws:iam::111122223333:instance-profile/p");
    one(
        &profile,
        Code::InvalidPrincipal,
        &["no account, user, role or session", "inside the instance profile"],
    );
    let session = aws("arn:aws:sts::111122223333:assumed-role/R");
    one(&session, Code::InvalidPrincipal, &["assumed-role/ROLE/SESSION"]);
    one(&aws("arn:aws:s3:::bucket"), Code::InvalidPrincipal, &["S2.2"]);
    one(
        &aws("arn:aws:iam::12345678901:root"),
        Code::InvalidPrincipal,
        &["`12345678901` in place of an account"],
    );
}

#[test]
fn partial_wildcards() {
    for principal in [
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::*:root",
        "arn:aws:iam::111122223333:user/ali?e",
        "a*",
    ] {
        one(
            &aws(principal),
            Code::InvalidPrincipal,
            &["a wildcard inside", "`aws:PrincipalArn`"],
        );
    }
    let service = in_key(&json!({"Principal": {"Service": "*.amazonaws.com"}}));
    one(&service, Code::InvalidPrincipal, &["a wildcard inside"]);
}

#[test]
fn malformed_principals() {
    one(&aws("11112222333"), Code::InvalidPrincipal, &["twelve digits"]);
    one(
        &aws("s3.amazonaws.com"),
        Code::InvalidPrincipal,
        &["{\"Service\": \"s3.amazonaws.com\"}"],
    );
    one(
        &aws("role/app"),
        Code::InvalidPrincipal,
        &["neither an ARN nor an account id"],
    );
    one(
        &aws("arn:aws::iam:111122223333:role/r"),
        Code::InvalidPrincipal,
        &["six parts"],
    );
    one(
        &aws("arn:aws:iam::${aws:PrincipalAccount}:root"),
        Code::InvalidPrincipal,
        &[],
    );
    let service = |name: &str| in_key(&json!({"Principal": {"Service": name}}));
    one(&service("s3"), Code::InvalidPrincipal, &["host names", "S2.2.8"]);
    one(
        &service("arn:aws:iam::111122223333:root"),
        Code::InvalidPrincipal,
        &["under `AWS`"],
    );
    none(&service("*"));
}

#[test]
fn types_that_key_policies_do_not_know() {
    let provider = in_key(&json!({"Principal": {"Federated": "cognito-identity.amazonaws.com"}}));
    one(
        &provider,
        Code::InvalidPrincipal,
        &["reported as unknown (S2.2.9)"],
    );
    let canonical = in_key(&json!({"Principal": {"CanonicalUser": "79a59df9"}}));
    one(&canonical, Code::InvalidPrincipal, &["S2.2.10"]);
    // Other types are the parser's to report.
    none(&in_key(&json!({"Principal": {"Group": "g"}})));
}

#[test]
fn unique_ids_are_those_of_deleted_principals() {
    one(
        &aws("AROAEXAMPLEID"),
        Code::OrphanedPrincipal,
        &["unique id", "role is deleted", "S2.2.11, A18"],
    );
    one(
        &aws("AIDAEXAMPLEID"),
        Code::OrphanedPrincipal,
        &["user is deleted"],
    );
    one(&aws("AGPAEXAMPLEID"), Code::InvalidPrincipal, &[]);
}

#[test]
fn an_entry_among_others_leaves_the_statement_its_effect() {
    let group = "arn:aws:iam::111122223333:group/ops";
    let two = in_key(&json!({"Principal": {"AWS": [group, "111122223333"]}}));
    one(&two, Code::InvalidPrincipal, &["the entry matches nobody"]);
    let denied = in_key(&json!({"Effect": "Deny", "Principal": {"AWS": group}}));
    one(&denied, Code::InvalidPrincipal, &["the statement denies nothing"]);
    let excepted = in_key(&json!({"Effect": "Deny", "NotPrincipal": {"AWS": group}}));
    one(&excepted, Code::InvalidPrincipal, &["the entry excepts nobody"]);
}

#[test]
fn partitions_are_never_crossed() {
    let statement = key_statement(&json!({"Principal": {"AWS": "arn:aws-cn:iam::111122223333:root"}}));
    one(
        &found_about(KEY, &statement),
        Code::InvalidPrincipal,
        &["partition `aws-cn`", "S1.1"],
    );
    none(&found(PolicyKind::Key, &statement));
}

#[test]
fn not_principal() {
    let role = "arn:aws:iam::111122223333:role/app";
    let root = "arn:aws:iam::111122223333:root";
    let not = |effect: &str, entries: Value| in_key(&json!({"Effect": effect, "NotPrincipal": entries}));
    one(
        &not("Allow", json!({"AWS": role})),
        Code::NotPrincipalAllow,
        &["everyone else", "A17"],
    );
    one(
        &not("Deny", json!({"AWS": role})),
        Code::NotPrincipalDeny,
        &["but not its account", root, "S2.2.17"],
    );
    none(&not("Deny", json!({"AWS": [role, root]})));
    none(&not("Deny", json!({"AWS": [role, "111122223333"]})));
    none(&not("Deny", json!({"AWS": root})));
    none(&not("Deny", json!({"Service": "s3.amazonaws.com"})));
    let session = "arn:aws:sts::444455556666:assumed-role/R/s";
    one(
        &not("Deny", json!({"AWS": [role, root, session]})),
        Code::NotPrincipalDeny,
        &["444455556666:root"],
    );
}

#[test]
fn endpoint_policies_name_principals_too() {
    let statement = key_statement(&json!({"Principal": {"AWS": "arn:aws:iam::111122223333:group/g"}}));
    one(
        &found(PolicyKind::Endpoint, &statement),
        Code::InvalidPrincipal,
        &[],
    );
    let other = with(
        statement,
        &json!({"Action": "s3:*", "Resource": "arn:aws:s3:::b"}),
    );
    none(&found(PolicyKind::Endpoint, &other));
}
