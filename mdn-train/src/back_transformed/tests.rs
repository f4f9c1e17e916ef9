use super::*;

/// Mixtures of the transformed target: narrow, wide, apart, one on top of another.
const MIXTURES: [&[(f64, f64, f64)]; 6] = [
    &[(1.0, 0.3, 0.4)],
    &[(1.0, -2.0, 0.01)],
    &[(0.7, 1.0, 0.2), (0.3, -1.0, 0.8)],
    &[(0.5, 0.0, 1.5), (0.5, 0.0, 0.1)],
    &[(0.98, 2.0, 0.3), (0.02, 2.0, 2.5)],
    &[(0.2, -5.0, 0.5), (0.3, 0.0, 0.02), (0.5, 4.0, 1.0)],
];

/// The same by brute force: the trapezoidal rule with 400 000 steps over t, 14 standard deviations out.
struct Brute {
    /// y, density times step, P(below), P(above).
    points: Vec<(f64, f64, f64, f64)>,
}

impl Brute {
    fn new(transform: Transform, mixture: &[(f64, f64, f64)]) -> Self {
        const STEPS: usize = 400_000;
        let ends = |side: f64| {
            let ends = mixture.iter().map(|&(_, m, s)| side * m + 14.0 * s);
            side * ends.fold(f64::NEG_INFINITY, f64::max)
        };
        let (low, high) = (ends(-1.0), ends(1.0));
        let step = (high - low) / STEPS as f64;
        let point = |i: usize| {
            let z = low + step * i as f64;
            let mut parts = (0.0, 0.0, 0.0);
            for &(weight, mean, scale) in mixture {
                let x = (z - mean) / scale;
                let root = (2.0 * std::f64::consts::PI).sqrt();
                parts.0 += weight * (-0.5 * x * x).exp() / (scale * root) * step;
                parts.1 += 0.5 * weight * libm::erfc(-x / 2.0_f64.sqrt());
                parts.2 += 0.5 * weight * libm::erfc(x / 2.0_f64.sqrt());
            }
            (transform.undo(z), parts.0, parts.1, parts.2)
        };
        Brute {
            points: (0..=STEPS).map(point).collect(),
        }
    }

    fn mean(&self, value: impl Fn(f64) -> f64) -> f64 {
        self.points
            .iter()
            .map(|&(y, mass, ..)| mass * value(y))
            .sum()
    }

    fn crps(&self, y: f64) -> f64 {
        let stretches = self.points.windows(2).map(|ends| {
            // Between 0 and the values above its place there are none.
            let is_below = |at: f64| match ends[0].0 == 0.0 {
                true => ends[1].0 <= y,
                false => at <= y,
            };
            let square =
                |at: (f64, f64, f64, f64)| if is_below(at.0) { at.2 } else { at.3 }.powi(2);
            0.5 * (square(ends[0]) + square(ends[1])) * (ends[1].0 - ends[0].0)
        });
        let (first, last) = (self.points[0].0, self.points[self.points.len() - 1].0);
        stretches.sum::<f64>() + (first - y).max(0.0) + (y - last).max(0.0)
    }
}

fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{what}: {found} for {expected}"
    );
}

#[test]
fn moments_tail_means_and_scores_are_those_of_brute_force() {
    let zeros = [-8.0, -2.5, -0.5].map(|zero| Transform::LogOrZero { zero });
    for transform in [Transform::Log, Transform::Logit].into_iter().chain(zeros) {
        for mixture in MIXTURES {
            let found = BackTransformed::of_normals(transform, mixture.iter().copied());
            let brute = Brute::new(transform, mixture);
            let what = format!("{transform:?} {mixture:?}");
            // Of a jump the trapezoidal rule knows the place to half a step.
            let has_jump = matches!(transform, Transform::LogOrZero { .. });
            let tolerances = if has_jump { [1e-5; 2] } else { [1e-9, 1e-7] };
            let mean = brute.mean(|y| y);
            assert_close(found.mean(), mean, tolerances[0], &what);
            let deviation = brute.mean(|y| (y - mean).powi(2)).sqrt();
            assert_close(found.standard_deviation(), deviation, tolerances[1], &what);
            for z in [-6.0, -2.0, 0.01, 0.9, 2.3, 5.0] {
                let y = transform.undo(z);
                assert_close(found.crps(y), brute.crps(y), 2e-4, &what);
                // The trapezoidal rule knows the threshold to half a step.
                let above =
                    |value: &dyn Fn(f64) -> f64| brute.mean(|s| if s > y { value(s) } else { 0.0 });
                let (mass, all) = (above(&|_| 1.0), brute.mean(|_| 1.0));
                if mass > 1e-9 {
                    let expected = above(&|s| s) / mass;
                    assert_close(found.upper_tail_mean(y).unwrap(), expected, 1e-3, &what);
                }
                if all - mass > 1e-9 {
                    let expected = (mean - above(&|s| s)) / (all - mass);
                    assert_close(found.lower_tail_mean(y).unwrap(), expected, 1e-3, &what);
                }
            }
        }
    }
}

