//! Policy texts -> what they let their holders do to IAM.

use crate::facts::audited::Sure;
use crate::facts::id::StatementId;
use crate::facts::world::{Principal, Written};
use crate::pattern::{glob, glob_ignore_case};
use crate::policy::document::{Effect, Patterns, Statement};
use ahash::AHashMap;
use std::sync::Arc;

/// What somebody does to IAM to come to access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lever {
    /// Gives a user policies.
    OwnUser,
    /// Gives a role policies.
    OwnRole,
    /// Gives a group policies.
    OwnGroup,
    /// Changes a managed policy.
    OwnPolicy,
    /// Changes a trust policy.
    Trust,
    /// Passes a role to a service.
    Pass,
    /// Assumes a role.
    Assume,
}

/// The actions that pull a lever. Which policy is attached may be limited by a condition, as is what a policy was before.
const ACTIONS: [(&str, Lever); 11] = [
    ("iam:PutUserPolicy", Lever::OwnUser),
    ("iam:AttachUserPolicy", Lever::OwnUser),
    ("iam:PutRolePolicy", Lever::OwnRole),
    ("iam:AttachRolePolicy", Lever::OwnRole),
    ("iam:PutGroupPolicy", Lever::OwnGroup),
    ("iam:AttachGroupPolicy", Lever::OwnGroup),
    ("iam:CreatePolicyVersion", Lever::OwnPolicy),
    ("iam:SetDefaultPolicyVersion", Lever::OwnPolicy),
    ("iam:UpdateAssumeRolePolicy", Lever::Trust),
    ("iam:PassRole", Lever::Pass),
    ("sts:AssumeRole", Lever::Assume),
];

/// That of `iam:SetDefaultPolicyVersion`: only to a version that is there already.
const ONLY_BACK: usize = 7;

impl Lever {
    /// All of them.
    pub(super) const ALL: &'static [Lever] = &[
        Lever::OwnUser,
        Lever::OwnRole,
        Lever::OwnGroup,
        Lever::OwnPolicy,
        Lever::Trust,
        Lever::Pass,
        Lever::Assume,
    ];
}

/// One statement, as far as it is about these actions.
struct Power {
    denies: bool,
    /// By position in [`ACTIONS`].
    actions: Vec<usize>,
    /// `None`: not known, so any.
    resources: Option<Patterns>,
    /// Without conditions, and understood.
    sure: Sure,
    /// Its position in the document.
    at: usize,
}

/// Texts that were read.
#[derive(Default)]
pub(super) struct Read {
    known: AHashMap<usize, Arc<[Power]>>,
}

/// A text: its address, what it says, and the ids of its statements.
type Held = (usize, Arc<[Power]>, Arc<[StatementId]>);

/// The texts that somebody holds.
pub(super) struct Texts {
    held: Vec<Held>,
    boundary: Option<(usize, Arc<[Power]>)>,
}

impl Read {
    /// The texts of a principal that are about IAM, and its boundary.
    pub(super) fn texts(&mut self, principal: &Principal) -> Texts {
        let mut texts = Texts {
            held: Vec::new(),
            boundary: None,
        };
        for written in &principal.written {
            let at = Arc::as_ptr(&written.text).addr();
            let powers = self.powers(at, written);
            if principal.boundary == Some(written.policy) {
                texts.boundary = Some((at, Arc::clone(&powers)));
            }
            if principal.policies.contains(&written.policy) && !powers.is_empty() {
                texts.held.push((at, powers, Arc::clone(&written.statements)));
            }
        }
        texts.held.sort_unstable_by_key(|(at, ..)| *at);
        texts
    }

    fn powers(&mut self, at: usize, written: &Written) -> Arc<[Power]> {
        let statements = written.text.document.statements.iter().enumerate();
        let read = || statements.filter_map(|(at, one)| power(at, one)).collect();
        Arc::clone(self.known.entry(at).or_insert_with(read))
    }
}

fn power(at: usize, statement: &Statement) -> Option<Power> {
    let covers = |name: &str| match &statement.actions {
        Some(Patterns { negated, patterns }) => {
            patterns.iter().any(|pattern| glob_ignore_case(pattern, name)) != *negated
        }
        // What cannot be read may be anything (S2.1.10).
        None => statement.opaque.is_some(),
    };
    let actions: Vec<usize> = (0..)
        .zip(&ACTIONS)
        .filter(|(_, (name, _))| covers(name))
        .map(|(number, _)| number)
        .collect();
    let lost = statement.opaque.is_none() && statement.resources.is_none();
    if actions.is_empty() || lost {
        return None;
    }
    Some(Power {
        denies: statement.effect == Some(Effect::Deny),
        actions,
        resources: statement.resources.clone(),
        sure: match statement.conditions.is_empty() && statement.opaque.is_none() {
            true => Sure::Certain,
            false => Sure::Perhaps,
        },
        at,
    })
}

