//! The pictures of the inverse problems with one input and one target.

use mdn_train::data::Dataset;
use mdn_train::fit::Fitted;
use mdn_train::pictures::{Line, TypicalRow, loss};
use mdn_train::plot::{Figure, Rows, centres};

use crate::cli::album::Album;

/// What the pictures of a problem show of its input and its target.
pub type Ranges = [(f32, f32); 2];

pub const INVERSE_SINE: Ranges = [(-15.0, 15.0), (-11.5, 11.5)];
pub const BISHOP: Ranges = [(-0.1, 1.1), (0.0, 1.0)];

pub fn draw(
    album: &mut Album,
    fitted: &Fitted,
    data: &Dataset,
    seed: u64,
    [x_range, y_range]: Ranges,
) -> anyhow::Result<Vec<Figure>> {
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, data);
    let line = Line::new(&typical, 0, 0);
    let places = centres(x_range, 100);
    Ok(vec![
        album.add(
            "data",
            &line.scatter(data),
            "The training points: several targets for one x.",
        )?,
        album.add(
            "loss",
            &loss(&fitted.trained, &fitted.units),
            "The mean negative log-likelihood of the training points.",
        )?,
        album.add(
            "heatmap",
            &line.heatmap(x_range, y_range, (100, 100), Rows::default())?,
            "The density of the target given x, column by column. Where it has several modes, the mean \
             lies where no data do.",
        )?,
        album.add(
            "samples",
            &line.samples(&places, 20, seed, line.rows(data, [x_range, y_range])?)?,
            "Twenty draws at each of a hundred x.",
        )?,
    ])
}
