//! The checks of a draft: counts first, then lengths, then every number.

use std::ops::RangeInclusive;

use half::{bf16, f16};
use mdn_infer::format::{MAX_COMPONENTS, MAX_DIMENSIONS, MAX_HIDDEN, MAX_LOG_SCALE, Shape};

use super::{
    Columns, DenseLayer, DraftError, GoldenRow, Kernel, ModelDraft, Place, Side, Statements,
};

/// Most inputs, units of a layer and golden vectors.
const MOST: usize = u16::MAX as usize;

impl ModelDraft {
    /// Whether it is a model of the format. O(parameters).
    ///
    /// # Errors
    ///
    /// [`DraftError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), DraftError> {
        let components = self.networks.len() * usize::from(self.head.components);
        let (inputs, dimensions) = (self.inputs.names.len(), self.head.dimensions.into());
        count("networks", self.networks.len(), 1..=u8::MAX.into())?;
        count("components", components, 1..=MAX_COMPONENTS)?;
        count("inputs", inputs, 1..=MOST)?;
        count("target dimensions", dimensions, 1..=MAX_DIMENSIONS)?;
        count("hidden layers", self.hidden.len(), 0..=MAX_HIDDEN)?;
        for (layer, hidden) in (1..).zip(&self.hidden) {
            let units = hidden.units();
            if !(1..=MOST).contains(&units) {
                return Err(DraftError::Units { layer, units });
            }
        }
        self.check_bounds()?;
        let indicators = self.statements.indicators();
        self.inputs.check(Side::Inputs, inputs, indicators)?;
        self.targets.check(Side::Targets, dimensions, 0)?;
        self.check_statements(inputs, dimensions)?;
        let mut networks = (1..).zip(&self.networks);
        networks.try_for_each(|(network, layers)| self.check_network(network, layers))
    }

    fn check_statements(&self, inputs: usize, dimensions: usize) -> Result<(), DraftError> {
        let Statements {
            input_shape,
            input_ranges,
            supports,
            input_rules,
        } = &self.statements;
        match input_shape {
            Some(Shape::Vector(_)) => return Err(DraftError::Vector),
            Some(shape) => length(Place::InputShape, shape.len(), inputs)?,
            None => {}
        }
        if let Some(supports) = supports {
            length(Place::Supports, supports.len(), dimensions)?;
        }
        if let Some(rules) = input_rules {
            length(Place::InputRules, rules.len(), inputs)?;
            if input_shape.is_some() {
                return Err(DraftError::RulesOfShape);
            }
            if let Some(index) = rules.iter().position(|rule| !rule.is_sound()) {
                return Err(DraftError::Rule { index });
            }
        }
        let Some(ranges) = input_ranges else {
            return Ok(());
        };
        length(Place::InputRanges, ranges.len(), inputs)?;
        let ordered = |&(least, greatest): &(f32, f32)| {
            least.is_finite() && greatest.is_finite() && least <= greatest
        };
        match ranges.iter().position(|range| !ordered(range)) {
            Some(index) => Err(DraftError::Range {
                index,
                range: ranges[index],
            }),
            None => Ok(()),
        }
    }

    fn check_bounds(&self) -> Result<(), DraftError> {
        let (minimum, maximum) = (self.head.log_scale_min, self.head.log_scale_max);
        let bounded = |bound| (-MAX_LOG_SCALE..=MAX_LOG_SCALE).contains(&bound);
        if !(bounded(minimum) && bounded(maximum) && minimum < maximum) {
            return Err(DraftError::Bounds { minimum, maximum });
        }
        match self.anomaly_threshold {
            Some(threshold) if !threshold.is_finite() => {
                Err(DraftError::AnomalyThreshold(threshold))
            }
            _ => Ok(()),
        }
    }

    fn check_network(&self, network: usize, layers: &[DenseLayer]) -> Result<(), DraftError> {
        let hidden = self.hidden.iter().map(|layer| layer.units());
        let inputs = self.inputs.names.len() + self.statements.indicators();
        let widths = [inputs].into_iter().chain(hidden);
        let widths: Vec<usize> = widths.chain([self.head.outputs()]).collect();
        let (found, expected) = (layers.len(), widths.len() - 1);
        if found != expected {
            return Err(DraftError::Depth {
                network,
                found,
                expected,
            });
        }
        let storage = self.storage();
        for ((layer, numbers), shape) in (1..).zip(layers).zip(widths.windows(2)) {
            let (found, place) = (numbers.kernel.storage(), Place::Kernel { network, layer });
            if found != storage {
                return Err(DraftError::Storage {
                    place,
                    found,
                    expected: storage,
                });
            }
            numbers.check((network, layer), (shape[0], shape[1]))?;
        }
        Ok(())
    }

    fn may_be_missing(&self, input: usize) -> bool {
        let mut rules = self.statements.input_rules.iter().flatten();
        rules.nth(input).is_some_and(|rule| rule.fill.is_some())
    }

    /// Whether golden vectors can be recorded at `rows`.
    pub(super) fn check_rows(&self, rows: &[GoldenRow<'_>]) -> Result<(), DraftError> {
        count("golden rows", rows.len(), 1..=MOST)?;
        let widths = (self.inputs.names.len(), self.head.dimensions.into());
        for (number, (input, target)) in (1..).zip(rows) {
            let (index, place) = (std::cell::Cell::new(0), Place::Golden(Side::Inputs, number));
            let allowed = |value: f32| {
                let input = index.replace(index.get() + 1);
                value.is_finite() || (value.is_nan() && self.may_be_missing(input))
            };
            each(place, input, widths.0, |&number| number, allowed)?;
            finite(Place::Golden(Side::Targets, number), target, widths.1)?;
        }
        Ok(())
    }
}

