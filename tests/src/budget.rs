//! The error budgets: the numbers of `docs/accuracy.md`, which the tests enforce.

use std::fmt::Display;
use std::sync::Mutex;

/// Names each number, for the tests and for the comparison with the page.
macro_rules! budgets {
    ($($(#[$about:meta])+ $name:ident = $value:literal;)*) => {
        $($(#[$about])+ pub const $name: f64 = $value;)*

        /// Every budget by its name.
        pub const ALL: &[(&str, f64)] = &[$((stringify!($name), $value)),*];
    };
}

budgets! {
    /// ln p: units of 2⁻²³ of the terms' sensitivity.
    LOG_DENSITY = 4.0;
    /// ln p so far out that the squared distance is all of it: relative.
    FAR_LOG_DENSITY = 1e-6;
    /// A responsibility: likewise, relative to itself.
    RESPONSIBILITY = 4.0;
    /// The mean: units of 2⁻²³ of what it sums, for each 8 components and 8 more.
    MEAN = 1.0;
    /// An entry of the covariance: of the product of its standard deviations, for each dimension
    /// and 8 more.
    COVARIANCE = 2e-7;
    /// The standard deviation, of the mixture and of a component: relative.
    DEVIATION = 1e-5;
    /// ln p of a conditional: units of 2⁻²³ of the joint sensitivity.
    CONDITIONAL_LOG_DENSITY = 4.0;
    /// A weight of a conditional.
    CONDITIONAL_WEIGHT = 1e-6;
    /// A mean of a conditional, in its component's scales.
    CONDITIONAL_MEAN = 1e-4;
    /// A scale of a conditional: relative.
    CONDITIONAL_SCALE = 2e-6;
    /// The mean of a conditional on a value z units from shift: of itself and of 10 + z raw units.
    CONDITIONAL_FAR = 1e-5;

    /// A tail probability: relative, for Φ, the weight and the sum.
    TAIL = 3e-6;
    /// A tail probability: relative, for each unit of |ln πₖ|.
    TAIL_LOG_WEIGHT = 3e-7;
    /// What rounding moves y by: relative to each distance from a mean.
    TAIL_DISTANCE = 5e-7;
    /// What rounding moves y by: units of 2⁻²³ of |y|, |shift| and |y − shift|, and of each mean.
    TAIL_VALUE = 2.0;
    /// A quantile of one normal far out: relative in its probability.
    FAR_QUANTILE = 6e-7;
    /// A quantile of one normal far out: relative in its probability, for each unit of y².
    FAR_QUANTILE_SQUARE = 1.3e-7;

    /// The probability of an interval: relative.
    INTERVAL = 1.2e-5;
    /// The probability of an interval: relative, for each unit of |ln πₖ|.
    INTERVAL_LOG_WEIGHT = 3e-7;
    /// The probability of an interval: relative, for each unit of the nearer end's square.
    INTERVAL_SQUARE = 5e-7;
    /// The probability of an interval: of the density times the whitened end.
    INTERVAL_END = 3e-7;

    /// CRPS: units of 2⁻²³ of E|t − y|, besides one for each 8 components.
    CRPS = 20.0;
    /// CRPS: units of 2⁻²³ of E|t − y|, for each unit of the mean |ln πₖ|.
    CRPS_LOG_WEIGHT = 2.0;
    /// CRPS: units of 2⁻²⁴ of the largest mean and of y.
    CRPS_VALUE = 4.0;
    /// CRPS of one normal: relative to E|t − y|.
    CRPS_SINGLE = 1.5e-6;

    /// The mean of a tail: of the components' own distances beyond the threshold, or the mean.
    TAIL_MEAN = 3e-6;
    /// The mean of a tail: units of 2⁻²³ of the largest mean and of y.
    TAIL_MEAN_VALUE = 2.0;
    /// The mean of one normal's tail: its distance beyond the threshold, relative.
    TAIL_MEAN_SINGLE = 2e-6;

    /// A mode: how much higher the density may be beside it, relative.
    MODE_HEIGHT = 1e-6;
    /// A joint mode: distance from the stationary point, in its own scales.
    MODE_DISTANCE = 1e-4;
    /// A joint mode on a flat top: the same.
    MODE_DISTANCE_FLAT = 2.5e-3;

    /// A region may hold so much less than asked for.
    REGION_LESS = 4e-6;
    /// A region may hold so much more, besides what its ends' rounding and a level density add.
    REGION_MORE = 6e-6;
    /// A region may be so much longer than the smallest: relative.
    REGION_LENGTH = 1e-4;
    /// The same, for each interval.
    REGION_LENGTH_INTERVAL = 1e-6;
    /// The ends of one normal's region, which are x standard deviations from its mean: of
    /// σ (1 + 1/x), and of the unit.
    REGION_END = 1e-6;
    /// A region of spikes and of components of all sizes may hold so much less than asked for.
    REGION_LESS_EXTREME = 1e-4;

    /// Networks: ln p, units of 2⁻²³ of the sensitivity for each layer.
    NETWORK_LOG_DENSITY = 1.0;
    /// Networks: a log-weight.
    NETWORK_LOG_WEIGHT = 2e-5;
    /// Networks: a mean, of the mixture's spread and the mean's size.
    NETWORK_MEAN = 1e-5;
    /// Networks: a component's scale, relative.
    NETWORK_SCALE = 1e-4;
    /// Networks: a variance, relative.
    NETWORK_VARIANCE = 1e-4;
    /// Networks: a responsibility.
    NETWORK_RESPONSIBILITY = 1e-4;
    /// Networks: a tail probability, relative.
    NETWORK_TAIL = 5e-5;
    /// Networks: what rounding moves y by, of the distance from each mean.
    NETWORK_DISTANCE = 1e-4;
    /// Networks: what rounding moves y by, of the unit and the mean distance from shift.
    NETWORK_VALUE = 1e-5;
    /// Networks: CRPS, of the unit and the mean distances from y and from shift.
    NETWORK_CRPS = 1e-5;

    /// Draws: Kolmogorov's statistic √n sup |Fₙ − F|.
    DRAWS_KOLMOGOROV = 2.5;
    /// Draws: moments, in standard errors.
    DRAWS_MOMENT = 5.0;
    /// Draws: x in Pearson's bound df + 2 √(df x) + 2 x.
    DRAWS_PEARSON = 12.0;

    /// Values of PyTorch and SciPy: ln p, of 1 + |ln p| and the distance from shift in the
    /// smallest scale.
    PUBLISHED_LOG_DENSITY = 1e-6;
    /// Values of PyTorch and SciPy: a responsibility, of 1 and the same distance.
    PUBLISHED_SHARE = 1e-6;
    /// Values of PyTorch and SciPy: a probability, relative, of 1 and the same distance.
    PUBLISHED_PROBABILITY = 3e-6;
    /// Values of PyTorch and SciPy: means, standard deviations and quantiles, of their own size
    /// and that of the standard deviation.
    PUBLISHED_MOMENT = 1e-6;
}

/// The largest share of a budget that was used.
#[derive(Debug)]
pub struct Meter {
    quantity: &'static str,
    share: Mutex<f64>,
}

impl Meter {
    /// Of nothing yet.
    pub const fn new(quantity: &'static str) -> Self {
        Meter {
            quantity,
            share: Mutex::new(0.0),
        }
    }

    /// Notes an error.
    ///
    /// # Panics
    ///
    /// Where it is above the budget, or NaN; `case` says what was wrong.
    pub fn check(&self, error: f64, budget: f64, case: impl Display) {
        let share = if error == 0.0 { 0.0 } else { error / budget };
        assert!(
            share <= 1.0,
            "{}: error {error:e}, budget {budget:e}: {case}",
            self.quantity
        );
        let mut largest = self
            .share
            .lock()
            .expect("no check panics while it holds this");
        *largest = largest.max(share);
    }

    /// Prints the share.
    ///
    /// # Panics
    ///
    /// Where a check did.
    pub fn print(&self) {
        let share = self.share.lock().expect("no check panicked");
        println!("measured: {}: {share:.3} of the budget", self.quantity);
    }
}
