//! Seeded worlds: small organizations that exercise every rule of S2 to S4.
//! First the skeleton (accounts, principals, keys), then policies and grants, which name what the skeleton holds.

pub mod conditions;
mod grants;
mod key_policies;
pub mod policies;
mod twins;
pub mod vocabulary;

use super::document::{Document, PolicyKind};
use super::rng::Rng;
use super::world::{
    Account, Endpoint, Group, Guardrail, Key, ManagedPolicy, Member, MultiRegion, Organization, Policies,
    Role, Unit, User, World,
};
use serde_json::json;
use vocabulary::Vocabulary;

pub use grants::pair_constraint;

/// A world; the same seed gives the same world.
pub fn generate(seed: u64) -> World {
    let mut rng = Rng::new(seed);
    let mut world = skeleton(&mut rng);
    let frame = world.clone();
    let words = Vocabulary::of(&frame);
    for key in &mut world.keys {
        let policy = if key.aws_managed {
            key_policies::aws_managed_policy(&frame, key, "s3")
        } else {
            key_policies::key_policy(&mut rng, &words, key)
        };
        key.policies.push(("default".to_owned(), policy));
        if !key.aws_managed && rng.percent(5) {
            key.policies.push((
                "AWS_RAM".to_owned(),
                key_policies::shared_policy(&mut rng, &words, key),
            )); // S2.1.8
        }
        if !key.aws_managed {
            key.grants = grants::grants(&mut rng, &words, key);
        }
    }
    for account in &mut world.accounts {
        give_policies(&mut rng, &words, account);
    }
    if let Some(organization) = &mut world.organization {
        attach_guardrails(&mut rng, &words, organization);
    }
    for endpoint in &mut world.endpoints {
        endpoint.document = policies::endpoint_policy(&mut rng, &words);
    }
    twins::add(&mut rng, &mut world);
    world
}

/// Everything but policies and grants.
fn skeleton(rng: &mut Rng) -> World {
    let (partition, regions): (&str, [&str; 2]) = if rng.percent(9) {
        ("aws-us-gov", ["us-gov-west-1", "us-gov-east-1"])
    } else {
        ("aws", [*rng.pick(&["us-east-1", "eu-west-1"]), "eu-central-1"])
    };
    let (organization, mut ids) = organization(rng);
    if rng.percent(40) {
        ids.push(rng.account()); // known, but outside
    }
    let accounts: Vec<Account> = ids.iter().map(|id| account(rng, partition, id)).collect();
    let mut world = World {
        partition: partition.to_owned(),
        organization: Some(organization),
        accounts,
        ..World::default()
    };
    for number in 0..rng.between(3, 6) {
        let last = world.accounts.len() - 1; // sometimes outside the organization
        let owner = world.accounts[[1, 1, 2, 0, 1, last][number]].id.clone();
        add_key(rng, &mut world, &owner, &regions);
    }
    for _ in 0..rng.between(1, 2) {
        let account = rng.pick(&world.accounts).id.clone();
        world.endpoints.push(Endpoint {
            id: format!("vpce-{}", rng.hex(17)),
            vpc: format!("vpc-{}", rng.hex(17)),
            account,
            region: regions[0].to_owned(),
            document: Document::default(),
        });
    }
    world
}

/// The organization without guardrails, and the ids of its accounts, management account first.
fn organization(rng: &mut Rng) -> (Organization, Vec<String>) {
    let short = rng.text(4, "abcdefghijkmnpqrstuvwxyz0123456789");
    let root = format!("r-{short}");
    let mut units: Vec<Unit> = Vec::new();
    let mut above = root.clone();
    for depth in 0..rng.between(1, 3) {
        let id = format!("ou-{short}-{}", rng.text(8, "abcdefghijkmnpqrstuvwxyz0123456789"));
        units.push(Unit {
            id: id.clone(),
            name: ["Workloads", "Prod", "Payments"][depth].to_owned(),
            parent: above,
        });
        above = if rng.percent(70) { id } else { root.clone() };
    }
    let ids: Vec<String> = (0..rng.between(3, 4)).map(|_| rng.account()).collect();
    let mut members = vec![Member {
        account: ids[0].clone(),
        parent: root.clone(),
    }];
    for id in &ids[1..] {
        let parent = if rng.percent(80) {
            rng.pick(&units).id.clone()
        } else {
            root.clone()
        };
        members.push(Member {
            account: id.clone(),
            parent,
        });
    }
    let id = format!("o-{}", rng.text(10, "abcdefghijkmnpqrstuvwxyz0123456789"));
    let rcps_enabled = rng.percent(88);
    (
        Organization {
            id,
            root,
            management: ids[0].clone(),
            units,
            members,
            scps: Vec::new(),
            rcps: Vec::new(),
            rcps_enabled,
        },
        ids,
    )
}