impl Columns {
    /// Whether they are so many, with room for `more` in the standardiser.
    fn check(&self, side: Side, columns: usize, more: usize) -> Result<(), DraftError> {
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        let texts = self
            .names
            .iter()
            .flat_map(|(name, unit)| [Some(name), unit.as_ref()]);
        if let Some(name) = texts.flatten().find(|text| !plain(text)) {
            let name = name.clone();
            return Err(DraftError::Name { side, name });
        }
        length(Place::Names(side), self.names.len(), columns)?;
        let columns = columns + more;
        finite(Place::Shift(side), &self.standardiser.shift, columns)?;
        let positive = |scale: f32| scale.is_normal() && scale > 0.0;
        each(
            Place::Scale(side),
            &self.standardiser.scale,
            columns,
            |&scale| scale,
            positive,
        )
    }
}

impl DenseLayer {
    fn check(
        &self,
        (network, layer): (usize, usize),
        (inputs, outputs): (usize, usize),
    ) -> Result<(), DraftError> {
        let (place, entries) = (Place::Kernel { network, layer }, inputs * outputs);
        match &self.kernel {
            Kernel::F32(numbers) => finite(place, numbers, entries)?,
            Kernel::F16(patterns) => {
                let number = |&pattern: &u16| f16::from_bits(pattern).to_f32();
                each(place, patterns, entries, number, f32::is_finite)?;
            }
            Kernel::Bf16(patterns) => {
                let number = |&pattern: &u16| bf16::from_bits(pattern).to_f32();
                each(place, patterns, entries, number, f32::is_finite)?;
            }
            Kernel::I8 {
                entries: integers,
                scales,
            } => {
                let symmetric = |entry: f32| entry > i8::MIN.into();
                each(place, integers, entries, |&entry| entry.into(), symmetric)?;
                finite(Place::KernelScales { network, layer }, scales, outputs)?;
            }
        }
        finite(Place::Bias { network, layer }, &self.bias, outputs)
    }
}

fn count(
    what: &'static str,
    found: usize,
    allowed: RangeInclusive<usize>,
) -> Result<(), DraftError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    Err(DraftError::Count {
        what,
        found,
        least: *allowed.start(),
        most: *allowed.end(),
    })
}

fn length(place: Place, found: usize, expected: usize) -> Result<(), DraftError> {
    if found == expected {
        return Ok(());
    }
    Err(DraftError::Length {
        place,
        found,
        expected,
    })
}

/// As many numbers as expected, all finite.
fn finite(place: Place, numbers: &[f32], expected: usize) -> Result<(), DraftError> {
    each(place, numbers, expected, |&number| number, f32::is_finite)
}

/// As many entries as expected, the `number` of each as `allowed`.
fn each<E>(
    place: Place,
    entries: &[E],
    expected: usize,
    number: impl Fn(&E) -> f32,
    allowed: impl Fn(f32) -> bool,
) -> Result<(), DraftError> {
    length(place, entries.len(), expected)?;
    let mut numbers = entries.iter().map(number).enumerate();
    match numbers.find(|&(_, value)| !allowed(value)) {
        Some((index, value)) => Err(DraftError::Number {
            place,
            index,
            value,
        }),
        None => Ok(()),
    }
}
