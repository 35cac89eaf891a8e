//! `audit`.

use super::Exit;
use super::args::{Audit, Format, Global};
use super::input::{Loaded, today};
use super::output::Output;
use anyhow::{Context as _, bail};
use keywho::Severity;
use keywho::audit::{Settings, rules};
use keywho::report::audit::text;
use std::path::Path;

/// Where settings are looked for when nothing else is said.
const SETTINGS: &str = "keywho.toml";

/// Lists findings, or the rules.
pub(super) fn run(global: &Global, args: &Audit) -> anyhow::Result<Exit> {
    let format = global.format("audit", Format::Text, &[Format::Text])?;
    if let Some(unknown) = args.only.iter().find(|id| !rules().any(|rule| rule.id == **id)) {
        bail!("there is no rule `{unknown}`: `keywho audit --rules` lists them");
    }
    let is_wanted = |id: &str| args.only.is_empty() || args.only.iter().any(|only| only == id);
    if args.rules {
        let mut output = Output::open(global)?;
        output.text(&text::rules(rules().filter(|rule| is_wanted(rule.id))))?;
        output.finish()?;
        return Ok(Exit::Clean);
    }
    let settings = settings(args.config.as_deref())?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine();
    let mut audit = engine.audit(&loaded.snapshot, &settings)?;
    audit.findings.retain(|finding| is_wanted(finding.rule.id));
    let mut output = Output::open(global)?;
    match format {
        _ => output.text(&text::findings(&audit, &loaded.names))?,
    }
    output.finish()?;
    let limit = Severity::from(args.fail_on);
    let fails = audit
        .findings
        .iter()
        .any(|finding| finding.accepted.is_none() && finding.severity >= limit);
    Ok(if fails { Exit::Denied } else { Exit::Clean })
}

/// The settings that a file holds, or those of nobody.
fn settings(path: Option<&Path>) -> anyhow::Result<Settings> {
    let (path, wanted) = match path {
        Some(path) => (path, true),
        None => (Path::new(SETTINGS), false),
    };
    if !wanted && !path.exists() {
        return Ok(Settings::default());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Settings::parse(&text, today()?).with_context(|| format!("`{}`", path.display()))
}
