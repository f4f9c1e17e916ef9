//! Words for people, one JSON object for programs.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf, is_separator};

use mdn_train::files::WriteError;
use mdn_train::run::Run;
use serde::Serialize;

/// Where words and results go.
pub struct Output {
    json: bool,
    /// Whether the one JSON object is out.
    answered: bool,
    /// What the program exits with where nothing fails.
    pub status: u8,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output {
            json,
            answered: false,
            status: 0,
        }
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
            self.answered = true;
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, value)?;
            writeln!(out)?;
        }
        Ok(())
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
        if self.json && !self.answered {
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
    let object = serde_json::json!({ "error": words });
    // Nothing can be done about an output that is gone; the exit status still tells.
    let _ = writeln!(io::stdout(), "{object:#}");
}

/// An error where the result at `path` would take the place of what the command reads.
pub fn check_apart<'a>(
    path: &Path,
    read: impl IntoIterator<Item = &'a PathBuf>,
) -> anyhow::Result<()> {
    let Ok(target) = path.canonicalize() else {
        return Ok(());
    };
    for input in read {
        // A pipe or a terminal may be both.
        let same = target.is_file() && input.canonicalize().is_ok_and(|input| input == target);
        anyhow::ensure!(
            !same,
            "{}: is read by this command; its result needs another name",
            path.display()
        );
    }
    Ok(())
}

/// An error where the result at `path` would take the place of the state of a run in `folder`.
pub fn check_apart_from_run(path: &Path, folder: Option<&Path>) -> anyhow::Result<()> {
    let is_taken = folder.is_some_and(|folder| Run::keeps_state_in(folder, path));
    anyhow::ensure!(
        !is_taken,
        "{}: is where the run keeps its state; the model needs another name",
        path.display()
    );
    Ok(())
}

/// Whether `path` can be written later, asked before the long work whose result goes there.
pub fn check_writable(path: &Path) -> anyhow::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let names_folder = path.to_string_lossy().ends_with(is_separator);
    let tried = if names_folder || target.is_dir() {
        Err(ErrorKind::IsADirectory.into())
    } else if target.exists() && !target.is_file() {
        // A pipe or a device: opening it might already be noticed at its other end.
        Ok(())
    } else {
        match folder_of(&target) {
            folder if folder.is_dir() => tempfile::tempfile_in(folder).map(drop),
            _ => Err(io::Error::new(
                ErrorKind::NotFound,
                "there is no such folder",
            )),
        }
    };
    tried.map_err(|source| {
        let path = path.to_owned();
        WriteError { path, source }.into()
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
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
