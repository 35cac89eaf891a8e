//! Snapshots that are broken, absurd or malicious -> the remark each of them must yield, in bounded time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::Snapshot;
use keywho::diag::{Code, Diagnostic};
use keywho::model::Collected;
use keywho::policy::document::PolicyKind;
use keywho::policy::parse::parse_text;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const FOLDER: &str = "accounts/111122223333/us-east-1/keys/1234abcd-12ab-34cd-56ef-1234567890ab";

fn read(name: &str, bytes: impl Into<Vec<u8>>) -> (Snapshot, Vec<Diagnostic>) {
    Snapshot::from_files([(format!("{FOLDER}/{name}"), bytes.into())])
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|found| found.code).collect()
}

/// A statement of a key policy under a `get-key-policy` answer.
fn key_policy(statement: &str) -> (Snapshot, Vec<Diagnostic>) {
    let document = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
    let text = serde_json::json!({ "Policy": document }).to_string();
    read("get-key-policy.json", text)
}

fn within<T>(limit: Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    result
}

#[test]
fn files_that_are_no_text_are_refused() {
    let cases: [(&[u8], Code); 9] = [
        (b"", Code::EmptyFile),
        (b" \r\n\t ", Code::EmptyFile),
        (b"\xef\xbb\xbf", Code::EmptyFile),
        (b"\xff\xfe{\0}\0", Code::InvalidUtf8),
        (b"{\"Grants\": [\"\xff\"]}", Code::InvalidUtf8),
        (b"{\"Grants\": [", Code::InvalidJson),
        (b"{\"Grants\": [}]", Code::InvalidJson),
        (b"{\"Grants\": \"\x00\"}", Code::InvalidJson),
        (b"\x00\x01\x02", Code::InvalidJson),
    ];
    for (bytes, code) in cases {
        let (snapshot, diagnostics) = read("list-grants.json", bytes);
        assert_eq!(codes(&diagnostics), [code], "{bytes:?}");
        assert!(snapshot.keys[0].grants_collected != Collected::Whole, "{bytes:?}");
        assert!(
            snapshot.coverage.gaps.iter().any(|gap| gap.what == "grants"),
            "{bytes:?}"
        );
    }
}

#[test]
fn deep_nesting_ends_in_a_remark() {
    for open in ["[", "{\"a\":", "[{\"Statement\":["] {
        let (_, diagnostics) = read("x.json", open.repeat(100_000));
        assert!(codes(&diagnostics).contains(&Code::TooDeep), "{open}");
        let mut found = Vec::new();
        let document = parse_text(None, open.repeat(100_000).as_bytes(), PolicyKind::Key, &mut found);
        assert!(document.opaque.is_some());
        assert_eq!(codes(&found), [Code::TooDeep]);
    }
    // Strings within strings within strings.
    let mut text = "{}".to_owned();
    for _ in 0..12 {
        text = serde_json::to_string(&text).unwrap();
    }
    let mut found = Vec::new();
    assert!(
        parse_text(None, text.as_bytes(), PolicyKind::Key, &mut found)
            .opaque
            .is_some()
    );
    assert_eq!(codes(&found), [Code::UnparsablePolicy]);
}

#[test]
fn large_files_are_read_in_bounded_time() {
    let grant = r#"{"GrantId": "ID", "KeyId": "KEY", "GranteePrincipal": "arn:aws:iam::111122223333:role/R",
        "Operations": ["Decrypt", "Encrypt"], "Constraints": {"EncryptionContextSubset": {"a": "b\u0041"}}},"#;
    let mut text = String::from("{\"Grants\": [");
    let mut count = 0;
    while text.len() < 50 << 20 {
        text += &grant.replace("ID", &count.to_string()).replace("KEY", KEY);
        count += 1;
    }
    text.pop();
    text += "]}";
    let (snapshot, diagnostics) = within(Duration::from_secs(120), || read("list-grants.json", text));
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(snapshot.keys[0].grants.len(), count);
}

