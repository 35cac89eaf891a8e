//! What it costs to be exact: microseconds for a condition by its size, and how often one is decided anew.
//!
//! `cargo bench --bench conditions`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

mod world;

use keywho::{Access, Engine, MatrixFilter, RequestContext, Row, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use world::{Shape, generate};

const ACCOUNT: &str = "111111111111";
const KEY: &str = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d";
const ROUNDS: u32 = 50;

fn main() {
    println!(
        "{:>12}{:>14}{:>14}  shortest form",
        "statements", "atoms left", "us a condition"
    );
    for statements in [1, 2, 4, 8, 16, 32, 64] {
        let (row, engine) = conditional(statements);
        let Access::Conditional { condition, witness } = &row.access else {
            unreachable!("some requests are allowed and some are not");
        };
        assert!(witness.is_some() && !condition.is_undecided());
        let started = Instant::now();
        for round in 0..ROUNDS {
            // Something else is given each time, so that nothing is remembered.
            let agent = vec![format!("agent-{round}")];
            let given = RequestContext::from([("aws:UserAgent".to_owned(), agent)]);
            let narrowing = engine.narrowing(&given).unwrap();
            assert!(narrowing.row(row.clone()).is_some());
        }
        let each = 1e6 * started.elapsed().as_secs_f64() / f64::from(ROUNDS);
        println!(
            "{statements:>12}{:>14}{each:>14.0}  {}",
            atoms(&condition.json()),
            condition.short()
        );
    }
    let world = generate(Shape::MEDIUM, 7);
    let (snapshot, _) = Snapshot::from_files(world.files);
    let started = Instant::now();
    let engine = Engine::compile(&snapshot);
    let compiled = started.elapsed().as_secs_f64();
    let size = engine.size();
    let share = |part: usize, whole: usize| {
        100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
    };
    println!(
        "\n{} principals x {} keys: {} sets of actions under a condition, {} different conditions: {:.3} % remembered",
        size.principals,
        size.keys,
        size.conditional,
        size.conditions,
        share(size.conditional - size.conditions, size.conditional)
    );
    assert_eq!(engine.undecided(), 0);
    let (conditions, seconds) = anew(&engine);
    println!(
        "compiled in {compiled:.3} s; the {conditions} conditions of its rows, decided anew on one thread: {seconds:.3} s"
    );
}

/// How many conditions the rows have, and how long it takes to decide and shorten all of them.
fn anew(engine: &Engine) -> (usize, f64) {
    let mut different: BTreeMap<String, Row> = BTreeMap::new();
    for row in engine.matrix(&MatrixFilter::default()).unwrap() {
        if let Access::Conditional { condition, .. } = &row.access {
            different.entry(condition.text()).or_insert(row);
        }
    }
    let given = RequestContext::from([("aws:UserAgent".to_owned(), vec!["anew".to_owned()])]);
    let narrowing = engine.narrowing(&given).unwrap();
    let rows: Vec<Row> = different.into_values().collect();
    let count = rows.len();
    let started = Instant::now();
    for row in rows {
        assert!(narrowing.row(row).is_some());
    }
    (count, started.elapsed().as_secs_f64())
}

/// How many comparisons a condition consists of.
fn atoms(condition: &Value) -> usize {
    match condition {
        Value::Object(fields) if fields.contains_key("key") => 1,
        Value::Object(fields) => fields.values().map(atoms).sum(),
        Value::Array(parts) => parts.iter().map(atoms).sum(),
        _ => 0,
    }
}

/// A user with a number of allows, and half as many denies, each under conditions.
fn conditional(statements: usize) -> (Row, Engine) {
    let condition = |n: usize| match n % 4 {
        0 => json!({"StringEquals": {"kms:ViaService": format!("s{n}.us-east-1.amazonaws.com")}}),
        1 => json!({"IpAddress": {"aws:SourceIp": format!("10.{n}.0.0/16")}}),
        2 => json!({"StringLike": {"kms:EncryptionContext:tenant": format!("t{n}-*")},
            "NumericLessThan": {"aws:MultiFactorAuthAge": n * 60}}),
        _ => json!({"DateLessThan": {"aws:CurrentTime": format!("20{:02}-01-01T00:00:00Z", 30 + n % 60)},
            "StringEquals": {"aws:SourceVpce": format!("vpce-{n}")}}),
    };
    let statement = |effect: &str, condition: Value| json!({"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", "Condition": condition});
    let mut all: Vec<Value> = (0..statements)
        .map(|n| statement("Allow", condition(n)))
        .collect();
    all.extend((0..statements / 2).map(|n| {
        let unlike = json!({"StringNotEqualsIfExists": {"kms:EncryptionContext:stage": "prod"},
            "StringEquals": {"kms:ViaService": format!("s{}.us-east-1.amazonaws.com", 8 * n)}});
        statement("Deny", unlike)
    }));
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}}]});
    let user = json!({"Path": "/", "UserName": "u", "UserId": "AIDAUUUUUUUUUUUUUUUUU", "GroupList": [],
        "Arn": format!("arn:aws:iam::{ACCOUNT}:user/u"), "CreateDate": "2026-01-15T09:00:00+00:00",
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": all}}],
        "AttachedManagedPolicies": [], "Tags": []});
    let of_key = format!("accounts/{ACCOUNT}/us-east-1/keys/{KEY}");
    let files = [
        (
            format!("accounts/{ACCOUNT}/iam-get-account-authorization-details.json"),
            json!({"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}),
        ),
        (
            format!("{of_key}/describe-key.json"),
            json!({"KeyMetadata": {"AWSAccountId": ACCOUNT, "KeyId": KEY, "Arn": arn, "Enabled": true,
                "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false}}),
        ),
        (
            format!("{of_key}/get-key-policy.json"),
            json!({"Policy": policy.to_string(), "PolicyName": "default"}),
        ),
        (format!("{of_key}/list-grants.json"), json!({"Grants": []})),
    ];
    let (snapshot, _) =
        Snapshot::from_files(files.map(|(name, value)| (name, value.to_string().into_bytes())));
    let engine = Engine::compile(&snapshot);
    let row = {
        let mut rows = engine.who_can("kms:Decrypt", &arn).unwrap();
        rows.find(|row| row.principal.ends_with("user/u")).unwrap()
    };
    (row, engine)
}
