//! Answers -> text for people: a heading, a table, and what is not known.

use super::diagnostics::place;
use super::names::{self, Names};
use super::style::{Tone, clean, paint};
use super::table::render;
use crate::model::snapshot::{Coverage, Gap};
use crate::source::Files;
use crate::{Access, Decision, Derivation, GrantRef, Hidden, Outcome, Request, Row, StatementRef};
use std::fmt::Write as _;

/// How text is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Width of the terminal in columns; `None`: no line is wrapped.
    pub width: Option<u16>,
    /// Whether long conditions are shown whole.
    pub wide: bool,
}

/// How many derivations of one row are listed; the others are counted.
const SHOWN_DERIVATIONS: usize = 4;

/// The principals that can perform one action on one key. `action` and `key` are what was asked for.
#[must_use]
pub fn who_can(action: &str, key: &str, rows: &[Row], names: &Names, layout: Layout) -> String {
    let first = rows.first();
    let action = first.map_or_else(|| clean(action), |row| row.action.to_string());
    let key = first.map_or_else(|| clean(key), |row| names.key(&row.key));
    let always = rows
        .iter()
        .filter(|row| matches!(row.access, Access::Always))
        .count();
    let mut text = paint(&format!(
        "{} on {}\n",
        Tone::Strong.words(&action),
        Tone::Strong.words(&key)
    ));
    if rows.is_empty() {
        text.push_str("no principal that the snapshot knows of\n");
        return text;
    }
    let conditional = rows.len() - always;
    let _ = writeln!(
        text,
        "{}: {always} always, {conditional} under conditions\n",
        count(rows.len(), "principal")
    );
    let cells = rows.iter().map(|row| {
        vec![
            names::principal(&row.principal),
            answer(row),
            via(row),
            condition(row, layout),
        ]
    });
    text.push_str(&render(
        &["PRINCIPAL", "ANSWER", "VIA", "CONDITION"],
        cells,
        layout.width,
    ));
    text
}

/// What one principal can do, key by key; actions with the same answer share a line.
#[must_use]
pub fn what_can(principal: &str, rows: &[Row], names: &Names, layout: Layout) -> String {
    let principal = rows.first().map_or(principal, |row| row.principal.as_str());
    let mut text = paint(&format!("{}\n", Tone::Strong.words(&names::principal(principal))));
    if rows.is_empty() {
        text.push_str("no access that the snapshot knows of\n");
        return text;
    }
    let keys: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.key).collect();
    let _ = writeln!(
        text,
        "{} on {}\n",
        count(rows.len(), "action"),
        count(keys.len(), "key")
    );
    let cells = groups(rows).into_iter().map(|(row, actions)| {
        vec![
            names.key(&row.key),
            answer(row),
            actions,
            via(row),
            condition(row, layout),
        ]
    });
    text.push_str(&render(
        &["KEY", "ANSWER", "ACTIONS", "VIA", "CONDITION"],
        cells,
        layout.width,
    ));
    text
}

/// The whole relation; actions with the same answer share a line.
#[must_use]
pub fn matrix(rows: &[Row], names: &Names, layout: Layout) -> String {
    if rows.is_empty() {
        return "no access that the snapshot knows of\n".to_owned();
    }
    let cells = groups(rows).into_iter().map(|(row, actions)| {
        vec![
            names::principal(&row.principal),
            names.key(&row.key),
            answer(row),
            actions,
            via(row),
            condition(row, layout),
        ]
    });
    render(
        &["PRINCIPAL", "KEY", "ANSWER", "ACTIONS", "VIA", "CONDITION"],
        cells,
        layout.width,
    )
}

/// One decision, with all that led to it.
#[must_use]
pub fn decision(request: &Request, decision: &Decision, names: &Names) -> String {
    let (tone, word) = match decision.outcome {
        Outcome::Allowed => (Tone::Good, "allowed"),
        Outcome::ExplicitDeny => (Tone::Bad, "denied by a policy"),
        Outcome::ImplicitDeny => (Tone::Bad, "denied: nothing allows it"),
        Outcome::Undetermined => (Tone::Caution, "undetermined"),
    };
    let (principal, resource) = (names::principal(&request.principal), names.key(&request.resource));
    let mut text = format!(
        "{}  {principal}  {}  {resource}\n",
        tone.words(word),
        clean(&request.action)
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<10} {value}");
    };
    line("layer", decision.layer);
    line("rule", decision.rule);
    for at in &decision.statements {
        line(
            "statement",
            &format!(
                "{} {}  {}:{}",
                names::policy(&at.policy),
                statement(at),
                clean(&at.file),
                at.line
            ),
        );
    }
    if let Some(at) = &decision.grant {
        line(
            "grant",
            &format!("{}  {}:{}", grant(at), clean(&at.file), at.line),
        );
    }
    if let Some(residual) = &decision.residual {
        line("condition", &clean(&residual.text()));
    }
    if decision.usable == Some(false) {
        line(
            "usable",
            "no: the usage, spec or state of the key rules the operation out (S5.5.2, S7.3)",
        );
    }
    if let Some(lockout) = decision.lockout {
        line("lockout", lockout);
    }
    for note in &decision.notes {
        line("note", &clean(note));
    }
    paint(&text)
}

