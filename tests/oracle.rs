//! The reference evaluator against worked cases, and the statistics of generated worlds; independent of the engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;
#[path = "support/worked/mod.rs"]
mod worked;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::Decision::{self, Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
use support::context::ContextValue;
use support::operations::operation;
use support::permissions::first_context;
use support::rng::Rng;
use support::values::date;
use support::{Mechanism, World, decide_traced, files, generate, requests};

/// Worlds with their requests, for the tests below.
fn cases(seeds: std::ops::Range<u64>) -> impl Iterator<Item = (World, Vec<Value>)> {
    seeds.map(|seed| {
        let world = generate(seed);
        let requests = requests(&world, &mut Rng::new(seed), 66);
        (world, requests)
    })
}

/// Over generated cases: every mechanism decides its share, every decision has its share.
#[test]
fn generated_cases_are_near_the_edge() {
    let mut decisions: BTreeMap<Decision, usize> = BTreeMap::new();
    let mut decisive: BTreeMap<Mechanism, usize> = BTreeMap::new();
    let mut total = 0;
    for (world, requests) in cases(0..45) {
        for request in requests {
            let (decision, mechanisms) = decide_traced(&world, &request);
            total += 1;
            *decisions.entry(decision).or_default() += 1;
            mechanisms
                .into_iter()
                .for_each(|m| *decisive.entry(m).or_default() += 1);
        }
    }
    let share = |n: usize| n as f64 * 100.0 / f64::from(total);
    for (decision, n) in &decisions {
        println!("{:5.1} % {}", share(*n), decision.name());
    }
    for mechanism in Mechanism::all() {
        println!(
            "{:5.1} % {mechanism:?}",
            share(decisive.get(&mechanism).copied().unwrap_or(0))
        );
    }
    for decision in [Allowed, ExplicitDeny, ImplicitDeny, Undetermined] {
        assert!(share(decisions[&decision]) >= 8.0, "{decision:?}");
    }
    for mechanism in Mechanism::all() {
        assert!(
            share(decisive.get(&mechanism).copied().unwrap_or(0)) >= 1.0,
            "{mechanism:?}"
        );
    }
}

/// S6.10, S6.15: nothing is stated that the action does not support or that the world decides otherwise.
#[test]
fn generated_requests_are_admissible() {
    for (world, requests) in cases(100..112) {
        for request in requests {
            let action = request["action"]
                .as_str()
                .unwrap()
                .replace("ReEncrypt", "ReEncryptFrom")
                .replace("FromFrom", "From")
                .replace("FromTo", "To");
            let stated = request["context"].as_object().unwrap();
            for (key, value) in stated {
                let lower = key.to_lowercase();
                assert!(operation(&action).unwrap().supports(&lower), "{key} in {request}");
                let mut without = request.clone();
                without["context"].as_object_mut().unwrap().remove(key);
                let may_differ = lower.starts_with("aws:principaltag/") || lower == "aws:securetransport";
                if let Some(ContextValue::Known(derived)) = first_context(&world, &without).get(&lower)
                    && !may_differ
                {
                    let texts: Vec<String> = derived
                        .iter()
                        .filter(|d| date(d).is_none() || lower != "aws:currenttime")
                        .cloned()
                        .collect();
                    let same = texts.is_empty() || *value == json!(texts) || *value == json!(texts[0]);
                    assert!(same, "{key} is {derived:?}, not {value}, in {request}");
                }
            }
            let has = |key: &str| stated.keys().any(|k| k.eq_ignore_ascii_case(key));
            assert!(
                !(has("aws:SourceIp") && request.get("vpcEndpoint").is_some()),
                "{request}"
            );
            assert!(has("kms:ViaService") || !has("aws:CalledVia"), "{request}");
            assert!(
                has("aws:MultiFactorAuthPresent") || !has("aws:MultiFactorAuthAge"),
                "{request}"
            );
        }
    }
}

/// The same seed gives the same files and requests, whoever asks.
#[test]
fn generation_is_repeatable() {
    assert_eq!(files(&generate(7)), files(&generate(7)));
    assert_ne!(files(&generate(7)), files(&generate(8)));
    let asked = |seed| requests(&generate(7), &mut Rng::new(seed), 20);
    assert_eq!(asked(1), asked(1));
    assert_ne!(asked(1), asked(2));
}

/// What policies, grants and accounts must show somewhere among the worlds.
#[test]
fn generated_worlds_show_every_form() {
    let mut text = String::new();
    for seed in 0..60 {
        for (path, content) in files(&generate(seed)) {
            text.push_str(&path);
            text.push_str(
                &String::from_utf8(content)
                    .unwrap()
                    .replace('\\', "")
                    .replace("\": ", "\":"),
            );
        }
    }
    let forms = "
        NotAction NotResource NotPrincipal 2008-10-17 AWS_RAM aws-us-gov REPLICA mrk- alias/aws/s3 HMAC_256 ECC_NIST_P256 RSA_2048 ML_KEM_768 EXTERNAL
        StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike StringMatches
        NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
        DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
        Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnNotEquals ArnLike ArnNotLike Null
        StringEqualsIfExists BoolIfExists IpAddressIfExists ArnLikeIfExists NumericEqualsIfExists DateEqualsIfExists
        ForAllValues:StringEquals ForAnyValue:StringLike ForAnyValue:StringNotEquals ForAllValues:StringNotLike
        ${aws:username} ${aws:PrincipalTag/team} 'payments'} ${$} ${AWS: :group/ :role/*\" Federated assumed-role/ federated-user/ arn:aws-cn: k*:Decrypt
        sts:TagSession aws-service-role PermissionsBoundary EncryptionContextEquals EncryptionContextSubset SourceArn GranteeServicePrincipal
        RetiringServicePrincipal aws:ec2-infrastructure vpce- p-RCPFullAWSAccess PendingDeletion
    ";
    let missing: Vec<&str> = forms
        .split_whitespace()
        .filter(|form| !text.contains(form))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
