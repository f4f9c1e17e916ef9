//! What is settled before training starts: which rows are held back, the units that training sees, the
//! network's shape and the bounds of its scales; and what becomes of networks that are trained: a file.

use std::borrow::Cow;

use mdn_infer::PredictError;
use mdn_infer::format::{Head, MAX_DIMENSIONS, MAX_LOG_SCALE, Support};

use super::file_version::STATING;
use super::inputs::Inputs;
use super::support::{self, TargetSupport};
use super::{FitConfig, FitError, HeldOut, LossUnits, ScaleFloor, Table};
use crate::data::{DataError, Ordinary, OwnedRows, Split, Standardiser, StoredRows, TableRows};
use crate::draft::{Columns, ModelDraft, Statements, golden_numbers, golden_rows};
use crate::metrics::map_predictions;
use crate::model_file::ModelFile;
use crate::network::{Architecture, Network};
use crate::train::{
    Control, Feed, Feeds, Keeper, Progress, Rows, TrainError, TrainOptions, Trained, train_from,
};

/// What is settled before training starts.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) config: Cow<'a, FitConfig>,
    /// All rows: those to train on and those held back.
    pub(super) table: Table<'a>,
    architecture: Architecture,
    pub(super) training: OwnedRows,
    /// Those that choose the step.
    validation: OwnedRows,
    /// Those that are reported, where they are others.
    report: Option<OwnedRows>,
    /// What is ordinary for inputs and for targets, judged by all rows but those of the report.
    pub(super) ordinary: [Ordinary; 2],
    /// What is done to the inputs before they are standardised.
    pub(super) prepared: Inputs,
    /// The units that training sees.
    inputs: Standardiser,
    pub(super) targets: Standardiser,
    /// Where the inputs lie.
    spread: Standardiser,
    pub(super) units: LossUnits,
    /// `[D]`, in raw units and in those that training sees.
    pub(super) supports: Vec<TargetSupport>,
    pub(super) standard_supports: Vec<Support>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        table: Table<'a>,
        settings: Cow<'a, FitConfig>,
        split: &Split,
    ) -> Result<Self, FitError> {
        let (config, data) = (&*settings, table.rows());
        let training = data.part(&split.train);
        let report = (!split.report.is_empty()).then(|| data.part(&split.report));
        let seen = report.as_ref().map(|_| data.part(&split.seen()));
        let seen = seen.as_ref().map_or(data, OwnedRows::rows);
        let dimensions = data.target_names().len();
        let (ordinary_inputs, prepared) = Inputs::new(data, training.rows(), config)?;
        let ordinary_targets = match config.standardise {
            true => seen.ordinary_targets()?,
            false => Ordinary::all(dimensions),
        };
        let ordinary = [ordinary_inputs, ordinary_targets];
        let preparation = &prepared.preparation;
        let [spread, mut target_spread] = training.rows().spread(&ordinary, preparation)?;
        spread.check(data.input_names())?;
        target_spread.check(data.target_names())?;
        let supports = support::settle(data, training.rows(), config)?;
        support::restandardise(training.rows(), &supports, &mut target_spread)?;
        let bounds = log_scale_bounds(training.rows(), config, &supports, &target_spread.scale)?;
        let (inputs, targets) = if config.standardise {
            (spread.clone(), target_spread)
        } else {
            (
                Standardiser::identity(prepared.preparation.width()),
                Standardiser::identity(dimensions),
            )
        };
        let validation = data.part(&split.choose);
        let log_slope = |part: &OwnedRows| part.rows().mean_log_slope();
        let log_slopes = [log_slope(&training)?, log_slope(&validation)?];
        let atom_shares = |part: &OwnedRows| support::atom_shares(part.rows(), &supports);
        let atom_shares = [atom_shares(&training)?, atom_shares(&validation)?];
        let affine = targets.shift.iter().zip(&targets.scale);
        let standard_supports = (supports.iter().zip(affine))
            .map(|(one, (&shift, &scale))| support::standard_units(&one.support, shift, scale));
        Ok(Plan {
            standard_supports: standard_supports.collect(),
            architecture: architecture(data, prepared.preparation.width(), config, bounds)?,
            units: LossUnits::new(config.options.loss, &targets, log_slopes, &atom_shares),
            supports,
            validation,
            report,
            training,
            ordinary,
            prepared,
            inputs,
            targets,
            spread,
            config: settings,
            table,
        })
    }

    /// One network, with `seed` for all that is random in its training.
    pub(super) fn train(&self, seed: u64, control: Control<'_>) -> Result<Trained, TrainError> {
        let (training, validation) = (
            self.standard(self.training.rows()),
            self.standard(self.validation.rows()),
        );
        let data = Feeds {
            train: training.feed(),
            validation: self.held_back().map(|_| validation.feed()),
            supports: &self.standard_supports,
        };
        let options = TrainOptions {
            seed,
            ..self.config.options.clone()
        };
        let units = self.units;
        let mut observer = |progress: &Progress| (control.observer)(&units.progress(progress));
        let control = Control {
            observer: &mut observer,
            keeper: control.keeper.map(|keeper| keeper as &mut dyn Keeper),
            ..control
        };
        train_from(&self.architecture, &data, &options, control)
    }

    /// Rows in the units that training sees.
    pub(super) fn standard<'p>(&'p self, part: TableRows<'p>) -> Standard<'p> {
        let source = match part {
            TableRows::Memory(rows) => Source::Memory {
                inputs: self.inputs.apply(&self.prepare(&rows.inputs)),
                targets: self.targets.apply(&self.ordinary[1].clamp(&rows.targets)),
            },
            TableRows::Stored(table) => Source::Stored(StoredRows {
                table,
                ordinary: &self.ordinary,
                preparation: &self.prepared.preparation,
                inputs: &self.inputs,
                targets: &self.targets,
            }),
        };
        Standard {
            source,
            weights: relative(part.weights()),
        }
    }

    /// Raw inputs `[rows][I]` as they are standardised, `[rows][width]`.
    fn prepare(&self, raw: &[f32]) -> Vec<f32> {
        let ordinary = self.ordinary[0].clamp(raw);
        self.prepared.preparation.apply(&ordinary).into_owned()
    }

    /// Makes of a trained network the one of a file. It always says where its inputs lie, whatever units
    /// training saw; and of an input that never changed nothing was learnt.
    pub(super) fn settle(&self, network: &mut Network) {
        network.rebase_inputs(&self.inputs, &self.spread);
        for &input in &self.prepared.silent {
            network.zero_input(input);
        }
    }

    /// The rows that choose the step, where there are any.
    pub(super) fn held_back(&self) -> Option<TableRows<'_>> {
        Some(self.validation.rows()).filter(|rows| rows.count() > 0)
    }

    /// The rows of which the scores are told: others than those that choose, where there are any.
    pub(super) fn reported(&self) -> Option<TableRows<'_>> {
        let report = self.report.as_ref().map(OwnedRows::rows);
        report.or_else(|| self.held_back())
    }

    /// How the rows were parted.
    pub(super) fn held_out(&self) -> HeldOut {
        HeldOut {
            by: self.config.hold_out,
            choosing_rows: self.validation.rows().counted(),
            reported_rows: self.reported().map_or(0, |rows| rows.counted()),
            apart: self.report.is_some(),
        }
    }

    /// The file of these networks, without an anomaly threshold.
    pub(super) fn export(&self, networks: &[Trained]) -> Result<ModelFile, FitError> {
        let columns = |names: &[String], standardiser: &Standardiser| Columns {
            names: names.iter().map(|name| self.config.column(name)).collect(),
            standardiser: standardiser.clone(),
        };
        let networks: Vec<&Network> = networks.iter().map(|trained| &trained.network).collect();
        let rows = self.training.rows();
        let draft = ModelDraft::of_networks(
            &networks,
            columns(rows.input_names(), &self.spread),
            columns(rows.target_names(), &self.targets),
        )?;
        let draft = ModelDraft {
            statements: self.statements()?,
            ..draft
        };
        let mut golden = rows.pick(&golden_numbers(rows.count()))?;
        // As training saw them: at a wild value the network's numbers may leave binary32.
        let [inputs, targets] = &self.ordinary;
        golden.inputs = inputs.clamp(&golden.inputs).into_owned();
        golden.targets = targets.clamp(&golden.targets).into_owned();
        Ok(draft.finish(&golden_rows(&golden))?)
    }

    /// What the file states: the supports of the targets where there are any, what is done to the inputs
    /// where anything is, their ranges where they are to be known, or where its version is to be one that
    /// states something.
    fn statements(&self) -> Result<Statements, DataError> {
        let supports = self.supports.iter().map(|one| one.support);
        let stated = supports
            .clone()
            .any(|support| support != Support::Continuous);
        let input_rules = self.prepared.rules();
        let wanted = !stated && input_rules.is_none() && self.config.file_version == Some(STATING);
        let ranges = || self.training.rows().input_ranges(&self.ordinary[0]);
        Ok(Statements {
            input_ranges: match &self.prepared.ranges {
                Some(ranges) => Some(ranges.clone()),
                None => wanted.then(ranges).transpose()?,
            },
            supports: stated.then(|| supports.collect()),
            input_rules,
            ..Statements::default()
        })
    }

    /// The anomaly score that the configured share of ordinary rows exceeds: of those without a number that
    /// stands for a missing one, where there are any. Rows count by their weights.
    pub(super) fn anomaly_threshold(&self, file: &ModelFile) -> Result<f32, FitError> {
        let rows = self.reported().unwrap_or(self.training.rows());
        let (mut scores, mut marked) = (Vec::with_capacity(rows.count()), Vec::new());
        rows.visit(|block| {
            let file = file.model();
            let found = map_predictions(&file, block, |row, mixture| match mixture {
                Err(PredictError::Overflow) => Ok(f32::INFINITY),
                mixture => mixture?.anomaly_score(block.target(row)),
            })?;
            let mut kept = block.unmarked(&self.ordinary).into_iter().peekable();
            for ((row, score), weight) in found.into_iter().enumerate().zip(block.weights()) {
                match kept.next_if_eq(&row) {
                    Some(_) => scores.push((score, weight)),
                    None => marked.push((score, weight)),
                }
            }
            Ok::<_, FitError>(())
        })?;
        if scores.is_empty() {
            scores = marked;
        }
        scores.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all: f64 = scores.iter().map(|(_, weight)| weight).sum();
        let (below, mut sum) = ((1.0 - self.config.anomaly_rate) * all, 0.0);
        let chosen = scores.iter().find(|(_, weight)| {
            sum += weight;
            sum >= below
        });
        let finite = |&&(score, _): &&(f32, f64)| score.is_finite();
        let last_finite = scores.iter().rev().find(finite);
        Ok(chosen
            .filter(finite)
            .or(last_finite)
            .map_or(f32::MAX, |(score, _)| *score))
    }
}

