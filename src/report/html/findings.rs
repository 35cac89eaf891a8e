//! Findings -> their section, and what the page opens with.

use super::relation::Relation;
use crate::Finding;
use crate::model::finding::Severity;
use crate::report::audit::groups::{self, Group};
use crate::report::audit::{Report, evidence, holding};
use crate::report::style::clean;
use ahash::AHashMap;
use serde::Serialize;

/// Rules about access from outside of the organization, rules about other accounts, and the rule about keys that nobody can manage.
const OUTSIDE: [&str; 4] = ["A1", "A2", "A6", "A48"];
const OTHER_ACCOUNTS: [&str; 3] = ["A5", "A7", "A14"];
const UNMANAGEABLE: [&str; 1] = ["A20"];

/// How many principals or places of a finding are listed; the others are counted.
const LISTED: usize = 20;

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
}

#[derive(Serialize)]
struct OneGroup {
    keys: Vec<About>,
    message: String,
    certain: bool,
    accepted: Option<String>,
    who: Vec<String>,
    who_more: usize,
    by: Vec<(String, Option<String>)>,
    by_more: usize,
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
pub(super) fn all(report: &Report<'_>, places: &AHashMap<String, usize>) -> Vec<OfRule> {
    let open = groups::by_rule(report.open());
    let accepted = groups::by_rule(report.findings.iter().filter(|one| one.accepted.is_some()));
    let each = open.into_iter().chain(accepted).map(|of_rule| OfRule {
        id: of_rule.rule.id,
        title: of_rule.rule.title,
        severity: of_rule.severity.name(),
        why: of_rule.rule.why,
        fix: of_rule.rule.fix,
        source: of_rule.rule.source,
        count: of_rule.groups.iter().map(|group| group.all.len()).sum(),
        groups: of_rule
            .groups
            .iter()
            .map(|group| one_group(report, group, places))
            .collect(),
    });
    each.collect()
}

fn one_group(report: &Report<'_>, group: &Group<'_>, places: &AHashMap<String, usize>) -> OneGroup {
    let finding = group.first;
    let by = evidence(finding);
    let about = group.all.iter().map(|one| About {
        name: clean(&report.about(one)),
        key: one.key.as_ref().and_then(|arn| places.get(arn).copied()),
    });
    OneGroup {
        keys: about.collect(),
        message: clean(&finding.message),
        certain: finding.certain,
        accepted: finding.accepted.as_ref().map(|accepted| clean(&accepted.reason)),
        who: finding.principals.iter().take(LISTED).map(holding).collect(),
        who_more: finding
            .principals_total
            .saturating_sub(finding.principals.len().min(LISTED)),
        by_more: by.len().saturating_sub(LISTED),
        by: by
            .into_iter()
            .take(LISTED)
            .map(|(name, at)| (name, at.as_deref().map(clean)))
            .collect(),
    }
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
                title: finding.rule.title,
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
    title: &'static str,
}
