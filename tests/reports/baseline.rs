//! A report in JSON is the baseline of the next one.

use super::{SAMPLE, json, run};
use serde_json::Value;

fn audit(arguments: &[&str]) -> (i32, String, String) {
    let output = run(&[&["audit", "-q", "-s", SAMPLE], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A baseline of the sample, changed.
fn baseline(change: impl FnOnce(&mut Vec<Value>)) -> (tempfile::TempDir, String, usize) {
    let mut report = json(&["audit", "-q", "-s", SAMPLE, "-f", "json"]);
    let results = report["results"].as_array_mut().unwrap();
    let found = results.len();
    change(results);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.json");
    std::fs::write(&path, report.to_string()).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path, found)
}

#[test]
fn what_it_has_is_counted_and_not_found_again() {
    let (_folder, path, found) = baseline(|_| {});
    let (code, text, _) = audit(&["--baseline", &path]);
    assert_eq!(code, 0);
    assert!(
        text.starts_with(&format!("no findings; {found} in the baseline\n")),
        "{text}"
    );
    let (_, text, _) = audit(&["--baseline", &path, "-f", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&report["inBaseline"], &report["results"]),
        (&found.into(), &Value::Array(Vec::new()))
    );
}

#[test]
fn what_it_lacks_is_new() {
    let (_folder, path, _) = baseline(|results| drop(results.remove(0)));
    let (code, text, _) = audit(&["--baseline", &path]);
    assert_eq!(code, 1);
    assert!(text.starts_with("1 finding: "), "{text}");
}

#[test]
fn what_has_become_worse_is_new() {
    let (_folder, path, _) = baseline(|results| results[0]["severity"] = "info".into());
    assert!(audit(&["--baseline", &path]).1.starts_with("1 finding: "));
}

#[test]
fn what_was_accepted_comes_back() {
    let accepted = serde_json::json!({"reason": "until then", "expires": "2020-01-01"});
    let (_folder, path, _) = baseline(|results| results[0]["accepted"] = accepted);
    assert!(audit(&["--baseline", &path]).1.starts_with("1 finding: "));
}

#[test]
fn anything_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.json");
    for (text, said) in [
        ("[", "no report of `keywho audit --format json`: EOF"),
        ("{}", "missing field `schema_version`"),
        (
            r#"{"schema_version": 1, "query": {"verb": "matrix"}, "results": []}"#,
            "it answers `matrix`",
        ),
        (
            r#"{"schema_version": 9, "query": {"verb": "audit"}, "results": []}"#,
            "its schema has version 9, not 1",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, _, stderr) = audit(&["--baseline", path.to_str().unwrap()]);
        assert_eq!(code, 2);
        assert!(stderr.contains(said) && stderr.contains("other.json"), "{stderr}");
    }
}

#[test]
fn the_severity_decides_the_exit_code() {
    let (code, text, _) = audit(&["--fail-on", "critical"]);
    assert!(!text.contains("critical") && code == 0, "{text}");
    assert_eq!(audit(&["--fail-on", "high"]).0, 1);
}
