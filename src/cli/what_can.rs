//! `what-can PRINCIPAL`.

use super::Exit;
use super::args::{Format, Global, WhatCan};
use super::input::Loaded;
use super::matrix::{say_gaps, write_rows};
use super::output::Output;
use keywho::report::text;
use serde_json::json;

/// Answers the question.
pub(super) fn run(global: &Global, args: &WhatCan) -> anyhow::Result<Exit> {
    let format = global.format("what-can", Format::Text, &Format::ALL)?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine();
    let rows = engine.what_can(&args.principal)?;
    let gaps = &engine.coverage().gaps;
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout();
        output.text(&text::what_can(&args.principal, &rows, &loaded.names, layout))?;
        say_gaps(&mut output, gaps)?;
    } else {
        let query = json!({"verb": "what-can", "principal": args.principal});
        write_rows(&mut output, format, &query, rows, gaps, &loaded.snapshot.files)?;
    }
    output.finish()?;
    Ok(Exit::Clean)
}
