//! Elements in words: what a statement or grant says there, and what the request has.

use super::Element;
use crate::condition::block::KeyName;
use crate::condition::known::Known;
use crate::facts::residual::Case;
use crate::facts::world::{Grant, Party, Resource};
use crate::model::action::{Action, ActionSet};
use crate::policy::document::{Patterns, PolicyKind, PrincipalEntry, Statement};

/// How many elements of a list are named; the others are counted.
const NAMED: usize = 4;

/// `a`, `b` and 3 more.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    let named: Vec<String> = texts.iter().take(NAMED).map(|text| format!("`{text}`")).collect();
    match texts.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What an element of a statement says.
pub(super) fn says(statement: &Statement, element: &Element) -> String {
    match element {
        Element::Principal => match &statement.principals {
            None => "there is no `Principal`, so that it is for nobody".to_owned(),
            Some(principals) => {
                let texts: Vec<&str> = principals.entries.iter().map(entry).collect();
                let all = list(texts);
                match principals.negated {
                    true => format!("it is for everyone but {all}"),
                    false => format!("it is for {all}"),
                }
            }
        },
        Element::Action => patterns(statement.actions.as_ref(), "Action"),
        Element::Resource => patterns(statement.resources.as_ref(), "Resource"),
        Element::Condition { operator, key } => {
            let same = |condition: &&crate::policy::document::Condition| {
                condition.key == *key && condition.operator.to_string() == *operator
            };
            let condition = statement.conditions.iter().find(same);
            let values = condition.map(|condition| list(condition.values.iter().map(String::as_str)));
            format!("it asks for `{key}` {operator} {}", values.unwrap_or_default())
        }
        Element::Grantee | Element::Operations | Element::Constraints => String::new(),
    }
}

fn entry(entry: &PrincipalEntry) -> &str {
    match entry {
        PrincipalEntry::Anyone => "*",
        PrincipalEntry::Aws(text)
        | PrincipalEntry::Service(text)
        | PrincipalEntry::Federated(text)
        | PrincipalEntry::CanonicalUser(text)
        | PrincipalEntry::Other(_, text) => text,
    }
}

fn patterns(patterns: Option<&Patterns>, name: &str) -> String {
    match patterns {
        None => format!("there is no `{name}`, so that the statement has no effect (S2.1.6)"),
        Some(Patterns { negated, patterns }) => {
            let all = list(patterns.iter().map(String::as_str));
            match negated {
                true => format!("it is for everything but {all}"),
                false => format!("it is for {all}"),
            }
        }
    }
}

/// What the request has where an element says something else.
pub(super) fn has(case: &Case<'_>, action: Action, element: &Element) -> String {
    match element {
        Element::Principal | Element::Grantee => format!("the caller is `{}`", case.principal.name),
        Element::Action | Element::Operations => format!("the request is for `{action}`"),
        Element::Resource => match case.key.kind {
            Resource::Key => format!("the key is `{}`", case.key.arn),
            Resource::Alias => format!("the alias is `{}`", case.key.arn),
            Resource::Nothing => format!("`{action}` has no resource: only `*` covers that (S2.4.8)"),
        },
        Element::Condition { key, .. } => condition(case, action, key),
        Element::Constraints => "the request does not meet that".to_owned(),
    }
}

fn condition(case: &Case<'_>, action: Action, key: &str) -> String {
    match case.known(key, action) {
        Known::Absent => format!("the request has no `{key}`"),
        Known::Is(values) => {
            let values = list(values.iter().map(String::as_str));
            format!("in the request it is {values}")
        }
        Known::Open { .. } => "no request has that".to_owned(),
        Known::Doubt(rule) => format!("whether the request has it is not documented ({rule})"),
    }
}

/// What the request has where a grant says something else.
pub(super) fn grant_has(case: &Case<'_>, action: Action, grant: &Grant, element: &Element) -> String {
    match element {
        Element::Constraints if action == Action::CreateGrant => {
            let child = case.stated.and_then(|stated| stated.child_grant.as_ref());
            let operations: Vec<String> = child
                .into_iter()
                .flat_map(|child| child.operations.iter())
                .map(|action| action.to_string())
                .collect();
            let operations = list(operations.iter().map(String::as_str));
            format!("the new grant, of {operations}, goes beyond it (S4.9.7)")
        }
        Element::Constraints if grant.constraints.source_arn.is_some() => {
            condition(case, action, "aws:SourceArn")
        }
        Element::Constraints => encryption_context(case),
        other => has(case, action, other),
    }
}

