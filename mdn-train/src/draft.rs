//! The one way to a model file: an owned draft of a model, checked, written and tested.
//!
//! Whatever makes a model ends here: training, quantization, pruning, tests, importers. A
//! [`ModelDraft`] says what the file will say and holds its numbers as the file stores them, so that
//! [`ModelDraft::of`] a file and back gives the same bytes. What follows from the numbers is not said
//! twice: how many networks there are, and how their kernels are stored. Where the numbers lie in the
//! file is the engine's business, where they come from that of the caller.

mod check;
mod error;
mod numbers;
mod statements;

use mdn_infer::format::{
    self, Head, Header, InputRanges, InputRules, Layer, Layout, MAX_HIDDEN, ModelSource, Storage,
};
use mdn_infer::{EmitError, Level, Model, ParseError, PredictError};

use crate::data::{Dataset, Standardiser};
use crate::drawn_rows::drawn_rows;
use crate::model_file::ModelFile;
use crate::network::{HiddenLayer, Network};

pub use error::{DraftError, Place, Side};
pub use numbers::{DenseLayer, Kernel};
pub use statements::Statements;

/// How many golden vectors a file gets, where there are rows for them.
pub const GOLDEN_VECTORS: usize = 4;

/// What files say of the program that wrote them.
pub const PRODUCER: &str = concat!("mdn-train ", env!("CARGO_PKG_VERSION"));

/// A model that is not a file yet.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDraft {
    /// The program that made it, with its version.
    pub producer: String,
    /// The I inputs; with the standardisation of the indicators of missing values too, where
    /// [`Statements::input_rules`] has any.
    pub inputs: Columns,
    /// The D targets.
    pub targets: Columns,
    /// The hidden layers in order, alike in all networks; none for a linear model.
    pub hidden: Vec<HiddenLayer>,
    /// The meaning of the outputs.
    pub head: Head,
    /// The anomaly score, −ln p in raw units, above which a target counts as an anomaly.
    pub anomaly_threshold: Option<f32>,
    /// What the file states beside all this.
    pub statements: Statements,
    /// `[M][hidden layers + 1]`: the numbers of each network, the head's layer last; all kernels in
    /// one storage.
    pub networks: Vec<Vec<DenseLayer>>,
}

/// What a file says of its inputs, or of its targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Name and unit of each.
    pub names: Vec<(String, Option<String>)>,
    /// From raw to standardised units.
    pub standardiser: Standardiser,
}

/// Inputs `[I]` and target `[D]`, raw, at which a golden vector is recorded.
pub type GoldenRow<'a> = (&'a [f32], &'a [f32]);