/// Rows in the units that training sees: on the disk they are brought there when they are read.
pub(super) struct Standard<'a> {
    source: Source<'a>,
    /// As in [`Feed::with_weights`].
    weights: Vec<f32>,
}

enum Source<'a> {
    Memory { inputs: Vec<f32>, targets: Vec<f32> },
    Stored(StoredRows<'a>),
}

impl Standard<'_> {
    pub(super) fn feed(&self) -> Feed<'_> {
        let feed: Feed<'_> = match &self.source {
            Source::Memory { inputs, targets } => Rows { inputs, targets }.into(),
            Source::Stored(rows) => (*rows).into(),
        };
        feed.with_weights(&self.weights)
    }
}

/// Weights as shares of their mean.
fn relative(weights: &[f64]) -> Vec<f32> {
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    weights
        .iter()
        .map(|weight| (weight / mean) as f32)
        .collect()
}

fn architecture(
    data: TableRows<'_>,
    inputs: usize,
    config: &FitConfig,
    (log_scale_min, log_scale_max): (f32, f32),
) -> Result<Architecture, FitError> {
    let found = data.target_names().len();
    let dimensions = u8::try_from(found)
        .ok()
        .filter(|&found| usize::from(found) <= MAX_DIMENSIONS);
    Ok(Architecture {
        inputs,
        hidden: config.hidden_layers()?,
        head: Head {
            components: config.components,
            dimensions: dimensions.ok_or(FitError::TooManyTargets {
                found,
                max: MAX_DIMENSIONS,
            })?,
            covariance: config.covariance,
            scale_map: config.scale_map,
            log_scale_min,
            log_scale_max,
        },
    })
}

