//! A running average of the parameters.

use serde::{Deserialize, Serialize};

use super::options::Averaging;

/// An exponential average of the parameters over the steps (Polyak & Juditsky 1992, with the
/// forgetting of Izmailov et al. 2018): what a falling learning rate would find at the end, known
/// at any step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Average {
    /// How many steps it remembers.
    horizon: f32,
    parameters: Vec<f32>,
    steps: usize,
}

impl Average {
    /// None where none is wanted; `batches` is how many steps an epoch has.
    pub(super) fn new(averaging: Averaging, batches: usize, parameters: &[f32]) -> Option<Self> {
        let horizon = match averaging {
            Averaging::Off => return None,
            Averaging::Epochs(epochs) => (epochs * batches as f32).max(1.0),
        };
        Some(Average {
            horizon,
            parameters: parameters.to_vec(),
            steps: 0,
        })
    }

    /// The average.
    pub(super) fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Begins again at `parameters`.
    pub(super) fn restart(&mut self, parameters: &[f32]) {
        self.steps = 0;
        self.parameters.copy_from_slice(parameters);
    }

    /// Takes the parameters after a step. At first all of them weigh the same.
    pub(super) fn add(&mut self, parameters: &[f32]) {
        self.steps = self.steps.saturating_add(1);
        let share = 1.0 / self.horizon.min(self.steps as f32);
        for (average, &parameter) in self.parameters.iter_mut().zip(parameters) {
            *average += share * (parameter - *average);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_until_the_horizon_and_forgets_beyond() {
        let mut average = Average::new(Averaging::Epochs(2.0), 2, &[9.0]).unwrap();
        for (value, expected) in [(1.0, 1.0), (3.0, 2.0), (5.0, 3.0), (7.0, 4.0), (8.0, 5.0)] {
            average.add(&[value]);
            assert!((average.parameters()[0] - expected).abs() < 1e-6);
        }
        average.restart(&[2.0]);
        average.add(&[3.0]);
        assert_eq!(average.parameters(), [3.0]);
        assert!(Average::new(Averaging::Off, 2, &[9.0]).is_none());
    }
}
