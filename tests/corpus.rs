//! Published policies and answers -> every one of them is understood or explained; counts are compared.
//!
//! `KEYWHO_SHARED` names the folder that holds `corpus/`; without it these tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::diag::{Code, Diagnostic};
use keywho::json::{Node, Reader};
use keywho::policy::document::PolicyKind;
use keywho::policy::parse::parse_text;
use keywho::{Access, Engine, MatrixFilter, Snapshot};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

fn corpus(file: &str) -> Option<String> {
    let Some(root) = std::env::var_os("KEYWHO_SHARED") else {
        println!("KEYWHO_SHARED is unset: skipped");
        return None;
    };
    Some(fs::read_to_string(PathBuf::from(root).join("corpus").join(file)).unwrap())
}

/// The records of a file, one a line.
fn records(text: &str) -> Vec<Node<'_>> {
    Reader::new(text).collect::<Result<_, _>>().unwrap()
}

/// The text of one member of a record, as it stands in the file.
fn slice<'t>(text: &'t str, record: &Node<'_>, name: &str) -> &'t str {
    let span = record.member(name).unwrap().span;
    &text[span.start as usize..span.end as usize]
}

/// How many documents there were, how many were understood, how many remarks there are of each code.
#[derive(Default)]
struct Tally {
    documents: usize,
    understood: usize,
    opaque_documents: usize,
    opaque_statements: usize,
    statements: usize,
    codes: BTreeMap<Code, usize>,
}

impl Tally {
    fn remarks(&mut self, diagnostics: &[Diagnostic]) {
        for found in diagnostics {
            *self.codes.entry(found.code).or_default() += 1;
        }
    }

    fn document(&mut self, kind: PolicyKind, text: &str) {
        let mut diagnostics = Vec::new();
        let document = parse_text(None, text.as_bytes(), kind, &mut diagnostics);
        let opaque = document
            .statements
            .iter()
            .filter(|statement| statement.opaque.is_some())
            .count();
        self.documents += 1;
        self.statements += document.statements.len();
        self.opaque_documents += usize::from(document.opaque.is_some());
        self.opaque_statements += opaque;
        let clear = document.opaque.is_none() && opaque == 0;
        self.understood += usize::from(clear);
        // Whatever is opaque has a remark that says why.
        assert!(clear || !diagnostics.is_empty(), "{text}");
        self.remarks(&diagnostics);
    }

    fn show(&self, name: &str) -> String {
        let mut out = format!(
            "{name}: {} documents, {} understood",
            self.documents, self.understood
        );
        write!(
            out,
            ", {} opaque; {} statements",
            self.opaque_documents, self.statements
        )
        .unwrap();
        writeln!(out, ", {} of them opaque", self.opaque_statements).unwrap();
        for (code, count) in &self.codes {
            writeln!(out, "    {} {count}", code.name()).unwrap();
        }
        out
    }
}

#[test]
fn policies_are_understood_or_explained() {
    let files = [
        ("managed-policies/aws-managed-policies.jsonl", "document", 1645),
        ("key-policies/key-policies.jsonl", "doc", 276),
        ("identity-policies/identity-policies-kms.jsonl", "doc", 310),
        ("identity-policies/identity-policies-other.jsonl", "doc", 1302),
        ("identity-policies/trust-and-resource-policies.jsonl", "doc", 800),
        ("scp-rcp/scp-rcp-policies.jsonl", "doc", 291),
    ];
    let mut out = String::new();
    for (file, member, count) in files {
        let Some(text) = corpus(file) else { return };
        let mut tally = Tally::default();
        for record in records(&text) {
            let kind = match record.member("kind").and_then(Node::text).as_deref() {
                Some("key-policy" | "other-resource-policy-kms") => PolicyKind::Key,
                Some("trust-policy") => PolicyKind::Trust,
                Some("other-resource-policy" | "resource-based" | "vpce") => PolicyKind::Endpoint,
                Some("scp") => PolicyKind::Scp,
                Some("rcp") => PolicyKind::Rcp,
                Some("identity-policy") | None => PolicyKind::Identity,
                Some(other) => panic!("{other}"),
            };
            tally.document(kind, slice(&text, &record, member));
        }
        assert_eq!(tally.documents, count, "{file}");
        out += &tally.show(file);
    }
    insta::assert_snapshot!("policies", out);
}