/// Both tails together are the whole, to all digits.
#[test]
fn tails_make_up_the_mean() {
    for transform in [Transform::Log, Transform::Logit] {
        for mixture in MIXTURES {
            let found = BackTransformed::of_normals(transform, mixture.iter().copied());
            for z in [-6.0, -2.0, 0.01, 0.9, 2.3, 5.0] {
                let y = transform.undo(z);
                let mass = |log: fn(&Normal, f64) -> f64| {
                    log_sum_exp(found.components.iter().map(|c| log(c, z))).exp()
                };
                let whole = mass(Normal::log_mass_above) * found.upper_tail_mean(y).unwrap()
                    + mass(Normal::log_mass_below) * found.lower_tail_mean(y).unwrap();
                assert_close(
                    whole,
                    found.mean(),
                    1e-9,
                    &format!("{transform:?} {mixture:?} {y}"),
                );
            }
        }
    }
}

#[test]
fn shortfalls_are_means_of_quantiles() {
    for transform in [Transform::Log, Transform::Logit] {
        for mixture in MIXTURES {
            let found = BackTransformed::of_normals(transform, mixture.iter().copied());
            for p in [0.01, 0.3, 0.95] {
                // u = p s³ covers the steep end well.
                const POINTS: i32 = 2000;
                let mean = |quantile: &dyn Fn(f64) -> f64| {
                    let points = (0..POINTS).map(|i| {
                        let s = (f64::from(i) + 0.5) / f64::from(POINTS);
                        3.0 * s * s * transform.undo(quantile(p * s.powi(3)))
                    });
                    points.sum::<f64>() / f64::from(POINTS)
                };
                let what = format!("{transform:?} {mixture:?} {p}");
                let lower = mean(&|u| found.quantile(u, Normal::log_mass_below, 1.0));
                assert_close(found.expected_shortfall(p), lower, 1e-3, &what);
                let upper = mean(&|u| found.quantile(u, Normal::log_mass_above, -1.0));
                // The mean of the wide component rests on less than a point of this rule.
                if !mixture.iter().any(|&(.., scale)| scale > 1.2) {
                    assert_close(found.upper_expected_shortfall(p), upper, 1e-3, &what);
                }
            }
        }
    }
}

/// E|x − y| and E|x − x′| of one log-normal (Baran and Lerch 2015).
#[test]
fn the_score_of_one_log_normal_has_its_closed_form() {
    let cdf = |x: f64| 0.5 * libm::erfc(-x / 2.0_f64.sqrt());
    for scale in [0.01, 0.5, 2.0] {
        let found = BackTransformed::of_normals(Transform::Log, [(1.0, 0.7, scale)]);
        for y in [1e-6_f64, 0.5, 2.0, 30.0] {
            let x = (y.ln() - 0.7) / scale;
            let mean = (0.7 + 0.5 * scale * scale).exp();
            let expected = y * (2.0 * cdf(x) - 1.0)
                - 2.0 * mean * (cdf(x - scale) + cdf(scale / 2.0_f64.sqrt()) - 1.0);
            let error = (found.crps(y) - expected).abs();
            assert!(error < 1e-12 * (y + mean), "{scale} {y}: {error}");
        }
    }
}

#[test]
fn far_tails_keep_their_digits() {
    let found = BackTransformed::of_normals(Transform::Log, [(1.0, 0.0, 1.0)]);
    for z in [30.0_f64, 300.0] {
        // E[eᵗ | t > z] = e^z (1 + 1/(z − 1) …): the ratio of Mills' ratios at z − 1 and z.
        let ratio = found.upper_tail_mean(z.exp()).unwrap() / z.exp();
        let mills = |a: f64| 1.0 / a - 1.0 / a.powi(3) + 3.0 / a.powi(5) - 15.0 / a.powi(7);
        assert_close(ratio, mills(z - 1.0) / mills(z), 1e-9, "upper");
        let ratio = found.lower_tail_mean((-z).exp()).unwrap() / (-z).exp();
        assert_close(ratio, mills(z + 1.0) / mills(z), 1e-9, "lower");
    }
    let shares = BackTransformed::of_normals(Transform::Logit, [(1.0, 0.0, 1.0)]);
    let ratio = shares
        .lower_tail_mean(Transform::Logit.undo(-30.0))
        .unwrap()
        / (-30.0_f64).exp();
    let mills = |a: f64| 1.0 / a - 1.0 / a.powi(3) + 3.0 / a.powi(5) - 15.0 / a.powi(7);
    assert_close(ratio, mills(31.0) / mills(30.0), 1e-9, "share");
}

