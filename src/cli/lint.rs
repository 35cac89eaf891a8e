//! `lint FILE..`: policy documents checked on their own.

use super::Exit;
use super::args::{Format, Global, Kind, Lint};
use super::input::json_file;
use super::output::Output;
use keywho::Diagnostic;
use keywho::diag::Severity;
use keywho::policy::document::PolicyKind;
use keywho::policy::parse::document_from_value;
use keywho::report::diagnostics;
use keywho::source::Files;
use serde_json::Value;

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
        let value = json_file(path)?;
        let file = files.add(path.display().to_string());
        let kind = args.kind.map_or_else(|| guess(&value), PolicyKind::from);
        let (_, remarks) = document_from_value(&value, kind);
        found.extend(remarks.into_iter().map(|mut remark| {
            remark.location.file.get_or_insert(file);
            remark
        }));
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
fn guess(document: &Value) -> PolicyKind {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    let named = |statement: &&Value| {
        ["Principal", "NotPrincipal"]
            .iter()
            .any(|name| statement.get(name).is_some())
    };
    if statements.iter().any(named) {
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
