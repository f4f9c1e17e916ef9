//! The header: what a model is made of, and which of that a file may say.

use super::columns::check_columns;
use super::input_rules::InputRules;
use super::statements::InputRanges;
use super::supports::Supports;
use super::{
    Covariance, Head, Layer, MAX_COMPONENTS, MAX_DIMENSIONS, MAX_HIDDEN, MAX_LOG_SCALE,
    RULE_NUMBERS, ScaleMap, Shape, Storage,
};
use crate::error::ParseError;

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header<'a> {
    /// The program that wrote the file, with its version.
    pub producer: &'a str,
    /// The input columns, one a line: `name`, or `name`, a tab and the unit.
    pub input_columns: &'a str,
    /// The target columns, written alike.
    pub target_columns: &'a str,
    /// I, the number of inputs.
    pub inputs: u16,
    /// The hidden layers in order, then [`Layer::NONE`] to the end.
    pub hidden: [Layer; MAX_HIDDEN],
    /// The meaning of the outputs.
    pub head: Head,
    /// The anomaly score, −ln p in raw units, above which a target counts as an anomaly.
    pub anomaly_threshold: Option<f32>,
    /// How many golden vectors the file holds.
    pub golden: u16,
    /// How the kernels are stored. From version 2 on; it is f32 before.
    pub storage: Storage,
    /// M, the number of networks: 1, or more in an ensemble. From version 3 on; it is 1 before.
    pub members: u8,
    /// How the inputs are arranged, where they are no vector. From version 4 on.
    pub input_shape: Option<Shape>,
    /// The range of each input, where the file states it. From version 4 on.
    pub input_ranges: Option<InputRanges<'a>>,
    /// The support of each target, where the file states it. From version 4 on.
    pub supports: Option<Supports<'a>>,
    /// What is done to each input before it is standardised, where anything is. From version 4 on.
    pub input_rules: Option<InputRules<'a>>,
    /// How many records a reader skipped, because it did not know them and need not. A writer
    /// writes none of them and takes this for 0.
    pub skipped_records: u16,
}

impl<'a> Header<'a> {
    /// What a reader begins with.
    pub(super) const EMPTY: Self = Header::new(
        0,
        Head {
            components: 0,
            dimensions: 0,
            covariance: Covariance::Isotropic,
            scale_map: ScaleMap::Exp,
            log_scale_min: 0.0,
            log_scale_max: 0.0,
        },
    );

    /// The header of a network of `inputs` inputs without hidden layers: one network, f32 kernels, no
    /// golden vectors, and neither names nor anything else stated.
    pub const fn new(inputs: u16, head: Head) -> Self {
        Header {
            producer: "",
            input_columns: "",
            target_columns: "",
            inputs,
            hidden: [Layer::NONE; MAX_HIDDEN],
            head,
            anomaly_threshold: None,
            golden: 0,
            storage: Storage::F32,
            members: 1,
            input_shape: None,
            input_ranges: None,
            supports: None,
            input_rules: None,
            skipped_records: 0,
        }
    }

    /// The version of the file: the lowest that can express what it holds.
    pub const fn version(&self) -> u16 {
        let stated = self.input_shape.is_some()
            || self.input_ranges.is_some()
            || self.supports.is_some()
            || self.input_rules.is_some();
        if stated || self.skipped_records > 0 {
            return 4;
        }
        match (self.members, self.storage) {
            (0 | 1, Storage::F32) => 1,
            (0 | 1, _) => 2,
            _ => 3,
        }
    }

    /// Components of the mixture: those of all networks.
    pub const fn components(&self) -> usize {
        self.members as usize * self.head.components as usize
    }

    /// The hidden layers that exist.
    pub fn hidden_layers(&self) -> impl Iterator<Item = Layer> + use<> {
        self.hidden
            .into_iter()
            .take_while(|layer| !layer.is_empty())
    }

    /// Every layer of a network in order, each with the shape of what goes into it: the hidden layers,
    /// then the head's. It ends early where a layer cannot take what the one before hands on.
    pub fn layers(&self) -> impl Iterator<Item = (Layer, Shape)> + use<'_, 'a> {
        let depth = self.hidden_layers().count();
        let mut input = Some(match self.input_rules {
            Some(_) => Shape::Vector(self.network_inputs() as u32),
            None => self.input_shape(),
        });
        (0..=depth).map_while(move |index| {
            let layer = match self.hidden.get(index) {
                Some(hidden) if index < depth => *hidden,
                _ => self.head.layer(),
            };
            let shape = input?;
            input = layer.output(shape);
            Some((layer, shape))
        })
    }

    /// How many numbers go into the first layer: the inputs, then an indicator for each that may be
    /// missing.
    pub fn network_inputs(&self) -> usize {
        usize::from(self.inputs) + self.input_rules.map_or(0, |rules| rules.indicators())
    }

    /// How many numbers the blob has of the rules of the inputs.
    pub(crate) fn rule_words(&self) -> usize {
        match self.input_rules {
            Some(_) => RULE_NUMBERS * usize::from(self.inputs),
            None => 0,
        }
    }

    /// How the inputs are arranged.
    pub const fn input_shape(&self) -> Shape {
        match self.input_shape {
            Some(shape) => shape,
            None => Shape::Vector(self.inputs as u32),
        }
    }

    /// Checks names and sizes against each other and the format's limits.
    pub(super) fn check(&self) -> Result<(), ParseError> {
        let head = &self.head;
        let bounded = |bound: f32| (-MAX_LOG_SCALE..=MAX_LOG_SCALE).contains(&bound);
        let hidden = self.hidden_layers().count();
        let (inputs, dimensions) = (usize::from(self.inputs), usize::from(head.dimensions));
        let arranged = |shape: Shape| !matches!(shape, Shape::Vector(_)) && shape.len() == inputs;
        let shapes = inputs > 0
            && self.input_shape.is_none_or(arranged)
            && (self.input_shape.is_none() || self.input_rules.is_none())
            && self.network_inputs() <= usize::from(u16::MAX)
            && (1..=MAX_COMPONENTS).contains(&self.components())
            && (1..=MAX_DIMENSIONS).contains(&dimensions)
            && self
                .hidden
                .iter()
                .skip(hidden)
                .all(|layer| *layer == Layer::NONE);
        if !shapes {
            return Err(ParseError::UnsupportedShape);
        }
        if !(bounded(head.log_scale_min)
            && bounded(head.log_scale_max)
            && head.log_scale_min < head.log_scale_max
            && self.anomaly_threshold.is_none_or(f32::is_finite))
        {
            return Err(ParseError::InvalidNumber);
        }
        check_columns(self.input_columns, inputs)?;
        check_columns(self.target_columns, dimensions)?;
        self.input_ranges
            .map_or(Ok(()), |ranges| ranges.check(inputs))?;
        self.input_rules
            .map_or(Ok(()), |rules| rules.check(inputs))?;
        match self.supports {
            Some(supports) if cfg!(feature = "supports") => {
                supports.check(dimensions, head.covariance)
            }
            _ => Ok(()),
        }
    }
}
