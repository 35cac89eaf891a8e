//! Key policies: gates, direct allows for every kind of principal, denies, `NotPrincipal`, statements without effect (S2.2, S4.3, S4.4, S7.5).

use super::super::document::{Document, PolicyKind};
use super::super::rng::Rng;
use super::super::world::{Key, World};
use super::policies::{document, identity_statement};
use super::vocabulary::Vocabulary;
use serde_json::{Value, json};

/// The policy of a customer managed key.
pub fn key_policy(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Document {
    let mut statements = Vec::new();
    let root = words.world.root_arn(&key.account);
    match rng.below(100) {
        0..=69 => statements.push(json!({"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"})),
        70..=89 => statements.push(statement(rng, words, key, json!({"AWS": key.account}), true)),
        _ => {}
    }
    for _ in 0..rng.between(1, 4) {
        let principal = principal(rng, words, key);
        statements.push(statement(rng, words, key, principal, true));
    }
    if rng.percent(40) {
        statements.push(anyone(rng, words, key));
    }
    for _ in 0..*rng.weighted(&[(48, 0), (40, 1), (12, 2)]) {
        statements.push(deny(rng, words, key));
    }
    if rng.percent(25) {
        statements.push(deny_all_but(rng, words, key));
    }
    if rng.percent(4) {
        let role = json!({"AWS": rng.pick(&words.roles)});
        let mut odd = statement(rng, words, key, role, true);
        odd["NotPrincipal"] = odd["Principal"].take(); // S2.2.19
        if let Some(odd) = odd.as_object_mut() {
            odd.remove("Principal");
        }
        statements.push(odd);
    }
    document(rng, statements, true)
}

/// The fixed policy of an AWS managed key (S7.5).
pub fn aws_managed_policy(world: &World, key: &Key, service: &str) -> Document {
    Document::read(json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-2"),
        "Statement": [
            {
                "Sid": "Allow access through the service for all principals in the account that are authorized to use it",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:CallerAccount": key.account, "kms:ViaService": format!("{service}.{}.amazonaws.com", key.region)}}
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": world.root_arn(&key.account)},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*"
            }
        ]
    }))
}

