//! The networks of a file trained once more, on all rows.

use super::ensemble;
use super::plan::Plan;
use crate::train::{TrainError, TrainOptions, Trained, refit};

impl Plan<'_> {
    /// The networks trained again on all rows, where that is asked for, training came to its end and
    /// nobody stops it.
    pub(super) fn refit(
        &self,
        networks: &[Trained],
        stop: Option<&(dyn Fn() -> bool + Sync)>,
    ) -> Result<Option<Vec<Trained>>, TrainError> {
        let ended = networks.iter().all(|one| one.interruption().is_none());
        if !(self.config.refit && ended && self.held_back().is_some()) {
            return Ok(None);
        }
        let rows = self.standard(self.table.rows());
        let again = (0..).zip(networks).map(|(member, one)| {
            let options = TrainOptions {
                seed: ensemble::seed(&self.config, member),
                ..self.config.options.clone()
            };
            let network = refit(one, rows.feed(), &self.standard_supports, &options, stop)?;
            Ok(network.map(|mut network| {
                self.settle(&mut network);
                Trained {
                    network,
                    ..one.clone()
                }
            }))
        });
        again.collect()
    }
}
