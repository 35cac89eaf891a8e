//! Keys whose values are compared with each other, through policy variables (S2.7.5): `${aws:PrincipalTag/team}` against
//! the value of another key.
//!
//! Each key gets the values that matter for the others: a key that has to equal a variable takes all that matters for the
//! variable, and the other way round.

use super::candidates::candidates;
use super::diagram::Full;
use super::language::Linear;
use super::universe::{About, Content, Link, Truth, Universe, Value, compared, filled};
use crate::condition::formula::Atom;
use crate::condition::subject::{Operand, Part, SubjectId};
use crate::pattern::{Token, match_tokens};
use ahash::AHashMap;

/// How many values a key takes for the sake of others.
const VALUES: usize = 48;

/// A variable with the text around it.
struct Between<'f> {
    own: SubjectId,
    variable: SubjectId,
    before: &'f [Token],
    after: &'f [Token],
}

/// Gives each linked subject its values.
pub(super) fn values(universe: &mut Universe, subjects: &mut [About<'_>], links: &[Link<'_>]) {
    if links.is_empty() {
        return;
    }
    let mut betweens = Vec::new();
    for link in links {
        let Atom::Test { values, .. } = link.asked.atom else {
            continue;
        };
        for value in values {
            let Operand::Template(parts) = value else { continue };
            match between(link.own, parts) {
                Some(found) => betweens.push(found),
                // Texts with two variables are tried with likely values only.
                None => universe.complete = false,
            }
        }
    }
    let mut found: AHashMap<SubjectId, Vec<String>> = AHashMap::new();
    for link in links {
        for &subject in link.others.iter().chain(Some(&link.own)) {
            found.entry(subject).or_default();
        }
    }
    // Three rounds carry a value along a chain of variables.
    for _ in 0..3 {
        for about in subjects.iter() {
            if !found.contains_key(&about.id) {
                continue;
            }
            let more = own_values(universe, about, subjects, &betweens);
            extend(universe, &mut found, about, more);
        }
        exchange(universe, &mut found, subjects, links, &betweens);
    }
    for about in subjects.iter_mut() {
        about.linked = found.remove(&about.id);
    }
}

fn between<'f>(own: SubjectId, parts: &'f [Part]) -> Option<Between<'f>> {
    let text = |part: &'f Part| match part {
        Part::Text(tokens) => Some(&tokens[..]),
        Part::Variable { .. } => None,
    };
    let (before, variable, after) = match parts {
        [variable] => (&[][..], variable, &[][..]),
        [before, variable @ Part::Variable { .. }] => (text(before)?, variable, &[][..]),
        [variable, after] => (&[][..], variable, text(after)?),
        [before, variable, after] => (text(before)?, variable, text(after)?),
        _ => return None,
    };
    let Part::Variable { subject, .. } = variable else {
        return None;
    };
    Some(Between {
        own,
        variable: *subject,
        before,
        after,
    })
}

