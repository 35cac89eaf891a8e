//! `who-can ACTION KEY`.

use super::Exit;
use super::args::{Format, Global, WhoCan};
use super::input::Loaded;
use super::matrix::write_rows;
use super::narrow::{narrowing, query, say_hidden};
use super::output::Output;
use keywho::report::text;
use keywho::{Access, Row};
use serde_json::json;

/// Answers the question and says what is not known about the key.
pub(super) fn run(global: &Global, args: &WhoCan) -> anyhow::Result<Exit> {
    let format = global.format("who-can", Format::Text, &Format::ROWS)?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine(global);
    let narrowing = narrowing(global, &args.narrow, &engine)?;
    let rows: Vec<Row> = engine.who_can(&args.action, &args.key)?.collect();
    let unknown = engine.gaps_for_key(rows.first().map_or(&args.key, |row| &row.key));
    let rows: Vec<Row> = rows.into_iter().filter_map(|row| narrowing.row(row)).collect();
    let exit = exit(&rows);
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout(args.narrow.wide);
        output.text(&text::who_can(
            &args.action,
            &args.key,
            &rows,
            &loaded.names,
            layout,
        ))?;
        output.text(&text::hidden(narrowing.hidden()))?;
        output.text(&text::unknown(&unknown, &loaded.snapshot.files, layout))?;
    } else {
        let mut asked = json!({"verb": "who-can", "action": args.action, "key": args.key});
        query(&args.narrow, &mut asked);
        write_rows(
            &mut output,
            format,
            &asked,
            rows,
            &narrowing,
            &unknown,
            &loaded.snapshot.files,
        )?;
        say_hidden(global, &narrowing);
    }
    output.finish()?;
    Ok(exit)
}

/// Undecided when every row there is rests on what the snapshot lacks: then nothing is known for certain.
fn exit(rows: &[Row]) -> Exit {
    let lacking = |row: &Row| match &row.access {
        Access::Always => false,
        Access::Conditional { condition, .. } => condition.is_for_want_of_data(),
    };
    if !rows.is_empty() && rows.iter().all(lacking) {
        Exit::Undecided
    } else {
        Exit::Clean
    }
}
