//! Highest-density regions and modes.

use mdn_infer::Marginal;
use mdn_infer::format::Support;

use super::answers::{each, places};

/// ln of the density; of an atom it has no meaning beside others.
fn height(marginal: &Marginal<'_>, y: f32) -> f32 {
    marginal.log_density(y).unwrap()
}

fn is_inside(intervals: &[(f32, f32)], y: f32) -> bool {
    intervals.iter().any(|&(low, high)| match low <= high {
        true => low <= y && y <= high,
        // On a circle, across the end of its values.
        false => low <= y || y <= high,
    })
}

fn is_atom(support: &Support, y: f32) -> bool {
    matches!(support, Support::Atoms(atoms) if atoms.values().contains(&y))
}

#[test]
fn regions_hold_their_probability_and_the_highest_densities() {
    each(|support, marginal, _| {
        for p in [0.1, 0.5, 0.9, 0.99] {
            let mut slots = [(0.0, 0.0); 64];
            let count = marginal.highest_density_region(p, &mut slots).unwrap();
            let intervals = &slots[..count];
            let held = intervals.iter().map(|&(low, high)| {
                let above = marginal.interval_probability(low, high).unwrap();
                f64::from(above) + f64::from(marginal.probability(low).unwrap())
            });
            let held: f64 = held.sum();
            assert!(
                held >= f64::from(p) - 1e-5,
                "{support:?} {p}: {held} in {intervals:?}"
            );
            // What holds more cannot hold less: the value with the least density is needed.
            let smooth = !matches!(support, Support::Lattice { .. } | Support::Atoms(_));
            assert!(
                !smooth || held <= f64::from(p) + 1e-3,
                "{support:?} {p}: {held}"
            );

            let values = places().filter(|&y| height(marginal, y) > f32::NEG_INFINITY);
            let (inside, outside): (Vec<f32>, Vec<f32>) = values
                .filter(|&y| !is_atom(support, y))
                .filter(|&y| !matches!(support, Support::Circle { origin, period, .. } if y < *origin || y >= origin + period))
                .partition(|&y| is_inside(intervals, y));
            let least = inside.iter().map(|&y| height(marginal, y));
            let least = least.fold(f32::INFINITY, f32::min);
            let greatest = outside.iter().map(|&y| height(marginal, y));
            let greatest = greatest.fold(f32::NEG_INFINITY, f32::max);
            assert!(
                greatest <= least + 1e-3,
                "{support:?} {p}: {greatest} outside, {least} inside {intervals:?}"
            );
        }
    });
}

#[test]
fn a_region_with_too_few_slots_is_an_error() {
    each(|_, marginal, _| {
        assert!(marginal.highest_density_region(0.5, &mut []).is_err());
        assert!(marginal.modes(&mut []).is_err());
        assert!(
            marginal
                .highest_density_region(0.0, &mut [(0.0, 0.0)])
                .is_err()
        );
    });
}

#[test]
fn modes_are_higher_than_what_is_beside_them() {
    each(|support, marginal, _| {
        let mut modes = [0.0; 64];
        let count = marginal.modes(&mut modes).unwrap();
        assert!(count > 0, "{support:?}");
        let modes = &modes[..count];
        assert!(modes.is_sorted());
        let best = marginal.mode();
        assert!(modes.contains(&best), "{support:?}: {best} of {modes:?}");
        for &mode in modes {
            if is_atom(support, mode) {
                continue;
            }
            let step = match support {
                Support::Lattice { step, .. } => *step,
                _ => 0.01,
            };
            for beside in [mode - step, mode + step] {
                if !is_atom(support, beside) {
                    let heights = [beside, mode].map(|y| height(marginal, y));
                    assert!(
                        heights[0] <= heights[1] + 1e-4,
                        "{support:?} {mode}: {heights:?}, {modes:?}"
                    );
                }
            }
        }
        // No value is higher than the mode but for atoms, which count otherwise.
        if !matches!(support, Support::Atoms(_)) {
            let top = places()
                .map(|y| height(marginal, y))
                .fold(f32::MIN, f32::max);
            assert!(top <= height(marginal, best) + 1e-3, "{support:?}");
        }
    });
}
