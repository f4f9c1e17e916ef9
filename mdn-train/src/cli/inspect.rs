//! `mdn-train inspect`

use clap::Args;
use mdn_infer::Model;
use mdn_infer::format::{InputRule, InputTransform, Shape};
use mdn_train::fit::{describe_target, describe_transform};
use mdn_train::model_file::ModelFile;
use serde::Serialize;

use super::output::Output;
use super::paths::InputFile;

/// Show what is in a model file, and the constants that firmware needs
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train inspect demo/model.mdn")]
pub struct Inspect {
    /// The model file
    model: InputFile,
}

#[derive(Serialize)]
struct Inspection {
    file_bytes: usize,
    format_version: u16,
    storage: &'static str,
    producer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_shape: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "is_zero")]
    skipped_records: u16,
    inputs: Vec<Column>,
    targets: Vec<Column>,
    layers: Vec<LayerShape>,
    networks: usize,
    components: usize,
    dimensions: usize,
    covariance: String,
    scale_map: String,
    scale_min: f64,
    scale_max: f64,
    parameters: usize,
    multiply_adds: usize,
    anomaly_threshold: Option<f32>,
    golden_vectors: u16,
    working_len: usize,
    working_bytes: usize,
}

#[derive(Serialize)]
struct Column {
    name: String,
    unit: Option<String>,
    shift: f32,
    scale: f32,
    /// The least and the greatest value, where the file states them.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(f32, f32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support: Option<String>,
    /// The scale on which it is learnt, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    transform: Option<String>,
    /// The values beyond which it counts as these; null for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<[Option<f32>; 2]>,
    /// What stands for a missing value, where one may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    fill: Option<f32>,
}

impl Column {
    /// With what becomes of it before it is standardised.
    fn ruled(&mut self, rule: &InputRule) {
        let ends = [rule.low, rule.high].map(|end| Some(end).filter(|end| end.is_finite()));
        let is_plain = rule.transform == InputTransform::Identity;
        self.transform = (!is_plain).then(|| describe_transform(&rule.transform));
        self.limits = Some(ends).filter(|ends| *ends != [None, None]);
        self.fill = rule.fill;
    }

    /// The value that is standardised, in words.
    fn value(&self) -> &str {
        self.transform.as_deref().unwrap_or("value")
    }

    /// What else there is to say.
    fn more(&self) -> String {
        let mut more = String::new();
        if let Some((least, greatest)) = self.range {
            more += &format!(", from {least} to {greatest}");
        }
        let end = |end: Option<f32>| end.map_or("any".to_owned(), |end| end.to_string());
        if let Some([low, high]) = self.limits {
            more += &format!(", within {} to {}", end(low), end(high));
        }
        if let Some(fill) = self.fill {
            more += &format!(", {fill} where it is missing");
        }
        if let Some(support) = &self.support {
            more += &format!(", {support}");
        }
        more
    }
}

#[derive(Serialize)]
struct LayerShape {
    kind: &'static str,
    inputs: usize,
    outputs: usize,
    activation: String,
}

impl Inspection {
    fn new(model: &Model<'_>, file_bytes: usize) -> Self {
        let head = model.head();
        let layers = model.layers().iter().map(|layer| LayerShape {
            kind: layer.kind(),
            inputs: layer.inputs(),
            outputs: layer.outputs(),
            activation: format!("{:?}", layer.activation()).to_lowercase(),
        });
        Inspection {
            file_bytes,
            format_version: model.header().version(),
            storage: model.storage().name(),
            producer: model.header().producer.to_owned(),
            input_shape: model.header().input_shape.map(dimensions),
            skipped_records: model.header().skipped_records,
            inputs: inputs(model),
            targets: targets(model),
            layers: layers.collect(),
            networks: model.members(),
            components: model.components(),
            dimensions: model.dimensions(),
            covariance: format!("{:?}", head.covariance).to_lowercase(),
            scale_map: format!("{:?}", head.scale_map).to_lowercase(),
            scale_min: f64::from(head.log_scale_min).exp(),
            scale_max: f64::from(head.log_scale_max).exp(),
            parameters: model.parameters(),
            multiply_adds: model.multiply_adds(),
            anomaly_threshold: model.header().anomaly_threshold,
            golden_vectors: model.header().golden,
            working_len: model.working_len(),
            working_bytes: 4 * model.working_len(),
        }
    }
}

fn is_zero(count: &u16) -> bool {
    *count == 0
}

