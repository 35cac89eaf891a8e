//! `audit`.

use super::Exit;
use super::args::{Audit, Format, Global};
use super::input::{Loaded, today};
use super::output::{Output, remark};
use anyhow::{Context as _, bail};
use keywho::audit::{Settings, rules};
use keywho::pattern::glob;
use keywho::report::audit::baseline::Baseline;
use keywho::report::audit::{self as reports, Report};
use keywho::report::json;
use keywho::{Engine, Finding, Severity};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Where settings are looked for when nothing else is said.
const SETTINGS: &str = "keywho.toml";

/// Formats of findings, and of rules.
const FORMATS: [Format; 7] = [
    Format::Text,
    Format::Json,
    Format::Md,
    Format::Csv,
    Format::Sarif,
    Format::Junit,
    Format::Html,
];
const RULE_FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Md];

/// A snapshot that was audited.
pub(super) struct Audited {
    pub(super) loaded: Loaded,
    pub(super) engine: Engine,
    pub(super) audit: keywho::Audit,
}

impl Audited {
    /// Reads settings and snapshot, runs all rules, and says which acceptances accept nothing.
    pub(super) fn read(global: &Global, config: Option<&Path>) -> anyhow::Result<Audited> {
        let (settings, path) = settings(config)?;
        let loaded = Loaded::read(global)?;
        let engine = loaded.engine(global);
        let audit = loaded
            .progress
            .during("auditing", || engine.audit(&loaded.snapshot, &settings))
            .with_context(|| format!("`{path}`"))?;
        if !global.quiet {
            remark(&reports::text::idle(&audit.idle, path));
        }
        Ok(Audited {
            loaded,
            engine,
            audit,
        })
    }

    /// What reports about some of the findings are made from.
    pub(super) fn report<'a>(
        &'a self,
        findings: &'a [Finding],
        known: usize,
        fail_on: Severity,
    ) -> Report<'a> {
        Report {
            findings,
            known,
            fail_on,
            names: &self.loaded.names,
            gaps: &self.engine.coverage().gaps,
            files: &self.loaded.snapshot.files,
        }
    }
}

/// Which findings are wanted.
struct Wanted<'a> {
    /// Ids of rules; empty for all.
    rules: &'a [String],
    /// ARNs of keys; `None` for all, and for findings about no key.
    keys: Option<BTreeSet<String>>,
    baseline: Option<Baseline>,
    fail_on: Severity,
}

impl Wanted<'_> {
    /// The findings that are wanted, and how many more the baseline has.
    fn select<'a>(&self, audited: &'a Audited) -> (Cow<'a, [Finding]>, usize) {
        let all = &audited.audit.findings;
        if self.rules.is_empty() && self.keys.is_none() && self.baseline.is_none() {
            return (Cow::Borrowed(all), 0);
        }
        let of_key = |keys: &BTreeSet<String>, finding: &Finding| {
            finding.key.as_ref().is_some_and(|arn| keys.contains(arn))
        };
        let is_wanted = |finding: &&Finding| {
            is_wanted_rule(self.rules, finding.rule.id)
                && self.keys.as_ref().is_none_or(|keys| of_key(keys, finding))
        };
        let is_known = |finding: &&Finding| {
            let baseline = self.baseline.as_ref();
            finding.accepted.is_none() && baseline.is_some_and(|baseline| baseline.has(finding))
        };
        let (known, new): (Vec<&Finding>, Vec<&Finding>) = all.iter().filter(is_wanted).partition(is_known);
        (new.into_iter().cloned().collect(), known.len())
    }
}

/// Lists findings, or the rules.
pub(super) fn run(global: &Global, args: &Audit) -> anyhow::Result<Exit> {
    if let Some(unknown) = args.only.iter().find(|id| !rules().any(|rule| rule.id == **id)) {
        bail!("there is no rule `{unknown}`: `keywho audit --rules` lists them");
    }
    if args.rules {
        return list_rules(global, args);
    }
    let format = global.format("audit", Format::Text, &FORMATS)?;
    if format == Format::Html {
        super::report::refuse_terminal(global)?;
    }
    let baseline = baseline(args.baseline.as_deref())?;
    let audited = Audited::read(global, args.config.as_deref())?;
    let wanted = Wanted {
        rules: &args.only,
        keys: wanted_keys(&audited.loaded, &args.keys)?,
        baseline,
        fail_on: Severity::from(args.fail_on),
    };
    let (findings, known) = wanted.select(&audited);
    let report = audited.report(&findings, known, wanted.fail_on);
    let page = match format {
        Format::Html => Some(super::report::page(global, &audited, &report)?),
        _ => None,
    };
    let mut output = Output::open(global)?;
    match page {
        Some(page) => output.bytes(page.as_bytes())?,
        None => write(&mut output, global, args, format, &report)?,
    }
    output.finish()?;
    let fails = findings.iter().any(|finding| report.fails(finding));
    Ok(if fails { Exit::Denied } else { Exit::Clean })
}

