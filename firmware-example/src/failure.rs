//! Why the demonstration stopped.

use core::fmt;
use mdn_infer::{FloatUnit, ParseError, PredictError};

/// Why the demonstration stopped.
pub enum Failure {
    /// The console is gone.
    Console,
    /// The instruction counter disagrees with a loop of known length.
    Counter,
    /// The file is not a sound model.
    Model(ParseError),
    /// The model gave no answer.
    Prediction(PredictError),
    /// The model's bytes in flash are no longer those that were parsed.
    Flash(ParseError),
    /// The same inputs gave other bits than before.
    Stream,
    /// The stack went below its limit.
    Stack,
    /// Something has changed how the processor computes.
    FloatUnit(FloatUnit),
    /// Golden vectors differ, by at most so many units in the last place.
    SelfTest(u32),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Console => f.write_str("the console cannot be written"),
            Failure::Counter => {
                f.write_str("the instruction counter is wrong: QEMU needs -icount shift=6")
            }
            Failure::Model(error) => write!(f, "model.mdn: {error}"),
            Failure::Prediction(error) => write!(f, "prediction: {error}"),
            Failure::Flash(error) => write!(f, "the model in flash has changed: {error}"),
            Failure::Stream => f.write_str("the same inputs gave other bits than before"),
            Failure::Stack => f.write_str("the stack went below its limit"),
            Failure::FloatUnit(found) => write!(f, "the float unit is wrong: {found}"),
            Failure::SelfTest(ulp) => {
                write!(f, "the self-test found differences of up to {ulp} ulp")
            }
        }
    }
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Failure::Console
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Failure::Model(error)
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Self {
        Failure::Prediction(error)
    }
}
