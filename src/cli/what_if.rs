//! `--with` and `--without`: edits of a snapshot that was read, with remarks on their files on standard error.

use super::args::Global;
use super::output::remark;
use anyhow::{Context as _, bail};
use keywho::edit::{Edit, Given};
use keywho::report::diagnostics;
use keywho::{Change, Engine, Lockout, Snapshot};
use std::io::Read as _;
use std::path::Path;

/// Makes the edits that the command line asks for, those that take something away first; what was changed, in turn.
///
/// # Errors
/// An edit names something that is not there, or its file cannot be read.
pub(super) fn edit(global: &Global, snapshot: &mut Snapshot) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for text in &global.what_if.without {
        let of = || format!("in `--without {text}`");
        let edit = Edit::without(text).with_context(of)?;
        let edited = snapshot.edit(&edit, None).with_context(of)?;
        changes.extend(edited.changes);
    }
    let mut stdin_read = false;
    for text in &global.what_if.with {
        let of = || format!("in `--with {text}`");
        let (what, file) = split(text).with_context(of)?;
        let edit = Edit::with(what).with_context(of)?;
        let contents = match file {
            "-" if std::mem::replace(&mut stdin_read, true) => {
                bail!("standard input is given to two edits: `--with {text}` is the second")
            }
            "-" => stdin().with_context(of)?,
            // The ARN of a managed policy stands for its text.
            arn if arn.starts_with("arn:") && what.starts_with("boundary:") => Vec::new(),
            file => std::fs::read(file)
                .with_context(|| format!("cannot read `{file}`"))
                .with_context(of)?,
        };
        let name = if file == "-" { "(standard input)" } else { file };
        let given = Given {
            name,
            contents: &contents,
        };
        let edited = snapshot.edit(&edit, Some(given)).with_context(of)?;
        if !global.quiet {
            remark(&diagnostics::full(&edited.diagnostics, &snapshot.files));
        }
        changes.extend(edited.changes);
    }
    Ok(changes)
}

/// `KIND:NAME` and `FILE`. Names and files may have `=` in them: of several, the one after which a file exists counts.
fn split(text: &str) -> anyhow::Result<(&str, &str)> {
    let at = |(at, _)| {
        text.split_at_checked(at)
            .map(|(what, file)| (what, file.trim_start_matches('=')))
    };
    let mut splits = text.match_indices('=').filter_map(at);
    let exists = |file: &str| file == "-" || Path::new(file).exists();
    let found = splits
        .clone()
        .find(|(_, file)| exists(file))
        .or_else(|| splits.next());
    match found {
        Some((what, file)) if !file.is_empty() => Ok((what, file)),
        _ => bail!("no file is given: write `{}=FILE`", text.trim_end_matches('=')),
    }
}

fn stdin() -> std::io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    std::io::stdin().lock().read_to_end(&mut contents)?;
    Ok(contents)
}

/// Warns of keys whose new policy leaves nobody who is certain to be able to change it again (S5.4.3).
pub(super) fn warn_of_lockouts(global: &Global, engine: &Engine, changes: &[Change]) {
    if global.quiet {
        return;
    }
    let changed = changes.iter().filter_map(|change| match change {
        Change::KeyPolicy { key, .. } => Some(key.as_str()),
        _ => None,
    });
    let mut keys: Vec<&str> = changed.collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        if let Some(said) = engine.lockout(key).ok().as_ref().and_then(Lockout::warning) {
            remark(&diagnostics::lockout(key, said));
        }
    }
}
