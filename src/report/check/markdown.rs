//! Checked assertions -> Markdown, for the comment of a pull request.

use super::text::{line, place};
use crate::check::{Checked, Verdict};
use crate::report::audit::markdown::{LIMIT, escape};
use crate::report::names::Names;
use std::fmt::Write as _;

/// A verdict, a table of what does not hold, and the proofs; what does not fit is counted at the end.
#[must_use]
pub fn checked(all: &[Checked<'_>], names: &Names) -> String {
    let count = |verdict: Verdict| all.iter().filter(|one| one.verdict == verdict).count();
    let mut text = format!(
        "### keywho check: {} failed, {} passed, {} undecided\n",
        count(Verdict::Failed),
        count(Verdict::Passed),
        count(Verdict::Undecided)
    );
    let mut open: Vec<&Checked<'_>> = all.iter().filter(|one| one.verdict != Verdict::Passed).collect();
    open.sort_by_key(|one| {
        (
            one.verdict != Verdict::Failed,
            std::cmp::Reverse(one.assertion.severity),
        )
    });
    // Room for the line that counts what is left out.
    let room = LIMIT - 200;
    let mut length = text.chars().count();
    let mut left_out = 0;
    for one in open {
        let said = section(one, names);
        let more = said.chars().count();
        if left_out == 0 && length + more < room {
            text.push_str(&said);
            length += more;
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n**{left_out} more assertions** are left out here for want of room."
        );
    }
    text
}

fn section(checked: &Checked<'_>, names: &Names) -> String {
    let assertion = checked.assertion;
    let reason = assertion
        .reason
        .as_ref()
        .map(|reason| format!(": {}", escape(reason)));
    let mut text = format!(
        "\n- **{}** ({}, {}){}\n",
        escape(&assertion.id),
        checked.verdict.name(),
        assertion.severity,
        reason.unwrap_or_default()
    );
    if let Some(note) = &checked.note {
        let _ = writeln!(text, "  {}", escape(note));
    }
    if checked.total == 0 {
        return text;
    }
    let _ = writeln!(
        text,
        "  <details><summary>{} of the relation break it</summary><ul>",
        rows(checked.total)
    );
    for violation in &checked.violations {
        let place = place(violation).map(|place| format!("<br><code>{}</code>", escape(&place)));
        let _ = writeln!(
            text,
            "  <li>{}{}</li>",
            escape(&line(violation, names)),
            place.unwrap_or_default()
        );
    }
    let more = checked.total.saturating_sub(checked.violations.len());
    if more > 0 {
        let _ = writeln!(text, "  <li>and {more} more</li>");
    }
    text.push_str("  </ul></details>\n");
    text
}

fn rows(count: usize) -> String {
    match count {
        1 => "1 row".to_owned(),
        _ => format!("{count} rows"),
    }
}
