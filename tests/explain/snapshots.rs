//! Explanations as they are read: one snapshot for each worked case, and some of the sample organization in every format.

use keywho::explain::event;
use keywho::report::explain::{Show, Sources, dot, json, markdown, mermaid, text};
use keywho::report::names::Names;
use keywho::{Engine, Explanation, Outcome, Request, Snapshot};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn strip(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// A snapshot folder, compiled.
struct Opened {
    folder: PathBuf,
    snapshot: Snapshot,
    engine: Engine,
}

impl Opened {
    fn at(folder: PathBuf) -> Opened {
        let (snapshot, _) = Snapshot::load(&folder).unwrap();
        Opened {
            engine: Engine::compile(&snapshot),
            folder,
            snapshot,
        }
    }

    fn shown(&self, explanation: &Explanation) -> String {
        let names = Names::of(&self.snapshot);
        let sources = Sources::new(|name| std::fs::read(self.folder.join(name)).ok());
        let show = Show {
            names: &names,
            sources: &sources,
        };
        let repairs = self.engine.repairs(explanation).unwrap();
        let some = !repairs.found.is_empty() || repairs.none.is_some();
        strip(&text(explanation, some.then_some(&repairs), &show))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// What a case asks, as requests: those of `decide`, and all requests of the principals of `who-can`.
fn requests(ask: &Value) -> Vec<Request> {
    let parse = |value: &Value| {
        let parsed = keywho::report::request::parse(value.to_string().as_bytes());
        parsed
            .unwrap_or_else(|bad| panic!("{}: {value}", bad.error))
            .request
    };
    if ask["ask"] == "decide" {
        return vec![parse(&ask["request"])];
    }
    let of = |principal: &String| {
        let request = serde_json::json!({"principal": principal, "action": ask["action"], "resource": ask["key"], "openContext": true});
        parse(&request)
    };
    let narrowed = ask["context"].is_object();
    let principals = ask["expect"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|_| !narrowed);
    principals.map(|(principal, _)| of(principal)).collect()
}

#[test]
fn worked_cases() {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && path.file_name().unwrap().to_string_lossy().starts_with('w'))
        .collect();
    folders.sort();
    assert!(folders.len() >= 88);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for folder in folders {
        let opened = Opened::at(folder.join("snapshot"));
        let mut out = String::new();
        let asks = std::fs::read_to_string(folder.join("ask.jsonl")).unwrap();
        for line in asks.lines().filter(|line| !line.trim().is_empty()) {
            for request in requests(&serde_json::from_str(line).unwrap()) {
                let explained = opened.engine.explain_request(&request);
                let Ok(explanation) = explained else {
                    // A principal of `who-can` that is in no row.
                    assert!(request.open_context, "{explained:?}");
                    continue;
                };
                writeln!(out, "{}", opened.shown(&explanation)).unwrap();
            }
        }
        settings.set_snapshot_path(&folder);
        settings.bind(|| insta::assert_snapshot!("explained", out));
    }
}

fn sample() -> Opened {
    Opened::at(root().join("snapshots/sample-organization"))
}

#[test]
fn the_sample_organization() {
    let opened = sample();
    let mut out = String::new();
    for (principal, action, key) in [
        ("role/app/payments-app", "Decrypt", "alias/payments-data"),
        ("user/carol", "Decrypt", "alias/payments-data"),
        ("role/data-etl", "GenerateDataKey", "alias/payments-data"),
        ("role/github-deploy", "ScheduleKeyDeletion", "alias/payments-data"),
        ("user/carol", "PutKeyPolicy", "alias/payments-data"),
        ("476117583943:root", "Decrypt", "alias/payments-data"),
    ] {
        let explanation = opened.engine.explain(principal, action, key).unwrap();
        writeln!(out, "{}", opened.shown(&explanation)).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("sample", out);
    });
}

#[test]
fn every_format_says_the_same() {
    let opened = sample();
    let explanation = opened
        .engine
        .explain("role/data-etl", "GenerateDataKey", "alias/payments-data")
        .unwrap();
    let repairs = opened.engine.repairs(&explanation).unwrap();
    let names = Names::of(&opened.snapshot);
    let sources = Sources::new(|name| std::fs::read(opened.folder.join(name)).ok());
    let show = Show {
        names: &names,
        sources: &sources,
    };
    let query = serde_json::json!({"verb": "explain"});
    let value = json(
        &query,
        &explanation,
        Some(&repairs),
        &[],
        (&[], &opened.snapshot.files),
    );
    assert_eq!(value["schema_version"], keywho::report::SCHEMA_VERSION);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("json", serde_json::to_string_pretty(&value).unwrap());
        insta::assert_snapshot!("markdown", markdown(&explanation, Some(&repairs), &show));
        insta::assert_snapshot!("dot", dot(&explanation, Some(&repairs), &show));
        insta::assert_snapshot!("mermaid", mermaid(&explanation, Some(&repairs), &show));
    });
}

/// Real events of KMS, where the corpus is at hand.
#[test]
fn real_events_are_read() {
    let Some(shared) = std::env::var_os("KEYWHO_SHARED") else {
        println!("KEYWHO_SHARED is not set: real CloudTrail events are not read");
        return;
    };
    let folder = PathBuf::from(shared).join("corpus/cloudtrail");
    let (mut read, mut problems) = (0, Vec::new());
    for line in std::fs::read_to_string(folder.join("kms-events.jsonl"))
        .unwrap()
        .lines()
    {
        let line: Value = serde_json::from_str(line).unwrap();
        match event::read(&line["record"].to_string()) {
            Ok(asked) => {
                read += asked.len();
                for one in asked {
                    assert!(!one.request.principal.is_empty() && !one.request.resource.is_empty());
                    assert_eq!(one.answer, Some(event::Answer::Allowed));
                }
            }
            Err(problem) => problems.push(format!("{}: {problem}", line["event_name"])),
        }
    }
    println!("{read} read, {}: {problems:#?}", problems.len());
    assert!(read >= 190, "{read} of 200; {problems:?}");
    for line in std::fs::read_to_string(folder.join("denied-events-other-services.jsonl"))
        .unwrap()
        .lines()
    {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(event::read(&line["record"].to_string()).is_err());
    }
}

/// A message that names another layer than the snapshot has.
#[test]
fn messages_may_disagree_with_the_snapshot() {
    let opened = sample();
    let key = &opened
        .snapshot
        .keys
        .iter()
        .find(|key| key.aliases.iter().any(|alias| alias == "alias/payments-data"));
    let key = &key.unwrap().arn;
    let user = "arn:aws:iam::476117583943:user/carol";
    let notes = |tail: &str, action: &str| {
        let text =
            format!("User: {user} is not authorized to perform: kms:{action} on resource: {key}{tail}");
        let asked = event::read(&text).unwrap().remove(0);
        let explanation = opened.engine.explain_request(&asked.request).unwrap();
        (explanation.decision.outcome, asked.notes(&explanation).join("; "))
    };
    let (outcome, said) = notes(
        " because no identity-based policy allows the kms:PutKeyPolicy action",
        "PutKeyPolicy",
    );
    assert_eq!((outcome, said.as_str()), (Outcome::ImplicitDeny, ""));
    let (_, said) = notes(
        " with an explicit deny in a service control policy",
        "PutKeyPolicy",
    );
    assert!(
        said.starts_with("AWS names the layer `scp` by a Deny, and in the snapshot it is identity"),
        "{said}"
    );
}
