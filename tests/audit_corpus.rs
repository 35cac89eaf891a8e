//! Published key policies, accounts and sample organizations -> how many findings of each rule an audit has.
//!
//! `KEYWHO_SHARED` names the folder that holds `corpus/` and `samples/`; without it these tests say so and pass.
//! `cargo test --test audit_corpus -- --nocapture` shows some findings, to be judged by a person.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::audit::Settings;
use keywho::json::{Node, Reader};
use keywho::{Engine, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const KEY: &str = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d";

fn shared(path: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("KEYWHO_SHARED") else {
        println!("KEYWHO_SHARED is unset: skipped");
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

/// Findings by rule, and all of them as text.
#[derive(Default)]
struct Found {
    worlds: usize,
    counts: BTreeMap<(u32, &'static str, &'static str), usize>,
    all: Vec<String>,
}

impl Found {
    fn audit(&mut self, name: &str, snapshot: &Snapshot) {
        self.worlds += 1;
        let audit = Engine::compile(snapshot)
            .audit(snapshot, &Settings::default())
            .unwrap();
        for finding in audit.findings {
            let number = finding.rule.id[1..].parse().unwrap();
            let count = (number, finding.rule.id, finding.severity.name());
            *self.counts.entry(count).or_default() += 1;
            // What the snapshots here lack, they lack all.
            if matches!(finding.rule.id, "A4" | "A40") {
                continue;
            }
            let sure = if finding.certain { "" } else { " perhaps" };
            let holders: Vec<String> = finding
                .principals
                .iter()
                .map(|one| format!("{} {} {:?}", one.principal, one.actions, one.condition))
                .collect();
            self.all.push(format!(
                "{name}: {} {}{sure}: {}\n    {}",
                finding.rule.id,
                finding.severity,
                finding.message,
                holders.join("\n    ")
            ));
        }
    }

    fn show(&self) -> String {
        let mut text = format!("{} snapshots\n", self.worlds);
        for ((_, rule, severity), count) in &self.counts {
            writeln!(text, "{rule} {severity}: {count}").unwrap();
        }
        text
    }

    /// Some findings, always the same.
    fn drawn(&self, count: usize) {
        let mut state: u64 = 20_261_127;
        for _ in 0..count.min(self.all.len()) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % self.all.len();
            println!("{}\n", self.all[at]);
        }
    }
}

fn records(text: &str) -> Vec<Node<'_>> {
    Reader::new(text).collect::<Result<_, _>>().unwrap()
}

/// The account that a text names most often.
fn account_in(text: &str) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for digits in text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|one| one.len() == 12)
    {
        *counts.entry(digits).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|&(_, count)| count);
    most.map_or("111122223333", |(account, _)| account).to_owned()
}

/// A template with its account filled in: `${data.aws_caller_identity.current.account_id}`, `${AWS::AccountId}`.
fn filled(text: &str, account: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, later) = after.split_once('}').unwrap();
        out.push_str(before);
        match inside.to_ascii_lowercase().contains("account") {
            true => out.push_str(account),
            false => write!(out, "${{{inside}}}").unwrap(),
        }
        rest = later;
    }
    out + rest
}

/// The files of one key with a policy.
fn key(account: &str, policy: &Value) -> Vec<(String, Vec<u8>)> {
    let folder = format!("accounts/{account}/us-east-1/keys/{KEY}");
    let arn = format!("arn:aws:kms:us-east-1:{account}:key/{KEY}");
    let files = [
        (
            "describe-key.json",
            json!({"KeyMetadata": {"AWSAccountId": account, "KeyId": KEY, "Arn": arn, "KeyUsage": "ENCRYPT_DECRYPT",
                "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
                "MultiRegion": false}}),
        ),
        (
            "get-key-policy.json",
            json!({"PolicyName": "default", "Policy": policy}),
        ),
        ("list-grants.json", json!({"Grants": []})),
        ("list-resource-tags.json", json!({"Tags": []})),
        (
            "get-key-rotation-status.json",
            json!({"KeyRotationEnabled": true, "KeyId": arn}),
        ),
    ];
    let files = files.map(|(name, value)| (format!("{folder}/{name}"), value));
    let lists = [
        (
            "us-east-1/kms-list-keys.json",
            json!({"Keys": [{"KeyId": KEY, "KeyArn": arn}]}),
        ),
        ("us-east-1/kms-list-aliases.json", json!({"Aliases": []})),
    ];
    let lists = lists.map(|(name, value)| (format!("accounts/{account}/{name}"), value));
    let all = files.into_iter().chain(lists);
    all.map(|(name, value)| (name, value.to_string().into_bytes()))
        .collect()
}

fn root_only(account: &str) -> Value {
    let root = format!("arn:aws:iam::{account}:root");
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}]})
}

#[test]
fn published_key_policies() {
    let Some(path) = shared("corpus/key-policies/key-policies.jsonl") else {
        return;
    };
    let text = fs::read_to_string(path).unwrap();
    let mut found = Found::default();
    for record in records(&text) {
        // Statements by themselves are no key policies.
        if record.member("doc").unwrap().member("Statement").is_none() {
            continue;
        }
        let id = record.member("id").unwrap().text().unwrap();
        let span = record.member("doc").unwrap().span;
        let doc = &text[span.start as usize..span.end as usize];
        let account = account_in(doc);
        let policy = serde_json::from_str(&filled(doc, &account)).unwrap();
        let (snapshot, _) = Snapshot::from_files(key(&account, &policy));
        found.audit(&id, &snapshot);
    }
    found.drawn(20);
    insta::assert_snapshot!("key_policies", found.show());
}

#[test]
fn published_accounts() {
    let Some(folder) = shared("corpus/authorization-details") else {
        return;
    };
    let mut found = Found::default();
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let account = account_in(&text);
        let mut files = key(&account, &root_only(&account));
        let iam = format!("accounts/{account}/iam-get-account-authorization-details.json");
        files.push((iam, text.into_bytes()));
        let (snapshot, _) = Snapshot::from_files(files);
        found.audit(path.file_stem().unwrap().to_str().unwrap(), &snapshot);
    }
    found.drawn(20);
    insta::assert_snapshot!("accounts", found.show());
}

#[test]
fn sample_organizations() {
    let Some(samples) = shared("samples/awscli") else {
        return;
    };
    let mut found = Found::default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/sample-organization");
    for folder in [samples.join("aws-shape"), samples.join("as-captured"), own] {
        let (snapshot, _) = Snapshot::load(&folder).unwrap();
        found.audit(folder.file_name().unwrap().to_str().unwrap(), &snapshot);
    }
    found.drawn(20);
    insta::assert_snapshot!("samples", found.show());
}
