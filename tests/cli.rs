//! The command line from outside: help, exit codes, streams and pipes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

/// A small world: user `u` may use the key `alias/k` by an identity policy.
const WORLD: &str = "tests/cases/w02-gate-open-and-identity-allow/snapshot";
const USER: &str = "arn:aws:iam::111111111111:user/u";

fn keywho() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keywho"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for variable in ["KEYWHO_SNAPSHOT", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    keywho().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs `decide --requests -` on lines and returns the decisions, what was said and the exit code.
fn stream(lines: &[u8]) -> (Vec<Value>, String, i32) {
    let mut child = keywho()
        .args(["decide", "--requests", "-", "-s", WORLD])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&lines));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let decisions = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (
        decisions,
        text(&output.stderr).to_owned(),
        output.status.code().unwrap(),
    )
}

fn request(id: &str, action: &str) -> String {
    format!("{{\"id\":\"{id}\",\"principal\":\"{USER}\",\"action\":\"{action}\",\"resource\":\"alias/k\"}}\n")
}

#[test]
fn help_is_what_it_was() {
    let mut all = String::new();
    for arguments in [
        &["-h"][..],
        &["who-can", "--help"],
        &["what-can", "--help"],
        &["decide", "--help"],
        &["explain", "--help"],
        &["matrix", "--help"],
        &["audit", "--help"],
        &["diff", "--help"],
        &["coverage", "--help"],
        &["lint", "--help"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0));
        all.push_str(&format!(
            "$ keywho {}\n{}\n",
            arguments.join(" "),
            text(&output.stdout)
        ));
    }
    insta::with_settings!({ snapshot_path => "cli", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("help", all);
    });
}