#[test]
fn malformed_policies_are_refused_with_a_reason() {
    let Some(text) = corpus("key-policies/malformed-text-blocks.jsonl") else {
        return;
    };
    let mut tally = Tally::default();
    for record in records(&text) {
        tally.document(PolicyKind::Key, &record.member("text").unwrap().text().unwrap());
    }
    assert_eq!((tally.documents, tally.understood), (57, 0));
    insta::assert_snapshot!("malformed", tally.show("malformed-text-blocks.jsonl"));
}

/// Reads answers one by one, each as a file of its own under a path that names an account, a Region, a key and so on.
fn answers(file: &str) -> Option<String> {
    let text = corpus(file)?;
    let mut by_operation: BTreeMap<String, Tally> = BTreeMap::new();
    for record in records(&text) {
        let operation = record.member("operation").unwrap().text().unwrap().into_owned();
        let doc = record.member("doc").unwrap();
        let recorded = doc.member("data");
        let span = recorded.unwrap_or(doc).span;
        let answer = &text[span.start as usize..span.end as usize];
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let unnamed = [
            "GetKeyPolicy",
            "ListGrants",
            "ListResourceTags",
            "ListKeyPolicies",
            "GetKeyRotationStatus",
        ];
        let path = match unnamed.contains(&operation.as_str()) {
            true => format!("111122223333/us-east-1/keys/{key}/{operation}.json"),
            false => format!("p-1234567890/r-1234/{operation}.json"),
        };
        let (snapshot, diagnostics) = Snapshot::from_files([(path, answer.as_bytes().to_vec())]);
        let read =
            snapshot.keys.len() + snapshot.accounts.len() + usize::from(snapshot.organization.is_some());
        let unused = [
            "Account",
            "Handshake",
            "KeyRotations",
            "OrganizationalUnit",
            "PolicyType",
            "PublicKey",
            "AllFeatures",
            "KeyPair",
        ];
        let silent = read == 0 && diagnostics.is_empty();
        assert!(
            !silent || unused.iter().any(|word| operation.contains(word)),
            "{operation}: {answer}"
        );
        let tally = by_operation.entry(operation).or_default();
        tally.documents += 1;
        tally.understood += usize::from(!diagnostics.iter().any(|d| d.code == Code::UnrecognizedFile));
        tally.remarks(&diagnostics);
    }
    Some(
        by_operation
            .iter()
            .map(|(name, tally)| tally.show(name))
            .collect(),
    )
}

#[test]
fn answers_of_kms_are_read_or_explained() {
    if let Some(out) = answers("key-policies/kms-api-outputs.jsonl") {
        insta::assert_snapshot!("kms_answers", out);
    }
}

#[test]
fn answers_of_organizations_are_read_or_explained() {
    if let Some(out) = answers("scp-rcp/organizations-api-outputs.jsonl") {
        insta::assert_snapshot!("organizations_answers", out);
    }
}

#[test]
fn account_details_are_read_whole() {
    let Some(index) = corpus("authorization-details/INDEX.jsonl") else {
        return;
    };
    let mut out = String::new();
    for record in records(&index) {
        let count = |name: &str| {
            record
                .member(name)
                .unwrap()
                .scalar()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        };
        let file = record.member("file").unwrap().text().unwrap().into_owned();
        let text = corpus(&format!("authorization-details/{file}")).unwrap();
        let path = file.clone();
        let (snapshot, diagnostics) = Snapshot::from_files([(path, text.into_bytes())]);
        let total = |count: fn(&keywho::model::principal::Account) -> usize| {
            snapshot.accounts.values().map(count).sum::<usize>()
        };
        let read = [
            total(|a| a.users.len()),
            total(|a| a.groups.len()),
            total(|a| a.roles.len()),
        ];
        let repeated = diagnostics
            .iter()
            .filter(|d| d.code == Code::ConflictingData)
            .count();
        let expected = count("users") + count("groups") + count("roles");
        assert!(
            read.iter().sum::<usize>() + repeated >= expected,
            "{file}: {read:?} of {expected}"
        );
        let mut tally = Tally {
            documents: 1,
            understood: 1,
            ..Tally::default()
        };
        tally.remarks(&diagnostics);
        let managed = total(|a| a.managed.len());
        writeln!(out, "{file}: users, groups, roles {read:?}, {managed} managed").unwrap();
        out += &tally.show("  remarks");
    }
    insta::assert_snapshot!("account_details", out);
}

