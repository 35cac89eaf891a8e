//! Representative values of a condition key: one of every sort that the comparisons at hand tell apart.
//!
//! Strings and ARNs come from the automata of all patterns ([`language`](super::language)), numbers, times and
//! addresses from the boundaries that comparisons draw, closed lists from themselves. Each value found is real: whether
//! it meets a comparison is left to the comparison itself.

use super::language::{Linear, sorts_of_texts};
use crate::condition::key::{self, KnownKey, ValueType};
use crate::condition::known::Possible;
use crate::condition::operator::{Family, Test};
use crate::condition::subject::{Operand, Subject};
use crate::condition::value::{Prepared, net, number, seconds};
use crate::pattern::Token;
use rust_decimal::Decimal;
use std::net::IpAddr;

/// A comparison with one policy value.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) test: Test,
    pub(super) value: Box<[Token]>,
}

/// Values that a key may have.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The values, the most telling ones first.
    pub(super) values: Vec<String>,
    /// Whether there is one of every sort; if not, what is not found may still exist.
    pub(super) complete: bool,
}

/// The comparisons of an atom with values that have no variables.
pub(super) fn comparisons(test: Test, values: &[Operand]) -> impl Iterator<Item = Comparison> + '_ {
    values.iter().filter_map(move |value| match value {
        Operand::Fixed(tokens) => Some(Comparison {
            test,
            value: tokens.clone(),
        }),
        Operand::Template(_) => None,
    })
}

/// Values of a subject that the comparisons tell apart. `patterns` are further languages of interest.
pub(super) fn candidates(subject: &Subject, comparisons: &[Comparison], patterns: &[Linear]) -> Candidates {
    let known = key::lookup(&subject.name).map(|(known, _)| known);
    if let Possible::OneOf(list) = &subject.possible {
        return Candidates {
            values: list.clone(),
            complete: true,
        };
    }
    if known.is_some_and(|known| known.value_type() == ValueType::Bool) {
        return Candidates {
            values: vec!["true".to_owned(), "false".to_owned()],
            complete: true,
        };
    }
    let mut found = Candidates {
        values: Vec::new(),
        complete: true,
    };
    let has = |family: &[Family]| comparisons.iter().any(|c| family.contains(&c.test.family()));
    let strings = has(&[Family::String, Family::Arn, Family::Bool, Family::Binary]) || !patterns.is_empty();
    let (numbers, addressed) = (has(&[Family::Numeric, Family::Date]), has(&[Family::Ip]));
    if numbers {
        found.values.extend(points(subject, known, comparisons));
    }
    if numbers && strings {
        // Numbers in a spelling that no text has with which they are compared.
        let spelled = line(comparisons).into_iter().map(|point| format!("{point:.9}"));
        found.values.extend(spelled);
    }
    if addressed {
        found.values.extend(addresses(comparisons));
    }
    if strings || !(numbers || addressed) {
        let texts = texts(subject, known, comparisons, patterns);
        found.complete &= texts.complete;
        found.values.extend(texts.values);
    }
    // What is compared in several ways may have values that meet more of them at once than those found; with numbers and
    // single texts it has not.
    let single = |c: &Comparison| match Linear::of(c.test, &c.value).map(|text| text.only_text()) {
        Some(Some(text)) => !text.ends_with("000000000"),
        Some(None) => false,
        None => true,
    };
    let mixed = strings && numbers && !(patterns.is_empty() && comparisons.iter().all(single));
    found.complete &= !mixed && !(addressed && (strings || numbers));
    found.values.push(ordinary(known).to_owned());
    found.values.retain(|value| admits(subject, known, value));
    found.values = distinct(found.values);
    found
}

fn distinct(values: Vec<String>) -> Vec<String> {
    let mut seen = ahash::AHashSet::new();
    values
        .into_iter()
        .filter(|value| seen.insert(value.clone()))
        .collect()
}

/// A value like any other; where values are texts, one that no other kind of comparison can read.
fn ordinary(known: Option<KnownKey>) -> &'static str {
    match known.map(KnownKey::value_type) {
        Some(ValueType::Numeric) => "300",
        Some(ValueType::Date) => "2026-01-01T00:00:00Z",
        Some(ValueType::Ip) => "198.51.100.7",
        Some(ValueType::Arn) => "arn:aws:s3:::example",
        Some(ValueType::Bool | ValueType::String) | None => "x",
    }
}

const USER_ID: &str = "aws:userid";

/// Whether a request may give the key this value. Neither unique ids nor names of sessions have colons.
fn admits(subject: &Subject, known: Option<KnownKey>, value: &str) -> bool {
    let typed = match known.map(KnownKey::value_type) {
        Some(ValueType::Numeric) => number(value).is_some(),
        Some(ValueType::Date) => seconds(value).is_some(),
        Some(ValueType::Ip) => value.parse::<IpAddr>().is_ok(),
        Some(ValueType::Arn) => crate::arn::Arn::parse(value).is_some(),
        Some(ValueType::Bool | ValueType::String) | None => true,
    };
    typed && subject.possible.admits(value) && !(subject.name == USER_ID && value.matches(':').count() > 1)
}

