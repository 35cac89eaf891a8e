//! Requests near the edge: each aims at one statement or grant of the world, meets or just misses its conditions, and fills the rest at random.
//! Most have a goal, such as a mechanism that shall decide them, and are drawn again, a few times, until they reach it.

mod aim;
pub mod contexts;
pub mod draft;
mod fill;

use super::decide::{Decision, decide, decide_with};
use super::generate::vocabulary::Vocabulary;
use super::mechanisms::{Mechanism, Options};
use super::rng::Rng;
use super::world::World;
use aim::{Aim, aims};
use serde_json::Value;

/// How often a request is drawn for one goal.
const TRIES: usize = 9;

/// `n` requests to a world.
pub fn requests(world: &World, rng: &mut Rng, n: usize) -> Vec<Value> {
    let words = Vocabulary::of(world);
    let targets = aims(world);
    (0..n).map(|id| request(&words, &targets, rng, id)).collect()
}

/// What a request should show.
#[derive(Clone, Copy)]
enum Goal {
    /// Nothing in particular.
    Anything,
    /// That this mechanism decides.
    DecidedBy(Mechanism),
    /// That the answer is this one.
    Answered(Decision),
}

fn request(words: &Vocabulary<'_>, targets: &[Aim<'_>], rng: &mut Rng, id: usize) -> Value {
    let mut mechanisms = Mechanism::all();
    mechanisms.extend([
        Mechanism::EndpointLimit,
        Mechanism::DenyEndpoint,
        Mechanism::SessionLimit,
    ]); // hard to reach
    let goal = match rng.below(100) {
        0..=17 => Goal::Anything,
        18..=28 => Goal::Answered(Decision::Undetermined),
        29..=38 => Goal::Answered(Decision::Allowed),
        _ => Goal::DecidedBy(*rng.pick(&mechanisms)),
    };
    let fitting: Vec<Aim<'_>> = targets
        .iter()
        .filter(|target| may_reach(words, goal, target))
        .copied()
        .collect();
    let mut request = Value::Null;
    for _ in 0..TRIES {
        let target = *rng.pick_if_any(&fitting).unwrap_or(rng.pick(targets));
        let mechanism = if let Goal::DecidedBy(mechanism) = goal {
            Some(mechanism)
        } else {
            None
        };
        request = fill::draft(target, rng, words, mechanism).request(words, id);
        if reached(words.world, goal, &request) {
            break;
        }
    }
    request
}

fn may_reach(words: &Vocabulary<'_>, goal: Goal, target: &Aim<'_>) -> bool {
    match goal {
        Goal::DecidedBy(mechanism) => target.serves(mechanism),
        Goal::Answered(Decision::Undetermined) => target.is_open(words),
        Goal::Anything | Goal::Answered(_) => true,
    }
}

fn reached(world: &World, goal: Goal, request: &Value) -> bool {
    match goal {
        Goal::Anything => true,
        Goal::DecidedBy(mechanism) => {
            decide(world, request) != decide_with(world, request, &Options::without(mechanism))
        }
        Goal::Answered(decision) => decide(world, request) == decision,
    }
}
