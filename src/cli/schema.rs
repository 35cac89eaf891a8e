//! `schema`.

use super::Exit;
use super::args::{Format, Global};
use super::output::Output;
use keywho::report::json;

/// Prints the JSON Schema.
pub(super) fn run(global: &Global) -> anyhow::Result<Exit> {
    global.format("schema", Format::Json, &[Format::Json])?;
    let mut output = Output::open(global)?;
    output.bytes(json::SCHEMA.as_bytes())?;
    output.finish()?;
    Ok(Exit::Clean)
}
