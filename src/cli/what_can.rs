//! `what-can PRINCIPAL`.

use super::Exit;
use super::args::{Format, Global, WhatCan};
use super::input::Loaded;
use super::matrix::{say_gaps, write_rows};
use super::narrow::{narrowing, query, say_hidden};
use super::output::Output;
use keywho::Row;
use keywho::report::text;
use serde_json::json;

/// Answers the question.
pub(super) fn run(global: &Global, args: &WhatCan) -> anyhow::Result<Exit> {
    let format = global.format("what-can", Format::Text, &Format::ROWS)?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine(global);
    let narrowing = narrowing(global, &args.narrow, &engine)?;
    let rows = engine.what_can(&args.principal)?;
    let rows: Vec<Row> = rows.filter_map(|row| narrowing.row(row)).collect();
    let gaps = &engine.coverage().gaps;
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout(args.narrow.wide);
        output.text(&text::what_can(&args.principal, &rows, &loaded.names, layout))?;
        output.text(&text::hidden(narrowing.hidden()))?;
        say_gaps(&mut output, gaps)?;
    } else {
        let mut asked = json!({"verb": "what-can", "principal": args.principal});
        query(&args.narrow, &mut asked);
        let files = &loaded.snapshot.files;
        write_rows(&mut output, format, &asked, rows, &narrowing, gaps, files)?;
        say_hidden(global, &narrowing);
    }
    output.finish()?;
    Ok(Exit::Clean)
}
