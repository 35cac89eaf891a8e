//! Findings -> their section, and what the page opens with.

use super::Budget;
use super::relation::Relation;
use super::sources::Sources;
use crate::Finding;
use crate::model::finding::Severity;
use crate::report::audit::groups::{self, Group};
use crate::report::audit::{Report, holding, statement};
use crate::report::style::clean;
use ahash::AHashMap;
use serde::Serialize;

/// Rules about access from outside of the organization, rules about other accounts, and the rule about keys that nobody can manage.
const OUTSIDE: [&str; 4] = ["A1", "A2", "A6", "A48"];
const OTHER_ACCOUNTS: [&str; 3] = ["A5", "A7", "A14"];
const UNMANAGEABLE: [&str; 1] = ["A20"];

/// How many findings, or groups of them, are told in full: these are shared among the rules.
const SHOWN: usize = 80;

/// Findings of one rule and severity.
#[derive(Serialize)]
pub(super) struct OfRule {
    id: &'static str,
    title: &'static str,
    severity: &'static str,
    why: &'static str,
    fix: &'static str,
    source: &'static str,
    count: usize,
    groups: Vec<OneGroup>,
    /// What further findings are about, each with principals of its own.
    others: Vec<About>,
}

#[derive(Serialize)]
struct OneGroup {
    keys: Vec<About>,
    message: String,
    certain: bool,
    accepted: Option<String>,
    who: Vec<String>,
    who_more: usize,
    by: Vec<By>,
    by_more: usize,
}

/// A statement or grant that a finding rests on.
#[derive(Serialize)]
struct By {
    name: String,
    /// The number of a statement outside of key policies; others have a place of their own.
    source: Option<usize>,
    at: Option<String>,
}

#[derive(Serialize)]
struct About {
    name: String,
    /// The key's place among all.
    key: Option<usize>,
}

