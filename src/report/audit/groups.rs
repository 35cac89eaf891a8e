//! Findings -> groups that say the same of several keys, so that a page for people says it once.

use crate::Finding;
use crate::audit::Rule;
use crate::model::finding::Severity;
use ahash::AHashMap;

/// Findings that differ only by what they are about.
pub(in crate::report) struct Group<'a> {
    pub(in crate::report) first: &'a Finding,
    /// All of them, the first included.
    pub(in crate::report) all: Vec<&'a Finding>,
}

/// All findings of one rule and one severity.
pub(in crate::report) struct OfRule<'a> {
    pub(in crate::report) rule: &'static Rule,
    pub(in crate::report) severity: Severity,
    pub(in crate::report) groups: Vec<Group<'a>>,
}

/// Groups findings, which come sorted by severity and rule; the order stays that of the first of each group.
pub(in crate::report) fn by_rule<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<OfRule<'a>> {
    let findings: Vec<_> = findings.collect();
    let of_rule = findings.chunk_by(|a, b| (a.rule.id, a.severity) == (b.rule.id, b.severity));
    let sections = of_rule.filter_map(|of_rule| {
        let first = of_rule.first()?;
        Some(OfRule {
            rule: first.rule,
            severity: first.severity,
            groups: alike(of_rule),
        })
    });
    sections.collect()
}

fn alike<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known: AHashMap<Said<'a>, usize> = AHashMap::new();
    for &finding in findings {
        let at = *known.entry(said(finding)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.all.push(finding),
            None => groups.push(Group {
                first: finding,
                all: vec![finding],
            }),
        }
    }
    groups
}

/// What a finding says, apart from what it is about.
type Said<'a> = (
    &'a str,
    bool,
    Vec<(&'a str, Option<&'a str>)>,
    Vec<Option<&'a str>>,
);

fn said(finding: &Finding) -> Said<'_> {
    let principals = finding.principals.iter();
    let principals = principals.map(|one| (one.principal.as_str(), one.condition.as_deref()));
    let sids = finding.statements.iter().map(|one| one.sid.as_deref());
    (
        &finding.message,
        finding.certain,
        principals.collect(),
        sids.collect(),
    )
}
