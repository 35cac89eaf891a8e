//! Which statements apply to an authorization: action (S2.3), resource (S2.4), conditions (S2.5), principal left aside (S2.2).

use super::conditions::{Filled, conditions_hold, substitute};
use super::context::Context;
use super::decide::{Ask, Target};
use super::document::{Document, PolicyKind, Statement};
use super::operations::Operation;
use super::text::{Piece, arn_parts, glob, has_wildcard, wild};
use super::truth::{Truth, any};

/// Action, resource and condition of the statement together.
pub fn applies(statement: &Statement, document: &Document, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    let action = action_matches(statement, kind, ask.operation);
    if action == Truth::F {
        return Truth::F;
    }
    action.and(resource_matches(statement, document, kind, ask)).and(conditions_hold(statement, document, kind, &ask.context, ask.options))
}

/// `allow(X)` of S4: some Allow statement applies.
pub fn allows<'d>(documents: impl IntoIterator<Item = &'d Document>, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    some_statement(documents, true, kind, ask)
}

/// `deny(X)` of S4: some Deny statement applies.
pub fn denies<'d>(documents: impl IntoIterator<Item = &'d Document>, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    some_statement(documents, false, kind, ask)
}

fn some_statement<'d>(documents: impl IntoIterator<Item = &'d Document>, allow: bool, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    any(documents.into_iter().flat_map(|document| {
        let statements = document.statements.iter().filter(move |s| s.allow == allow);
        statements.map(move |s| applies(s, document, kind, ask))
    }))
}

/// S2.3: `Action` or `NotAction`. S2.1.6: without either the statement has no effect.
pub fn action_matches(statement: &Statement, kind: PolicyKind, operation: &Operation) -> Truth {
    if kind == PolicyKind::Key && operation.iam_only {
        return Truth::F; // S2.3.3
    }
    let Some(element) = &statement.action else { return Truth::F };
    let some = any(element.patterns.iter().map(|p| action_pattern_matches(p, operation)));
    if element.negated { some.not() } else { some }
}

/// S2.3.1: one action pattern.
pub fn action_pattern_matches(pattern: &str, operation: &Operation) -> Truth {
    if pattern == "*" || pattern == "*:*" {
        return Truth::T;
    }
    let Some((prefix, name)) = pattern.split_once(':') else { return Truth::F };
    let matches = |pattern: &str, text: &str| Truth::from(glob(&wild(&pattern.to_lowercase()), &text.to_lowercase()));
    let both = matches(prefix, "kms").and(matches(name, operation.name));
    if has_wildcard(prefix) { both.at_most_unknown() } else { both }
}

/// S2.4: `Resource` or `NotResource`. S2.1.6: without either the statement has no effect.
pub fn resource_matches(statement: &Statement, document: &Document, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    let Some(element) = &statement.resource else { return Truth::F };
    let some = any(element.patterns.iter().map(|p| resource_pattern_matches(p, document.variables, kind, ask)));
    if element.negated { some.not() } else { some }
}

/// One resource pattern against the key ARN, the alias ARN or nothing (S2.4.1).
pub fn resource_pattern_matches(pattern: &str, variables: bool, kind: PolicyKind, ask: &Ask<'_>) -> Truth {
    if pattern == "*" {
        return Truth::T;
    }
    match &ask.target {
        Target::Key(key) => arn_pattern_matches(pattern, variables, kind, &key.arn, &ask.context),
        Target::Alias { arn, .. } => arn_pattern_matches(pattern, variables, kind, arn, &ask.context),
        Target::Nothing => account_wide(pattern, ask).at_most_unknown(),
    }
}

/// S2.4.8 [ambiguous]: whether the pattern covers everything of the caller's account in the request's Region.
fn account_wide(pattern: &str, ask: &Ask<'_>) -> Truth {
    let Some(account) = &ask.caller.account else { return Truth::F };
    let region = match ask.context.get("aws:requestedregion") {
        Some(super::context::ContextValue::Known(values)) => values[0].as_str(),
        _ => "",
    };
    let parts = completed(pattern);
    let everything = ["arn", &ask.caller.partition, "kms", region, account, "*"];
    let last_is_everything = parts.len() == 6 && parts[5] == "*";
    Truth::from(last_is_everything && parts.iter().zip(everything).all(|(p, t)| glob(&wild(p), t)))
}

/// S2.4.3: a short pattern is completed with `*`.
fn completed(pattern: &str) -> Vec<&str> {
    let mut parts = arn_parts(pattern);
    parts.resize(6.max(parts.len()), "*");
    parts
}

/// S2.4.2 to S2.4.5: an ARN pattern part by part, with its [ambiguous] corners.
pub fn arn_pattern_matches(pattern: &str, variables: bool, kind: PolicyKind, arn: &str, context: &Context) -> Truth {
    let written = arn_parts(pattern);
    let parts = completed(pattern);
    let mut pieces: Vec<Vec<Piece>> = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match substitute(part, true, variables && i == 5, context) {
            Filled::Pieces(p) => pieces.push(p),
            Filled::Nothing => return Truth::F, // S2.7.3
            Filled::Unknown => {
                // S2.7.5: unknown, unless the other parts already differ.
                let fixed = parts[..5].iter().zip(arn_parts(arn)).all(|(p, t)| glob(&wild(p), t));
                return Truth::from(fixed).at_most_unknown();
            }
        }
    }
    let by_part = pieces.iter().zip(arn_parts(arn)).all(|(p, t)| glob(p, t));
    let as_a_whole = glob(&joined(&pieces), arn) || glob(&joined(&pieces[..written.len()]), arn);
    if by_part != as_a_whole {
        return Truth::U; // S2.4.4
    }
    let service_is_wild = written.get(2).is_some_and(|s| has_wildcard(s)); // S2.4.2
    let short = written.len() < 6 && !matches!(kind, PolicyKind::Identity | PolicyKind::Boundary); // S2.4.3
    if service_is_wild || short { Truth::from(by_part).at_most_unknown() } else { by_part.into() }
}

fn joined(parts: &[Vec<Piece>]) -> Vec<Piece> {
    parts.join(&[Piece::Char(':')][..])
}
