//! What the benchmarks share: the models, the way of timing them, the machine's limits, and
//! tables.

pub mod machine;
mod table;

use std::time::{Duration, Instant};

pub use mdn_tests::benchmark::{model_file, models};
pub use table::Table;

/// The shortest time of one call of each function, in nanoseconds, over many rounds in which
/// they take turns: what disturbs the machine disturbs all of them.
pub fn compare(functions: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    const ROUNDS: usize = 200;
    let repeats: Vec<u32> = functions.iter_mut().map(|f| repeats(*f)).collect();
    let mut best = vec![f64::INFINITY; functions.len()];
    for _ in 0..ROUNDS {
        for ((function, &repeats), best) in functions.iter_mut().zip(&repeats).zip(&mut best) {
            let time = time(*function, repeats).as_nanos() as f64;
            *best = best.min(time / f64::from(repeats));
        }
    }
    best
}

/// How many calls of `function` make a round: long for the clock and for caches that the others
/// left cold, short enough to pass between two interruptions.
fn repeats(function: &mut dyn FnMut()) -> u32 {
    const ROUND: Duration = Duration::from_millis(1);
    let mut repeats = 1;
    // The shortest of a few, because an interruption must not pass for a long call.
    while repeats < 1 << 24 && (0..5).any(|_| time(function, repeats) < ROUND) {
        repeats *= 2;
    }
    repeats
}

fn time(function: &mut dyn FnMut(), repeats: u32) -> Duration {
    let start = Instant::now();
    (0..repeats).for_each(|_| function());
    start.elapsed()
}