/// Why a model does not become a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no network, or one has another architecture than the first.
    #[error("the networks of an ensemble must have one architecture")]
    Architectures,
    /// The draft is no model that the format knows.
    #[error("the model cannot be a file: {0}")]
    Draft(#[from] DraftError),
    /// The engine would not write it.
    #[error("the model cannot be written: {0}")]
    Emit(#[from] EmitError),
    /// The engine would not read back what it had written.
    #[error("the written model does not read back: {0}")]
    Parse(#[from] ParseError),
    /// The engine finds no outputs at a golden row.
    #[error("the trained model fails at one of its own training rows: {0}")]
    Predict(#[from] PredictError),
    /// The float unit of this thread is in a mode in which golden vectors would be wrong.
    #[error("the float unit is in a wrong mode: {0}")]
    FloatUnit(mdn_infer::FloatUnit),
    /// The file's self-test, run on this machine, found other bits than those just recorded.
    #[error("the model's self-test failed: {mismatches} of {values} outputs differ")]
    SelfTest {
        /// Outputs that differ.
        mismatches: usize,
        /// Outputs compared.
        values: usize,
    },
}

impl ModelDraft {
    /// All that `model` says but its golden vectors. O(parameters).
    pub fn of(model: &Model<'_>) -> Self {
        let header = model.header();
        let numbers = |values: &[f32]| values.to_vec();
        let networks = (0..model.members()).map(|member| {
            (model.network(member))
                .map(|mdn_infer::Layer::Dense(layer)| DenseLayer::of(&layer, header.storage))
        });
        ModelDraft {
            producer: header.producer.to_owned(),
            inputs: Columns {
                names: owned(model.input_columns()),
                standardiser: Standardiser {
                    shift: numbers(model.input_shift()),
                    scale: numbers(model.input_scale()),
                },
            },
            targets: Columns {
                names: owned(model.target_columns()),
                standardiser: Standardiser {
                    shift: numbers(model.target_shift()),
                    scale: numbers(model.target_scale()),
                },
            },
            hidden: header.hidden_layers().map(HiddenLayer::from).collect(),
            head: header.head,
            anomaly_threshold: header.anomaly_threshold,
            statements: Statements::of(model),
            networks: networks.map(Iterator::collect).collect(),
        }
    }

    /// Networks as training leaves them, one or those of an ensemble, in standardised units and of
    /// one architecture.
    ///
    /// # Errors
    ///
    /// [`ExportError::Architectures`].
    pub fn of_networks(
        networks: &[&Network],
        inputs: Columns,
        targets: Columns,
    ) -> Result<Self, ExportError> {
        let (first, others) = networks.split_first().ok_or(ExportError::Architectures)?;
        let architecture = &first.architecture;
        if others.iter().any(|one| one.architecture != *architecture) {
            return Err(ExportError::Architectures);
        }
        let layers = |network: &&Network| network.layers().map(DenseLayer::from).collect();
        Ok(ModelDraft {
            producer: PRODUCER.to_owned(),
            inputs,
            targets,
            hidden: architecture.hidden.clone(),
            head: architecture.head,
            anomaly_threshold: None,
            statements: Statements::default(),
            networks: networks.iter().map(layers).collect(),
        })
    }

    /// How the kernels are stored.
    pub fn storage(&self) -> Storage {
        let first = self.networks.iter().flatten().next();
        first.map_or(Storage::F32, |layer| layer.kernel.storage())
    }

    /// The file, with golden vectors at `rows`, of which there is one at least: written, read back
    /// through the engine, completed with the outputs, and tested at every level of this machine.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn finish(&self, rows: &[GoldenRow<'_>]) -> Result<ModelFile, ExportError> {
        self.check()?;
        self.check_rows(rows)?;
        let golden = golden(&self.write(&[])?.model(), rows)?;
        let file = self.write(&golden)?;
        for level in Level::available() {
            let report = self_test(&file.model(), level)?;
            if !report.float_unit.passed() {
                return Err(ExportError::FloatUnit(report.float_unit));
            }
            if !report.passed() {
                let (mismatches, values) = (report.mismatches, report.values);
                return Err(ExportError::SelfTest { mismatches, values });
            }
        }
        Ok(file)
    }

    /// As [`finish`](Self::finish), at the inputs and targets of the golden vectors of `model`, or at
    /// [`drawn_rows`] where it has none: what becomes of a model whose numbers have changed.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn finish_at_rows_of(&self, model: &Model<'_>) -> Result<ModelFile, ExportError> {
        let rows: Vec<_> = model.golden().map(|g| (g.input, g.target)).collect();
        if !rows.is_empty() {
            return self.finish(&rows);
        }
        let drawn = drawn_rows(model, GOLDEN_VECTORS)?;
        self.finish(&golden_rows(&drawn))
    }

    /// The file with these golden vectors, `[vectors][I + D + outputs]`, which nobody tests: for
    /// models that are asked before they are finished. O(parameters).
    ///
    /// # Errors
    ///
    /// [`ExportError::Draft`]; [`ExportError::Emit`] where `golden` is no whole number of vectors, and
    /// [`ExportError::Parse`] where one is not finite.
    pub fn untested(&self, golden: &[f32]) -> Result<ModelFile, ExportError> {
        self.check()?;
        self.write(golden)
    }

    /// Writes what has been checked.
    fn write(&self, golden: &[f32]) -> Result<ModelFile, ExportError> {
        let layers = self.networks.iter().flatten();
        let layers: Vec<_> = layers.map(DenseLayer::source).collect();
        let (input_columns, target_columns) = (self.inputs.lines(), self.targets.lines());
        let plain = Header::new(self.inputs.names.len() as u16, self.head);
        let ranges = self.statements.encoded_ranges();
        let (kinds, rule_numbers) = self.statements.encoded_rules().unzip();
        let mut buffer = Vec::new();
        let supports = self.statements.encode_supports(&mut buffer);
        let mut source = ModelSource {
            header: Header {
                producer: &self.producer,
                input_columns: &input_columns,
                target_columns: &target_columns,
                input_shape: self.statements.input_shape,
                hidden: self.hidden_slots(),
                anomaly_threshold: self.anomaly_threshold,
                storage: self.storage(),
                members: self.networks.len() as u8,
                input_ranges: ranges.as_deref().map(InputRanges::new),
                supports,
                input_rules: kinds.as_deref().map(InputRules::new),
                ..plain
            },
            input_shift: &self.inputs.standardiser.shift,
            input_scale: &self.inputs.standardiser.scale,
            target_shift: &self.targets.standardiser.shift,
            target_scale: &self.targets.standardiser.scale,
            rule_numbers: rule_numbers.as_deref().unwrap_or_default(),
            layers: &layers,
            golden,
        };
        let layout = Layout::of(&source.header).ok_or(EmitError::InvalidHeader)?;
        let vectors = golden.len() / layout.golden_len;
        source.header.golden = u16::try_from(vectors).map_err(|_| EmitError::InvalidHeader)?;
        let mut bytes = vec![0; format::encoded_len(&source)?];
        format::write(&source, &mut bytes)?;
        Ok(ModelFile::from_bytes(&bytes)?)
    }

    fn hidden_slots(&self) -> [Layer; MAX_HIDDEN] {
        let mut slots = [Layer::NONE; MAX_HIDDEN];
        for (slot, layer) in slots.iter_mut().zip(&self.hidden) {
            *slot = layer.stored();
        }
        slots
    }
}

impl Columns {
    /// Columns without units whose raw numbers are standardised.
    pub fn identity(names: Vec<(String, Option<String>)>) -> Self {
        let standardiser = Standardiser::identity(names.len());
        Columns {
            names,
            standardiser,
        }
    }

    fn lines(&self) -> String {
        let lines = self.names.iter().map(|(name, unit)| match unit {
            Some(unit) => format!("{name}\t{unit}"),
            None => name.clone(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn owned<'a>(
    columns: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Vec<(String, Option<String>)> {
    columns
        .map(|(name, unit)| (name.to_owned(), unit.map(str::to_owned)))
        .collect()
}

/// `file` with this anomaly threshold. No output depends on it: golden vectors and their test stay
/// what they are, and nothing is computed again. O(parameters).
///
/// # Errors
///
/// [`ExportError::Draft`] where it is not finite.
pub fn with_anomaly_threshold(file: &ModelFile, threshold: f32) -> Result<ModelFile, ExportError> {
    let model = file.model();
    let vectors = (model.golden()).flat_map(|g| [g.input, g.target, g.expected].concat());
    let draft = ModelDraft {
        anomaly_threshold: Some(threshold),
        ..ModelDraft::of(&model)
    };
    draft.untested(&vectors.collect::<Vec<f32>>())
}

/// The rows, evenly over `rows`, from which the golden vectors are taken.
pub fn golden_numbers(rows: usize) -> Vec<usize> {
    let count = GOLDEN_VECTORS.min(rows);
    (0..count).map(|i| i * rows / count).collect()
}

/// All rows of `data`, as [`ModelDraft::finish`] takes them.
pub fn golden_rows(data: &Dataset) -> Vec<GoldenRow<'_>> {
    let row = |row| (data.input(row), data.target(row));
    (0..data.rows).map(row).collect()
}

/// Golden vectors of `model` at `rows`, `[rows][I + D + outputs]`, as plain Rust computes them.
fn golden(model: &Model<'_>, rows: &[GoldenRow<'_>]) -> Result<Vec<f32>, PredictError> {
    let mut working = vec![0.0; model.working_len()];
    let mut golden = Vec::new();
    for (input, target) in rows {
        golden.extend(*input);
        golden.extend(*target);
        let mixture = model.predict(Level::scalar(), input, &mut working)?;
        mixture.outputs(target, |value| golden.push(value))?;
    }
    Ok(golden)
}

/// Runs the self-test of `model` at `level`.
///
/// # Errors
///
/// As [`mdn_infer::Predictor::self_test`].
pub fn self_test(model: &Model<'_>, level: Level) -> Result<mdn_infer::SelfTest, PredictError> {
    model.self_test(level, &mut vec![0.0; model.working_len()])
}