#[test]
fn files_of_other_tools_are_named() {
    let mut out = String::new();
    for (file, member) in [
        ("cloudtrail/kms-events.jsonl", "record"),
        ("cloudtrail/denied-events-other-services.jsonl", "record"),
        ("iac/terraform-plans.jsonl", "doc"),
        ("iac/cloudformation-templates.jsonl", "text"),
    ] {
        let Some(text) = corpus(file) else { return };
        let mut tally = Tally::default();
        for record in records(&text) {
            let content = record.member(member).unwrap();
            let bytes = match content.text() {
                Some(text) => text.into_owned().into_bytes(),
                None => slice(&text, &record, member).as_bytes().to_vec(),
            };
            let (snapshot, diagnostics) = Snapshot::from_files([("file".to_owned(), bytes)]);
            assert!(snapshot.keys.is_empty() && !diagnostics.is_empty());
            tally.documents += 1;
            tally.remarks(&diagnostics);
        }
        out += &tally.show(file);
    }
    insta::assert_snapshot!("other_tools", out);
}

const ACCOUNT: &str = "111122223333";
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A world of one key and one user, with a key policy and a policy of the user.
fn world(key_policy: &str, user_policy: &str) -> Snapshot {
    let folder = format!("accounts/{ACCOUNT}/us-east-1/keys/{KEY}");
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    let policy = serde_json::Value::from(key_policy);
    let files = [
        (
            format!("accounts/{ACCOUNT}/iam-get-account-authorization-details.json"),
            format!(
                r#"{{"UserDetailList": [{{"UserName": "u", "UserId": "AIDAUUUUUUUUUUUUUUUUU", "Path": "/", "Tags": [],
                "Arn": "arn:aws:iam::{ACCOUNT}:user/u", "GroupList": [], "AttachedManagedPolicies": [],
                "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {user_policy}}}]}}],
                "GroupDetailList": [], "RoleDetailList": [], "Policies": []}}"#
            ),
        ),
        (
            format!("{folder}/describe-key.json"),
            format!(
                r#"{{"KeyMetadata": {{"AWSAccountId": "{ACCOUNT}", "KeyId": "{KEY}", "Arn": "{arn}", "KeyState": "Enabled",
                "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER"}}}}"#
            ),
        ),
        (
            format!("{folder}/get-key-policy.json"),
            format!(r#"{{"Policy": {policy}, "PolicyName": "default"}}"#),
        ),
        (
            format!("{folder}/list-grants.json"),
            r#"{"Grants": []}"#.to_owned(),
        ),
    ];
    Snapshot::from_files(files.map(|(path, text)| (path, text.into_bytes()))).0
}

/// Whether a tool that deploys the policy would have put something in: `${var.account}` is no variable of policies.
fn has_placeholder(document: &str) -> bool {
    let names = document.split("${").skip(1);
    let is_variable = |name: &str| {
        name.starts_with(['*', '?', '$']) || name.split('}').next().is_some_and(|name| name.contains(':'))
    };
    names.into_iter().any(|name| !is_variable(name))
}

/// No published policy has conditions that are too large to decide; each of them can be met, and can be missed.
#[test]
fn conditions_of_published_policies_are_decided() {
    let root = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}}}]}}"#
    );
    let all =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let files = [
        ("key-policies/key-policies.jsonl", "doc"),
        ("identity-policies/identity-policies-kms.jsonl", "doc"),
        ("managed-policies/aws-managed-policies.jsonl", "document"),
    ];
    let (mut conditional, mut witnesses, mut skipped) = (0, 0, 0);
    for (file, member) in files {
        let Some(text) = corpus(file) else { return };
        for record in records(&text) {
            let document = slice(&text, &record, member);
            if has_placeholder(document) {
                skipped += 1;
                continue;
            }
            let snapshot = match file.starts_with("key-policies") {
                true => world(document, all),
                false => world(&root, document),
            };
            let engine = Engine::compile(&snapshot);
            assert_eq!(engine.undecided(), 0, "{document}");
            for row in engine.matrix(&MatrixFilter::default()).unwrap() {
                let Access::Conditional { condition, witness } = &row.access else {
                    continue;
                };
                conditional += 1;
                witnesses += usize::from(witness.is_some());
                // Where nothing but the request decides, both are certain.
                let known = !condition.text().contains('[');
                assert!(
                    !known || witness.is_some() && condition.refused().is_some(),
                    "{document}: {}",
                    condition.text()
                );
            }
        }
    }
    println!(
        "{conditional} rows under conditions, {witnesses} with a witness; {skipped} documents with placeholders"
    );
    assert!(
        conditional > 9_000 && witnesses > 400,
        "{conditional} {witnesses}"
    );
}
