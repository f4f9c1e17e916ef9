use rand::SeedableRng;
use rand_distr::{Cauchy, Distribution, Exp1, LogNormal, StandardNormal, StandardUniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

/// 2,000 draws.
fn drawn<D: Distribution<f64>>(law: D, seed: u64) -> Vec<f32> {
    let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    law.sample_iter(rng)
        .take(2000)
        .map(|value| value as f32)
        .collect()
}

fn log_normal(spread: f64) -> LogNormal<f64> {
    LogNormal::new(3.0, spread).unwrap()
}

#[test]
fn heavy_tails_get_the_transform_that_suits_them() {
    for seed in 0..20 {
        for spread in [2.0, 3.0, 4.0] {
            let transform = heavy_tailed(&mut drawn(log_normal(spread), seed));
            assert!(
                matches!(transform, Some(InputTransform::Log { centre: 0.0, .. })),
                "log-spread {spread}, seed {seed}: {transform:?}"
            );
        }
        let mut cauchy = drawn(Cauchy::new(1e4, 3.0).unwrap(), seed);
        let transform = heavy_tailed(&mut cauchy);
        let Some(InputTransform::SymmetricLog { centre, unit }) = transform else {
            panic!("Cauchy, seed {seed}: {transform:?}");
        };
        assert!(
            (centre - 1e4).abs() < 1.0 && (2.0..4.5).contains(&unit),
            "{centre} {unit}"
        );
        // As many zeros as values that spread over powers of ten.
        let mut with_zeros = drawn(log_normal(3.0), seed);
        with_zeros
            .iter_mut()
            .step_by(2)
            .for_each(|value| *value = 0.0);
        let transform = heavy_tailed(&mut with_zeros);
        assert!(
            matches!(transform, Some(InputTransform::SymmetricLog { .. })),
            "zeros, seed {seed}: {transform:?}"
        );
    }
}

#[test]
fn ordinary_columns_are_left_alone() {
    for seed in 0..200 {
        assert_eq!(heavy_tailed(&mut drawn(StandardNormal, seed)), None);
        assert_eq!(heavy_tailed(&mut drawn(Exp1, seed)), None);
        assert_eq!(heavy_tailed(&mut drawn(StandardUniform, seed)), None);
        let some = &mut drawn(StandardNormal, seed)[..60];
        assert_eq!(heavy_tailed(some), None);
    }
    let mut flags: Vec<f32> = (0..1000_u16).map(|i| f32::from(i % 2)).collect();
    assert_eq!(heavy_tailed(&mut flags), None);
    let mut rare: Vec<f32> = (0..1000_u16).map(|i| f32::from(u8::from(i == 0))).collect();
    assert_eq!(heavy_tailed(&mut rare), None);
    assert_eq!(heavy_tailed(&mut []), None);
    assert_eq!(heavy_tailed(&mut [f32::MAX, f32::MIN]), None);
}

/// Whatever a rule is found for, it is sound, and finite for every finite value.
#[test]
fn rules_are_sound_whatever_the_column() {
    let mut columns = vec![
        vec![],
        vec![7.0; 100],
        vec![f32::NAN; 100],
        vec![f32::MIN, f32::MAX, 0.0, f32::NAN],
        vec![f32::from_bits(1); 100],
    ];
    for (seed, spread) in (0..).zip([0.1, 1.0, 4.0, 12.0, 30.0]) {
        let values = drawn(log_normal(spread), seed);
        columns.push(values.iter().map(|value| -value).collect());
        columns.push(values);
    }
    for column in columns {
        for choice in [
            InputChoice::Automatic,
            InputChoice::Identity,
            InputChoice::Log,
            InputChoice::SymmetricLog,
        ] {
            let ((ordinary, _), rule) = judge(column.clone(), choice);
            assert!(rule.is_sound(), "{choice:?}: {rule:?}");
            let some: Vec<f32> = column
                .iter()
                .copied()
                .filter(|value| value.is_finite())
                .collect();
            let limits = ordinary.unwrap_or_else(|| range(&some));
            let limited = match limits.0 <= limits.1 && limits.0 >= rule.low {
                true => saturated(rule, limits, 0.5),
                false => rule,
            };
            assert!(
                limited.is_sound(),
                "{choice:?} within {limits:?}: {limited:?}"
            );
            for value in some {
                assert!(!limited.apply(value).is_nan(), "{limited:?} at {value}");
            }
        }
    }
}

#[test]
fn limits_lie_half_a_range_beyond_both_ends() {
    let rule = saturated(InputRule::default(), (3.0, 7.0), 0.5);
    assert_eq!((rule.low, rule.high), (1.0, 9.0));
    assert_eq!(rule.apply(58.9), 9.0);
    // Of a logarithm in its own units: three powers of ten, of which half are one and a half.
    let log = transformed(InputTransform::Log {
        centre: 0.0,
        unit: 1.0,
    });
    let rule = saturated(log, (1.0, 1000.0), 0.5);
    assert!(
        (rule.high / 31_622.777 - 1.0).abs() < 1e-5 && (rule.low / 0.031_622_78 - 1.0).abs() < 1e-5
    );
    // A constant stays what it is; no distance at all keeps the range; none that can be told, none.
    let constant = saturated(InputRule::default(), (5.0, 5.0), 0.5);
    assert_eq!((constant.low, constant.high), (5.0, 5.0));
    let range = saturated(log, (0.1, 0.7), 0.0);
    // The rows themselves are never cut, whatever the logarithm rounds.
    assert!((0.099_999..=0.1).contains(&range.low) && (0.7..0.700_001).contains(&range.high));
    assert_eq!(
        saturated(InputRule::default(), (3.0, 7.0), f32::INFINITY),
        InputRule::default()
    );
}

#[test]
fn missing_values_get_the_median_and_an_indicator() {
    let column = [f32::NAN, 1.0, 2.0, f32::NAN, 9.0, -9999.0];
    let (_, rule) = judge(
        [&column[..], &[1.0, 2.0, 3.0].repeat(20)].concat(),
        InputChoice::Automatic,
    );
    assert_eq!(rule.fill, Some(2.0));
    let preparation = Preparation::new(vec![InputRule::default(), rule]);
    assert_eq!(preparation.width(), 3);
    let prepared = preparation.apply(&[5.0, f32::NAN, 6.0, 1.0]);
    assert_eq!(*prepared, [5.0, 2.0, 1.0, 6.0, 1.0, 0.0]);
    assert_eq!(judge(vec![1.0, 2.0], InputChoice::Automatic).1.fill, None);
}