/// Bounds on the log-scales, in the units that training sees; `spread` is that of each target.
fn log_scale_bounds(
    training: TableRows<'_>,
    config: &FitConfig,
    supports: &[TargetSupport],
    spread: &[f32],
) -> Result<(f32, f32), DataError> {
    /// A component this many times narrower than a lattice's step is certain of a value.
    const CERTAIN: f32 = 8.0;
    let unit = |spread: f32| if config.standardise { 1.0 } else { spread };
    let resolutions = training.target_resolutions()?;
    let targets = resolutions.iter().zip(supports).zip(spread);
    let floors = targets.map(|((step, one), &spread)| {
        let certain = match one.support {
            Support::Lattice { step, .. } => step / CERTAIN,
            _ => step.unwrap_or(0.0) / std::f32::consts::TAU.sqrt(),
        };
        (certain / spread).clamp(1e-3, 1.0) * unit(spread)
    });
    let floor = match config.scale_floor {
        ScaleFloor::Automatic => floors.min_by(f32::total_cmp).unwrap_or(1e-3),
        ScaleFloor::Fixed(floor) => floor,
    };
    let widest = spread.iter().copied().map(unit).fold(floor, f32::max);
    let bound = |scale: f32| scale.ln().clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE);
    Ok((bound(floor), bound(1e3 * widest)))
}
