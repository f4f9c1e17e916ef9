//! Words for people, one JSON object for programs.

use std::fmt::Display;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// Whether the one JSON object is out, or on its way.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Whether the one JSON object is out, or on its way.
pub fn is_answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

/// Where words and results go.
pub struct Output {
    json: bool,
    /// What the program exits with where nothing fails.
    pub status: u8,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output { json, status: 0 }
    }

    /// Whether a JSON object was asked for.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line of words: to standard output, or to standard error beside `--json`.
    pub fn say(&mut self, words: impl Display) -> io::Result<()> {
        if self.json {
            writeln!(io::stderr(), "{words}")
        } else {
            writeln!(io::stdout(), "{words}")
        }
    }

    /// A line that is no result: always to standard error.
    pub fn note(&mut self, words: impl Display) {
        // Nothing can be done about a standard error that is gone.
        let _ = writeln!(io::stderr(), "{words}");
    }

    /// The result as JSON, where it was asked for.
    pub fn result(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            ANSWERED.store(true, Ordering::Relaxed);
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, value)?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// The result as JSON that is text already.
    pub fn result_text(&mut self, text: &mut impl Read) -> anyhow::Result<()> {
        ANSWERED.store(true, Ordering::Relaxed);
        let mut out = io::stdout().lock();
        io::copy(text, &mut out)?;
        Ok(writeln!(out)?)
    }

    /// The error with its causes, each said once; with `--json` as the object, unless a result
    /// has told already.
    pub fn error(&mut self, error: &anyhow::Error) {
        let mut words = error.to_string();
        for cause in error.chain().skip(1) {
            let cause = cause.to_string();
            if !words.contains(&cause) {
                words = format!("{words}: {cause}");
            }
        }
        self.note(format_args!("error: {words}"));
        if self.json && !is_answered() {
            error_object(&words);
        }
    }
}

/// What the score of [`mdn_train::metrics::normal_nll`] is called.
pub const NORMAL: &str = "from one normal distribution that knows no inputs";

/// A figure in the units of a column: a few digits, whatever its size.
pub fn figure(value: f64) -> String {
    if value == 0.0 || (1e-2..1e6).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.4e}")
    }
}

/// An error as a JSON object on standard output.
pub fn error_object(words: &str) {
    ANSWERED.store(true, Ordering::Relaxed);
    let object = serde_json::json!({ "error": words });
    // Nothing can be done about an output that is gone; the exit status still tells.
    let _ = writeln!(io::stdout(), "{object:#}");
}

/// Whether the reader of standard output went away, as `head` does: no failure of ours.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        let csv = match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
            Some(csv::ErrorKind::Io(error)) => Some(error.kind()),
            _ => None,
        };
        io.or(json).or(csv) == Some(ErrorKind::BrokenPipe)
    })
}
