//! `who-can ACTION KEY`.

use super::Exit;
use super::args::{Format, Global, WhoCan};
use super::input::Loaded;
use super::matrix::write_rows;
use super::output::Output;
use keywho::report::text;
use keywho::{Access, Row};
use serde_json::json;

/// Answers the question and says what is not known about the key.
pub(super) fn run(global: &Global, args: &WhoCan) -> anyhow::Result<Exit> {
    let format = global.format("who-can", Format::Text, &Format::ALL)?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine();
    let rows = engine.who_can(&args.action, &args.key)?;
    let unknown = engine.gaps_for_key(rows.first().map_or(&args.key, |row| &row.key));
    let exit = exit(&rows);
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout();
        output.text(&text::who_can(
            &args.action,
            &args.key,
            &rows,
            &loaded.names,
            layout,
        ))?;
        output.text(&text::unknown(&unknown, &loaded.snapshot.files, layout))?;
    } else {
        let query = json!({"verb": "who-can", "action": args.action, "key": args.key});
        write_rows(
            &mut output,
            format,
            &query,
            rows,
            &unknown,
            &loaded.snapshot.files,
        )?;
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
