//! Generated grants (S4.9): all kinds of grantees, constraints, retiring principals and issuers.

use super::super::rng::Rng;
use super::super::world::{Grant, Key, PairConstraint};
use super::vocabulary::{PAIR_NAMES, Vocabulary};

const CRYPTOGRAPHIC: [&str; 10] = [
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "DescribeKey", "GenerateDataKeyPair",
    "Decrypt", "Encrypt",
];
const SIGNING: [&str; 4] = ["Sign", "Verify", "GetPublicKey", "DescribeKey"];

/// The grants of a key.
pub fn grants(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Vec<Grant> {
    (0..*rng.weighted(&[(15, 0), (25, 1), (30, 2), (30, 3)])).map(|_| grant(rng, words, key)).collect()
}

fn grant(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> Grant {
    let (grantee, grantee_service) = grantee(rng, words, key);
    let external = grantee.as_deref().is_some_and(|g| g.contains(&words.external));
    let mut operations = operations(rng, key);
    for (operation, percent) in [("CreateGrant", 30), ("RetireGrant", 25)] {
        if rng.percent(percent) && !(external && operation == "RetireGrant") {
            operations.push(operation.to_owned());
        }
    }
    let home = grantee.as_deref().and_then(|g| g.split(':').nth(4)).filter(|a| words.accounts.iter().any(|b| b == a));
    let issuing_account = match home {
        Some(account) if rng.percent(35) => account.to_owned(),
        _ => key.account.clone(),
    };
    let service_grantee = grantee_service.is_some();
    let source_arn = (service_grantee || rng.percent(10)).then(|| match rng.below(6) {
        0 => "arn:*:s3:::bucket*".to_owned(),
        _ => words.source_arn(rng),
    });
    let (retiring, retiring_service) = match rng.below(10) {
        0..=5 => (Some(retiring(rng, words)), None),
        6 => (None, Some(words.service(rng))),
        _ if service_grantee => (Some(words.world.root_arn(&key.account)), None),
        _ => (None, None),
    };
    Grant {
        id: rng.hex(64),
        name: if rng.percent(40) { format!("grant-{}", rng.hex(4)) } else { String::new() },
        grantee,
        grantee_service,
        retiring,
        retiring_service,
        issuing_account,
        operations,
        constraint: (key.spec == "SYMMETRIC_DEFAULT" && rng.percent(40)).then(|| pair_constraint(rng, words)),
        source_arn,
    }
}

/// GranteePrincipal or GranteeServicePrincipal (S4.9.2).
fn grantee(rng: &mut Rng, words: &Vocabulary<'_>, key: &Key) -> (Option<String>, Option<String>) {
    let own: Vec<String> = words.roles.iter().filter(|r| r.contains(&key.account)).cloned().collect();
    let role = rng.pick_if_any(&own).unwrap_or(rng.pick(&words.roles)).clone();
    let text = match rng.below(100) {
        0..=34 => role,
        35..=54 => words.principal(rng),
        55..=63 => words.session_of(rng, &role),
        64..=67 => words.federated(rng).unwrap_or(role),
        68..=73 => words.world.root_arn(&words.account(rng)),
        74..=76 => rng.unique_id("AROA"),
        77..=83 => words.service(rng),
        84..=86 => format!("arn:{}:sts::{}:assumed-role/aws:ec2-infrastructure/i-0abc", words.world.partition, key.account),
        _ => return (None, Some(words.service(rng))),
    };
    (Some(text), None)
}

/// A retiring principal; of the unknown account only its root user, since nothing is known of the others.
fn retiring(rng: &mut Rng, words: &Vocabulary<'_>) -> String {
    let principal = words.principal(rng);
    match rng.below(10) {
        _ if principal.contains(&words.external) => words.world.root_arn(&words.external),
        0 | 1 => words.world.root_arn(&words.account(rng)),
        2 if principal.contains(":role/") => words.session_of(rng, &principal),
        3 => words.federated(rng).unwrap_or(principal),
        _ => principal,
    }
}

/// Operations that the key can do, without CreateGrant and RetireGrant.
fn operations(rng: &mut Rng, key: &Key) -> Vec<String> {
    let (possible, most): (&[&str], usize) = match key.usage.as_str() {
        "SIGN_VERIFY" => (&SIGNING, 3),
        "GENERATE_VERIFY_MAC" => (&["GenerateMac", "VerifyMac", "DescribeKey"], 3),
        "ENCRYPT_DECRYPT" if key.spec != "SYMMETRIC_DEFAULT" => (&["Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"], 4),
        _ => (&CRYPTOGRAPHIC, 6),
    };
    let count = rng.between(1, most);
    let mut operations: Vec<String> = rng.some(count, possible).into_iter().map(str::to_owned).collect();
    operations.sort();
    operations.dedup();
    operations
}

/// An encryption context constraint of one or two pairs.
pub fn pair_constraint(rng: &mut Rng, words: &Vocabulary<'_>) -> PairConstraint {
    let count = *rng.weighted(&[(70, 1), (30, 2)]);
    let names = rng.some(count, &PAIR_NAMES);
    let pairs = names.into_iter().map(|name| (name.to_owned(), words.sample(rng, &format!("kms:encryptioncontext:{name}")))).collect();
    PairConstraint { equals: rng.percent(50), pairs }
}
