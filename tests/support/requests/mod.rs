//! Requests near the edge: each aims at one statement or grant of the world, meets or just misses its conditions, and fills the rest at random.
//! Most have a goal, such as a mechanism that shall decide them, and are drawn again, a few times, until they reach it.

mod aim;
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
    /// An answer that depends on something unknown.
    Undetermined,
}

fn request(words: &Vocabulary<'_>, targets: &[Aim<'_>], rng: &mut Rng, id: usize) -> Value {
    let goal = match rng.below(100) {
        0..=22 => Goal::Anything,
        23..=34 => Goal::Undetermined,
        _ => Goal::DecidedBy(*rng.pick(&Mechanism::all())),
    };
    let fitting: Vec<Aim<'_>> = targets.iter().filter(|target| may_reach(words, goal, target)).copied().collect();
    let mut request = Value::Null;
    for _ in 0..TRIES {
        let target = *rng.pick_if_any(&fitting).unwrap_or(rng.pick(targets));
        let mechanism = if let Goal::DecidedBy(mechanism) = goal { Some(mechanism) } else { None };
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
        Goal::Undetermined => target.is_open(words),
        Goal::Anything => true,
    }
}

fn reached(world: &World, goal: Goal, request: &Value) -> bool {
    match goal {
        Goal::Anything => true,
        Goal::DecidedBy(mechanism) => decide(world, request) != decide_with(world, request, &Options::without(mechanism)),
        Goal::Undetermined => decide(world, request) == Decision::Undetermined,
    }
}
