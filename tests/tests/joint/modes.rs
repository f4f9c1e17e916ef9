//! The maxima against derivatives in binary64 and against dense grids.

use mdn_infer::format::Covariance;
use mdn_infer::{Mixture, PredictError};
use mdn_tests::budget::{self, Meter};
use mdn_tests::cases;
use mdn_tests::mixtures::{Parameters, random_parameters};
use mdn_train::oracle::OracleMixture;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::same_bits;

fn modes(mixture: &Mixture<'_>) -> Vec<Vec<f32>> {
    let d = mixture.dimensions();
    let mut to = vec![f32::NAN; 300 * d];
    let count = mixture.modes(&mut to).unwrap();
    let rows: Vec<Vec<f32>> = to.chunks(d).take(count).map(<[f32]>::to_vec).collect();
    let heights = rows.iter().map(|row| mixture.log_density(row).unwrap());
    assert!(heights.is_sorted_by(|a, b| a >= b));
    rows
}

fn exact(row: &[f32]) -> DVector<f64> {
    DVector::from_iterator(row.len(), row.iter().map(|&t| f64::from(t)))
}

/// Checks that the Hessian matrix at `row` is negative definite, and the distance to the exact
/// stationary point, in the mode's own scales.
///
/// At most: what rounding to raw units moves it by, twice; 10⁻⁴ for the rounding of the gradient;
/// and on a flat top a quarter scale of the components', which is the root of the top's relative
/// curvature times as much in its own.
fn check_distance(meter: &Meter, oracle: &OracleMixture, row: &[f32]) {
    let (gradient, hessian) = oracle.log_derivatives(&exact(row));
    let bend = -hessian;
    let factor = bend.clone().cholesky().expect("negative definite");
    let distance = gradient.dot(&factor.solve(&gradient)).sqrt();
    let moved = row.iter().enumerate().map(|(d, t)| {
        let rounding = f64::from(t.abs()) * f64::from(f32::EPSILON);
        rounding * bend[(d, d)].sqrt()
    });
    let unit = DMatrix::from_diagonal(&bend.diagonal().map(|h| 1.0 / h.sqrt()));
    let curvature = (&unit * &bend * &unit).symmetric_eigenvalues().min();
    let flat = if curvature < 1e-3 {
        budget::MODE_DISTANCE_FLAT
    } else {
        0.0
    };
    let allowed = budget::MODE_DISTANCE + moved.sum::<f64>() + flat;
    meter.check(distance, allowed, format_args!("{row:?}"));
}

/// Checks that the highest mode found is as high as `other`, in log-density.
fn check_height(meter: &Meter, first: f64, other: f64, parameters: &Parameters) {
    let less = (other - first).max(0.0);
    meter.check(less, budget::MODE_HEIGHT, format_args!("{parameters:?}"));
}

#[test]
fn modes_are_stationary_and_bend_down() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(40);
    let meter = Meter::new("joint modes, distance");
    let mut count = 0;
    for parameters in random_parameters(cases(80), &mut rng) {
        let mut levels = None;
        parameters.at_every_level(|mixture, oracle| {
            let found = modes(mixture);
            if levels.is_none() {
                for row in &found {
                    check_distance(&meter, oracle, row);
                }
                count += found.len();
            }
            same_bits(&mut levels, &found.concat());
        });
    }
    println!("{count} modes");
    meter.print();
}

