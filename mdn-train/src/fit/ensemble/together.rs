//! Several networks at a time, each on threads of its own.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rayon::ThreadPoolBuilder;

use super::super::plan::Plan;
use super::seed;
use crate::train::{Control, Progress, TrainError, Trained};

/// What the threads share.
struct Board<'a> {
    observer: &'a mut (dyn FnMut(&Progress) -> ControlFlow<()> + Send),
    /// The steps that each network has done; all, where it is finished.
    steps: Vec<usize>,
    /// The steps that each network is to do; 0 where that is not known yet.
    totals: Vec<usize>,
    /// The next network to be trained.
    next: usize,
    outcomes: Vec<Option<Result<Trained, TrainError>>>,
}

impl Board<'_> {
    /// The steps that all networks are to do, those `usual` of which that is not known yet.
    fn total(&self, usual: usize) -> usize {
        let totals = self.totals.iter();
        totals.map(|&one| if one > 0 { one } else { usual }).sum()
    }

    /// A report of network `member` as one of all.
    fn show(&mut self, member: usize, progress: &Progress) -> ControlFlow<()> {
        self.steps[member] = progress.step;
        self.totals[member] = progress.total;
        let total = self.total(progress.total);
        (self.observer)(&Progress {
            step: self.steps.iter().sum(),
            total,
            ..*progress
        })
    }
}

/// Trains the networks of `plan`, `at_once` at a time, each on `threads` threads.
pub(super) fn train(
    plan: &Plan<'_>,
    control: Control<'_>,
    at_once: usize,
    threads: usize,
) -> Result<Vec<Trained>, TrainError> {
    let count = usize::from(plan.config.ensemble);
    let board = Mutex::new(Board {
        observer: control.observer,
        steps: vec![0; count],
        totals: vec![0; count],
        next: 0,
        outcomes: vec![None; count],
    });
    let ended = AtomicBool::new(false);
    let is_ended = || ended.load(Ordering::Relaxed) || control.stop.is_some_and(|stop| stop());
    let work = || {
        while let Some(member) = take(&board, &ended) {
            let mut watch = |progress: &Progress| {
                let next = lock(&board).show(member, progress);
                ended.fetch_or(next.is_break(), Ordering::Relaxed);
                next
            };
            let outcome = plan.train(
                seed(&plan.config, member as u8),
                Control {
                    stop: Some(&is_ended),
                    ..Control::new(&mut watch)
                },
            );
            let is_whole = outcome
                .as_ref()
                .is_ok_and(|one| one.interruption().is_none());
            ended.fetch_or(!is_whole, Ordering::Relaxed);
            let mut board = lock(&board);
            if is_whole {
                // Where it stopped early too.
                board.steps[member] = board.totals[member];
            }
            board.outcomes[member] = Some(outcome);
        }
    };
    // Where the system gives fewer threads, the rest do the work: slower, and right all the same.
    let in_pool = || match ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    };
    thread::scope(|scope| {
        let start = || thread::Builder::new().spawn_scoped(scope, in_pool).is_ok();
        if (0..at_once).filter(|_| start()).count() == 0 {
            in_pool();
        }
    });
    let board = board.into_inner().unwrap_or_else(PoisonError::into_inner);
    finished(board.outcomes.into_iter().flatten())
}

/// The next network to be trained, unless training is to end.
fn take(board: &Mutex<Board<'_>>, ended: &AtomicBool) -> Option<usize> {
    let mut board = lock(board);
    let member = board.next;
    let goes_on = member < board.steps.len() && !ended.load(Ordering::Relaxed);
    board.next += usize::from(goes_on);
    goes_on.then_some(member)
}

/// A panic of another thread ends the program at the end of the scope, whatever is read before.
fn lock<'b, 'a>(board: &'b Mutex<Board<'a>>) -> MutexGuard<'b, Board<'a>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The networks that were not cut short, or else the first.
fn finished(
    outcomes: impl Iterator<Item = Result<Trained, TrainError>>,
) -> Result<Vec<Trained>, TrainError> {
    let mut all = outcomes.collect::<Result<Vec<Trained>, TrainError>>()?;
    if all.iter().all(|one| one.interruption().is_some()) {
        all.truncate(1);
    } else {
        all.retain(|one| one.interruption().is_none());
    }
    Ok(all)
}
