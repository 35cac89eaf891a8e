//! Keys that are views of one thing: the clock, and the pairs of an encryption context (S6.15).

use super::candidates::{Comparison, candidates, clock as shown, line};
use super::diagram::{Diagram, Full, NEVER};
use super::language::{Linear, sorts_of_texts};
use super::universe::{About, Content, Pair, Reader, Universe, Value, take};
use super::{RequestContext, sets, universe};
use crate::condition::formula::{Atom, Range};
use crate::condition::key::pair_name;
use crate::condition::operator::Family;
use crate::condition::subject::{Subject, SubjectId};
use crate::condition::value::seconds;
use std::collections::BTreeMap;

/// `aws:CurrentTime` and `aws:EpochTime` are one clock, where both are asked for.
pub(super) fn clock(universe: &mut Universe, subjects: &mut Vec<About<'_>>) -> Result<(), Full> {
    let is_clock =
        |about: &About<'_>| matches!(about.subject.name.as_str(), "aws:CurrentTime" | "aws:EpochTime");
    if subjects.iter().filter(|about| is_clock(about)).count() < 2 {
        return Ok(());
    }
    let views = take(subjects, is_clock);
    let comparisons: Vec<Comparison> = views.iter().flat_map(About::comparisons).collect();
    let on_the_line = |c: &Comparison| matches!(c.test.family(), Family::Date | Family::Numeric);
    universe.complete &=
        comparisons.iter().all(on_the_line) && views.iter().all(|view| view.linked.is_none());
    let mut points = line(&comparisons);
    let given = ["aws:CurrentTime", "aws:EpochTime"].map(|name| universe.given(name).and_then(|v| v.first()));
    if let Some(now) = given.into_iter().flatten().find_map(|text| seconds(text)) {
        points = vec![now];
    }
    if points.is_empty() {
        points.push(rust_decimal::Decimal::from(1_798_761_600));
    }
    let value = |point: rust_decimal::Decimal| -> Option<Value> {
        let view = |about: &About<'_>| {
            let text = match about.subject.name.as_str() {
                "aws:EpochTime" => point.normalize().to_string(),
                _ => shown(point)?,
            };
            Some((about.id, Content::One(text)))
        };
        views.iter().map(view).collect()
    };
    let variable = universe.add(points.into_iter().filter_map(value).collect());
    for view in &views {
        universe.define_by_value(variable, &view.atoms)?;
    }
    Ok(())
}

const PAIR: &str = "kms:EncryptionContext:";
const KEYS: &str = "kms:EncryptionContextKeys";

/// The pairs of an encryption context: a variable for each name in any spelling, and one for all other names.
pub(super) fn encryption_context(universe: &mut Universe, subjects: &mut Vec<About<'_>>) -> Result<(), Full> {
    let whole = take(subjects, |about| about.subject.name == KEYS);
    let pairs = take(subjects, |about| about.subject.name.starts_with(PAIR));
    let mut names: BTreeMap<String, Vec<&About<'_>>> = BTreeMap::new();
    for about in &pairs {
        names
            .entry(name_of(about).to_lowercase())
            .or_default()
            .push(about);
    }
    let asked: Vec<Comparison> = whole.iter().flat_map(About::comparisons).collect();
    let mut variables = Vec::new();
    for (name, views) in &names {
        let values = pair_values(universe, name, views, &asked);
        let variable = universe.add(values);
        for view in views {
            universe.define_by_value(variable, &view.atoms)?;
        }
        let first = views.first().map(|view| view.id);
        variables.extend(first.map(|first| (variable, first)));
    }
    if whole.is_empty() {
        return Ok(());
    }
    let lower: Vec<&String> = names.keys().collect();
    let others = other_names(universe, &whole, &lower);
    for about in &whole {
        for asked in &about.atoms {
            let pair = of_keys(universe, asked.atom, &variables, others)?;
            universe.define(asked.id, pair);
        }
    }
    Ok(())
}

/// The names of the pairs that a context has, as they are spelled.
pub(super) fn pair_names(context: &RequestContext) -> Vec<String> {
    let present = context.iter().filter(|(_, values)| !values.is_empty());
    present
        .filter_map(|(key, _)| pair_name(key))
        .map(str::to_owned)
        .collect()
}

fn name_of<'a>(about: &About<'a>) -> &'a str {
    about.subject.name.get(PAIR.len()..).unwrap_or_default()
}

