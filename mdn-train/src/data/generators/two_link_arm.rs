//! The inverse kinematics of a two-link arm in the plane: two joint angles for one tip.
//!
//! The law of a row is
//!
//! ```text
//! shoulder a ~ uniform on (−1.5, 1.5) rad      elbow b ~ uniform on (−2.5, 2.5) rad
//! x = 0.5 cos a + 0.4 cos(a + b) + ε₁          y = 0.5 sin a + 0.4 sin(a + b) + ε₂
//! ```
//!
//! with lengths in metres and independent normal errors ε of standard deviation 0.02 m, those of
//! whatever measures the tip. The density of the angles is constant, so p(a, b | x, y) is the
//! normal density of the error, (x, y) less the arm's reach, over a constant: its maxima are
//! *exactly* the solutions of the inverse kinematics, equally high and, away from the limits of the
//! joints, equally likely. About a solution it is close to a normal density with covariance
//! 0.02² (JᵀJ)⁻¹, J = ∂(x, y)/∂(a, b): the angles correlate strongly, and differently for each tip.

use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::data::numeric::NumericTable;

/// The lengths of upper arm and forearm, metres.
pub const LINKS: [f64; 2] = [0.5, 0.4];
/// The shoulder's largest angle either way, radians.
pub const SHOULDER_LIMIT: f64 = 1.5;
/// The elbow's largest angle either way, radians; at 0 the arm is straight.
pub const ELBOW_LIMIT: f64 = 2.5;
/// The standard deviation of each coordinate of the measured tip, metres.
pub const TIP_NOISE: f64 = 0.02;

/// In noise scales: the noise beyond weighs less than 10⁻¹¹.
const FAR: f64 = 7.0;

/// The two joint angles of the arm, radians, anticlockwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// From the x axis to the upper arm.
    pub shoulder: f64,
    /// From the upper arm's direction to the forearm.
    pub elbow: f64,
}

impl Pose {
    /// Where the elbow is, metres.
    pub fn elbow_at(self) -> [f64; 2] {
        let (sine, cosine) = self.shoulder.sin_cos();
        [LINKS[0] * cosine, LINKS[0] * sine]
    }

    /// Where the tip is, metres: the forward kinematics.
    pub fn tip(self) -> [f64; 2] {
        let [x, y] = self.elbow_at();
        let (sine, cosine) = (self.shoulder + self.elbow).sin_cos();
        [x + LINKS[1] * cosine, y + LINKS[1] * sine]
    }

    /// The inverse kinematics: both poses whose tip is at `tip` (metres), the one with the
    /// negative elbow angle first; `None` where the arm does not reach. The shoulder angles are
    /// within (−π, π]; whether the joints can turn so far is [`within_limits`](Self::within_limits).
    pub fn reaching(tip: [f64; 2]) -> Option<[Pose; 2]> {
        let [upper, fore] = LINKS;
        let square = tip[0].powi(2) + tip[1].powi(2);
        let cosine = (square - upper * upper - fore * fore) / (2.0 * upper * fore);
        let bend = (cosine.abs() <= 1.0).then(|| cosine.acos())?;
        Some([-bend, bend].map(|elbow| {
            let aside = (fore * elbow.sin()).atan2(upper + fore * elbow.cos());
            let shoulder = tip[1].atan2(tip[0]) - aside;
            Pose {
                shoulder: shoulder - 2.0 * PI * (shoulder / (2.0 * PI)).round(),
                elbow,
            }
        }))
    }

    /// Whether both joints are at least `margin` radians from their limits.
    pub fn within_limits(self, margin: f64) -> bool {
        self.shoulder.abs() <= SHOULDER_LIMIT - margin && self.elbow.abs() <= ELBOW_LIMIT - margin
    }
}

/// Measured tips and the joint angles behind them: columns `x`, `y` (metres), `shoulder`, `elbow`
/// (radians); predict the last two from the first two.
///
/// The angles are uniform within their limits, and each coordinate of the tip has a normal error
/// of [`TIP_NOISE`]. The same arguments give the same table, and a longer one starts with the
/// shorter.
pub fn two_link_arm(rows: usize, seed: u64) -> NumericTable {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut values = Vec::with_capacity(4 * rows);
    let limits = [SHOULDER_LIMIT, ELBOW_LIMIT];
    // The bounds are finite and in order, the only things that the constructor asks for.
    if let [Ok(shoulders), Ok(elbows)] = limits.map(|limit| Uniform::new(-limit, limit)) {
        for _ in 0..rows {
            let pose = Pose {
                shoulder: shoulders.sample(&mut generator),
                elbow: elbows.sample(&mut generator),
            };
            values.extend(pose.tip().map(|coordinate| {
                let error: f64 = StandardNormal.sample(&mut generator);
                coordinate + TIP_NOISE * error
            }));
            values.extend([pose.shoulder, pose.elbow]);
        }
    }
    let columns = ["x", "y", "shoulder", "elbow"].map(str::to_owned);
    NumericTable::new(columns.to_vec(), values)
}

