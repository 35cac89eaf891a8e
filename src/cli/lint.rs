//! `lint FILE..`: policy documents checked on their own.

use super::Exit;
use super::args::{Format, Global, Kind, Lint};
use super::output::Output;
use anyhow::{Context as _, bail};
use keywho::Diagnostic;
use keywho::diag::Severity;
use keywho::policy::document::PolicyKind;
use keywho::policy::lint::{Subject, lint};
use keywho::policy::parse::parse_text;
use keywho::report::diagnostics;
use keywho::report::json::{self, Place};
use keywho::source::Files;
use serde_json::json;

/// Checks every file; something worse than a note makes the exit code 1.
pub(super) fn run(global: &Global, args: &Lint) -> anyhow::Result<Exit> {
    let format = global.format(
        "lint",
        Format::Text,
        &[Format::Text, Format::Json, Format::Ndjson],
    )?;
    if !global.what_if.with.is_empty() || !global.what_if.without.is_empty() {
        bail!("`lint` reads no snapshot that could be edited: leave `--with` and `--without` out");
    }
    let mut files = Files::default();
    let mut found: Vec<Diagnostic> = Vec::new();
    for path in &args.files {
        let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let file = files.add(path.display().to_string());
        let kind = args.kind.map_or_else(|| guess(&text), PolicyKind::from);
        let document = parse_text(Some(file), &text, kind, &mut found);
        found.extend(lint(&document, kind, &Subject::default()));
    }
    // By place, whichever of the two had to say it.
    found.sort();
    found.dedup();
    let mut output = Output::open(global)?;
    match format {
        Format::Json => {
            let mut bytes = Vec::new();
            let paths = args.files.iter().map(|path| path.display().to_string());
            json::begin(
                &mut bytes,
                &json!({"verb": "lint", "files": paths.collect::<Vec<_>>()}),
            );
            for (index, remark) in found.iter().enumerate() {
                bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
                diagnostics::json(&mut bytes, remark, &files, Place::Inside);
            }
            json::end(&mut bytes, &[], &files);
            output.bytes(&bytes)?;
        }
        Format::Ndjson => {
            let mut bytes = Vec::new();
            for remark in &found {
                diagnostics::json(&mut bytes, remark, &files, Place::Line);
                bytes.push(b'\n');
            }
            output.bytes(&bytes)?;
        }
        _ => output.text(&diagnostics::full(&found, &files))?,
    }
    output.finish()?;
    let clean = found.iter().all(|remark| remark.severity() == Severity::Note);
    Ok(if clean { Exit::Clean } else { Exit::Denied })
}

/// A document with a principal is a key policy, one without an identity policy.
fn guess(text: &[u8]) -> PolicyKind {
    let document = parse_text(None, text, PolicyKind::Key, &mut Vec::new());
    let named = document
        .statements
        .iter()
        .any(|statement| statement.principals.is_some());
    if named {
        PolicyKind::Key
    } else {
        PolicyKind::Identity
    }
}

impl From<Kind> for PolicyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Key => PolicyKind::Key,
            Kind::Identity => PolicyKind::Identity,
            Kind::Boundary => PolicyKind::Boundary,
            Kind::Session => PolicyKind::Session,
            Kind::Scp => PolicyKind::Scp,
            Kind::Rcp => PolicyKind::Rcp,
            Kind::Endpoint => PolicyKind::Endpoint,
        }
    }
}
