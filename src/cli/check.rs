//! `check`.

use super::Exit;
use super::args::{Check, Format, Global};
use super::audit::root;
use super::input::{Loaded, today};
use super::output::{Output, remark};
use anyhow::Context as _;
use keywho::Engine;
use keywho::check::{Assertions, Checked, Verdict};
use keywho::report::check::{json, junit, markdown, sarif, text};
use keywho::report::json::{begin, end};
use serde_json::json;

const FORMATS: [Format; 5] = [
    Format::Text,
    Format::Json,
    Format::Md,
    Format::Sarif,
    Format::Junit,
];

/// Holds assertion files against the snapshot, or writes one.
pub(super) fn run(global: &Global, args: &Check) -> anyhow::Result<Exit> {
    let format = global.format("check", Format::Text, &FORMATS)?;
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
    let mut all: Vec<(&str, Vec<Checked<'_>>)> = Vec::new();
    for (name, assertions) in &files {
        let checked = engine.check(assertions).with_context(|| format!("`{name}`"))?;
        all.push((name, checked));
    }
    let exit = exit(args, all.iter().flat_map(|(_, checked)| checked));
    let report = Report {
        files: all
            .iter()
            .map(|(name, checked)| (*name, checked.as_slice()))
            .collect(),
        loaded: &loaded,
        engine: &engine,
    };
    report.write(&mut output, global, args, format)?;
    output.finish()?;
    Ok(exit)
}

/// What came out, file by file.
struct Report<'a> {
    files: Vec<(&'a str, &'a [Checked<'a>])>,
    loaded: &'a Loaded,
    engine: &'a Engine,
}

impl Report<'_> {
    fn write(
        &self,
        output: &mut Output,
        global: &Global,
        args: &Check,
        format: Format,
    ) -> anyhow::Result<()> {
        let names = &self.loaded.names;
        let all = || {
            self.files
                .iter()
                .flat_map(|(_, checked)| checked.iter())
                .cloned()
                .collect::<Vec<_>>()
        };
        match format {
            Format::Json => output.bytes(&self.json(args))?,
            Format::Md => output.bytes(markdown::checked(&all(), names).as_bytes())?,
            Format::Junit => output.bytes(junit::checked(&self.files, names).as_bytes())?,
            Format::Sarif => {
                let (log, left_out) = sarif::checked(&self.files, names, &root(global.snapshot.as_deref()));
                if left_out > 0 && !global.quiet {
                    remark(&format!(
                        "{left_out} results are left out: code scanning does not take more\n"
                    ));
                }
                output.bytes(&log.bytes())?;
            }
            _ => output.text(&text::checked(&all(), names))?,
        }
        Ok(())
    }

    fn json(&self, args: &Check) -> Vec<u8> {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| *name).collect();
        let mut bytes = Vec::new();
        begin(
            &mut bytes,
            &json!({"verb": "check", "files": names, "strict": args.strict}),
        );
        let all = self
            .files
            .iter()
            .flat_map(|(name, checked)| checked.iter().map(move |one| (name, one)));
        for (at, (name, one)) in all.enumerate() {
            bytes.extend_from_slice(if at == 0 { b"" } else { b"," });
            json::checked(&mut bytes, name, one);
        }
        end(
            &mut bytes,
            &self.engine.coverage().gaps,
            &self.loaded.snapshot.files,
        );
        bytes
    }
}

fn exit<'a>(args: &Check, mut all: impl Iterator<Item = &'a Checked<'a>> + Clone) -> Exit {
    let open = |one: &Checked<'_>| one.verdict == Verdict::Undecided || one.note.is_some();
    match () {
        () if all.clone().any(|one| one.verdict == Verdict::Failed) => Exit::Denied,
        () if args.strict && all.any(open) => Exit::Undecided,
        () => Exit::Clean,
    }
}
