//! Requests of every sort that the policies about one principal, action and key can tell apart, as far as a few will do.
//!
//! Values are those that conditions list and their neighbours, and absence where a request may lack the key; keys that
//! depend on each other vary together (S6.15). Every request is whole: what each request has is there.

use super::super::caller::{Caller, Who};
use super::super::document::{Condition, Document, Family};
use super::super::generate::conditions::multi_valued;
use super::super::generate::vocabulary::Vocabulary;
use super::super::layers::{boundary, identity_policies};
use super::super::operations::Operation;
use super::super::rng::Rng;
use super::super::statements::action_matches;
use super::super::text::{Piece, wild};
use super::super::truth::Truth;
use super::super::values::{date, number};
use super::super::{document::PolicyKind, world::Key};
use super::draft::Draft;
use super::fill::{child, written};
use serde_json::Value;
use std::collections::BTreeMap;

/// A key as written, and what requests may give it; nothing: absent.
type Choices = (String, Vec<Vec<String>>);

const VPC_KEYS: [&str; 3] = ["aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce"];
const ALWAYS: [&str; 13] = [
    "aws:currenttime",
    "aws:useragent",
    "kms:messagetype",
    "kms:signingalgorithm",
    "kms:encryptionalgorithm",
    "kms:datakeypairspec",
    "kms:policyname",
    "kms:reencryptonsamekey",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
    "aws:userid",
    "kms:grantoperations",
];

/// At most `limit` requests.
pub fn contexts(
    words: &Vocabulary<'_>,
    principal: &str,
    operation: &'static Operation,
    key: usize,
    rng: &mut Rng,
    limit: usize,
) -> Vec<Value> {
    let draft = Draft {
        principal: principal.to_owned(),
        operation,
        key,
        form: 0,
        context: Vec::new(),
        destination: None,
        destination_context: Vec::new(),
        session_policies: Vec::new(),
        federated_by: None,
        endpoint: None,
        grant: None,
        grant_number: 0,
        alias: String::new(),
        previous_key: key,
    };
    let caller = draft.caller(words);
    let conditions = conditions(words, &caller, operation, &words.world.keys[key]);
    let choices = choices(words, &draft, &caller, &conditions, rng);
    let ways = ways(&caller, operation, &conditions);
    let whole: usize = choices.iter().fold(ways.len(), |product, (_, values)| {
        product.saturating_mul(values.len())
    });
    let mut found = Vec::new();
    for number in 0..whole.min(limit) {
        // All of them where they are few, else some at random.
        let mut left = if whole <= limit {
            number
        } else {
            rng.below(usize::MAX >> 1)
        };
        let mut pick = |n: usize| {
            let at = left % n;
            left /= n;
            at
        };
        let way = ways[pick(ways.len())];
        let mut one = draft.clone();
        for (name, values) in &choices {
            one.state(name, values[pick(values.len())].clone());
        }
        if operation.name == "CreateGrant" {
            one.grant = Some(child(rng, words, &words.world.keys[key], None));
            one.context
                .retain(|(name, _)| !name.to_lowercase().starts_with("kms:encryptioncontext:"));
        }
        travel(&mut one, way, rng, words);
        together(&mut one);
        found.push(one.request(words, number));
    }
    found
}

/// How a request reaches KMS.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Public,
    Endpoint,
    Service,
}

fn ways(caller: &Caller<'_>, operation: &Operation, conditions: &[&Condition]) -> Vec<Way> {
    let tested = |keys: &[&str]| conditions.iter().any(|c| keys.contains(&c.key.as_str()));
    if caller.is_service() {
        return vec![Way::Public];
    }
    let mut ways = vec![Way::Public];
    if tested(&["aws:sourceip"]) || tested(&VPC_KEYS) {
        ways.push(Way::Endpoint);
    }
    let calls = [
        "kms:viaservice",
        "aws:viaawsservice",
        "aws:calledvia",
        "kms:grantisforawsresource",
    ];
    if operation.supports("kms:viaservice") && tested(&calls) {
        ways.push(Way::Service);
    }
    ways
}

/// S6.15, S3.2.2: what the way of calling gives and takes; a service's call states all its network keys.
fn travel(draft: &mut Draft, way: Way, rng: &mut Rng, words: &Vocabulary<'_>) {
    let absent = |draft: &mut Draft, keys: &[&str]| keys.iter().for_each(|key| draft.state(key, Vec::new()));
    match way {
        Way::Public => absent(draft, &VPC_KEYS),
        Way::Endpoint => absent(draft, &["aws:SourceIp"]),
        Way::Service => {}
    }
    if way != Way::Service {
        absent(draft, &["kms:ViaService", "aws:CalledVia"]);
    } else if draft.stated("kms:ViaService").is_none() {
        draft.state("kms:ViaService", vec![words.sample(rng, "kms:viaservice")]);
    }
}