/// Values that matter to a subject itself, and what matters of the variables that it is compared with.
fn own_values(
    universe: &mut Universe,
    about: &About<'_>,
    subjects: &[About<'_>],
    betweens: &[Between<'_>],
) -> Vec<String> {
    let mut patterns = Vec::new();
    for link in betweens {
        let other = |id: SubjectId| subjects.iter().find(|other| other.id == id);
        if link.own == about.id {
            patterns.push(Linear::like("*").between(link.before, link.after));
            for comparison in other(link.variable).into_iter().flat_map(About::comparisons) {
                let linear = Linear::of(comparison.test, &comparison.value);
                patterns.extend(linear.map(|linear| linear.between(link.before, link.after)));
            }
        } else if link.variable == about.id && link.before.is_empty() && link.after.is_empty() {
            for comparison in other(link.own).into_iter().flat_map(About::comparisons) {
                patterns.extend(Linear::of(comparison.test, &comparison.value));
            }
        }
    }
    let found = candidates(about.subject, &about.comparisons(), &patterns);
    universe.complete &= found.complete;
    let mut values = found.values;
    values.extend(["value-1", "value-2"].map(str::to_owned));
    values
}

/// Carries values over: from a variable into the text around it, and out of such a text into the variable.
fn exchange(
    universe: &mut Universe,
    found: &mut AHashMap<SubjectId, Vec<String>>,
    subjects: &[About<'_>],
    links: &[Link<'_>],
    betweens: &[Between<'_>],
) {
    let about = |id: SubjectId| subjects.iter().find(|about| about.id == id);
    for link in links {
        let Atom::Test { values, .. } = link.asked.atom else {
            continue;
        };
        for value in values {
            let Operand::Template(parts) = value else { continue };
            let lists: Vec<String> = link
                .others
                .iter()
                .flat_map(|id| found.get(id).into_iter().flatten())
                .cloned()
                .collect();
            let texts = lists
                .into_iter()
                .filter_map(|text| filled(parts, |_| Content::One(text.clone())))
                .flat_map(|tokens| [example(&tokens, ""), example(&tokens, "x")])
                .collect();
            if let Some(own) = about(link.own) {
                extend(universe, found, own, texts);
            }
        }
    }
    for link in betweens {
        let own = found.get(&link.own).into_iter().flatten();
        let texts: Vec<String> = own
            .filter_map(|text| inside(text, link.before, link.after))
            .map(str::to_owned)
            .collect();
        if let Some(variable) = about(link.variable) {
            extend(universe, found, variable, texts);
        }
    }
}

/// The longest part of a text that a variable may stand for, between what is before it and after it.
fn inside<'t>(text: &'t str, before: &[Token], after: &[Token]) -> Option<&'t str> {
    let ends = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=text.len())
        .filter(ends)
        .find(|&at| match_tokens(before, text.get(..at).unwrap_or_default()))?;
    let rest = text.get(start..)?;
    let end = (0..=rest.len())
        .rev()
        .filter(|at| rest.is_char_boundary(*at))
        .find(|&at| match_tokens(after, rest.get(at..).unwrap_or_default()))?;
    rest.get(..end)
}

/// A text that tokens match, with this in place of each run.
fn example(tokens: &[Token], run: &str) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Char(c) => text.push(*c),
            Token::One => text.push('x'),
            Token::Many => text.push_str(run),
        }
    }
    text
}

fn extend(
    universe: &mut Universe,
    found: &mut AHashMap<SubjectId, Vec<String>>,
    about: &About<'_>,
    more: Vec<String>,
) {
    let own = found.entry(about.id).or_default();
    for value in more {
        if own.contains(&value) || !about.subject.possible.admits(&value) {
            continue;
        }
        if own.len() >= VALUES {
            universe.complete = false;
            return;
        }
        own.push(value);
    }
}

/// Defines the atoms that compare subjects with each other.
pub(super) fn define(universe: &mut Universe, links: &[Link<'_>]) -> Result<(), Full> {
    for link in links {
        let Atom::Test {
            subject,
            range,
            test,
            values,
        } = link.asked.atom
        else {
            continue;
        };
        let concerned = link.others.iter().chain(Some(&link.own));
        let variables: Vec<u32> = concerned.filter_map(|&id| universe.variable_of(id)).collect();
        let truth = |chosen: &[Value]| -> Truth {
            let content = |id: SubjectId| {
                let mut all = chosen.iter().flatten();
                all.find(|(own, _)| *own == id)
                    .map_or(Content::Absent, |(_, content)| content.clone())
            };
            let texts: Vec<Option<Vec<Token>>> = values.iter().map(|value| text(value, &content)).collect();
            compared(&content(*subject), *range, *test, &texts)
        };
        universe.define_by_values(link.asked.id, variables, &truth)?;
    }
    Ok(())
}

fn text(value: &Operand, content: &dyn Fn(SubjectId) -> Content) -> Option<Vec<Token>> {
    match value {
        Operand::Fixed(tokens) => Some(tokens.to_vec()),
        Operand::Template(parts) => filled(parts, content),
    }
}
