//! `mdn-train inspect`

use clap::Args;
use mdn_infer::Model;
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
}

#[derive(Serialize)]
struct LayerShape {
    inputs: usize,
    outputs: usize,
    activation: String,
}

impl Inspection {
    fn new(model: &Model<'_>, file_bytes: usize) -> Self {
        let head = model.head();
        let layers = model.layers().iter().map(|layer| LayerShape {
            inputs: layer.inputs(),
            outputs: layer.outputs(),
            activation: format!("{:?}", layer.activation()).to_lowercase(),
        });
        Inspection {
            file_bytes,
            format_version: model.header().version(),
            storage: model.storage().name(),
            producer: model.header().producer.to_owned(),
            inputs: columns(
                model.input_columns(),
                model.input_shift(),
                model.input_scale(),
            ),
            targets: columns(
                model.target_columns(),
                model.target_shift(),
                model.target_scale(),
            ),
            layers: layers.collect(),
            networks: model.members(),
            components: model.components(),
            dimensions: model.dimensions(),
            covariance: format!("{:?}", head.covariance).to_lowercase(),
            scale_map: format!("{:?}", head.scale_map).to_lowercase(),
            scale_min: f64::from(head.log_scale_min).exp(),
            scale_max: f64::from(head.log_scale_max).exp(),
            parameters: model.parameters(),
            anomaly_threshold: model.header().anomaly_threshold,
            golden_vectors: model.header().golden,
            working_len: model.working_len(),
            working_bytes: 4 * model.working_len(),
        }
    }
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
                let sign = if shift < 0.0 { '+' } else { '−' };
                output.say(format_args!(
                    "{role:<7} {name}{unit}: (value {sign} {}) / {scale}",
                    shift.abs()
                ))?;
            }
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
