//! What the images of this crate share: calls of the engine that the compiler cannot foresee, and
//! a panic handler that does not link.
//!
//! The images know nothing of the model, the inputs or the lengths of buffers, so that whatever
//! any sound or unsound file can reach is in them.
#![no_std]

mod everything;
mod structure;

pub use everything::everything;
pub use structure::structure;

use core::hint::black_box;
use mdn_infer::{Level, Mixture, Model, ParseError, PredictError};

/// Why the engine gave no answer.
pub enum Failure {
    /// The file is not sound.
    Parse(ParseError),
    /// The model gave no answer.
    Predict(PredictError),
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Self {
        Self::Predict(error)
    }
}

/// What an image is handed, each of unknown content and length.
pub struct Inputs<'a> {
    /// A model file, or not.
    pub file: &'static [u8],
    /// Numbers to read: inputs, targets, probabilities.
    pub numbers: &'a [f32],
    /// Working memory.
    pub working: &'a mut [f32],
}

/// Parses a model.
pub fn parse(inputs: &Inputs<'_>) -> Result<Model<'static>, Failure> {
    Ok(black_box(Model::parse(inputs.file)?))
}

/// A prediction.
pub fn predict<'a>(
    model: &'a Model<'static>,
    inputs: &'a mut Inputs<'_>,
) -> Result<Mixture<'a>, Failure> {
    let mixture = model.predict(Level::detect(), inputs.numbers, inputs.working)?;
    Ok(black_box(mixture))
}

/// Makes the program's `main` from a function without arguments, and a panic handler that does
/// not link: where a panic is reachable, the linker reports `a_panic_is_reachable`.
#[macro_export]
macro_rules! never_panics {
    ($main:path) => {
        #[cfg(target_arch = "arm")]
        use cortex_m_rt::entry;
        #[cfg(target_arch = "riscv32")]
        use riscv_rt::entry;

        #[entry]
        fn main() -> ! {
            $main();
            loop {
                core::hint::spin_loop();
            }
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            unsafe extern "C" {
                fn a_panic_is_reachable() -> !;
            }
            // SAFETY: never called, for a program that refers to it does not link.
            unsafe { a_panic_is_reachable() }
        }
    };
}
