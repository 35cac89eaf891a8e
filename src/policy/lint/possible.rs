//! What the values of a condition key can be -> whether a policy value can match any of them (S2.5.9, S6.6).
//!
//! A key whose values the documentation lists can have no other; of some keys only the form is fixed. Where nothing is
//! known, everything is possible.

use super::variable::has_placeholder;
use crate::arn::pattern_parts;
use crate::condition::key::{KnownKey, ValueType};
use crate::condition::known::intersects;
use crate::condition::operator::{Family, Test};
use crate::condition::value::Prepared;
use crate::condition::variable::{Piece, template};
use crate::model::action::{Action, ActionSet};
use crate::pattern::{Token, literal, tokens};

/// A value of a policy, read for one operator.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// The value ready to be compared; none if a variable is in it.
    pub(super) fixed: Option<Prepared>,
    /// What it matches at most: wildcards where the operator has them, and in place of variables.
    pub(super) wide: Vec<Token>,
    /// A `*` or `?` that the operator takes literally, and that is not written `${*}` or `${?}`.
    pub(super) literal_wildcard: bool,
}

impl<'a> Value<'a> {
    /// Reads a value.
    pub(super) fn read(test: Test, text: &'a str, variables: bool) -> Value<'a> {
        if has_placeholder(text) {
            return Value {
                text,
                fixed: None,
                wide: vec![Token::Many],
                literal_wildcard: false,
            };
        }
        let template = template(text, variables && test.substitutes_variables());
        let mut wide = Vec::new();
        let mut literal_wildcard = false;
        for piece in template.pieces() {
            match piece {
                Piece::Variable { .. } => wide.push(Token::Many),
                Piece::Text(tokens) if test.has_wildcards() => wide.extend_from_slice(tokens),
                Piece::Text(tokens) => {
                    literal_wildcard |= tokens.iter().any(|token| token.is_wildcard());
                    wide.extend(tokens.iter().map(|token| Token::Char(token.written())));
                }
            }
        }
        if test == Test::StringEqualsIgnoreCase {
            wide = fold_case(&wide);
        }
        Value {
            text,
            fixed: template.constant().map(|tokens| Prepared::new(test, tokens)),
            wide,
            literal_wildcard: literal_wildcard && test.family() == Family::String,
        }
    }

    /// Whether the operator cannot read it, so that it never matches.
    pub(super) fn is_invalid(&self) -> bool {
        self.fixed.as_ref().is_some_and(|prepared| !prepared.is_valid())
    }

    /// Whether it may match this value of a request.
    pub(super) fn may_match(&self, value: &str) -> bool {
        self.fixed.as_ref().is_none_or(|prepared| prepared.matches(value))
    }

    /// Whether it certainly matches this value of a request.
    pub(super) fn does_match(&self, value: &str) -> bool {
        self.fixed
            .as_ref()
            .is_some_and(|prepared| prepared.matches(value))
    }
}

fn fold_case(pattern: &[Token]) -> Vec<Token> {
    pattern
        .iter()
        .flat_map(|token| match token {
            Token::Char(c) => c.to_lowercase().map(Token::Char).collect(),
            wild => vec![*wild],
        })
        .collect()
}

/// All values that a key can have in requests for one of the actions, where they are listed.
pub(super) fn listed(key: KnownKey, actions: ActionSet) -> Option<Vec<&'static str>> {
    let supporting = actions.intersect(key.actions());
    let mut all: Vec<&'static str> = Vec::new();
    for action in supporting {
        for value in key.values_for(action, None)? {
            if !all.contains(value) {
                all.push(value);
            }
        }
    }
    if supporting.is_empty() {
        key.values().map(<[_]>::to_vec)
    } else {
        Some(all)
    }
}

/// All values that a key can have in requests for this action, where they are listed.
pub(super) fn listed_for(key: KnownKey, action: Action) -> Option<&'static [&'static str]> {
    key.values_for(action, None)
}