/// Texts of every sort.
fn texts(
    subject: &Subject,
    known: Option<KnownKey>,
    comparisons: &[Comparison],
    patterns: &[Linear],
) -> Candidates {
    let mut all: Vec<Linear> = patterns.to_vec();
    let mut values: Vec<String> = Vec::new();
    for comparison in comparisons {
        if let Some(linear) = Linear::of(comparison.test, &comparison.value) {
            values.extend(linear.only_text().or_else(|| likely(subject, comparison)));
            all.push(linear);
        }
    }
    match &subject.possible {
        Possible::Like(pattern) => {
            all.push(Linear::like(pattern));
            if subject.name == USER_ID {
                all.push(Linear::without_colons(pattern));
            }
        }
        Possible::Unlike(patterns) => all.extend(patterns.iter().map(|pattern| Linear::like(pattern))),
        Possible::Anything | Possible::OneOf(_) | Possible::ForeignTo(_) => {}
    }
    let arns = comparisons.iter().any(|c| c.test == Test::ArnLike);
    if arns || known.is_some_and(|known| known.value_type() == ValueType::Arn) {
        all.push(Linear::arn());
    }
    all.dedup();
    // The shortest text of a sort may be barred, while others of its sort are not: what bars it is told apart, too.
    for _ in 0..64 {
        let Some(sorts) = sorts_of_texts(&all) else {
            break;
        };
        let barred = sorts.iter().filter(|text| !subject.possible.admits(text));
        let more: Vec<Linear> = barred
            .filter_map(|text| barrier(&subject.possible, text))
            .filter(|linear| !all.contains(linear))
            .collect();
        if more.is_empty() {
            values.extend(sorts);
            return Candidates {
                values,
                complete: true,
            };
        }
        all.extend(more);
    }
    Candidates {
        values,
        complete: false,
    }
}

/// The texts that are barred like this one, unless they are told apart already.
fn barrier(possible: &Possible, text: &str) -> Option<Linear> {
    let Possible::ForeignTo(_) = possible else {
        return None;
    };
    let literal = crate::pattern::literal(text);
    match crate::arn::Arn::parse(text) {
        Some(arn) => {
            let account = format!("arn:*:*:*:{}:*", arn.account);
            Linear::of(Test::ArnLike, &crate::pattern::tokens(&account))
        }
        None => Linear::of(Test::StringEquals, &literal),
    }
}

/// A value that people would recognize, for a pattern with wildcards.
fn likely(subject: &Subject, comparison: &Comparison) -> Option<String> {
    let run = match subject.name.as_str() {
        "kms:ViaService" => "us-east-1.amazonaws.com",
        "aws:userid" => "session",
        _ => "example",
    };
    let tokens = &comparison.value;
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Char(c) => text.push(*c),
            Token::One => text.push('x'),
            Token::Many if subject.name == "kms:ViaService" && at + 1 < tokens.len() => {
                text.push_str("us-east-1");
            }
            // Whatever else it is the ARN of, it has a partition that there is.
            Token::Many if text == "arn:" => text.push_str("aws"),
            Token::Many => text.push_str(run),
        }
    }
    Some(text)
}

/// Numbers, or times, at and between all boundaries.
fn points(subject: &Subject, known: Option<KnownKey>, comparisons: &[Comparison]) -> Vec<String> {
    let as_time = known.is_some_and(|known| known.value_type() == ValueType::Date)
        && !matches!(subject.name.as_str(), "aws:EpochTime" | "kms:ValidTo");
    line(comparisons)
        .into_iter()
        .filter_map(|point| match as_time {
            true => clock(point),
            false => Some(point.normalize().to_string()),
        })
        .collect()
}

/// A point of time as the request's clock shows it.
pub(super) fn clock(point: Decimal) -> Option<String> {
    let nanoseconds = point.checked_mul(Decimal::from(1_000_000_000))?.trunc();
    let time = jiff::Timestamp::from_nanosecond(i128::try_from(nanoseconds).ok()?).ok()?;
    Some(time.to_string())
}

/// Points at and between all boundaries of numbers and times, the latter in seconds since 1970.
pub(super) fn line(comparisons: &[Comparison]) -> Vec<Decimal> {
    let mut bounds: Vec<Decimal> = comparisons
        .iter()
        .filter_map(|comparison| {
            let text = crate::pattern::written(&comparison.value);
            match comparison.test.family() {
                Family::Numeric => number(&text),
                Family::Date => seconds(&text),
                _ => None,
            }
        })
        .collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut points = bounds.clone();
    for pair in bounds.windows(2) {
        if let [low, high] = pair {
            points.extend(middle(*low, *high));
        }
    }
    points.extend(bounds.first().and_then(|low| low.checked_sub(Decimal::ONE)));
    points.extend(bounds.last().and_then(|high| high.checked_add(Decimal::ONE)));
    points.sort_unstable();
    points.dedup();
    points
}

/// A point strictly between two, a whole number if there is one.
fn middle(low: Decimal, high: Decimal) -> Option<Decimal> {
    let half = low.checked_add(high.checked_sub(low)?.checked_div(Decimal::TWO)?)?;
    [half.floor(), half.ceil(), half]
        .into_iter()
        .find(|point| low < *point && *point < high)
}

/// The first address of each range between two boundaries, of both kinds.
fn addresses(comparisons: &[Comparison]) -> Vec<String> {
    let mut starts: Vec<IpAddr> = vec![IpAddr::from([198, 51, 100, 7]), IpAddr::from([0, 0, 0, 0])];
    starts.push(IpAddr::from([0; 16]));
    for comparison in comparisons.iter().filter(|c| c.test == Test::IpAddress) {
        let Some(net) = net(&crate::pattern::written(&comparison.value)) else {
            continue;
        };
        starts.push(net.network());
        starts.extend(after(net.broadcast()));
    }
    starts.iter().map(IpAddr::to_string).collect()
}

fn after(address: IpAddr) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => IpAddr::from(v4.to_bits().checked_add(1)?.to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from(v6.to_bits().checked_add(1)?.to_be_bytes()),
    })
}

/// Whether a value meets one of the comparisons.
pub(super) fn meets(prepared: &[Prepared], value: &str) -> bool {
    prepared.iter().any(|one| one.matches(value))
}