fn dimensions(shape: Shape) -> Vec<u16> {
    match shape {
        Shape::Sequence { steps, channels } => vec![steps, channels],
        Shape::Image {
            height,
            width,
            channels,
        } => vec![height, width, channels],
        _ => Vec::new(),
    }
}

fn inputs(model: &Model<'_>) -> Vec<Column> {
    let (shift, scale) = (model.input_shift(), model.input_scale());
    let mut columns = columns(model.input_columns(), shift, scale);
    let ranges = model.input_ranges().into_iter().flat_map(|all| all.iter());
    for (column, range) in columns.iter_mut().zip(ranges) {
        column.range = Some(range);
    }
    for (column, rule) in columns
        .iter_mut()
        .zip(model.input_rules().into_iter().flatten())
    {
        column.ruled(&rule);
    }
    columns
}

fn targets(model: &Model<'_>) -> Vec<Column> {
    let (shift, scale) = (model.target_shift(), model.target_scale());
    let mut columns = columns(model.target_columns(), shift, scale);
    let supports = model.supports().into_iter().flat_map(|all| all.iter());
    for (column, support) in columns.iter_mut().zip(supports) {
        column.support = Some(describe_target(&column.name, &support));
    }
    columns
}

fn columns<'a>(
    names: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    shift: &[f32],
    scale: &[f32],
) -> Vec<Column> {
    let column = |(((name, unit), &shift), &scale): (((&str, Option<&str>), &f32), &f32)| Column {
        name: name.to_owned(),
        unit: unit.map(str::to_owned),
        shift,
        scale,
        range: None,
        support: None,
        transform: None,
        limits: None,
        fill: None,
    };
    names.zip(shift).zip(scale).map(column).collect()
}

impl Inspect {
    pub fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let file = ModelFile::open(&self.model)?;
        let found = Inspection::new(&file.model(), file.bytes().len());
        output.say(format_args!(
            "{}: {} bytes, format {}, {} kernels, written by {}",
            self.model.display(),
            found.file_bytes,
            found.format_version,
            found.storage,
            found.producer
        ))?;
        for (role, columns) in [("input", &found.inputs), ("target", &found.targets)] {
            for column in columns {
                let unit = column
                    .unit
                    .as_ref()
                    .map_or(String::new(), |unit| format!(" [{unit}]"));
                let (name, shift, scale) = (&column.name, column.shift, column.scale);
                let (value, more) = (column.value(), column.more());
                let sign = if shift < 0.0 { '+' } else { '−' };
                output.say(format_args!(
                    "{role:<7} {name}{unit}: ({value} {sign} {}) / {scale}{more}",
                    shift.abs()
                ))?;
            }
        }
        match found.input_shape.as_deref() {
            Some([steps, channels]) => output.say(format_args!(
                "inputs  a sequence of {steps} steps of {channels} channels"
            ))?,
            Some([height, width, channels]) => output.say(format_args!(
                "inputs  an image of {height} × {width} pixels of {channels} channels"
            ))?,
            _ => {}
        }
        if found.skipped_records > 0 {
            output.say(format_args!(
                "skipped {} records of the header that this version does not know",
                found.skipped_records
            ))?;
        }
        for layer in &found.layers {
            let (inputs, outputs, activation) = (layer.inputs, layer.outputs, &layer.activation);
            output.say(format_args!("layer   {inputs} → {outputs}, {activation}"))?;
        }
        if found.networks > 1 {
            output.say(format_args!(
                "ensemble of {} such networks of {} components",
                found.networks,
                found.components / found.networks
            ))?;
        }
        output.say(format_args!(
            "mixture {} components, {} dimensions, {} covariance, {} scales from {:.3e} to {:.3e}\n\
             {} parameters, {} golden vectors, {}",
            found.components,
            found.dimensions,
            found.covariance,
            found.scale_map,
            found.scale_min,
            found.scale_max,
            found.parameters,
            found.golden_vectors,
            found
                .anomaly_threshold
                .map_or("no anomaly threshold".to_owned(), |threshold| {
                    format!("anomaly above −ln p = {threshold:.4}")
                })
        ))?;
        output.say(format_args!(
            "\nfirmware: {} bytes of flash for the file, {} bytes of RAM for a prediction\n\
             const MODEL: &[u8] = mdn_infer::include_model!({:?});\n\
             Predictor::<{}>::new(&model, level)",
            found.file_bytes,
            found.working_bytes,
            self.model.display().to_string(),
            found.working_len
        ))?;
        output.result(&found)
    }
}
