//! The snapshot's folder -> the snapshot and its engine, with the remarks on standard error.

use super::args::Global;
use super::output::remark;
use super::progress::Progress;
use super::what_if;
use anyhow::{Context as _, bail};
use keywho::report::{diagnostics, names::Names};
use keywho::{Change, Engine, Snapshot};
use serde_json::Value;
use std::path::Path;

/// What the longest part of a run does.
pub(super) const COMPILING: &str = "finding out who can do what";

/// A snapshot that was read, and edited where the command line asks "what if".
pub(super) struct Loaded {
    pub(super) snapshot: Snapshot,
    pub(super) names: Names,
    pub(super) progress: Progress,
    changes: Vec<Change>,
}

impl Loaded {
    /// Reads the snapshot that the command line or the environment names.
    pub(super) fn read(global: &Global) -> anyhow::Result<Loaded> {
        let Some(path) = &global.snapshot else {
            bail!("no snapshot given: name its folder with `-s DIR` or in KEYWHO_SNAPSHOT");
        };
        let progress = Progress::new(global);
        let mut snapshot = load(global, path, None)?;
        let changes = what_if::edit(global, &mut snapshot)?;
        let names = Names::of(&snapshot);
        Ok(Loaded {
            snapshot,
            names,
            progress,
            changes,
        })
    }

    /// Compiles the engine.
    pub(super) fn engine(&self, global: &Global) -> Engine {
        let compile = || Engine::compile(&self.snapshot);
        let engine = self.progress.during(COMPILING, compile);
        what_if::warn_of_lockouts(global, &engine, &self.changes);
        engine
    }
}

/// Reads a snapshot, perhaps beside another, with the remarks about it on standard error.
pub(super) fn load(global: &Global, path: &Path, beside: Option<&Snapshot>) -> anyhow::Result<Snapshot> {
    let read = || match beside {
        Some(other) => Snapshot::load_beside(path, other),
        None => Snapshot::load(path),
    };
    let (snapshot, remarks) = Progress::new(global).during("reading the snapshot", read)?;
    if global.verbose {
        remark(&diagnostics::full(&remarks, &snapshot.files));
    } else if !global.quiet {
        remark(&diagnostics::summary(&remarks, &snapshot.files));
    }
    Ok(snapshot)
}

/// Reads a file that holds one JSON value.
pub(super) fn json_file(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is not JSON", path.display()))
}

/// The day it is, in UTC.
pub(super) fn today() -> anyhow::Result<jiff::civil::Date> {
    let now = jiff::Timestamp::try_from(std::time::SystemTime::now())?;
    Ok(jiff::tz::Offset::UTC.to_datetime(now).date())
}
