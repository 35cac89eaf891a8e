//! Everything written as JSON fits the published schema, and the schema describes every field.

use super::{SAMPLE, json, keywho, stdout};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

const KEY: &str = "alias/payments-data";

/// The schema, closed: a field that it does not describe does not fit.
fn closed() -> Validator {
    let mut schema: Value = serde_json::from_str(&stdout(&["schema"])).unwrap();
    close(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_open = fields.get("type") == Some(&json!("object"))
                && fields.contains_key("properties")
                && fields.get("required") != Some(&json!(["verb"]));
            if is_open {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(elements) => elements.iter_mut().for_each(close),
        _ => {}
    }
}

fn check(validator: &Validator, value: &Value, of: &str) {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{of}: {}", wrong.join("\n"));
}

#[test]
fn the_schema_is_one() {
    let schema: Value = serde_json::from_str(&stdout(&["schema"])).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    assert_eq!(
        schema["$defs"]["row"]["properties"]["schema_version"]["const"],
        keywho::report::SCHEMA_VERSION
    );
}

#[test]
fn whole_answers_fit() {
    let validator = closed();
    let requests: [&[&str]; 10] = [
        &["who-can", "Decrypt", KEY],
        &["who-can", "Decrypt", KEY, "--certain"],
        &["what-can", "arn:aws:iam::476117583943:user/carol"],
        &["matrix", "--all-operations"],
        &["matrix", "--blocks"],
        &[
            "decide",
            "--principal",
            "arn:aws:iam::476117583943:user/carol",
            "--action",
            "Decrypt",
            "--key",
            KEY,
            "--open-context",
        ],
        &["coverage"],
        &["audit"],
        &["audit", "--rule", "A5", "--key", "alias/*"],
        &["audit", "--rules"],
    ];
    for request in requests {
        let mut arguments = request.to_vec();
        arguments.extend(["-q", "-f", "json"]);
        if !request.contains(&"--rules") {
            arguments.extend(["-s", SAMPLE]);
        }
        let answer: Value = serde_json::from_str(&stdout(&arguments)).unwrap();
        check(&validator, &answer, &arguments.join(" "));
        let results = answer.get("results").or(answer.get("read"));
        assert!(!results.unwrap().as_array().unwrap().is_empty(), "{arguments:?}");
    }
}

#[test]
fn lines_fit() {
    let validator = closed();
    let requests: [&[&str]; 3] = [&["matrix"], &["matrix", "--blocks"], &["who-can", "Decrypt", KEY]];
    for request in requests {
        let mut arguments = request.to_vec();
        arguments.extend(["-q", "-f", "ndjson", "-s", SAMPLE]);
        for line in stdout(&arguments).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["schema_version"], 1);
            check(&validator, &line, request[0]);
        }
    }
}

#[test]
fn explanations_checks_and_diffs_fit() {
    let validator = closed();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let assertions = write(
        "a.toml",
        "[[assert]]\nid = \"a\"\nnone = \"user/*\"\nreason = \"b\"\n[[assert]]\nid = \"c\"\nkeys = { region = \"x\" }\nonly-through = \"s3\"\n",
    );
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::476117583943:root"}, "Action": "kms:*", "Resource": "*"},
        {"Sid": "B", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}"#;
    let edit = format!("key-policy:{KEY}={}", write("policy.json", policy));
    let asked: [&[&str]; 6] = [
        &["check", &assertions],
        &["diff", "--with", &edit],
        &["explain", "role/github-deploy", "Decrypt", KEY],
        &["explain", "user/carol", "Decrypt", "alias/payments-tokens"],
        &["explain", "user/alice", "PutKeyPolicy", KEY],
        &[
            "explain",
            "role/KeyAdministrator",
            "Decrypt",
            "alias/payments-tokens",
        ],
    ];
    for asked in asked {
        let mut arguments = asked.to_vec();
        arguments.extend(["-q", "-f", "json", "-s", SAMPLE]);
        let answer = json(&arguments);
        let empty = ["results", "permissions"]
            .iter()
            .all(|part| answer[*part].as_array().is_none_or(Vec::is_empty));
        assert!(!empty, "{asked:?}");
        check(&validator, &answer, &asked.join(" "));
    }
    let lines = stdout(&["diff", "--with", &edit, "-q", "-f", "ndjson", "-s", SAMPLE]);
    assert!(lines.lines().count() > 0);
    for line in lines.lines() {
        check(&validator, &serde_json::from_str(line).unwrap(), line);
    }
}

#[test]
fn decisions_and_remarks_fit() {
    let validator = closed();
    let mut child = keywho()
        .args(["decide", "--requests", "-", "-q", "-s", SAMPLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let requests = [
        json!({"id": "a", "principal": "arn:aws:iam::476117583943:user/carol", "action": "Decrypt", "resource": KEY}),
        json!({"id": "b", "principal": "nobody", "action": "Decrypt", "resource": KEY}),
    ];
    let mut stdin = child.stdin.take().unwrap();
    for request in &requests {
        writeln!(stdin, "{request}").unwrap();
    }
    drop(stdin);
    let decisions = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(decisions.lines().count(), 2);
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    std::fs::write(
        &policy,
        r#"{"Statement": [{"Effect": "Allow", "Action": "kms:Decript"}]}"#,
    )
    .unwrap();
    let remarks = stdout(&["lint", policy.to_str().unwrap(), "-f", "ndjson"]);
    assert!(remarks.lines().count() > 0);
    for line in decisions.lines().chain(remarks.lines()) {
        check(&validator, &serde_json::from_str(line).unwrap(), line);
    }
}
