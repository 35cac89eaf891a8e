//! `report`, and the page that `audit --format html` writes.

use super::Exit;
use super::args::{Format, Global, Report};
use super::audit::Audited;
use super::output::Output;
use anyhow::{Context as _, bail};
use keywho::report::audit;
use keywho::report::html::{self, Page};
use keywho::{Severity, Snapshot};
use std::io::IsTerminal as _;

/// Writes findings, the whole relation and the coverage as one page.
pub(super) fn run(global: &Global, args: &Report) -> anyhow::Result<Exit> {
    global.format("report", Format::Html, &[Format::Html])?;
    refuse_terminal(global)?;
    let audited = Audited::read(global, args.config.as_deref())?;
    let report = audited.report(&audited.audit.findings, 0, Severity::Low);
    let page = page(global, &audited, &report)?;
    let mut output = Output::open(global)?;
    output.bytes(page.as_bytes())?;
    output.finish()?;
    Ok(Exit::Clean)
}

/// Nobody reads HTML on a terminal.
pub(super) fn refuse_terminal(global: &Global) -> anyhow::Result<()> {
    if global.output.is_none() && std::io::stdout().is_terminal() {
        bail!("a page is not for the terminal: name a file with `-o report.html`");
    }
    Ok(())
}

/// The page with the findings of a report.
pub(super) fn page(global: &Global, audited: &Audited, report: &audit::Report<'_>) -> anyhow::Result<String> {
    let path = global.snapshot.as_deref().context("no snapshot given")?;
    let progress = audited.loaded.progress;
    let digest = progress.during("computing the digest of the snapshot", || Snapshot::digest(path))?;
    let now = jiff::Timestamp::try_from(std::time::SystemTime::now())?;
    let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let what_if = &global.what_if;
    let without = what_if.without.iter().map(|edit| format!("--without {edit}"));
    let with = what_if.with.iter().map(|edit| format!("--with {edit}"));
    let edits: Vec<String> = without.chain(with).collect();
    let page = Page {
        report: *report,
        all: &audited.audit.findings,
        snapshot: &audited.loaded.snapshot,
        undecided: audited.engine.undecided(),
        digest: &digest,
        edits: &edits,
        time: &time,
    };
    let relation = audited.engine.blocks_by_key();
    Ok(progress.during("writing the page", || html::page(&page, relation)))
}
