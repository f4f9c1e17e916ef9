//! The checked, borrowed view of a model file.
//!
//! [`Model::parse`] is the only way in. Once it has succeeded, shapes agree with each other and
//! every number is finite, so nothing behind it needs to check the model again. What the model
//! computes is in `forward`.

use crate::error::ParseError;
use crate::format::{
    self, Head, Header, InputRanges, Layout, MAX_HIDDEN, Shape, Storage, Supports,
};
use crate::layers::Layer;
use crate::math;
use crate::mixture::Targets;

/// A model, borrowed from the bytes of its file.
///
/// Parsing costs one pass over the file and copies nothing: the numbers stay where they are,
/// in flash as well as in a memory map.
///
/// ```
/// # fn main() -> Result<(), mdn_infer::ParseError> {
/// const FILE: &[u8] = mdn_infer::include_model!("../samples/classic.mdn");
/// let model = mdn_infer::Model::parse(FILE)?;
/// assert_eq!(model.inputs(), 1);
/// assert_eq!(model.head().components, 24);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    header: Header<'a>,
    layout: Layout,
    words: &'a [f32],
    layers: [Layer<'a>; MAX_HIDDEN + 1],
    log_normaliser: f32,
    targets: Option<Targets<'a>>,
}

impl<'a> Model<'a> {
    /// Checks the whole file and borrows it.
    ///
    /// # Errors
    ///
    /// [`ParseError`] says what is wrong with the bytes; [`ParseError::Misaligned`] and
    /// [`ParseError::ForeignEndian`] say that they cannot be used in place:
    /// [`parse_into`](Self::parse_into) copies.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (header, layout, blob) = format::read(bytes)?;
        Self::assemble(header, layout, format::cast_words(blob)?)
    }

    /// Checks the whole file and copies its numbers into `buffer`, so that `bytes` may lie at any
    /// address and this machine may be big-endian. [`words_needed`](Self::words_needed) says how
    /// long the buffer must be.
    ///
    /// # Errors
    ///
    /// [`ParseError`].
    pub fn parse_into(bytes: &'a [u8], buffer: &'a mut [f32]) -> Result<Self, ParseError> {
        let (header, layout, blob) = format::read(bytes)?;
        Self::assemble(header, layout, format::copy_words(blob, buffer)?)
    }

    /// How long the buffer of [`parse_into`](Self::parse_into) must be for this file.
    ///
    /// # Errors
    ///
    /// [`ParseError`] where the file is not sound.
    pub fn words_needed(bytes: &[u8]) -> Result<usize, ParseError> {
        Ok(format::read(bytes)?.1.words)
    }

    pub(crate) fn assemble(
        header: Header<'a>,
        layout: Layout,
        words: &'a [f32],
    ) -> Result<Self, ParseError> {
        let mut layers = [Layer::EMPTY; MAX_HIDDEN + 1];
        let places = layout.layers.into_iter().zip(header.layers());
        for (slot, (at, (kind, input))) in layers.iter_mut().zip(places) {
            let unfit = ParseError::InconsistentSizes;
            let words = words.get(at..).ok_or(unfit)?;
            *slot = Layer::new(words, kind, input, header.storage).ok_or(unfit)?;
        }
        let mut model = Model {
            header,
            layout,
            words,
            layers,
            log_normaliser: 0.0,
            targets: match cfg!(feature = "supports") {
                true => header.supports.and_then(Targets::new),
                false => None,
            },
        };
        model.check_numbers()?;
        model.log_normaliser = log_normaliser(model.target_scale());
        Ok(model)
    }

    fn check_numbers(&self) -> Result<(), ParseError> {
        let positive = |scale: &f32| scale.is_normal() && *scale > 0.0;
        let [first_layer, ..] = self.layout.layers;
        let affine = 2 * (self.network_inputs() + self.dimensions());
        let standardisation = self.words.get(..affine.min(first_layer)).unwrap_or(&[]);
        let sound = standardisation.iter().all(|word| word.is_finite())
            && (0..self.members()).all(|member| self.network(member).all(|layer| layer.is_sound()))
            && self.input_scale().iter().all(positive)
            && self.target_scale().iter().all(positive)
            && self.supports_fit()
            && self.rules_are_sound()
            && self.golden().all(|golden| {
                self.takes(golden.input) && golden.target.iter().all(|word| word.is_finite())
            });
        if sound {
            Ok(())
        } else {
            Err(ParseError::InvalidNumber)
        }
    }

    /// Whether the places and lengths of supports are of a size with the standardised targets.
    fn supports_fit(&self) -> bool {
        let affine = self.target_shift().iter().zip(self.target_scale());
        let supports = self.supports().into_iter();
        let mut each = supports.flat_map(|supports| supports.iter()).zip(affine);
        each.all(|(support, (&shift, &scale))| support.fits(shift, scale))
    }

    /// How the kernels are stored.
    pub const fn storage(&self) -> Storage {
        self.header.storage
    }

    /// What the file says of itself.
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// The meaning of the outputs.
    pub const fn head(&self) -> &Head {
        &self.header.head
    }

    /// I, the number of inputs.
    pub fn inputs(&self) -> usize {
        self.header.inputs.into()
    }

    /// How the inputs are arranged.
    pub const fn input_shape(&self) -> Shape {
        self.header.input_shape()
    }

    /// The range of each input, where the file states it.
    pub const fn input_ranges(&self) -> Option<InputRanges<'a>> {
        self.header.input_ranges
    }

    /// The support of each target, where the file states it.
    pub const fn supports(&self) -> Option<Supports<'a>> {
        match cfg!(feature = "supports") {
            true => self.header.supports,
            false => None,
        }
    }

    /// The supports, where one is not the whole line.
    pub(crate) const fn targets(&self) -> Option<Targets<'a>> {
        self.targets
    }

    /// D, the number of target dimensions.
    pub fn dimensions(&self) -> usize {
        self.header.head.dimensions.into()
    }

    /// K, the number of components of the mixture: those of all networks.
    pub fn components(&self) -> usize {
        self.header.components()
    }

    /// M, the number of networks: more than 1 in an ensemble, whose density is the mean of theirs.
    /// Each has K / M components; network m's are those from m K / M on.
    pub fn members(&self) -> usize {
        self.header.members.into()
    }

    /// How many numbers the trainer adjusted: all kernels and biases of all networks.
    pub fn parameters(&self) -> usize {
        let layers = self.header.layers();
        let network: usize = layers.map(|(layer, input)| layer.parameters(input)).sum();
        self.members() * network
    }

    /// How many multiplications, each followed by an addition, the layers of all networks take for
    /// one prediction.
    pub fn multiply_adds(&self) -> usize {
        let layers = self.header.layers();
        let network: usize = layers
            .map(|(layer, input)| layer.multiply_adds(input))
            .sum();
        self.members() * network
    }

    /// How many f32 the parameters of the mixture take.
    pub(crate) fn parameters_len(&self) -> usize {
        self.members() * self.head().parameters()
    }

    /// How many f32 of working memory a prediction needs.
    pub const fn working_len(&self) -> usize {
        self.layout.working_len
    }

    /// The lengths of the two buffers between which the activations of one row alternate.
    pub(crate) const fn buffers(&self) -> [usize; 2] {
        self.layout.buffers
    }

    /// The names of the input columns with their units, where they have one.
    pub fn input_columns(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        format::columns(self.header.input_columns)
    }

    /// The names of the target columns with their units, where they have one.
    pub fn target_columns(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        format::columns(self.header.target_columns)
    }

    /// The layers of the first network in order, the head's last. Those of the others have
    /// the same shapes, activations and storage; [`network`](Self::network) has their numbers.
    pub fn layers(&self) -> &[Layer<'a>] {
        self.layers.get(..self.layout.depth).unwrap_or(&[])
    }

    /// The layers of network `member` in order, the head's last; none where there is no such
    /// network.
    pub fn network(&self, member: usize) -> impl ExactSizeIterator<Item = Layer<'a>> + use<'a, '_> {
        let exists = member < self.members();
        let layers = if exists { self.layers() } else { &[] };
        (0..layers.len()).map(move |index| self.layer(member, index).unwrap_or(Layer::EMPTY))
    }

    /// The layers of network `member`, in these slots.
    pub(crate) fn network_layers<'s>(
        &self,
        member: usize,
        slots: &'s mut [Layer<'a>; MAX_HIDDEN + 1],
    ) -> &'s [Layer<'a>] {
        for (slot, layer) in slots.iter_mut().zip(self.network(member)) {
            *slot = layer;
        }
        slots.get(..self.layout.depth).unwrap_or(&[])
    }

    /// Layer `index` of network `member`, where there is one.
    fn layer(&self, member: usize, index: usize) -> Option<Layer<'a>> {
        let first = self.layers().get(index)?;
        let at = self.layout.layers.get(index)? + member * self.layout.network_words;
        first.with_numbers(self.words.get(at..)?)
    }

    fn span(&self, start: usize, len: usize) -> &'a [f32] {
        self.words.get(start..start + len).unwrap_or(&[])
    }

    /// How many numbers go into the first layer: the I inputs, then an indicator for each that may be
    /// missing, in order ([`InputRule::fill`](format::InputRule::fill)).
    pub fn network_inputs(&self) -> usize {
        self.header.network_inputs()
    }

    /// `[network_inputs]`: subtracted from each raw input, or from what its rule makes of it
    /// ([`input_rules`](Self::input_rules)), and from each indicator.
    pub fn input_shift(&self) -> &'a [f32] {
        self.span(0, self.network_inputs())
    }

    /// `[network_inputs]`: then divides it.
    pub fn input_scale(&self) -> &'a [f32] {
        self.span(self.network_inputs(), self.network_inputs())
    }

    /// `[5][I]`, where there are rules: the low limits, the high ones, centres, units and fills.
    pub(crate) fn rule_numbers(&self) -> &'a [f32] {
        let after = 2 * (self.network_inputs() + self.dimensions());
        self.span(after, self.header.rule_words())
    }

    /// `[D]`: the raw target that standardises to 0.
    pub fn target_shift(&self) -> &'a [f32] {
        self.span(2 * self.network_inputs(), self.dimensions())
    }

    /// `[D]`: one standardised unit of the target in raw units.
    pub fn target_scale(&self) -> &'a [f32] {
        self.span(
            2 * self.network_inputs() + self.dimensions(),
            self.dimensions(),
        )
    }

    /// The golden vectors of the file.
    pub fn golden(&self) -> impl Iterator<Item = Golden<'a>> + use<'a> {
        let count = usize::from(self.header.golden);
        let (inputs, dimensions) = (self.inputs(), self.dimensions());
        let all = self.span(self.layout.golden, self.layout.golden_len * count);
        all.chunks_exact(self.layout.golden_len.max(1))
            .map(move |vector| {
                let (input, rest) = vector.split_at_checked(inputs).unwrap_or_default();
                let (target, expected) = rest.split_at_checked(dimensions).unwrap_or_default();
                Golden {
                    input,
                    target,
                    expected,
                }
            })
    }

    pub(crate) const fn common_log_normaliser(&self) -> f32 {
        self.log_normaliser
    }
}

/// −(D/2) ln 2π − Σ ln(target scale) `[D]`, summed in the order of the dimensions: what every
/// component's log-density has in common.
pub(crate) fn log_normaliser(target_scale: &[f32]) -> f32 {
    const HALF_LN_2PI: f32 = 0.918_938_5;
    target_scale
        .iter()
        .fold(0.0, |sum, &scale| sum - (HALF_LN_2PI + math::ln(scale)))
}

/// A test case that travels with the model: an input and the exact outputs it must give.
#[derive(Clone, Copy, Debug)]
pub struct Golden<'a> {
    /// `[I]`, raw
    pub input: &'a [f32],
    /// `[D]`, raw
    pub target: &'a [f32],
    /// The outputs in the order of [`Mixture::outputs`](crate::Mixture::outputs).
    pub expected: &'a [f32],
}
