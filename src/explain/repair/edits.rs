//! Edits of statements: an element widened, a Deny narrowed, a statement or grant added; and the policies that come of it.

use super::super::texts::{Owner, Text};
use super::Edit;
use crate::condition::operator::{Base, Family, Operator};
use crate::engine::Engine;
use crate::explain::Element;
use crate::model::action::{Action, ActionSet, matching};
use crate::model::change::Change;
use crate::model::key::Grant;
use crate::model::principal::Policy;
use crate::policy::document::{
    Condition, Document, Effect, Patterns, PolicyKind, PrincipalEntry, Principals, Statement,
};
use crate::policy::write;
use crate::source::Location;
use serde_json::json;
use std::sync::Arc;

/// One edit of one policy or key.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) what: String,
    pub(super) target: Target,
    pub(super) make: Make,
}

/// What is edited.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A policy that is there, or is new with nothing in it. SCPs and RCPs: a root, OU or account that it is attached to.
    Policy(Owner, Arc<Policy>, String),
    /// The grants of a key.
    Grants(String),
}

/// What is made of it.
#[derive(Clone, Debug)]
pub(super) enum Make {
    /// Another statement in the place of one.
    Replace(usize, Statement),
    /// One statement less.
    Remove(usize),
    /// One more.
    Add(Statement),
    /// A grant.
    Grant(Box<Grant>),
}

impl Proposal {
    /// Whether two come to the same.
    pub(super) fn is_same(&self, other: &Proposal) -> bool {
        self.what == other.what && self.target.name() == other.target.name()
    }

    /// How many actions the edit is about, as far as it goes beyond the one asked for: whoever gains may later gain more.
    pub(super) fn breadth(&self) -> usize {
        let (Target::Policy(_, policy, _), Make::Replace(at, _) | Make::Remove(at)) =
            (&self.target, &self.make)
        else {
            return 1;
        };
        let Some(old) = policy.document.statements.get(*at) else {
            return 1;
        };
        let patterns = old.actions.iter().flat_map(|one| &one.patterns);
        let actions = patterns.fold(ActionSet::EMPTY, |all, text| all | matching(text).set);
        let resources = old.resources.iter().flat_map(|one| &one.patterns);
        let of_many = policy.kind != PolicyKind::Key && resources.into_iter().any(|text| text == "*");
        actions.len().max(1) + usize::from(of_many)
    }

    /// The edit for whoever reads of it.
    pub(super) fn edit(&self, engine: &Engine) -> Edit {
        let old = match (&self.target, &self.make) {
            (Target::Policy(_, policy, _), Make::Replace(at, _) | Make::Remove(at)) => {
                policy.document.statements.get(*at)
            }
            _ => None,
        };
        let location = match (&self.target, old) {
            (_, Some(old)) => old.location,
            (Target::Policy(_, policy, _), None) => policy.document.location,
            _ => Location::default(),
        };
        let file = location.file.map(|file| engine.world.files.name(file).to_owned());
        Edit {
            what: self.what.clone(),
            policy: self.target.name().to_owned(),
            file: file.unwrap_or_default(),
            line: location.line,
            before: old.map(write::statement),
            after: match &self.make {
                Make::Replace(_, new) | Make::Add(new) => Some(write::statement(new)),
                Make::Remove(_) => None,
                Make::Grant(grant) => {
                    Some(json!({"GranteePrincipal": grant.grantee, "Operations": grant.operations}))
                }
            },
        }
    }
}

impl Target {
    fn name(&self) -> &str {
        match self {
            Target::Policy(_, policy, _) => &policy.name,
            Target::Grants(key) => key,
        }
    }
}

/// The changes that some edits come to: one for each policy, and one for each grant.
pub(super) fn changes(set: &[Proposal]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut done: Vec<(&Owner, &str)> = Vec::new();
    for proposal in set {
        match (&proposal.target, &proposal.make) {
            (Target::Grants(key), Make::Grant(grant)) => changes.push(Change::Grant {
                key: key.clone(),
                grant: grant.clone(),
            }),
            (Target::Policy(owner, policy, at), _) if !done.contains(&(owner, &policy.name)) => {
                done.push((owner, &policy.name));
                let of_it = |other: &&Proposal| match &other.target {
                    Target::Policy(own, same, _) => own == owner && same.name == policy.name,
                    Target::Grants(_) => false,
                };
                let makes = set.iter().filter(of_it).map(|other| &other.make);
                changes.extend(change(owner, at, edited(policy, makes)));
            }
            _ => {}
        }
    }
    changes
}

