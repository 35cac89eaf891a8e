//! Condition blocks (S2.5) and policy variables (S2.7) against one context.

use super::context::{Context, ContextValue};
use super::document::{Condition, Document, Family, PolicyKind, SetPrefix, Statement};
use super::mechanisms::Options;
use super::text::{Piece, arn_parts, glob, glob_between, glob_unknown_rest, literal, wild};
use super::truth::{Truth, all, any};
use super::values::{bytes, date, in_block, number};

/// S2.5.1, S2.5.8: all entries of the block must hold.
pub fn conditions_hold(
    statement: &Statement,
    document: &Document,
    kind: PolicyKind,
    context: &Context,
    options: &Options,
) -> Truth {
    all(statement.conditions.iter().map(|condition| {
        let truth = condition_holds(condition, document.variables, kind, context);
        if options.flips(condition.operator.family) {
            truth.not()
        } else {
            truth
        }
    }))
}

/// One operator on one key.
pub fn condition_holds(condition: &Condition, variables: bool, kind: PolicyKind, context: &Context) -> Truth {
    let Some(family) = condition.operator.family else {
        return Truth::U; // S2.1.10: an operator that does not exist
    };
    if kind == PolicyKind::Key
        && (condition.key.starts_with("aws:resourcetag/") || condition.key == "kms:resourcealiases")
    {
        return Truth::U; // S6.4 [ambiguous]
    }
    let value = context.get(&condition.key);
    if value == Some(&ContextValue::Unknown) {
        return Truth::U;
    }
    if family == Family::Null {
        return any(condition
            .values
            .iter()
            .map(|v| Truth::from(v.eq_ignore_ascii_case(if value.is_none() { "true" } else { "false" }))));
    }
    let Some(value) = value else {
        return when_absent(condition);
    };
    let satisfies = |single: Single<'_>| satisfies(condition, variables, single, context);
    let singles: Vec<Single<'_>> = match value {
        ContextValue::Known(values) => values.iter().map(|v| Single::Text(v)).collect(),
        ContextValue::Begins(text) => vec![Single::Begins(text)],
        ContextValue::Between(begin, end) => vec![Single::Between(begin, end)],
        ContextValue::Unknown => Vec::new(),
    };
    match condition.operator.set {
        Some(SetPrefix::ForAllValues) => all(singles.into_iter().map(satisfies)), // S2.5.6
        Some(SetPrefix::ForAnyValue) => any(singles.into_iter().map(satisfies)),
        None if singles.len() == 1 => satisfies(singles[0]), // S2.5.5
        None => Truth::U, // S2.5.7 [ambiguous]: several values without set operator
    }
}

/// S2.5.4, S2.5.6: the key is absent.
fn when_absent(condition: &Condition) -> Truth {
    match condition.operator.set {
        _ if condition.operator.if_exists => Truth::T,
        Some(SetPrefix::ForAllValues) => Truth::T,
        Some(SetPrefix::ForAnyValue) => Truth::F,
        None => condition.operator.negated.into(),
    }
}

