//! Statements and documents of every policy kind, plain ones and odd ones (S2.1 to S2.4).

use super::super::document::{Document, PolicyKind};
use super::super::rng::Rng;
use super::super::world::Key;
use super::conditions::block;
use super::vocabulary::Vocabulary;
use serde_json::{Map, Value, json};

/// Puts statements into a document; some are 2008-10-17, some a single object instead of a list.
pub fn document(rng: &mut Rng, statements: Vec<Value>, old_versions: bool) -> Document {
    let mut policy = Map::new();
    match rng.below(12) {
        0 if old_versions => {}
        1 if old_versions => drop(policy.insert("Version".to_owned(), json!("2008-10-17"))),
        _ => drop(policy.insert("Version".to_owned(), json!("2012-10-17"))),
    }
    let statements = if statements.len() == 1 && rng.percent(40) { statements[0].clone() } else { Value::Array(statements) };
    policy.insert("Statement".to_owned(), statements);
    Document::read(Value::Object(policy))
}

fn one_or_list(rng: &mut Rng, values: Vec<String>) -> Value {
    if values.len() == 1 && rng.percent(60) { json!(values[0]) } else { json!(values) }
}

const USE: [&str; 5] = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];
const SINGLE: [&str; 34] = [
    "kms:Decrypt", "kms:Decrypt", "kms:Decrypt", "kms:Encrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*", "kms:ReEncrypt*",
    "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey", "kms:Sign", "kms:Verify", "kms:GetPublicKey", "kms:GenerateMac", "kms:VerifyMac",
    "kms:CreateGrant", "kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant", "kms:RetireGrant", "kms:*Grant*", "kms:PutKeyPolicy", "kms:Get*",
    "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation", "kms:ImportKeyMaterial", "kms:TagResource", "kms:CreateAlias", "kms:*Alias", "kms:List*",
    "kms:?ecrypt", "KMS:decrypt", "kms:GenerateDataKeyPair*",
];
const IAM_ONLY: [&str; 5] = ["kms:CreateKey", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom", "kms:*CustomKeyStore*"];
const ODD: [&str; 5] = ["kms:ReEncrypt", "k*:Decrypt", "s3:GetObject", "*:*", "kms:NoSuchAction"];

/// Action or NotAction of a statement.
fn put_actions(rng: &mut Rng, statement: &mut Map<String, Value>, broad: usize, identity: bool) {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<String>>();
    if rng.percent(if broad > 10 { 6 } else { 2 }) {
        let not = rng.some(2, &["iam:*", "kms:Decrypt", "kms:CreateGrant", "s3:*", "kms:Sign"]);
        let not = one_or_list(rng, texts(&not));
        statement.insert("NotAction".to_owned(), not);
        return;
    }
    let mut actions = match rng.below(100) {
        n if n < broad => vec![if identity && rng.percent(15) { "*" } else { "kms:*" }],
        n if n < broad + if broad > 10 { 20 } else { 8 } => USE.to_vec(),
        _ => {
            let count = rng.between(1, 4);
            rng.some(count, &SINGLE)
        }
    };
    if identity && rng.percent(18) {
        actions.push(*rng.pick(&IAM_ONLY));
    }
    if rng.percent(5) {
        actions.push(*rng.pick(&ODD));
    }
    let actions = one_or_list(rng, texts(&actions));
    statement.insert("Action".to_owned(), actions);
}

fn actions_text(statement: &Map<String, Value>) -> String {
    statement.get("Action").map(Value::to_string).unwrap_or_else(|| "kms:*".to_owned())
}

fn put_conditions(rng: &mut Rng, words: &Vocabulary<'_>, kind: PolicyKind, statement: &mut Map<String, Value>, at_least: usize) {
    let actions = actions_text(statement);
    let block = block(rng, words, kind, &actions, at_least);
    if block.as_object().is_some_and(|b| !b.is_empty()) {
        statement.insert("Condition".to_owned(), block);
    }
}

/// Resource or NotResource of an identity-side statement.
fn put_resources(rng: &mut Rng, words: &Vocabulary<'_>, statement: &mut Map<String, Value>, short_patterns: bool) {
    let count = *rng.weighted(&[(75, 1), (25, 2)]);
    let patterns: Vec<String> = (0..count).map(|_| resource(rng, words, short_patterns)).collect();
    let name = if rng.percent(6) { "NotResource" } else { "Resource" };
    let patterns = one_or_list(rng, patterns);
    statement.insert(name.to_owned(), patterns);
}

fn resource(rng: &mut Rng, words: &Vocabulary<'_>, short_patterns: bool) -> String {
    let key: &Key = rng.pick(&words.world.keys);
    let (partition, region, account) = (&words.world.partition, &key.region, &key.account);
    let alias = rng.pick(&words.aliases);
    match rng.below(100) {
        0..=49 => "*".to_owned(),
        50..=64 => key.arn.clone(),
        65..=73 => format!("arn:{partition}:kms:*:{account}:key/*"),
        74..=77 => format!("arn:*:kms:{region}:{account}:*"),
        78..=80 => format!("arn:{partition}:kms:*:*:key/{}*", &key.id[..5]),
        81..=82 => format!("arn:{partition}:kms:{region}:{account}:key/?{}", &key.id[1..]),
        83..=85 => format!("arn:{partition}:kms:{region}:{account}:key/${{aws:PrincipalTag/keyid}}"),
        86..=91 => format!("arn:{partition}:kms:{region}:{account}:{alias}"),
        92 => format!("arn:{partition}:kms:*:key/*"),
        93 => format!("arn:{partition}:k?s:{region}:{account}:key/*"),
        94 if short_patterns => format!("arn:{partition}:kms"),
        95 => key.id.clone(),
        _ => format!("arn:{partition}:kms:*:{account}:alias/*"),
    }
}

/// One statement of an identity policy, boundary, session policy or SCP.
pub fn identity_statement(rng: &mut Rng, words: &Vocabulary<'_>, kind: PolicyKind, allow: bool, conditions: usize) -> Value {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!(if allow { "Allow" } else { "Deny" }));
    put_actions(rng, &mut statement, if allow { 45 } else { 4 }, true);
    if allow && rng.percent(45) {
        statement.insert("Resource".to_owned(), json!("*"));
    } else {
        put_resources(rng, words, &mut statement, matches!(kind, PolicyKind::Identity | PolicyKind::Boundary));
    }
    put_conditions(rng, words, kind, &mut statement, conditions);
    Value::Object(statement)
}

/// `Allow kms:* on *` or all actions.
pub fn broad(rng: &mut Rng) -> Value {
    json!({"Effect": "Allow", "Action": if rng.percent(50) { "*" } else { "kms:*" }, "Resource": "*"})
}

/// Identity policy of a user, group or role.
pub fn identity_policy(rng: &mut Rng, words: &Vocabulary<'_>) -> Document {
    let mut statements = Vec::new();
    if rng.percent(45) {
        statements.push(broad(rng));
    }
    for _ in 0..rng.between(1, 2) {
        statements.push(identity_statement(rng, words, PolicyKind::Identity, true, 0));
    }
    if rng.percent(25) {
        statements.push(identity_statement(rng, words, PolicyKind::Identity, false, 1));
    }
    document(rng, statements, true)
}

/// A boundary or session policy: allows a part, sometimes denies something.
pub fn limit_policy(rng: &mut Rng, words: &Vocabulary<'_>, kind: PolicyKind) -> Document {
    let mut statements = match rng.below(10) {
        0 => vec![json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})],
        1..=4 => vec![broad(rng)],
        _ => vec![identity_statement(rng, words, kind, true, 0)],
    };
    if rng.percent(60) {
        statements.push(identity_statement(rng, words, kind, false, 1));
    }
    document(rng, statements, true)
}

