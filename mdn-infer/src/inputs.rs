//! Raw inputs before the network: which are refused, what is done to each, how far out they lie.
//!
//! A file without rules standardises every input as it is. With rules ([`InputRule`]) an input may be
//! missing, is brought between its limits and transformed first, always in that order and with the same
//! bits on every target; NaN is refused wherever its rule does not allow it. What rules a model gets is
//! the trainer's business, how they are stored that of `format`.

use crate::check::{check, check_len};
use crate::error::PredictError;
use crate::format::{InputRule, InputRules, InputTransform};
use crate::math;
use crate::model::Model;

impl InputRule {
    /// The value that is standardised in place of the raw value `x`. Monotone in `x`; NaN counts as
    /// missing.
    ///
    /// ```
    /// use mdn_infer::format::{InputRule, InputTransform};
    ///
    /// let transform = InputTransform::Log { centre: 0.0, unit: 1.0 };
    /// let rule = InputRule { low: 0.5, high: 100.0, transform, fill: Some(1.0) };
    /// assert_eq!(rule.apply(f32::NAN), 0.0);
    /// assert_eq!(rule.apply(-3.0), rule.apply(0.5));
    /// assert_eq!(rule.apply(1e6), rule.apply(100.0));
    /// assert_eq!(rule.restore(rule.apply(1.0)), 1.0);
    /// ```
    pub fn apply(&self, x: f32) -> f32 {
        let x = match self.fill {
            Some(fill) if x.is_nan() => fill,
            _ => x,
        };
        let x = self.limited(x);
        self.transform.of(x)
    }

    /// The raw value that [`apply`](Self::apply) turns into `value`, up to rounding, or the limit that is
    /// nearest to it.
    #[inline(never)]
    pub fn restore(&self, value: f32) -> f32 {
        let (centre, unit, symmetric) = match self.transform {
            InputTransform::Identity => return self.limited(value),
            InputTransform::Log { centre, unit } => (centre, unit, false),
            InputTransform::SymmetricLog { centre, unit } => (centre, unit, true),
        };
        // One call for both: small processors have the code of a function wherever it stands.
        let power = math::exp(if symmetric { value.abs() } else { value });
        let u = match symmetric {
            true => (power - 1.0).copysign(value),
            false => power,
        };
        self.limited(centre + unit * u)
    }

    fn limited(&self, x: f32) -> f32 {
        limited(x, self.low, self.high)
    }
}

