//! Seconds.

use std::time::Instant;

/// How long it takes, and what comes of it.
pub(crate) fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let started = Instant::now();
    let result = work();
    (started.elapsed().as_secs_f64(), result)
}

/// The shortest time of some rounds, and what comes of the last.
///
/// Short pieces of work are timed each by itself: on a busy machine, no round of a long one is undisturbed.
pub(crate) fn least<T>(rounds: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let (mut shortest, mut result) = seconds(&mut work);
    for _ in 1..rounds {
        let taken;
        (taken, result) = seconds(&mut work);
        shortest = shortest.min(taken);
    }
    (shortest, result)
}

/// A count as a float.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("counts are small"))
}