/// A policy after some edits.
fn edited<'a>(policy: &Arc<Policy>, makes: impl Iterator<Item = &'a Make>) -> Arc<Policy> {
    let mut statements: Vec<Option<Statement>> =
        policy.document.statements.iter().cloned().map(Some).collect();
    for make in makes {
        match make {
            Make::Replace(at, new) => statements
                .iter_mut()
                .skip(*at)
                .take(1)
                .for_each(|one| *one = Some(new.clone())),
            Make::Remove(at) => statements
                .iter_mut()
                .skip(*at)
                .take(1)
                .for_each(|one| *one = None),
            Make::Add(new) => statements.push(Some(new.clone())),
            Make::Grant(_) => {}
        }
    }
    let mut statements: Vec<Statement> = statements.into_iter().flatten().collect();
    for (at, statement) in (0..).zip(&mut statements) {
        statement.index = at;
    }
    Arc::new(Policy {
        document: Document {
            statements,
            ..policy.document.clone()
        },
        ..Policy::clone(policy)
    })
}

fn change(owner: &Owner, target: &str, policy: Arc<Policy>) -> Option<Change> {
    let name = policy.name.clone();
    Some(match owner {
        Owner::Key(key) => Change::KeyPolicy {
            key: key.clone(),
            policy,
        },
        Owner::Inline(principal) => Change::Inline {
            principal: principal.clone(),
            name,
            policy: Some(policy),
        },
        Owner::Managed(arn) => Change::Managed {
            arn: arn.clone(),
            policy: Some(policy),
        },
        Owner::Guardrail(id) => Change::Guardrail {
            target: target.to_owned(),
            id: id.clone(),
            policy: Some(policy),
        },
        Owner::Other => return None,
    })
}

/// An edit of the statement that a text holds.
pub(super) fn replace(text: &Text, at: &str, what: String, new: Statement) -> Proposal {
    Proposal {
        what,
        target: Target::Policy(text.owner.clone(), Arc::clone(&text.policy), at.to_owned()),
        make: Make::Replace(text.at, new),
    }
}

/// A policy with nothing in it.
pub(super) fn empty(kind: PolicyKind, name: String) -> Arc<Policy> {
    Arc::new(Policy {
        kind,
        name,
        document: Document {
            variables: true,
            ..Document::default()
        },
    })
}

/// An Allow of one action.
pub(super) fn allow(action: Action, resource: &str, principal: Option<PrincipalEntry>) -> Statement {
    Statement {
        sid: Some(format!("Allow{}", action.name())),
        index: 0,
        effect: Some(Effect::Allow),
        principals: principal.map(|entry| Principals {
            negated: false,
            entries: vec![entry],
        }),
        actions: Some(Patterns {
            negated: false,
            patterns: vec![action.to_string()],
        }),
        resources: Some(Patterns {
            negated: false,
            patterns: vec![resource.to_owned()],
        }),
        conditions: Vec::new(),
        opaque: None,
        location: Location::default(),
    }
}

/// What the request has, for an element that is to fit it.
pub(super) struct Wanted {
    pub(super) action: Action,
    /// As the element would have to say it.
    pub(super) resource: String,
    pub(super) principal: Option<PrincipalEntry>,
    /// The values of the condition key, where the request has it.
    pub(super) values: Vec<String>,
}

/// An Allow in which one element fits the request: each way to do that, and in words.
pub(super) fn fitted(statement: &Statement, element: &Element, wanted: &Wanted) -> Vec<(Statement, String)> {
    let mut new = statement.clone();
    match element {
        Element::Action => {
            let Some(patterns) = widened(&statement.actions, &wanted.action.to_string()) else {
                return Vec::new();
            };
            new.actions = Some(patterns);
            vec![(new, format!("add `{}` to the actions of", wanted.action))]
        }
        Element::Resource => {
            let Some(patterns) = widened(&statement.resources, &wanted.resource) else {
                return Vec::new();
            };
            new.resources = Some(patterns);
            vec![(new, format!("add `{}` to the resources of", wanted.resource))]
        }
        Element::Principal => {
            let (Some(entry), false) = (
                &wanted.principal,
                statement.principals.as_ref().is_some_and(|one| one.negated),
            ) else {
                return Vec::new();
            };
            let principals = new.principals.get_or_insert_default();
            principals.entries.push(entry.clone());
            let (PrincipalEntry::Aws(name) | PrincipalEntry::Service(name)) = entry else {
                return Vec::new();
            };
            vec![(new, format!("add `{name}` to the principals of"))]
        }
        Element::Condition { operator, key } => {
            let is_it = |one: &Condition| one.key == *key && one.operator.to_string() == *operator;
            let mut ways = Vec::new();
            if let Some(condition) = new.conditions.iter_mut().find(|one| is_it(one))
                && takes_values(&condition.operator)
                && !wanted.values.is_empty()
            {
                condition.values.extend(wanted.values.iter().cloned());
                let values = super::super::words::list(wanted.values.iter().map(String::as_str));
                ways.push((new, format!("add {values} to the values of `{key}` in")));
            }
            // Without its conditions a statement for everyone would be for everyone, and a service acts for anybody.
            let is_source = key.to_ascii_lowercase().starts_with("aws:source");
            if !is_for_everyone(statement) && !is_source {
                let mut without = statement.clone();
                without.conditions.retain(|one| !is_it(one));
                ways.push((without, format!("drop the condition on `{key}` from")));
            }
            ways
        }
        Element::Grantee | Element::Operations | Element::Constraints => Vec::new(),
    }
}

