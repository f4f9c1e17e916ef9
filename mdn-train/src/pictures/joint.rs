//! Two targets together.

use mdn_infer::{Level, Model, PredictError};

use super::{PictureError, label};
use crate::data::Dataset;
use crate::plot::{Grid, Pair, centres};

/// Cells of the density along each axis.
const CELLS: usize = 64;
/// The most rows that the density is the mean over, spread evenly.
const ROWS: usize = 2000;

/// The joint density of the first two targets over the `ranges` of both: the mean of what `model`
/// expects at the rows of `data`, which is what a cloud of their targets should look like.
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
    let mut values = vec![0.0; CELLS * CELLS];
    let mut working = vec![0.0; model.working_len()];
    for row in (0..data.rows).step_by(data.rows.div_ceil(ROWS).max(1)) {
        let mixture = model.predict(Level::detect(), data.input(row), &mut working)?;
        let cells = ys.iter().flat_map(|&y| xs.iter().map(move |&x| [x, y]));
        for (value, cell) in values.iter_mut().zip(cells) {
            *value += mixture.density(&cell)?;
        }
    }
    let names: Vec<String> = model
        .target_columns()
        .map(|column| label(Some(column)))
        .collect();
    let points = data.target_column(0).zip(data.target_column(1));
    Ok(Pair {
        title: format!("{} and {}", names[0], names[1]),
        x_label: names[0].clone(),
        y_label: names[1].clone(),
        grid: Grid::new(ranges[0], ranges[1], CELLS, CELLS, values)?,
        points: points.collect(),
    })
}
