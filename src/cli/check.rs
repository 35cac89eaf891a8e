//! `check`.

use super::Exit;
use super::args::{Check, Format, Global};
use super::input::{Loaded, today};
use super::output::Output;
use anyhow::Context as _;
use keywho::check::{Assertions, Checked, Verdict};
use keywho::report::check::{json, text};
use keywho::report::json::{begin, end};
use serde_json::json;

/// Holds assertion files against the snapshot, or writes one.
pub(super) fn run(global: &Global, args: &Check) -> anyhow::Result<Exit> {
    let format = global.format("check", Format::Text, &[Format::Text, Format::Json])?;
    let mut files: Vec<(String, Assertions)> = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        let read = Assertions::parse(&text, today()?).with_context(|| format!("`{name}`"))?;
        files.push((name, read));
    }
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine(global);
    let mut output = Output::open(global)?;
    if args.init {
        output.text(&engine.assertions_of_today())?;
        output.finish()?;
        return Ok(Exit::Clean);
    }
    let mut all: Vec<(&str, Checked<'_>)> = Vec::new();
    for (name, assertions) in &files {
        let checked = engine.check(assertions).with_context(|| format!("`{name}`"))?;
        all.extend(checked.into_iter().map(|one| (name.as_str(), one)));
    }
    let exit = exit(args, all.iter().map(|(_, one)| one));
    if format == Format::Text {
        let checked: Vec<Checked<'_>> = all.into_iter().map(|(_, one)| one).collect();
        output.text(&text::checked(&checked, &loaded.names))?;
    } else {
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let mut bytes = Vec::new();
        begin(
            &mut bytes,
            &json!({"verb": "check", "files": names, "strict": args.strict}),
        );
        for (at, (name, one)) in all.iter().enumerate() {
            bytes.extend_from_slice(if at == 0 { b"" } else { b"," });
            json::checked(&mut bytes, name, one);
        }
        end(&mut bytes, &engine.coverage().gaps, &loaded.snapshot.files);
        output.bytes(&bytes)?;
    }
    output.finish()?;
    Ok(exit)
}

fn exit<'a>(args: &Check, mut all: impl Iterator<Item = &'a Checked<'a>> + Clone) -> Exit {
    let open = |one: &Checked<'_>| one.verdict == Verdict::Undecided || one.note.is_some();
    match () {
        () if all.clone().any(|one| one.verdict == Verdict::Failed) => Exit::Denied,
        () if args.strict && all.any(open) => Exit::Undecided,
        () => Exit::Clean,
    }
}
