//! Training once more, on all rows, for as long as the validation rows found best.
//!
//! Rows held back choose the start and the step, and are lost to the gradient. Once the choice is
//! made nothing needs them: the chosen start is repeated on all rows, with the same schedule, noise
//! and averaging, up to the chosen step. What it gives cannot be scored on rows of the table; the
//! scores of the network before stand for it.

use std::ops::ControlFlow;

use mdn_infer::format::Support;

use super::polish::{is_polished, polish};
use super::session::Session;
use super::{Control, Feed, Feeds, Progress, Recipe, TrainError, TrainOptions, Trained};
use crate::network::Network;

/// The network that the start and the step of `trained` give on `rows`, which are those that it was
/// trained on and those that chose; their targets have these `supports`, as in [`Feeds`]. The same bits for any number of threads.
///
/// Takes as long as the steps up to the best one took, a little more for the further rows. `None`
/// where `stop`, which is asked before every step, ended it.
///
/// # Errors
///
/// [`TrainError::Diverged`], and when rows on the disk cannot be read.
pub fn refit(
    trained: &Trained,
    rows: Feed<'_>,
    supports: &[Support],
    options: &TrainOptions,
    stop: Option<&(dyn Fn() -> bool + Sync)>,
) -> Result<Option<Network>, TrainError> {
    let architecture = &trained.network.architecture;
    let data = Feeds {
        train: rows,
        validation: None,
        supports,
    };
    let options = match trained.recipe {
        Some(recipe) => recipe.apply(options, trained.start),
        None => {
            let recipe = Recipe {
                noise: options.noise.at(trained.start),
                weight_decay: options.decay(),
                steps: 0,
            };
            TrainOptions {
                length: options.length,
                ..recipe.apply(options, trained.start)
            }
        }
    };
    let mut session = Session::new(architecture, &data, &options)?;
    // As many epochs: with batches of a given size an epoch of more rows has more steps.
    let planned = trained
        .curve
        .last()
        .map_or(trained.best_step, |last| last.total);
    let share = trained.best_step as f64 / planned.max(1) as f64;
    session.last = (share * session.total as f64).round() as usize;
    let mut quiet = |_: &Progress| ControlFlow::Continue(());
    let again = session.run(Control {
        stop,
        ..Control::new(&mut quiet)
    })?;
    if again.interruption().is_some() {
        return Ok(None);
    }
    if !is_polished(trained) {
        return Ok(Some(again.network));
    }
    let polished = polish(again, &data, &options, stop)?;
    Ok(polished
        .interruption()
        .is_none()
        .then_some(polished.network))
}
