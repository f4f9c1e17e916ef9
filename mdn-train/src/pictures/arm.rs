//! The two-link arm in the poses that a model finds for one tip.

use mdn_infer::{Level, Mixture, Model, PredictError};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

use super::{PictureError, label};
use crate::data::generators::Pose;
use crate::plot::{Arm, ArmMode, Grid, Point, centres};

/// Cells of the density along each axis.
const CELLS: usize = 240;
/// Radians around the outermost solutions and modes.
const MARGIN: f32 = 0.5;
const DRAWS: usize = 20;

/// What `model` (inputs x and y in metres, targets shoulder and elbow in radians; see
/// [`two_link_arm`](fn@crate::data::generators::two_link_arm)) finds for the tip at `tip`, metres:
/// the density of the angles, its two highest modes, and draws from `seed`.
///
/// # Errors
///
/// [`PictureError`], among others where the model does not have two inputs and two targets.
pub fn arm(model: &Model<'_>, tip: [f32; 2], seed: u64) -> Result<Arm, PictureError> {
    let mut working = vec![0.0; model.working_len()];
    let mixture = model.predict(Level::detect(), &tip, &mut working)?;
    let found = mixture.dimensions();
    if found != 2 {
        return Err(PredictError::WrongLength { expected: 2, found }.into());
    }
    let poses = Pose::reaching(tip.map(f64::from));
    let solutions: Vec<Point> = poses.into_iter().flatten().map(angles).collect();
    let modes = modes(&mixture)?;
    let marks: Vec<Point> = modes
        .iter()
        .map(|mode| mode.angles)
        .chain(solutions.clone())
        .collect();
    let names = [0, 1];
    Ok(Arm {
        title: format!(
            "Joint angles for the tip at x = {} m, y = {} m",
            tip[0], tip[1]
        ),
        angle_labels: names.map(|d| label(model.target_columns().nth(d))),
        plane_labels: names.map(|i| label(model.input_columns().nth(i))),
        density: density(&mixture, &marks)?,
        solutions,
        modes,
        draws: draws(&mixture, seed)?,
        tip: tip.into(),
    })
}

/// The two highest modes, each named by the side to which the elbow bends.
fn modes(mixture: &Mixture<'_>) -> Result<Vec<ArmMode>, PredictError> {
    let mut modes = [0.0; 4];
    let count = mixture.modes(&mut modes)?;
    let rows = modes.chunks_exact(2).take(count);
    let mode = |row: &[f32]| {
        let side = if row[1] < 0.0 { "up" } else { "down" };
        Ok(ArmMode {
            label: format!("mode: elbow {side}"),
            angles: (row[0], row[1]),
            joints: joints(row),
        })
    };
    rows.map(mode).collect()
}

/// The density around `marks`.
fn density(mixture: &Mixture<'_>, marks: &[Point]) -> Result<Grid, PictureError> {
    let around = |value: fn(&Point) -> f32| {
        let values = marks.iter().map(value);
        let low = values.clone().fold(f32::INFINITY, f32::min);
        (
            low - MARGIN,
            values.fold(f32::NEG_INFINITY, f32::max) + MARGIN,
        )
    };
    let (across, up) = (around(|mark| mark.0), around(|mark| mark.1));
    let (shoulders, elbows) = (centres(across, CELLS), centres(up, CELLS));
    let points = elbows.iter().flat_map(|&elbow| {
        shoulders
            .iter()
            .flat_map(move |&shoulder| [shoulder, elbow])
    });
    let points: Vec<f32> = points.collect();
    let mut values = vec![0.0; CELLS * CELLS];
    mixture.log_densities(&points, &mut values)?;
    values.iter_mut().for_each(|value| *value = value.exp());
    Ok(Grid::new(across, up, CELLS, CELLS, values)?)
}

fn draws(mixture: &Mixture<'_>, seed: u64) -> Result<Vec<[Point; 3]>, PredictError> {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
    let mut drawn = [0.0; 2 * DRAWS];
    mixture.samples(&mut rng, &mut drawn, None)?;
    Ok(drawn.chunks_exact(2).map(joints).collect())
}

/// Shoulder, elbow and tip for two joint angles.
fn joints(row: &[f32]) -> [Point; 3] {
    let pose = Pose {
        shoulder: row[0].into(),
        elbow: row[1].into(),
    };
    let point = |[x, y]: [f64; 2]| (x as f32, y as f32);
    [(0.0, 0.0), point(pose.elbow_at()), point(pose.tip())]
}

fn angles(pose: Pose) -> Point {
    (pose.shoulder as f32, pose.elbow as f32)
}