#[test]
fn usage_errors_say_what_to_do() {
    for (arguments, said) in [
        (
            &["who-can", "Decrypt", "alias/k"][..],
            "no snapshot given: name its folder with `-s DIR`",
        ),
        (
            &["who-can", "Decrypt", "alias/k", "-s", "no-such-folder"],
            "cannot read the snapshot `no-such-folder`",
        ),
        (
            &["who-can", "Decrypt", "alias/k", "-f", "xml"],
            "invalid value 'xml'",
        ),
        (
            &["coverage", "-f", "csv", "-s", WORLD],
            "`coverage` has no format `csv`: choose text, json",
        ),
        (
            &["decide", "--requests", "-", "-f", "text"],
            "`decide --requests` has no format `text`",
        ),
        (&["decide", "--principal", "role/r"], "--action <ACTION>"),
        (
            &["decide", "--requests", "-", "--alias", "a"],
            "cannot be used with",
        ),
        (&["lint"], "<FILE>..."),
    ] {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn unknown_names_are_input_errors() {
    for arguments in [
        ["who-can", "kms:Decrpyt", "alias/k"],
        ["who-can", "kms:Decrypt", "alias/kk"],
    ] {
        let output = keywho()
            .args(arguments)
            .args(["-s", WORLD, "-q"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains("did you mean"),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn one_decision_is_the_exit_code() {
    for (action, code) in [("Decrypt", 0), ("ScheduleKeyDeletion", 1)] {
        let arguments = [
            "decide",
            "--principal",
            USER,
            "--action",
            action,
            "--key",
            "alias/k",
            "-s",
            WORLD,
        ];
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    }
}

#[test]
fn flags_and_lines_ask_the_same() {
    let flags = [
        "decide",
        "--principal",
        USER,
        "--action",
        "Decrypt",
        "--key",
        "alias/k",
        "-f",
        "ndjson",
        "-s",
        WORLD,
    ];
    let one: Value = serde_json::from_slice(&run(&flags).stdout).unwrap();
    let (mut many, _, _) = stream(request("", "Decrypt").as_bytes());
    many[0]["id"] = one["id"].clone();
    assert_eq!(many, [one]);
}

#[test]
fn a_stream_keeps_its_order_and_goes_on_after_bad_lines() {
    let mut lines = String::new();
    for number in 0..5000 {
        lines.push_str(&request(
            &number.to_string(),
            if number % 2 == 0 { "Decrypt" } else { "Nothing" },
        ));
    }
    lines.push_str("no request\n\n{\"id\":\"x\",\"principle\":1}\n");
    lines.push_str(request("last", "Decrypt").trim_end());
    let (decisions, said, code) = stream(lines.as_bytes());
    assert_eq!((decisions.len(), code), (5003, 2));
    assert!(
        decisions[..5000]
            .iter()
            .enumerate()
            .all(|(number, one)| one["id"].as_str() == Some(&number.to_string()))
    );
    assert_eq!(decisions[0]["decision"], "allowed");
    for (bad, id) in [(1, "1"), (5000, "line 5001"), (5001, "x")] {
        let fields = ["id", "decision", "layer", "rule"].map(|field| decisions[bad][field].as_str().unwrap());
        assert_eq!(fields, [id, "undetermined", "request", "S6.10"]);
    }
    assert!(
        decisions[5001]["error"]
            .as_str()
            .unwrap()
            .contains("did you mean `principal`?")
    );
    assert_eq!(decisions[5002]["id"], "last");
    assert!(
        said.contains("error: 2502 of 5003 lines are no requests; the first is line 2:"),
        "{said}"
    );
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let mut child = keywho()
        .args(["decide", "--requests", "-", "-s", WORLD, "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in ["a", "b", "c"] {
        stdin.write_all(request(id, "Decrypt").as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut child = keywho()
        .args(["decide", "--requests", "-", "-s", WORLD, "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    // The program may be gone before all lines are written.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(request("1", "Decrypt").repeat(2000).as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn every_format_says_the_same() {
    let rows = |format: &str| run(&["matrix", "-s", WORLD, "-q", "-f", format]).stdout;
    let ndjson: Vec<Value> = text(&rows("ndjson"))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let json: Value = serde_json::from_slice(&rows("json")).unwrap();
    assert!(!ndjson.is_empty());
    assert_eq!(
        (&json["schema_version"], &json["query"]["verb"]),
        (&1.into(), &"matrix".into())
    );
    let bare = ndjson.iter().cloned().map(|mut row| {
        assert_eq!(
            row.as_object_mut().unwrap().remove("schema_version"),
            Some(1.into())
        );
        row
    });
    assert_eq!(json["results"], bare.collect::<Value>());
    let csv = rows("csv");
    let mut csv = csv::Reader::from_reader(csv.as_slice());
    let csv: Vec<[String; 4]> = csv
        .records()
        .map(|record| [0, 1, 2, 3].map(|at| record.as_ref().unwrap()[at].to_owned()))
        .collect();
    let fields = ["principal", "key", "action", "access"];
    let expected: Vec<_> = ndjson
        .iter()
        .map(|row| fields.map(|field| row[field].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(csv, expected);
}

/// A world in which `u` may decrypt through S3 or EC2, and the key policy denies S3.
const CONDITIONS: &str = "tests/cases/c01-same-condition-in-allow-and-deny/snapshot";

#[test]
fn what_is_known_narrows_and_says_what_it_hides() {
    let ask = |more: &[&str]| {
        let asked = [
            "who-can", "Decrypt", "alias/k", "-s", CONDITIONS, "--format", "json",
        ];
        let output = run(&[&asked[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let results = answer["results"].as_array().unwrap().iter();
        let rows: Vec<String> = results
            .map(|row| {
                let name = row["principal"].as_str().unwrap().rsplit(':').next().unwrap();
                format!("{name} {}", row["access"].as_str().unwrap())
            })
            .collect();
        (
            rows.join(", "),
            answer["hidden"].clone(),
            text(&output.stderr).to_owned(),
        )
    };
    let (rows, hidden, _) = ask(&[]);
    assert_eq!(
        (rows.as_str(), hidden),
        ("root conditional, user/v conditional", Value::Null)
    );
    let (rows, hidden, _) = ask(&["--context", "kms:viaservice=ec2.us-east-1.amazonaws.com"]);
    assert_eq!(
        (rows.as_str(), hidden),
        ("root always, user/v always", Value::Null)
    );
    let (rows, hidden, said) = ask(&["--context", "aws:ViaAWSService=false"]);
    assert_eq!(rows, "root always");
    assert_eq!(hidden, serde_json::json!({"byContext": 1, "conditional": 0}));
    assert!(said.contains("hidden: 1 row by the context"), "{said}");
    let (rows, hidden, _) = ask(&["--certain", "--context", "aws:username=v"]);
    assert_eq!(rows, "");
    assert_eq!(hidden, serde_json::json!({"byContext": 1, "conditional": 1}));
    let (_, _, said) = ask(&["--context", "kms:ViaServise=x"]);
    assert!(said.contains("did you mean `kms:ViaService`?"), "{said}");

    let table = run(&["what-can", "user/v", "-s", CONDITIONS, "--certain"]);
    assert!(
        text(&table.stdout).contains("\nhidden: 1 conditional row\n"),
        "{}",
        text(&table.stdout)
    );
    let lines = run(&["matrix", "-s", CONDITIONS, "--certain", "--format", "ndjson"]);
    assert!(!text(&lines.stdout).contains("conditional"));
    assert!(
        text(&lines.stderr).contains("conditional row"),
        "{}",
        text(&lines.stderr)
    );
}

#[test]
fn what_no_request_states_is_refused() {
    let ask = |more: &[&str]| {
        let output = run(&[&["matrix", "-s", CONDITIONS, "-q"][..], more].concat());
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr).to_owned()
    };
    let service = "kms:ViaService=s3.us-east-1.amazonaws.com";
    let said = ask(&["--context", "aws:ViaAWSService=false", "--context", service]);
    assert!(said.contains("no request has this context"), "{said}");
    let said = ask(&["--at", "2026-01-01", "--context", "aws:CurrentTime=2026-01-01"]);
    assert!(said.contains("given twice"), "{said}");
    let said = ask(&["--at", "soon"]);
    assert!(said.contains("2026-11-26T09:00:00Z"), "{said}");
}

#[test]
fn lint_finds_or_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let statement = r#""Effect":"Allow","Action":"kms:Decrypt","Resource":"*""#;
    let clean = write(
        "clean.json",
        &format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#),
    );
    let broken = write(
        "broken.json",
        &format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement},"Colour":1}}]}}"#),
    );
    let output = run(&["lint", &clean]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    let output = run(&["lint", "-f", "ndjson", &clean, &broken]);
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&found[0]["code"], &found[0]["file"]),
        (&"unknown-element".into(), &broken.as_str().into())
    );
}

#[test]
fn a_file_takes_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.txt");
    let to_file = run(&[
        "who-can",
        "Decrypt",
        "alias/k",
        "-s",
        WORLD,
        "-q",
        "-o",
        path.to_str().unwrap(),
    ]);
    let to_stdout = run(&["who-can", "Decrypt", "alias/k", "-s", WORLD, "-q"]);
    assert_eq!((to_file.status.code(), text(&to_file.stdout)), (Some(0), ""));
    assert_eq!(std::fs::read(&path).unwrap(), to_stdout.stdout);
    assert!(text(&to_stdout.stdout).contains("user/u (111111111111)"));
    assert!(
        !text(&to_stdout.stdout).contains('\u{1b}'),
        "no colours in a pipe"
    );
}

/// The code block of the README that follows a marker: where it starts and ends, and its text.
fn readme_block<'a>(readme: &'a str, marker: &str) -> (usize, usize, &'a str) {
    let fence = readme.find(marker).unwrap() + marker.len() + 1;
    let start = fence + readme[fence..].find('\n').unwrap() + 1;
    let end = start + readme[start..].find("```").unwrap();
    (start, end, &readme[start..end])
}

/// Run with `KEYWHO_UPDATE_README=1` to write the output of today into the README.
#[test]
fn the_readme_shows_real_output() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, _, command) = readme_block(&readme, "<!-- try -->");
    let arguments: Vec<_> = command.split_once(" -- ").unwrap().1.split_whitespace().collect();
    let output = keywho().args(arguments).env("COLUMNS", "110").output().unwrap();
    let (start, end, shown) = readme_block(&readme, "<!-- shown -->");
    if std::env::var_os("KEYWHO_UPDATE_README").is_some() {
        let updated = [&readme[..start], text(&output.stdout), &readme[end..]].concat();
        std::fs::write(path, updated).unwrap();
    } else {
        assert_eq!(shown, text(&output.stdout));
    }
}

/// Runs `explain --event -` on a text.
fn explained(event: &str) -> Output {
    let mut child = keywho()
        .args(["explain", "--event", "-", "-q", "-s", WORLD])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn explanations_exit_like_decisions() {
    let code = |arguments: &[&str]| {
        let output = run(&[&["explain", "-q", "-s", WORLD], arguments].concat());
        (output.status.code().unwrap(), text(&output.stdout).to_owned())
    };
    let (allowed, said) = code(&["user/u", "Decrypt", "alias/k"]);
    assert!(
        allowed == 0 && said.starts_with("allowed") && !said.contains("repairs"),
        "{said}"
    );
    let (denied, said) = code(&["user/u", "Encrypt", "alias/k"]);
    assert!(
        denied == 1 && said.contains("near miss u-inline #0") && said.contains("repairs"),
        "{said}"
    );
    assert!(
        said.contains("\"Action\": \"kms:Decrypt\"") && said.contains("^^^^"),
        "{said}"
    );
    let (unknown, said) = code(&["user/nobody", "Encrypt", "alias/k"]);
    assert!(unknown == 2 && said.is_empty(), "{said}");
    let (_, said) = code(&["user/u", "Encrypt", "alias/k", "--format", "json"]);
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(value["decision"], "implicitDeny");
    assert_eq!(value["repairs"][0]["alsoAllows"], 0);
    for (format, begin) in [("md", "**denied"), ("dot", "digraph"), ("mermaid", "flowchart")] {
        let (_, said) = code(&["user/u", "Encrypt", "alias/k", "--format", format]);
        assert!(said.starts_with(begin), "{said}");
    }
}

#[test]
fn what_aws_said_is_explained() {
    let message = |action: &str, reason: &str| {
        format!(
            "An error occurred (AccessDeniedException) when calling the operation: User: {USER} is not authorized to perform: \
             kms:{action} on resource: arn:aws:kms:us-east-1:111111111111:key/1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d {reason}\n"
        )
    };
    let agrees = explained(&message(
        "Encrypt",
        "because no identity-based policy allows the kms:Encrypt action",
    ));
    assert_eq!(agrees.status.code(), Some(1));
    assert!(!text(&agrees.stdout).contains("note:"));
    let disagrees = explained(&message(
        "Encrypt",
        "with an explicit deny in a service control policy",
    ));
    assert!(text(&disagrees.stdout).contains("note: AWS names the layer `scp` by a Deny"));
    let stale = explained(&message(
        "Decrypt",
        "because no identity-based policy allows the kms:Decrypt action",
    ));
    assert_eq!(stale.status.code(), Some(0));
    assert!(text(&stale.stdout).contains("note: AWS refused this request, and the snapshot allows it"));
    let nothing = explained("all is well\n");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("no AccessDenied message"));
}