#[test]
fn large_nonsense_is_read_in_bounded_time() {
    let limit = Duration::from_secs(120);
    let many = |one: &str, count: usize| one.repeat(count).trim_end_matches(',').to_owned();
    // A million keys of one object, all the same.
    let text = format!("{{{}}}", many("\"Statement\":[],", 1_000_000));
    let (_, diagnostics) = within(limit, || read("x.json", text));
    assert!(diagnostics.len() <= 1_100);
    // A million unknown operators with long names, each over several keys.
    let operators = (0..100_000).map(|i| format!("\"{}{i}\": {{\"a\": 1, \"b\": 2}},", "x".repeat(300)));
    let operators: String = operators.collect();
    let condition = operators.trim_end_matches(',');
    let statement = format!(
        r#"{{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {{{condition}}}}}"#
    );
    let (snapshot, diagnostics) = within(limit, || key_policy(&statement));
    assert!(codes(&diagnostics).contains(&Code::UnknownOperator));
    assert_eq!(
        snapshot.keys[0].policies[0].document.statements[0]
            .conditions
            .len(),
        200_000
    );
    // A million small values, none of them an answer.
    let (_, diagnostics) = within(limit, || read("x.json", "{}\n".repeat(1_000_000)));
    assert_eq!(codes(&diagnostics), [Code::UnrecognizedFile]);
    // One key per line, a hundred thousand times the same.
    let line = format!("{{\"KeyMetadata\": {{\"KeyId\": \"{KEY}\"}}}}\n");
    let (snapshot, _) = within(limit, || read("describe-key.json", line.repeat(100_000)));
    assert_eq!(snapshot.keys.len(), 1);
}

#[test]
fn an_organization_in_a_circle_is_no_place() {
    let unit = |id: &str| format!("{{\"OrganizationalUnits\": [{{\"Id\": \"{id}\"}}]}}");
    let file = |parent: &str| format!("list-organizational-units-for-parent/{parent}.json");
    let files = [
        (file("ou-root-11111111"), unit("ou-root-22222222")),
        (file("ou-root-22222222"), unit("ou-root-11111111")),
        (
            "list-accounts-for-parent/ou-root-11111111.json".to_owned(),
            "{\"Accounts\": [{\"Id\": \"111122223333\"}]}".to_owned(),
        ),
    ];
    let (snapshot, _) = Snapshot::from_files(files.map(|(name, text)| (name, text.into_bytes())));
    assert_eq!(snapshot.organization.unwrap().path("111122223333"), None);
    assert!(
        snapshot
            .coverage
            .gaps
            .iter()
            .any(|gap| gap.what == "place in the organization")
    );
}

#[test]
fn duplicate_keys_are_noticed_everywhere() {
    let (snapshot, diagnostics) = read("list-grants.json", r#"{"Grants": [], "Grants": []}"#);
    assert_eq!(codes(&diagnostics), [Code::DuplicateKey]);
    assert_eq!(snapshot.keys.len(), 1);
    let (snapshot, diagnostics) = read(
        "get-key-policy.json",
        r#"{"Policy": "{\"Statement\": []}", "Policy": "{}"}"#,
    );
    assert!(codes(&diagnostics).contains(&Code::DuplicateKey));
    assert!(snapshot.keys[0].policies[0].document.opaque.is_some());
    let (snapshot, diagnostics) = key_policy(
        r#"{"Effect": "Allow", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}"#,
    );
    assert_eq!(codes(&diagnostics), [Code::DuplicateKey]);
    let statement = &snapshot.keys[0].policies[0].document.statements[0];
    assert!(statement.opaque.is_some() && statement.effect.is_none());
}

#[test]
fn unknown_words_are_kept() {
    let (snapshot, diagnostics) = key_policy(
        r#"{"Effect": "Allow", "Principal": {"AWS": "AROAGONE"}, "Action": "kms:Fold", "Resource": "*",
            "Condition": {"StringSmells": {"kms:Nothing": "x"}}}"#,
    );
    assert_eq!(codes(&diagnostics), [Code::UnknownOperator]);
    let statement = &snapshot.keys[0].policies[0].document.statements[0];
    assert_eq!(statement.opaque, None);
    assert_eq!(statement.actions.as_ref().unwrap().patterns, ["kms:Fold"]);
    assert_eq!(statement.conditions.len(), 1);
    let (snapshot, diagnostics) = read(
        "list-grants.json",
        r#"{"Grants": [{"GrantId": "g", "GranteePrincipal": "AROADELETED", "Operations": ["Fold"]}]}"#,
    );
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(snapshot.keys[0].grants[0].operations, ["Fold"]);
}