/// Whether the row is one that [`two_link_arm`] can give.
pub(super) fn can_give(row: &[f64]) -> bool {
    let &[x, y, shoulder, elbow] = row else {
        return false;
    };
    let pose = Pose { shoulder, elbow };
    let errors = [x - pose.tip()[0], y - pose.tip()[1]];
    pose.within_limits(0.0)
        && errors
            .iter()
            .all(|error| error.abs() < super::FAR * TIP_NOISE)
}

/// The entropy h(shoulder, elbow | x, y) of [`two_link_arm`] in nats: no model's expected
/// negative log-likelihood is lower.
///
/// By the chain rule it is h(angles) + h(tip | angles) − h(tip). The first two have closed forms;
/// the density of the tip is summed up on a grid, which is exact to better than 10⁻³ nats.
pub fn two_link_arm_entropy() -> f64 {
    let of_angles = (4.0 * SHOULDER_LIMIT * ELBOW_LIMIT).ln();
    let of_noise = (2.0 * PI * E * TIP_NOISE * TIP_NOISE).ln();
    of_angles + of_noise - TipDensity::new(0.5, 1.0).entropy()
}

/// The density of the measured tip on a grid: the noise averaged over all poses.
struct TipDensity {
    /// Between neighbouring cells, metres.
    cell: f64,
    /// Cells from the middle to a side.
    half: usize,
    /// `[y][x]`
    density: Vec<f64>,
}

impl TipDensity {
    /// The tip of neighbouring poses is at most `pose_step` noise scales apart, and cells are
    /// `cell_step`.
    fn new(pose_step: f64, cell_step: f64) -> Self {
        let cell = cell_step * TIP_NOISE;
        let farthest = LINKS[0] + LINKS[1] + FAR * TIP_NOISE;
        let half = (farthest / cell).ceil() as usize + 2;
        let mut density = TipDensity {
            cell,
            half,
            density: vec![0.0; (2 * half + 1).pow(2)],
        };
        let shoulders = nodes(
            SHOULDER_LIMIT,
            pose_step * TIP_NOISE / (LINKS[0] + LINKS[1]),
        );
        let elbows = nodes(ELBOW_LIMIT, pose_step * TIP_NOISE / LINKS[1]);
        for &(shoulder, first) in &shoulders {
            for &(elbow, second) in &elbows {
                density.add(Pose { shoulder, elbow }.tip(), first * second);
            }
        }
        density
    }

    /// Adds a normal density about `tip`, `weight` times, [`FAR`] scales wide.
    fn add(&mut self, tip: [f64; 2], weight: f64) {
        let (cell, half) = (self.cell, self.half as isize);
        let reach = (FAR * TIP_NOISE / cell).ceil() as isize;
        let peak = 1.0 / (TIP_NOISE * (2.0 * PI).sqrt());
        let along = |coordinate: f64| {
            let nearest = (coordinate / cell).round() as isize;
            (nearest - reach..=nearest + reach).filter_map(move |index| {
                let distance = (index as f64 * cell - coordinate) / TIP_NOISE;
                let index = usize::try_from(index + half).ok()?;
                Some((index, peak * (-0.5 * distance * distance).exp()))
            })
        };
        let columns: Vec<(usize, f64)> = along(tip[0]).collect();
        for (row, vertical) in along(tip[1]) {
            let start = row * (2 * self.half + 1);
            for &(column, horizontal) in &columns {
                self.density[start + column] += weight * vertical * horizontal;
            }
        }
    }

    /// −∫ p ln p
    fn entropy(&self) -> f64 {
        let terms = self.density.iter().filter(|&&density| density > 0.0);
        -terms.map(|density| density * density.ln()).sum::<f64>() * self.cell * self.cell
    }
}