fn is_for_everyone(statement: &Statement) -> bool {
    let entries = statement.principals.iter().flat_map(|one| &one.entries);
    let mut everyone = entries.filter(|entry| match entry {
        PrincipalEntry::Anyone => true,
        PrincipalEntry::Aws(text) => text == "*",
        _ => false,
    });
    everyone.next().is_some()
}

/// Whether one more value makes the comparison hold for more.
fn takes_values(operator: &Operator) -> bool {
    matches!(&operator.base, Base::Compare { test, negated: false }
        if matches!(test.family(), Family::String | Family::Arn))
}

/// Patterns with one more; those of a `Not` element, with one less where it is written there.
fn widened(patterns: &Option<Patterns>, wanted: &str) -> Option<Patterns> {
    let mut new = patterns.clone().unwrap_or_default();
    if new.negated {
        let before = new.patterns.len();
        new.patterns.retain(|text| !text.eq_ignore_ascii_case(wanted));
        return (!new.patterns.is_empty() && new.patterns.len() < before).then_some(new);
    }
    new.patterns.push(wanted.to_owned());
    Some(new)
}

/// A Deny that no longer denies the request: each way to do that, and in words.
pub(super) fn narrowed(statement: &Statement, wanted: &Wanted, kind: PolicyKind) -> Vec<(Statement, String)> {
    let mut ways = Vec::new();
    let action = wanted.action.to_string();
    if let Some(actions) = &statement.actions
        && !actions.negated
        && actions.patterns.len() > 1
    {
        let mut new = statement.clone();
        let patterns = actions
            .patterns
            .iter()
            .filter(|text| !text.eq_ignore_ascii_case(&action));
        let patterns: Vec<String> = patterns.cloned().collect();
        if patterns.len() < actions.patterns.len() {
            new.actions = Some(Patterns {
                negated: false,
                patterns,
            });
            ways.push((new, format!("take `{action}` out of the actions of")));
        }
    }
    let everything = |patterns: &Patterns| !patterns.negated && patterns.patterns == ["*"];
    let of_caller = matches!(kind, PolicyKind::Identity | PolicyKind::Boundary);
    if of_caller && wanted.resource != "*" && statement.resources.as_ref().is_some_and(everything) {
        let mut new = statement.clone();
        new.resources = Some(Patterns {
            negated: true,
            patterns: vec![wanted.resource.clone()],
        });
        ways.push((new, "leave this key out of".to_owned()));
    }
    if !of_caller {
        ways.extend(exempted(statement, wanted));
    }
    ways
}

/// A Deny that leaves out the caller.
fn exempted(statement: &Statement, wanted: &Wanted) -> Option<(Statement, String)> {
    let mut new = statement.clone();
    let (operator, key, value) = match &wanted.principal {
        Some(PrincipalEntry::Aws(arn)) => ("ArnNotEquals", "aws:PrincipalArn", arn.clone()),
        Some(PrincipalEntry::Service(_)) => ("Bool", "aws:PrincipalIsAWSService", "false".to_owned()),
        _ => return None,
    };
    let spares = |one: &&mut Condition| {
        let negated = matches!(one.operator.base, Base::Compare { negated: true, .. });
        negated
            && one.key.eq_ignore_ascii_case(key)
            && matches!(one.operator.set, crate::condition::operator::SetPrefix::Single)
    };
    match new.conditions.iter_mut().find(spares) {
        Some(condition) => condition.values.push(value.clone()),
        None => new.conditions.push(Condition {
            operator: Operator::parse(operator),
            key: key.to_owned(),
            values: vec![value.clone()],
        }),
    }
    let what = match key {
        "aws:PrincipalArn" => format!("exempt `{value}` from"),
        _ => "exempt AWS services from".to_owned(),
    };
    Some((new, what))
}