/// What the snapshot holds, what it lacks and what that makes unknown.
#[must_use]
pub fn coverage(coverage: &Coverage, undecided: usize, files: &Files, layout: Layout) -> String {
    let cells = coverage.read.iter().map(|item| {
        let tone = if item.read < item.expected {
            Tone::Caution
        } else {
            Tone::Good
        };
        vec![
            item.what.to_owned(),
            tone.words(&item.read.to_string()),
            item.expected.to_string(),
        ]
    });
    let mut text = render(&["COLLECTION", "READ", "EXPECTED"], cells, layout.width);
    match coverage.gaps.len() {
        0 => text.push_str("\nnothing is missing\n"),
        gaps => {
            let _ = writeln!(text, "\n{}\n", count(gaps, "gap"));
            text.push_str(&gap_table(&coverage.gaps, files, layout));
        }
    }
    if undecided > 0 {
        let _ = writeln!(
            text,
            "\n{} too large to decide: rows that have one stay conditional",
            count(undecided, "condition")
        );
    }
    text
}

/// How many rows are left out, and why; empty if none is.
#[must_use]
pub fn hidden(hidden: Hidden) -> String {
    let parts = [
        (
            hidden.by_context,
            count(hidden.by_context, "row") + " by the context",
        ),
        (hidden.conditional, count(hidden.conditional, "conditional row")),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(rows, text)| (rows > 0).then_some(text))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("\nhidden: {}\n", parts.join(", "))
}

/// The gaps that touch an answer; empty when there is none.
#[must_use]
pub fn unknown(gaps: &[Gap], files: &Files, layout: Layout) -> String {
    if gaps.is_empty() {
        return String::new();
    }
    let heading = paint(&Tone::Caution.words("not known, and therefore not ruled out:"));
    format!("\n{heading}\n{}", gap_table(gaps, files, layout))
}

fn gap_table(gaps: &[Gap], files: &Files, layout: Layout) -> String {
    let cells = gaps.iter().map(|gap| {
        let at = place(gap.location, files)
            .map(|at| format!(" ({at})"))
            .unwrap_or_default();
        vec![
            format!("{} {}", gap.what, clean(&gap.of)),
            format!("{}{at}", Tone::Caution.words(gap.how)),
            clean(&gap.effect),
        ]
    });
    render(&["WHAT", "HOW", "WHAT IT MEANS"], cells, layout.width)
}

/// Rows of one principal and key that differ only by action, as the first of them and the list of actions.
fn groups(rows: &[Row]) -> Vec<(&Row, String)> {
    let mut groups: Vec<(&Row, String, [String; 3])> = Vec::new();
    for row in rows {
        let action = row.action.to_string();
        let action = action.strip_prefix("kms:").unwrap_or(&action);
        let whole = Layout {
            wide: true,
            width: None,
        };
        let shown = [answer(row), via(row), condition(row, whole)];
        // Only groups of the same principal and key can match, and these stand at the end.
        let same = groups
            .iter_mut()
            .rev()
            .take_while(|(first, ..)| first.principal == row.principal && first.key == row.key)
            .find(|(_, _, other)| *other == shown);
        match same {
            Some((_, actions, _)) => {
                actions.push_str(", ");
                actions.push_str(action);
            }
            None => groups.push((row, action.to_owned(), shown)),
        }
    }
    groups
        .into_iter()
        .map(|(row, actions, _)| (row, actions))
        .collect()
}

fn answer(row: &Row) -> String {
    let answer = match row.access {
        Access::Always => Tone::Good.words("always"),
        Access::Conditional { .. } => Tone::Caution.words("conditional"),
    };
    if row.usable {
        answer
    } else {
        format!("{answer} (not usable)")
    }
}

fn condition(row: &Row, layout: Layout) -> String {
    let Access::Conditional { condition, .. } = &row.access else {
        return String::new();
    };
    let text = match layout.wide {
        true => clean(&condition.text()),
        false => clean(&condition.short()),
    };
    if condition.is_undecided() {
        return format!("{text}\n({})", super::json::UNDECIDED);
    }
    text
}

/// The derivations of a row, one a line.
fn via(row: &Row) -> String {
    let mut lines: Vec<_> = row.via.iter().take(SHOWN_DERIVATIONS).map(derivation).collect();
    if row.via.len() > SHOWN_DERIVATIONS {
        lines.push(format!("and {} more", row.via.len() - SHOWN_DERIVATIONS));
    }
    lines.join("\n")
}

/// `key policy "Allow use of the key"`, `delegation "Enable IAM", PaymentsKeyUse "UseByAlias"`, `grant "nightly"`.
pub(super) fn derivation(derivation: &Derivation) -> String {
    if let Some(at) = &derivation.grant {
        return grant(at);
    }
    let sources = derivation.statements.iter().map(|at| match at.policy.as_str() {
        "default" => statement(at),
        policy => format!("{} {}", names::policy(policy), statement(at)),
    });
    let sources: Vec<_> = sources.collect();
    format!("{} {}", derivation.path, sources.join(", "))
        .trim_end()
        .to_owned()
}

/// The `Sid`, or the position where there is none.
pub(super) fn statement(at: &StatementRef) -> String {
    at.sid
        .as_ref()
        .map_or_else(|| format!("#{}", at.index), |sid| format!("\"{}\"", clean(sid)))
}

pub(super) fn grant(at: &GrantRef) -> String {
    if at.name.is_empty() {
        return format!("grant {}", clean(at.id.get(..8).unwrap_or(&at.id)));
    }
    format!("grant \"{}\"", clean(&at.name))
}

fn count(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
