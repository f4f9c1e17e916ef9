//! Anomaly scores against a threshold that the trainer calibrated.

use super::Mixture;
use crate::error::PredictError;

impl Mixture<'_> {
    /// How surprising `target` `[D]` is: −ln p(target), nats in raw units.
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density).
    pub fn anomaly_score(&self, target: &[f32]) -> Result<f32, PredictError> {
        self.log_density(target).map(|log_density| -log_density)
    }

    /// Whether the anomaly score of `target` `[D]` exceeds the file's threshold; `None` where the
    /// file has none.
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density).
    pub fn is_anomaly(&self, target: &[f32]) -> Result<Option<bool>, PredictError> {
        let score = self.anomaly_score(target)?;
        Ok(self.anomaly_threshold.map(|threshold| score > threshold))
    }
}
