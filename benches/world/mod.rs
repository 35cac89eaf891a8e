//! Organizations of any size, from a seed: the files that the AWS CLI would print for them, and requests to them.
//!
//! What varies between two principals or keys varies as it does in practice: a few roles of each account are
//! administrators, most hold one of a dozen team policies, key policies come from a handful of templates.
#![allow(dead_code, reason = "each bench uses its part of the generator")]

mod policies;
pub(crate) mod requests;

use serde_json::{Value, json};

/// How large an organization is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Member accounts.
    pub(crate) accounts: usize,
    /// Roles of each account.
    pub(crate) roles: usize,
    /// Keys of each account.
    pub(crate) keys: usize,
    /// Statements of each team policy, and named statements of each key policy that has any.
    pub(crate) statements: usize,
    /// Grants of each account.
    pub(crate) grants: usize,
    /// Teams of each account, each with a policy.
    pub(crate) teams: usize,
    /// Whether no two roles and no two keys are alike, every policy is conditional, everything is denied under some
    /// condition, and all grants are on one key.
    pub(crate) adverse: bool,
}

impl Shape {
    /// 100 roles and 50 keys an account.
    pub(crate) const fn of(accounts: usize) -> Shape {
        Shape {
            accounts,
            roles: 100,
            keys: 50,
            statements: 2,
            grants: 20,
            teams: 12,
            adverse: false,
        }
    }

    /// 200 roles x 100 keys.
    pub(crate) const SMALL: Shape = Shape::of(2);
    /// 2,000 roles x 1,000 keys.
    pub(crate) const MEDIUM: Shape = Shape::of(20);
    /// 20,000 roles x 5,000 keys.
    pub(crate) const LARGE: Shape = Shape {
        keys: 25,
        ..Shape::of(200)
    };
    /// 100,000 roles x 10,000 keys.
    pub(crate) const HUGE: Shape = Shape {
        accounts: 50,
        roles: 2_000,
        keys: 200,
        statements: 2,
        grants: 80,
        teams: 3,
        adverse: false,
    };
    /// 20,000 roles x 5,000 keys, as bad as can be; 50,000 grants.
    pub(crate) const ADVERSE: Shape = Shape {
        accounts: 50,
        roles: 400,
        keys: 100,
        statements: 1,
        grants: 1_000,
        teams: 12,
        adverse: true,
    };
}

/// SplitMix64: the same numbers everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// Whether something of so many percent happens.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap(), 16).unwrap())
            .collect()
    }
}

/// An organization.
#[derive(Debug)]
pub(crate) struct World {
    /// Paths and contents.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// ARNs of roles, by account.
    pub(crate) roles: Vec<Vec<String>>,
    /// ARNs of keys, by account.
    pub(crate) keys: Vec<Vec<String>>,
}

/// The management account.
const MANAGEMENT: &str = "900000000000";
const ORGANIZATION: &str = "o-keywhobench";
const ROOT: &str = "r-root";
const UNITS: [&str; 4] = [
    "ou-root-prod0000",
    "ou-root-test0000",
    "ou-root-data0000",
    "ou-root-sandbox0",
];
pub(crate) const SERVICES: [&str; 4] = ["s3", "ec2", "rds", "secretsmanager"];

pub(crate) fn account_id(index: usize) -> String {
    format!("{:012}", 100_000_000_000 + index)
}

fn region(key: usize) -> &'static str {
    if key % 4 == 3 { "eu-central-1" } else { "eu-west-1" }
}

/// An account while it is being made.
pub(crate) struct Account {
    pub(crate) id: String,
    /// An account that some keys are shared with.
    pub(crate) other: String,
    pub(crate) roles: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) teams: usize,
}

/// Makes an organization.
pub(crate) fn generate(shape: Shape, seed: u64) -> World {
    let mut random = Random(seed);
    let mut accounts: Vec<Account> = (0..shape.accounts)
        .map(|index| account(shape, index, &mut random))
        .collect();
    let mut files = organization(shape);
    for account in &mut accounts {
        files.push(iam(shape, account, &mut random));
        for name in ["eu-west-1", "eu-central-1"] {
            files.push(aliases(account, name));
        }
        for index in 0..account.keys.len() {
            key(shape, account, index, &mut random, &mut files);
        }
    }
    let (roles, keys) = accounts
        .into_iter()
        .map(|account| (account.roles, account.keys))
        .unzip();
    World { files, roles, keys }
}

