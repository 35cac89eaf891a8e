//! `lint FILE..`: policy documents checked on their own.

use super::Exit;
use super::args::{Format, Global, Kind, Lint};
use super::output::Output;
use anyhow::Context as _;
use keywho::Diagnostic;
use keywho::diag::Severity;
use keywho::policy::document::PolicyKind;
use keywho::policy::parse::parse_text;
use keywho::report::diagnostics;
use keywho::source::Files;

/// Checks every file; something worse than a note makes the exit code 1.
pub(super) fn run(global: &Global, args: &Lint) -> anyhow::Result<Exit> {
    let format = global.format(
        "lint",
        Format::Text,
        &[Format::Text, Format::Json, Format::Ndjson],
    )?;
    let mut files = Files::default();
    let mut found: Vec<Diagnostic> = Vec::new();
    for path in &args.files {
        let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let file = files.add(path.display().to_string());
        let kind = args.kind.map_or_else(|| guess(&text), PolicyKind::from);
        parse_text(Some(file), &text, kind, &mut found);
    }
    let mut output = Output::open(global)?;
    match format {
        Format::Json => {
            let list: Vec<_> = found
                .iter()
                .map(|remark| diagnostics::json(remark, &files))
                .collect();
            let whole =
                serde_json::json!({"schema_version": keywho::report::SCHEMA_VERSION, "results": list});
            output.bytes(format!("{whole}\n").as_bytes())?;
        }
        Format::Ndjson => {
            for remark in &found {
                output.bytes(format!("{}\n", diagnostics::json(remark, &files)).as_bytes())?;
            }
        }
        Format::Text | Format::Csv => output.text(&diagnostics::full(&found, &files))?,
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