#[test]
fn policies_of_the_wrong_kind_are_not_believed() {
    let (snapshot, diagnostics) = key_policy(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    assert_eq!(codes(&diagnostics), [Code::MissingElement]);
    assert!(
        snapshot.keys[0].policies[0].document.statements[0]
            .principals
            .is_none()
    );
    let text = r#"{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/R", "RolePolicyList": [{"PolicyName": "p",
        "PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}}]}]}"#;
    let (snapshot, diagnostics) = read("iam.json", text);
    assert_eq!(codes(&diagnostics), [Code::MisplacedElement]);
    let role = &snapshot.accounts["111122223333"].roles["R"];
    assert!(role.permissions.inline[0].document.statements[0].opaque.is_some());
    let (_, diagnostics) =
        Snapshot::from_files([("bucket-policy.json".to_owned(), b"{\"Policy\": \"{}\"}".to_vec())]);
    assert!(codes(&diagnostics).contains(&Code::UnknownOwner));
}

#[test]
fn wrong_types_everywhere_are_remarked() {
    for name in [
        "Keys",
        "Aliases",
        "Grants",
        "KeyMetadata",
        "Policy",
        "PolicyNames",
        "Tags",
        "KeyRotationEnabled",
        "Organization",
        "Accounts",
        "Roots",
        "OrganizationalUnits",
        "Policies",
        "Targets",
        "Children",
        "Parents",
        "VpcEndpoints",
        "UserDetailList",
        "GroupDetailList",
        "RoleDetailList",
        "KeyLastUsage",
        "SummaryMap",
        "Statement",
    ] {
        for value in [
            "null",
            "1",
            "\"x\"",
            "[]",
            "{}",
            "[1]",
            "[[]]",
            "[null]",
            "[{}]",
            "{\"a\": {}}",
            "[\"\"]",
            "true",
        ] {
            // Nothing may panic; what must be remarked is tested elsewhere.
            let _ = read("x.json", format!("{{\"{name}\": {value}}}"));
            let _ = read(
                "x.json",
                format!(
                    "{{\"Policy\": {{\"PolicySummary\": {{\"{name}\": {value}}}}}, \"{name}\": {value}}}"
                ),
            );
        }
    }
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FOLDER);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("list-grants.json"), "{\"Grants\": []}").unwrap();
    (folder, path)
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(matches!(
        Snapshot::load("/no/such/folder"),
        Err(keywho::Error::Snapshot { .. })
    ));
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("README.md"), "nothing").unwrap();
    assert!(matches!(
        Snapshot::load(empty.path()),
        Err(keywho::Error::NothingRead { files: 1, .. })
    ));
}

#[test]
fn a_single_file_is_a_snapshot() {
    let (_folder, path) = temporary();
    let text = format!(r#"{{"Keys": [{{"KeyArn": "arn:aws:kms:us-east-1:111122223333:key/{KEY}"}}]}}"#);
    fs::write(path.join("keys.json"), text).unwrap();
    let (snapshot, diagnostics) = Snapshot::load(path.join("keys.json")).unwrap();
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(snapshot.keys.len(), 1);
}

#[test]
fn hidden_names_are_mentioned() {
    let (folder, _) = temporary();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".git/x"), "{").unwrap();
    let (_, diagnostics) = Snapshot::load(folder.path()).unwrap();
    assert_eq!(codes(&diagnostics), [Code::UnrecognizedFile]);
}

#[cfg(unix)]
#[test]
fn links_in_circles_are_left() {
    let (folder, path) = temporary();
    std::os::unix::fs::symlink(folder.path(), path.join("loop")).unwrap();
    std::os::unix::fs::symlink("self", path.join("self")).unwrap();
    std::os::unix::fs::symlink("/no/such/file", path.join("nothing")).unwrap();
    let (snapshot, diagnostics) = Snapshot::load(folder.path()).unwrap();
    assert_eq!(
        codes(&diagnostics),
        [Code::SymlinkLoop, Code::UnreadableFile, Code::UnreadableFile]
    );
    assert_eq!(snapshot.keys.len(), 1);
}

#[cfg(unix)]
#[test]
fn linked_folders_are_read_once() {
    let (folder, path) = temporary();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(
        elsewhere.path().join("describe-key.json"),
        format!(r#"{{"KeyMetadata": {{"KeyId": "{KEY}"}}}}"#),
    )
    .unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), path.join("more")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), path.join("again")).unwrap();
    let (snapshot, diagnostics) = Snapshot::load(folder.path()).unwrap();
    assert_eq!(codes(&diagnostics), []);
    assert_eq!(snapshot.files.len(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let (folder, path) = temporary();
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
    let (_, diagnostics) = Snapshot::load(folder.path()).unwrap();
    assert_eq!(codes(&diagnostics), [Code::UnreadableFile]);
}

#[cfg(unix)]
#[test]
fn unreadable_folders_are_remarked() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = temporary();
    let shut = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(path.join("shut")).unwrap();
    fs::write(path.join("describe-key.json"), "{}").unwrap();
    shut(&path.join("shut"));
    shut(&path.join("describe-key.json"));
    if fs::read_dir(path.join("shut")).is_ok() {
        println!("permissions do not bind this user: skipped");
        return;
    }
    let (_, diagnostics) = Snapshot::load(folder.path()).unwrap();
    assert_eq!(codes(&diagnostics), [Code::UnreadableFile; 2]);
}
