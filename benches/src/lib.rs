//! The benchmark models and the way of timing them.

use std::time::{Duration, Instant};

use mdn_infer::format::{Activation, Covariance, ScaleMap};
use mdn_tests::{Shape, head};

/// The benchmark models: a name and a shape each.
///
/// S is the classic inverse problem's network, M a small controller's, L a larger regressor's
/// whose f32 kernels take a megabyte.
pub fn models() -> [(&'static str, Shape); 3] {
    let shape = |widths: &[usize], activation, head| Shape {
        widths: widths.to_vec(),
        activation,
        head,
    };
    let small = head(24, 1, Covariance::Isotropic, ScaleMap::Exp);
    let medium = head(8, 4, Covariance::Diagonal, ScaleMap::Exp);
    let large = head(16, 8, Covariance::Full, ScaleMap::Exp);
    [
        ("S", shape(&[1, 24], Activation::Sigmoid, small)),
        ("M", shape(&[16, 64, 64], Activation::Tanh, medium)),
        ("L", shape(&[32, 256, 256], Activation::Tanh, large)),
    ]
}

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
