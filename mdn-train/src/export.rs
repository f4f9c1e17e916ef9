//! From trained networks to a model file that has passed its own test.

use mdn_infer::format::{self, Header, KernelSource, LayerSource, MAX_HIDDEN, ModelSource};
use mdn_infer::{EmitError, Level, Model, ParseError, PredictError};

use crate::data::Standardiser;
use crate::model_file::ModelFile;
use crate::network::{Architecture, Network};
use crate::quantize::drawn_rows;

/// How many golden vectors a file gets, where there are rows for them.
pub const GOLDEN_VECTORS: usize = 4;

/// What files say of the program that wrote them.
pub const PRODUCER: &str = concat!("mdn-train ", env!("CARGO_PKG_VERSION"));

/// Trained networks with everything that a file says beside its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// The networks, one or those of an ensemble, in standardised units and of one architecture.
    pub networks: &'a [&'a Network],
    /// From raw to standardised inputs.
    pub inputs: &'a Standardiser,
    /// From raw to standardised targets.
    pub targets: &'a Standardiser,
    /// Name and unit of each input column.
    pub input_columns: &'a [(String, Option<String>)],
    /// Name and unit of each target column.
    pub target_columns: &'a [(String, Option<String>)],
    /// The anomaly score above which a target counts as an anomaly.
    pub anomaly_threshold: Option<f32>,
    /// Raw inputs `[rows][I]` from which the golden vectors are taken, evenly over the rows.
    pub golden_inputs: &'a [f32],
    /// Raw targets `[rows][D]` that go with them.
    pub golden_targets: &'a [f32],
}