impl<'a> Model<'a> {
    /// What is done to each of the I inputs before it is standardised, where the file has rules.
    pub fn input_rules(&self) -> Option<impl ExactSizeIterator<Item = InputRule> + use<'a>> {
        let rules = self.header().input_rules?;
        Some(rules.with_numbers(self.rule_numbers()))
    }

    /// The rule of input `index`; the default, which changes nothing, where the file has none. O(1).
    pub fn input_rule(&self, index: usize) -> InputRule {
        let rules = self.header().input_rules;
        let rule = rules.and_then(|rules| rules.rule(self.rule_numbers(), index));
        rule.unwrap_or_default()
    }

    /// The raw value of input `index` that standardises to `z`, up to rounding: 0 is the centre of the
    /// training rows, 1 a spread above it. NaN where there is no such input.
    pub fn input_at(&self, index: usize, z: f32) -> f32 {
        let shift = self.input_shift().get(index);
        match (shift, self.input_scale().get(index)) {
            (Some(shift), Some(scale)) if index < self.inputs() => {
                let value = shift + scale * z;
                match self.header().input_rules {
                    Some(_) => self.input_rule(index).restore(value),
                    None => value,
                }
            }
            _ => f32::NAN,
        }
    }

    /// How far the input `x` `[I]` lies outside of what the model was trained on: the largest of its
    /// [`range_distances`](Self::range_distances), 0 where all inputs lie within their ranges. `None` where
    /// the file states no ranges.
    ///
    /// An answer far outside rests on no data, however sure it looks. Cost: a comparison or two an input,
    /// and a logarithm for one outside whose rule has one.
    ///
    /// ```
    /// # fn main() -> Result<(), mdn_infer::ParseError> {
    /// const FILE: &[u8] = mdn_infer::include_model!("../../agreement/models/records.mdn");
    /// let model = mdn_infer::Model::parse(FILE)?;
    /// let centre: [f32; 6] = std::array::from_fn(|input| model.input_at(input, 0.0));
    /// assert_eq!(model.range_distance(&centre), Some(0.0));
    /// let far: [f32; 6] = std::array::from_fn(|input| model.input_at(input, 30.0));
    /// assert!(model.range_distance(&far) > Some(1.0));
    /// # Ok(()) }
    /// ```
    pub fn range_distance(&self, x: &[f32]) -> Option<f32> {
        let distances = self.range_distances(x)?;
        Some(distances.fold(0.0, |far, one| if one > far { one } else { far }))
    }

    /// For each input of `x` `[I]` the distance beyond its range in the training rows, in widths of the
    /// range, both on the scale of its rule's transform; 0 within. `None` where the file states no ranges.
    /// An input whose range is a point is infinitely far from it everywhere else, and one that is missing
    /// (NaN) is no distance away.
    pub fn range_distances<'x>(
        &self,
        x: &'x [f32],
    ) -> Option<impl Iterator<Item = f32> + use<'a, 'x>> {
        let ranges = self.input_ranges()?.iter();
        let plain = core::iter::repeat(InputRule::default());
        let rules = self.input_rules().into_iter().flatten().chain(plain);
        let inputs = ranges.zip(rules).zip(x);
        Some(inputs.map(|((range, rule), &x)| beyond(range, rule.transform, x)))
    }

    /// `x` is so many raw values, whole rows of them, all finite or allowed to be missing.
    pub(crate) fn check_inputs(&self, x: &[f32], expected: usize) -> Result<(), PredictError> {
        let Some(rules) = self.header().input_rules else {
            return check(x, expected);
        };
        check_len(x.len(), expected)?;
        match missing_elsewhere(rules, self.inputs(), x) {
            Some(index) => Err(PredictError::NotFinite { index }),
            None => Ok(()),
        }
    }

    /// Whether the inputs of a golden vector are such as a prediction takes.
    pub(crate) fn takes(&self, x: &[f32]) -> bool {
        self.check_inputs(x, x.len()).is_ok()
    }

    /// z = (value − shift) / scale: the subtraction first, so that a large offset costs no precision.
    #[inline(always)]
    pub(crate) fn standardise(&self, x: &[f32], to: &mut [f32]) {
        if let Some(rules) = self.header().input_rules {
            return match rules.are_limits() {
                true => self.standardise_within_limits(x, to),
                false => self.standardise_by_rules(x, to),
            };
        }
        let affine = self.input_shift().iter().zip(self.input_scale());
        for ((z, x), (shift, scale)) in to.iter_mut().zip(x).zip(affine) {
            *z = (x - shift) / scale;
        }
    }

    /// The same of values brought between their limits: nothing but comparisons, in vectors where the
    /// machine has them.
    #[inline(always)]
    fn standardise_within_limits(&self, x: &[f32], to: &mut [f32]) {
        let (low, high) = self.limits();
        let affine = self.input_shift().iter().zip(self.input_scale());
        let limits = low.iter().zip(high);
        for (((z, &x), (&low, &high)), (shift, scale)) in
            to.iter_mut().zip(x).zip(limits).zip(affine)
        {
            *z = (limited(x, low, high) - shift) / scale;
        }
    }

    /// The low and the high limit of each input, where there are rules.
    fn limits(&self) -> (&'a [f32], &'a [f32]) {
        let numbers = self.rule_numbers();
        let (low, rest) = numbers.split_at_checked(self.inputs()).unwrap_or_default();
        (low, rest.get(..self.inputs()).unwrap_or_default())
    }

    /// The same of values as their rules leave them, then of the indicators. A function of its own, so
    /// that models without rules pay nothing.
    #[inline(never)]
    fn standardise_by_rules(&self, x: &[f32], to: &mut [f32]) {
        let affine = self.input_shift().iter().zip(self.input_scale());
        let mut to = to.iter_mut().zip(affine);
        let mut put = |value: f32| {
            if let Some((z, (shift, scale))) = to.next() {
                *z = (value - shift) / scale;
            }
        };
        for (index, &x) in x.iter().enumerate() {
            put(self.input_rule(index).apply(x));
        }
        for (index, x) in x.iter().enumerate() {
            if self.input_rule(index).fill.is_some() {
                put(f32::from(u8::from(x.is_nan())));
            }
        }
    }

    /// The numbers of the rules are sound.
    pub(crate) fn rules_are_sound(&self) -> bool {
        let rules = self.header().input_rules;
        rules.is_none_or(|rules| rules.are_sound(self.rule_numbers()))
    }
}

/// By comparisons, which leave the sign of a zero alone; `max` and `min` need not.
#[inline(always)]
fn limited(x: f32, low: f32, high: f32) -> f32 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// The first value that is not finite and may not be missing either, in rows of `inputs`.
#[inline(never)]
fn missing_elsewhere(rules: InputRules<'_>, inputs: usize, x: &[f32]) -> Option<usize> {
    let is_allowed = |at: usize, value: &f32| {
        let input = || at.checked_rem(inputs).unwrap_or(at);
        value.is_finite() || (value.is_nan() && rules.may_be_missing(input()))
    };
    let mut values = x.iter().enumerate();
    let found = values.find(|&(at, value)| !is_allowed(at, value));
    found.map(|(at, _)| at)
}

impl InputTransform {
    /// The image of `x`. What has no logarithm is infinitely far below what has one.
    #[inline(never)]
    fn of(self, x: f32) -> f32 {
        let (centre, unit, symmetric) = match self {
            InputTransform::Identity => return x,
            InputTransform::Log { centre, unit } => (centre, unit, false),
            InputTransform::SymmetricLog { centre, unit } => (centre, unit, true),
        };
        let u = (x - centre) / unit;
        if !symmetric && u <= 0.0 {
            return f32::NEG_INFINITY;
        }
        let logarithm = math::ln(if symmetric { 1.0 + u.abs() } else { u });
        match symmetric {
            true => logarithm.copysign(u),
            false => logarithm,
        }
    }
}

/// How far `x` lies beyond the range, in widths of it, after the transform. Halves are taken first, so that
/// no width overflows.
fn beyond((least, greatest): (f32, f32), transform: InputTransform, x: f32) -> f32 {
    let half = |value: f32| 0.5 * transform.of(value);
    let excess = if x < least {
        half(least) - half(x)
    } else if x > greatest {
        half(x) - half(greatest)
    } else {
        return 0.0;
    };
    excess / (half(greatest) - half(least))
}
