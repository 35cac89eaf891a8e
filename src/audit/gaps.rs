//! What a snapshot lacks -> findings, one for each kind of gap (A40).

use super::Finding;
use crate::engine::Engine;
use crate::facts::audited::{AuditFacts, GapId};
use crate::facts::view::View;
use crate::model::action::Action;
use crate::model::finding::fingerprint;
use crate::model::key::Key;
use crate::model::snapshot::{Gap, Snapshot};
use crate::query::bulk::can_perform;
use crate::query::reasons;
use crate::rules::findings::{self, On};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many things of a kind are named.
const NAMED: usize = 3;

/// What gaps have in common: what is missing, how, and what that means.
type Sort<'a> = (&'a str, &'a str, &'a str);

/// One finding for each kind of gap.
pub(super) fn of_snapshot(engine: &Engine, snapshot: &Snapshot) -> Vec<Finding> {
    let rotations = rotations(engine, snapshot);
    let mut sorts: BTreeMap<Sort<'_>, BTreeSet<&Gap>> = BTreeMap::new();
    for gap in snapshot.coverage.gaps.iter().chain(&rotations) {
        let sort = (gap.what, gap.how, gap.effect.as_str());
        sorts.entry(sort).or_default().insert(gap);
    }
    let sorts: Vec<(Sort<'_>, BTreeSet<&Gap>)> = sorts.into_iter().collect();
    let numbers = (0..sorts.len()).filter_map(|at| u32::try_from(at).ok());
    let facts = AuditFacts {
        gap: numbers.map(|number| (GapId(number),)).collect(),
        ..AuditFacts::default()
    };
    let rows = findings::of_each(&facts);
    let found = rows.iter().filter_map(|row| {
        let On::Gap(GapId(number)) = row.on else {
            return None;
        };
        let (sort, gaps) = sorts.get(number as usize)?;
        Some(finding(engine, row, *sort, gaps))
    });
    found.collect()
}

fn finding(
    engine: &Engine,
    row: &findings::FindingRow,
    (what, how, effect): Sort<'_>,
    gaps: &BTreeSet<&Gap>,
) -> Finding {
    let mut names: Vec<&str> = gaps.iter().take(NAMED).map(|gap| gap.of.as_str()).collect();
    let more = gaps.len().saturating_sub(names.len());
    let more = format!("{more} more");
    if gaps.len() > NAMED {
        names.push(&more);
    }
    let rule = row.check.rule();
    let other = format!("{what} {how}: {}; {effect}", names.join(", "));
    let view = View::of(&engine.world);
    let mut places = gaps.iter().map(|gap| reasons::place(view, gap.location));
    let (file, line) = places.find(|(file, _)| !file.is_empty()).unwrap_or_default();
    Finding {
        rule,
        severity: row.severity,
        certain: true,
        message: rule.message.replace("{other}", &other),
        key: None,
        account: None,
        other: None,
        principals: Arc::default(),
        principals_total: 0,
        statements: Vec::new(),
        grants: Vec::new(),
        file,
        line,
        fingerprint: fingerprint(&[rule.id, what, how, effect]),
        accepted: None,
    }
}

/// Keys that KMS could rotate, and of which nobody knows whether it does (A42).
fn rotations(engine: &Engine, snapshot: &Snapshot) -> Vec<Gap> {
    let is_open = |key: &&Key| {
        let id = engine.world.key_ids.get(&key.arn);
        let compiled = id.and_then(|&id| engine.world.key(id));
        let rotates = compiled.is_some_and(|one| can_perform(one, Action::EnableKeyRotation));
        rotates && key.rotation.is_none() && key.aws_managed == Some(false)
    };
    let open = snapshot.keys.iter().filter(is_open);
    open.map(|key| Gap {
        what: "rotation status",
        of: key.arn.clone(),
        how: "missing",
        effect: "whether the keys are rotated is not looked at".to_owned(),
        location: key.location,
    })
    .collect()
}
