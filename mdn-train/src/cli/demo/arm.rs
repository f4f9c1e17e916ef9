//! The network and the pictures of the two-link arm.

use mdn_infer::format::Covariance;
use mdn_train::data::Dataset;
use mdn_train::fit::{FitConfig, Fitted};
use mdn_train::pictures::{Line, TypicalRow, arm, loss};
use mdn_train::plot::{Figure, Rows};

use crate::cli::album::Album;

/// The tip of the picture, metres.
const TIP: [f32; 2] = [0.7, 0.2];
const X_RANGE: (f32, f32) = (0.28, 0.94);
const ELBOW_RANGE: (f32, f32) = (-2.8, 2.8);

/// What `fit --covariance full` does.
pub fn config() -> FitConfig {
    let units = [
        ("x", "m"),
        ("y", "m"),
        ("shoulder", "rad"),
        ("elbow", "rad"),
    ];
    FitConfig {
        covariance: Covariance::Full,
        units: units
            .map(|(name, unit)| (name.to_owned(), unit.to_owned()))
            .to_vec(),
        ..FitConfig::default()
    }
}

pub fn draw(
    album: &mut Album,
    fitted: &Fitted,
    data: &Dataset,
    seed: u64,
) -> anyhow::Result<Vec<Figure>> {
    let model = fitted.file.model();
    let typical = TypicalRow::of(&model, data);
    let elbow = Line::new(&typical, 0, 1);
    Ok(vec![
        album.add(
            "two-link-arm",
            &arm(&model, TIP, seed)?,
            "Left, the density of both angles for one tip, brighter where it is higher (by its square \
             root): its two modes lie on the two solutions. Right, the arm in both poses, and in draws.",
        )?,
        album.add(
            "heatmap",
            &elbow.heatmap(X_RANGE, ELBOW_RANGE, (100, 100), Rows::default())?,
            "The elbow's angle as the tip moves along x: two branches that meet where the arm is \
             straight.",
        )?,
        album.add(
            "data",
            &elbow.scatter(data),
            "The training points, whatever their y.",
        )?,
        album.add(
            "loss",
            &loss(&fitted.trained, &fitted.units),
            "The mean negative log-likelihood of training and validation points.",
        )?,
    ])
}
