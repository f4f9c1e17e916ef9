//! Covariance matrices against the oracle.

use mdn_tests::budget;
use mdn_tests::mixtures::random_parameters;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::same_bits;

/// An entry, in units of the two scales: back substitution of a row of L⁻¹ is right to about
/// D ε componentwise, for off-diagonal entries of L as moderate as here, and the sums over
/// dimensions and components add about as much.
fn bound(dimensions: usize) -> f64 {
    (dimensions + 8) as f64 * budget::COVARIANCE
}

#[test]
fn covariances_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(20);
    let mut worst = [0.0_f64; 2];
    for parameters in random_parameters(64, &mut rng) {
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
                assert!((deviation[i] * deviation[i] / variance[i] - 1.0).abs() < 1e-6);
                for j in 0..d {
                    assert_eq!(found[i * d + j].to_bits(), found[j * d + i].to_bits());
                    let unit = (expected[(i, i)] * expected[(j, j)]).sqrt();
                    let error = (f64::from(found[i * d + j]) - expected[(i, j)]).abs() / unit;
                    assert!(error < bound(d), "{error:e} in {d} dimensions");
                    worst[usize::from(d > 6)] = worst[usize::from(d > 6)].max(error);
                }
            }
            for (component, expected) in mixture.components().zip(&oracle.covariances) {
                let mut found = vec![0.0; d * d];
                component.covariance_into(&mut found).unwrap();
                for (at, found) in found.into_iter().enumerate() {
                    let (i, j) = (at / d, at % d);
                    let unit = (expected[(i, i)] * expected[(j, j)]).sqrt();
                    let error = (f64::from(found) - expected[(i, j)]).abs() / unit;
                    assert!(error < bound(d), "{error:e} in {d} dimensions");
                    assert_eq!(found.to_bits(), component.covariance(j, i).to_bits());
                    worst[usize::from(d > 6)] = worst[usize::from(d > 6)].max(error);
                }
            }
        });
    }
    println!("measured: largest error of a covariance, in scales: {worst:?}");
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
