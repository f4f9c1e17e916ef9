//! Words for people, one JSON object for programs.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

/// Where words and results go.
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output { json }
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
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, value)?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// The error with its causes, each said once; with `--json` an object as well.
    pub fn error(&mut self, error: &anyhow::Error) {
        let mut words = error.to_string();
        for cause in error.chain().skip(1) {
            let cause = cause.to_string();
            if !words.contains(&cause) {
                words = format!("{words}: {cause}");
            }
        }
        self.note(format_args!("error: {words}"));
        // The same: the exit status still tells.
        let _ = self.result(&serde_json::json!({ "error": words }));
    }
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
