//! Two texts of a policy -> the statements that are others.

use super::{At, Basis, Finder, Touch, Turn, Word, in_new, in_old};
use crate::model::action::{ActionSet, matching};
use crate::model::principal::Policy;
use crate::policy::document::{Document, Effect, PolicyKind, Statement};
use std::sync::Arc;

/// What a policy is called in sentences, and whose access it may concern.
pub(super) struct Of<'a> {
    pub(super) words: &'a [Word],
    pub(super) touches: &'a [Touch],
    /// Whether it limits: its allows let through and give nothing.
    pub(super) limits: bool,
}

impl Finder<'_> {
    /// Notes what is other in the text of a policy.
    pub(super) fn text(&mut self, old: Option<&Arc<Policy>>, new: Option<&Arc<Policy>>, of: &Of<'_>) {
        let first = self.found.len();
        self.any_text(old, new, of);
        if old.or(new).is_some_and(|policy| policy.kind == PolicyKind::Key) {
            self.found
                .iter_mut()
                .skip(first)
                .for_each(|found| found.of_key_policy = true);
        }
    }

    fn any_text(&mut self, old: Option<&Arc<Policy>>, new: Option<&Arc<Policy>>, of: &Of<'_>) {
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => {
                if !Arc::ptr_eq(old, new) {
                    self.statements(old, new, of);
                }
            }
            (Some(gone), None) => self.policy(Turn::Removed, gone, in_old(gone.document.location), of),
            (None, Some(added)) => self.policy(Turn::Added, added, in_new(added.document.location), of),
        }
    }

    /// Notes a policy that came or went as a whole.
    pub(super) fn policy(&mut self, turn: Turn, policy: &Policy, at: At, of: &Of<'_>) {
        let statements = &policy.document.statements;
        let whole = policy.document.opaque.is_some();
        let actions = statements
            .iter()
            .fold(ActionSet::EMPTY, |all, one| all | actions(one));
        let elsewhere = of.limits || whole || statements.iter().any(may_deny);
        let basis = Basis::Statement {
            policy: policy.name.clone(),
            index: None,
        };
        let Some(found) = self.note(turn, of.words.to_vec(), at, of.touches.to_vec()) else {
            return;
        };
        found.actions = if whole { ActionSet::ALL } else { actions };
        found.elsewhere = elsewhere;
        match turn {
            Turn::Added => found.is.push(basis),
            Turn::Removed => found.was.push(basis),
            Turn::Changed => {
                found.is.push(basis.clone());
                found.was.push(basis);
            }
        }
        if !elsewhere {
            found.gives = gives(turn, false);
        }
    }

    fn statements(&mut self, old: &Policy, new: &Policy, of: &Of<'_>) {
        if (old.document.opaque.is_some() || new.document.opaque.is_some())
            && old.document.opaque != new.document.opaque
        {
            self.policy(Turn::Changed, new, in_new(new.document.location), of);
            return;
        }
        if old.document.variables != new.document.variables {
            let mut words = vec![Word::Text("version of")];
            words.extend_from_slice(of.words);
            let at = in_new(new.document.location);
            self.note(Turn::Changed, words, at, of.touches.to_vec());
        }
        for (before, now) in others(&old.document, &new.document) {
            self.statement(before.map(|one| (old, one)), now.map(|one| (new, one)), of);
        }
    }

    fn statement(
        &mut self,
        old: Option<(&Policy, &Statement)>,
        new: Option<(&Policy, &Statement)>,
        of: &Of<'_>,
    ) {
        let Some((_, shown)) = new.or(old) else { return };
        let turn = super::turn(old.is_some(), new.is_some());
        let name = match &shown.sid {
            Some(sid) => sid.clone(),
            None => format!("#{}", shown.index),
        };
        let mut words = vec![Word::Text("statement"), Word::Name(name), Word::Text("of")];
        words.extend_from_slice(of.words);
        let at = match new {
            Some((_, one)) => in_new(one.location),
            None => in_old(shown.location),
        };
        let basis = |(policy, one): (&Policy, &Statement)| Basis::Statement {
            policy: policy.name.clone(),
            index: Some(one.index),
        };
        let both = old.iter().chain(&new).map(|(_, one)| *one);
        let denies = both.clone().any(may_deny);
        let mask = both.fold(ActionSet::EMPTY, |all, one| all | actions(one));
        let Some(found) = self.note(turn, words, at, of.touches.to_vec()) else {
            return;
        };
        found.actions = mask;
        found.was.extend(old.map(basis));
        found.is.extend(new.map(basis));
        found.elsewhere = denies || of.limits;
        if shown.opaque.is_none() {
            found.gives = gives(turn, denies);
        }
    }
}

/// Whether a statement that came or went can only give access, or only take it away.
fn gives(turn: Turn, denies: bool) -> Option<bool> {
    match turn {
        Turn::Added => Some(!denies),
        Turn::Removed => Some(denies),
        Turn::Changed => None,
    }
}

fn may_deny(statement: &Statement) -> bool {
    statement.effect != Some(Effect::Allow)
}

/// The KMS actions that a statement is about.
fn actions(statement: &Statement) -> ActionSet {
    if statement.opaque.is_some() {
        return ActionSet::ALL;
    }
    let Some(patterns) = &statement.actions else {
        return ActionSet::EMPTY;
    };
    let all = patterns.patterns.iter();
    let all = all.fold(ActionSet::EMPTY, |all, text| all | matching(text).set);
    if patterns.negated { all.complement() } else { all }
}

/// Statements that only one of two texts has; those of one Sid side by side.
fn others<'d>(old: &'d Document, new: &'d Document) -> Vec<(Option<&'d Statement>, Option<&'d Statement>)> {
    let mut gone: Vec<&Statement> = Vec::new();
    let mut added: Vec<&Statement> = new.statements.iter().collect();
    for one in &old.statements {
        match added.iter().position(|other| says_the_same(one, other)) {
            Some(at) => drop(added.remove(at)),
            None => gone.push(one),
        }
    }
    let mut found = Vec::new();
    for one in gone {
        let same_sid = |other: &&Statement| one.sid.is_some() && one.sid == other.sid;
        let now = added.iter().position(same_sid).map(|at| added.remove(at));
        found.push((Some(one), now));
    }
    found.extend(added.into_iter().map(|one| (None, Some(one))));
    found
}

fn says_the_same(a: &Statement, b: &Statement) -> bool {
    match (a.says(), b.says()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => {
            let parts = |one: &Statement| {
                (
                    one.opaque.clone(),
                    one.effect,
                    one.principals.clone(),
                    one.actions.clone(),
                    one.resources.clone(),
                    one.conditions.clone(),
                )
            };
            parts(a) == parts(b)
        }
        _ => false,
    }
}
