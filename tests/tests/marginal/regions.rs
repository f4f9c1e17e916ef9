//! Highest-density regions against grids.

use mdn_tests::budget::{self, Meter};
use mdn_train::oracle::OracleMarginal;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{Parameters, parameters, with};

/// The mass next to the ends of an interval where the density is at most 10⁻⁶ above that of the
/// ends.
fn level_mass(oracle: &OracleMarginal, ends: (f32, f32)) -> f64 {
    const STEPS: usize = 4000;
    let (low, high) = (f64::from(ends.0), f64::from(ends.1));
    let at = |i: usize| low + (high - low) * i as f64 / STEPS as f64;
    let level = 1.000_001 * oracle.density(low).max(oracle.density(high));
    let higher = |&i: &usize| oracle.density(at(i)) > level;
    let first = (0..=STEPS).find(higher).unwrap_or(STEPS);
    let last = (0..=STEPS).rev().find(higher).unwrap_or(first);
    oracle.cdf(at(first)) - oracle.cdf(low) + oracle.cdf(high) - oracle.cdf(at(last))
}

#[test]
fn regions_hold_their_probability_and_none_is_smaller() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(19);
    let (less, more) = (
        Meter::new("regions, probability below"),
        Meter::new("regions, probability above"),
    );
    let longer = Meter::new("regions, length");
    for case in 0..300 {
        let mut parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        (parameters.shift, parameters.scale) = (0.0, 1.0);
        let p = [0.5, 0.9, 0.99, 0.05, rng.random_range(0.01..0.999)][case % 5];
        with(&parameters, |marginal, oracle| {
            let mut region = vec![(0.0, 0.0); oracle.means.len()];
            let count = marginal.highest_density_region(p, &mut region).unwrap();
            let region = &region[..count];
            let ends: Vec<f32> = region.iter().flat_map(|ends| [ends.0, ends.1]).collect();
            assert!(
                ends.windows(2).all(|pair| pair[0] < pair[1]),
                "{region:?} of {parameters:?}"
            );
            let (mut mass, mut length) = (0.0, 0.0);
            for ends in region {
                let (low, high) = (f64::from(ends.0), f64::from(ends.1));
                mass += oracle.cdf(high) - oracle.cdf(low);
                length += high - low;
            }
            // The masses of up to eight intervals, each to a few roundings; an end between two
            // numbers of binary32 may add the mass between them, and a density that is level to
            // within its own rounding what lies there.
            let excess = mass - f64::from(p);
            let steepest = oracle.density(marginal.mode().into());
            let lattice: f64 = ends
                .iter()
                .map(|e| f64::from(e.abs()) * 5e-7 * steepest)
                .sum();
            let level: f64 = region.iter().map(|&ends| level_mass(oracle, ends)).sum();
            let most = budget::REGION_MORE + lattice + level;
            let case = format_args!("{region:?} of {parameters:?}");
            less.check((-excess).max(0.0), budget::REGION_LESS, case);
            more.check(excess.max(0.0), most, case);
            let smallest = oracle.region_length(mass, 200);
            let waste = length / smallest - 1.0;
            // The grid's cells are a 200th of a standard deviation.
            let budget = budget::REGION_LENGTH + budget::REGION_LENGTH_INTERVAL * count as f64;
            longer.check(waste.max(0.0), budget, case);
        });
    }
    for meter in [less, more, longer] {
        meter.print();
    }
}

#[test]
fn regions_of_one_normal_are_its_central_intervals() {
    let meter = Meter::new("regions of one normal, ends");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    for _ in 0..300 {
        let single =
            Parameters::new(&[(1.0, rng.random_range(-2.0..2.0), rng.random_range(0.1..2.0))]);
        let p = rng.random_range(0.001..0.9999);
        with(&single, |marginal, oracle| {
            let mut region = [(0.0, 0.0)];
            assert_eq!(marginal.highest_density_region(p, &mut region), Ok(1));
            let (low, high) = marginal.central_interval(p).unwrap();
            // The density is level at its top, so the level's rounding moves the ends by 1/x of it.
            let x = f64::from(high - low) / (2.0 * oracle.scales[0]);
            let budget = budget::REGION_END * (oracle.scales[0] * (1.0 + 1.0 / x) + 1.0);
            for (end, central) in [(region[0].0, low), (region[0].1, high)] {
                let error = f64::from((end - central).abs());
                meter.check(error, budget, format_args!("{p}: {region:?} {low} {high}"));
            }
        });
    }
    meter.print();
}

#[test]
fn regions_of_spikes_and_of_extreme_models_exist() {
    let meter = Meter::new("regions of spikes, probability below");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(21);
    for case in 0..120 {
        let parameters = parameters([1, 2, 3, 6][case % 4], &mut rng);
        let p = [0.5, 1e-6, 0.999_999_9][case % 3];
        with(&parameters, |marginal, oracle| {
            let mut region = vec![(0.0, 0.0); oracle.means.len()];
            let count = marginal.highest_density_region(p, &mut region).unwrap();
            let inside: f64 = region[..count]
                .iter()
                .map(|&(low, high)| f64::from(marginal.interval_probability(low, high).unwrap()))
                .sum();
            let less = (f64::from(p) - inside).max(0.0);
            let case = format_args!("{region:?} of {parameters:?}");
            meter.check(less, budget::REGION_LESS_EXTREME, case);
        });
    }
    meter.print();
}
