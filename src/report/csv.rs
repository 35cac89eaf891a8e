//! Answers -> CSV (RFC 4180) with a fixed header, for spreadsheets.
//!
//! A spreadsheet runs a cell that begins like a formula, and names in a snapshot can be anything: such a cell gets
//! an apostrophe in front.

use super::json::outcome;
use crate::{Access, Decision, GrantRef, Row, StatementRef};
use csv::{Terminator, Writer, WriterBuilder};

const ROW_HEADER: [&str; 9] = [
    "principal",
    "key",
    "action",
    "access",
    "usable",
    "condition",
    "via",
    "rules",
    "sources",
];
const DECISION_HEADER: [&str; 10] = [
    "id", "decision", "layer", "rule", "sources", "residual", "usable", "lockout", "notes", "error",
];

/// Lines in memory: filled record by record, then taken as bytes.
#[derive(Debug)]
pub struct Csv {
    writer: Writer<Vec<u8>>,
}

impl Default for Csv {
    fn default() -> Self {
        Csv {
            writer: WriterBuilder::new()
                .terminator(Terminator::CRLF)
                .from_writer(Vec::new()),
        }
    }
}

impl Csv {
    /// The header of rows.
    pub fn row_header(&mut self) {
        self.record(ROW_HEADER.map(str::to_owned));
    }

    /// One row.
    pub fn row(&mut self, row: &Row) {
        let (access, condition) = match &row.access {
            Access::Always => ("always", String::new()),
            Access::Conditional { condition, .. } => ("conditional", condition.text()),
        };
        let sources = row
            .via
            .iter()
            .flat_map(|via| sources(&via.statements, via.grant.as_ref()));
        self.record([
            row.principal.clone(),
            row.key.clone(),
            row.action.to_string(),
            access.to_owned(),
            row.usable.to_string(),
            condition,
            join(row.via.iter().map(|via| via.path.to_owned())),
            join(row.via.iter().map(|via| via.rule.to_owned())),
            join(sources),
        ]);
    }

    /// The header of decisions.
    pub fn decision_header(&mut self) {
        self.record(DECISION_HEADER.map(str::to_owned));
    }

    /// One decision.
    pub fn decision(&mut self, decision: &Decision) {
        self.record([
            decision.id.clone(),
            outcome(decision.outcome).to_owned(),
            decision.layer.to_owned(),
            decision.rule.to_owned(),
            join(sources(&decision.statements, decision.grant.as_ref())),
            decision
                .residual
                .as_ref()
                .map(|residual| residual.text())
                .unwrap_or_default(),
            decision
                .usable
                .map(|usable| usable.to_string())
                .unwrap_or_default(),
            decision.lockout.unwrap_or_default().to_owned(),
            join(decision.notes.iter().cloned()),
            String::new(),
        ]);
    }

    /// What is said of a request that could not be asked (S6.10).
    pub fn bad_request(&mut self, id: &str, error: &str) {
        self.record([id, "undetermined", "request", "S6.10", "", "", "", "", "", error].map(str::to_owned));
    }

    /// The lines so far.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        // Writing to memory does not fail.
        self.writer.into_inner().unwrap_or_default()
    }

    /// One line, its cells guarded.
    pub(super) fn record<const N: usize>(&mut self, cells: [String; N]) {
        // The number of cells is the header's and memory does not fail, so there is no error to report.
        let _ = self.writer.write_record(cells.map(guard));
    }
}

/// A cell that no spreadsheet takes for a formula.
fn guard(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// Where an answer comes from: `policy "sid" (file:line)` or `grant "name" (file:line)`.
fn sources(statements: &[StatementRef], grant: Option<&GrantRef>) -> Vec<String> {
    let statements = statements.iter().map(|at| {
        let name = at
            .sid
            .as_ref()
            .map_or_else(|| format!("#{}", at.index), |sid| format!("\"{sid}\""));
        format!("{} {name} ({}:{})", at.policy, at.file, at.line)
    });
    let grant = grant.map(|at| {
        let name = if at.name.is_empty() { &at.id } else { &at.name };
        format!("grant \"{name}\" ({}:{})", at.file, at.line)
    });
    statements.chain(grant).collect()
}

pub(super) fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed() {
        let mut csv = Csv::default();
        csv.bad_request("=1+1", "\"quoted\", and\nbroken");
        let text = String::from_utf8(csv.into_bytes()).unwrap();
        assert_eq!(
            text,
            "'=1+1,undetermined,request,S6.10,,,,,,\"\"\"quoted\"\", and\nbroken\"\r\n"
        );
        for cell in ["+1", "-1", "@a", "\ta", "\ra"] {
            assert_eq!(guard(cell.to_owned()), format!("'{cell}"));
        }
        assert_eq!(guard("a=1".to_owned()), "a=1");
    }
}
