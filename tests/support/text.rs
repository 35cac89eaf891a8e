//! Text the way IAM compares it: wildcards (S2.3.1, S2.4.2), ARNs (S1.1), service principal names (S2.2.8).

use super::truth::Truth;

/// One position of a pattern. Substituted text (S2.7.4) enters as `Char`, so that its `*` is no wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This character.
    Char(char),
    /// `*`: any run, also an empty one.
    Star,
    /// `?`: any one character.
    One,
}

/// A pattern in which `*` and `?` are wildcards.
pub fn wild(text: &str) -> Vec<Piece> {
    text.chars()
        .map(|c| match c {
            '*' => Piece::Star,
            '?' => Piece::One,
            c => Piece::Char(c),
        })
        .collect()
}

/// A pattern that stands for itself.
pub fn literal(text: &str) -> Vec<Piece> {
    text.chars().map(Piece::Char).collect()
}

/// Whether the text holds a wildcard.
pub fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|b| b == b'*' || b == b'?')
}

/// The text without its first character.
fn tail(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}

/// Whether the whole text matches the whole pattern.
pub fn glob(pattern: &[Piece], text: &str) -> bool {
    match pattern {
        [] => text.is_empty(),
        [Piece::Char(c), rest @ ..] => text.starts_with(*c) && glob(rest, tail(text)),
        [Piece::One, rest @ ..] => !text.is_empty() && glob(rest, tail(text)),
        [Piece::Star, rest @ ..] => glob(rest, text) || !text.is_empty() && glob(pattern, tail(text)),
    }
}

/// Whether `known` followed by some unknown, non-empty rest matches: T for every rest, F for none, else U.
pub fn glob_unknown_rest(pattern: &[Piece], known: &str) -> Truth {
    match pattern {
        [] => Truth::F,
        _ if known.is_empty() => Truth::from(pattern.iter().all(|p| *p == Piece::Star)).at_least_unknown(),
        [Piece::Char(c), ..] if !known.starts_with(*c) => Truth::F,
        [Piece::Char(_) | Piece::One, rest @ ..] => glob_unknown_rest(rest, tail(known)),
        [Piece::Star, rest @ ..] => {
            glob_unknown_rest(rest, known).or(glob_unknown_rest(pattern, tail(known)))
        }
    }
}

/// Whether the pattern matches `begin`, an unknown path and `end`: nothing, or a slash and more. T for every path, F for none.
pub fn glob_between(pattern: &[Piece], begin: &str, end: &str) -> Truth {
    let without = Truth::from(glob(pattern, &format!("{begin}{end}")));
    let with = glob_around(pattern, &format!("{begin}/"), end);
    if with == without { with } else { Truth::U }
}

/// The same for any text in the middle, or none.
fn glob_around(pattern: &[Piece], begin: &str, end: &str) -> Truth {
    // All places in the pattern that the text read so far may have led to; an unknown middle leads anywhere.
    let runs = |places: &mut Vec<usize>| {
        let mut at = 0;
        while let Some(&place) = places.get(at) {
            if pattern.get(place) == Some(&Piece::Star) && !places.contains(&(place + 1)) {
                places.push(place + 1);
            }
            at += 1;
        }
    };
    let read = |places: Vec<usize>, c: char| {
        let mut next = Vec::new();
        for place in places {
            match pattern.get(place) {
                Some(Piece::Star) => next.push(place),
                Some(Piece::One) => next.push(place + 1),
                Some(Piece::Char(own)) if *own == c => next.push(place + 1),
                _ => {}
            }
        }
        runs(&mut next);
        next.sort_unstable();
        next.dedup();
        next
    };
    let mut places = vec![0];
    runs(&mut places);
    places = begin.chars().fold(places, read);
    let certain: Vec<usize> = places
        .iter()
        .copied()
        .filter(|&place| pattern.get(place) == Some(&Piece::Star))
        .flat_map(|place| [place, place + 1])
        .collect();
    let possible: Vec<usize> = match places.iter().min() {
        Some(&first) => (first..=pattern.len()).collect(),
        None => Vec::new(),
    };
    let ends = |places: Vec<usize>| end.chars().fold(places, read).contains(&pattern.len());
    match (ends(certain), ends(possible)) {
        (true, _) => Truth::T,
        (false, true) => Truth::U,
        (false, false) => Truth::F,
    }
}

/// The parts of an ARN or ARN pattern: split at the first five colons (S1.1) that are not inside `${..}`.
pub fn arn_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut in_variable = false;
    for (i, c) in text.char_indices() {
        match c {
            '{' if text[..i].ends_with('$') => in_variable = true,
            '}' => in_variable = false,
            ':' if !in_variable && parts.len() < 5 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// An ARN taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'t> {
    /// `aws`, `aws-cn`, ..
    pub partition: &'t str,
    /// `kms`, `iam`, ..
    pub service: &'t str,
    /// Region, empty for IAM.
    pub region: &'t str,
    /// Account id.
    pub account: &'t str,
    /// Everything after the fifth colon.
    pub resource: &'t str,
}

/// Reads an ARN; `None` when the text is none.
pub fn arn(text: &str) -> Option<Arn<'_>> {
    match arn_parts(text)[..] {
        ["arn", partition, service, region, account, resource] => Some(Arn {
            partition,
            service,
            region,
            account,
            resource,
        }),
        _ => None,
    }
}

/// Whether the text is twelve digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A service principal name without its Region: `logs.eu-west-1.amazonaws.com` is `logs.amazonaws.com` (S2.2.8).
pub fn service_name(text: &str) -> String {
    let labels: Vec<&str> = text.split('.').collect();
    match labels[..] {
        [service, region, ref domain @ ..]
            if domain.first() == Some(&"amazonaws") && region.matches('-').count() >= 2 =>
        {
            format!("{service}.{}", domain.join("."))
        }
        _ => text.to_owned(),
    }
}

/// Case-insensitive equality of two tag or condition key names (S2.5.2).
pub fn same_name(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
