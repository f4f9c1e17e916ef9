//! Marginals of random networks.

use mdn_infer::Level;
use mdn_tests::budget::{self, Meter};
use mdn_tests::{cases, random_input, random_model, random_shape};
use mdn_train::oracle::{Oracle, normal_cdf};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::half_probability;

#[test]
fn marginals_of_random_models_agree_with_the_oracle() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(22);
    let (tails, scores) = (
        Meter::new("networks, probabilities"),
        Meter::new("networks, CRPS"),
    );
    for _ in 0..cases(400) {
        let file = random_model(&random_shape(&mut rng), 0, &mut rng);
        let model = file.model();
        let mut working = vec![0.0; model.working_len()];
        let x = random_input(&model, &mut rng);
        let oracle = Oracle::new(&model).predict(&x);
        let mixture = model.predict(Level::detect(), &x, &mut working).unwrap();
        for d in 0..mixture.dimensions() {
            let (marginal, oracle) = (mixture.marginal(d).unwrap(), oracle.marginal(d));
            let unit = f64::from(model.target_scale()[d]);
            let far = oracle.mean_distance(model.target_shift()[d].into());
            // The forward pass leaves log-weights, means and log-scales with errors of some
            // 10⁻⁶ (see the tests of the densities), the marginal scales of full covariance with
            // ten times that.
            let slack = budget::NETWORK_VALUE * (unit + far);
            for _ in 0..5 {
                let p = half_probability(&mut rng);
                let y = marginal.quantile(p).unwrap();
                let cdf = |side: f64| -> f64 {
                    let parts = oracle.weights.iter().zip(&oracle.means).zip(&oracle.scales);
                    let one = |((weight, mean), scale): ((&f64, &f64), &f64)| {
                        let distance = f64::from(y) - mean;
                        let moved =
                            distance + side * (slack + budget::NETWORK_DISTANCE * distance.abs());
                        weight * (1.0 + side * budget::NETWORK_TAIL) * normal_cdf(moved / scale)
                    };
                    parts.map(one).sum()
                };
                let exact = cdf(0.0);
                let bounds = (exact - cdf(-1.0), cdf(1.0) - exact);
                for found in [p, marginal.cdf(y).unwrap()] {
                    let error = f64::from(found) - exact;
                    let budget = if error < 0.0 { bounds.0 } else { bounds.1 };
                    tails.check(error.abs(), budget, format_args!("{found:e} at {y}"));
                }
                let distance = oracle.mean_distance(y.into());
                let error = f64::from(marginal.crps(y).unwrap()) - oracle.crps(y.into());
                let budget = budget::NETWORK_CRPS * (distance + unit + far);
                scores.check(error.abs(), budget, y);
            }
        }
    }
    tails.print();
    scores.print();
}