fn account(shape: Shape, index: usize, random: &mut Random) -> Account {
    let id = account_id(index);
    let roles = (0..shape.roles)
        .map(|role| format!("arn:aws:iam::{id}:role/{}", role_path(role, shape.teams)))
        .collect();
    let keys = (0..shape.keys)
        .map(|key| {
            let uuid = [8, 4, 4, 4, 12].map(|digits| random.hex(digits)).join("-");
            format!("arn:aws:kms:{}:{id}:key/{uuid}", region(key))
        })
        .collect();
    Account {
        other: account_id((index + 1) % shape.accounts),
        id,
        roles,
        keys,
        teams: shape.teams,
    }
}

fn role_path(role: usize, teams: usize) -> String {
    match role {
        0 => "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling".to_owned(),
        1 => "OrganizationAccountAccessRole".to_owned(),
        role if role % 10 == 5 => format!("ci/deploy-{role}"),
        role => format!("team-{}-app-{role}", role % teams),
    }
}

fn print(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

fn organization(shape: Shape) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut add = |name: &str, value: &Value| files.push((format!("organization/{name}.json"), print(value)));
    let arn =
        |kind: &str, id: &str| format!("arn:aws:organizations::{MANAGEMENT}:{kind}/{ORGANIZATION}/{id}");
    add(
        "describe-organization",
        &json!({"Organization": {"Id": ORGANIZATION, "Arn": arn("organization", ""),
        "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT, "MasterAccountArn": arn("account", MANAGEMENT)}}),
    );
    let described = |id: &str| json!({"Id": id, "Arn": arn("account", id), "Name": format!("account-{id}"), "Status": "ACTIVE", "State": "ACTIVE"});
    let ids: Vec<String> = (0..shape.accounts).map(account_id).collect();
    let all: Vec<Value> = ids
        .iter()
        .map(String::as_str)
        .chain([MANAGEMENT])
        .map(described)
        .collect();
    add("list-accounts", &json!({"Accounts": all}));
    let types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
        .map(|kind| json!({"Type": kind, "Status": "ENABLED"}));
    add(
        "list-roots",
        &json!({"Roots": [{"Id": ROOT, "Arn": arn("root", ROOT), "Name": "Root", "PolicyTypes": types}]}),
    );
    let units: Vec<Value> = UNITS
        .iter()
        .map(|id| json!({"Id": id, "Arn": arn("ou", id), "Name": id}))
        .collect();
    add(
        &format!("list-organizational-units-for-parent/{ROOT}"),
        &json!({"OrganizationalUnits": units}),
    );
    add(
        &format!("list-accounts-for-parent/{ROOT}"),
        &json!({"Accounts": [described(MANAGEMENT)]}),
    );
    for (index, unit) in UNITS.iter().enumerate() {
        let inside: Vec<Value> = ids
            .iter()
            .skip(index)
            .step_by(UNITS.len())
            .map(|id| described(id))
            .collect();
        add(
            &format!("list-organizational-units-for-parent/{unit}"),
            &json!({"OrganizationalUnits": []}),
        );
        add(
            &format!("list-accounts-for-parent/{unit}"),
            &json!({"Accounts": inside}),
        );
    }
    let everywhere: Vec<&str> = [ROOT]
        .into_iter()
        .chain(UNITS)
        .chain(ids.iter().map(String::as_str))
        .collect();
    let sandbox: Vec<&str> = UNITS.last().copied().into_iter().collect();
    let mut summaries = [Vec::new(), Vec::new()];
    for policy in policies::organization() {
        let summary = json!({"Id": policy.id, "Arn": arn("policy", policy.id), "Name": policy.id, "Type": policy.kind, "AwsManaged": false});
        summaries[usize::from(policy.kind == "RESOURCE_CONTROL_POLICY")].push(summary.clone());
        let text = policy.document.to_string();
        add(
            &format!("describe-policy/{}", policy.id),
            &json!({"Policy": {"PolicySummary": summary, "Content": text}}),
        );
        let targets = match policy.reach {
            policies::Reach::Everywhere => everywhere.as_slice(),
            policies::Reach::Root => &[ROOT],
            policies::Reach::Sandbox => sandbox.as_slice(),
        };
        let targets: Vec<Value> = targets
            .iter()
            .map(|id| {
                let (kind, of) = match id.get(..2) {
                    Some("r-") => ("ROOT", "root"),
                    Some("ou") => ("ORGANIZATIONAL_UNIT", "ou"),
                    _ => ("ACCOUNT", "account"),
                };
                json!({"TargetId": id, "Arn": arn(of, id), "Name": id, "Type": kind})
            })
            .collect();
        add(
            &format!("list-targets-for-policy/{}", policy.id),
            &json!({"Targets": targets}),
        );
    }
    let [services, resources] = summaries;
    add(
        "list-policies/SERVICE_CONTROL_POLICY",
        &json!({"Policies": services}),
    );
    add(
        "list-policies/RESOURCE_CONTROL_POLICY",
        &json!({"Policies": resources}),
    );
    files
}

/// Account details: roles, ten users in a group, managed policies.
fn iam(shape: Shape, account: &Account, random: &mut Random) -> (String, Vec<u8>) {
    let id = &account.id;
    let attached = |arns: &[String]| -> Vec<Value> {
        arns.iter()
            .map(|arn| json!({"PolicyName": arn.rsplit('/').next(), "PolicyArn": arn}))
            .collect()
    };
    let aws = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let team_policy = |team: usize| format!("arn:aws:iam::{id}:policy/teams/Team{team}");
    let roles: Vec<Value> = account
        .roles
        .iter()
        .enumerate()
        .map(|(index, arn)| {
            let resource = arn.split_once(":role/").unwrap().1;
            let (path, name) = resource.rsplit_once('/').map_or(("/".to_owned(), resource), |(path, name)| (format!("/{path}/"), name));
            let team = index % shape.teams;
            let held = match index {
                0 => vec![aws("aws-service-role/AutoScalingServiceRolePolicy")],
                1 => vec![aws("AdministratorAccess")],
                _ if shape.adverse => vec![],
                _ => match random.below(100) {
                    0..3 => vec![aws("AdministratorAccess")],
                    3..12 => vec![aws("PowerUserAccess"), team_policy(team)],
                    12..32 => vec![aws("ReadOnlyAccess")],
                    32..90 => vec![team_policy(team)],
                    _ => vec![],
                },
            };
            let mut role = json!({
                "Path": path, "RoleName": name, "RoleId": format!("AROA{:016X}", random.next()), "Arn": arn,
                "CreateDate": "2026-01-05T08:00:00+00:00", "AssumeRolePolicyDocument": policies::trust(index),
                "InstanceProfileList": [], "RolePolicyList": [], "AttachedManagedPolicies": attached(&held),
                "Tags": [{"Key": "team", "Value": format!("team-{team}")}, {"Key": "stage", "Value": if index.is_multiple_of(3) { "prod" } else { "test" }}],
            });
            if shape.adverse {
                role["RolePolicyList"] = json!([{"PolicyName": "own", "PolicyDocument": policies::adverse_inline(id, index)}]);
            } else if random.percent(10) && index > 1 {
                role["RolePolicyList"] = json!([{"PolicyName": "own", "PolicyDocument": policies::inline(account, random)}]);
            }
            if random.percent(15) && index > 1 {
                let boundary = format!("arn:aws:iam::{id}:policy/boundaries/Developer");
                role["PermissionsBoundary"] = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary});
            }
            role
        })
        .collect();
    let users: Vec<Value> = (0..10)
        .map(|index| {
            json!({"Path": "/", "UserName": format!("user-{index}"), "UserId": format!("AIDA{:016X}", random.next()),
                "Arn": format!("arn:aws:iam::{id}:user/user-{index}"), "CreateDate": "2026-01-05T08:00:00+00:00",
                "UserPolicyList": [], "GroupList": ["Developers"], "AttachedManagedPolicies": [],
                "Tags": [{"Key": "team", "Value": format!("team-{}", index % shape.teams)}]})
        })
        .collect();
    let group = json!({"Path": "/", "GroupName": "Developers", "GroupId": format!("AGPA{:016X}", random.next()),
        "Arn": format!("arn:aws:iam::{id}:group/Developers"), "GroupPolicyList": [], "AttachedManagedPolicies": attached(&[team_policy(0)])});
    let managed: Vec<Value> = policies::managed(account, shape.statements, random)
        .into_iter()
        .map(|(arn, document)| {
            json!({"PolicyName": arn.rsplit('/').next(), "PolicyId": format!("ANPA{:016X}", random.next()), "Arn": arn,
                "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 1, "IsAttachable": true,
                "PolicyVersionList": [{"Document": document, "VersionId": "v1", "IsDefaultVersion": true}]})
        })
        .collect();
    let details = json!({"UserDetailList": users, "GroupDetailList": [group], "RoleDetailList": roles, "Policies": managed});
    (
        format!("accounts/{id}/iam-get-account-authorization-details.json"),
        print(&details),
    )
}

fn alias(account: &Account, index: usize) -> String {
    match index % 10 {
        9 => format!(
            "alias/aws/{}{}",
            SERVICES[index / 10 % SERVICES.len()],
            match index / 10 / SERVICES.len() {
                0 => String::new(),
                round => format!("-{round}"),
            }
        ),
        _ => format!(
            "alias/team-{}/{}-{index}",
            index % account.teams,
            &account.id[9..]
        ),
    }
}

fn aliases(account: &Account, of: &str) -> (String, Vec<u8>) {
    let listed: Vec<Value> = account
        .keys
        .iter()
        .enumerate()
        .filter(|(index, _)| region(*index) == of)
        .map(|(index, key)| {
            let name = alias(account, index);
            json!({"AliasName": name, "AliasArn": format!("arn:aws:kms:{of}:{}:{name}", account.id), "TargetKeyId": key.rsplit('/').next()})
        })
        .collect();
    (
        format!("accounts/{}/{of}/kms-list-aliases.json", account.id),
        print(&json!({"Aliases": listed})),
    )
}

fn key(
    shape: Shape,
    account: &Account,
    index: usize,
    random: &mut Random,
    files: &mut Vec<(String, Vec<u8>)>,
) {
    let arn = &account.keys[index];
    let id = arn.rsplit('/').next().unwrap();
    let folder = format!("accounts/{}/{}/keys/{id}", account.id, region(index));
    let managed = index % 10 == 9;
    let (spec, usage) = match index % 20 {
        7 => ("RSA_2048", "SIGN_VERIFY"),
        13 => ("HMAC_256", "GENERATE_VERIFY_MAC"),
        _ => ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    };
    let metadata = json!({"KeyMetadata": {"AWSAccountId": account.id, "KeyId": id, "Arn": arn, "Enabled": true, "KeyState": "Enabled",
        "CreationDate": "2026-01-05T08:00:00+00:00", "Origin": "AWS_KMS", "KeyManager": if managed { "AWS" } else { "CUSTOMER" },
        "KeySpec": spec, "CustomerMasterKeySpec": spec, "KeyUsage": usage, "MultiRegion": false}});
    files.push((format!("{folder}/describe-key.json"), print(&metadata)));
    let policy = match shape.adverse {
        true => policies::adverse_key(&account.id, index).to_string(),
        false => policies::key(account, index, region(index), shape.statements, random).to_string(),
    };
    files.push((
        format!("{folder}/get-key-policy.json"),
        print(&json!({"Policy": policy, "PolicyName": "default"})),
    ));
    let grants = match (shape.adverse, account.id == account_id(0) && index == 0) {
        (true, true) => 0..shape.accounts * shape.grants,
        (true, false) => 0..0,
        (false, _) => index * shape.grants / shape.keys..(index + 1) * shape.grants / shape.keys,
    };
    let grants = grants.map(|n| grant(account, arn, n, random));
    files.push((
        format!("{folder}/list-grants.json"),
        print(&json!({"Grants": grants.collect::<Vec<_>>()})),
    ));
    let tags = json!({"Tags": [{"TagKey": "team", "TagValue": format!("team-{}", index % shape.teams)},
        {"TagKey": "stage", "TagValue": if index.is_multiple_of(3) { "prod" } else { "test" }}], "Truncated": false});
    files.push((format!("{folder}/list-resource-tags.json"), print(&tags)));
}

fn grant(account: &Account, key: &str, n: usize, random: &mut Random) -> Value {
    let grantee = &account.roles[random.below(account.roles.len())];
    let mut grant = json!({"KeyId": key, "GrantId": random.hex(64), "Name": format!("volume-{n}"), "GranteePrincipal": grantee,
        "IssuingAccount": format!("arn:aws:iam::{}:root", account.id), "CreationDate": "2026-01-05T08:00:00+00:00",
        "Operations": ["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"]});
    if n.is_multiple_of(2) {
        grant["Constraints"] =
            json!({"EncryptionContextSubset": {"aws:ebs:id": format!("vol-{}", random.hex(17))}});
    }
    if n.is_multiple_of(3) {
        grant["RetiringPrincipal"] = json!(grantee);
    }
    grant
}