/// Places from −`limit` to `limit`, at most `step` apart, with their weights in a mean over the
/// range by Simpson's rule.
fn nodes(limit: f64, step: f64) -> Vec<(f64, f64)> {
    let half = (limit / step).ceil() as usize;
    let node = |i: usize| {
        let weight = match i {
            0 => 1.0,
            end if end == 2 * half => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let place = limit * (i as f64 / half as f64 - 1.0);
        (place, weight / (6 * half) as f64)
    };
    (0..=2 * half).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poses_reach_the_tip_that_they_were_found_for() {
        for (x, y) in [(0.6, 0.2), (0.1, -0.5), (-0.3, 0.4), (-0.85, 0.0)] {
            let poses = Pose::reaching([x, y]).unwrap();
            assert!(poses[0].elbow < 0.0 && poses[1].elbow > 0.0);
            for pose in poses {
                let tip = pose.tip();
                assert!((tip[0] - x).abs() + (tip[1] - y).abs() < 1e-14, "{pose:?}");
                assert!(pose.shoulder.abs() <= PI);
                let forearm = (tip[0] - pose.elbow_at()[0]).hypot(tip[1] - pose.elbow_at()[1]);
                assert!((forearm - 0.4).abs() < 1e-14);
            }
        }
        assert_eq!(Pose::reaching([0.7, 0.6]), None);
        assert_eq!(Pose::reaching([0.05, 0.0]), None);
    }

    #[test]
    fn limits_have_margins() {
        let pose = Pose {
            shoulder: -1.3,
            elbow: 2.4,
        };
        assert!(pose.within_limits(0.0) && pose.within_limits(0.05));
        assert!(!pose.within_limits(0.15));
    }

    #[test]
    fn the_sample_follows_the_law() {
        let table = two_link_arm(20_000, 1);
        assert_eq!(table.columns, ["x", "y", "shoulder", "elbow"]);
        let rows: Vec<&[f64]> = table.values.chunks_exact(4).collect();
        assert_eq!(rows.len(), 20_000);
        let mean = |f: &dyn Fn(&[f64]) -> f64| rows.iter().map(|r| f(r)).sum::<f64>() / 20_000.0;
        for (column, limit) in [(2, 1.5), (3, 2.5_f64)] {
            assert!(rows.iter().all(|row| row[column].abs() <= limit));
            assert!(mean(&|row| row[column]).abs() < 0.015 * limit);
            let square = mean(&|row| (row[column] / limit).powi(2));
            assert!((square - 1.0 / 3.0).abs() < 0.01, "{square}");
        }
        for axis in 0..2 {
            let error = |row: &[f64]| {
                let (shoulder, elbow) = (row[2], row[3]);
                (row[axis] - Pose { shoulder, elbow }.tip()[axis]) / 0.02
            };
            assert!(mean(&error).abs() < 0.03);
            assert!((mean(&|row| error(row).powi(2)) - 1.0).abs() < 0.04);
        }
        assert_eq!(two_link_arm(20, 5).values[..40], two_link_arm(10, 5).values);
        assert_ne!(two_link_arm(10, 5), two_link_arm(10, 6));
    }

    #[test]
    fn the_tip_density_integrates_to_one() {
        let tips = TipDensity::new(1.0, 1.0);
        let total = tips.density.iter().sum::<f64>() * tips.cell * tips.cell;
        assert!((total - 1.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn the_entropy_is_that_of_the_law() {
        // Against finer steps, and against the mean of −ln p over draws, whose density of the
        // tip is a mean over other draws.
        let entropy = two_link_arm_entropy();
        let finer = TipDensity::new(0.4, 0.8).entropy();
        let coarse = TipDensity::new(0.5, 1.0).entropy();
        assert!((finer - coarse).abs() < 3e-4, "{finer} {coarse}");
        let draws = two_link_arm(100_000, 3).values;
        let table = two_link_arm(500, 4);
        let surprise = |row: &[f64]| {
            let square = |x: f64, y: f64| ((row[0] - x).powi(2) + (row[1] - y).powi(2)) / 4e-4;
            let pose = |row: &[f64]| Pose {
                shoulder: row[2],
                elbow: row[3],
            };
            let likelihood = |[x, y]: [f64; 2]| (-0.5 * square(x, y)).exp();
            let all = draws
                .chunks_exact(4)
                .map(|draw| likelihood(pose(draw).tip()));
            let evidence = all.sum::<f64>() / 100_000.0;
            -(likelihood(pose(row).tip()) / (15.0 * evidence)).ln()
        };
        let surprises: Vec<f64> = table.values.chunks_exact(4).map(surprise).collect();
        let mean = surprises.iter().sum::<f64>() / 500.0;
        let spread = surprises.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 500.0;
        let error = (spread / 500.0).sqrt();
        assert!(
            (mean - entropy).abs() < 4.0 * error,
            "{mean} ± {error}, {entropy}"
        );
    }
}
