//! Far out, and at the edges of what a support may be.

use mdn_infer::format::{Atoms, Support};
use mdn_infer::{Level, Mixture};
use mdn_tests::mixtures::Parameters;

fn with<T>(
    components: &[(f32, f32, f32)],
    support: Support,
    examine: impl FnOnce(&Mixture<'_>) -> T,
) -> T {
    let file = Parameters::univariate(components).model_on(Some(vec![support]));
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mixture = model.predict(Level::detect(), &[0.0], &mut working);
    examine(&mixture.unwrap())
}

const COUNTS: Support = Support::Lattice {
    origin: 0.0,
    step: 1.0,
    low: 0.0,
    high: f32::INFINITY,
};

/// ln (Φ(y + ½) − Φ(y − ½)) to 40 digits, by mpmath 1.3.
#[test]
fn probabilities_that_underflow_have_logarithms() {
    with(&[(1.0, 0.0, 1.0)], COUNTS, |mixture| {
        for (y, exact) in [
            (10.0, -48.306_06),
            (40.0, -784.720_88),
            (100.0, -4_955.644_2),
        ] {
            let found = f64::from(mixture.log_density(&[y]).unwrap());
            assert!(
                (found - exact).abs() < 2e-6 * exact.abs(),
                "{y}: {found} for {exact}"
            );
        }
    });
}

#[test]
fn off_its_support_a_target_has_no_density() {
    let none = Ok(f32::NEG_INFINITY);
    with(&[(1.0, 0.0, 1.0)], COUNTS, |mixture| {
        assert_eq!(mixture.log_density(&[0.5]), none);
        assert_eq!(mixture.log_density(&[-1.0]), none);
        assert_eq!(mixture.marginal(0).unwrap().probability(2.5), Ok(0.0));
        assert_eq!(mixture.marginal(0).unwrap().cdf(-0.1), Ok(0.0));
    });
    let bounds = Support::Bounds {
        low: 0.0,
        high: 1.0,
    };
    with(&[(1.0, 0.5, 0.2)], bounds, |mixture| {
        assert_eq!(mixture.log_density(&[-0.01]), none);
        assert_eq!(mixture.marginal(0).unwrap().survival(1.0), Ok(0.0));
        assert!(mixture.log_density(&[0.0]).unwrap() > f32::NEG_INFINITY);
    });
    let atoms = Atoms::new(&[0.0], true, false, 1.0).map(Support::Atoms);
    with(&[(1.0, 0.5, 0.2)], atoms.unwrap(), |mixture| {
        assert_eq!(mixture.log_density(&[-0.01]), none);
    });
}

/// Where the scale is far above the period nothing is left of the shape.
#[test]
fn a_wide_component_is_even_about_a_circle() {
    let circle = Support::Circle {
        origin: 0.0,
        period: 1.0,
        cut: 0.25,
    };
    with(&[(1.0, 0.4, 1e6)], circle, |mixture| {
        let marginal = mixture.marginal(0).unwrap();
        for y in [0.0, 0.3, 0.99] {
            let density = marginal.log_density(y).unwrap().exp();
            assert!((density - 1.0).abs() < 0.016, "{density}");
        }
        assert_eq!(marginal.cdf(f32::INFINITY), Ok(1.0));
    });
}

/// A mean far outside of bounds or a circle is folded and wound all the same.
#[test]
fn means_may_lie_anywhere() {
    let circle = Support::Circle {
        origin: 0.0,
        period: 2.0,
        cut: 0.0,
    };
    let bounds = Support::Bounds {
        low: 0.0,
        high: 2.0,
    };
    // 4001 is 1 modulo 2 and modulo 4.
    for support in [circle, bounds] {
        let near = with(&[(1.0, 1.0, 0.25)], support, |mixture| {
            mixture.log_density(&[1.25])
        });
        let far = with(&[(1.0, 4001.0, 0.25)], support, |mixture| {
            let median = mixture.marginal(0).unwrap().median();
            assert!((median - 1.0).abs() < 1e-3, "{median}");
            mixture.log_density(&[1.25])
        });
        assert!((near.unwrap() - far.unwrap()).abs() < 1e-2);
    }
}

#[test]
fn a_north_wind_has_an_interval_across_north() {
    let circle = Support::Circle {
        origin: 0.0,
        period: 360.0,
        cut: 180.0,
    };
    with(&[(1.0, 2.0, 15.0)], circle, |mixture| {
        let marginal = mixture.marginal(0).unwrap();
        let (low, high) = marginal.central_interval(0.9).unwrap();
        // 2 ± 1.6449 · 15
        assert!((low - 337.327).abs() < 0.01, "{low}");
        assert!((high - 26.673).abs() < 0.01, "{high}");
        assert!((marginal.mean() - 2.0).abs() < 1e-3);
        assert!((marginal.standard_deviation() - 15.0).abs() < 1e-3);
        let inside = marginal.interval_probability(low, high).unwrap();
        assert!((inside - 0.9).abs() < 1e-5);
    });
}

#[test]
fn joint_scores_are_those_of_the_dimensions() {
    use mdn_infer::format::Covariance;
    // One component, so that the dimensions are independent.
    let parameters = Parameters {
        covariance: Covariance::Diagonal,
        dimensions: 3,
        logits: vec![0.0],
        means: vec![0.3, 0.5, -0.2],
        factors: vec![-0.5, 0.2, 0.1],
        shift: vec![1.0, 2.0, 3.0],
        scale: vec![2.0, 1.5, 0.5],
    };
    let atoms = Atoms::new(&[0.0], true, false, 1.0).map(Support::Atoms);
    let supports = vec![COUNTS, atoms.unwrap(), Support::Continuous];
    let file = parameters.model_on(Some(supports));
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mixture = model
        .predict(Level::detect(), &[0.0], &mut working)
        .unwrap();
    for target in [[2.0, 0.0, 3.1], [0.0, 1.7, 2.0]] {
        let joint = mixture.log_density(&target).unwrap();
        let alone = target.iter().enumerate().map(|(d, &y)| {
            let marginal = mixture.marginal(d).unwrap();
            marginal.log_density(y).unwrap()
        });
        assert!((joint - alone.sum::<f32>()).abs() < 1e-5);
        let mut responsibilities = [0.0];
        mixture
            .responsibilities(&target, &mut responsibilities)
            .unwrap();
        assert!((responsibilities[0] - 1.0).abs() < 1e-5);
    }
    let mut covariance = [0.0; 9];
    mixture.covariance_into(&mut covariance).unwrap();
    for d in 0..3 {
        let deviation = mixture.marginal(d).unwrap().standard_deviation();
        assert!((covariance[4 * d].sqrt() - deviation).abs() < 1e-5 * deviation);
    }
    assert!(covariance[1].abs() < 1e-5 && covariance[2].abs() < 1e-5);
}

/// Of two components that a count tells apart, the conditional keeps the right one, and the other
/// dimensions keep their supports.
#[test]
fn conditionals() {
    use mdn_infer::format::Covariance;
    let parameters = Parameters {
        covariance: Covariance::Diagonal,
        dimensions: 3,
        logits: vec![0.0, 0.0],
        means: vec![0.0, 9.0, 0.0, 5.0, 1.0, 7.0],
        factors: vec![-1.0; 6],
        shift: vec![0.0; 3],
        scale: vec![1.0; 3],
    };
    let atoms = Atoms::new(&[0.0], true, false, 1.0).map(Support::Atoms);
    let file = parameters.model_on(Some(vec![Support::Continuous, COUNTS, atoms.unwrap()]));
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mixture = model
        .predict(Level::detect(), &[0.0], &mut working)
        .unwrap();
    let mut memory = vec![0.0; mixture.conditional_len(1)];
    let conditional = mixture.conditional(&[(1, 5.0)], &mut memory).unwrap();
    assert_eq!(conditional.support(0), Support::Continuous);
    assert_eq!(conditional.support(1), atoms.unwrap());
    assert!((conditional.marginal(0).unwrap().mean() - 9.0).abs() < 1e-4);
    assert!((conditional.marginal(1).unwrap().mean() - 7.0).abs() < 1e-4);
    assert_eq!(conditional.marginal(1).unwrap().cdf(-0.1), Ok(0.0));
}