/// What the page opens with.
#[derive(Serialize)]
pub(super) struct Overview {
    /// By severity, worst first.
    severities: Vec<(&'static str, usize)>,
    outside: Vec<KeyFinding>,
    other_accounts: Vec<KeyFinding>,
    unmanageable: Vec<KeyFinding>,
}

/// A key that the overview names, with the worst severity of why.
#[derive(Serialize)]
struct KeyFinding {
    key: usize,
    severity: &'static str,
}

/// All findings, accepted ones last.
pub(super) fn all(
    report: &Report<'_>,
    places: &AHashMap<String, usize>,
    sources: &mut Sources,
    budget: Budget,
) -> Vec<OfRule> {
    let open = groups::by_rule(report.open());
    let accepted = groups::by_rule(report.findings.iter().filter(|one| one.accepted.is_some()));
    let sections: Vec<_> = open.into_iter().chain(accepted).collect();
    let shown = (SHOWN / sections.len().max(1)).clamp(5, 100);
    let each = sections.iter().map(|of_rule| {
        let (whole, others) = of_rule.groups.split_at(shown.min(of_rule.groups.len()));
        OfRule {
            id: of_rule.rule.id,
            title: of_rule.rule.title,
            severity: of_rule.severity.name(),
            why: of_rule.rule.why,
            fix: of_rule.rule.fix,
            source: of_rule.rule.source,
            count: of_rule.groups.iter().map(|group| group.all.len()).sum(),
            groups: whole
                .iter()
                .map(|group| one_group(report, group, places, sources, budget.evidence))
                .collect(),
            others: others
                .iter()
                .flat_map(|group| &group.all)
                .map(|one| about(report, one, places))
                .collect(),
        }
    });
    each.collect()
}

fn about(report: &Report<'_>, finding: &Finding, places: &AHashMap<String, usize>) -> About {
    About {
        name: clean(&report.about(finding)),
        key: finding.key.as_ref().and_then(|arn| places.get(arn).copied()),
    }
}

fn one_group(
    report: &Report<'_>,
    group: &Group<'_>,
    places: &AHashMap<String, usize>,
    sources: &mut Sources,
    most: usize,
) -> OneGroup {
    let finding = group.first;
    let by = by(finding, sources);
    OneGroup {
        keys: group.all.iter().map(|one| about(report, one, places)).collect(),
        message: clean(&finding.message),
        certain: finding.certain,
        accepted: finding.accepted.as_ref().map(|accepted| clean(&accepted.reason)),
        who: finding.principals.iter().take(most).map(holding).collect(),
        who_more: finding
            .principals_total
            .saturating_sub(finding.principals.len().min(most)),
        by_more: by.len().saturating_sub(most),
        by: by.into_iter().take(most).collect(),
    }
}

/// What a finding rests on, the key's own first.
fn by(finding: &Finding, sources: &mut Sources) -> Vec<By> {
    let place = |file: &str, line: u32| (!file.is_empty()).then(|| clean(&format!("{file}:{line}")));
    let statements = finding.statements.iter().map(|at| {
        let is_own = matches!(at.policy.as_str(), "default" | "AWS_RAM");
        By {
            name: statement(at),
            source: (!is_own).then(|| sources.number(at)),
            at: place(&at.file, at.line).filter(|_| is_own),
        }
    });
    let mut by: Vec<By> = statements.collect();
    by.extend(finding.grants.iter().map(|at| By {
        name: crate::report::text::grant(at),
        source: None,
        at: place(&at.file, at.line),
    }));
    by.sort_by_key(|one| one.source.is_some());
    if by.is_empty() {
        by.extend(place(&finding.file, finding.line).map(|at| By {
            name: "see".to_owned(),
            source: None,
            at: Some(at),
        }));
    }
    by
}

/// What the page opens with; `all` are the findings before any selection.
pub(super) fn overview(report: &Report<'_>, all: &[Finding], places: &AHashMap<String, usize>) -> Overview {
    let severities = Severity::ALL.iter().rev().map(|&severity| {
        let count = report.open().filter(|one| one.severity == severity).count();
        (severity.name(), count)
    });
    Overview {
        severities: severities.collect(),
        outside: keys(all, &OUTSIDE, places),
        other_accounts: keys(all, &OTHER_ACCOUNTS, places),
        unmanageable: keys(all, &UNMANAGEABLE, places),
    }
}

/// Keys with findings of some rules, worst first. What is only to be known is no access.
fn keys(all: &[Finding], rules: &[&str], places: &AHashMap<String, usize>) -> Vec<KeyFinding> {
    let mut seen = ahash::AHashSet::new();
    let of_rules = all
        .iter()
        .filter(|one| rules.contains(&one.rule.id) && one.severity > Severity::Info);
    let keys = of_rules.filter_map(|one| {
        let key = *places.get(one.key.as_ref()?)?;
        seen.insert(key).then_some(KeyFinding {
            key,
            severity: one.severity.name(),
        })
    });
    keys.collect()
}

/// By key: the findings that are not accepted, as rule, severity and title.
pub(super) fn by_key(
    report: &Report<'_>,
    sections: &[OfRule],
    relation: &Relation<'_>,
    places: &AHashMap<String, usize>,
) -> Vec<Vec<Mark>> {
    let mut by_key: Vec<Vec<Mark>> = relation.keys.iter().map(|_| Vec::new()).collect();
    for finding in report.open() {
        let place = finding.key.as_ref().and_then(|arn| places.get(arn));
        let Some(marks) = place.and_then(|&place| by_key.get_mut(place)) else {
            continue;
        };
        if !marks.iter().any(|mark| mark.id == finding.rule.id) {
            marks.push(Mark {
                id: finding.rule.id,
                severity: finding.severity.name(),
                section: sections
                    .iter()
                    .position(|of| of.id == finding.rule.id && of.severity == finding.severity.name()),
            });
        }
    }
    by_key
}

/// A finding as a key's section names it.
#[derive(Serialize)]
pub(super) struct Mark {
    id: &'static str,
    severity: &'static str,
    /// The place of its section.
    section: Option<usize>,
}
