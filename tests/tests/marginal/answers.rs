//! Ends, errors and bits of every question.

use mdn_infer::{Marginal, PredictError};
use mdn_tests::cases;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{KINDS, Parameters, at_every_level, half_probability, parameters};

#[test]
fn ends_may_be_infinite_and_nothing_may_be_nan() {
    let parameters = Parameters::new(&[(0.3, -1.0, 0.5), (0.7, 2.0, 1.5)]);
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    at_every_level(&parameters, |marginal| {
        assert_eq!(marginal.cdf(-inf), Ok(0.0));
        assert_eq!(marginal.exceedance(inf), Ok(0.0));
        for whole in [
            marginal.cdf(inf),
            marginal.survival(-inf),
            marginal.interval_probability(-inf, inf),
        ] {
            assert!((whole.unwrap() - 1.0).abs() < 1e-6);
        }
        assert_eq!(marginal.interval_probability(inf, inf), Ok(0.0));
        assert_eq!(marginal.interval_probability(-inf, -inf), Ok(0.0));
        assert_eq!(marginal.interval_probability(1.0, 1.0), Ok(0.0));
        assert_eq!(marginal.interval_probability(-inf, 0.5), marginal.pit(0.5));
        assert_eq!(
            marginal.interval_probability(4.0, inf),
            marginal.exceedance(4.0)
        );

        assert_eq!(
            marginal.interval_probability(1.0, 0.5),
            Err(PredictError::ReversedInterval)
        );
        let not_a_number = |index| Err(PredictError::NotANumber { index });
        assert_eq!(marginal.interval_probability(nan, 0.5), not_a_number(0));
        assert_eq!(marginal.interval_probability(0.5, nan), not_a_number(1));
        for function in [
            Marginal::cdf,
            Marginal::survival,
            Marginal::exceedance,
            Marginal::pit,
        ] {
            assert_eq!(function(marginal, nan), not_a_number(0));
        }
        for y in [inf, -inf, nan] {
            let not_finite = Err(PredictError::NotFinite { index: 0 });
            assert_eq!(marginal.crps(y), not_finite);
            assert_eq!(marginal.log_density(y), not_finite);
        }
        for p in [0.0, 1.0, -0.5, 1.5, nan, inf] {
            assert_eq!(marginal.quantile(p), Err(PredictError::NotAProbability));
            assert_eq!(
                marginal.upper_quantile(p),
                Err(PredictError::NotAProbability)
            );
            assert_eq!(
                marginal.central_interval(p),
                Err(PredictError::NotAProbability)
            );
            let region = marginal.highest_density_region(p, &mut [(0.0, 0.0); 2]);
            assert_eq!(region, Err(PredictError::NotAProbability));
        }
        let too_few = Err(PredictError::TooFewSlots { needed: 2 });
        assert_eq!(marginal.modes(&mut [0.0]), too_few);
        assert_eq!(
            marginal.highest_density_region(0.5, &mut [(0.0, 0.0)]),
            too_few
        );
    });
}

#[test]
fn every_level_has_the_same_answers() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(13);
    for case in 0..cases(200) {
        let parameters = parameters(case % KINDS, &mut rng);
        let p = half_probability(&mut rng);
        let mut answers: Vec<Vec<u32>> = Vec::new();
        at_every_level(&parameters, |marginal| {
            let y = marginal.quantile(p).unwrap();
            let mut found = vec![y, marginal.upper_quantile(p).unwrap(), marginal.median()];
            let mut both = |ends: (f32, f32)| found.extend([ends.0, ends.1]);
            both(marginal.central_interval(p).unwrap());
            let mut region = [(0.0, 0.0); 256];
            let count = marginal
                .highest_density_region(1.0 - p, &mut region)
                .unwrap();
            region[..count].iter().copied().for_each(both);
            let mut modes = [0.0; 256];
            let count = marginal.modes(&mut modes).unwrap();
            found.extend(&modes[..count]);
            found.extend([marginal.mode(), marginal.crps(y).unwrap()]);
            found.extend([marginal.cdf(y).unwrap(), marginal.survival(y).unwrap()]);
            found.push(
                marginal
                    .interval_probability(y - 1.0, y + parameters.scale)
                    .unwrap(),
            );
            answers.push(found.into_iter().map(f32::to_bits).collect());
        });
        assert!(
            answers.windows(2).all(|pair| pair[0] == pair[1]),
            "{parameters:?}"
        );
    }
}
