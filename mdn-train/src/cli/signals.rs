//! SIGINT (^C) and SIGTERM: the first one asks to stop, the second one stops at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether a signal has come.
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// From here on signals are noted.
    pub fn catch() -> io::Result<Self> {
        let (came, number) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        for signal in [SIGINT, SIGTERM] {
            // In the order of registration: the first signal finds nothing to shut down for.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
            flag::register_usize(signal, Arc::clone(&number), signal as usize)?;
        }
        Ok(Signals(number))
    }

    /// Whether to stop.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The exit status by which shells know the signal that came, 128 + its number.
    pub fn status(&self) -> Option<u8> {
        let number = self.0.load(Ordering::Relaxed);
        (number != 0).then(|| u8::try_from(128 + number).unwrap_or(1))
    }
}
