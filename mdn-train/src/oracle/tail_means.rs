//! Means of tails in binary64, by their definition.

use super::OracleMarginal;
use super::marginal::gauss;

/// One component beyond a threshold.
#[derive(Clone, Copy, Debug)]
pub struct OracleTail {
    /// ln πₖ P(tₖ beyond the threshold)
    pub log_mass: f64,
    /// E\[tₖ | tₖ beyond the threshold\]
    pub mean: f64,
}

impl OracleMarginal {
    /// Each component above `y`, by integrals of the density; however far out, for the densities are
    /// relative to that at the threshold.
    pub fn upper_tails(&self, y: f64) -> Vec<OracleTail> {
        let components = self.weights.iter().zip(&self.means).zip(&self.scales);
        let tails = components.map(|((weight, mean), scale)| {
            let (log_mass, excess) = normal_tail((y - mean) / scale);
            OracleTail {
                log_mass: weight.ln() + log_mass,
                mean: y.max(*mean) + scale * excess,
            }
        });
        tails.collect()
    }

    /// The same up to `y`.
    pub fn lower_tails(&self, y: f64) -> Vec<OracleTail> {
        let turned = OracleMarginal {
            means: self.means.iter().map(|mean| -mean).collect(),
            ..self.clone()
        };
        let mut tails = turned.upper_tails(-y);
        tails.iter_mut().for_each(|tail| tail.mean = -tail.mean);
        tails
    }

    /// The mean of the lowest share `p` of the distribution: the largest of y − E(y − t)₊/p
    /// (Rockafellar and Uryasev 2000), by golden sections.
    pub fn expected_shortfall(&self, p: f64) -> f64 {
        let value = |y: f64| {
            let tails = self.lower_tails(y);
            let short = tails
                .iter()
                .map(|tail| tail.log_mass.exp() * (y - tail.mean));
            y - short.sum::<f64>() / p
        };
        let mut ends = self.cuts(40, 1.0);
        ends.sort_by(f64::total_cmp);
        let (mut low, mut high) = (ends[0], ends[ends.len() - 1]);
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        for _ in 0..200 {
            let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
            if value(a) < value(b) {
                low = a;
            } else {
                high = b;
            }
        }
        value(0.5 * (low + high))
    }
}

/// ln Φ(−a), and E\[x | x > a\] − max(a, 0) for the standard normal x.
fn normal_tail(a: f64) -> (f64, f64) {
    const STRETCHES: i32 = 32;
    let start = a.max(-12.0);
    let nearest = start.max(0.0);
    // The density is e⁻⁴⁰ of its largest so far beyond the nearest point.
    let reach = 80.0 / ((nearest * nearest + 80.0).sqrt() + nearest);
    let step = (nearest - start + reach) / f64::from(STRETCHES);
    let integral = |value: &dyn Fn(f64) -> f64| -> f64 {
        let stretches = (0..STRETCHES).map(|i| {
            let from = f64::from(i) * step;
            // From the start, for x itself has few digits left where a is large.
            gauss(from, from + step, |beyond| {
                let x = start + beyond;
                let above = start - nearest + beyond;
                value(above) * (-0.5 * above * (x + nearest)).exp()
            })
        });
        stretches.sum()
    };
    let mass = integral(&|_| 1.0);
    let mean = integral(&|above| above) / mass;
    let half_ln_2pi = 0.5 * (2.0 * std::f64::consts::PI).ln();
    (mass.ln() - 0.5 * nearest * nearest - half_ln_2pi, mean)
}
