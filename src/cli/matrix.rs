//! `matrix`, and rows written in the formats of programs.

use super::Exit;
use super::args::{Format, Global, Matrix};
use super::input::Loaded;
use super::narrow::{narrowing, query, say_hidden};
use super::output::Output;
use keywho::model::snapshot::Gap;
use keywho::report::csv::Csv;
use keywho::report::json::{self, Place};
use keywho::report::text;
use keywho::source::Files;
use keywho::{Engine, MatrixFilter, Narrowing, Row};
use serde_json::Value;
use std::io;

/// Bytes are handed on in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// Writes the relation, filtered.
pub(super) fn run(global: &Global, args: &Matrix) -> anyhow::Result<Exit> {
    let format = match args.blocks {
        true => global.format("matrix --blocks", Format::Ndjson, &[Format::Ndjson, Format::Json])?,
        false => global.format("matrix", Format::Text, &Format::ROWS)?,
    };
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine(global);
    let filter = MatrixFilter {
        principals: args.principals.clone(),
        keys: args.keys.clone(),
        actions: args.actions.clone(),
        all_operations: args.all_operations,
    };
    if args.blocks {
        return blocks(global, args, format, &loaded, &engine, &filter);
    }
    let narrowing = narrowing(global, &args.narrow, &engine)?;
    let rows = engine.matrix(&filter)?.filter_map(|row| narrowing.row(row));
    let gaps = &engine.coverage().gaps;
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout(args.narrow.wide);
        let rows: Vec<_> = rows.collect();
        output.text(&text::matrix(&rows, &loaded.names, layout))?;
        output.text(&text::hidden(narrowing.hidden()))?;
        say_gaps(&mut output, gaps)?;
    } else {
        let mut asked = asked(args);
        query(&args.narrow, &mut asked);
        let files = &loaded.snapshot.files;
        let progress = loaded.progress.beside(&output);
        progress.during("writing rows", || {
            write_rows(&mut output, format, &asked, rows, &narrowing, gaps, files)
        })?;
        say_hidden(global, &narrowing);
    }
    output.finish()?;
    Ok(Exit::Clean)
}

/// Writes the relation, filtered, in blocks.
fn blocks(
    global: &Global,
    args: &Matrix,
    format: Format,
    loaded: &Loaded,
    engine: &Engine,
    filter: &MatrixFilter,
) -> anyhow::Result<Exit> {
    let asked = asked(args);
    let mut output = Output::open(global)?;
    let whole = (format == Format::Json).then_some(&asked);
    let mut piece = write_objects(&mut output, whole, engine.blocks(filter)?, |out, block, place| {
        json::block(out, &block, place);
    })?;
    if whole.is_some() {
        json::end(&mut piece, &engine.coverage().gaps, &loaded.snapshot.files);
    }
    output.bytes(&piece)?;
    output.finish()?;
    Ok(Exit::Clean)
}

fn asked(args: &Matrix) -> Value {
    serde_json::json!({
        "verb": "matrix",
        "principals": args.principals,
        "keys": args.keys,
        "actions": args.actions,
        "all_operations": args.all_operations,
        "blocks": args.blocks,
    })
}

/// Writes rows as JSON, NDJSON or CSV, piece by piece: the rows are never all in memory as text.
pub(super) fn write_rows(
    output: &mut Output,
    format: Format,
    query: &Value,
    rows: impl IntoIterator<Item = Row>,
    narrowing: &Narrowing<'_>,
    unknown: &[Gap],
    files: &Files,
) -> io::Result<()> {
    if format == Format::Csv {
        return write_csv(output, rows);
    }
    let whole = (format == Format::Json).then_some(query);
    let mut piece = write_objects(output, whole, rows, |out, row, place| json::row(out, &row, place))?;
    if whole.is_some() {
        json::end_of_rows(&mut piece, unknown, files, narrowing.hidden());
    }
    output.bytes(&piece)
}

/// Writes objects one a line, or with `query` as elements of one object; what is not yet written is returned.
fn write_objects<T>(
    output: &mut Output,
    query: Option<&Value>,
    objects: impl IntoIterator<Item = T>,
    write: impl Fn(&mut Vec<u8>, T, Place),
) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(PIECE + PIECE / 8);
    if let Some(query) = query {
        json::begin(&mut piece, query);
    }
    for (index, object) in objects.into_iter().enumerate() {
        if query.is_some() {
            piece.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            write(&mut piece, object, Place::Inside);
        } else {
            write(&mut piece, object, Place::Line);
            piece.push(b'\n');
        }
        if piece.len() >= PIECE {
            output.bytes(&piece)?;
            piece.clear();
        }
    }
    Ok(piece)
}

fn write_csv(output: &mut Output, rows: impl IntoIterator<Item = Row>) -> io::Result<()> {
    let mut csv = Csv::default();
    csv.row_header();
    for (index, row) in rows.into_iter().enumerate() {
        csv.row(&row);
        if index % 1024 == 1023 {
            output.bytes(&std::mem::take(&mut csv).into_bytes())?;
        }
    }
    output.bytes(&csv.into_bytes())
}

/// One line that says where to read about gaps, when there are any.
pub(super) fn say_gaps(output: &mut Output, gaps: &[Gap]) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    output.text(&format!(
        "\nthe snapshot has gaps ({}): `keywho coverage` says what they make unknown\n",
        gaps.len()
    ))
}
