//! Requests near the edge: each aims at one statement or grant of the world, meets or just misses its conditions, and fills the rest at random.
//! A request that aims at a mechanism is drawn again, a few times, until that mechanism decides it.

mod aim;
pub mod draft;
mod fill;

use super::decide::{decide, decide_with};
use super::generate::vocabulary::Vocabulary;
use super::mechanisms::{Mechanism, Options};
use super::rng::Rng;
use super::world::World;
use aim::{Aim, aims};
use serde_json::Value;

/// How often a request is drawn for one mechanism.
const TRIES: usize = 6;

/// `n` requests to a world.
pub fn requests(world: &World, rng: &mut Rng, n: usize) -> Vec<Value> {
    let words = Vocabulary::of(world);
    let targets = aims(world);
    (0..n).map(|id| request(&words, &targets, rng, id)).collect()
}

fn request(words: &Vocabulary<'_>, targets: &[Aim<'_>], rng: &mut Rng, id: usize) -> Value {
    if rng.percent(30) {
        let target = *rng.pick(targets);
        return fill::draft(target, rng, words, None).request(words, id);
    }
    let mechanism = *rng.pick(&Mechanism::all());
    let fitting: Vec<Aim<'_>> = targets.iter().filter(|t| t.serves(mechanism)).copied().collect();
    let mut request = Value::Null;
    for _ in 0..TRIES {
        let target = *rng.pick_if_any(&fitting).unwrap_or(rng.pick(targets));
        request = fill::draft(target, rng, words, Some(mechanism)).request(words, id);
        if decide(words.world, &request) != decide_with(words.world, &request, &Options::without(mechanism)) {
            break;
        }
    }
    request
}
