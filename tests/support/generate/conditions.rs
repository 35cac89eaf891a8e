//! Condition blocks of generated policies: every operator family, negations, suffixes, set prefixes, variables (S2.5, S2.7).

use super::super::document::{Family, PolicyKind};
use super::super::rng::Rng;
use super::super::values::date;
use super::vocabulary::{PAIR_NAMES, TAG_NAMES, Vocabulary};
use serde_json::{Map, Value, json};

const MULTI_VALUED: [&str; 7] = [
    "kms:resourcealiases",
    "kms:encryptioncontextkeys",
    "kms:grantoperations",
    "aws:tagkeys",
    "aws:principalorgpaths",
    "aws:resourceorgpaths",
    "aws:calledvia",
];

/// Whether the key (lower-case name) may have several values.
pub fn multi_valued(key: &str) -> bool {
    MULTI_VALUED.contains(&key)
}

/// A condition block of up to three entries; empty half of the time or more.
pub fn block(
    rng: &mut Rng,
    words: &Vocabulary<'_>,
    kind: PolicyKind,
    actions: &str,
    at_least: usize,
) -> Value {
    let entries = at_least.max(rng.weighted(&[(50, 0), (36, 1), (11, 2), (3, 3)]));
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
    let family = rng.weighted(&families);
    let key = key_of(rng, family, kind, actions);
    let lower = key.to_lowercase();
    let base = base_of(rng, family, &lower);
    let set = match rng.below(100) {
        _ if family == Family::Null => "",
        0..=92 if multi_valued(&lower) => *rng.pick(&["ForAllValues:", "ForAnyValue:", "ForAnyValue:"]),
        0..=4 => *rng.pick(&["ForAllValues:", "ForAnyValue:"]),
        _ => "",
    };
    let if_exists = if family != Family::Null && rng.percent(14) {
        "IfExists"
    } else {
        ""
    };
    let base = if rng.below(250) == 0 {
        "StringMatches"
    } else {
        base
    }; // S2.1.10: no such operator
    let count = if family == Family::Null {
        1
    } else {
        rng.weighted(&[(65, 1), (27, 2), (8, 3)])
    };
    let values: Vec<Value> = (0..count)
        .map(|_| value_of(rng, words, family, base, &lower))
        .collect();
    let values = if count == 1 && rng.percent(70) {
        values[0].clone()
    } else {
        Value::Array(values)
    };
    (format!("{set}{base}{if_exists}"), key, values)
}