/// An SCP that denies something, or one that replaces FullAWSAccess and allows a part.
pub fn scp(rng: &mut Rng, words: &Vocabulary<'_>, instead_of_full: bool) -> Document {
    let mut statements = Vec::new();
    if instead_of_full {
        statements.push(identity_statement(rng, words, PolicyKind::Scp, true, 0));
        statements.push(json!({"Effect": "Allow", "Action": ["kms:Describe*", "kms:Decrypt", "s3:*"], "Resource": "*"}));
    } else {
        statements.push(identity_statement(rng, words, PolicyKind::Scp, false, 1));
    }
    document(rng, statements, false)
}

/// An RCP: Deny for everyone, often the perimeter of the organization.
pub fn rcp(rng: &mut Rng, words: &Vocabulary<'_>) -> Document {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!("Deny"));
    statement.insert("Principal".to_owned(), json!("*"));
    let actions = if rng.percent(20) { vec!["kms:*"] } else { rng.some(3, &SINGLE) };
    statement.insert("Action".to_owned(), json!(actions));
    statement.insert("Resource".to_owned(), json!("*"));
    let organization = words.world.organization.as_ref().map_or("", |o| o.id.as_str());
    if rng.percent(25) {
        let operator = *rng.pick(&["StringNotEquals", "StringNotEqualsIfExists"]);
        let service = *rng.pick(&["Bool", "BoolIfExists"]);
        statement.insert("Condition".to_owned(), json!({operator: {"aws:PrincipalOrgID": organization}, service: {"aws:PrincipalIsAWSService": "false"}}));
    } else {
        put_conditions(rng, words, PolicyKind::Rcp, &mut statement, 1);
    }
    document(rng, vec![Value::Object(statement)], false)
}

/// A policy of a KMS endpoint.
pub fn endpoint_policy(rng: &mut Rng, words: &Vocabulary<'_>) -> Document {
    let mut statements = Vec::new();
    for allow in [true, false] {
        if allow && rng.percent(38) {
            statements.push(json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}));
            continue;
        }
        let mut statement = match identity_statement(rng, words, PolicyKind::Endpoint, allow, usize::from(!allow)) {
            Value::Object(statement) => statement,
            _ => Map::new(),
        };
        let principal = match rng.below(10) {
            0 | 1 => json!({"AWS": words.principal(rng)}),
            2 => json!({"AWS": words.account(rng)}),
            3 => json!({"AWS": "*"}),
            _ => json!("*"),
        };
        statement.insert("Principal".to_owned(), principal);
        statements.push(Value::Object(statement));
    }
    document(rng, statements, true)
}