fn encryption_context(case: &Case<'_>) -> String {
    let pairs = case.stated.map(|stated| &stated.encryption_context);
    match pairs.filter(|pairs| !pairs.is_empty()) {
        None => "the request states no encryption context that fits".to_owned(),
        Some(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            format!(
                "the encryption context is {}",
                list(pairs.iter().map(String::as_str))
            )
        }
    }
}

/// What an element of a grant says.
pub(super) fn grant_says(case: &Case<'_>, action: Action, grant: &Grant, element: &Element) -> String {
    match element {
        Element::Constraints if action == Action::CreateGrant => {
            let names: Vec<String> = grant.operations.iter().map(|action| action.to_string()).collect();
            let names = list(names.iter().map(String::as_str));
            format!("a grant made through it stays within its own operations, {names}, and its constraints")
        }
        Element::Operations => {
            let names: Vec<String> = grant.operations.iter().map(|action| action.to_string()).collect();
            format!("it is for {}", list(names.iter().map(String::as_str)))
        }
        Element::Constraints => {
            let constraints = &grant.constraints;
            let pairs = |name: &str, pairs: &std::collections::BTreeMap<String, String>| {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                format!("it asks for {name} {}", list(pairs.iter().map(String::as_str)))
            };
            match (&constraints.equals, &constraints.subset, &constraints.source_arn) {
                (Some(equals), _, _) => pairs("EncryptionContextEquals", equals),
                (None, Some(subset), _) => pairs("EncryptionContextSubset", subset),
                (None, None, Some(source)) => format!("it asks for SourceArn `{source}`"),
                (None, None, None) => "it has constraints".to_owned(),
            }
        }
        _ => match &grant.grantee {
            Party::Nobody => "it is for somebody who no longer exists".to_owned(),
            Party::Named(name) | Party::Role(name) | Party::Service(name) => format!("it is for `{name}`"),
            Party::Account(account) => format!("it is for account {}", case.view.account_name(*account)),
        },
    }
}

/// What people get wrong in an element that fails, if this looks like it.
pub(super) fn hint(
    case: &Case<'_>,
    action: Action,
    kind: PolicyKind,
    variables: bool,
    statement: &Statement,
    element: &Element,
) -> Option<&'static str> {
    let any = |patterns: &Option<Patterns>, test: &dyn Fn(&str) -> bool| {
        let all = patterns.iter().flat_map(|one| &one.patterns);
        all.into_iter().any(|text| test(text))
    };
    match element {
        Element::Action
            if any(&statement.actions, &|text| {
                text.eq_ignore_ascii_case("kms:ReEncrypt")
            }) =>
        {
            Some("no action is called `kms:ReEncrypt`; write `kms:ReEncrypt*` (S2.3.1)")
        }
        Element::Resource
            if case.key.kind == Resource::Key
                && !ActionSet::ALIAS.contains(action)
                && any(&statement.resources, &|text| text.contains("alias/")) =>
        {
            Some("an alias never stands for its key in `Resource`; write the ARN of the key (S1.5)")
        }
        Element::Resource if kind == PolicyKind::Key && case.key.kind == Resource::Key => {
            Some("in a key policy write `*`, which means the key itself (S2.4.6)")
        }
        Element::Principal => {
            let entries = statement.principals.iter().flat_map(|one| &one.entries);
            let mut texts = entries.map(entry);
            texts
                .any(|text| text.contains(":group/"))
                .then_some("a group is no principal: name its members or the account (S2.2.12)")
        }
        Element::Condition { operator, key } => {
            let same = |condition: &&crate::policy::document::Condition| {
                condition.key == *key && condition.operator.to_string() == *operator
            };
            let condition = statement.conditions.iter().find(same)?;
            let has_variables = condition.values.iter().any(|value| value.contains("${"));
            match (has_variables, KeyName::new(key).name.as_str()) {
                (true, _) if !variables => Some(
                    "policy variables need `\"Version\": \"2012-10-17\"`; here they are plain text (S2.7.1)",
                ),
                (_, "kms:RequestAlias") => {
                    Some("only requests that name the key by this alias have the condition key (S1.5)")
                }
                _ => None,
            }
        }
        _ => None,
    }
}
