//! Whether forecasts keep what they promise: what central intervals hold, and how the PITs spread.

use mdn_infer::format::Support;

use super::{HELD, Held, Scores, is_told_by_pit};

impl Scores {
    fn held(&self, d: usize, probability: f64) -> Option<&Held> {
        let level = HELD.iter().position(|&level| level == probability)?;
        (!is_told_by_pit(&self.supports[d])).then(|| &self.held[d][level])
    }

    /// How often the central interval of this probability should hold target `d`: as often as its
    /// probability says; on a lattice and with point masses, where no interval may have just that
    /// one, as the intervals' own probabilities say, for 50%, 90% and 95%.
    pub fn expected_coverage(&self, d: usize, probability: f64) -> f64 {
        let cells = matches!(
            self.supports[d],
            Support::Lattice { .. } | Support::Atoms(_)
        );
        let held = self.held(d, probability).filter(|_| cells);
        held.map_or(probability, |held| held.expected / self.count())
    }

    /// [`expected_coverage`](Self::expected_coverage) averaged over the targets.
    pub fn mean_expected_coverage(&self, probability: f64) -> f64 {
        let dimensions = self.pit.len();
        let each = (0..dimensions).map(|d| self.expected_coverage(d, probability));
        each.sum::<f64>() / dimensions as f64
    }

    /// How often the central interval of this probability held target `d`; by the PITs, so that where
    /// they are drawn a probability other than 50%, 90% and 95% is that of an interval with the ends
    /// in part.
    pub fn coverage(&self, d: usize, probability: f64) -> f64 {
        if let Some(held) = self.held(d, probability) {
            return held.rows / self.count();
        }
        let (low, high) = (0.5 - 0.5 * probability, 0.5 + 0.5 * probability);
        self.share(d, |pit| (low..=high).contains(&pit))
    }

    /// Coverage averaged over the targets.
    pub fn mean_coverage(&self, probability: f64) -> f64 {
        let dimensions = self.pit.len();
        (0..dimensions)
            .map(|d| self.coverage(d, probability))
            .sum::<f64>()
            / dimensions as f64
    }

    /// Root mean squared error over all targets.
    pub fn mean_rmse(&self) -> f64 {
        let squares = self.rmse.iter().map(|rmse| rmse * rmse);
        (squares.sum::<f64>() / self.rmse.len() as f64).sqrt()
    }

    /// The continuous ranked probability score averaged over the targets.
    pub fn mean_crps(&self) -> f64 {
        self.crps.iter().sum::<f64>() / self.crps.len() as f64
    }

    /// Mean and standard deviation of the PITs of target `d`: ½ and 1/√12 = 0.289 for a calibrated
    /// model. Below ½ in the mean the targets are lower than predicted; a smaller deviation means
    /// intervals that are too wide.
    pub fn pit_moments(&self, d: usize) -> (f64, f64) {
        let count = self.count();
        let mean = self.pits(d).map(|(pit, weight)| weight * pit).sum::<f64>() / count;
        let squares = self
            .pits(d)
            .map(|(pit, weight)| weight * (pit - mean).powi(2));
        let variance = squares.sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    /// The largest distance between the distribution function of the PITs of target `d` and that
    /// of the uniform distribution (Kolmogorov): 0 for perfect calibration, and for a calibrated
    /// model above [`kolmogorov_limit`] in one of twenty tables.
    pub fn pit_distance(&self, d: usize) -> f64 {
        let mut pits: Vec<(f64, f64)> = self.pits(d).collect();
        pits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (count, mut above) = (self.count(), 0.0);
        let steps = pits.into_iter().map(|(pit, weight)| {
            let below = above;
            above += weight;
            (pit - below / count).max(above / count - pit)
        });
        steps.fold(0.0, f64::max)
    }

    /// The calibration error of target `d`: how far, on average over p = 0.05, 0.10, … 0.95, the
    /// share of PITs up to p lies from p. 0 for perfect calibration.
    pub fn calibration_error(&self, d: usize) -> f64 {
        const LEVELS: usize = 20;
        let share = |p: f64| self.share(d, |pit| pit <= p);
        let levels = (1..LEVELS).map(|level| level as f64 / LEVELS as f64);
        levels.map(|p| (share(p) - p).abs()).sum::<f64>() / (LEVELS - 1) as f64
    }

    /// The calibration error averaged over the targets.
    pub fn mean_calibration_error(&self) -> f64 {
        let dimensions = self.pit.len();
        (0..dimensions)
            .map(|d| self.calibration_error(d))
            .sum::<f64>()
            / dimensions as f64
    }

    /// Counts of the PITs of target `d` in `bins` equal bins.
    pub fn pit_histogram(&self, d: usize, bins: usize) -> Vec<usize> {
        let mut counts = vec![0.0_f64; bins];
        for (pit, weight) in self.pits(d) {
            counts[((pit * bins as f64) as usize).min(bins - 1)] += weight;
        }
        counts
            .into_iter()
            .map(|count| count.round() as usize)
            .collect()
    }

    /// As how many rows all count.
    fn count(&self) -> f64 {
        match self.weights.is_empty() {
            true => self.rows as f64,
            false => self.weights.iter().sum(),
        }
    }

    /// The PITs of target `d` and as how many rows each counts.
    fn pits(&self, d: usize) -> impl Iterator<Item = (f64, f64)> {
        let weight = |row: usize| self.weights.get(row).copied().unwrap_or(1.0);
        let pits = self.pit[d].iter().enumerate();
        pits.map(move |(row, &pit)| (f64::from(pit), weight(row)))
    }

    /// The share of rows whose PIT of target `d` is such.
    fn share(&self, d: usize, is_such: impl Fn(f64) -> bool) -> f64 {
        let such = self.pits(d).filter(|&(pit, _)| is_such(pit));
        such.map(|(_, weight)| weight).sum::<f64>() / self.count()
    }
}

/// What the largest distance of an empirical distribution function of `rows` values from its law
/// exceeds in one of twenty cases: the asymptotic 5% point of Kolmogorov 1933, 1.358/√n, as Stephens
/// 1970 corrects it for few rows, within 0.002 from two rows on. For one row it is exact.
pub fn kolmogorov_limit(rows: usize) -> f64 {
    let root = (rows as f64).sqrt();
    match rows {
        1 => 0.975,
        _ => 1.358 / (root + 0.12 + 0.11 / root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of exact points, such as Massey 1951.
    #[test]
    fn the_limit_is_that_of_kolmogorovs_law_for_any_number_of_rows() {
        for (rows, exact) in [
            (1, 0.975),
            (2, 0.842),
            (3, 0.708),
            (5, 0.563),
            (10, 0.409),
            (20, 0.294),
        ] {
            let found = kolmogorov_limit(rows);
            assert!((found - exact).abs() < 2.5e-3, "{rows}: {found}, {exact}");
        }
        assert!((kolmogorov_limit(1_000_000) * 1e3 - 1.358).abs() < 1e-3);
    }
}