fn write(
    output: &mut Output,
    global: &Global,
    args: &Audit,
    format: Format,
    report: &Report<'_>,
) -> anyhow::Result<()> {
    match format {
        Format::Json => output.bytes(&whole(args, report))?,
        Format::Csv => output.bytes(&reports::csv::findings(report.findings))?,
        Format::Md => output.bytes(reports::markdown::findings(report).as_bytes())?,
        Format::Junit => {
            let looked_at = rules().filter(|rule| is_wanted_rule(&args.only, rule.id));
            output.bytes(reports::junit::findings(report, looked_at).as_bytes())?;
        }
        Format::Sarif => {
            let (log, left_out) = reports::sarif::findings(report, &root(global.snapshot.as_deref()));
            if left_out > 0 {
                remark(&format!(
                    "warning: {left_out} findings are not in the SARIF file: code scanning does not take more\n"
                ));
            }
            output.bytes(&log.bytes())?;
        }
        _ => {
            let layout = output.layout(true);
            output.text(&reports::text::findings(report, layout))?;
            super::matrix::say_gaps(output, report.gaps)?;
        }
    }
    Ok(())
}

/// The whole answer as one JSON object.
fn whole(args: &Audit, report: &Report<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let fail_on = report.fail_on.name();
    json::begin(
        &mut out,
        &serde_json::json!({"verb": "audit", "rules": args.only, "keys": args.keys, "fail_on": fail_on}),
    );
    elements(&mut out, report.findings, reports::json::finding);
    reports::json::end(&mut out, report);
    out
}

/// Elements of a list, one a line.
fn elements<T>(out: &mut Vec<u8>, all: impl IntoIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    for (index, one) in all.into_iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
        write(out, one);
    }
}

fn list_rules(global: &Global, args: &Audit) -> anyhow::Result<Exit> {
    let format = global.format("audit --rules", Format::Text, &RULE_FORMATS)?;
    let wanted = rules().filter(|rule| is_wanted_rule(&args.only, rule.id));
    let mut output = Output::open(global)?;
    match format {
        Format::Json => {
            let mut out = Vec::new();
            json::begin(&mut out, &Value::from_iter([("verb", "audit --rules")]));
            elements(&mut out, wanted, reports::rules::json);
            json::end(&mut out, &[], &keywho::source::Files::default());
            output.bytes(&out)?;
        }
        Format::Md => output.bytes(reports::rules::markdown(wanted).as_bytes())?,
        _ => {
            let layout = output.layout(true);
            output.text(&reports::rules::text(wanted, layout))?;
        }
    }
    output.finish()?;
    Ok(Exit::Clean)
}

fn is_wanted_rule(wanted: &[String], id: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|only| only == id)
}

/// ARNs of the keys that patterns fit; `None` for all keys.
fn wanted_keys(loaded: &Loaded, patterns: &[String]) -> anyhow::Result<Option<BTreeSet<String>>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut wanted = BTreeSet::new();
    for pattern in patterns {
        let fits = loaded.snapshot.keys.iter().filter(|key| {
            let mut names = key.aliases.iter().chain([&key.arn, &key.id]);
            names.any(|name| glob(pattern, name))
        });
        let mut fits = fits.map(|key| key.arn.clone()).peekable();
        if fits.peek().is_none() {
            bail!("no key is called `{pattern}`: give an id, an ARN, an alias or a pattern of one");
        }
        wanted.extend(fits);
    }
    Ok(Some(wanted))
}

/// The path from the working folder to the snapshot, where it lies below: code scanning starts there, at the top of the
/// repository. Of a snapshot elsewhere paths start at its own folder, so that they are the same on every machine.
pub(super) fn root(snapshot: Option<&Path>) -> String {
    let Some(path) = snapshot.filter(|path| path.is_relative() && path.is_dir()) else {
        return String::new();
    };
    let mut root = String::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => {
                root.push_str(&name.to_string_lossy());
                root.push('/');
            }
            Component::CurDir => {}
            _ => return String::new(),
        }
    }
    root
}

/// The settings that a file holds, or those of nobody; and the name of the file.
fn settings(path: Option<&Path>) -> anyhow::Result<(Settings, &str)> {
    let (path, wanted) = match path {
        Some(path) => (path, true),
        None => (Path::new(SETTINGS), false),
    };
    let name = path.to_str().unwrap_or(SETTINGS);
    if !wanted && !path.exists() {
        return Ok((Settings::default(), name));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let settings = Settings::parse(&text, today()?).with_context(|| format!("`{}`", path.display()))?;
    Ok((settings, name))
}

/// The earlier report that a file holds.
fn baseline(path: Option<&Path>) -> anyhow::Result<Option<Baseline>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let baseline = Baseline::parse(&text).with_context(|| format!("`{}`", path.display()))?;
    Ok(Some(baseline))
}