/// Tags of a principal or key.
fn tags(rng: &mut Rng) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    if rng.percent(60) {
        tags.push((
            "team".to_owned(),
            (*rng.pick(&["payments", "analytics", "platform"])).to_owned(),
        ));
    }
    if rng.percent(35) {
        let name = if rng.percent(20) { "Env" } else { "env" };
        tags.push((name.to_owned(), (*rng.pick(&["prod", "test", "Prod"])).to_owned()));
    }
    if rng.percent(15) {
        tags.push(("project".to_owned(), "payments".to_owned()));
    }
    tags
}

fn account(rng: &mut Rng, partition: &str, id: &str) -> Account {
    let users = ["alice", "bob", "carol"];
    let user_count = rng.weighted(&[(10, 0), (30, 1), (40, 2), (20, 3)]);
    let users = rng.some(user_count, &users);
    let roles = ["app", "etl", "KeyAdmin", "reader"];
    let role_count = rng.between(2, 3);
    let mut account = Account {
        id: id.to_owned(),
        ..Account::default()
    };
    for name in users {
        let path = (*rng.pick(&["/", "/", "/teams/payments/"])).to_owned();
        account.users.push(User {
            arn: format!("arn:{partition}:iam::{id}:user{path}{name}"),
            path,
            name: name.to_owned(),
            id: rng.unique_id("AIDA"),
            tags: tags(rng),
            ..User::default()
        });
    }
    for name in rng.some(role_count, &roles) {
        let path = (*rng.pick(&["/", "/", "/app/"])).to_owned();
        account.roles.push(role(rng, partition, id, name, &path));
    }
    if rng.percent(45) {
        account.roles.push(role(
            rng,
            partition,
            id,
            "AWSServiceRoleForAutoScaling",
            "/aws-service-role/autoscaling.amazonaws.com/",
        ));
    }
    if rng.percent(55) {
        let name = "staff";
        account.groups.push(Group {
            arn: format!("arn:{partition}:iam::{id}:group/{name}"),
            path: "/".to_owned(),
            name: name.to_owned(),
            id: rng.unique_id("AGPA"),
            policies: Policies::default(),
        });
        for user in &mut account.users {
            if rng.percent(60) {
                user.groups.push(name.to_owned());
            }
        }
    }
    account
}

fn role(rng: &mut Rng, partition: &str, account: &str, name: &str, path: &str) -> Role {
    let linked = path.starts_with("/aws-service-role/");
    let trusted = match rng.below(4) {
        _ if linked => json!({"Service": "autoscaling.amazonaws.com"}),
        0 => json!({"Service": "ec2.amazonaws.com"}),
        1 => json!({"Federated": "cognito-identity.amazonaws.com"}),
        _ => json!({"AWS": format!("arn:{partition}:iam::{account}:root")}),
    };
    let action = match rng.below(10) {
        _ if trusted.get("Federated").is_some() => json!("sts:AssumeRoleWithWebIdentity"),
        0..=4 if !linked => json!(["sts:AssumeRole", "sts:TagSession"]),
        _ => json!("sts:AssumeRole"),
    };
    Role {
        arn: format!("arn:{partition}:iam::{account}:role{path}{name}"),
        path: path.to_owned(),
        name: name.to_owned(),
        id: rng.unique_id("AROA"),
        trust: json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": trusted, "Action": action}]}),
        tags: if linked { Vec::new() } else { tags(rng) },
        ..Role::default()
    }
}

