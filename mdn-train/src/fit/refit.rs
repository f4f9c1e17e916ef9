//! The networks of a file trained once more, on all rows.

use super::ensemble;
use super::plan::Plan;
use crate::train::{TrainError, TrainOptions, Trained, refit};

impl Plan<'_> {
    /// The networks trained again on all rows, where that is asked for and training came to its end.
    pub(super) fn refit(&self, networks: &[Trained]) -> Result<Option<Vec<Trained>>, TrainError> {
        let ended = networks.iter().all(|one| one.interruption().is_none());
        if !(self.config.refit && ended && self.held_back().is_some()) {
            return Ok(None);
        }
        let rows = self.standard(self.rows);
        let again = (0..).zip(networks).map(|(member, one)| {
            let options = TrainOptions {
                seed: ensemble::seed(self.config, member),
                ..self.config.options.clone()
            };
            let mut network = refit(one, rows.feed(), &options)?;
            self.settle(&mut network);
            Ok(Trained {
                network,
                ..one.clone()
            })
        });
        again
            .collect::<Result<Vec<Trained>, TrainError>>()
            .map(Some)
    }
}