fn base_of(rng: &mut Rng, family: Family, key: &str) -> &'static str {
    match family {
        Family::String if key == "aws:userid" => {
            rng.pick::<&str>(&["StringEquals", "StringLike", "StringNotLike"])
        }
        Family::String => rng.weighted(&[
            (34, "StringEquals"),
            (24, "StringLike"),
            (16, "StringNotEquals"),
            (10, "StringNotLike"),
            (10, "StringEqualsIgnoreCase"),
            (6, "StringNotEqualsIgnoreCase"),
        ]),
        Family::Numeric => rng.pick::<&str>(&[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ]),
        Family::Date => rng.pick::<&str>(&[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ]),
        Family::Bool => "Bool",
        Family::Binary => "BinaryEquals",
        Family::Ip => rng.weighted(&[(60, "IpAddress"), (40, "NotIpAddress")]),
        Family::Arn => rng.pick::<&str>(&["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]),
        Family::Null => "Null",
    }
}

/// Condition keys to test: family, weight, a word that the statement's actions must hold (`-`: any actions), key.
const KEYS: &str = "
String 9 - kms:ViaService
String 7 - kms:CallerAccount
String 4 - aws:PrincipalAccount
String 6 - aws:PrincipalOrgID
String 3 - aws:PrincipalOrgPaths
String 16 - kms:EncryptionContext:PAIR
String 4 - kms:EncryptionContextKeys
String 7 - aws:PrincipalTag/TAG
String 5 - kms:RequestAlias
String 2 - kms:KeySpec
String 1 - kms:CustomerMasterKeyUsage
String 1 - kms:KeyOrigin
String 2 - kms:MultiRegionKeyType
String 3 - kms:EncryptionAlgorithm
String 4 - aws:username
String 3 - aws:userid
String 3 - aws:PrincipalType
String 3 - aws:RequestedRegion
String 2 - aws:ResourceAccount
String 1 - aws:ResourceOrgID
String 2 - aws:SourceVpce
String 1 - aws:SourceVpc
String 2 - aws:UserAgent
String 2 - aws:SourceIdentity
String 1 - aws:CalledVia
String 2 - kms:RecipientAttestation:ImageSha384
String 2 - example:Ticket
String 9 - aws:ResourceTag/TAG
String 6 - kms:ResourceAliases
String 12 Grant kms:GrantOperations
String 4 Grant kms:GrantConstraintType
String 2 Grant kms:GranteeServicePrincipal
String 12 Sign kms:SigningAlgorithm
String 6 Sign kms:MessageType
String 12 Verify kms:SigningAlgorithm
String 12 Mac kms:MacAlgorithm
String 9 DataKeyPair kms:DataKeyPairSpec
String 12 TagResource aws:RequestTag/TAG
String 6 TagResource aws:TagKeys
Numeric 6 - aws:MultiFactorAuthAge
Numeric 6 - aws:EpochTime
Numeric 1 - kms:RotationPeriodInDays
Numeric 9 Rotation kms:RotationPeriodInDays
Numeric 9 Schedule kms:ScheduleKeyDeletionPendingWindowInDays
Numeric 9 Import kms:ValidTo
Date 10 - aws:CurrentTime
Date 4 - aws:EpochTime
Date 9 Import kms:ValidTo
Bool 9 - aws:MultiFactorAuthPresent
Bool 9 Grant kms:GrantIsForAWSResource
Bool 4 - aws:ViaAWSService
Bool 3 - aws:PrincipalIsAWSService
Bool 2 - kms:MultiRegion
Bool 3 - aws:SecureTransport
Bool 1 - kms:ReEncryptOnSameKey
Bool 1 - kms:BypassPolicyLockoutSafetyCheck
Binary 6 - kms:EncryptionContext:token
Binary 5 - example:Token
Ip 10 - aws:SourceIp
Ip 2 - aws:VpcSourceIp
Arn 10 - aws:PrincipalArn
Arn 4 - aws:SourceArn
Arn 8 Grant kms:GranteePrincipal
Arn 3 Grant kms:RetiringPrincipal
Null 4 - aws:MultiFactorAuthAge
Null 4 - kms:ViaService
Null 4 - aws:username
Null 4 - kms:RequestAlias
Null 4 - aws:SourceIp
Null 4 - aws:PrincipalOrgID
Null 4 - aws:SourceArn
Null 4 - kms:EncryptionContextKeys
Null 5 - kms:EncryptionContext:PAIR
Null 4 - aws:PrincipalTag/TAG
Null 2 - kms:MultiRegionKeyType
Null 2 - example:Ticket
";

/// A key for the family that the actions of the statement can carry, in varying case.
fn key_of(rng: &mut Rng, family: Family, kind: PolicyKind, actions: &str) -> String {
    let pair = *rng.pick(&PAIR_NAMES[..4]);
    let tag = *rng.pick(&TAG_NAMES[..3]);
    let family = format!("{family:?}");
    let mut keys: Vec<(usize, String)> = Vec::new();
    for row in KEYS.trim().lines() {
        let [of, weight, word, key] = row.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let fits = word == "-" || actions.contains(word) || word == "Grant" && actions.contains("kms:*");
        if of == family && fits {
            let undocumented =
                kind == PolicyKind::Key && (key.contains("ResourceTag") || key.contains("ResourceAliases"));
            let weight = weight.parse::<usize>().expect("a number") / if undocumented { 3 } else { 1 }; // S6.4
            keys.push((weight, key.replace("PAIR", pair).replace("TAG", tag)));
        }
    }
    let key = rng.weighted(&keys);
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
        Family::String if base.ends_with("IgnoreCase") && rng.percent(60) => {
            Value::String(sample.to_uppercase())
        }
        Family::Arn if rng.percent(60) => Value::String(arn_pattern(rng, &sample)),
        Family::Numeric => numeric_value(rng, &sample),
        Family::Date => date_value(rng, &sample),
        Family::Bool | Family::Null => {
            let value = rng.percent(50);
            [
                Value::Bool(value),
                Value::String(value.to_string()),
                Value::String(value.to_string()),
            ][rng.below(3)]
            .clone()
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
    let (head, tail): (String, String) = (
        characters[..cut].iter().collect(),
        characters[cut..].iter().collect(),
    );
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
        _ if key.starts_with("aws:resourcetag/") || key.starts_with("kms:encryptioncontext:") => {
            format!("${{aws:PrincipalTag/{tag}, 'payments'}}")
        }
        "aws:principalaccount" | "kms:calleraccount" => "${aws:ResourceAccount}".to_owned(),
        "example:ticket" => "T-${$}${*}".to_owned(),
        _ => return None,
    };
    Some(if rng.percent(15) {
        text.replace("aws:", "AWS:")
    } else {
        text
    })
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
    let Some((head, _)) = address.rsplit_once('.') else {
        return "2001:db8::/32".to_owned();
    };
    match rng.below(4) {
        0 => address.to_owned(),
        1 => format!("{head}.0/25"),
        _ => format!("{head}.0/24"),
    }
}
