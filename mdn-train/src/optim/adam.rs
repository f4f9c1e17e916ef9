//! Adam and AdamW.

use std::ops::Range;

use mdn_infer::simd::{Kernel, Level, Simd};
use serde::{Deserialize, Serialize};

/// Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (AdamW: Loshchilov & Hutter
/// 2019, algorithm 2) where it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// The decay rate of the mean of the gradient, β₁; 0.9 unless set.
    pub mean_decay: f32,
    /// The decay rate of the mean of its square, β₂; 0.999 unless set.
    pub square_decay: f32,
    /// What is added to the root of the mean square, ε; 1e-8 unless set.
    pub epsilon: f32,
    /// The weight decay λ a step, times the learning rate; 0 unless set (plain Adam).
    pub weight_decay: f32,
    steps: i32,
    means: Vec<f32>,
    squares: Vec<f32>,
}

impl Adam {
    /// Plain Adam for `parameters` parameters.
    pub fn new(parameters: usize) -> Self {
        Adam {
            mean_decay: 0.9,
            square_decay: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            steps: 0,
            means: vec![0.0; parameters],
            squares: vec![0.0; parameters],
        }
    }

    /// How many parameters it is for.
    pub fn parameters(&self) -> usize {
        self.means.len().min(self.squares.len())
    }

    /// The means of the squares of the gradient, up to a factor that is the same for all.
    pub(crate) fn squares(&self) -> &[f32] {
        &self.squares
    }

    /// Makes this state that of `other`, without allocating.
    ///
    /// # Panics
    /// If the two are for different numbers of parameters.
    pub fn copy_from(&mut self, other: &Adam) {
        self.steps = other.steps;
        self.means.copy_from_slice(&other.means);
        self.squares.copy_from_slice(&other.squares);
    }

    /// One step down the `gradient`. Only the parameters in `decayed` (the kernels) decay.
    ///
    /// # Panics
    /// If the slices differ in length from what [`Adam::new`] was told.
    pub fn step(
        &mut self,
        parameters: &mut [f32],
        gradient: &[f32],
        learning_rate: f32,
        decayed: impl IntoIterator<Item = Range<usize>>,
    ) {
        let lengths = [parameters.len(), gradient.len()];
        assert_eq!(lengths, [self.means.len(); 2], "parameters and gradient");
        if self.weight_decay != 0.0 {
            let kept = 1.0 - learning_rate * self.weight_decay;
            for range in decayed {
                parameters[range].iter_mut().for_each(|p| *p *= kept);
            }
        }
        self.steps = self.steps.saturating_add(1);
        let correction = |decay: f32| 1.0 - f64::from(decay).powi(self.steps);
        Level::detect().run_batch(Update {
            decays: [self.mean_decay, self.square_decay],
            rate: (f64::from(learning_rate) / correction(self.mean_decay)) as f32,
            square_correction: (1.0 / correction(self.square_decay)) as f32,
            epsilon: self.epsilon,
            parameters,
            gradient,
            means: &mut self.means,
            squares: &mut self.squares,
        });
    }
}

struct Update<'a> {
    decays: [f32; 2],
    rate: f32,
    square_correction: f32,
    epsilon: f32,
    parameters: &'a mut [f32],
    gradient: &'a [f32],
    means: &'a mut [f32],
    squares: &'a mut [f32],
}

impl Kernel for Update<'_> {
    type Output = ();

    /// A plain loop: the compiler vectorises it for the level's instruction set.
    #[inline(always)]
    fn call<S: Simd>(self, _: S) {
        let [mean_decay, square_decay] = self.decays;
        let moments = self.means.iter_mut().zip(self.squares);
        let slots = self.parameters.iter_mut().zip(self.gradient).zip(moments);
        for ((parameter, &gradient), (mean, square)) in slots {
            *mean = mean_decay * *mean + (1.0 - mean_decay) * gradient;
            *square = square_decay * *square + (1.0 - square_decay) * (gradient * gradient);
            let root = (*square * self.square_correction).sqrt();
            *parameter -= self.rate * *mean / (root + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_step_is_the_learning_rate_against_the_sign() {
        let mut adam = Adam::new(3);
        let mut parameters = [1.0, 1.0, 1.0];
        adam.step(&mut parameters, &[4.0, -0.01, 0.0], 0.1, []);
        for (parameter, expected) in parameters.iter().zip([0.9, 1.1, 1.0]) {
            assert!((parameter - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn decay_touches_the_kernels_alone() {
        let mut adam = Adam::new(2);
        adam.weight_decay = 0.5;
        let mut parameters = [2.0, 2.0];
        adam.step(&mut parameters, &[0.0, 0.0], 0.1, std::iter::once(0..1));
        assert_eq!(parameters, [1.9, 2.0]);
    }

    #[test]
    fn two_steps_follow_the_paper() {
        let mut adam = Adam::new(1);
        let mut parameters = [0.0_f32];
        let (mut m, mut v, mut expected) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (t, g) in [(1, 0.5_f64), (2, -0.25)] {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (mean, square) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            expected -= 0.01 * mean / (square.sqrt() + 1e-8);
            adam.step(&mut parameters, &[g as f32], 0.01, []);
        }
        assert!((f64::from(parameters[0]) - expected).abs() < 1e-7);
    }
}