impl Power {
    /// Whether it is about an action on something, and how certain.
    fn is_about(&self, action: usize, target: &str) -> Option<Sure> {
        if !self.actions.contains(&action) {
            return None;
        }
        let Some(resources) = &self.resources else {
            return Some(Sure::Perhaps);
        };
        let matches = resources
            .patterns
            .iter()
            .filter_map(|pattern| covers(pattern, target));
        match (matches.min(), resources.negated) {
            (Some(sure), false) => Some(sure.max(self.sure)),
            (None, true) => Some(self.sure),
            (Some(Sure::Perhaps), true) => Some(Sure::Perhaps),
            (Some(Sure::Certain), true) | (None, false) => None,
        }
    }
}

/// Whether a pattern covers something; what its variables stand for is not known.
fn covers(pattern: &str, target: &str) -> Option<Sure> {
    if !pattern.contains("${") {
        return glob(pattern, target).then_some(Sure::Certain);
    }
    let mut open = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        open.push_str(before);
        open.push('*');
        rest = after.split_once('}').map_or("", |(_, later)| later);
    }
    open.push_str(rest);
    glob(&open, target).then_some(Sure::Perhaps)
}

impl Texts {
    /// Whether some statement allows any of some levers, on whatever.
    pub(super) fn pull(&self, levers: &[Lever]) -> bool {
        let powers = self.held.iter().flat_map(|(_, powers, _)| powers.iter());
        let mut actions = powers.filter(|one| !one.denies).flat_map(|one| &one.actions);
        actions.any(|&action| {
            ACTIONS
                .get(action)
                .is_some_and(|(_, lever)| levers.contains(lever))
        })
    }

    /// What tells them from others: equal for those who hold the same.
    pub(super) fn addresses(&self) -> Vec<usize> {
        let held = self.held.iter().map(|(at, ..)| *at);
        let boundary = self.boundary.as_ref().map(|(at, _)| *at);
        held.chain([0]).chain(boundary).collect()
    }

    /// Whether they let their holder pull a lever on something, and by which statement.
    pub(super) fn allow(&self, lever: Lever, target: &str) -> Option<(Sure, StatementId)> {
        let actions = (0..).zip(&ACTIONS).filter(|(_, (_, own))| *own == lever);
        let each = actions.filter_map(|(action, _)| {
            let (sure, by) = self.allow_action(action, target)?;
            let given = if action == ONLY_BACK {
                Sure::Perhaps
            } else {
                Sure::Certain
            };
            Some((sure.max(given), by))
        });
        each.min()
    }

    fn allow_action(&self, action: usize, target: &str) -> Option<(Sure, StatementId)> {
        if self.denies(action, target) {
            return None;
        }
        let allowed = self.held.iter().flat_map(|(_, powers, statements)| {
            let allows = powers.iter().filter(|one| !one.denies);
            allows.filter_map(|one| Some((one.is_about(action, target)?, *statements.get(one.at)?)))
        });
        let (sure, by) = allowed.min()?;
        let bound = match &self.boundary {
            None => Sure::Certain,
            Some((_, powers)) => {
                let allows = powers.iter().filter(|one| !one.denies);
                allows.filter_map(|one| one.is_about(action, target)).min()?
            }
        };
        Some((sure.max(bound), by))
    }

    /// Whether they certainly deny a lever on something.
    pub(super) fn deny(&self, lever: Lever, target: &str) -> bool {
        let mut actions = (0..).zip(&ACTIONS).filter(|(_, (_, own))| *own == lever);
        actions.all(|(action, _)| self.denies(action, target))
    }

    fn denies(&self, action: usize, target: &str) -> bool {
        let held = self.held.iter().flat_map(|(_, powers, _)| powers.iter());
        let bounds = self.boundary.iter().flat_map(|(_, powers)| powers.iter());
        let mut denies = held.chain(bounds).filter(|one| one.denies);
        denies.any(|one| one.is_about(action, target) == Some(Sure::Certain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_anything_and_leave_it_open() {
        let arn = "arn:aws:iam::111111111111:user/u";
        assert_eq!(covers("arn:aws:iam::*:user/*", arn), Some(Sure::Certain));
        assert_eq!(
            covers("arn:aws:iam::111111111111:user/${aws:username}", arn),
            Some(Sure::Perhaps)
        );
        assert_eq!(
            covers("arn:aws:iam::111111111111:role/${aws:username}", arn),
            None
        );
    }
}
