//! Whether a model of the [two-link arm](fn@crate::data::generators::two_link_arm) finds both
//! solutions of its inverse kinematics.

use mdn_infer::{Level, Model, PredictError};

use crate::data::generators::{LINKS, Pose};

/// A solution is recovered when both joint angles of a mode are at most so far from it, radians.
pub const ANGLE_TOLERANCE: f64 = 0.1;

/// Tips stand on a square grid of this width, metres.
const GRID: f64 = 0.02;
/// Radians from the limits of the joints: nearer, the law itself cuts a solution off.
const FROM_LIMITS: f64 = 0.2;
/// The least angle of the elbow, radians: nearer to straight, the law itself spreads a solution by
/// more than the tolerance, until the two run together.
const LEAST_BEND: f64 = 0.8;

/// How well both solutions were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// For each tip the largest error of a joint angle, radians, with the two highest modes
    /// matched to the two solutions as well as they can be; ∞ where there are fewer modes.
    /// Ascending.
    pub errors: Vec<f64>,
}

impl Recovery {
    /// Asks `model` (inputs x and y in metres, targets shoulder and elbow in radians) for its two
    /// highest modes at every tip of [`tips`].
    ///
    /// # Errors
    ///
    /// [`PredictError`], [`WrongLength`](PredictError::WrongLength) where the model is not one of
    /// two inputs and two targets.
    pub fn new(model: &Model<'_>) -> Result<Self, PredictError> {
        let mut working = vec![0.0; model.working_len()];
        let mut error = |tip: [f64; 2], poses: [Pose; 2]| {
            let inputs = tip.map(|coordinate| coordinate as f32);
            let mixture = model.predict(Level::detect(), &inputs, &mut working)?;
            let found = mixture.dimensions();
            if found != 2 {
                return Err(PredictError::WrongLength { expected: 2, found });
            }
            let mut modes = [0.0; 4];
            Ok(match mixture.modes(&mut modes)? {
                2 => mismatch(&modes, poses),
                _ => f64::INFINITY,
            })
        };
        let errors = tips().into_iter().map(|(tip, poses)| error(tip, poses));
        let mut errors = errors.collect::<Result<Vec<f64>, PredictError>>()?;
        errors.sort_by(f64::total_cmp);
        Ok(Recovery { errors })
    }

    /// The share of the tips at which both solutions were found within [`ANGLE_TOLERANCE`].
    pub fn share(&self) -> f64 {
        let found = self.errors.partition_point(|&e| e <= ANGLE_TOLERANCE);
        found as f64 / self.errors.len() as f64
    }

    /// The median over the tips of the largest error of a joint angle, radians.
    pub fn median_error(&self) -> f64 {
        self.errors[self.errors.len() / 2]
    }
}

/// Tips well inside the workspace, on a grid 0.02 m wide, with their two poses: all joints at
/// least 0.2 rad from their limits, and the elbow bent by 0.8 rad or more.
pub fn tips() -> Vec<([f64; 2], [Pose; 2])> {
    let reach = ((LINKS[0] + LINKS[1]) / GRID) as i32;
    let places = (-reach..=reach).flat_map(|i| (-reach..=reach).map(move |j| (i, j)));
    let tips = places.filter_map(|(i, j)| {
        let tip = [i, j].map(|step| GRID * f64::from(step));
        let poses = Pose::reaching(tip)?;
        let inside = |pose: &Pose| pose.within_limits(FROM_LIMITS) && pose.elbow.abs() > LEAST_BEND;
        poses.iter().all(inside).then_some((tip, poses))
    });
    tips.collect()
}

/// The largest error of an angle of `modes` `[2][2]` matched to `poses` in the better order.
fn mismatch(modes: &[f32; 4], poses: [Pose; 2]) -> f64 {
    let error = |mode: &[f32], pose: Pose| {
        let shoulder = (f64::from(mode[0]) - pose.shoulder).abs();
        shoulder.max((f64::from(mode[1]) - pose.elbow).abs())
    };
    let (first, second) = modes.split_at(2);
    let straight = error(first, poses[0]).max(error(second, poses[1]));
    let crossed = error(first, poses[1]).max(error(second, poses[0]));
    straight.min(crossed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tips_are_many_and_well_inside() {
        let tips = tips();
        assert!((700..1000).contains(&tips.len()), "{}", tips.len());
        for (tip, poses) in tips {
            let reach = tip[0].hypot(tip[1]);
            // The law of cosines at the two extreme angles of the elbow.
            let at = |elbow: f64| (0.41 + 0.4 * elbow.cos()).sqrt();
            assert!(at(2.3) <= reach && reach <= at(0.8), "{tip:?}");
            assert!(poses.iter().all(|pose| pose.shoulder.abs() <= 1.3));
        }
    }

    #[test]
    fn modes_are_matched_in_either_order() {
        let pose = |shoulder, elbow| Pose { shoulder, elbow };
        let poses = [pose(0.25, -1.0), pose(-0.5, 1.0)];
        for modes in [[0.25, -1.0, -0.5, 1.125], [-0.5, 1.125, 0.25, -1.0]] {
            assert_eq!(mismatch(&modes, poses), 0.125);
        }
        assert_eq!(mismatch(&[0.25, -1.0, 0.25, -1.0], poses), 2.0);
    }

    #[test]
    fn what_is_not_found_counts() {
        let errors = vec![0.01, 0.05, 0.1, 0.2, f64::INFINITY];
        let recovery = Recovery { errors };
        assert_eq!((recovery.share(), recovery.median_error()), (0.6, 0.1));
    }

    #[test]
    fn another_model_is_refused() {
        let file = mdn_infer::include_model!("../../mdn-infer/samples/classic.mdn");
        let model = Model::parse(file).unwrap();
        assert!(Recovery::new(&model).is_err());
    }
}
