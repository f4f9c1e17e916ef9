//! What to fit, and how.

use mdn_infer::format::{Activation, Covariance, ScaleMap};
use serde::Serialize;

use super::SupportRule;
use crate::data::{HoldOut, InputChoice, Transform};
use crate::network::{ActivationCount, Activations, HiddenLayer};
use crate::train::TrainOptions;

/// What to fit, and how.
#[derive(Clone, Debug, Serialize)]
pub struct FitConfig {
    /// How many networks are trained; with more than one the file is an ensemble, whose density is
    /// the mean of theirs.
    pub ensemble: u8,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The function of the hidden units, of all layers or of each.
    pub activation: Activations,
    /// K, the components of each network.
    pub components: u16,
    /// The kind of covariance.
    pub covariance: Covariance,
    /// How network outputs become scales.
    pub scale_map: ScaleMap,
    /// The smallest scale of a component, in the units that training sees.
    pub scale_floor: ScaleFloor,
    /// Train in units of mean 0 and standard deviation 1 of the training rows, and take a few wild
    /// values for the nearest ordinary one ([`Ordinary`](crate::data::Ordinary)).
    pub standardise: bool,
    /// The share of the rows held back to choose the best step, and of those to report where they are
    /// others; 0 for none.
    pub validation: f64,
    /// Which rows are held back. For anything but `Random` the table must have been read with what
    /// [`ArrangedBy`](crate::data::ArrangedBy) names.
    // What a run began with that began when all rows were held back at random.
    #[serde(skip_serializing_if = "HoldOut::is_random")]
    pub hold_out: HoldOut,
    /// Train once more on all rows, those held back too, for as long as they found best: the file has
    /// that network, and the scores of the rows held back are those of the one before.
    pub refit: bool,
    /// Seed of the split and of everything random in training.
    pub seed: u64,
    /// The share of ordinary rows that may count as anomalies: the file's threshold is the score
    /// that this share of the rows held back (or of all, where none are) exceeds.
    pub anomaly_rate: f64,
    /// Unit of a column, by its name.
    pub units: Vec<(String, String)>,
    /// The support of a target, by its name, or of all; the last that fits counts. Those of other
    /// targets are found in the training rows.
    // What a run began with that began before supports were found.
    #[serde(skip_serializing_if = "all_continuous")]
    pub supports: Vec<(Option<String>, SupportRule)>,
    /// What transform each input gets, by its name, or all; the last that fits counts.
    // What a run began with that began before inputs had rules; so with `saturation`.
    #[serde(skip_serializing_if = "all_identity")]
    pub input_transforms: Vec<(Option<String>, InputChoice)>,
    /// How far beyond the training rows' range, in widths of it, an input counts as what it is; farther out
    /// it counts as that far. Infinite for no limit; with `None` the file does not say the ranges either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation: Option<f32>,
    /// The version that the file must have; else it has the lowest that holds the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_version: Option<u16>,
    /// The optimiser and the loop; its seed is replaced by `seed`.
    pub options: TrainOptions,
}

/// The smallest scale of a component.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum ScaleFloor {
    /// From how finely the targets were recorded: in steps of Δ no value can be more than certain,
    /// which is a density of 1/Δ, the peak of a normal of standard deviation Δ/√(2π); a narrower
    /// component would only chase the recording. The finest target decides, and never less than a
    /// thousandth of the spread.
    Automatic,
    /// This scale.
    Fixed(f32),
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            ensemble: 1,
            hidden: vec![64, 64],
            activation: Activation::Silu.into(),
            components: 20,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            scale_floor: ScaleFloor::Automatic,
            standardise: true,
            validation: 0.1,
            hold_out: HoldOut::Random,
            refit: false,
            seed: 0,
            anomaly_rate: 0.01,
            units: Vec::new(),
            supports: Vec::new(),
            input_transforms: Vec::new(),
            saturation: Some(SATURATION),
            file_version: None,
            options: TrainOptions::default(),
        }
    }
}

impl FitConfig {
    /// The classic tutorial's network and recipe for the inverse problem of
    /// [`inverse_sine`](fn@crate::data::generators::inverse_sine): 24 sigmoid units, 24 isotropic
    /// components, raw units, every row for training, plain full-batch Adam.
    ///
    /// One thing is added: a floor of 0.2 on the scales, about the width of the truth's narrowest
    /// branch, 1 / max |dx/dy| = 0.17. Without it the recipe lets a component collapse onto a few
    /// points.
    pub fn classic() -> Self {
        FitConfig {
            hidden: vec![24],
            activation: Activation::Sigmoid.into(),
            components: 24,
            covariance: Covariance::Isotropic,
            scale_floor: ScaleFloor::Fixed(0.2),
            standardise: false,
            validation: 0.0,
            supports: vec![(None, SupportRule::Continuous)],
            input_transforms: vec![(None, InputChoice::Identity)],
            saturation: None,
            options: TrainOptions::classic(),
            ..FitConfig::default()
        }
    }
}

/// Half a range beyond either end of it: room for rows a little further out than those of the training, and
/// not for a decimal point in the wrong place.
const SATURATION: f32 = 0.5;

fn all_identity(choices: &[(Option<String>, InputChoice)]) -> bool {
    matches!(choices, [(None, InputChoice::Identity)])
}

fn all_continuous(supports: &[(Option<String>, SupportRule)]) -> bool {
    matches!(supports, [(None, SupportRule::Continuous)])
}

impl FitConfig {
    /// The hidden layers of each network.
    ///
    /// # Errors
    ///
    /// [`ActivationCount`].
    pub fn hidden_layers(&self) -> Result<Vec<HiddenLayer>, ActivationCount> {
        self.activation.layers(&self.hidden)
    }

    /// What is chosen of the support of the target `name`; what is chosen of a column is so of its logarithm.
    pub(super) fn support_of(&self, name: &str) -> Option<&SupportRule> {
        let names = [name, Transform::split(name).1];
        let fits = |target: &Option<String>| {
            let target = target.as_deref();
            target.is_none_or(|target| names.contains(&target))
        };
        let last = self.supports.iter().rev().find(|(target, _)| fits(target));
        last.map(|(_, rule)| rule)
    }

    /// What is chosen of the transform of the input `name`: what was said last of it.
    pub fn input_choice(&self, name: &str) -> InputChoice {
        let fits = |input: &Option<String>| input.as_deref().is_none_or(|input| input == name);
        let last = self
            .input_transforms
            .iter()
            .rev()
            .find(|(input, _)| fits(input));
        last.map_or(InputChoice::Automatic, |(_, choice)| *choice)
    }

    pub(super) fn column(&self, name: &str) -> (String, Option<String>) {
        let unit = self.units.iter().find(|(column, _)| column == name);
        (name.to_owned(), unit.map(|(_, unit)| unit.clone()))
    }
}
