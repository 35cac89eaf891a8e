//! What stands in the way of a refused permission, and the edits that may clear it.

use super::super::findings::Findings;
use super::super::texts::{self, Owner, Text, texts};
use super::super::{Element, Verdict};
use super::edits::{Make, Proposal, Target, Wanted, allow, empty, fitted, narrowed, replace};
use super::sides::entry;
use crate::condition::block::KeyName;
use crate::condition::known::Known;
use crate::facts::id::{Element as Part, Layer, LevelId, StatementId};
use crate::facts::world::Resource;
use crate::policy::document::{PolicyKind, Statement};
use std::sync::Arc;

/// Something that must be cleared, with the sets of edits each of which may do it.
#[derive(Clone, Debug)]
pub(super) struct Blocker {
    pub(super) options: Vec<Vec<Proposal>>,
    /// What there is to say if there are none.
    pub(super) why: String,
}

/// How many near misses of a layer are tried.
pub(super) const NEAR: usize = 6;

impl Findings<'_> {
    /// What stands in the way of this permission; nothing if it is not refused.
    pub(super) fn blockers(mut self) -> Vec<Blocker> {
        use crate::Outcome::{ExplicitDeny, ImplicitDeny};
        let decision = &self.permission.decision;
        if !matches!(decision.outcome, ExplicitDeny | ImplicitDeny) {
            return Vec::new();
        }
        if decision.layer == "feasibility" {
            let action = self.permission.action;
            let why = match decision.rule {
                "S1.1" => "principals and keys of different partitions never meet (S1.1)".to_owned(),
                _ => format!("{action} is not possible across accounts, whatever policies say (S4.2.1)"),
            };
            return vec![Blocker {
                options: Vec::new(),
                why,
            }];
        }
        let mut blockers = self.certain_denies();
        blockers.extend(self.silent_scps());
        blockers.extend(self.silent_endpoint());
        if !self.has_path() {
            blockers.extend(self.no_path());
        }
        blockers.extend(self.low_boundary());
        blockers.extend(self.session_cap());
        blockers
    }

    fn certain_denies(&self) -> Vec<Blocker> {
        let denies = self.layers.denies.iter();
        let certain = denies.filter(|(_, value)| self.weigh_deny(*value) == Verdict::Denies);
        certain.map(|(row, _)| self.deny(row.statement)).collect()
    }

    fn deny(&self, id: StatementId) -> Blocker {
        let case = self.case();
        let wanted = self.wanted(None);
        let mut options = Vec::new();
        let texts = texts(case, id);
        for text in &texts {
            let (Some(statement), Some(at)) = (text.statement(), self.editable(text)) else {
                continue;
            };
            let name = name(text, statement);
            for (new, what) in narrowed(statement, &wanted, text.policy.kind) {
                options.push(vec![replace(text, &at, format!("{what} {name}"), new)]);
            }
            options.push(vec![Proposal {
                what: format!("remove {name}"),
                target: Target::Policy(text.owner.clone(), Arc::clone(&text.policy), at),
                make: Make::Remove(text.at),
            }]);
        }
        // A statement that stands in several texts denies by each of them.
        if texts.len() > 1 {
            options = all_at_once(&options, texts.len());
        }
        let what = texts.first().map(|text| texts::noun(text.policy.kind));
        Blocker {
            options,
            why: format!(
                "{} denies it, and no edit of that can be tried",
                what.unwrap_or("a policy")
            ),
        }
    }

    fn silent_scps(&mut self) -> Vec<Blocker> {
        let silent = |scp| self.weigh(scp) == Verdict::Silent;
        if self.layers.limits.scp.is_none_or(|scp| !silent(scp)) {
            return Vec::new();
        }
        let mut blockers = Vec::new();
        for level in self.levels() {
            let speaking = self.speaking(Layer::Scp, Some(level));
            let value = self.any(&speaking);
            if self.weigh(value) == Verdict::Silent {
                blockers.push(self.silent_scp(level));
            }
        }
        blockers
    }

    fn silent_scp(&self, level: LevelId) -> Blocker {
        let world = self.case().view.world;
        let mut options = self.fitting(Layer::Scp, Some(level));
        let mut names = world.level_ids.iter();
        let target = names.find(|(_, id)| **id == level).map(|(name, _)| name.clone());
        let new = target.map(|target| {
            let id = format!("p-allow-{}", self.permission.action.name().to_lowercase());
            let name = format!("Allow{}", self.permission.action.name());
            vec![Proposal {
                what: format!(
                    "attach an SCP to `{target}` that allows {}",
                    self.permission.action
                ),
                target: Target::Policy(Owner::Guardrail(id), empty(PolicyKind::Scp, name), target),
                make: Make::Add(allow(self.permission.action, "*", None)),
            }]
        });
        options.extend(new);
        Blocker {
            options,
            why: "no SCP of some level allows it (S4.7.1)".to_owned(),
        }
    }

    fn silent_endpoint(&self) -> Option<Blocker> {
        let silent = self
            .layers
            .endpoint
            .is_some_and(|value| self.weigh(value) == Verdict::Silent);
        silent.then(|| Blocker {
            options: Vec::new(),
            why: "the policy of the VPC endpoint must allow it; edits of endpoint policies are not tried"
                .to_owned(),
        })
    }

    /// A boundary that does not let through what others give.
    fn low_boundary(&mut self) -> Option<Blocker> {
        let limit = self.layers.limits.boundary;
        limit.filter(|&limit| self.weigh(limit) == Verdict::Silent)?;
        if self
            .layers
            .paths
            .iter()
            .any(|path| self.weigh(path.limited) != Verdict::Silent)
        {
            return None;
        }
        let mut options = self.fitting(Layer::Boundary, None);
        let boundary = self.case().principal.boundary;
        let written = self.case().principal.written.iter();
        let mut own = written.filter(|one| Some(one.policy) == boundary);
        if let Some(own) = own.next().filter(|one| !by_aws(&one.text.name)) {
            let resource = self.resource();
            let action = self.permission.action;
            options.push(vec![Proposal {
                what: format!("let the boundary through {action} on `{resource}`"),
                target: Target::Policy(
                    Owner::Managed(own.text.name.clone()),
                    Arc::clone(&own.text),
                    String::new(),
                ),
                make: Make::Add(allow(action, &resource, None)),
            }]);
        }
        // Some paths are not limited by it: the way through may be one of those.
        options.push(Vec::new());
        Some(Blocker {
            options,
            why: "the permissions boundary does not allow it (S4.5.1)".to_owned(),
        })
    }

    fn session_cap(&mut self) -> Option<Blocker> {
        let required = self.layers.limits.session_required;
        let limit = required.or(self.layers.limits.session)?;
        if self.weigh(limit) != Verdict::Silent || !self.has_path() {
            return None;
        }
        let passes = |path: &crate::cells::PathValue| self.weigh(path.limited) != Verdict::Silent;
        if self.layers.paths.iter().any(passes) {
            return None;
        }
        let direct = self.new_in_key_policy(self.session_entry(), "name the session");
        Some(Blocker {
            options: direct.into_iter().collect(),
            why: "the session policy must allow it: pass another one when the session is made (S4.5.1)"
                .to_owned(),
        })
    }

    /// Near misses of a layer, made to fit.
    pub(super) fn fitting(&self, layer: Layer, level: Option<LevelId>) -> Vec<Vec<Proposal>> {
        self.fits(self.near(layer, level).into_iter().take(NEAR), level)
    }

    pub(super) fn fits(
        &self,
        near: impl Iterator<Item = (StatementId, Part)>,
        level: Option<LevelId>,
    ) -> Vec<Vec<Proposal>> {
        let mut options = Vec::new();
        for (id, part) in near {
            for text in texts(self.case(), id) {
                let (Some(statement), Some(at)) = (text.statement(), self.editable_at(&text, level)) else {
                    continue;
                };
                let Some(element) = texts::element(Some(statement), part) else {
                    continue;
                };
                let name = name(&text, statement);
                let wanted = self.wanted_in(&element, text.policy.kind);
                for (new, what) in fitted(statement, &element, &wanted) {
                    options.push(vec![replace(&text, &at, format!("{what} {name}"), new)]);
                }
            }
        }
        options
    }

    pub(super) fn resource(&self) -> String {
        match self.case().key.kind {
            Resource::Nothing => "*".to_owned(),
            _ => self.case().key.arn.clone(),
        }
    }

    fn wanted(&self, element: Option<&Element>) -> Wanted {
        let values = match element {
            Some(Element::Condition { key, .. }) => {
                match self.case().known(&KeyName::new(key).name, self.permission.action) {
                    Known::Is(values) => values,
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        Wanted {
            action: self.permission.action,
            resource: self.resource(),
            principal: entry(self.case().principal),
            values,
        }
    }

    fn wanted_in(&self, element: &Element, kind: PolicyKind) -> Wanted {
        let mut wanted = self.wanted(Some(element));
        if matches!(kind, PolicyKind::Key | PolicyKind::Scp | PolicyKind::Endpoint) {
            wanted.resource = "*".into();
        }
        wanted
    }

    /// Where a policy is attached, if an edit of it can be tried.
    fn editable(&self, text: &Text) -> Option<String> {
        self.editable_at(text, None)
    }

    fn editable_at(&self, text: &Text, level: Option<LevelId>) -> Option<String> {
        let case = self.case();
        match &text.owner {
            Owner::Key(_) => (!case.key.aws_managed && text.policy.name == "default").then(String::new),
            Owner::Inline(_) => (!case.principal.service_linked).then(String::new),
            Owner::Managed(arn) => (!by_aws(arn)).then(String::new),
            Owner::Guardrail(id) => {
                let world = case.view.world;
                let mut targets = world.attachments.iter().filter(|(target, attached)| {
                    let here = level.is_none_or(|level| world.level_ids.get(*target) == Some(&level));
                    here && attached.contains(id)
                });
                targets
                    .next()
                    .map(|(target, _)| target.clone())
                    .filter(|_| !is_default(id))
            }
            Owner::Other => None,
        }
    }
}

/// Whether a managed policy is AWS's own, which nobody can edit.
fn by_aws(arn: &str) -> bool {
    arn.contains(":iam::aws:")
}

/// Whether an SCP or RCP is AWS's own.
fn is_default(id: &str) -> bool {
    matches!(id, "p-FullAWSAccess" | "p-RCPFullAWSAccess")
}

/// What people call a statement.
fn name(text: &Text, statement: &Statement) -> String {
    let policy = match &text.owner {
        Owner::Key(_) => "the key policy".to_owned(),
        _ => {
            let last = text.policy.name.rsplit('/').next().unwrap_or(&text.policy.name);
            format!("`{last}`")
        }
    };
    match &statement.sid {
        Some(sid) => format!("statement \"{sid}\" of {policy}"),
        None => format!("statement {} of {policy}", statement.index),
    }
}

/// One edit of each of several texts that say the same.
fn all_at_once(options: &[Vec<Proposal>], texts: usize) -> Vec<Vec<Proposal>> {
    let ways = options.len() / texts.max(1);
    (0..ways)
        .map(|way| {
            options
                .iter()
                .skip(way)
                .step_by(ways.max(1))
                .flatten()
                .cloned()
                .collect()
        })
        .collect()
}
