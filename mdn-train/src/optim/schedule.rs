//! How the learning rate changes over the steps.

use serde::Serialize;

/// The learning rate at a step, relative to the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Schedule {
    /// Always the same.
    Constant,
    /// A linear rise, then half a cosine down to `floor` (Loshchilov & Hutter 2017).
    Cosine {
        /// The fraction of the steps over which the rate rises, 0 to 1.
        warm_up: f32,
        /// The factor at the last step, 0 to 1.
        floor: f32,
    },
}

impl Schedule {
    /// The factor at `step` (the first is 1) of `total`.
    pub fn factor(self, step: usize, total: usize) -> f32 {
        let Schedule::Cosine { warm_up, floor } = self else {
            return 1.0;
        };
        let warm = (f64::from(warm_up) * total as f64).round() as usize;
        if step <= warm {
            return step as f32 / warm as f32;
        }
        let progress = (step - warm) as f64 / total.saturating_sub(warm).max(1) as f64;
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos());
        floor + (1.0 - floor) * fall as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_rises_and_falls() {
        let schedule = Schedule::Cosine {
            warm_up: 0.1,
            floor: 0.02,
        };
        assert_eq!(schedule.factor(1, 100), 0.1);
        assert_eq!(schedule.factor(10, 100), 1.0);
        assert!((schedule.factor(55, 100) - 0.51).abs() < 1e-6);
        assert!((schedule.factor(100, 100) - 0.02).abs() < 1e-6);
        assert_eq!(Schedule::Constant.factor(7, 10), 1.0);
    }
}