/// Every strict maximum of a grid of 8 001 points has a mode within two steps, unless its weight
/// is below what modes start from.
#[test]
fn every_peak_of_a_line_is_found() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(41);
    let meter = Meter::new("highest joint mode, on lines");
    let mut peaks = 0;
    for round in 0..cases(200) {
        let mut parameters = Parameters::random(Covariance::Isotropic, 1 + round % 24, 1, &mut rng);
        parameters.means.iter_mut().for_each(|mean| *mean *= 4.0);
        parameters.examine(|mixture, oracle| {
            let found = modes(mixture);
            let centre = f64::from(parameters.shift[0]);
            let step = f64::from(parameters.scale[0]) * 40.0 / 8000.0;
            let at = |i: i32| centre + step * f64::from(i);
            let height = |i| oracle.log_density_at(&DVector::from_element(1, at(i)));
            let heights: Vec<f64> = (-4000..=4000).map(height).collect();
            let highest = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let first = oracle.log_density_at(&exact(&found[0]));
            check_height(&meter, first, highest, &parameters);
            for (i, w) in heights.windows(3).enumerate() {
                if w[1] > w[0] && w[1] > w[2] {
                    peaks += 1;
                    let at = at(i as i32 - 3999);
                    let near = |row: &Vec<f32>| (f64::from(row[0]) - at).abs() < 2.0 * step;
                    assert!(found.iter().any(near), "{parameters:?}: {at} {found:?}");
                }
            }
        });
    }
    println!("{peaks} peaks on lines");
    meter.print();
}

/// No point of a grid of 161 × 161 is higher than the first mode; other peaks of the grid may be
/// missed, but seldom are.
#[test]
fn nothing_in_a_plane_is_higher_than_the_first() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
    let meter = Meter::new("highest joint mode, in planes");
    let (mut peaks, mut missed) = (0, 0);
    for round in 0..cases(120) {
        let covariance = mdn_infer::format::Covariance::ALL[round % 3];
        let parameters = Parameters::random(covariance, 1 + round % 11, 2, &mut rng);
        parameters.examine(|mixture, oracle| {
            let found = modes(mixture);
            let first = oracle.log_density_at(&exact(&found[0]));
            let side = 161;
            let point = |i: usize, d: usize| {
                let offset = (i as f64 - 80.0) * 8.0 / 160.0;
                f64::from(parameters.shift[d]) + f64::from(parameters.scale[d]) * offset
            };
            let height = |(i, j): (usize, usize)| {
                oracle.log_density_at(&DVector::from_vec(vec![point(i, 0), point(j, 1)]))
            };
            let all = (0..side * side).map(|at| (at / side, at % side));
            let heights: Vec<f64> = all.map(height).collect();
            let highest = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            check_height(&meter, first, highest, &parameters);
            for i in 1..side - 1 {
                for j in 1..side - 1 {
                    let around = (0..9).map(|n| (i + n / 3 - 1) * side + j + n % 3 - 1);
                    let here = heights[i * side + j];
                    if around.filter(|&at| heights[at] >= here).count() > 1 {
                        continue;
                    }
                    let start = DVector::from_vec(vec![point(i, 0), point(j, 1)]);
                    let top = oracle.climb(&start);
                    let near = |row: &Vec<f32>| {
                        (0..2).all(|d| {
                            (f64::from(row[d]) - top[d]).abs()
                                < 0.02 * f64::from(parameters.scale[d])
                        })
                    };
                    peaks += 1;
                    missed += usize::from(!found.iter().any(near));
                }
            }
        });
    }
    println!("{missed} of {peaks} peaks in planes missed");
    assert!(missed * 100 <= peaks);
    meter.print();
}

#[test]
fn no_climb_from_a_draw_ends_higher() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(43);
    let meter = Meter::new("highest joint mode, against climbs");
    for parameters in random_parameters(30, &mut rng) {
        if parameters.dimensions > 6 {
            continue;
        }
        parameters.examine(|mixture, oracle| {
            let first = oracle.log_density_at(&exact(&modes(mixture)[0]));
            for _ in 0..10 {
                let mut draw = vec![0.0; mixture.dimensions()];
                mixture.sample(&mut rng, &mut draw).unwrap();
                let top = oracle.log_density_at(&oracle.climb(&exact(&draw)));
                check_height(&meter, first, top, &parameters);
            }
        });
    }
    meter.print();
}

