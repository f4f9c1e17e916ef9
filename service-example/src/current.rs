//! The model of the moment: loaded, tested, and replaced while requests are under way.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use mdn_infer::{Level, OwnedModel, ParseError, PredictError, SelfTest};

/// The model that new requests get. Requests under way end with the one that they began with, whose
/// memory goes with the last of them.
#[derive(Debug)]
pub struct Current {
    model: RwLock<OwnedModel>,
    level: Level,
}

/// Why a file did not become the current model.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file is not a sound model.
    #[error("the file is not a sound model: {0}")]
    Unsound(#[from] ParseError),
    /// The self-test could not be run to its end.
    #[error("the self-test failed: {0}")]
    Untestable(#[from] PredictError),
    /// This machine does not compute what the file expects.
    #[error("the self-test failed: {0}")]
    Failed(SelfTest),
    /// Clients would have to ask otherwise.
    #[error("{found} where the model before has {before}")]
    OtherColumns {
        /// The columns of the model before.
        before: String,
        /// Those of the refused one.
        found: String,
    },
}

/// The model in the file at `path`, once it has passed its self-test.
///
/// # Errors
///
/// [`Refusal`].
pub fn load(path: &Path, level: Level) -> Result<OwnedModel, Refusal> {
    let model = OwnedModel::parse(&fs::read(path)?)?;
    let tested = model.predictor(level).self_test()?;
    match tested.passed() {
        true => Ok(model),
        false => Err(Refusal::Failed(tested)),
    }
}

impl Current {
    /// A service begins with a model that has passed, at the level of this machine.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(path: &Path) -> Result<Self, Refusal> {
        let level = Level::detect();
        Ok(Current::new(load(path, level)?, level))
    }

    /// Begins with `model`, which is not tested.
    pub const fn new(model: OwnedModel, level: Level) -> Self {
        let model = RwLock::new(model);
        Current { model, level }
    }

    /// The model for one request. O(1): a clone shares the memory.
    pub fn model(&self) -> OwnedModel {
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        model.clone()
    }

    /// At what level to predict.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Puts the model in the file at `path` in the place of the current one, which stays where the new
    /// one is refused. Requests wait for an assignment at most: reading and testing come before.
    ///
    /// # Errors
    ///
    /// As [`load`], and [`Refusal::OtherColumns`].
    pub fn reload(&self, path: &Path) -> Result<OwnedModel, Refusal> {
        let next = load(path, self.level)?;
        let (before, found) = (columns(&self.model()), columns(&next));
        if before != found {
            return Err(Refusal::OtherColumns { before, found });
        }
        let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
        *model = next.clone();
        Ok(next)
    }
}

/// What the model maps to what, as text: `x → y`.
pub fn columns(model: &OwnedModel) -> String {
    fn names<'a>(
        columns: impl Iterator<Item = (&'a str, Option<&'a str>)>,
        count: usize,
    ) -> String {
        let names: Vec<&str> = columns.map(|(name, _)| name).collect();
        match names.is_empty() {
            true => format!("{count} without names"),
            false => names.join(", "),
        }
    }
    let model = model.model();
    let inputs = names(model.input_columns(), model.inputs());
    let targets = names(model.target_columns(), model.dimensions());
    format!("{inputs} → {targets}")
}
