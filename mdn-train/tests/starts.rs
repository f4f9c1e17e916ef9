//! Several starts, of which the validation rows choose one.

use std::ops::ControlFlow;

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use mdn_train::network::{Architecture, HiddenLayer};
use mdn_train::train::{
    Event, Length, NoiseUse, Progress, Rows, StartCount, TrainOptions, Trained, TrainingData, train,
};

const ROWS: usize = 90;
const HELD_BACK: usize = 30;

/// Two branches, ±x, with a ripple for noise.
fn table() -> (Vec<f32>, Vec<f32>) {
    let row = |i: usize| {
        let x = (i as f32 * 0.618).fract() * 2.0 - 1.0;
        let side = if i.is_multiple_of(3) { -1.0 } else { 1.0 };
        (x, side * x + 0.1 * (i as f32 * 12.9).sin())
    };
    (0..ROWS).map(row).unzip()
}

fn architecture() -> Architecture {
    Architecture {
        inputs: 1,
        hidden: HiddenLayer::dense(&[8], Activation::Tanh),
        head: Head {
            components: 2,
            dimensions: 1,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            log_scale_min: -5.0,
            log_scale_max: 5.0,
        },
    }
}

fn trained(starts: usize, noise: NoiseUse, validate: bool) -> (Trained, Vec<Progress>) {
    let options = TrainOptions {
        starts: StartCount::Fixed(starts),
        noise,
        ..options()
    };
    watched(&options, validate, usize::MAX)
}

fn options() -> TrainOptions {
    TrainOptions {
        length: Length::Steps(60),
        patience: None,
        seed: 5,
        ..TrainOptions::default()
    }
}

/// With an observer that asks for the end at report number `last`.
fn watched(options: &TrainOptions, validate: bool, last: usize) -> (Trained, Vec<Progress>) {
    let (inputs, targets) = table();
    let part = |from: usize, to: usize| Rows {
        inputs: &inputs[from..to],
        targets: &targets[from..to],
    };
    let data = TrainingData {
        train: part(HELD_BACK, ROWS),
        validation: validate.then(|| part(0, HELD_BACK)),
    };
    let mut reports = Vec::new();
    let mut observer = |progress: &Progress| {
        reports.push(*progress);
        match reports.len() < last {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    };
    let trained = train(&architecture(), &data, options, &mut observer).unwrap();
    (trained, reports)
}

/// `work` on so many threads.
fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

#[test]
fn more_starts_are_never_worse_on_the_validation_rows() {
    let nll = |starts| {
        trained(starts, NoiseUse::InTurn, true)
            .0
            .validation_loss
            .unwrap()
    };
    let (one, two, five) = (nll(1), nll(2), nll(5));
    assert!(two <= one && five <= two, "{one} {two} {five}");
    assert!(five < one, "no other start was better in five");
}

#[test]
fn without_validation_rows_there_is_one_start() {
    let (one, _) = trained(1, NoiseUse::InTurn, false);
    let (three, reports) = trained(3, NoiseUse::InTurn, false);
    assert_eq!(one.network, three.network);
    assert_eq!(reports.last().unwrap().total, 60);
}

#[test]
fn the_observer_sees_one_run_of_ascending_steps() {
    let (_, reports) = trained(3, NoiseUse::InTurn, true);
    assert!(reports.windows(2).all(|pair| pair[0].step < pair[1].step));
    assert!(reports.iter().all(|report| report.total == 180));
    assert_eq!(reports.last().unwrap().step, 180);
}

#[test]
fn the_first_start_in_turn_has_no_noise() {
    let network = |noise| trained(1, noise, true).0.network;
    assert_eq!(network(NoiseUse::InTurn), network(NoiseUse::Never));
    assert_ne!(network(NoiseUse::Always), network(NoiseUse::Never));
}

#[test]
fn starts_side_by_side_give_the_bits_of_one_after_the_other() {
    for starts in [StartCount::Fixed(3), StartCount::Search] {
        let options = TrainOptions {
            starts,
            ..options()
        };
        let run = || watched(&options, true, usize::MAX);
        let (alone, one_by_one) = on(1, run);
        for threads in [2, 4] {
            let (beside, reports) = on(threads, run);
            assert_eq!(beside, alone, "{threads} threads");
            assert_eq!(reports.len(), one_by_one.len());
            assert!(reports.windows(2).all(|pair| pair[0].step < pair[1].step));
            let ends = |reports: &[Progress]| reports.last().map(|last| (last.step, last.total));
            assert_eq!(ends(&reports), ends(&one_by_one));
        }
    }
}

#[test]
fn an_end_that_is_asked_for_ends_both() {
    for last in [1, 2, 37, 61, 119] {
        let (trained, reports) = on(2, || watched(&options(), true, last));
        assert_eq!(reports.len(), last, "the observer was asked again");
        let step = match trained.interruption() {
            Some(Event::Interrupted { step }) => step,
            other => panic!("{other:?} after {last} reports"),
        };
        assert!(step <= 60, "{step}");
        assert!(trained.validation_loss.is_some());
    }
    let (trained, _) = on(2, || watched(&options(), true, usize::MAX));
    assert_eq!(trained.interruption(), None);
}