/// One key, or a multi-Region key with its replica.
fn add_key(rng: &mut Rng, world: &mut World, owner: &str, regions: &[&str; 2]) {
    let (spec, usage) = rng.weighted(&[
        (55, ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")),
        (9, ("RSA_2048", "ENCRYPT_DECRYPT")),
        (8, ("RSA_2048", "SIGN_VERIFY")),
        (9, ("ECC_NIST_P256", "SIGN_VERIFY")),
        (8, ("HMAC_256", "GENERATE_VERIFY_MAC")),
        (3, ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")),
        (3, ("ECC_NIST_P384", "KEY_AGREEMENT")),
    ]);
    let symmetric = spec == "SYMMETRIC_DEFAULT";
    let aws_managed = symmetric && rng.percent(12);
    let multi_region = !aws_managed && rng.percent(15);
    let uuid = format!(
        "{}-{}-4{}-a{}-{}",
        rng.hex(8),
        rng.hex(4),
        rng.hex(3),
        rng.hex(3),
        rng.hex(12)
    );
    let id = if multi_region {
        format!("mrk-{}", rng.hex(32))
    } else {
        uuid
    };
    let external = !aws_managed && symmetric && rng.percent(15);
    let region = regions[usize::from(rng.percent(15))];
    let places: Vec<(&str, &str)> = if multi_region {
        vec![(regions[0], "PRIMARY"), (regions[1], "REPLICA")]
    } else {
        vec![(region, "")]
    };
    for (region, kind) in places {
        let mut key = Key {
            arn: format!("arn:{}:kms:{region}:{owner}:key/{id}", world.partition),
            id: id.clone(),
            account: owner.to_owned(),
            region: region.to_owned(),
            aws_managed,
            state: (rng.weighted(&[(80, "Enabled"), (12, "Disabled"), (8, "PendingDeletion")])).to_owned(),
            spec: spec.to_owned(),
            usage: usage.to_owned(),
            origin: if external {
                "EXTERNAL".to_owned()
            } else {
                "AWS_KMS".to_owned()
            },
            tags: if aws_managed { Vec::new() } else { tags(rng) },
            rotation: symmetric && !external && rng.percent(30),
            ..Key::default()
        };
        if multi_region {
            key.multi_region = Some(MultiRegion {
                kind: kind.to_owned(),
                primary: regions[0].to_owned(),
                replicas: vec![regions[1].to_owned()],
            });
        }
        if rng.percent(2) {
            key.tags = vec![
                ("Team".to_owned(), "payments".to_owned()),
                ("team".to_owned(), "payments".to_owned()),
            ]; // S2.5.2
        }
        let taken = |alias: &str| {
            world
                .keys
                .iter()
                .any(|k| k.account == owner && k.region == region && k.aliases.iter().any(|a| a == alias))
        };
        let wanted = if aws_managed {
            vec!["alias/aws/s3"]
        } else {
            rng.some(
                2,
                &[
                    "alias/app",
                    "alias/payments",
                    "alias/payments-old",
                    "alias/platform",
                    "",
                    "",
                ],
            )
        };
        key.aliases = wanted
            .into_iter()
            .filter(|a| !a.is_empty() && !taken(a))
            .map(str::to_owned)
            .collect();
        if aws_managed && key.aliases.is_empty() {
            continue; // one per account and Region
        }
        world.keys.push(key);
    }
}

/// Identity policies and boundaries of an account's users, groups and roles.
fn give_policies(rng: &mut Rng, words: &Vocabulary<'_>, account: &mut Account) {
    let arn = |path: &str, name: &str| {
        format!(
            "arn:{}:iam::{}:policy{path}{name}",
            words.world.partition, account.id
        )
    };
    let mut managed: Vec<ManagedPolicy> = Vec::new();
    for (path, name, kind) in [
        ("/", "KeyUse", PolicyKind::Identity),
        ("/boundaries/", "Limit", PolicyKind::Boundary),
        ("/boundaries/", "Narrow", PolicyKind::Boundary),
    ] {
        let document = if kind == PolicyKind::Identity {
            policies::identity_policy(rng, words)
        } else {
            policies::limit_policy(rng, words, kind)
        };
        let old_version = rng
            .percent(30)
            .then(|| policies::identity_policy(rng, words).json);
        managed.push(ManagedPolicy {
            arn: arn(path, name),
            name: name.to_owned(),
            path: path.to_owned(),
            id: rng.unique_id("ANPA"),
            document,
            old_version,
        });
    }
    let administrator = format!(
        "arn:{}:iam::aws:policy/AdministratorAccess",
        words.world.partition
    );
    let everything =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let document = Document::read(everything);
    let name = "AdministratorAccess".to_owned();
    managed.push(ManagedPolicy {
        arn: administrator.clone(),
        name,
        path: "/".to_owned(),
        id: rng.unique_id("ANPA"),
        document,
        old_version: None,
    });
    let policies = |rng: &mut Rng| {
        let mut policies = Policies::default();
        for number in 0..rng.weighted(&[(25, 0), (60, 1), (15, 2)]) {
            policies
                .inline
                .push((format!("inline-{number}"), policies::identity_policy(rng, words)));
        }
        if rng.percent(35) {
            policies.attached.push(arn("/", "KeyUse"));
        }
        if rng.percent(22) {
            policies.attached.push(administrator.clone());
        }
        policies
    };
    let boundary = |rng: &mut Rng| match rng.below(100) {
        0..=19 => Some(arn("/boundaries/", "Limit")),
        20..=34 => Some(arn("/boundaries/", "Narrow")),
        _ => None,
    };
    for user in &mut account.users {
        user.policies = policies(rng);
        user.boundary = boundary(rng);
    }
    for group in &mut account.groups {
        group.policies = policies(rng);
    }
    for role in &mut account.roles {
        role.policies = policies(rng);
        role.boundary = if role.is_service_linked() {
            None
        } else {
            boundary(rng)
        };
        if rng.percent(20) && !role.is_service_linked() {
            role.tags
                .push(("keyid".to_owned(), rng.pick(&words.world.keys).id.clone()));
        }
    }
    account.managed = managed;
}

/// SCPs and RCPs at every level.
fn attach_guardrails(rng: &mut Rng, words: &Vocabulary<'_>, organization: &mut Organization) {
    let units: Vec<String> = organization.units.iter().map(|u| u.id.clone()).collect();
    let accounts: Vec<String> = organization.members.iter().map(|m| m.account.clone()).collect();
    let levels: Vec<String> = std::iter::once(organization.root.clone())
        .chain(units)
        .chain(accounts)
        .collect();
    let full = |name: &str, principal: bool| {
        let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        if principal {
            statement["Principal"] = json!("*");
        }
        let document = Document::read(json!({"Version": "2012-10-17", "Statement": [statement]}));
        Guardrail {
            id: format!("p-{name}"),
            name: name.to_owned(),
            aws_managed: true,
            document,
            targets: Vec::new(),
        }
    };
    let custom = |rng: &mut Rng, name: &str, document, target: &str| Guardrail {
        id: format!("p-{}", rng.text(8, "abcdefghijkmnpqrstuvwxyz0123456789")),
        name: name.to_owned(),
        aws_managed: false,
        document,
        targets: vec![target.to_owned()],
    };
    let mut full_access = full("FullAWSAccess", false);
    for (number, level) in levels.iter().enumerate() {
        if number > 0 && rng.percent(14) {
            let document = policies::scp(rng, words, true);
            organization
                .scps
                .push(custom(rng, &format!("Allowed{number}"), document, level));
        } else {
            full_access.targets.push(level.clone());
        }
        if rng.percent(32) {
            let document = policies::scp(rng, words, false);
            organization
                .scps
                .push(custom(rng, &format!("Denied{number}"), document, level));
        }
    }
    organization.scps.insert(0, full_access);
    if organization.rcps_enabled {
        let mut full_access = full("RCPFullAWSAccess", true);
        full_access.targets = levels.clone();
        organization.rcps.push(full_access);
        for (number, level) in levels.iter().enumerate() {
            if rng.percent(24) {
                let document = policies::rcp(rng, words);
                organization
                    .rcps
                    .push(custom(rng, &format!("Perimeter{number}"), document, level));
            }
        }
    }
}