/// S6.15: one clock; the age of an MFA only with one.
fn together(draft: &mut Draft) {
    draft.state("aws:EpochTime", Vec::new());
    let mfa = draft
        .stated("aws:MultiFactorAuthPresent")
        .is_some_and(|v| v[0] == "true");
    if !mfa {
        draft.state("aws:MultiFactorAuthAge", Vec::new());
    }
}

/// All conditions that the policies set for the action.
fn conditions<'w>(
    words: &Vocabulary<'w>,
    caller: &Caller<'w>,
    operation: &Operation,
    key: &'w Key,
) -> Vec<&'w Condition> {
    let world = words.world;
    let mut documents: Vec<(PolicyKind, &'w Document)> = Vec::new();
    documents.extend(
        key.policies
            .iter()
            .map(|(_, document)| (PolicyKind::Key, document)),
    );
    documents.extend(
        identity_policies(caller)
            .into_iter()
            .map(|d| (PolicyKind::Identity, d)),
    );
    documents.extend(boundary(caller).map(|d| (PolicyKind::Boundary, d)));
    if let Some(organization) = &world.organization {
        documents.extend(organization.scps.iter().map(|p| (PolicyKind::Scp, &p.document)));
        documents.extend(organization.rcps.iter().map(|p| (PolicyKind::Rcp, &p.document)));
    }
    documents
        .into_iter()
        .flat_map(|(kind, document)| document.statements.iter().map(move |s| (kind, s)))
        .filter(|(kind, statement)| action_matches(statement, *kind, operation) != Truth::F)
        .flat_map(|(_, statement)| &statement.conditions)
        .collect()
}

/// What requests may give the keys that matter.
fn choices(
    words: &Vocabulary<'_>,
    draft: &Draft,
    caller: &Caller<'_>,
    conditions: &[&Condition],
    rng: &mut Rng,
) -> Vec<Choices> {
    let mut keys: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for condition in conditions {
        let key = match condition.key.as_str() {
            "aws:epochtime" => "aws:currenttime",
            other => other,
        };
        let name = match key {
            "aws:currenttime" => "aws:CurrentTime".to_owned(),
            _ => written(&condition.key_as_written, key),
        };
        let entry = keys.entry(key.to_owned()).or_insert((name, Vec::new()));
        entry
            .1
            .extend(condition.values.iter().flat_map(|listed| near(condition, listed)));
    }
    let key = &words.world.keys[draft.key];
    for grant in &key.grants {
        for (name, value) in grant.constraint.iter().flat_map(|c| &c.pairs) {
            let full = format!("kms:EncryptionContext:{name}");
            let entry = keys.entry(full.to_lowercase()).or_insert((full, Vec::new()));
            entry.1.push(value.clone());
        }
        if let Some(arn) = &grant.source_arn {
            let entry = keys
                .entry("aws:sourcearn".to_owned())
                .or_insert(("aws:SourceArn".to_owned(), Vec::new()));
            entry.1.push(arn.clone());
        }
    }
    for always in ALWAYS.iter().chain(&["aws:sourceip"]) {
        keys.entry((*always).to_owned())
            .or_insert(((*always).to_owned(), Vec::new()));
    }
    let mut found = Vec::new();
    for (lower, (name, mut values)) in keys {
        if !may_state(draft, words, caller, &lower) {
            continue;
        }
        values.push(words.sample(rng, &lower));
        values.push(words.sample(rng, &lower));
        values.sort();
        values.dedup();
        values.retain(|value| is_value(draft, words, &lower, &name, value));
        // Every request has these keys, so one value at least has to be found.
        let mut tries = 0;
        while values.is_empty() && ALWAYS.contains(&lower.as_str()) && tries < 64 {
            let value = words.sample(rng, &lower);
            values.extend(Some(value).filter(|value| is_value(draft, words, &lower, &name, value)));
            tries += 1;
        }
        let mut all: Vec<Vec<String>> = values.iter().map(|value| vec![value.clone()]).collect();
        if multi_valued(&lower) && values.len() > 1 {
            all.push(values.iter().take(2).cloned().collect());
        }
        let network = lower == "aws:sourceip" || VPC_KEYS.contains(&lower.as_str());
        let open_tag = lower
            .strip_prefix("aws:principaltag/")
            .is_some_and(|tag| has_tag(caller, tag));
        if !ALWAYS.contains(&lower.as_str()) && !network && !open_tag {
            all.push(Vec::new());
        }
        if !all.is_empty() {
            found.push((name, all));
        }
    }
    found
}

