//! Run folders: going on from any moment gives the bits of an undisturbed run.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mdn_train::data::{Dataset, generators};
use mdn_train::fit::{FitConfig, FitError, Fitted, fit, fit_with};
use mdn_train::run::{Run, RunError};
use mdn_train::train::{
    Batch, Control, Event, Keeper, Kept, Length, LossKind, Progress, Snapshot, StartCount, Starts,
    TrainOptions, Trained,
};

fn data(seed: u64) -> Dataset {
    Dataset::from_numeric(generators::inverse_sine(90, seed), 1).unwrap()
}

/// Small, with everything that has a state: mini-batches, noise, patience, a rate so high that
/// training falls back.
fn config() -> FitConfig {
    FitConfig {
        hidden: vec![5],
        components: 3,
        options: TrainOptions {
            length: Length::Steps(60),
            batch: Batch::Rows(20),
            learning_rate: 0.05,
            target_noise: 0.1,
            patience: Some(6),
            report_interval: Some(7),
            starts: StartCount::Fixed(2),
            ..TrainOptions::default()
        },
        ..FitConfig::default()
    }
}

fn searching() -> FitConfig {
    let mut config = config();
    config.options.starts = StartCount::Search;
    config
}

fn wild() -> FitConfig {
    let mut config = config();
    config.options.learning_rate = 30.0;
    config.options.clip = None;
    config
}

fn ensemble() -> FitConfig {
    FitConfig {
        ensemble: 2,
        ..config()
    }
}

fn ranked() -> FitConfig {
    let mut config = config();
    config.options.loss = LossKind::Crps;
    config
}

fn ignore(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Keeps every state.
#[derive(Default)]
struct All(Vec<Kept>);

impl Keeper for All {
    fn is_due(&mut self) -> bool {
        true
    }

    fn keep(&mut self, finished: &[Trained], starts: &Starts, current: &Snapshot) {
        self.0.push(Kept {
            finished: finished.to_vec(),
            starts: starts.clone(),
            current: current.clone(),
        });
    }
}

fn same(a: &Fitted, b: &Fitted) -> bool {
    a.file.bytes() == b.file.bytes()
        && a.trained.curve == b.trained.curve
        && a.trained.events == b.trained.events
        && a.others == b.others
}

/// Fits with a keeper, from a snapshot, or both.
fn fit_kept(
    data: &Dataset,
    config: &FitConfig,
    keeper: Option<&mut All>,
    resume: Option<Kept>,
) -> Result<Fitted, FitError> {
    let mut observer = ignore;
    let control = Control {
        keeper: keeper.map(|keeper| keeper as &mut dyn Keeper),
        resume,
        ..Control::new(&mut observer)
    };
    fit_with(data, config, control)
}

#[test]
fn every_step_can_be_gone_on_from() {
    let data = data(1);
    for config in [config(), searching(), wild(), ensemble(), ranked()] {
        let whole = fit(&data, &config, &mut ignore).unwrap();
        let mut all = All::default();
        let observed = fit_kept(&data, &config, Some(&mut all), None).unwrap();
        assert!(same(&whole, &observed), "keeping changes nothing");
        assert!(all.0.len() >= 40, "{}", all.0.len());
        for kept in all.0 {
            let step = kept.current.tried();
            // What a search knows of its starts is written by checkpoints, not with a state.
            let kept = if config.options.starts == StartCount::Search {
                kept
            } else {
                let bytes = postcard::to_stdvec(&kept).unwrap();
                postcard::from_bytes(&bytes).unwrap()
            };
            let resumed = fit_kept(&data, &config, None, Some(kept)).unwrap();
            assert!(same(&whole, &resumed), "from {step}");
        }
    }
    let fell_back = |event: &Event| matches!(event, Event::RolledBack { .. });
    let events = fit(&data, &wild(), &mut ignore).unwrap().trained.events;
    assert!(events.iter().any(fell_back), "{events:?}");
}

#[test]
fn a_state_of_another_network_is_refused() {
    let mut all = All::default();
    fit_kept(&data(1), &config(), Some(&mut all), None).unwrap();
    let wider = FitConfig {
        hidden: vec![6],
        ..config()
    };
    let refused = fit_kept(&data(1), &wider, None, all.0.pop()).unwrap_err();
    assert!(
        refused.to_string().contains("is not one of this network"),
        "{refused}"
    );
}

/// Runs in `folder`, new or begun, until `steps` more have been tried.
type Outcome = (Result<Fitted, RunError>, Vec<String>);

fn run(folder: &Path, config: &FitConfig, data: &Dataset, steps: usize) -> Outcome {
    let run = match Run::open(folder) {
        Ok((run, text)) => {
            assert_eq!(text, "# as given\n");
            Ok(run)
        }
        Err(RunError::NoRun { .. }) => Run::create(folder, "# as given\n"),
        Err(other) => Err(other),
    };
    let mut run = match run {
        Ok(run) => run,
        Err(error) => return (Err(error), Vec::new()),
    };
    run.checkpoint_every(Duration::ZERO);
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= steps;
    let notices = Mutex::new(Vec::new());
    let notice = |words: &str| notices.lock().unwrap().push(words.to_owned());
    let fitted = run.fit(data, config, &mut ignore, &notice, Some(&stop));
    (fitted, notices.into_inner().unwrap())
}

#[test]
fn a_run_in_pieces_is_the_run_in_one() {
    in_pieces(&config(), 120);
}

#[test]
fn a_search_in_pieces_is_the_search_in_one() {
    in_pieces(&searching(), 240);
}

/// `steps` are planned as it begins.
fn in_pieces(config: &FitConfig, steps: u64) {
    let data = data(2);
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    let undisturbed = run(&whole, config, &data, usize::MAX).0.unwrap();
    let plain = fit(&data, config, &mut ignore).unwrap();
    assert!(same(&undisturbed, &plain));
    let mut parts = 0;
    let last = loop {
        parts += 1;
        let (fitted, notices) = run(&pieces, config, &data, 13);
        assert!(notices.is_empty(), "{notices:?}");
        let fitted = fitted.unwrap();
        let interrupted = |event: &Event| matches!(event, Event::Interrupted { .. });
        if !fitted.trained.events.iter().any(interrupted) {
            break fitted;
        }
    };
    assert!(parts >= 4, "{parts}");
    assert!(same(&last, &undisturbed));
    let metrics = |folder: &Path| fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics(&pieces), metrics(&whole));
    let mut reports = 0;
    let mut count = |_: &Progress| {
        reports += 1;
        ControlFlow::Continue(())
    };
    fit(&data, config, &mut count).unwrap();
    assert_eq!(metrics(&whole).lines().count(), reports);
    let line: serde_json::Value =
        serde_json::from_str(metrics(&whole).lines().next().unwrap()).unwrap();
    assert_eq!((&line["step"], &line["steps"]), (&7.into(), &steps.into()));
}