/// Whether a value of a policy can match any value that the key has in requests for the actions.
pub(super) fn is_possible(key: KnownKey, actions: ActionSet, test: Test, value: &Value<'_>) -> bool {
    if !can_compare(test.family(), key.value_type()) {
        return false;
    }
    let by_pattern = matches!(test.family(), Family::String | Family::Arn);
    let fold = |pattern: Vec<Token>| match test {
        Test::StringEqualsIgnoreCase => fold_case(&pattern),
        _ => pattern,
    };
    if let Some(list) = listed(key, actions) {
        return list.iter().any(|listed| {
            if by_pattern {
                intersects(&value.wide, &fold(literal(listed)))
            } else {
                value.may_match(listed)
            }
        });
    }
    let Some((forms, _)) = form(key).filter(|_| by_pattern) else {
        return true;
    };
    let fits = forms.iter().any(|form| meets(&value.wide, &fold(tokens(form))));
    fits && (forms != ACCOUNT || value.wide.iter().all(may_be_digit))
}

/// Whether some value has a form and matches a pattern. ARNs are compared part by part: those that have a form here have
/// no colon besides the five, so that a `*` cannot run over one.
fn meets(pattern: &[Token], form: &[Token]) -> bool {
    let own_parts: Vec<&[Token]> = pattern_parts(pattern).collect();
    let form_parts: Vec<&[Token]> = pattern_parts(form).collect();
    if own_parts.len() == 6 && form_parts.len() == 6 {
        return own_parts.iter().zip(&form_parts).all(|(a, b)| intersects(a, b));
    }
    intersects(pattern, form)
}

fn may_be_digit(token: &Token) -> bool {
    match token {
        Token::Char(c) => c.is_ascii_digit(),
        _ => true,
    }
}

/// Whether an operator can read the values of a key of this type. Strings may hold anything.
fn can_compare(family: Family, value_type: ValueType) -> bool {
    let readable: &[ValueType] = match family {
        Family::String => return true,
        Family::Numeric | Family::Date => &[ValueType::Numeric, ValueType::Date],
        Family::Bool => &[ValueType::Bool],
        Family::Binary => &[],
        Family::Ip => &[ValueType::Ip],
        Family::Arn => &[ValueType::Arn],
    };
    value_type == ValueType::String || readable.contains(&value_type)
}

const ACCOUNT: &[&str] = &["????????????"];

/// The forms of a key's values as patterns, and the same in words.
pub(super) fn form(key: KnownKey) -> Option<(&'static [&'static str], &'static str)> {
    Some(match key {
        KnownKey::ViaService => (
            &["*.*.amazonaws.com"],
            "its values have the form `SERVICE.REGION.amazonaws.com`, in every partition (S6.12)",
        ),
        KnownKey::CallerAccount
        | KnownKey::PrincipalAccount
        | KnownKey::SourceAccount
        | KnownKey::ResourceAccount
        | KnownKey::VpceAccount => (ACCOUNT, "its values are account ids of twelve digits (S3.2)"),
        KnownKey::PrincipalOrgID | KnownKey::SourceOrgID | KnownKey::ResourceOrgID | KnownKey::VpceOrgID => (
            &["o-*"],
            "its values are ids of organizations, which start with `o-`",
        ),
        KnownKey::PrincipalOrgPaths
        | KnownKey::SourceOrgPaths
        | KnownKey::ResourceOrgPaths
        | KnownKey::VpceOrgPaths => (&["o-*/*"], "its values have the form `o-ID/r-ID/ou-ID/`"),
        KnownKey::RequestAlias | KnownKey::ResourceAliases => (
            &["alias/*"],
            "its values are alias names such as `alias/app`, never ARNs (S1.5)",
        ),
        KnownKey::PrincipalArn => (
            &[
                "arn:aws*:iam::*:root",
                "arn:aws*:iam::*:user/*",
                "arn:aws*:iam::*:role/*",
                "arn:aws*:sts::*:federated-user/*",
            ],
            "its values are ARNs of users, roles, root users and federated users; of a session, the role's (S3.2)",
        ),
        KnownKey::SourceVpc => (&["vpc-*"], "its values are ids of VPCs, which start with `vpc-`"),
        KnownKey::SourceVpce => (
            &["vpce-*"],
            "its values are ids of VPC endpoints, which start with `vpce-`",
        ),
        _ if key.value_type() == ValueType::Arn => (&["arn:*"], "its values are ARNs"),
        _ => return None,
    })
}
