//! Modes against fine grids.

use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{KINDS, Parameters, parameters, with};

/// The modes of `parameters`, standardised.
fn modes(parameters: &Parameters) -> Vec<f32> {
    with(parameters, |marginal, oracle| {
        let mut modes = vec![0.0; oracle.means.len()];
        let count = marginal.modes(&mut modes).unwrap();
        modes.truncate(count);
        assert!(modes.contains(&marginal.mode()));
        assert!(
            modes.windows(2).all(|pair| pair[0] <= pair[1]),
            "{parameters:?}"
        );
        modes
    })
}

#[test]
fn modes_that_no_mean_leads_to_are_found() {
    // Two wide components with a mode midway, and narrow ones on their means.
    let parameters = Parameters::new(&[
        (0.49, -0.9, 1.0),
        (0.49, 0.9, 1.0),
        (0.01, -0.9, 0.05),
        (0.01, 0.9, 0.05),
    ]);
    let modes = modes(&parameters);
    assert_eq!(modes.len(), 3);
    let near = |found: f32, expected: f32| (found - expected).abs() < 0.01;
    assert!(
        near(modes[0], -0.9) && near(modes[1], 0.0) && near(modes[2], 0.9),
        "{modes:?}"
    );
}

#[test]
fn modes_are_the_maxima_of_a_fine_grid() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(17);
    let meter = Meter::new("modes of a marginal, height");
    for case in 0..400 {
        let mut parameters = parameters([0, 3, 5, 7][case % 4], &mut rng);
        (parameters.shift, parameters.scale) = (0.0, 1.0);
        let modes = modes(&parameters);
        with(&parameters, |_, oracle| {
            let narrowest = oracle.scales.iter().copied().fold(f64::INFINITY, f64::min);
            let ends = |f: fn(f64, f64) -> f64, from| oracle.means.iter().copied().fold(from, f);
            let (first, last) = (
                ends(f64::min, f64::INFINITY),
                ends(f64::max, f64::NEG_INFINITY),
            );
            let count = (20.0 * (last - first) / narrowest) as usize + 2;
            let step = (last - first + 2.0 * narrowest) / count as f64;
            let grid: Vec<f64> = (0..=count)
                .map(|i| first - narrowest + step * i as f64)
                .collect();
            let heights: Vec<f64> = grid.iter().map(|&y| oracle.density(y)).collect();
            let mut tops = 0;
            for (ys, f) in grid.windows(3).zip(heights.windows(3)) {
                // Clear of rounding: higher than both neighbours by a part in a million.
                if f[1] > 1e-30 && f[1] > (1.0 + budget::MODE_HEIGHT) * f[0].max(f[2]) {
                    tops += 1;
                    let found = modes
                        .iter()
                        .any(|&m| ys[0] <= f64::from(m) && f64::from(m) <= ys[2]);
                    assert!(
                        found,
                        "no mode at {} among {modes:?} of {parameters:?}",
                        ys[1]
                    );
                }
            }
            assert!(tops <= modes.len());
            for &mode in &modes {
                // No mode is lower than what lies 0.1 standard deviations around it.
                let y = f64::from(mode);
                for side in [-0.1, 0.1] {
                    let beside = oracle.density(y + side * narrowest);
                    let higher = (beside / oracle.density(y) - 1.0).max(0.0);
                    let case = format_args!("{mode} of {parameters:?}");
                    meter.check(higher, budget::MODE_HEIGHT, case);
                }
            }
        });
    }
    meter.print();
}

#[test]
fn modes_end_however_the_components_lie() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(18);
    for case in 0..cases(300) {
        let parameters = parameters(case % KINDS, &mut rng);
        assert!(!modes(&parameters).is_empty());
    }
    // A flat top of 200 standard deviations, whose ripples are below every rounding.
    let flat: Vec<_> = (0..200).map(|k| (1.0, k as f32, 1.0)).collect();
    assert!(!modes(&Parameters::new(&flat)).is_empty());
    // Spikes of a 1e-24th of their distance.
    let spikes: Vec<_> = (0..20).map(|k| (1.0, k as f32, 1e-24)).collect();
    assert_eq!(modes(&Parameters::new(&spikes)).len(), 20);
}
