//! Many densities of one mixture.

use mdn_infer::PredictError;
use mdn_tests::mixtures::random_parameters;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::same_bits;

#[test]
fn many_densities_have_the_bits_of_single_ones() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(10);
    for parameters in random_parameters(32, &mut rng) {
        let mut levels = None;
        let mut draws = vec![0.0; 7 * parameters.dimensions];
        parameters.examine(|mixture, _| mixture.samples(&mut rng, &mut draws, None).unwrap());
        parameters.at_every_level(|mixture, _| {
            let mut found = vec![0.0; 7];
            mixture.log_densities(&draws, &mut found).unwrap();
            let rows = draws.chunks(parameters.dimensions);
            for (row, found) in rows.zip(&found) {
                let single = mixture.log_density(row).unwrap();
                assert_eq!(single.to_bits(), found.to_bits());
            }
            same_bits(&mut levels, &found);
        });
    }
}

#[test]
fn wrong_points_are_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let parameters = &random_parameters(1, &mut rng)[0];
    let d = parameters.dimensions;
    parameters.examine(|mixture, _| {
        let mut to = [0.0; 2];
        assert_eq!(
            mixture.log_densities(&vec![0.0; 2 * d + 1], &mut to),
            Err(PredictError::WrongLength {
                expected: 2 * d,
                found: 2 * d + 1
            })
        );
        let mut points = vec![0.0; 2 * d];
        points[d] = f32::NAN;
        assert_eq!(
            mixture.log_densities(&points, &mut to),
            Err(PredictError::NotFinite { index: d })
        );
        assert_eq!(mixture.log_densities(&[], &mut []), Ok(()));
    });
}
