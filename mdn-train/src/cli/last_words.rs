//! The JSON object of a command that ends for want of memory.
//!
//! The standard library ends a program that gets no memory by an abort, in the middle of whatever it
//! was doing, and a signal handler of our own takes `unsafe`. So the handlers are those of
//! `signal-hook`: the first one wakes a thread that was started for it, and the second one writes to a
//! pipe that is full, and waits. Meanwhile the thread, which needs no memory, prints the object and ends
//! the program.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::thread;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use signal_hook::consts::SIGABRT;
use signal_hook::low_level::{exit, pipe};

use super::{FAILED, output};

const WORDS: &str = "{\n  \"error\": \"the command ended for want of memory, as the message on standard \
                     error says\"\n}\n";
/// Of the thread, which calls two functions.
const STACK: usize = 1 << 16;

/// From here on an abort prints the object, unless one is out already, and ends the program. Where there
/// is too little memory for that, it aborts.
///
/// # Errors
/// Where the system gives neither pipe nor thread; then an abort is what it was.
pub fn prepare() -> io::Result<()> {
    let (mut waiting, waker) = io::pipe()?;
    let (mut begun, mut beginning) = io::pipe()?;
    let (never_read, stopper) = full_pipe()?;
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let speak = move || {
        // Starting took memory; nothing takes any from here on.
        let told = beginning.write_all(&[0]);
        if told.and_then(|()| waiting.read_exact(&mut [0])).is_ok() {
            if !output::is_answered() {
                // Nothing can be done about an output that is gone.
                let _ = out.write_all(WORDS.as_bytes());
            }
            exit(FAILED.into());
        }
        drop(never_read);
    };
    thread::Builder::new().stack_size(STACK).spawn(speak)?;
    begun.read_exact(&mut [0])?;
    let same = stopper.try_clone()?;
    pipe::register(SIGABRT, waker)?;
    pipe::register(SIGABRT, stopper)?;
    // Registering has made writes to it return at once.
    wait_in_writes(&same, true)
}

/// A pipe that has room for nothing more.
fn full_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, mut writer) = io::pipe()?;
    wait_in_writes(&writer, false)?;
    loop {
        match writer.write(&[0; 4096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok((reader, writer)),
            Err(error) => return Err(error),
        }
    }
}

/// Whether writes to a full pipe wait until there is room, or return.
fn wait_in_writes(pipe: &PipeWriter, wait: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(pipe)?;
    flags.set(OFlags::NONBLOCK, !wait);
    Ok(fcntl_setfl(pipe, flags)?)
}
