//! Covariance matrices against the oracle.

use mdn_tests::budget::Meter;
use mdn_tests::cases;
use mdn_tests::mixtures::random_parameters;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{EPSILON, check_covariance, same_bits};

/// Between a standard deviation's square and the variance, half a unit of ε each: the three
/// roundings of the deviation, which count twice, and the four of the variance.
const SQUARE: f64 = 5.0 * EPSILON;

/// Back substitution of a row of L⁻¹ is right to about D ε componentwise, for off-diagonal entries
/// of L as moderate as here, and the sums over dimensions and components add about as much.
#[test]
fn covariances_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    let meter = Meter::new("covariance, of the mixture and of components");
    for parameters in random_parameters(cases(64), &mut rng) {
        let d = parameters.dimensions;
        let mut levels = None;
        parameters.at_every_level(|mixture, oracle| {
            let mut found = vec![0.0; d * d];
            mixture.covariance_into(&mut found).unwrap();
            same_bits(&mut levels, &found);
            let mut variance = vec![0.0; d];
            mixture.variance(&mut variance).unwrap();
            let mut deviation = vec![0.0; d];
            mixture.standard_deviation(&mut deviation).unwrap();
            let expected = oracle.covariance();
            for i in 0..d {
                assert_eq!(found[i * d + i].to_bits(), variance[i].to_bits());
                let square = f64::from(deviation[i]).powi(2);
                let error = (square / f64::from(variance[i]) - 1.0).abs();
                assert!(error <= SQUARE, "{error:e}");
                for j in 0..d {
                    assert_eq!(found[i * d + j].to_bits(), found[j * d + i].to_bits());
                    check_covariance(&meter, &expected, (i, j), found[i * d + j], &parameters);
                }
            }
            for (component, expected) in mixture.components().zip(&oracle.covariances) {
                let mut found = vec![0.0; d * d];
                component.covariance_into(&mut found).unwrap();
                for (at, found) in found.into_iter().enumerate() {
                    let (i, j) = (at / d, at % d);
                    check_covariance(&meter, expected, (i, j), found, &parameters);
                    assert_eq!(found.to_bits(), component.covariance(j, i).to_bits());
                }
            }
        });
    }
    meter.print();
}

#[test]
fn nothing_is_out_of_range() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(21);
    for parameters in random_parameters(4, &mut rng) {
        parameters.examine(|mixture, _| {
            let component = mixture.component(0).unwrap();
            let d = parameters.dimensions;
            for outside in [d, 20, usize::MAX] {
                assert!(component.mean(outside).is_nan());
                assert!(component.scale(outside).is_nan());
                assert!(component.covariance(outside, 0).is_nan());
                assert!(component.covariance(0, outside).is_nan());
                assert!(component.precision_factor(outside, 0).is_nan());
            }
            assert!(mixture.covariance_into(&mut vec![0.0; d * d + 1]).is_err());
            assert!(component.covariance_into(&mut []).is_err());
            assert!(mixture.standard_deviation(&mut vec![0.0; d + 1]).is_err());
        });
    }
}
