//! `diff OLD NEW`, and `diff SNAPSHOT --with ...`.

use super::Exit;
use super::args::{Diff, FailOn, Format, Global};
use super::input::{COMPILING, load};
use super::output::Output;
use super::progress::Progress;
use super::what_if;
use anyhow::bail;
use keywho::diff::{self, Kind, Side};
use keywho::report::diff::{Context, html, json, markdown, sarif, text};
use keywho::report::names::Names;
use keywho::{Engine, Snapshot};
use serde_json::json;
use std::path::Path;

const FORMATS: [Format; 6] = [
    Format::Text,
    Format::Json,
    Format::Ndjson,
    Format::Md,
    Format::Sarif,
    Format::Html,
];

/// A snapshot with its engine.
struct Compiled {
    snapshot: Snapshot,
    engine: Engine,
}

impl Compiled {
    fn side(&self) -> Side<'_> {
        Side {
            snapshot: &self.snapshot,
            engine: &self.engine,
        }
    }
}

/// Both snapshots.
struct Both {
    old: Compiled,
    new: Compiled,
}

impl Both {
    fn new(old: (Snapshot, Engine), new: (Snapshot, Engine)) -> Both {
        let compiled = |(snapshot, engine)| Compiled { snapshot, engine };
        Both {
            old: compiled(old),
            new: compiled(new),
        }
    }
}

/// Compares, and says what became of access.
pub(super) fn run(global: &Global, args: &Diff) -> anyhow::Result<Exit> {
    let format = global.format("diff", Format::Text, &FORMATS)?;
    let edits = !global.what_if.with.is_empty() || !global.what_if.without.is_empty();
    let (old, new) = match (&args.old, &args.new, &global.snapshot) {
        (Some(old), Some(new), _) => (old, Some(new)),
        (Some(old), None, Some(snapshot)) if !edits => (snapshot, Some(old)),
        (Some(old), None, _) | (None, _, Some(old)) => (old, None),
        (None, _, None) => bail!("no snapshot given: name the old and the new folder"),
    };
    if new.is_none() && !edits {
        bail!(
            "nothing to compare `{}` with: name another folder, or an edit with `--with`",
            old.display()
        );
    }
    let both = match new {
        Some(new) => read_both(global, old, new)?,
        None => edited(global, old)?,
    };
    let (old_side, new_side) = (both.old.side(), both.new.side());
    let found = diff::diff(old_side, new_side);
    let names = Names::of(&both.new.snapshot).or(Names::of(&both.old.snapshot));
    let rows = found.rows();
    let context = Context {
        names: &names,
        rows: &rows,
    };
    let mut output = Output::open(global)?;
    match format {
        Format::Json => {
            let query = json!({
                "verb": "diff",
                "old": old.display().to_string(),
                "new": new.map(|new| new.display().to_string()),
                "with": global.what_if.with,
                "without": global.what_if.without,
            });
            let unknown = (
                both.new.engine.coverage().gaps.as_slice(),
                &both.new.snapshot.files,
            );
            output.bytes(&json::whole(&found, &query, unknown))?;
        }
        Format::Ndjson => output.bytes(&json::lines(&found))?,
        Format::Md => output.bytes(markdown::comment(&found, context).as_bytes())?,
        Format::Sarif => output.bytes(&sarif::sarif(&found, context))?,
        Format::Html => output.bytes(html::page(&found, context).as_bytes())?,
        _ => {
            let layout = output.layout(args.wide);
            output.text(&text::text(&found, context, layout))?;
        }
    }
    output.finish()?;
    Ok(exit(&found, &args.fail_on))
}

fn read_both(global: &Global, old: &Path, new: &Path) -> anyhow::Result<Both> {
    let old = load(global, old, None)?;
    let mut new = load(global, new, Some(&old))?;
    what_if::edit(global, &mut new)?;
    let compile = || rayon::join(|| Engine::compile(&old), || Engine::compile(&new));
    let engines = Progress::new(global).during(COMPILING, compile);
    Ok(Both::new((old, engines.0), (new, engines.1)))
}

/// The old snapshot, and the same with the edits: compiled at the cost of what they touch.
fn edited(global: &Global, path: &Path) -> anyhow::Result<Both> {
    let mut old = load(global, path, None)?;
    let mut new = old.clone();
    let changes = what_if::edit(global, &mut new)?;
    // The files of the edits are among those of both, so that reasons can name them.
    old.files = new.files.clone();
    let before = Progress::new(global).during(COMPILING, || Engine::compile(&old));
    let mut after: Option<Engine> = None;
    for change in &changes {
        after = Some(after.as_ref().unwrap_or(&before).with_change(change)?);
    }
    let after = match after {
        Some(after) => after,
        None => Engine::compile(&new),
    };
    Ok(Both::new((old, before), (new, after)))
}

fn exit(found: &diff::Diff<'_>, fail_on: &[FailOn]) -> Exit {
    let fails = match fail_on.is_empty() {
        true => !found.is_empty(),
        false => found.changes().any(|change| {
            fail_on.iter().any(|on| match on {
                FailOn::Gained => change.kind.gives(),
                FailOn::Outside => change.kind.gives() && change.outside,
                FailOn::Admin => change.kind.gives() && change.admin,
                FailOn::Unknown => matches!(change.kind, Kind::BecameUnknown | Kind::Undecided),
            })
        }),
    };
    if fails { Exit::Denied } else { Exit::Clean }
}
