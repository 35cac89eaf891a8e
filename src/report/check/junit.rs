//! Checked assertions -> JUnit XML: a suite for each file, a case for each assertion.

use super::text::{line, place};
use crate::check::{Checked, Verdict};
use crate::report::junit::{self, Case, Failure, Suite, visible, visible_lines};
use crate::report::names::Names;

/// All files. What is undecided or over is a case that was skipped.
#[must_use]
pub fn checked(files: &[(&str, &[Checked<'_>])], names: &Names) -> String {
    let suite = |(file, all): &(&str, &[Checked<'_>])| {
        let cases = all.iter().map(|one| case(file, one, names));
        Suite::new(visible(file), cases.collect())
    };
    junit::xml("keywho check", files.iter().map(suite).collect())
}

fn case(file: &str, checked: &Checked<'_>, names: &Names) -> Case {
    let proof: Vec<String> = checked
        .violations
        .iter()
        .flat_map(|one| [Some(line(one, names)), place(one)])
        .flatten()
        .collect();
    let first = proof.first().map_or("", String::as_str);
    let more = checked.total.saturating_sub(1);
    let message = match more {
        0 => first.to_owned(),
        _ => format!("{first} and {more} more"),
    };
    let skipped = match checked.verdict {
        Verdict::Undecided => Some(format!("undecided: {message}")),
        Verdict::Expired => Some("its time is over".to_owned()),
        Verdict::Passed | Verdict::Failed => None,
    };
    let failure = (checked.verdict == Verdict::Failed).then(|| Failure {
        severity: checked.assertion.severity.name(),
        message: visible(&message),
        text: visible_lines(&proof),
    });
    Case {
        name: visible(&checked.assertion.id),
        class: visible(file),
        failure,
        skipped: skipped.as_deref().map(visible),
    }
}
