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
    const ROUNDS: usize = 50;
    const ROUND: Duration = Duration::from_millis(4);
    let repeats: Vec<u32> = functions.iter_mut().map(|f| repeats(*f, ROUND)).collect();
    let mut best = vec![f64::INFINITY; functions.len()];
    for _ in 0..ROUNDS {
        for ((function, &repeats), best) in functions.iter_mut().zip(&repeats).zip(&mut best) {
            let start = Instant::now();
            (0..repeats).for_each(|_| function());
            *best = best.min(start.elapsed().as_nanos() as f64 / f64::from(repeats));
        }
    }
    best
}

fn repeats(function: &mut dyn FnMut(), round: Duration) -> u32 {
    let mut repeats = 1;
    loop {
        let start = Instant::now();
        (0..repeats).for_each(|_| function());
        if start.elapsed() >= round || repeats >= 1 << 24 {
            return repeats;
        }
        repeats *= 2;
    }
}
