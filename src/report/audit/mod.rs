//! Findings -> text for people and reports for programs. A file for each format; what they have in common is here.

pub mod baseline;
pub mod csv;
pub(super) mod groups;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod rules;
pub mod sarif;
pub mod text;

use super::names::{self, Names};
use crate::StatementRef;
use crate::audit::{Finding, Holding};
use crate::model::finding::Severity;
use crate::model::snapshot::Gap;
use crate::source::Files;

/// What the reports of one audit are made from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Worst first; accepted ones among them, those of the baseline not.
    pub findings: &'a [Finding],
    /// How many findings are left out because the baseline has them.
    pub known: usize,
    /// Findings of this severity or a worse one fail the audit, unless they are accepted.
    pub fail_on: Severity,
    /// Short names of keys.
    pub names: &'a Names,
    /// What the snapshot lacks.
    pub gaps: &'a [Gap],
    /// Names of the files of the snapshot.
    pub files: &'a Files,
}

impl<'a> Report<'a> {
    /// The findings that nobody has accepted.
    pub fn open(&self) -> impl Iterator<Item = &'a Finding> + Clone + use<'a> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// Whether a finding fails the audit.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.accepted.is_none() && finding.severity >= self.fail_on
    }

    /// `7 findings: 1 critical, 6 low; 2 accepted, 3 in the baseline`.
    #[must_use]
    pub fn verdict(&self) -> String {
        let open = self.open().count();
        let by_severity = Severity::ALL.iter().rev().filter_map(|&severity| {
            let count = self.open().filter(|one| one.severity == severity).count();
            (count > 0).then(|| format!("{count} {severity}"))
        });
        let by_severity: Vec<_> = by_severity.collect();
        let mut text = match open {
            0 => "no findings".to_owned(),
            _ => format!("{}: {}", counted(open, "finding"), by_severity.join(", ")),
        };
        let aside = [
            (self.findings.len() - open, "accepted"),
            (self.known, "in the baseline"),
        ];
        let aside = aside.iter().filter(|(count, _)| *count > 0);
        let aside: Vec<_> = aside.map(|(count, what)| format!("{count} {what}")).collect();
        if !aside.is_empty() {
            text.push_str(&format!("; {}", aside.join(", ")));
        }
        text
    }

    /// What a finding is about, by its short name: a key, or an account.
    pub(super) fn about(&self, finding: &Finding) -> String {
        match (&finding.key, &finding.account) {
            (Some(arn), _) => self.names.key(arn),
            (None, Some(account)) => format!("account {account}"),
            (None, None) => "the organization".to_owned(),
        }
    }
}

/// `1 finding`, `2 findings`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// `role/app (111111111111) if aws:SourceIp is ..`.
pub(super) fn holding(holding: &Holding) -> String {
    let who = names::principal(&holding.principal);
    match &holding.condition {
        Some(condition) => format!("{who} if {}", super::style::clean(condition)),
        None => who,
    }
}

/// `"AllowUse" of the key policy`, `#2 of policy ReadOnly`.
fn statement(statement: &StatementRef) -> String {
    let of = match statement.policy.as_str() {
        "default" => "the key policy".to_owned(),
        policy => format!("policy {}", names::policy(policy)),
    };
    format!("{} of {of}", super::text::statement(statement))
}

/// What a finding rests on: what it is, file and line; the file is empty for what was assumed.
fn evidence_places(finding: &Finding) -> impl Iterator<Item = (String, &str, u32)> {
    let statements = finding.statements.iter();
    let statements = statements.map(|at| (statement(at), at.file.as_str(), at.line));
    let grants = finding.grants.iter();
    let grants = grants.map(|at| (super::text::grant(at), at.file.as_str(), at.line));
    statements.chain(grants)
}

/// What a finding rests on, each with its place, if it stands in a file.
pub(super) fn evidence(finding: &Finding) -> Vec<(String, Option<String>)> {
    let place = |file: &str, line: u32| (!file.is_empty()).then(|| format!("{file}:{line}"));
    let mut all: Vec<_> = evidence_places(finding)
        .map(|(name, file, line)| (name, place(file, line)))
        .collect();
    if all.is_empty() {
        all.extend(place(&finding.file, finding.line).map(|at| ("see".to_owned(), Some(at))));
    }
    all
}
