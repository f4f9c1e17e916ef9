//! The demonstration itself: it knows a serial line and a pin, and no HAL.
#![no_std]

use core::convert::Infallible;
use core::fmt;

use embedded_hal::digital::OutputPin;
use embedded_io::{Write, WriteFmtError};
use mdn_infer::{
    FloatUnit, Level, Model, ParseError, PredictError, Predictor, include_model, working_len,
};

/// The model's file, in flash: put your own here.
const FILE: &[u8] = include_model!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../mdn-infer/samples/classic.mdn"
));
/// Inputs, each with a target whose density is asked.
const QUESTIONS: [(f32, f32); 2] = [(2.5, 0.3), (-1.0, 4.0)];

/// Runs everything and prints it. The last line begins with `PASSED` or `FAILED`.
///
/// `led` is high while something runs whose time is of interest.
pub fn run(hal: &str, out: &mut impl Write, led: &mut impl OutputPin<Error = Infallible>) {
    // Without a serial line there is no one to tell.
    let _ = match demonstrate(hal, out, led) {
        Ok(()) => writeln!(out, "PASSED"),
        Err(failure) => writeln!(out, "FAILED: {failure}"),
    };
}

fn demonstrate(
    hal: &str,
    out: &mut impl Write,
    led: &mut impl OutputPin<Error = Infallible>,
) -> Result<(), Failure> {
    writeln!(out, "mdn on a Raspberry Pi Pico, with {hal}")?;
    let model = Model::parse(FILE)?;
    let mut predictor = Predictor::<{ working_len(FILE) }>::new(&model, Level::detect())?;

    let found = lit(led, || FloatUnit::check(Level::detect()));
    writeln!(out, "float unit: {found}; hash {:#010x}", found.hash)?;

    let report = lit(led, || predictor.self_test_short())?;
    writeln!(out, "short self-test: {report}")?;
    if !report.passed() {
        return Err(Failure::SelfTest);
    }

    let report = lit(led, || predictor.self_test())?;
    writeln!(out, "self-test: {report}")?;
    writeln!(out, "output_hash {:#018x}", report.output_hash)?;
    if !report.passed() {
        return Err(Failure::SelfTest);
    }

    for (x, y) in QUESTIONS {
        let mixture = lit(led, || predictor.predict(&[x]))?;
        let density = mixture.density(&[y])?;
        writeln!(out, "p({y} | {x}) = {density}")?;
    }
    Ok(())
}

/// Runs `code` while the LED is on.
fn lit<T>(led: &mut impl OutputPin<Error = Infallible>, code: impl FnOnce() -> T) -> T {
    let Ok(()) = led.set_high();
    let result = code();
    let Ok(()) = led.set_low();
    result
}

/// Why the demonstration stopped.
enum Failure {
    /// The serial line is gone.
    Console,
    /// The file is not a sound model.
    Model(ParseError),
    /// The model gave no answer.
    Prediction(PredictError),
    /// The self-test said no, and why.
    SelfTest,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Console => f.write_str("the serial line cannot be written"),
            Failure::Model(error) => write!(f, "the model: {error}"),
            Failure::Prediction(error) => write!(f, "a prediction: {error}"),
            Failure::SelfTest => f.write_str("the self-test says no"),
        }
    }
}

impl<E> From<WriteFmtError<E>> for Failure {
    fn from(_: WriteFmtError<E>) -> Self {
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
