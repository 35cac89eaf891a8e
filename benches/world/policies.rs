//! The policies of a generated organization.

use super::{Account, ORGANIZATION, Random, SERVICES};
use serde_json::{Value, json};

/// Where an organization policy is attached.
pub(crate) enum Reach {
    Everywhere,
    Root,
    Sandbox,
}

pub(crate) struct OrganizationPolicy {
    pub(crate) id: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) reach: Reach,
    pub(crate) document: Value,
}

fn document(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allow(actions: &Value, resources: &Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

fn with(mut statement: Value, condition: Value) -> Value {
    statement["Condition"] = condition;
    statement
}

/// FullAWSAccess everywhere, a Region lock and a list of denies, and a perimeter around all keys.
pub(crate) fn organization() -> Vec<OrganizationPolicy> {
    let (service, resource) = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY");
    let full = document(&json!([allow(&json!("*"), &json!("*"))]));
    let open = document(&json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]));
    let regions = document(
        &json!([{"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "organizations:*", "sts:*"], "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]},
            "ArnNotLike": {"aws:PrincipalARN": "arn:aws:iam::*:role/OrganizationAccountAccessRole"}}}]),
    );
    let deletion = document(
        &json!([{"Sid": "Keep", "Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "kms:DisableKey"], "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/ci/*", "arn:aws:iam::*:role/OrganizationAccountAccessRole"]}}}]),
    );
    let sandbox = document(
        &json!([{"Sid": "NoSharing", "Effect": "Deny", "Action": ["kms:PutKeyPolicy", "kms:CreateGrant"], "Resource": "*",
        "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}}}]),
    );
    let perimeter = document(
        &json!([{"Sid": "OwnOnly", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]),
    );
    [
        ("p-FullAWSAccess", service, Reach::Everywhere, full),
        ("p-RCPFullAWSAccess", resource, Reach::Everywhere, open),
        ("p-regions0", service, Reach::Root, regions),
        ("p-deletion", service, Reach::Root, deletion),
        ("p-sandbox0", service, Reach::Sandbox, sandbox),
        ("p-perimeter", resource, Reach::Root, perimeter),
    ]
    .into_iter()
    .map(|(id, kind, reach, document)| OrganizationPolicy {
        id,
        kind,
        reach,
        document,
    })
    .collect()
}

/// Who may assume a role.
pub(crate) fn trust(role: usize) -> Value {
    let service = if role == 0 {
        "autoscaling.amazonaws.com"
    } else {
        "ec2.amazonaws.com"
    };
    document(&json!([{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]))
}

fn use_actions() -> Value {
    json!([
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        "kms:DescribeKey"
    ])
}

/// A role's own policy: two keys by ARN, from the office.
pub(crate) fn inline(account: &Account, random: &mut Random) -> Value {
    let mut one = || account.keys[random.below(account.keys.len())].clone();
    let keys = json!([one(), one()]);
    document(&json!([with(
        allow(&json!(["kms:Sign", "kms:Verify", "kms:Decrypt"]), &keys),
        json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    )]))
}

/// AWS managed policies in use, team policies, the boundary.
pub(crate) fn managed(account: &Account, statements: usize, random: &mut Random) -> Vec<(String, Value)> {
    let all = json!("*");
    let read = json!([
        "kms:Describe*",
        "kms:Get*",
        "kms:List*",
        "s3:Get*",
        "ec2:Describe*"
    ]);
    let power =
        json!([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}]);
    let own = |name: &str| format!("arn:aws:iam::{}:policy/{name}", account.id);
    let mut policies = vec![
        (
            "arn:aws:iam::aws:policy/AdministratorAccess".to_owned(),
            document(&json!([allow(&all, &all)])),
        ),
        (
            "arn:aws:iam::aws:policy/PowerUserAccess".to_owned(),
            document(&power),
        ),
        (
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
            document(&json!([allow(&read, &all)])),
        ),
        (
            "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy".to_owned(),
            document(&json!([allow(&json!(["ec2:*", "kms:DescribeKey"]), &all)])),
        ),
        (
            own("boundaries/Developer"),
            document(&json!([
                allow(&json!(["kms:*", "s3:*", "ec2:*"]), &all),
                {"Effect": "Deny", "Action": ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], "Resource": "*"}
            ])),
        ),
    ];
    for team in 0..account.teams {
        let said: Vec<Value> = (0..statements)
            .map(|n| team_statement(account, team, n, random))
            .collect();
        policies.push((own(&format!("teams/Team{team}")), document(&json!(said))));
    }
    policies
}

fn team_statement(account: &Account, team: usize, n: usize, random: &mut Random) -> Value {
    let any = json!(format!("arn:aws:kms:*:{}:key/*", account.id));
    let mut some = || account.keys[random.below(account.keys.len())].clone();
    let listed = json!([some(), some(), some()]);
    match (team + n) % 6 {
        0 | 1 => allow(&use_actions(), &listed),
        2 => with(
            allow(&use_actions(), &any),
            json!({"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}),
        ),
        3 => {
            let alias = format!("alias/team-{team}/*");
            with(
                allow(&use_actions(), &any),
                json!({"ForAnyValue:StringLike": {"kms:ResourceAliases": alias}}),
            )
        }
        4 => {
            let service = format!("{}.eu-west-1.amazonaws.com", SERVICES[n % SERVICES.len()]);
            with(
                allow(&json!(["kms:Decrypt", "kms:GenerateDataKey"]), &json!("*")),
                json!({"StringEquals": {"kms:ViaService": service}}),
            )
        }
        _ => with(
            allow(&json!("kms:*"), &listed),
            json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        ),
    }
}

/// One of six templates; the account is always named, save by keys of AWS services.
pub(crate) fn key(
    account: &Account,
    index: usize,
    region: &str,
    statements: usize,
    random: &mut Random,
) -> Value {
    let id = &account.id;
    let root = json!({"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{id}:root")}, "Action": "kms:*", "Resource": "*"});
    let said = |sid: &str, principals: &Value, actions: &Value| json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions, "Resource": "*"});
    let mut some = || account.roles[random.below(account.roles.len())].clone();
    let mut list = vec![root];
    match index % 10 {
        9 => {
            let service = format!("{}.{region}.amazonaws.com", SERVICES[index / 10 % SERVICES.len()]);
            let condition = json!({"StringEquals": {"kms:CallerAccount": id, "kms:ViaService": service}});
            list[0] = json!({"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{id}:root")},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"], "Resource": "*"});
            list.push(with(said("Via", &json!("*"), &use_actions()), condition));
        }
        0 | 4 => {
            let administer = json!([
                "kms:Create*",
                "kms:Describe*",
                "kms:Enable*",
                "kms:List*",
                "kms:Put*",
                "kms:Update*",
                "kms:Revoke*",
                "kms:Disable*",
                "kms:Get*",
                "kms:Delete*",
                "kms:TagResource",
                "kms:UntagResource",
                "kms:ScheduleKeyDeletion",
                "kms:CancelKeyDeletion"
            ]);
            list.push(said("Admins", &json!([some(), some()]), &administer));
            for n in 0..statements {
                list.push(said(
                    &format!("Users{n}"),
                    &json!([some(), some(), some()]),
                    &use_actions(),
                ));
            }
            let delegate = said(
                "Delegate",
                &json!([some(), some()]),
                &json!(["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]),
            );
            list.push(with(
                delegate,
                json!({"Bool": {"kms:GrantIsForAWSResource": "true"}}),
            ));
        }
        2 => {
            list.push(said(
                "Partner",
                &json!(format!("arn:aws:iam::{}:root", account.other)),
                &use_actions(),
            ));
            let role = format!(
                "arn:aws:iam::{}:role/OrganizationAccountAccessRole",
                account.other
            );
            list.push(said(
                "PartnerRole",
                &json!(role),
                &json!(["kms:Decrypt", "kms:DescribeKey"]),
            ));
        }
        6 => {
            let exempt = json!([
                format!("arn:aws:iam::{id}:role/ci/*"),
                format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole"),
                some()
            ]);
            list.push(json!({"Sid": "FewOnly", "Effect": "Deny", "Principal": "*", "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
                "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": exempt}}}));
        }
        8 => {
            for n in 0..statements {
                let condition =
                    json!({"StringEquals": {"kms:EncryptionContext:service": format!("service-{n}")}});
                list.push(with(
                    said(&format!("Context{n}"), &json!([some(), some()]), &use_actions()),
                    condition,
                ));
            }
        }
        _ => {}
    }
    document(&json!(list))
}

/// A role's own policy that no other role has: anything, from one of fifty networks.
pub(crate) fn adverse_inline(account: &str, role: usize) -> Value {
    let condition = json!({"StringEquals": {"aws:SourceVpc": format!("vpc-{}", role % 50)}});
    let resources = json!(["*", format!("arn:aws:kms:eu-west-1:{account}:key/of-role-{role}")]);
    document(&json!([
        with(allow(&json!("kms:*"), &resources), condition),
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": format!("us-east-{role}")}}}
    ]))
}

/// A key policy that no other key has: the account's policies count for one of twenty applications, and nobody may from
/// one of ten networks.
pub(crate) fn adverse_key(account: &str, key: usize) -> Value {
    let root = json!({"AWS": format!("arn:aws:iam::{account}:root")});
    let application = json!({"StringEquals": {"kms:EncryptionContext:app": format!("app-{}", key % 20)}});
    let network = json!({"IpAddress": {"aws:SourceIp": format!("10.0.{}.0/24", key % 10)}});
    document(&json!([
        with(json!({"Sid": "Account", "Effect": "Allow", "Principal": root, "Action": use_actions(), "Resource": "*"}), application),
        {"Sid": "Manage", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/stage": format!("stage-{key}")}}},
        with(json!({"Sid": "Network", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}), network)
    ]))
}
