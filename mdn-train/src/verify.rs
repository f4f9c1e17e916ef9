//! Proof that a model file is what it should be: its golden vectors and the binary64 oracle.

use mdn_infer::format::Support;
use mdn_infer::{Level, Mixture, Model, PredictError, SelfTest};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;

use crate::draft::self_test;
use crate::metrics::supports;
use crate::oracle::{Oracle, OracleMixture};

/// Inputs at which the engine is compared with the oracle, with three targets each.
const PROBES: usize = 2000;
/// Log-densities this far below that of a draw are not compared: so far out, the distance itself
/// has lost the digits that the comparison asks for.
const DEEPEST_COMPARED: f64 = 50.0;

/// What verification found.
#[derive(Clone, Copy, Debug)]
pub struct Verification {
    /// The instruction set that ran.
    pub level: Level,
    /// The golden vectors and the hash of all outputs.
    pub self_test: SelfTest,
    /// How many log-densities were compared with the oracle's.
    pub compared: usize,
    /// The largest |engine − oracle| / max(1, |oracle|) among them.
    pub max_relative_error: f64,
    /// Inputs at which nothing was compared, because the network's outputs overflow there: the
    /// engine said so, as it should.
    pub overflowed: usize,
}

impl Verification {
    /// Whether every golden output had the expected bits, and there was one.
    pub fn golden_bits_equal(&self) -> bool {
        self.self_test.mismatches == 0 && self.self_test.values > 0
    }

    /// The largest error in units of binary32's last place at max(1, |log p|).
    pub fn max_ulp(&self) -> f64 {
        self.max_relative_error / f64::from(f32::EPSILON)
    }
}

/// Runs the golden vectors of `model` at `level`, then compares log-densities with the oracle's
/// at inputs drawn evenly from two training spreads to each side of the centre: at a draw from
/// the mixture and at two targets further out.
///
/// # Errors
///
/// [`PredictError`] when the engine fails at a golden vector, or otherwise than by overflow.
pub fn verify(model: &Model<'_>, level: Level) -> Result<Verification, PredictError> {
    let mut found = Verification {
        level,
        self_test: self_test(model, level)?,
        compared: 0,
        max_relative_error: 0.0,
        overflowed: 0,
    };
    let oracle = Oracle::new(model);
    let supports = supports(model);
    let mut working = vec![0.0; model.working_len()];
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(1);
    for _ in 0..PROBES {
        let inputs = 0..model.inputs();
        let x: Vec<f32> = inputs
            .map(|input| model.input_at(input, rng.random_range(-2.0..2.0)))
            .collect();
        let compared = model
            .predict(level, &x, &mut working)
            .and_then(|mixture| found.compare(&mixture, &oracle.predict(&x), &supports, &mut rng));
        match compared {
            Err(PredictError::Overflow) => found.overflowed += 1,
            compared => compared?,
        }
    }
    Ok(found)
}

impl Verification {
    /// Compares log-densities at a draw from `mixture` and at two targets further out.
    fn compare(
        &mut self,
        mixture: &Mixture<'_>,
        expected: &OracleMixture,
        supports: &[Support],
        rng: &mut Xoshiro128PlusPlus,
    ) -> Result<(), PredictError> {
        let mut target = vec![0.0; mixture.dimensions()];
        mixture.sample(rng, &mut target)?;
        let lowest = expected.log_density_on(supports, &target) - DEEPEST_COMPARED;
        for spreads in [0.0, 1.0, 4.0] {
            for (d, t) in target.iter_mut().enumerate() {
                *t += spreads * mixture.marginal(d).map_or(0.0, |m| m.standard_deviation());
            }
            let log_density = expected.log_density_on(supports, &target);
            if log_density > lowest {
                let error = (f64::from(mixture.log_density(&target)?) - log_density).abs();
                let relative = error / log_density.abs().max(1.0);
                // A NaN is as wrong as can be, and must not be passed over by `max`.
                let relative = if relative.is_nan() {
                    f64::INFINITY
                } else {
                    relative
                };
                self.max_relative_error = self.max_relative_error.max(relative);
                self.compared += 1;
            }
        }
        Ok(())
    }
}
