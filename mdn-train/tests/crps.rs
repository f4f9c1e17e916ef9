//! Training on the CRPS: its value is the engine's, it is learnt, and it is refused where it would not
//! determine the network.

use std::ops::ControlFlow;

use mdn_infer::format::Covariance;
use mdn_train::data::{Dataset, generators};
use mdn_train::fit::{FitConfig, FitError, Fitted, fit};
use mdn_train::metrics::{self, Scores};
use mdn_train::train::{Batch, Length, LossKind, StartCount, TrainError, TrainOptions};

fn config(loss: LossKind, steps: usize) -> FitConfig {
    FitConfig {
        hidden: vec![16],
        components: 6,
        options: TrainOptions {
            loss,
            length: Length::Steps(steps),
            starts: StartCount::Fixed(1),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

fn fitted(data: &Dataset, config: &FitConfig) -> Result<Fitted, FitError> {
    fit(data, config, &mut |_| ControlFlow::Continue(()))
}

fn inverse_sine(rows: usize, seed: u64) -> Dataset {
    Dataset::from_numeric(generators::inverse_sine(rows, seed), 1).unwrap()
}

fn arm() -> Dataset {
    Dataset::from_numeric(generators::two_link_arm(300, 3), 2).unwrap()
}

/// The engine's score is in raw units, and the network's parameters in the file are rounded again where
/// they take in the units of the inputs.
fn close(loss: f64, score: f64) -> bool {
    (loss / score - 1.0).abs() < 1e-4
}

#[test]
fn the_loss_is_the_score_of_the_file() {
    let fitted = fitted(&inverse_sine(300, 1), &config(LossKind::Crps, 200)).unwrap();
    let (train, validation) = fitted.units.of(&fitted.trained);
    let score = fitted.train.mean_crps();
    assert!(close(train, score), "{train} for {score}");
    let (validation, score) = (validation.unwrap(), fitted.validation.unwrap().mean_crps());
    assert!(close(validation, score), "{validation} for {score}");
}

#[test]
fn of_several_targets_it_is_the_sum() {
    for covariance in [Covariance::Isotropic, Covariance::Diagonal] {
        let raw = FitConfig {
            covariance,
            standardise: false,
            ..config(LossKind::Crps, 100)
        };
        let fitted = fitted(&arm(), &raw).unwrap();
        let (train, _) = fitted.units.of(&fitted.trained);
        let score = 2.0 * fitted.train.mean_crps();
        assert!(close(train, score), "{covariance:?}: {train} for {score}");
    }
}

#[test]
fn it_is_learnt_as_well_as_from_the_likelihood() {
    let (data, fresh) = (inverse_sine(500, 2), inverse_sine(2000, 99));
    let score = |loss, steps| -> Scores {
        let fitted = fitted(&data, &config(loss, steps)).unwrap();
        metrics::score(&fitted.file.model(), &fresh).unwrap()
    };
    let before = score(LossKind::Crps, 1).mean_crps();
    let crps = score(LossKind::Crps, 1500);
    let nll = score(LossKind::Nll, 1500);
    let (crps, nll) = (crps.mean_crps(), nll.mean_crps());
    assert!(crps < before, "{crps} after {before}");
    assert!(crps < 1.05 * nll, "{crps}, from the likelihood {nll}");
}

#[test]
fn any_number_of_threads_gives_the_same_file() {
    let data = inverse_sine(700, 4);
    let file = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let mut config = config(LossKind::Crps, 30);
        config.options.batch = Batch::Full;
        let fit = || fitted(&data, &config).unwrap().file;
        pool.build().unwrap().install(fit)
    };
    let one = file(1);
    assert_eq!(one.bytes(), file(3).bytes());
}

#[test]
fn full_covariance_of_several_targets_is_refused() {
    let full = |loss| FitConfig {
        covariance: Covariance::Full,
        ..config(loss, 5)
    };
    let refused = fitted(&arm(), &full(LossKind::Crps)).unwrap_err();
    assert!(
        matches!(refused, FitError::Train(TrainError::Loss)),
        "{refused}"
    );
    fitted(&arm(), &full(LossKind::Nll)).unwrap();
    // Of one target, full covariance is a scale.
    fitted(&inverse_sine(100, 1), &full(LossKind::Crps)).unwrap();
}
