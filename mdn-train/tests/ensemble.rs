//! `fit` with several networks.

use std::ops::ControlFlow;

use mdn_infer::format::MAX_COMPONENTS;
use mdn_train::data::Dataset;
use mdn_train::data::generators::inverse_sine;
use mdn_train::fit::{FitConfig, FitError, Fitted, fit};
use mdn_train::train::{Length, Progress, StartCount};
use rayon::ThreadPoolBuilder;

const STEPS: usize = 200;

fn data() -> Dataset {
    Dataset::from_numeric(inverse_sine(300, 1), 1).unwrap()
}

fn config(ensemble: u8) -> FitConfig {
    let mut config = FitConfig {
        ensemble,
        hidden: vec![12],
        components: 4,
        validation: 0.2,
        ..FitConfig::default()
    };
    config.options.length = Length::Steps(STEPS);
    config.options.starts = StartCount::Fixed(1);
    config
}

fn fitted(config: &FitConfig, mut observer: impl FnMut(&Progress) -> bool + Send) -> Fitted {
    let observer = &mut |progress: &Progress| match observer(progress) {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    fit(&data(), config, observer).unwrap()
}

/// The parameters of each network.
fn parameters(fitted: &Fitted) -> Vec<&[f32]> {
    let networks = fitted.networks();
    networks.map(|one| &one.network.parameters[..]).collect()
}

#[test]
fn networks_start_apart_and_the_first_is_the_one_without_others() {
    let (one, three) = (fitted(&config(1), |_| true), fitted(&config(3), |_| true));
    let (one, three) = (parameters(&one), parameters(&three));
    assert_eq!((one.len(), three.len()), (1, 3));
    assert_eq!(one[0], three[0]);
    assert!(three[0] != three[1] && three[1] != three[2]);
}

/// −ln of the mean density is at most the mean of the networks' −ln, on any rows; the file is scored
/// on those that no network has seen.
#[test]
fn an_ensemble_is_at_least_as_good_as_its_networks_on_average() {
    let fitted = fitted(&config(4), |_| true);
    let own = fitted.networks().map(|one| fitted.units.of(one).1.unwrap());
    let mean = own.sum::<f64>() / 4.0;
    let all = fitted.validation.unwrap();
    assert_eq!(all.rows, 60);
    assert!(all.nll < mean, "{} against {mean}", all.nll);
    assert_eq!(fitted.file.model().members(), 4);
}

#[test]
fn the_steps_of_all_networks_are_one_training() {
    let mut steps = Vec::new();
    fitted(&config(3), |progress| {
        assert_eq!(progress.total, 3 * STEPS);
        steps.push(progress.step);
        true
    });
    assert!(steps.is_sorted_by(|a, b| a < b), "{steps:?}");
    assert_eq!(steps.last(), Some(&(3 * STEPS)));
}

/// Within a pool the networks are trained one after the other.
fn one_by_one<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(work)
}

#[test]
fn networks_trained_at_the_same_time_have_the_bits_of_one_after_the_other() {
    let together = fitted(&config(5), |_| true);
    let apart = one_by_one(|| fitted(&config(5), |_| true));
    assert_eq!(together.file.bytes(), apart.file.bytes());
    assert_eq!(parameters(&together), parameters(&apart));
}

/// The network that is cut short is left out, unless it is the first.
#[test]
fn an_interrupted_ensemble_has_the_networks_that_are_finished() {
    for (last, members) in [(STEPS / 2, 1), (STEPS + STEPS / 2, 1), (2 * STEPS + 20, 2)] {
        let fitted = one_by_one(|| fitted(&config(3), |progress| progress.step < last));
        assert_eq!(fitted.file.model().members(), members, "until step {last}");
    }
    let whole = fitted(&config(3), |_| true);
    let whole = parameters(&whole);
    for last in [20, STEPS, 2 * STEPS + 20, 3 * STEPS - 1] {
        let cut = fitted(&config(3), |progress| progress.step < last);
        let interrupted = cut.trained.interruption().is_some();
        assert!(!interrupted || cut.others.is_empty());
        let finished = parameters(&cut);
        assert!(interrupted || finished.iter().all(|one| whole.contains(one)));
    }
}

#[test]
fn senseless_ensembles_are_refused() {
    for (networks, components) in [(0, 4), (1, 0), (3, 342)] {
        let config = FitConfig {
            components,
            ..config(networks)
        };
        let error = fit(&data(), &config, &mut |_| ControlFlow::Continue(())).unwrap_err();
        let FitError::Components { max, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(max, MAX_COMPONENTS);
    }
}
