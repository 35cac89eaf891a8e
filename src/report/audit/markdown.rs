//! Findings -> Markdown, for the comment of a pull request.
//!
//! Names in a snapshot can be anything: whatever has a meaning in Markdown or HTML is written as a character reference,
//! so that it is shown and neither formats, links nor mentions anybody.

use super::groups::{self, Group, OfRule};
use super::{Report, counted, evidence, holding};
use std::fmt::Write as _;

/// GitHub refuses comments of this many characters.
pub const LIMIT: usize = 65_536;

/// How many principals, keys or places of a group are listed; the others are counted.
const LISTED: usize = 10;

/// A verdict, then a section for each rule; what does not fit is counted at the end.
#[must_use]
pub fn findings(report: &Report<'_>) -> String {
    let mut text = format!("### keywho audit: {}\n", report.verdict());
    // Room for the line that counts what is left out.
    let room = LIMIT - 200;
    let mut length = text.chars().count();
    let mut left_out = 0;
    for of_rule in groups::by_rule(report.open()) {
        let mut heading = Some(heading(&of_rule));
        for group in &of_rule.groups {
            let said = heading.clone().unwrap_or_default() + &one_group(report, group);
            let more = said.chars().count();
            if left_out == 0 && length + more < room {
                text.push_str(&said);
                length += more;
                heading = None;
            } else {
                left_out += group.all.len();
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n**{} left out here** for want of room; `--format json` and `--format html` have all.",
            counted(left_out, "finding")
        );
    }
    text
}

fn heading(of_rule: &OfRule<'_>) -> String {
    let OfRule { rule, severity, .. } = of_rule;
    format!(
        "\n#### {} {} {}\n\n{} *Fix:* {}\n\n",
        severity.name().to_uppercase(),
        rule.id,
        escape(rule.title),
        escape(rule.why),
        escape(rule.fix)
    )
}

fn one_group(report: &Report<'_>, group: &Group<'_>) -> String {
    let finding = group.first;
    let sure = if finding.certain { "" } else { " (not certain)" };
    let about: Vec<String> = group.all.iter().map(|one| report.about(one)).collect();
    let mut text = match about.as_slice() {
        [one] => format!("- **{}**: {}{sure}\n", escape(one), escape(&finding.message)),
        several => format!(
            "- **{} keys**: {}{sure}\n",
            several.len(),
            escape(&finding.message)
        ),
    };
    text.push_str("  <details><summary>evidence</summary><ul>\n");
    if about.len() > 1 {
        items(
            &mut text,
            about.len(),
            about.iter().map(|one| format!("on {}", escape(one))),
        );
    }
    let principals = finding.principals.iter().map(|one| escape(&holding(one)));
    items(&mut text, finding.principals_total, principals);
    let all = evidence(finding);
    let places = all.iter().map(|(name, at)| match at {
        Some(at) => format!("{} <code>{}</code>", escape(name), escape(at)),
        None => escape(name),
    });
    items(&mut text, all.len(), places);
    text.push_str("  </ul></details>\n");
    text
}

fn items(text: &mut String, total: usize, items: impl Iterator<Item = String>) {
    let mut shown = 0;
    for item in items.take(LISTED) {
        let _ = writeln!(text, "  <li>{item}</li>");
        shown += 1;
    }
    if let more @ 1.. = total.saturating_sub(shown) {
        let _ = writeln!(text, "  <li>and {more} more</li>");
    }
}

/// Text that Markdown and HTML show as it is.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in crate::report::style::clean(text).chars() {
        match c {
            '&' | '<' | '>' | '"' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '\\' | '@' | '#' | '!'
            | '$' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            // A bare address becomes a link.
            ':' if escaped.ends_with("http") || escaped.ends_with("https") => escaped.push_str("&#58;"),
            'w' if escaped.ends_with("ww") => escaped.push_str("&#119;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_snapshot_has_a_meaning() {
        assert_eq!(
            escape("<b>|`*_[x](https://e) @team #1\n"),
            "&#60;b&#62;&#124;&#96;&#42;&#95;&#91;x&#93;(https&#58;//e) &#64;team &#35;1&#92;n"
        );
    }
}