#[test]
fn what_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let begin = || run(folder.path(), &config(), &data(3), 20).0;
    begin().unwrap();
    let told = run(folder.path(), &config(), &data(4), 20).0.unwrap_err();
    assert!(matches!(told, RunError::TableChanged { .. }), "{told}");
    let mut renamed = data(3);
    renamed.input_names[0].push('!');
    let told = run(folder.path(), &config(), &renamed, 20).0.unwrap_err();
    assert!(matches!(told, RunError::TableChanged { .. }), "{told}");
    let seeded = FitConfig {
        seed: 1,
        ..config()
    };
    let told = run(folder.path(), &seeded, &data(3), 20).0.unwrap_err();
    assert!(matches!(told, RunError::ConfigChanged { .. }), "{told}");
    let told = Run::create(folder.path(), "").unwrap_err();
    assert!(matches!(told, RunError::Exists { .. }), "{told}");
    begin().unwrap();
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let held = Run::create(folder.path(), "").unwrap();
    let told = Run::open(folder.path()).unwrap_err();
    assert!(matches!(told, RunError::Busy { .. }), "{told}");
    drop(held);
    Run::open(folder.path()).unwrap();
}

type Damage = fn(&mut Vec<u8>);

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    let (data, config) = (data(5), config());
    let folder = tempfile::tempdir().unwrap();
    let whole = fit(&data, &config, &mut ignore).unwrap();
    run(folder.path(), &config, &data, 20).0.unwrap();
    let slots = ["checkpoint-0", "checkpoint-1"].map(|name| folder.path().join(name));
    let intact = slots.clone().map(|path| fs::read(path).unwrap());
    let damages: [(&str, Damage); 4] = [
        ("its checksum is wrong", |bytes| {
            *bytes.last_mut().unwrap() ^= 1
        }),
        ("is cut off", |bytes| bytes.truncate(bytes.len() / 2)),
        ("is cut off", Vec::clear),
        ("is no checkpoint", |bytes| bytes[1] = b'X'),
    ];
    for (words, damage) in damages {
        for slot in 0..2 {
            for (path, bytes) in slots.iter().zip(&intact) {
                fs::write(path, bytes).unwrap();
            }
            let mut bytes = intact[slot].clone();
            damage(&mut bytes);
            fs::write(&slots[slot], bytes).unwrap();
            let (fitted, notices) = run(folder.path(), &config, &data, usize::MAX);
            assert!(same(&fitted.unwrap(), &whole), "{words}");
            let [notice] = &notices[..] else {
                panic!("{notices:?}")
            };
            assert!(
                notice.contains(words) && notice.contains("going on from the other"),
                "{notice}"
            );
        }
    }
    for path in &slots {
        fs::write(path, "nonsense, and more than a preamble of it").unwrap();
    }
    let told = run(folder.path(), &config, &data, 1).0.unwrap_err();
    assert!(
        matches!(&told, RunError::Damaged { faults, .. } if faults.len() == 2),
        "{told}"
    );
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_checkpoint_is_noticed() {
    let (data, config) = (data(6), config());
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &config, &data, 3).0.unwrap();
    fs::remove_file(folder.path().join("checkpoint-0")).unwrap();
    let path = folder.path().join("checkpoint-1");
    let intact = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let told = run(folder.path(), &config, &data, 1).0;
        matches!(told, Err(RunError::Damaged { .. }))
    };
    // A file takes a while: a prime stride reaches every part of it and every bit.
    for bit in (0..intact.len() * 8).step_by(97) {
        let mut bytes = intact.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(refused(&bytes), "bit {bit}");
    }
    for end in (0..intact.len()).step_by(61) {
        assert!(refused(&intact[..end]), "cut at {end}");
    }
}
