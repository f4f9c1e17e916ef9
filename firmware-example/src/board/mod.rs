//! What differs between boards, and what every Cortex-M has: the console, the counter, the exit.

#[cfg_attr(board = "mps2-an386", path = "mps2_an386.rs")]
#[cfg_attr(board = "netduinoplus2", path = "netduinoplus2.rs")]
mod chosen;
pub mod counter;
pub mod stack;

pub use chosen::NAME;

use core::fmt;
use cortex_m_semihosting::hio::{self, HostStream};

/// Text to the host, through the debugger or the emulator (semihosting).
///
/// Collects each line first: a semihosting call halts the core for the debugger.
pub struct Console {
    host: Option<HostStream>,
    line: [u8; 120],
    length: usize,
}

impl Console {
    /// Opens the host's standard output; without one, text is dropped.
    pub fn open() -> Self {
        Console {
            host: hio::hstdout().ok(),
            line: [0; 120],
            length: 0,
        }
    }

    /// Sends what has been collected.
    fn flush(&mut self) -> fmt::Result {
        let line = self.line.get(..self.length).unwrap_or_default();
        self.length = 0;
        match &mut self.host {
            Some(host) => host.write_all(line).map_err(|()| fmt::Error),
            None => Ok(()),
        }
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.length == self.line.len() {
                self.flush()?;
            }
            if let Some(place) = self.line.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
            if byte == b'\n' {
                self.flush()?;
            }
        }
        Ok(())
    }
}

/// How many bytes of flash the program takes, with the model and what is copied to RAM at start.
pub fn image_len() -> usize {
    // The linker script's marks: only their addresses mean something.
    unsafe extern "C" {
        static __vector_table: u8;
        static __sidata: u8;
        static __sdata: u8;
        static __edata: u8;
    }
    let initialised = (&raw const __edata).addr() - (&raw const __sdata).addr();
    (&raw const __sidata).addr() + initialised - (&raw const __vector_table).addr()
}

/// Ends the program: the emulator exits with `status`, `probe-rs run` fails unless it is 0.
pub fn exit(status: u32) -> ! {
    const SYS_EXIT_EXTENDED: usize = 0x20;
    const APPLICATION_EXIT: u32 = 0x2_0026;
    // SAFETY: the operation reads a block of two words and does not return under a host.
    unsafe {
        cortex_m_semihosting::syscall(SYS_EXIT_EXTENDED, &[APPLICATION_EXIT, status]);
    }
    loop {
        cortex_m::asm::wfi();
    }
}
