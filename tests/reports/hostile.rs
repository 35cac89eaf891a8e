//! Policies full of mark-up and formulas: no format takes them for its own.

use super::stdout;
use roxmltree::Document;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Text that is something in HTML, Markdown, XML, CSV or on a terminal.
pub(crate) const EVIL: &str =
    "=cmd()|<script>alert(1)</script>]]>&\"'`{{7*7}}[x](https://e.example)@team\u{1b}[31m\u{202e}";

const KEY: &str = "accounts/111122223333/us-east-1/keys/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A snapshot of `keys` keys whose names say the worst.
pub(crate) fn world(folder: &Path, keys: usize) {
    for number in 0..keys {
        let id = format!("1234abcd-12ab-34cd-56ef-{number:012}");
        let folder = folder.join(KEY).with_file_name(&id);
        fs::create_dir_all(&folder).unwrap();
        let policy = json!({"Version": "2012-10-17", "Id": EVIL, "Statement": [{
            "Sid": format!("{EVIL}{number}"), "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*",
            "Condition": {"StringLike": {format!("kms:EncryptionContext:{EVIL}"): format!("{EVIL}*")}}
        }, {
            "Sid": "root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"
        }]});
        let file = |name: &str, value: &Value| fs::write(folder.join(name), value.to_string()).unwrap();
        file("get-key-policy.json", &json!({"Policy": policy.to_string()}));
        file(
            "describe-key.json",
            &json!({"KeyMetadata": {
                "KeyId": id, "Arn": format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "AWSAccountId": "111122223333",
                "Description": EVIL, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "MultiRegion": false
            }}),
        );
        file(
            "list-grants.json",
            &json!({"Grants": [{
                "GrantId": format!("{number:064}"), "KeyId": format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "Name": EVIL,
                "GranteePrincipal": "arn:aws:iam::999999999999:role/<img src=x onerror=alert(1)>", "Operations": ["Decrypt"],
                "IssuingAccount": "arn:aws:iam::111122223333:root"
            }]}),
        );
    }
}

fn audit(keys: usize, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    world(folder.path(), keys);
    stdout(&["audit", "-q", "-s", folder.path().to_str().unwrap(), "-f", format])
}

#[test]
fn a_terminal_gets_no_escape_sequence() {
    let text = audit(1, "text");
    assert!(text.contains("<script>"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn markdown_shows_it_as_text() {
    let text = audit(1, "md");
    for mark in ["<script", "](http", "@team", "\u{1b}", "\u{202e}"] {
        assert!(!text.contains(mark), "{mark}: {text}");
    }
}

#[test]
fn xml_has_no_element_of_it() {
    let text = audit(1, "junit");
    let document = Document::parse(&text).unwrap();
    let known = ["testsuites", "testsuite", "testcase", "failure", "skipped"];
    assert!(
        document
            .descendants()
            .filter(|node| node.is_element())
            .all(|node| known.contains(&node.tag_name().name()))
    );
    let failures = document.descendants().filter(|node| node.has_tag_name("failure"));
    assert!(
        failures
            .filter_map(|node| node.attribute("message"))
            .any(|message| message.contains("<script>"))
    );
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let text = audit(1, "csv");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
}

#[test]
fn markdown_counts_what_has_no_room() {
    // Each key's statement has another `Sid`, so that they are not one group.
    let text = audit(400, "md");
    assert!(text.chars().count() < 65_536);
    let report: Value = serde_json::from_str(&audit(400, "json")).unwrap();
    let found = report["results"].as_array().unwrap().len();
    let left_out = text.lines().last().unwrap().strip_prefix("**").unwrap();
    let left_out: usize = left_out.split(' ').next().unwrap().parse().unwrap();
    assert!(0 < left_out && left_out < found, "{left_out} of {found}");
}
