//! `schema`.

use super::Exit;
use super::args::{Format, Global, Schema, SchemaOf};
use super::output::Output;
use keywho::check::Assertions;
use keywho::report::json;

/// Prints a JSON Schema.
pub(super) fn run(global: &Global, args: &Schema) -> anyhow::Result<Exit> {
    global.format("schema", Format::Json, &[Format::Json])?;
    let schema = match args.of {
        SchemaOf::Answers => json::SCHEMA,
        SchemaOf::Assertions => Assertions::SCHEMA,
    };
    let mut output = Output::open(global)?;
    output.bytes(schema.as_bytes())?;
    output.finish()?;
    Ok(Exit::Clean)
}