/// Why a network does not become a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The network has more hidden layers, units or parameters than the format knows.
    #[error("the network is too large for a model file: {0}")]
    TooLarge(&'static str),
    /// There is no network, or one has another architecture than the first.
    #[error("the networks of an ensemble must have one architecture")]
    Architectures,
    /// The engine would not write it.
    #[error("the model cannot be written: {0}")]
    Emit(#[from] EmitError),
    /// The engine would not read back what it had written.
    #[error("the written model does not read back: {0}")]
    Parse(#[from] ParseError),
    /// The engine finds no outputs at a training row.
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

impl Export<'_> {
    /// The file: written, read back through the engine, completed with golden vectors, and
    /// tested at every level of this machine.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn to_file(&self) -> Result<ModelFile, ExportError> {
        let architecture = self.architecture()?;
        let layers = self.networks.iter().flat_map(|network| network.layers());
        let layers: Vec<LayerSource<'_>> = layers
            .map(|layer| LayerSource::Dense {
                kernel: KernelSource::F32(layer.kernel),
                bias: layer.bias,
            })
            .collect();
        let too_large = |_| ExportError::TooLarge("more inputs or units than 65,535");
        let mut hidden = [format::Layer::NONE; MAX_HIDDEN];
        if architecture.hidden.len() > MAX_HIDDEN {
            return Err(ExportError::TooLarge("more than eight hidden layers"));
        }
        for (slot, &units) in hidden.iter_mut().zip(&architecture.hidden) {
            *slot = format::Layer::Dense {
                units: u16::try_from(units).map_err(too_large)?.into(),
                activation: architecture.activation,
            };
        }
        let inputs = u16::try_from(architecture.inputs).map_err(too_large)?;
        let source = ModelSource {
            header: Header {
                producer: PRODUCER,
                input_columns: &column_lines(self.input_columns),
                target_columns: &column_lines(self.target_columns),
                hidden,
                anomaly_threshold: self.anomaly_threshold,
                members: u8::try_from(self.networks.len())
                    .map_err(|_| ExportError::TooLarge("more than 255 networks"))?,
                ..Header::new(inputs, architecture.head)
            },
            input_shift: &self.inputs.shift,
            input_scale: &self.inputs.scale,
            target_shift: &self.targets.shift,
            target_scale: &self.targets.scale,
            layers: &layers,
            golden: &[],
        };
        complete(source, &self.golden_rows(architecture).collect::<Vec<_>>())
    }

    /// The architecture of every network.
    fn architecture(&self) -> Result<&Architecture, ExportError> {
        let (first, others) = self
            .networks
            .split_first()
            .ok_or(ExportError::Architectures)?;
        let architecture = &first.architecture;
        let alike = |other: &&Network| other.architecture == *architecture;
        others
            .iter()
            .all(alike)
            .then_some(architecture)
            .ok_or(ExportError::Architectures)
    }

    fn golden_rows(&self, architecture: &Architecture) -> impl Iterator<Item = (&[f32], &[f32])> {
        let dimensions = usize::from(architecture.head.dimensions);
        let rows = self.golden_inputs.len() / architecture.inputs;
        golden_numbers(rows).into_iter().map(move |row| {
            let input = &self.golden_inputs[row * architecture.inputs..][..architecture.inputs];
            let target = &self.golden_targets[row * dimensions..][..dimensions];
            (input, target)
        })
    }
}

/// The rows, evenly over `rows`, from which the golden vectors are taken.
pub fn golden_numbers(rows: usize) -> Vec<usize> {
    let count = GOLDEN_VECTORS.min(rows);
    (0..count).map(|i| i * rows / count).collect()
}

/// The file of `source` with golden vectors at `rows`, raw inputs `[I]` and targets `[D]`: written,
/// read back through the engine, completed, and tested at every level of this machine.
///
/// # Errors
///
/// [`ExportError`].
pub fn complete(
    source: ModelSource<'_>,
    rows: &[(&[f32], &[f32])],
) -> Result<ModelFile, ExportError> {
    let golden = golden(&encode(source, &[], 0)?.model(), rows)?;
    let file = encode(source, &golden, rows.len())?;
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

/// `model` with other layers, those of all networks one after the other, under `header`: all else
/// stays. Golden vectors are at the inputs and targets of the old ones, or at [`drawn_rows`] where
/// there are none.
///
/// # Errors
///
/// [`ExportError`].
pub fn rebuild(
    model: &Model<'_>,
    header: Header<'_>,
    layers: &[LayerSource<'_>],
) -> Result<ModelFile, ExportError> {
    let source = ModelSource {
        header,
        input_shift: model.input_shift(),
        input_scale: model.input_scale(),
        target_shift: model.target_shift(),
        target_scale: model.target_scale(),
        layers,
        golden: &[],
    };
    let mut rows: Vec<_> = model.golden().map(|g| (g.input, g.target)).collect();
    let drawn;
    if rows.is_empty() {
        drawn = drawn_rows(model, GOLDEN_VECTORS)?;
        rows.extend((0..drawn.rows).map(|row| (drawn.input(row), drawn.target(row))));
    }
    complete(source, &rows)
}

fn golden(model: &Model<'_>, rows: &[(&[f32], &[f32])]) -> Result<Vec<f32>, PredictError> {
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

fn encode(
    mut source: ModelSource<'_>,
    golden: &[f32],
    vectors: usize,
) -> Result<ModelFile, ExportError> {
    let too_large = |_| ExportError::TooLarge("more golden vectors than 65,535");
    source.header.golden = u16::try_from(vectors).map_err(too_large)?;
    let source = ModelSource { golden, ..source };
    let mut bytes = vec![0; format::encoded_len(&source)?];
    format::write(&source, &mut bytes)?;
    Ok(ModelFile::from_bytes(&bytes)?)
}

fn column_lines(columns: &[(String, Option<String>)]) -> String {
    let lines = columns.iter().map(|(name, unit)| match unit {
        Some(unit) => format!("{name}\t{unit}"),
        None => name.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs the self-test of `model` at `level`.
///
/// # Errors
///
/// As [`mdn_infer::Predictor::self_test`].
pub fn self_test(model: &Model<'_>, level: Level) -> Result<mdn_infer::SelfTest, PredictError> {
    model.self_test(level, &mut vec![0.0; model.working_len()])
}

impl Network {
    /// Rewrites the first layer, which was trained on inputs standardised by `trained`, for
    /// inputs standardised by `filed`. Nothing changes where the two are equal.
    pub fn absorb(&mut self, trained: &Standardiser, filed: &Standardiser) {
        let Some(first) = self.architecture.layers().next() else {
            return;
        };
        let (kernel, rest) = self.parameters.split_at_mut(first.kernel().end);
        let bias = &mut rest[..first.outputs];
        for (input, row) in kernel.chunks_exact_mut(first.outputs).enumerate() {
            let unit = f64::from(trained.scale[input]);
            let offset = (f64::from(filed.shift[input]) - f64::from(trained.shift[input])) / unit;
            let factor = f64::from(filed.scale[input]) / unit;
            for (entry, bias) in row.iter_mut().zip(bias.iter_mut()) {
                let before = f64::from(*entry);
                *bias = (f64::from(*bias) + before * offset) as f32;
                *entry = (before * factor) as f32;
            }
        }
    }

    /// Makes the answers independent of `input`.
    pub fn forget(&mut self, input: usize) {
        if let Some(first) = self.architecture.layers().next() {
            let start = first.kernel().start + input * first.outputs;
            self.parameters[start..start + first.outputs].fill(0.0);
        }
    }
}