/// One context value.
#[derive(Clone, Copy)]
enum Single<'c> {
    Text(&'c str),
    Begins(&'c str),
    Between(&'c str, &'c str),
}

/// S2.5.5: positive: some listed value matches; negated: no listed value matches.
fn satisfies(condition: &Condition, variables: bool, value: Single<'_>, context: &Context) -> Truth {
    let matches = any(condition
        .values
        .iter()
        .map(|listed| compare(condition, variables, value, listed, context)));
    if condition.operator.negated {
        matches.not()
    } else {
        matches
    }
}

/// S2.5.3: one context value against one listed value.
fn compare(
    condition: &Condition,
    variables: bool,
    value: Single<'_>,
    listed: &str,
    context: &Context,
) -> Truth {
    let base = condition.operator.base.as_str();
    let text = match value {
        Single::Text(text) => text,
        Single::Begins(known) => {
            return match base {
                "StringEquals" | "StringLike" => {
                    compare_strings(base, variables, listed, context, |p| glob_unknown_rest(p, known))
                }
                _ => Truth::U,
            };
        }
        Single::Between(begin, end) => {
            let between = |pattern: &[Piece]| glob_between(pattern, begin, end);
            return match base {
                "StringEquals" | "StringLike" => compare_strings(base, variables, listed, context, between),
                "ArnEquals" | "ArnLike" => compare_arns(variables, begin, listed, context, |p, part| {
                    glob_between(p, part, end)
                }),
                _ => Truth::U,
            };
        }
    };
    match base {
        "StringEquals" | "StringLike" => {
            compare_strings(base, variables, listed, context, |p| glob(p, text).into())
        }
        "StringEqualsIgnoreCase" => compare_strings(base, variables, listed, context, |p| {
            glob(&lower_case(p), &text.to_lowercase()).into()
        }),
        "Bool" => compare_strings(base, variables, listed, context, |p| {
            let is_bool = ["true", "false"].iter().any(|b| text.eq_ignore_ascii_case(b));
            (is_bool && glob(&lower_case(p), &text.to_lowercase())).into()
        }),
        "BinaryEquals" => matches!((bytes(text), bytes(listed)), (Some(a), Some(b)) if a == b).into(),
        "IpAddress" => in_block(text, listed).into(),
        "ArnEquals" | "ArnLike" => {
            compare_arns(variables, text, listed, context, |p, part| glob(p, part).into())
        }
        _ if base.starts_with("Numeric") => ordered(base, number(text), number(listed)),
        _ => ordered(base, date(text), date(listed)),
    }
}

fn compare_strings(
    base: &str,
    variables: bool,
    listed: &str,
    context: &Context,
    test: impl Fn(&[Piece]) -> Truth,
) -> Truth {
    match substitute(listed, base == "StringLike", variables, context) {
        Filled::Pieces(pieces) => test(&pieces),
        Filled::Nothing => Truth::F,
        Filled::Unknown => Truth::U,
    }
}

fn lower_case(pieces: &[Piece]) -> Vec<Piece> {
    pieces
        .iter()
        .map(|p| match p {
            Piece::Char(c) => Piece::Char(c.to_lowercase().next().unwrap_or(*c)),
            p => *p,
        })
        .collect()
}

/// Numeric and Date comparisons; an unparsable value matches nothing.
fn ordered(base: &str, value: Option<f64>, listed: Option<f64>) -> Truth {
    let (Some(value), Some(listed)) = (value, listed) else {
        return Truth::F;
    };
    let comparison = base.trim_start_matches("Numeric").trim_start_matches("Date");
    Truth::from(match comparison {
        "LessThan" => value < listed,
        "LessThanEquals" => value <= listed,
        "GreaterThan" => value > listed,
        "GreaterThanEquals" => value >= listed,
        _ => value == listed,
    })
}

/// ARN operators: six parts, each a glob; the lone `*` matches everything [ambiguous].
fn compare_arns(
    variables: bool,
    text: &str,
    listed: &str,
    context: &Context,
    sixth: impl Fn(&[Piece], &str) -> Truth,
) -> Truth {
    if listed == "*" {
        return Truth::T;
    }
    let (value, pattern) = (arn_parts(text), arn_parts(listed));
    if value.len() != 6 || value[0] != "arn" || pattern.len() != 6 {
        return Truth::F;
    }
    all(value.iter().zip(pattern).enumerate().map(|(i, (part, pattern))| {
        match substitute(pattern, true, variables, context) {
            Filled::Pieces(pieces) if i == 5 => sixth(&pieces, part),
            Filled::Pieces(pieces) => glob(&pieces, part).into(),
            Filled::Nothing => Truth::F,
            Filled::Unknown => Truth::U,
        }
    }))
}

/// A text after substitution of variables.
pub enum Filled {
    /// The pattern.
    Pieces(Vec<Piece>),
    /// A variable without value and default: the text matches nothing (S2.7.3).
    Nothing,
    /// A variable whose value is unknown (S2.7.5).
    Unknown,
}

/// S2.7: replaces `${..}` by context values; substituted text is never a wildcard (S2.7.4).
pub fn substitute(text: &str, wildcards: bool, variables: bool, context: &Context) -> Filled {
    let plain = |text: &str| if wildcards { wild(text) } else { literal(text) };
    if !variables {
        return Filled::Pieces(plain(text)); // S2.1.2
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, tail)) = after.split_once('}') else {
            break;
        };
        pieces.extend(plain(before));
        match variable {
            "*" | "?" | "$" => pieces.extend(literal(variable)), // S2.7.2
            _ => match variable_value(variable, context) {
                Filled::Pieces(value) => pieces.extend(value),
                other => return other,
            },
        }
        rest = tail;
    }
    pieces.extend(plain(rest));
    Filled::Pieces(pieces)
}

/// S2.7.2: `key` or `key, 'default'`.
fn variable_value(variable: &str, context: &Context) -> Filled {
    let (key, default) = match variable.split_once(',') {
        Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
        None => (variable, None),
    };
    match (context.get(&key.trim().to_lowercase()), default) {
        (Some(ContextValue::Known(values)), _) if values.len() == 1 => Filled::Pieces(literal(&values[0])),
        (Some(ContextValue::Unknown | ContextValue::Begins(_) | ContextValue::Between(..)), _) => {
            Filled::Unknown
        }
        (_, Some(default)) => Filled::Pieces(literal(default)),
        (_, None) => Filled::Nothing,
    }
}