/// A session tag may override the role's, never remove it (S6.2).
fn has_tag(caller: &Caller<'_>, tag: &str) -> bool {
    match &caller.who {
        Who::Role { role: Some(role), .. } => {
            role.tags.iter().any(|(name, _)| name.eq_ignore_ascii_case(tag))
        }
        _ => false,
    }
}

fn may_state(draft: &Draft, words: &Vocabulary<'_>, caller: &Caller<'_>, key: &str) -> bool {
    let by_itself = !caller.is_service() && draft.operation.supports(key);
    match key {
        "aws:vpcsourceip" | "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourceip" => by_itself,
        "kms:viaservice" => by_itself,
        // Rows take it that calls are encrypted (S6.2).
        "aws:calledvia" | "aws:securetransport" => false,
        "aws:multifactorauthage" => {
            let mut with = draft.clone();
            with.state("aws:MultiFactorAuthPresent", vec!["true".to_owned()]);
            with.may_state(words, caller, "aws:multifactorauthpresent") && with.may_state(words, caller, key)
        }
        _ => draft.may_state(words, caller, key),
    }
}

/// Whether a text is a value of the key.
fn is_value(draft: &Draft, words: &Vocabulary<'_>, key: &str, name: &str, value: &str) -> bool {
    let mut with = draft.clone();
    with.state(name, vec![value.to_owned()]);
    let boolean = ["true", "false"].contains(&value);
    with.can_be(words, name)
        && match key {
            "aws:currenttime" => value.contains('T') && date(value).is_some(),
            "aws:sourceip" | "aws:vpcsourceip" => value.parse::<std::net::IpAddr>().is_ok(),
            "aws:multifactorauthage"
            | "kms:rotationperiodindays"
            | "kms:schedulekeydeletionpendingwindowindays" => number(value).is_some(),
            "kms:validto" => date(value).is_some(),
            "aws:multifactorauthpresent"
            | "kms:reencryptonsamekey"
            | "kms:bypasspolicylockoutsafetycheck"
            | "aws:securetransport" => boolean,
            "kms:messagetype" => ["RAW", "DIGEST"].contains(&value),
            "kms:policyname" => {
                value == "default" || draft.operation.name == "GetKeyPolicy" && value == "AWS_RAM"
            }
            "kms:datakeypairspec" => ["RSA_2048", "RSA_4096", "ECC_NIST_P256"].contains(&value),
            "kms:wrappingkeyspec" => ["RSA_2048", "RSA_4096"].contains(&value),
            "kms:wrappingalgorithm" => ["RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"].contains(&value),
            "kms:expirationmodel" => {
                ["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"].contains(&value)
            }
            "aws:sourcearn" => value.starts_with("arn:") && !value.contains("::") | value.contains(":s3:::"),
            "kms:requestalias" => words.world.keys[draft.key]
                .aliases
                .iter()
                .any(|alias| alias == value),
            _ => !value.is_empty(),
        }
}

/// Values beside one that a condition lists.
fn near(condition: &Condition, listed: &str) -> Vec<String> {
    let moved = |by: f64| number(listed).map(|n| format!("{}", n + by));
    let at = |by: i64| date(listed).and_then(|seconds| iso(seconds as i64 + by));
    match condition.operator.family {
        Some(Family::Numeric) if condition.key != "aws:epochtime" => [moved(-1.0), moved(0.0), moved(1.0)]
            .into_iter()
            .flatten()
            .collect(),
        Some(Family::Date | Family::Numeric) => [at(-1), at(0), at(1)].into_iter().flatten().collect(),
        Some(Family::Ip) => {
            let base = listed.split('/').next().unwrap_or(listed);
            vec![base.to_owned(), next_address(base)]
        }
        Some(Family::Null) | None => Vec::new(),
        _ => {
            let text: String = wild(listed)
                .into_iter()
                .filter(|piece| *piece != Piece::Star)
                .map(|piece| if let Piece::Char(c) = piece { c } else { 'x' })
                .collect();
            vec![text, listed.replace('*', "zz")]
        }
    }
}

fn next_address(base: &str) -> String {
    match base.rsplit_once('.') {
        Some((front, last)) => format!(
            "{front}.{}",
            (last.parse::<u8>().unwrap_or_default()).wrapping_add(128)
        ),
        None => format!("{base}1"),
    }
}

/// Seconds since 1970 as ISO 8601.
fn iso(seconds: i64) -> Option<String> {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (0..10_000).contains(&year).then(|| {
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            rest / 3_600,
            rest / 60 % 60,
            rest % 60
        )
    })
}
