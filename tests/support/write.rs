//! A world as the files that the AWS CLI would have printed, in the layout of the sample snapshot.

use super::document::Document;
use super::world::{Account, Grant, Guardrail, Key, ManagedPolicy, Organization, Policies, Role, User, World};
use serde_json::{Value, json};

/// When everything was made.
const CREATED: &str = "2026-03-23T20:05:48+00:00";

/// Relative paths and contents, sorted by path.
pub fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Value)> = Vec::new();
    if let Some(organization) = &world.organization {
        organization_files(world, organization, &mut files);
    }
    let mut regions: Vec<&str> = world.keys.iter().map(|k| k.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    for account in &world.accounts {
        let folder = format!("accounts/{}", account.id);
        files.push((format!("{folder}/iam-get-account-authorization-details.json"), account_details(account)));
        let caller = format!("arn:{}:sts::{}:assumed-role/OrganizationAccountAccessRole/audit", world.partition, account.id);
        let identity = json!({"UserId": "AROAEXAMPLEAUDITROLE7:audit", "Account": account.id, "Arn": caller});
        files.push((format!("{folder}/sts-get-caller-identity.json"), identity));
        for region in &regions {
            region_files(world, &account.id, region, &format!("{folder}/{region}"), &mut files);
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files.into_iter().map(|(path, json)| (path, format!("{json:#}\n").into_bytes())).collect()
}

fn organization_files(world: &World, organization: &Organization, files: &mut Vec<(String, Value)>) {
    let mut put = |name: String, json: Value| files.push((format!("organization/{name}.json"), json));
    let arn = |kind: &str, id: &str| format!("arn:{}:organizations::{}:{kind}/{}/{id}", world.partition, organization.management, organization.id);
    let types = |status: &[&str]| status.iter().map(|t| json!({"Type": t, "Status": "ENABLED"})).collect::<Vec<Value>>();
    let enabled: &[&str] =
        if organization.rcps_enabled { &["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] } else { &["SERVICE_CONTROL_POLICY"] };
    put(
        "describe-organization".to_owned(),
        json!({"Organization": {
            "Id": organization.id,
            "Arn": format!("arn:{}:organizations::{}:organization/{}", world.partition, organization.management, organization.id),
            "FeatureSet": "ALL",
            "MasterAccountArn": arn("account", &organization.management),
            "MasterAccountId": organization.management,
            "MasterAccountEmail": "master@example.com",
            "AvailablePolicyTypes": types(&["SERVICE_CONTROL_POLICY"])
        }}),
    );
    put("list-roots".to_owned(), json!({"Roots": [{"Id": organization.root, "Arn": arn("root", &organization.root), "Name": "Root", "PolicyTypes": types(enabled)}]}));
    let account = |id: &str| {
        json!({
            "Id": id, "Arn": arn("account", id), "Email": format!("aws+{id}@example.com"), "Name": format!("account-{id}"),
            "Status": "ACTIVE", "State": "ACTIVE", "JoinedMethod": "CREATED", "JoinedTimestamp": CREATED
        })
    };
    let accounts = |parent: Option<&str>| {
        let members = organization.members.iter().filter(|m| parent.is_none_or(|p| p == m.parent));
        json!({"Accounts": members.map(|m| account(&m.account)).collect::<Vec<Value>>()})
    };
    put("list-accounts".to_owned(), accounts(None));
    for parent in std::iter::once(&organization.root).chain(organization.units.iter().map(|u| &u.id)) {
        let units = organization.units.iter().filter(|u| u.parent == *parent);
        let units: Vec<Value> = units.map(|u| json!({"Id": u.id, "Arn": arn("ou", &u.id), "Name": u.name})).collect();
        put(format!("list-organizational-units-for-parent/{parent}"), json!({"OrganizationalUnits": units}));
        put(format!("list-accounts-for-parent/{parent}"), accounts(Some(parent)));
    }
    for (kind, policies) in [("SERVICE_CONTROL_POLICY", &organization.scps), ("RESOURCE_CONTROL_POLICY", &organization.rcps)] {
        if !enabled.contains(&kind) {
            continue;
        }
        let summaries: Vec<Value> = policies.iter().map(|p| policy_summary(world, organization, kind, p)).collect();
        put(format!("list-policies/{kind}"), json!({"Policies": summaries}));
        for (policy, summary) in policies.iter().zip(summaries) {
            put(format!("describe-policy/{}", policy.id), json!({"Policy": {"PolicySummary": summary, "Content": policy.document.json.to_string()}}));
            let targets: Vec<Value> = policy.targets.iter().map(|t| target(organization, t, &arn)).collect();
            put(format!("list-targets-for-policy/{}", policy.id), json!({"Targets": targets}));
        }
    }
}

fn policy_summary(world: &World, organization: &Organization, kind: &str, policy: &Guardrail) -> Value {
    let folder = kind.to_lowercase();
    let arn = if policy.aws_managed {
        format!("arn:{}:organizations::aws:policy/{folder}/{}", world.partition, policy.id)
    } else {
        format!("arn:{}:organizations::{}:policy/{}/{folder}/{}", world.partition, organization.management, organization.id, policy.id)
    };
    json!({"Id": policy.id, "Arn": arn, "Name": policy.name, "Description": "", "Type": kind, "AwsManaged": policy.aws_managed})
}

fn target(organization: &Organization, id: &str, arn: &dyn Fn(&str, &str) -> String) -> Value {
    let unit = organization.units.iter().find(|u| u.id == id);
    match unit {
        _ if id == organization.root => json!({"TargetId": id, "Arn": arn("root", id), "Name": "Root", "Type": "ROOT"}),
        Some(unit) => json!({"TargetId": id, "Arn": arn("ou", id), "Name": unit.name, "Type": "ORGANIZATIONAL_UNIT"}),
        None => json!({"TargetId": id, "Arn": arn("account", id), "Name": format!("account-{id}"), "Type": "ACCOUNT"}),
    }
}

/// `aws iam get-account-authorization-details`
fn account_details(account: &Account) -> Value {
    let groups: Vec<Value> = account
        .groups
        .iter()
        .map(|g| {
            json!({
                "Path": g.path, "GroupName": g.name, "GroupId": g.id, "Arn": g.arn, "CreateDate": CREATED,
                "GroupPolicyList": inline(&g.policies), "AttachedManagedPolicies": attached(&g.policies)
            })
        })
        .collect();
    json!({
        "UserDetailList": account.users.iter().map(user).collect::<Vec<Value>>(),
        "GroupDetailList": groups,
        "RoleDetailList": account.roles.iter().map(role).collect::<Vec<Value>>(),
        "Policies": account.managed.iter().map(managed).collect::<Vec<Value>>()
    })
}

fn inline(policies: &Policies) -> Vec<Value> {
    policies.inline.iter().map(|(name, d)| json!({"PolicyName": name, "PolicyDocument": d.json})).collect()
}

fn attached(policies: &Policies) -> Vec<Value> {
    policies.attached.iter().map(|arn| json!({"PolicyName": arn.rsplit('/').next(), "PolicyArn": arn})).collect()
}

fn tags(tags: &[(String, String)]) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn boundary(of: &mut Value, boundary: Option<&String>) {
    if let Some(arn) = boundary {
        of["PermissionsBoundary"] = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn});
    }
}

fn user(user: &User) -> Value {
    let mut json = json!({
        "Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn, "CreateDate": CREATED,
        "UserPolicyList": inline(&user.policies), "GroupList": user.groups, "AttachedManagedPolicies": attached(&user.policies), "Tags": tags(&user.tags)
    });
    boundary(&mut json, user.boundary.as_ref());
    json
}

fn role(role: &Role) -> Value {
    let mut json = json!({
        "Path": role.path, "RoleName": role.name, "RoleId": role.id, "Arn": role.arn, "CreateDate": CREATED,
        "AssumeRolePolicyDocument": role.trust, "InstanceProfileList": [], "RolePolicyList": inline(&role.policies),
        "AttachedManagedPolicies": attached(&role.policies), "Tags": tags(&role.tags), "RoleLastUsed": {}
    });
    boundary(&mut json, role.boundary.as_ref());
    json
}

fn managed(policy: &ManagedPolicy) -> Value {
    let version = |document: &Value, id: &str, default: bool| json!({"Document": document, "VersionId": id, "IsDefaultVersion": default, "CreateDate": CREATED});
    let mut versions: Vec<Value> = policy.old_version.iter().map(|old| version(old, "v1", false)).collect();
    versions.push(version(&policy.document.json, "v2", true));
    json!({
        "PolicyName": policy.name, "PolicyId": policy.id, "Arn": policy.arn, "Path": policy.path, "DefaultVersionId": "v2", "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, "CreateDate": CREATED, "UpdateDate": CREATED, "PolicyVersionList": versions
    })
}

fn region_files(world: &World, account: &str, region: &str, folder: &str, files: &mut Vec<(String, Value)>) {
    let keys: Vec<&Key> = world.keys.iter().filter(|k| k.account == account && k.region == region).collect();
    let list: Vec<Value> = keys.iter().map(|k| json!({"KeyId": k.id, "KeyArn": k.arn})).collect();
    files.push((format!("{folder}/kms-list-keys.json"), json!({"Keys": list})));
    let arn = |alias: &str| format!("arn:{}:kms:{region}:{account}:{alias}", world.partition);
    let mut aliases = Vec::new();
    for key in &keys {
        for alias in &key.aliases {
            aliases.push(json!({"AliasName": alias, "AliasArn": arn(alias), "TargetKeyId": key.id, "CreationDate": CREATED, "LastUpdatedDate": CREATED}));
        }
    }
    aliases.push(json!({"AliasName": "alias/aws/acm", "AliasArn": arn("alias/aws/acm")}));
    files.push((format!("{folder}/kms-list-aliases.json"), json!({"Aliases": aliases})));
    for key in keys {
        key_files(world, key, &format!("{folder}/keys/{}", key.id), files);
    }
    let endpoints: Vec<Value> = world
        .endpoints
        .iter()
        .filter(|e| e.account == account && e.region == region)
        .map(|e| {
            json!({
                "VpcEndpointId": e.id, "VpcEndpointType": "Interface", "VpcId": e.vpc, "ServiceName": format!("com.amazonaws.{region}.kms"),
                "State": "available", "PolicyDocument": e.document.json.to_string(), "RouteTableIds": [], "SubnetIds": [], "Groups": [],
                "IpAddressType": "ipv4", "PrivateDnsEnabled": true, "RequesterManaged": false, "NetworkInterfaceIds": [], "DnsEntries": [],
                "CreationTimestamp": CREATED, "Tags": [], "OwnerId": e.account
            })
        })
        .collect();
    if !endpoints.is_empty() {
        files.push((format!("{folder}/ec2-describe-vpc-endpoints.json"), json!({"VpcEndpoints": endpoints})));
    }
}

fn key_files(world: &World, key: &Key, folder: &str, files: &mut Vec<(String, Value)>) {
    files.push((format!("{folder}/describe-key.json"), json!({"KeyMetadata": metadata(world, key)})));
    for (name, document) in &key.policies {
        let file = if name == "default" { "get-key-policy".to_owned() } else { format!("get-key-policy-{name}") };
        files.push((format!("{folder}/{file}.json"), json!({"Policy": policy_text(document), "PolicyName": name})));
    }
    let names: Vec<&String> = key.policies.iter().map(|(name, _)| name).collect();
    files.push((format!("{folder}/list-key-policies.json"), json!({"PolicyNames": names, "Truncated": false})));
    files.push((format!("{folder}/list-grants.json"), json!({"Grants": key.grants.iter().map(|g| grant(world, key, g)).collect::<Vec<Value>>()})));
    let tags: Vec<Value> = key.tags.iter().map(|(k, v)| json!({"TagKey": k, "TagValue": v})).collect();
    files.push((format!("{folder}/list-resource-tags.json"), json!({"Tags": tags, "Truncated": false})));
    let mut rotation = json!({"KeyRotationEnabled": key.rotation, "KeyId": key.arn});
    if key.rotation {
        rotation["RotationPeriodInDays"] = json!(365);
        rotation["NextRotationDate"] = json!("2027-03-23T20:05:48+00:00");
    }
    files.push((format!("{folder}/get-key-rotation-status.json"), rotation));
}

/// Key policies come as text, some of it as the console wrote it.
fn policy_text(document: &Document) -> String {
    let text = document.json.to_string();
    if text.len() % 2 == 0 { text } else { format!("{:#}", document.json) }
}

fn metadata(world: &World, key: &Key) -> Value {
    let mut json = json!({
        "AWSAccountId": key.account, "KeyId": key.id, "Arn": key.arn, "CreationDate": CREATED, "Enabled": key.state == "Enabled", "Description": "",
        "KeyUsage": key.usage, "KeyState": key.state, "Origin": key.origin, "KeyManager": if key.aws_managed { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": key.spec, "KeySpec": key.spec, "MultiRegion": key.multi_region.is_some()
    });
    let algorithms: (&str, &[&str]) = match (key.spec.as_str(), key.usage.as_str()) {
        ("SYMMETRIC_DEFAULT", _) => ("EncryptionAlgorithms", &["SYMMETRIC_DEFAULT"]),
        ("RSA_2048", "ENCRYPT_DECRYPT") => ("EncryptionAlgorithms", &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
        ("RSA_2048", _) => (
            "SigningAlgorithms",
            &[
                "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384",
                "RSASSA_PSS_SHA_512",
            ],
        ),
        ("ECC_NIST_P256", _) => ("SigningAlgorithms", &["ECDSA_SHA_256"]),
        ("ECC_NIST_P384", _) => ("KeyAgreementAlgorithms", &["ECDH"]),
        ("HMAC_256", _) => ("MacAlgorithms", &["HMAC_SHA_256"]),
        _ => ("EncapsulationAlgorithms", &["ML_KEM"]),
    };
    json[algorithms.0] = json!(algorithms.1);
    if key.state == "PendingDeletion" {
        json["DeletionDate"] = json!("2027-04-07T20:05:48+00:00");
    }
    if let Some(place) = &key.multi_region {
        let member = |region: &str| json!({"Arn": format!("arn:{}:kms:{region}:{}:key/{}", world.partition, key.account, key.id), "Region": region});
        let replicas: Vec<Value> = place.replicas.iter().map(|r| member(r)).collect();
        json["MultiRegionConfiguration"] = json!({"MultiRegionKeyType": place.kind, "PrimaryKey": member(&place.primary), "ReplicaKeys": replicas});
    }
    json
}

fn grant(world: &World, key: &Key, grant: &Grant) -> Value {
    let mut json = json!({"KeyId": key.arn, "GrantId": grant.id, "Name": grant.name});
    let optional = [
        ("GranteePrincipal", &grant.grantee),
        ("GranteeServicePrincipal", &grant.grantee_service),
        ("RetiringPrincipal", &grant.retiring),
        ("RetiringServicePrincipal", &grant.retiring_service),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            json[name] = json!(value);
        }
    }
    json["Operations"] = json!(grant.operations);
    if let Some(constraint) = &grant.constraint {
        let pairs: serde_json::Map<String, Value> = constraint.pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        json["Constraints"] = json!({if constraint.equals { "EncryptionContextEquals" } else { "EncryptionContextSubset" }: pairs});
    }
    if let Some(arn) = &grant.source_arn {
        json["Constraints"]["SourceArn"] = json!(arn);
    }
    json["IssuingAccount"] = json!(world.root_arn(&grant.issuing_account));
    json["CreationDate"] = json!(CREATED);
    json
}
