//! Who can do an action on each key: Cedar asked about every role and key, keywho's lists.

use crate::cedar::Asked;
use crate::question::Question;
use crate::sides::{ROUNDS, Sides, Taken};
use crate::timing::{count, least, seconds};
use crate::world::Random;
use crate::{Different, SEED};
use std::collections::HashSet;

/// Requests that Cedar is asked with all policies, and how often: each takes long enough to be disturbed.
pub(crate) const WITH_ALL: usize = 200;
pub(crate) const ROUNDS_WITH_ALL: usize = 5;

/// One line of the table, once all answers are found equal.
pub(crate) fn compare(sides: &Sides, question: &Question) -> Result<String, Different> {
    let keys = 0..sides.organization.keys.len();
    let narrowing = sides.narrowing(question);
    let list = |key| sides.listed(key, question, &narrowing);
    let (first, listed) = seconds(|| keys.clone().map(list).collect::<Vec<_>>());
    let mut sliced = Taken::default();
    let mut answers = Vec::with_capacity(keys.len());
    for (key, listed) in listed.iter().enumerate() {
        let asked = Asked::new(question, &sides.organization.keys[key]);
        let found = sides.sliced(key, &asked, &mut sliced);
        same(sides, question, key, &found, listed)?;
        answers.push(found);
    }
    let whole = with_all(sides, question, &answers)?;
    let again: f64 = keys.map(|key| least(ROUNDS, || list(key)).0).sum();
    let allowed = answers.iter().flatten().filter(|&&yes| yes).count();
    Ok(line(
        &question.name(),
        [
            keys_times_roles(sides).to_string(),
            allowed.to_string(),
            format!("{whole:.2}"),
            format!("{:.2}", sliced.slicing),
            format!("{:.2}", sliced.asking),
            format!("{:.2}", 1e3 * first),
            format!("{:.2}", 1e3 * again),
            format!("{:.0}", whole / again),
            format!("{:.0}", sliced.asking / again),
        ],
    ))
}

fn keys_times_roles(sides: &Sides) -> usize {
    sides.organization.keys.len() * sides.roles.len()
}

/// Seconds that Cedar takes for all requests with all policies, from a random sample.
fn with_all(sides: &Sides, question: &Question, answers: &[Vec<bool>]) -> Result<f64, Different> {
    let mut random = Random(SEED);
    let mut sum = 0.0;
    for _ in 0..WITH_ALL {
        let key = random.below(answers.len());
        let role = random.below(sides.roles.len());
        let asked = Asked::new(question, &sides.organization.keys[key]);
        let ask = || sides.cedar.allows(&sides.cedar.whole, &sides.roles[role], &asked);
        let (taken, allowed) = least(ROUNDS_WITH_ALL, ask);
        sum += taken;
        if allowed != answers[key][role] {
            return Err(sides.different(question, role, key, allowed));
        }
    }
    Ok(sum * count(keys_times_roles(sides)) / count(WITH_ALL))
}

/// Whether Cedar's answers about a key are keywho's.
fn same(
    sides: &Sides,
    question: &Question,
    key: usize,
    answers: &[bool],
    listed: &[String],
) -> Result<(), Different> {
    let listed: HashSet<&str> = listed.iter().map(String::as_str).collect();
    let roles = sides.organization.roles.iter().zip(answers).enumerate();
    for (role, (one, &cedar)) in roles {
        if cedar != listed.contains(one.arn.as_str()) {
            return Err(sides.different(question, role, key, cedar));
        }
    }
    Ok(())
}

/// What the columns are, and what was measured.
pub(crate) fn heading() -> String {
    let texts = |columns: [&str; 9]| columns.map(str::to_owned);
    let above = texts(["", "", "Cedar, s", "", "", "keywho, ms", "", "times", ""]);
    let below = texts([
        "requests", "allowed", "all", "slicing", "slices", "first", "again", "all", "slices",
    ]);
    format!(
        "  Cedar with all policies: {WITH_ALL} random requests, their seconds multiplied; with slices: all requests\n{}\n{}",
        line("who can, over all keys", above),
        line("", below)
    )
}

fn line(name: &str, columns: [String; 9]) -> String {
    let columns = columns.map(|text| format!("{text:>11}"));
    format!("  {name:<32}{}", columns.concat())
}
