//! `decide`: one request from flags, or a stream of requests.

use super::Exit;
use super::args::{Decide, Format, Global, StatedArgs};
use super::input::{Loaded, json_file};
use super::output::{Output, remark};
use super::requests;
use anyhow::bail;
use keywho::report::csv::Csv;
use keywho::report::json::{self, Place};
use keywho::report::request::{self, Parsed};
use keywho::report::{diagnostics, text};
use keywho::source::Files;
use keywho::{Decision, Error, Outcome};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Decides.
pub(super) fn run(global: &Global, args: &Decide) -> anyhow::Result<Exit> {
    if let Some(path) = &args.requests {
        let edits = &global.what_if.with;
        if path == Path::new("-") && edits.iter().any(|edit| edit.ends_with("=-")) {
            bail!("standard input is given twice: by `--requests` and by `--with`");
        }
        return requests::run(global, path);
    }
    let format = global.format("decide", Format::Text, &Format::ROWS)?;
    let asked = asked(args)?;
    let line = Value::Object(asked.clone()).to_string();
    let Parsed { request, remarks } =
        request::parse(line.as_bytes()).map_err(|bad| Error::Request(bad.error))?;
    if !global.quiet {
        remark(&diagnostics::full(&remarks, &Files::default()));
    }
    let loaded = Loaded::read(global)?;
    let decision = loaded.engine(global).decide(&request)?;
    let mut output = Output::open(global)?;
    if format == Format::Text {
        output.text(&text::decision(&request, &decision, &loaded.names))?;
    } else {
        output.bytes(&encode(format, asked, &decision, &loaded))?;
    }
    output.finish()?;
    Ok(exit(decision.outcome))
}

fn encode(format: Format, mut asked: Map<String, Value>, decision: &Decision, loaded: &Loaded) -> Vec<u8> {
    let mut bytes = Vec::new();
    match format {
        Format::Csv => {
            let mut csv = Csv::default();
            csv.decision_header();
            csv.decision(decision);
            bytes = csv.into_bytes();
        }
        Format::Json => {
            asked.shift_insert(0, "verb".to_owned(), "decide".into());
            json::begin(&mut bytes, &Value::Object(asked));
            json::decision(&mut bytes, decision, Place::Inside);
            json::end(&mut bytes, &loaded.snapshot.coverage.gaps, &loaded.snapshot.files);
        }
        _ => {
            json::decision(&mut bytes, decision, Place::Line);
            bytes.push(b'\n');
        }
    }
    bytes
}

/// The exit code of one decision.
pub(super) fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Allowed => Exit::Clean,
        Outcome::ExplicitDeny | Outcome::ImplicitDeny => Exit::Denied,
        Outcome::Undetermined => Exit::Undecided,
    }
}

/// The flags as the request line they stand for, so that both ways of asking mean the same.
fn asked(args: &Decide) -> anyhow::Result<Map<String, Value>> {
    let mut asked = Map::new();
    for (field, value) in [
        ("principal", &args.principal),
        ("action", &args.action),
        ("resource", &args.key),
    ] {
        if let Some(value) = value {
            asked.insert(field.to_owned(), value.as_str().into());
        }
    }
    stated(&args.stated, &mut asked)?;
    Ok(asked)
}

/// What flags state besides.
pub(super) fn stated(args: &StatedArgs, asked: &mut Map<String, Value>) -> anyhow::Result<()> {
    let texts = [
        ("vpcEndpoint", &args.vpc_endpoint),
        ("grantId", &args.grant_id),
        ("alias", &args.alias),
        ("previousKey", &args.previous_key),
        ("destination", &args.destination),
        ("federatedBy", &args.federated_by),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            asked.insert(field.to_owned(), value.as_str().into());
        }
    }
    for (field, pairs) in [
        ("context", &args.context),
        ("destinationContext", &args.destination_context),
    ] {
        if !pairs.is_empty() {
            asked.insert(field.to_owned(), context(pairs));
        }
    }
    for (field, path) in [("grant", &args.grant), ("newPolicy", &args.new_policy)] {
        if let Some(path) = path {
            asked.insert(field.to_owned(), json_file(path)?);
        }
    }
    if !args.session_policy.is_empty() {
        let policies: anyhow::Result<Vec<_>> = args
            .session_policy
            .iter()
            .map(PathBuf::as_path)
            .map(json_file)
            .collect();
        asked.insert("sessionPolicies".to_owned(), policies?.into());
    }
    for (field, set) in [("openContext", args.open_context), ("bypass", args.bypass)] {
        if set {
            asked.insert(field.to_owned(), true.into());
        }
    }
    Ok(())
}

/// One value stays a text; several values of one key become a list.
fn context(pairs: &[(String, String)]) -> Value {
    let mut context = Map::new();
    for (key, value) in pairs {
        match context.get_mut(key) {
            None => {
                context.insert(key.clone(), value.as_str().into());
            }
            Some(Value::Array(values)) => values.push(value.as_str().into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.as_str().into()]),
        }
    }
    Value::Object(context)
}