/// Two thin components that cross: the crossing is higher than either mean.
#[test]
fn crossing_ridges_meet_in_the_highest_mode() {
    let parameters = Parameters {
        covariance: Covariance::Diagonal,
        dimensions: 2,
        logits: vec![0.0, 0.0],
        means: vec![3.0, 0.0, 0.0, 3.0],
        factors: [5.0_f32, 0.1, 0.1, 5.0].map(f32::ln).to_vec(),
        shift: vec![0.0; 2],
        scale: vec![1.0; 2],
    };
    parameters.examine(|mixture, _| {
        let found = modes(mixture);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].iter().all(|t| t.abs() < 0.01), "{found:?}");
    });
}

/// The middle component's mean is, by symmetry, a minimum as long as the others reach there.
#[test]
fn a_minimum_is_not_a_mode() {
    let meter = Meter::new("joint modes, distance");
    for (apart, expected) in [(2.0, 2), (3.0, 2), (1e3, 3), (1e6, 3)] {
        let sides = [(0.4999, -apart, 1.0), (0.4999, apart, 1.0)];
        let middle = (0.0002, 0.0, 4.0 * apart);
        let parameters = Parameters::univariate(&[sides[0], middle, sides[1]]);
        parameters.examine(|mixture, oracle| {
            let found = modes(mixture);
            assert_eq!(found.len(), expected, "{apart}: {found:?}");
            for row in &found {
                check_distance(&meter, oracle, row);
            }
        });
    }
    meter.print();
}

/// The mean of two or four equal components, one of the starts, is a saddle or a minimum.
#[test]
fn a_saddle_is_not_a_mode() {
    for apart in [3.0, 10.0, 1e3, 1e6, 1e12] {
        for corners in [2, 4] {
            let signs = [(1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0)];
            let xs = signs.iter().take(corners).map(|s| s.0 * apart);
            let ys = signs.iter().take(corners).map(|s| s.1 * apart);
            let parameters = Parameters {
                covariance: Covariance::Isotropic,
                dimensions: 2,
                logits: vec![0.0; corners],
                means: xs.chain(ys).collect(),
                factors: vec![0.0; corners],
                shift: vec![0.0; 2],
                scale: vec![1.0; 2],
            };
            parameters.examine(|mixture, _| {
                let found = modes(mixture);
                assert_eq!(found.len(), corners, "{apart}: {found:?}");
            });
        }
    }
}

/// Two equal components become one mode at two scales apart; there the top is flat to the fourth
/// order.
#[test]
fn merging_components_have_one_mode() {
    for (apart, expected) in [(0.0, 1), (1.0, 1), (1.99, 1), (2.0, 1), (2.2, 2), (2.5, 2)] {
        let parameters = Parameters::univariate(&[(0.5, 0.0, 1.0), (0.5, apart, 1.0)]);
        parameters.examine(|mixture, _| {
            let found = modes(mixture);
            assert_eq!(found.len(), expected, "{apart}: {found:?}");
            let middle = found.iter().map(|row| row[0]).sum::<f32>() / found.len() as f32;
            assert!((middle - apart / 2.0).abs() < 0.25, "{apart}: {found:?}");
        });
    }
}

#[test]
fn the_highest_are_kept_where_room_is_short() {
    let parameters = Parameters::univariate(&[
        (0.2, 0.0, 1.0),
        (0.5, 20.0, 1.0),
        (0.1, 40.0, 1.0),
        (0.2, 60.0, 0.1),
    ]);
    parameters.examine(|mixture, _| {
        for (room, expected) in [
            (1, &[60.0][..]),
            (2, &[60.0, 20.0]),
            (9, &[60.0, 20.0, 0.0, 40.0]),
        ] {
            let mut to = vec![f32::NAN; room];
            let count = mixture.modes(&mut to).unwrap();
            assert_eq!(&to[..count], expected);
        }
        assert_eq!(mixture.modes(&mut []), Ok(0));
        assert_eq!(mixture.best_component(), 1);
    });
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(44);
    Parameters::random(Covariance::Full, 3, 2, &mut rng).examine(|mixture, _| {
        let wrong = PredictError::WrongLength {
            expected: 2,
            found: 3,
        };
        assert_eq!(mixture.modes(&mut [0.0; 3]), Err(wrong));
    });
}