/// What AWS RAM adds to a shared key.
pub fn shared_policy(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Document {
    let principal = json!({"AWS": words.account(rng)});
    let statements = vec![statement(rng, words, key, principal, true)];
    document(rng, statements, false)
}

/// A statement of a key policy with that principal: as in an identity policy, but for the Resource.
fn statement(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key, principal: Value, allow: bool) -> Value {
    let mut statement = identity_statement(rng, words, PolicyKind::Key, allow, usize::from(!allow));
    statement["Principal"] = principal;
    let other = rng.pick(&words.world.keys).arn.clone();
    let resource = match rng.below(100) {
        0..=79 => json!("*"),
        80..=85 => json!(key.arn),
        86..=88 => json!(format!("arn:{}:kms:*:{}:key/*", words.world.partition, key.account)),
        89..=90 => json!([other, key.arn]),
        91..=93 => json!(other), // S2.4.6
        94 => json!(format!("arn:{}:kms:*:key/*", words.world.partition)),
        95 | 96 => Value::Null, // S2.1.6
        _ => json!("*"),
    };
    let members = statement.as_object_mut().into_iter();
    for members in members {
        let negated = members.remove("NotResource").is_some();
        members.remove("Resource");
        match resource {
            Value::Null => {}
            _ if negated => drop(members.insert("NotResource".to_owned(), json!(other))),
            _ => drop(members.insert("Resource".to_owned(), resource.clone())),
        }
    }
    statement
}

/// A principal element of any kind.
fn principal(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Value {
    let own: Vec<String> = words.roles.iter().filter(|r| r.contains(&key.account)).cloned().collect();
    let own_users: Vec<String> = words.users.iter().filter(|r| r.contains(&key.account)).cloned().collect();
    let role = rng.pick_if_any(&own).unwrap_or(rng.pick(&words.roles)).clone();
    let user = rng.pick_if_any(&own_users).cloned().unwrap_or_else(|| words.principal(rng));
    let world = words.world;
    match rng.below(100) {
        0..=17 => json!({"AWS": role}),
        18..=29 => json!({"AWS": user}),
        30..=36 => json!({"AWS": words.session_of(rng, &role)}),
        37..=40 => json!({"AWS": words.federated(rng).unwrap_or(role)}),
        41..=55 => json!({"AWS": words.account(rng)}),
        56..=62 => json!({"AWS": world.root_arn(&words.account(rng))}),
        63..=72 => json!({"AWS": words.principal(rng)}),
        73..=80 => json!({"Service": words.service(rng)}),
        81..=83 => json!({"Service": [words.service(rng), words.service(rng)], "AWS": role}),
        84..=85 => json!({"AWS": [words.external_principal(rng), user]}),
        86 => json!({"AWS": rng.unique_id("AROA")}), // S2.2.11: deleted
        87..=89 => json!({"AWS": live_id(rng, world)}),
        90 => json!({"AWS": format!("arn:{}:iam::{}:group/staff", world.partition, key.account)}),
        91 => json!({"AWS": format!("arn:{}:iam::{}:role/*", world.partition, key.account)}),
        92 => json!({"AWS": role.replace("arn:aws:", "arn:aws-cn:")}),
        93 => json!({"Federated": "cognito-identity.amazonaws.com"}),
        _ => json!({"AWS": [role, user, words.principal(rng)]}),
    }
}

/// The unique id of a user or role that exists.
fn live_id(rng: &mut Rng, world: &World) -> String {
    let account = rng.pick(&world.accounts);
    match account.users.first() {
        Some(user) if rng.percent(40) => user.id.clone(),
        _ => rng.pick(&account.roles).id.clone(),
    }
}

/// `"*"` or `{"AWS": "*"}`, limited by account, organization or principal ARN, or hardly at all.
fn anyone(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Value {
    let principal = if rng.percent(50) { json!("*") } else { json!({"AWS": "*"}) };
    let mut statement = statement(rng, words, key, principal, true);
    let organization = words.world.organization.as_ref().map_or("", |o| o.id.as_str());
    let account = words.account(rng);
    let limit = match rng.below(10) {
        0..=2 => json!({"StringEquals": {"kms:CallerAccount": key.account}}),
        3 | 4 => json!({"StringEquals": {"aws:PrincipalOrgID": organization}}),
        5 | 6 => json!({"ArnLike": {"aws:PrincipalArn": [rng.pick(&words.roles), format!("arn:*:iam::{}:user/*", key.account)]}}),
        7 => json!({"StringEquals": {"kms:CallerAccount": [key.account, account], "kms:ViaService": words.sample(rng, "kms:viaservice")}}),
        8 => json!({"StringEquals": {"aws:PrincipalAccount": account}}),
        _ => return statement,
    };
    statement["Condition"] = limit;
    statement
}

/// An explicit Deny, conditional except now and then.
fn deny(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Value {
    let who = match rng.below(10) {
        0..=3 => json!("*"),
        4 => json!({"AWS": "*"}),
        5 => json!({"AWS": words.account(rng)}),
        _ => principal(rng, words, key),
    };
    let mut statement = statement(rng, words, key, who, false);
    if rng.percent(12) {
        let exempt = [words.principal(rng), words.principal(rng)];
        statement["Condition"] = json!({"ArnNotLike": {"aws:PrincipalArn": exempt}}); // S4.8.4
    }
    statement
}

/// Deny with NotPrincipal (S2.2.17): some with the account entries that make it work, some without.
fn deny_all_but(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Value {
    let mut list = vec![words.world.root_arn(&key.account)];
    for _ in 0..rng.between(2, 5) {
        let listed = words.principal(rng);
        match rng.below(10) {
            0 => list.push(words.session_of(rng, &listed)),
            1 => {}
            _ => list.push(listed.clone()),
        }
        if rng.percent(60) {
            list.push(words.world.root_arn(listed.split(':').nth(4).unwrap_or_default()));
        }
    }
    let mut statement = statement(rng, words, key, Value::Null, false);
    let mut listed = json!({"AWS": list});
    if rng.percent(40) {
        listed["Service"] = json!(words.service(rng));
    }
    if let Some(members) = statement.as_object_mut() {
        members.remove("Principal");
        if rng.percent(35) {
            members.remove("Condition");
        }
        members.insert("NotPrincipal".to_owned(), listed);
    }
    statement
}
