//! `coverage`.

use super::Exit;
use super::args::{Format, Global};
use super::input::Loaded;
use super::output::Output;
use keywho::report::{json, text};

/// Says what the snapshot holds and lacks.
pub(super) fn run(global: &Global) -> anyhow::Result<Exit> {
    let format = global.format("coverage", Format::Text, &[Format::Text, Format::Json])?;
    let loaded = Loaded::read(global)?;
    let (coverage, files) = (&loaded.snapshot.coverage, &loaded.snapshot.files);
    let undecided = loaded.engine(global).undecided();
    let mut output = Output::open(global)?;
    if format == Format::Text {
        let layout = output.layout(false);
        output.text(&text::coverage(coverage, undecided, files, layout))?;
    } else {
        let mut bytes = Vec::new();
        json::coverage(&mut bytes, coverage, undecided, files);
        bytes.push(b'\n');
        output.bytes(&bytes)?;
    }
    output.finish()?;
    Ok(Exit::Clean)
}
