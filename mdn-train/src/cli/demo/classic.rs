//! The pictures of the classic inverse problem.

use mdn_train::data::Dataset;
use mdn_train::fit::Fitted;
use mdn_train::pictures::{Line, loss};
use mdn_train::plot::{Figure, centres};

use crate::cli::plot::Album;

const X_RANGE: (f32, f32) = (-15.0, 15.0);
const Y_RANGE: (f32, f32) = (-10.0, 10.0);

pub fn draw(
    album: &mut Album,
    fitted: &Fitted,
    data: &Dataset,
    seed: u64,
) -> anyhow::Result<Vec<Figure>> {
    let model = fitted.file.model();
    let line = Line::new(&model, 0, 0);
    let places = centres(X_RANGE, 100);
    Ok(vec![
        album.add(
            "data",
            &line.scatter(data),
            "The training points: up to five y for one x.",
        )?,
        album.add(
            "loss",
            &loss(&fitted.trained, fitted.log_jacobian),
            "The mean negative log-likelihood of the training points.",
        )?,
        album.add(
            "heatmap",
            &line.heatmap(X_RANGE, Y_RANGE, (100, 100), Vec::new())?,
            "The density of y given x, column by column.",
        )?,
        album.add(
            "samples",
            &line.samples(&places, 20, seed, line.points(data))?,
            "Twenty draws at each of a hundred x.",
        )?,
    ])
}
