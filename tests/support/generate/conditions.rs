//! Condition blocks of generated policies: every operator family, negations, suffixes, set prefixes, variables (S2.5, S2.7).

use super::super::document::{Family, PolicyKind};
use super::super::rng::Rng;
use super::super::values::date;
use super::vocabulary::{PAIR_NAMES, TAG_NAMES, Vocabulary};
use serde_json::{Map, Value, json};

const MULTI_VALUED: [&str; 7] =
    ["kms:resourcealiases", "kms:encryptioncontextkeys", "kms:grantoperations", "aws:tagkeys", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:calledvia"];

/// Whether the key (lower-case name) may have several values.
pub fn multi_valued(key: &str) -> bool {
    MULTI_VALUED.contains(&key)
}

/// A condition block of up to three entries; empty half of the time or more.
pub fn block(rng: &mut Rng, words: &Vocabulary<'_>, kind: PolicyKind, actions: &str, at_least: usize) -> Value {
    let entries = at_least.max(*rng.weighted(&[(50, 0), (36, 1), (11, 2), (3, 3)]));
    let mut block = Map::new();
    for _ in 0..entries {
        let (operator, key, values) = entry(rng, words, kind, actions);
        if let Some(keys) = block.entry(operator).or_insert_with(|| json!({})).as_object_mut() {
            keys.insert(key, values);
        }
    }
    Value::Object(block)
}

/// Operator, key and values of one entry.
fn entry(rng: &mut Rng, words: &Vocabulary<'_>, kind: PolicyKind, actions: &str) -> (String, String, Value) {
    let families = [
        (34, Family::String),
        (9, Family::Numeric),
        (9, Family::Date),
        (11, Family::Bool),
        (8, Family::Binary),
        (11, Family::Ip),
        (10, Family::Arn),
        (8, Family::Null),
    ];
    let family = *rng.weighted(&families);
    let key = key_of(rng, family, kind, actions);
    let lower = key.to_lowercase();
    let base = base_of(rng, family, &lower);
    let set = match rng.below(100) {
        _ if family == Family::Null => "",
        0..=92 if multi_valued(&lower) => *rng.pick(&["ForAllValues:", "ForAnyValue:", "ForAnyValue:"]),
        0..=4 => *rng.pick(&["ForAllValues:", "ForAnyValue:"]),
        _ => "",
    };
    let if_exists = if family != Family::Null && rng.percent(14) { "IfExists" } else { "" };
    let base = if rng.below(250) == 0 { "StringMatches" } else { base }; // S2.1.10: no such operator
    let count = if family == Family::Null { 1 } else { *rng.weighted(&[(65, 1), (27, 2), (8, 3)]) };
    let values: Vec<Value> = (0..count).map(|_| value_of(rng, words, family, base, &lower)).collect();
    let values = if count == 1 && rng.percent(70) { values[0].clone() } else { Value::Array(values) };
    (format!("{set}{base}{if_exists}"), key, values)
}

fn base_of(rng: &mut Rng, family: Family, key: &str) -> &'static str {
    match family {
        Family::String if key == "aws:userid" => *rng.pick(&["StringEquals", "StringLike", "StringNotLike"]),
        Family::String => *rng.weighted(&[
            (34, "StringEquals"),
            (24, "StringLike"),
            (16, "StringNotEquals"),
            (10, "StringNotLike"),
            (10, "StringEqualsIgnoreCase"),
            (6, "StringNotEqualsIgnoreCase"),
        ]),
        Family::Numeric => *rng.pick(&[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ]),
        Family::Date => *rng.pick(&["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"]),
        Family::Bool => "Bool",
        Family::Binary => "BinaryEquals",
        Family::Ip => *rng.weighted(&[(60, "IpAddress"), (40, "NotIpAddress")]),
        Family::Arn => *rng.pick(&["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]),
        Family::Null => "Null",
    }
}

/// A key for the family that the actions of the statement can carry, in varying case.
fn key_of(rng: &mut Rng, family: Family, kind: PolicyKind, actions: &str) -> String {
    let pair = format!("kms:EncryptionContext:{}", rng.pick(&PAIR_NAMES[..4]));
    let tag = rng.pick(&TAG_NAMES[..3]);
    let creates_grants = actions.contains("Grant") || actions.contains("kms:*");
    let mut keys: Vec<(usize, String)> = Vec::new();
    let mut add = |weight: usize, key: &str| keys.push((weight, key.to_owned()));
    match family {
        Family::String => {
            add(9, "kms:ViaService");
            add(7, "kms:CallerAccount");
            add(4, "aws:PrincipalAccount");
            add(6, "aws:PrincipalOrgID");
            add(3, "aws:PrincipalOrgPaths");
            add(16, &pair);
            add(4, "kms:EncryptionContextKeys");
            add(7, &format!("aws:PrincipalTag/{tag}"));
            add(5, "kms:RequestAlias");
            add(2, "kms:KeySpec");
            add(1, "kms:CustomerMasterKeyUsage");
            add(1, "kms:KeyOrigin");
            add(2, "kms:MultiRegionKeyType");
            add(3, "kms:EncryptionAlgorithm");
            add(4, "aws:username");
            add(3, "aws:userid");
            add(3, "aws:PrincipalType");
            add(3, "aws:RequestedRegion");
            add(2, "aws:ResourceAccount");
            add(1, "aws:ResourceOrgID");
            add(2, "aws:SourceVpce");
            add(1, "aws:SourceVpc");
            add(2, "aws:UserAgent");
            add(2, "aws:SourceIdentity");
            add(1, "aws:CalledVia");
            add(2, "kms:RecipientAttestation:ImageSha384");
            add(2, "example:Ticket");
            let documented = !matches!(kind, PolicyKind::Key); // S6.4
            add(if documented { 9 } else { 3 }, &format!("aws:ResourceTag/{tag}"));
            add(if documented { 6 } else { 2 }, "kms:ResourceAliases");
            add(if creates_grants { 12 } else { 0 }, "kms:GrantOperations");
            add(if creates_grants { 4 } else { 0 }, "kms:GrantConstraintType");
            add(if creates_grants { 2 } else { 0 }, "kms:GranteeServicePrincipal");
            let signs = actions.contains("Sign") || actions.contains("Verify");
            add(if signs { 12 } else { 0 }, "kms:SigningAlgorithm");
            add(if signs { 6 } else { 1 }, "kms:MessageType");
            add(if actions.contains("Mac") { 12 } else { 0 }, "kms:MacAlgorithm");
            add(if actions.contains("DataKeyPair") { 9 } else { 1 }, "kms:DataKeyPairSpec");
            add(if actions.contains("TagResource") { 12 } else { 0 }, &format!("aws:RequestTag/{tag}"));
            add(if actions.contains("TagResource") { 6 } else { 0 }, "aws:TagKeys");
        }
        Family::Numeric => {
            add(6, "aws:MultiFactorAuthAge");
            add(6, "aws:EpochTime");
            add(1, "kms:RotationPeriodInDays");
            add(if actions.contains("Schedule") { 9 } else { 1 }, "kms:ScheduleKeyDeletionPendingWindowInDays");
            add(if actions.contains("Import") { 9 } else { 1 }, "kms:ValidTo");
        }
        Family::Date => {
            add(10, "aws:CurrentTime");
            add(4, "aws:EpochTime");
            add(if actions.contains("Import") { 9 } else { 0 }, "kms:ValidTo");
        }
        Family::Bool => {
            add(9, "aws:MultiFactorAuthPresent");
            add(if creates_grants { 9 } else { 1 }, "kms:GrantIsForAWSResource");
            add(4, "aws:ViaAWSService");
            add(3, "aws:PrincipalIsAWSService");
            add(2, "kms:MultiRegion");
            add(3, "aws:SecureTransport");
            add(1, "kms:ReEncryptOnSameKey");
            add(1, "kms:BypassPolicyLockoutSafetyCheck");
        }
        Family::Binary => {
            add(6, "kms:EncryptionContext:token");
            add(5, "example:Token");
        }
        Family::Ip => {
            add(10, "aws:SourceIp");
            add(2, "aws:VpcSourceIp");
        }
        Family::Arn => {
            add(10, "aws:PrincipalArn");
            add(4, "aws:SourceArn");
            add(if creates_grants { 8 } else { 0 }, "kms:GranteePrincipal");
            add(if creates_grants { 3 } else { 0 }, "kms:RetiringPrincipal");
        }
        Family::Null => {
            for key in ["aws:MultiFactorAuthAge", "kms:ViaService", "aws:username", "kms:RequestAlias", "aws:SourceIp", "aws:PrincipalOrgID", "aws:SourceArn"] {
                add(4, key);
            }
            add(4, "kms:EncryptionContextKeys");
            add(5, &pair);
            add(4, &format!("aws:PrincipalTag/{tag}"));
            add(2, "kms:MultiRegionKeyType");
            add(2, "example:Ticket");
        }
    }
    let key = rng.weighted(&keys).clone();
    match rng.below(12) {
        0 => key.to_lowercase(), // S2.5.2
        1 if !key.contains("EncryptionContext:") => key.to_uppercase(),
        _ => key,
    }
}

/// One listed value: a concrete value, turned into a pattern or a variable where the operator knows such.
fn value_of(rng: &mut Rng, words: &Vocabulary<'_>, family: Family, base: &str, key: &str) -> Value {
    let sample = words.sample(rng, key);
    match family {
        Family::String if rng.percent(9) => Value::String(variable(rng, key).unwrap_or(sample)),
        Family::String if key == "aws:principalaccount" => Value::String(sample), // the account of a service is unknown: no patterns
        Family::String if base.ends_with("Like") && rng.percent(75) => Value::String(pattern(rng, &sample)),
        Family::String if base.ends_with("IgnoreCase") && rng.percent(60) => Value::String(sample.to_uppercase()),
        Family::Arn if rng.percent(60) => Value::String(arn_pattern(rng, &sample)),
        Family::Numeric => numeric_value(rng, &sample),
        Family::Date => date_value(rng, &sample),
        Family::Bool | Family::Null => {
            let value = rng.percent(50);
            [Value::Bool(value), Value::String(value.to_string()), Value::String(value.to_string())][rng.below(3)].clone()
        }
        Family::Ip => Value::String(network(rng, &sample)),
        _ => Value::String(sample),
    }
}

/// Some of the text replaced by `*` or `?`; never all of it.
fn pattern(rng: &mut Rng, sample: &str) -> String {
    let characters: Vec<char> = sample.chars().collect();
    if characters.len() < 2 {
        return sample.to_owned();
    }
    let cut = rng.between(1, characters.len() - 1);
    let (head, tail): (String, String) = (characters[..cut].iter().collect(), characters[cut..].iter().collect());
    match rng.below(4) {
        0 => format!("*{tail}"),
        1 => format!("{head}?{}", &tail.chars().skip(1).collect::<String>()),
        _ => format!("{head}*"),
    }
}

fn arn_pattern(rng: &mut Rng, sample: &str) -> String {
    let mut parts: Vec<String> = sample.splitn(6, ':').map(str::to_owned).collect();
    match rng.below(4) {
        0 => parts[4] = "*".to_owned(),
        1 => parts[5] = pattern(rng, &parts[5]),
        2 => parts[5] = "role/*".to_owned(),
        _ => parts[1] = "*".to_owned(),
    }
    parts.join(":")
}

/// S2.7: a variable that makes sense as value of the key.
fn variable(rng: &mut Rng, key: &str) -> Option<String> {
    let tag = rng.pick(&TAG_NAMES[..3]);
    let text = match key {
        "kms:encryptioncontext:user" => "${aws:username}".to_owned(),
        "kms:encryptioncontext:team" | "aws:resourcetag/team" => "${aws:PrincipalTag/team}".to_owned(),
        "kms:requestalias" => "alias/${aws:PrincipalTag/team, 'app'}".to_owned(),
        _ if key.starts_with("aws:resourcetag/") || key.starts_with("kms:encryptioncontext:") => format!("${{aws:PrincipalTag/{tag}, 'payments'}}"),
        "aws:principalaccount" | "kms:calleraccount" => "${aws:ResourceAccount}".to_owned(),
        "example:ticket" => "T-${$}${*}".to_owned(),
        _ => return None,
    };
    Some(if rng.percent(15) { text.replace("aws:", "AWS:") } else { text })
}

fn numeric_value(rng: &mut Rng, sample: &str) -> Value {
    let seconds = date(sample).unwrap_or(0.0) as i64;
    let near = seconds + [0, 0, -1, 1][rng.below(4)];
    match rng.below(3) {
        0 => json!(near),
        1 => json!(format!("{near}.0")),
        _ => json!(near.to_string()),
    }
}

fn date_value(rng: &mut Rng, sample: &str) -> Value {
    match rng.below(5) {
        0 => json!(format!("{}", date(sample).unwrap_or(0.0) as i64)),
        1 => json!(sample.replace('Z', "+00:00")),
        2 => json!(sample.replace('Z', "+02:00")),
        3 => json!(sample.split('T').next()),
        _ => json!(sample),
    }
}

fn network(rng: &mut Rng, address: &str) -> String {
    let Some((head, _)) = address.rsplit_once('.') else { return "2001:db8::/32".to_owned() };
    match rng.below(4) {
        0 => address.to_owned(),
        1 => format!("{head}.0/25"),
        _ => format!("{head}.0/24"),
    }
}
