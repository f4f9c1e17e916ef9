//! `refit`: the chosen start and step once more, on all rows.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use mdn_train::data::Dataset;
use mdn_train::data::generators::inverse_sine;
use mdn_train::fit::{FitConfig, Fitted, fit, train_with};
use mdn_train::metrics;
use mdn_train::train::{Control, Length, TrainOptions};

fn config(refit: bool) -> FitConfig {
    FitConfig {
        hidden: vec![12],
        components: 5,
        refit,
        options: TrainOptions {
            length: Length::Steps(600),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

fn fitted(config: &FitConfig) -> Fitted {
    let data = Dataset::from_numeric(inverse_sine(300, 1), 1).unwrap();
    fit(&data, config, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_choice_is_the_same_and_the_file_knows_all_rows() {
    let (plain, again) = (fitted(&config(false)), fitted(&config(true)));
    // What was chosen, and the honest scores, are those of the network before.
    assert_eq!(again.trained, plain.trained);
    let nll = |fitted: &Fitted| fitted.validation.as_ref().unwrap().nll;
    assert_eq!(nll(&again), nll(&plain));
    assert_ne!(again.file.bytes(), plain.file.bytes());
    // A table of nothing but held-back rows: the file has learnt from them.
    let data = Dataset::from_numeric(inverse_sine(300, 1), 1).unwrap();
    let (_, held) = mdn_train::data::split(300, 0.1, 0).unwrap();
    let held = data.subset(&held);
    let score = |fitted: &Fitted| metrics::nll(&fitted.file.model(), &held).unwrap();
    assert!(
        score(&again) < score(&plain),
        "{} {}",
        score(&again),
        score(&plain)
    );
}

#[test]
fn threads_do_not_matter_and_without_held_back_rows_nothing_changes() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            fitted(&FitConfig {
                ensemble: 2,
                ..config(true)
            })
        })
    };
    assert_eq!(on(1).file.bytes(), on(3).file.bytes());
    let all = |refit| {
        fitted(&FitConfig {
            validation: 0.0,
            ..config(refit)
        })
    };
    assert_eq!(all(true).file.bytes(), all(false).file.bytes());
}

#[test]
fn a_stop_while_training_once_more_leaves_the_model_before() {
    let data = Dataset::from_numeric(inverse_sine(300, 1), 1).unwrap();
    let stopped_after = |steps: usize, refit: bool| {
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) >= steps;
        let mut observer = |_: &_| ControlFlow::Continue(());
        let control = Control {
            stop: Some(&stop),
            ..Control::new(&mut observer)
        };
        let config = config(refit);
        let trained = train_with(&data, &config, control).unwrap();
        let file = trained.file().clone();
        let fitted = trained.score().unwrap();
        assert_eq!(fitted.file.bytes(), file.bytes());
        (fitted, asked.into_inner())
    };
    let (plain, steps) = stopped_after(usize::MAX, false);
    let (stopped, asked) = stopped_after(steps + 10, true);
    assert_eq!(asked, steps + 11);
    assert!(!stopped.refitted);
    assert_eq!(stopped.file.bytes(), plain.file.bytes());
    assert!(stopped_after(usize::MAX, true).0.refitted);
}