#[test]
fn outside_the_domain_there_is_no_tail() {
    let prices = BackTransformed::of_normals(Transform::Log, [(1.0, 0.0, 1.0)]);
    let shares = BackTransformed::of_normals(Transform::Logit, [(1.0, 0.0, 1.0)]);
    for y in [0.0, -1.0] {
        assert_eq!(prices.lower_tail_mean(y), None);
        assert_eq!(prices.upper_tail_mean(y), Some(prices.mean()));
        assert_eq!(shares.lower_tail_mean(y), None);
    }
    assert_eq!(shares.upper_tail_mean(1.0), None);
    assert_close(shares.upper_tail_mean(0.0).unwrap(), 0.5, 1e-12, "whole");
    assert_eq!(prices.upper_tail_mean(f64::INFINITY), None);
    assert_eq!(prices.lower_tail_mean(f64::INFINITY), Some(prices.mean()));
}

/// A component so wide that its mean, or only its variance, leaves binary64 shows where it is, and
/// only there.
#[test]
fn wide_components_are_infinite_where_they_are_and_are_told() {
    let of = |wide: f64, weight: f64| {
        BackTransformed::of_normals(
            Transform::Log,
            [(1.0 - weight, 0.0, 0.5), (weight, 0.0, wide)],
        )
    };
    assert!(!of(0.6, 0.1).moments_rest_on_the_tail());
    assert!(of(3.0, 1e-3).moments_rest_on_the_tail());
    let square = of(22.0, 1e-6);
    assert!(square.mean().is_finite());
    assert!(square.standard_deviation().is_finite());
    let variance = of(30.0, 1e-6);
    assert!(variance.mean().is_finite());
    assert_eq!(variance.standard_deviation(), f64::INFINITY);
    let mean = of(40.0, 1e-6);
    assert_eq!(mean.mean(), f64::INFINITY);
    assert!(mean.moments_rest_on_the_tail());
    // The score integrates the square of what exceeds: a light component hardly counts, but one that is wide
    // enough does, for it is e^(σ²/4) that grows.
    let alone = BackTransformed::of_normals(Transform::Log, [(1.0, 0.0, 0.5)]);
    assert_close(of(4.0, 1e-3).crps(1.3), alone.crps(1.3), 1e-2, "score");
    assert!(square.crps(1.3) > 1e30);
    for wide in [&square, &variance, &mean] {
        let below = wide.lower_tail_mean(1.0).unwrap();
        assert_close(
            below,
            alone.lower_tail_mean(1.0).unwrap(),
            1e-4,
            "lower tail",
        );
    }
}

/// 40% zeros beside a log-normal, whose moments and score are known without the mixture's line.
#[test]
fn zeros_beside_a_log_normal_have_its_closed_forms() {
    const ZEROS: f64 = 0.4;
    let (mean, scale, zero) = (0.7_f64, 0.5_f64, -2.5_f32);
    // The mass for zeros lies in one component far below, and what the other has below the place is 2e-10.
    let parts = [(ZEROS, -6.0, 0.3), (1.0 - ZEROS, mean, scale)];
    let found = BackTransformed::of_normals(Transform::LogOrZero { zero }, parts);
    let positive = (mean + 0.5 * scale * scale).exp();
    let whole = (1.0 - ZEROS) * positive;
    let square = (1.0 - ZEROS) * (2.0 * (mean + scale * scale)).exp();
    assert_close(found.mean(), whole, 1e-8, "mean");
    assert_close(
        found.standard_deviation(),
        (square - whole * whole).sqrt(),
        1e-8,
        "sd",
    );
    // E|x − y| − ½ E|x − x′|, where the half of Gini's mean difference of a log-normal is its mean times
    // 2 Φ(σ/√2) − 1.
    let phi = |x: f64| 0.5 * libm::erfc(-x / 2.0_f64.sqrt());
    let gini = positive * (2.0 * phi(scale / 2.0_f64.sqrt()) - 1.0);
    let spread = (1.0 - ZEROS).powi(2) * gini + ZEROS * (1.0 - ZEROS) * positive;
    for y in [0.0_f64, 1.0, 2.0, 5.0] {
        let d = (y.ln() - mean) / scale;
        let distance = y * (2.0 * phi(d) - 1.0) + positive * (1.0 - 2.0 * phi(d - scale));
        let expected = ZEROS * y + (1.0 - ZEROS) * distance - spread;
        assert_close(found.crps(y), expected, 1e-7, &format!("CRPS of {y}"));
    }
    // Those at most 0 are 0; the lowest fifth too; the highest fifth has no zeros.
    assert_eq!(found.lower_tail_mean(0.0), Some(0.0));
    assert_eq!(found.lower_tail_mean(-1.0), None);
    assert_eq!(found.expected_shortfall(0.2), 0.0);
    assert_close(
        found.upper_tail_mean(0.0).unwrap(),
        positive,
        1e-8,
        "above 0",
    );
    assert_close(found.upper_tail_mean(-1.0).unwrap(), whole, 1e-8, "all");
    // The highest 80% are all that is not 0, and zeros.
    let upper = found.upper_expected_shortfall(0.8);
    assert_close(upper, whole / 0.8, 1e-8, "the highest 80%");
}
