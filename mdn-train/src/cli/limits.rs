//! What becomes of the program where memory or threads run out: it says so and fails, as it does for
//! any other reason.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, bail};
use rayon::ThreadPoolBuilder;
use signal_hook::consts::SIGABRT;
use signal_hook::flag;

use super::FAILED;

/// From here on an abort ends the program with status 1. That is how the standard library ends a
/// program that gets no memory, when it has said how much was asked for. Where `json` was asked for, an
/// object says it too.
pub fn fail_for_want_of_memory(json: bool) {
    let at_once = Arc::new(AtomicBool::new(true));
    // Without it the status is another one.
    let end = |when| {
        drop(flag::register_conditional_shutdown(
            SIGABRT,
            FAILED.into(),
            when,
        ))
    };
    end(at_once.clone());
    if json && prepare_last_words() {
        end(Arc::new(AtomicBool::new(true)));
        at_once.store(false, Ordering::Relaxed);
    }
}

/// Without which the status and the words on standard error are all that an abort leaves.
#[cfg(target_os = "linux")]
fn prepare_last_words() -> bool {
    super::last_words::prepare().is_ok()
}

#[cfg(not(target_os = "linux"))]
fn prepare_last_words() -> bool {
    false
}

/// How many of `most` threads the system gives at the same time.
pub fn startable(most: usize) -> usize {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let wait = || drop(gate.lock());
        let start = || thread::Builder::new().spawn_scoped(scope, wait).is_ok();
        let started = (0..most).take_while(|_| start()).count();
        drop(closed);
        started
    })
}

/// Starts the threads that share the work; where the system gives none, this one does it all.
fn start_threads() -> anyhow::Result<()> {
    let wanted = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = match startable(wanted) {
        0 => ThreadPoolBuilder::new().num_threads(1).use_current_thread(),
        all if all == wanted => ThreadPoolBuilder::new(),
        fewer => ThreadPoolBuilder::new().num_threads(fewer),
    };
    threads.build_global().context("threads cannot be started")
}

/// Runs a command with its threads, which take over the mode of the float unit. A panic, of which the message is out already, is an error: a
/// library's answer where it gets no thread or no memory.
pub fn guarded(command: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    start_threads()?;
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(done) => done,
        Err(_) => bail!("the command ended in the middle, as the message above says"),
    }
}
