//! Checked assertions -> text for people: a line for each, and what breaks those that do not hold.

use crate::answer::Access;
use crate::check::{Checked, Verdict, Violation};
use crate::report::names::{self, Names};
use crate::report::style::{Tone, clean, paint};
use crate::report::text::derivation;
use std::fmt::Write as _;

/// How many violations of one assertion are listed; the others are counted.
const SHOWN: usize = 10;

/// A line for each assertion, with the rows that break it, and how many came out how.
#[must_use]
pub fn checked(all: &[Checked<'_>], names: &Names) -> String {
    let mut text = String::new();
    for one in all {
        let (tone, word) = match one.verdict {
            Verdict::Passed => (Tone::Good, "ok"),
            Verdict::Failed => (Tone::Bad, "FAIL"),
            Verdict::Undecided => (Tone::Caution, "?"),
            Verdict::Expired => (Tone::Caution, "over"),
        };
        let _ = write!(
            text,
            "{}  {}",
            tone.words(&format!("{word:<4}")),
            clean(&one.assertion.id)
        );
        if let Some(reason) = &one.assertion.reason {
            let _ = write!(text, "  ({})", clean(reason));
        }
        if let Some(note) = &one.note {
            let _ = write!(text, "  {note}");
        }
        text.push('\n');
        for violation in one.violations.iter().take(SHOWN) {
            let _ = writeln!(text, "      {}", line(violation, names));
            if let Some(place) = place(violation) {
                let _ = writeln!(text, "        {place}");
            }
        }
        let more = one.total.saturating_sub(SHOWN);
        if more > 0 {
            let _ = writeln!(text, "      and {more} more");
        }
    }
    let count = |verdict: Verdict| all.iter().filter(|one| one.verdict == verdict).count();
    let _ = write!(
        text,
        "{} failed, {} passed, {} undecided",
        count(Verdict::Failed),
        count(Verdict::Passed),
        count(Verdict::Undecided)
    );
    match count(Verdict::Expired) {
        0 => text.push('\n'),
        over => {
            let _ = writeln!(text, ", {over} over");
        }
    }
    paint(&text)
}

/// Who, what and on which key, and why that breaks the assertion.
#[must_use]
pub fn line(violation: &Violation, names: &Names) -> String {
    let key = names.key(&violation.key);
    let why = clean(&violation.why);
    let Some(principal) = &violation.principal else {
        return format!("{key}: {}: {why}", violation.actions);
    };
    let condition = match &violation.access {
        Some(Access::Conditional { condition, .. }) => format!(" if {}", clean(&condition.short())),
        _ => String::new(),
    };
    let unknown = if violation.uncertain { " (not known)" } else { "" };
    let who = names::principal(principal);
    format!("{key}: {who} {why}: {}{condition}{unknown}", violation.actions)
}

/// Where the access comes from: the first way, with its rule, file and line.
#[must_use]
pub fn place(violation: &Violation) -> Option<String> {
    let via = violation.via.first()?;
    let grant = via.grant.as_ref().map(|grant| (grant.file.as_str(), grant.line));
    let statement = via.statements.first().map(|one| (one.file.as_str(), one.line));
    let (file, line) = statement.or(grant)?;
    Some(format!(
        "by {} ({}), {}:{line}",
        derivation(via),
        via.rule,
        clean(file)
    ))
}
