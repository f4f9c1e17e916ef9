//! The likelihood of targets that are not smooth, against the same oracle.

use super::*;

/// Each kind of support with every end that it may have.
fn supports() -> Vec<Support> {
    let atoms = |lowest, highest| {
        let atoms = Atoms::new(&[-0.5, 0.25, 1.0], lowest, highest, 0.75);
        Support::Atoms(atoms.expect("three values"))
    };
    let endless = f32::INFINITY;
    let lattice = |low, high| Support::Lattice {
        origin: -1.0,
        step: 0.5,
        low,
        high,
    };
    vec![
        Support::Continuous,
        lattice(-endless, endless),
        lattice(-0.5, endless),
        lattice(-1.0, 1.0),
        atoms(true, false),
        atoms(false, true),
        atoms(true, true),
        atoms(false, false),
        Support::Bounds {
            low: -2.0,
            high: 2.5,
        },
        Support::Bounds {
            low: -1.0,
            high: endless,
        },
        Support::Bounds {
            low: -endless,
            high: 1.5,
        },
        Support::Circle {
            origin: -4.0,
            period: 8.0,
            cut: 0.5,
        },
    ]
}

/// The nearest value to `t` that the support has.
fn nearest(support: &Support, t: f32) -> f32 {
    match *support {
        Support::Lattice {
            origin,
            step,
            low,
            high,
        } => (origin + ((t - origin) / step).round() * step).clamp(low, high),
        Support::Atoms(atoms) => {
            let (low, high) = (atoms.values()[0], atoms.values()[2]);
            let low = if atoms.lowest { low } else { f32::NEG_INFINITY };
            let high = if atoms.highest { high } else { f32::INFINITY };
            let inner = if (0.0..0.4).contains(&t) { 0.25 } else { t };
            inner.clamp(low, high)
        }
        Support::Bounds { low, high } => t.clamp(low, high),
        _ => t,
    }
}

fn case(supports: &[Support], head: Head, seed: u64) -> Case {
    let mut case = Case::new(Activation::Tanh, head, 37, seed);
    // Scales of some 0.4 to 2.7: well below half a period, and far from small beside it.
    case.parameters.iter_mut().for_each(|p| *p *= 0.5);
    let kinds = supports.iter().cycle();
    for (t, support) in case.targets.iter_mut().zip(kinds) {
        *t = nearest(support, *t);
    }
    Case {
        supports: supports.to_vec(),
        ..case
    }
}

#[test]
fn every_support_and_scale_map() {
    for (seed, support) in (400..).zip(supports()) {
        for scale_map in ScaleMap::ALL {
            for (components, covariance) in [(1, Covariance::Diagonal), (5, Covariance::Isotropic)]
            {
                let head = head(components, 1, covariance, scale_map);
                case(&[support], head, seed).check();
            }
        }
    }
}

#[test]
fn several_targets_of_different_kinds() {
    let all = supports();
    for covariance in [Covariance::Isotropic, Covariance::Diagonal] {
        for (seed, first) in (500..).zip(0..all.len()) {
            let three = [
                all[first],
                all[(first + 4) % all.len()],
                all[(first + 9) % all.len()],
            ];
            case(&three, head(3, 3, covariance, ScaleMap::Exp), seed).check();
        }
    }
}

/// All continuous, said or not, is the same to the last bit.
#[test]
fn continuous_supports_change_nothing() {
    let head = head(3, 2, Covariance::Diagonal, ScaleMap::Exp);
    let said = case(&[Support::Continuous; 2], head, 600);
    let found = said.loss_and_gradient();
    let plain = Case {
        supports: Vec::new(),
        ..said
    };
    assert_eq!(plain.loss_and_gradient(), found);
}

#[test]
fn far_and_dead_components_stay_finite() {
    for support in supports() {
        for values in [
            [0.1; 3],
            [-500.0, 80.0, -90.0],
            [0.0, -1e5, 1e5],
            [1e4, -1e4, 3.0],
        ] {
            let head = head(3, 1, Covariance::Diagonal, ScaleMap::Exp);
            let mut outputs = vec![0.1; head.outputs()];
            for first in (0..outputs.len()).step_by(3) {
                outputs[first..first + 3].copy_from_slice(&values);
                let targets = [-1.0, -0.5, 0.25, 1.0, 1.5].map(|t| nearest(&support, t));
                let plain = constant(head, &outputs, &targets);
                assert_finite(&Case {
                    supports: vec![support],
                    ..plain
                });
            }
        }
    }
}

/// Beyond half a period the density is that of half a period, and only a gradient whose descent leads
/// back to smaller scales passes.
#[test]
fn a_scale_above_half_a_period_counts_as_that() {
    let head = head(1, 1, Covariance::Diagonal, ScaleMap::Exp);
    let support = Support::Circle {
        origin: 0.0,
        period: 2.0,
        cut: 0.0,
    };
    let at = |target: f32, log_scale: f32| {
        let plain = constant(head, &[0.0, 0.0, log_scale], &[target]);
        let supports = vec![support];
        let (loss, gradient) = Case { supports, ..plain }.loss_and_gradient();
        (loss, gradient[5])
    };
    for target in [0.0, 1.0] {
        assert_eq!(at(target, 0.5).0, at(target, 0.0).0);
    }
    assert!(
        at(0.0, 0.5).1 > 0.0,
        "a target in the middle wants a smaller scale"
    );
    assert_eq!(at(1.0, 0.5).1, 0.0);
}
