//! Two targets together.

use std::f64::consts::TAU;

use mdn_infer::{Component, Level, Model, PredictError};

use super::{PictureError, written};
use crate::data::Dataset;
use crate::plot::{Grid, Pair, centres, for_title};

/// Cells of the density along each axis.
const CELLS: usize = 64;
/// The most rows that the density is the mean over, spread evenly.
const ROWS: usize = 2000;

/// The joint density of the first two targets over the `ranges` of both: the mean of what `model`
/// expects at the rows of `data`, which is what a cloud of their targets should look like.
///
/// It is smoothed as far as the number of rows asks: components narrower than the way of their means
/// from row to row would else show each row by itself.
///
/// # Errors
///
/// [`PictureError`], [`NoSuchDimension`](PredictError::NoSuchDimension) where the model has not two
/// targets.
pub fn pair(
    model: &Model<'_>,
    data: &Dataset,
    ranges: [(f32, f32); 2],
) -> Result<Pair, PictureError> {
    if model.dimensions() != 2 {
        return Err(PredictError::NoSuchDimension.into());
    }
    let [xs, ys] = ranges.map(|range| centres(range, CELLS));
    let chosen = (0..data.rows).step_by(data.rows.div_ceil(ROWS).max(1));
    let rows = chosen.len();
    let mut working = vec![0.0; model.working_len()];
    let mut normals = Vec::with_capacity(rows);
    for row in chosen {
        let mixture = model.predict(Level::detect(), data.input(row), &mut working)?;
        normals.extend(mixture.components().map(|one| Normal::new(&one)));
    }
    smooth(&mut normals, rows, ranges);
    let cells = ys.iter().flat_map(|&y| xs.iter().map(move |&x| [x, y]));
    let mut values = vec![0.0; CELLS * CELLS];
    for normal in &normals {
        let density = normal.density();
        for (value, cell) in values.iter_mut().zip(cells.clone()) {
            *value += density(cell.map(f64::from)) / rows as f64;
        }
    }
    let values = values.into_iter().map(|value| value as f32).collect();
    let names = [0, 1].map(|d| written(model, d));
    let points = data.target_column(0).zip(data.target_column(1));
    Ok(Pair {
        title: for_title(names.each_ref().map(String::as_str)).join(" and "),
        x_label: names[0].clone(),
        y_label: names[1].clone(),
        grid: Grid::new(ranges[0], ranges[1], CELLS, CELLS, values)?,
        points: points.collect(),
        rows,
    })
}

/// A component of a row's mixture.
struct Normal {
    weight: f64,
    mean: [f64; 2],
    /// Both variances, then the covariance.
    spread: [f64; 3],
}

impl Normal {
    fn new(component: &Component<'_>) -> Self {
        let covariance = |(i, j)| f64::from(component.covariance(i, j));
        Normal {
            weight: component.weight().into(),
            mean: [0, 1].map(|d| component.mean(d).into()),
            spread: [(0, 0), (1, 1), (0, 1)].map(covariance),
        }
    }

    /// The density times the weight.
    fn density(&self) -> impl Fn([f64; 2]) -> f64 {
        let [a, c, b] = self.spread;
        let determinant = a * c - b * b;
        let height = self.weight / (TAU * determinant.sqrt());
        move |[x, y]| {
            let (dx, dy) = (x - self.mean[0], y - self.mean[1]);
            let square = (c * dx * dx - 2.0 * b * dx * dy + a * dy * dy) / determinant;
            height * (-0.5 * square).exp()
        }
    }
}

/// Widens the components of `rows` mixtures: each along the way that its mean moves over the rows, by
/// Scott's rule for as many rows as it has, and all by half a cell, so that none falls between the
/// centres.
fn smooth(normals: &mut [Normal], rows: usize, ranges: [(f32, f32); 2]) {
    let cells = ranges.map(|(low, high)| (f64::from(high) - f64::from(low)) / CELLS as f64);
    let components = normals.len() / rows.max(1);
    for k in 0..components {
        let over_rows = || normals.iter().skip(k).step_by(components);
        let share: f64 = over_rows().map(|one| one.weight).sum();
        let mean_of = |value: &dyn Fn(&Normal) -> f64| {
            over_rows().map(|one| one.weight * value(one)).sum::<f64>()
                / share.max(f64::MIN_POSITIVE)
        };
        let centre = [0, 1].map(|d| mean_of(&|one| one.mean[d]));
        let moved = [(0, 0), (1, 1), (0, 1)]
            .map(|(i, j)| mean_of(&|one| (one.mean[i] - centre[i]) * (one.mean[j] - centre[j])));
        let factor = share.max(1.0).powf(-1.0 / 3.0);
        for one in normals.iter_mut().skip(k).step_by(components) {
            for (spread, moved) in one.spread.iter_mut().zip(moved) {
                *spread += factor * moved;
            }
            for (variance, cell) in one.spread.iter_mut().zip(cells) {
                *variance += 0.25 * cell * cell;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(mean: [f64; 2]) -> Normal {
        Normal {
            weight: 0.5,
            mean,
            spread: [1e-6, 1e-6, 0.0],
        }
    }

    #[test]
    fn components_are_widened_as_far_as_they_move() {
        let rows = 1000;
        let mut normals: Vec<Normal> = (0..rows)
            .flat_map(|row| {
                let place = row as f64 / rows as f64;
                [normal([3.0, -2.0]), normal([place, 2.0 * place])]
            })
            .collect();
        smooth(&mut normals, rows, [(0.0, 6.4); 2]);
        let [still, moving] = [&normals[0], &normals[1]].map(|one| one.spread);
        // A cell is 0.1 wide.
        let [a, c, b] = still;
        assert!((a - 2.5e-3).abs() < 1e-5 && a == c && b == 0.0, "{still:?}");
        // Uniform from 0 to 1, 500 rows.
        let expected = 1.0 / 12.0 / 500_f64.cbrt();
        let [a, c, b] = moving;
        assert!((a - 2.5e-3 - expected).abs() < 1e-5, "{moving:?}");
        assert!((c - 2.5e-3 - 4.0 * expected).abs() < 1e-5, "{moving:?}");
        assert!((b - 2.0 * expected).abs() < 1e-5, "{moving:?}");
    }

    #[test]
    fn a_density_has_the_mass_of_its_weight() {
        let normal = Normal {
            spread: [0.5, 1.0, -0.6],
            ..normal([0.2, 0.3])
        };
        let places = centres((-8.0, 8.0), 160);
        let density = normal.density();
        let row = |&y: &f32| -> f64 {
            let cells = places.iter().map(|&x| density([x.into(), y.into()]));
            cells.sum::<f64>() * 0.01
        };
        let mass: f64 = places.iter().map(row).sum();
        assert!((mass - 0.5).abs() < 1e-6, "{mass}");
    }
}