/// What a pair may be: absent, or some spelling of its name with some value. The spelling is kept as a subject's name
/// would be: by what each view sees.
fn pair_values(universe: &mut Universe, name: &str, views: &[&About<'_>], keys: &[Comparison]) -> Vec<Value> {
    let comparisons: Vec<Comparison> = views.iter().flat_map(|view| view.comparisons()).collect();
    let found = candidates(&Subject::free(format!("{PAIR}{name}")), &comparisons, &[]);
    universe.complete &= found.complete;
    let mut texts = found.values;
    let given = universe.given(&format!("{PAIR}{name}")).cloned();
    if let Some(given) = &given {
        texts.clone_from(given);
    }
    let linked = views.iter().filter_map(|view| view.linked.as_ref()).flatten();
    for linked in linked.filter(|_| given.is_none()) {
        if !texts.contains(linked) {
            texts.push(linked.clone());
        }
    }
    let mut patterns = vec![Linear::ignoring_case(name)];
    patterns.extend(keys.iter().filter_map(|c| Linear::of(c.test, &c.value)));
    let mut spellings: Vec<String> = views
        .iter()
        .filter(|view| view.subject.exact_pair)
        .map(|view| name_of(view).to_owned())
        .collect();
    match sorts_of_texts(&patterns) {
        Some(sorts) => spellings.extend(sorts.into_iter().filter(|text| text.to_lowercase() == name)),
        None => universe.complete = false,
    }
    spellings.push(name.to_owned());
    let named = |spelling: &String| spelling.to_lowercase() == name;
    if let Some(known) = universe.given_pairs().iter().find(|known| named(known)) {
        spellings = vec![known.clone()];
    }
    let mut absent = views.iter().all(|view| view.subject.absent);
    absent &= given.is_none_or(|values| values.is_empty());
    if let Some(names) = universe.given(KEYS) {
        absent &= !names.iter().any(named);
        spellings.retain(|spelling| names.contains(spelling));
    }
    spellings.sort_unstable();
    spellings.dedup();
    let mut values: Vec<Value> = Vec::new();
    if absent {
        values.push(views.iter().map(|view| (view.id, Content::Absent)).collect());
    }
    for spelling in &spellings {
        for text in &texts {
            let mut value: Value = Vec::new();
            for view in views {
                let seen = !view.subject.exact_pair || name_of(view) == spelling;
                let content = if seen {
                    Content::One(text.clone())
                } else {
                    Content::Absent
                };
                value.push((view.id, content));
            }
            // Under which name the pair stands.
            value.push((SPELLING, Content::One(spelling.clone())));
            values.push(value);
        }
    }
    values
}

/// Stands for the spelling of a pair's name among the subjects of a value.
pub(super) const SPELLING: SubjectId = SubjectId(u32::MAX);
/// Stands for the names of pairs that nothing else asks about.
pub(super) const OTHERS: SubjectId = SubjectId(u32::MAX - 1);

/// Sets of names besides those that are asked about by themselves.
fn other_names(universe: &mut Universe, whole: &[About<'_>], taken: &[&String]) -> u32 {
    let mut sets: Vec<Vec<String>> = vec![Vec::new()];
    if let Some(about) = whole.first() {
        let patterns: Vec<Linear> = taken.iter().map(|name| Linear::ignoring_case(name)).collect();
        let found = candidates(about.subject, &about.comparisons(), &patterns);
        universe.complete &= found.complete && whole.len() == 1;
        let free = |value: &String| !value.is_empty() && !taken.contains(&&value.to_lowercase());
        let names = found.values.into_iter().filter(free).collect();
        match sets::sets(about, names) {
            Some(found) => sets.extend(found),
            None => universe.complete = false,
        }
        let other = |name: &&String| !taken.contains(&&name.to_lowercase());
        if let Some(given) = universe.given(KEYS) {
            sets = vec![given.iter().filter(other).cloned().collect()];
        }
        for name in universe.given_pairs().iter().filter(other) {
            for set in sets.iter_mut().filter(|set| !set.contains(name)) {
                set.push(name.clone());
            }
        }
    }
    let content = |set: Vec<String>| match set.is_empty() {
        true => Content::Absent,
        false => Content::Set(set),
    };
    universe.add(sets.into_iter().map(|set| vec![(OTHERS, content(set))]).collect())
}

/// An atom about the set of all names.
fn of_keys(
    universe: &mut Universe,
    atom: &Atom,
    pairs: &[(u32, SubjectId)],
    others: u32,
) -> Result<Pair, Full> {
    let reader = Reader::new(atom);
    let spelled = |value: &Value| -> Option<Content> {
        let spelling = value.iter().find(|(subject, _)| *subject == SPELLING)?;
        Some(spelling.1.clone())
    };
    // Whether some name, or no name at all, is so.
    let mut any = NEVER;
    let mut present = Vec::new();
    for &(variable, _) in pairs {
        let hit = universe.by_value(variable, |value| {
            spelled(value).is_some_and(|name| reader.of_one(&name))
        })?;
        any = universe.table.or(any, hit)?;
        present.push(universe.by_value(variable, |value| spelled(value).is_some())?);
    }
    let elements = |value: &Value| match value.first() {
        Some((_, Content::Set(names))) => names.clone(),
        _ => Vec::new(),
    };
    let hit = universe.by_value(others, |value| {
        elements(value)
            .into_iter()
            .any(|name| reader.of_one(&Content::One(name)))
    })?;
    any = universe.table.or(any, hit)?;
    let mut some = universe.by_value(others, |value| !elements(value).is_empty())?;
    for &one in &present {
        some = universe.table.or(some, one)?;
    }
    match atom {
        Atom::Absent { .. } => Ok(Pair::certain(universe.table.not(some)?)),
        Atom::Test {
            range: Range::Bare, ..
        } => {
            let several = several(universe, &present, others, &elements)?;
            let not_several = universe.table.not(several)?;
            Ok(Pair {
                at_best: universe.table.or(any, several)?,
                at_worst: universe.table.and(any, not_several)?,
            })
        }
        _ => Ok(Pair::certain(any)),
    }
}

/// Whether there are several names.
fn several(
    universe: &mut Universe,
    present: &[Diagram],
    others: u32,
    elements: &dyn Fn(&Value) -> Vec<String>,
) -> Result<Diagram, Full> {
    let mut several = universe.by_value(others, |value| elements(value).len() > 1)?;
    let mut before = universe.by_value(others, |value| !elements(value).is_empty())?;
    for &one in present {
        let both = universe.table.and(before, one)?;
        several = universe.table.or(several, both)?;
        before = universe.table.or(before, one)?;
    }
    Ok(several)
}

impl universe::Reader {
    /// What it says of one element of a set.
    fn of_one(&self, element: &Content) -> bool {
        self.of(element) == universe::Truth::True
    }
}
