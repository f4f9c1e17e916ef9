//! A forward pass: raw inputs in, a mixture in raw units out.
//!
//! On entry the model is sound, as [`Model::parse`] checked; on exit the working memory holds the
//! mixture's parameters at its front and the activations of the last layers behind them. The
//! networks of an ensemble pass one after the other through the same activations, each into a part
//! of the parameters of its own. The layers themselves are in `layers`; what the mixture can answer
//! is in `mixture`.

use crate::error::PredictError;
use crate::format::MAX_HIDDEN;
use crate::layers::{self, Dense};
use crate::mixture::{Mixture, check};
use crate::model::Model;
use crate::selftest::{self, Extent, SelfTest};
use crate::simd::{Kernel, Level, Simd};

/// A model with the working memory for one prediction at a time.
///
/// `N` is the capacity in f32; [`working_len`](crate::working_len) gives it for a file that is
/// known at compile time, [`Model::working_len`] at run time.
///
/// ```
/// use mdn_infer::{Level, Model, Predictor};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// const FILE: &[u8] = mdn_infer::include_model!("../samples/classic.mdn");
/// let model = Model::parse(FILE)?;
/// let mut predictor = Predictor::<{ mdn_infer::working_len(FILE) }>::new(&model, Level::detect())?;
/// let mixture = predictor.predict(&[2.5])?;
/// let density = mixture.density(&[0.3])?;
/// assert!(density > 0.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Predictor<'m, const N: usize> {
    model: &'m Model<'m>,
    level: Level,
    working: Working<N>,
}

#[derive(Clone, Debug)]
#[repr(align(32))]
struct Working<const N: usize>([f32; N]);

impl<'m, const N: usize> Predictor<'m, N> {
    /// A predictor for `model` at `level`.
    ///
    /// # Errors
    ///
    /// [`PredictError::CapacityTooSmall`] when the model needs more than `N` f32.
    pub fn new(model: &'m Model<'m>, level: Level) -> Result<Self, PredictError> {
        match model.working_len() {
            needed if needed > N => Err(PredictError::CapacityTooSmall {
                needed,
                capacity: N,
            }),
            _ => Ok(Predictor {
                model,
                level,
                working: Working([0.0; N]),
            }),
        }
    }

    /// The model.
    pub const fn model(&self) -> &'m Model<'m> {
        self.model
    }

    /// The mixture at the raw input `x` `[I]`. Cost: one multiplication and addition for each
    /// entry of a kernel of each network.
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] and [`PredictError::NotFinite`] speak of `x`;
    /// [`PredictError::Overflow`] when `x` is so far out that the network's outputs overflow.
    #[inline]
    pub fn predict(&mut self, x: &[f32]) -> Result<Mixture<'_>, PredictError> {
        self.model.predict(self.level, x, &mut self.working.0)
    }

    /// Checks the float unit, and runs the model's golden vectors and a fixed set of probes; see
    /// [`SelfTest`]. Cost: some hundred predictions with all their answers.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when the model overflows at one of its own vectors.
    pub fn self_test(&mut self) -> Result<SelfTest, PredictError> {
        self.model.self_test(self.level, &mut self.working.0)
    }

    /// Checks the float unit and runs the model's golden vectors, without the probes: for slow
    /// processors, and for tests now and then. Its verdict is the full one's but for what only the
    /// probes' hash shows.
    ///
    /// # Errors
    ///
    /// As [`self_test`](Self::self_test).
    pub fn self_test_short(&mut self) -> Result<SelfTest, PredictError> {
        self.model.self_test_short(self.level, &mut self.working.0)
    }
}

impl<'a> Model<'a> {
    /// The mixture at the raw input `x` `[I]`, computed in the caller's memory `working`, which
    /// needs [`working_len`](Self::working_len) elements.
    ///
    /// # Errors
    ///
    /// As [`Predictor::predict`], and [`PredictError::CapacityTooSmall`].
    pub fn predict<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        working: &'w mut [f32],
    ) -> Result<Mixture<'w>, PredictError> {
        check(x, self.inputs())?;
        let (needed, capacity) = (self.working_len(), working.len());
        let working = working
            .get_mut(..needed)
            .ok_or(PredictError::CapacityTooSmall { needed, capacity })?;
        self.forward(level, x, working)?;
        let parameters = working.get(..self.parameters_len()).unwrap_or(&[]);
        Ok(Mixture::new(self, level, parameters))
    }

    /// Checks the float unit and runs the golden vectors and probes in the caller's memory `working`,
    /// as [`Predictor::self_test`] does in its own.
    ///
    /// # Errors
    ///
    /// As [`Predictor::self_test`], and [`PredictError::CapacityTooSmall`].
    pub fn self_test(&self, level: Level, working: &mut [f32]) -> Result<SelfTest, PredictError> {
        selftest::run(self, level, working, Extent::Full)
    }

    /// Without the probes, as [`Predictor::self_test_short`].
    ///
    /// # Errors
    ///
    /// As [`self_test`](Self::self_test).
    pub fn self_test_short(
        &self,
        level: Level,
        working: &mut [f32],
    ) -> Result<SelfTest, PredictError> {
        selftest::run(self, level, working, Extent::Short)
    }
}

impl Model<'_> {
    /// Every network, into the front of `working`, which has the length that the model needs.
    #[inline(always)]
    fn forward(&self, level: Level, x: &[f32], working: &mut [f32]) -> Result<(), PredictError> {
        if self.members() > 1 {
            return self.forward_ensemble(level, x, working);
        }
        let parameters = self.parameters_len();
        let (parameters, activations) =
            working.split_at_mut_checked(parameters).unwrap_or_default();
        let network = Forward {
            model: self,
            layers: self.layers(),
            x,
            parameters,
            activations,
        };
        run(level, network)
    }

    /// One network after the other, then the mixture of all. A function of its own, so that one
    /// network needs no stack for the layers of others.
    #[inline(never)]
    fn forward_ensemble(
        &self,
        level: Level,
        x: &[f32],
        working: &mut [f32],
    ) -> Result<(), PredictError> {
        let (parameters, activations) = working
            .split_at_mut_checked(self.parameters_len())
            .unwrap_or_default();
        let each = parameters.chunks_exact_mut(self.head().parameters().max(1));
        let mut layers = [Dense::EMPTY; MAX_HIDDEN + 1];
        for (member, parameters) in each.enumerate() {
            let network = Forward {
                model: self,
                layers: self.network_layers(member, &mut layers),
                x,
                parameters,
                activations: &mut *activations,
            };
            run(level, network)?;
        }
        layers::interleave(parameters, self.members(), self.head());
        Ok(())
    }
}

/// A function of its own, so that small processors have the code of a forward pass only once.
#[inline(never)]
fn run(level: Level, network: Forward<'_>) -> Result<(), PredictError> {
    level.run(network)
}

/// One network of a model, from the raw inputs `x` to the parameters of its components.
struct Forward<'a> {
    model: &'a Model<'a>,
    layers: &'a [Dense<'a>],
    x: &'a [f32],
    parameters: &'a mut [f32],
    activations: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = Result<(), PredictError>;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Self::Output {
        let Forward {
            model,
            layers,
            x,
            parameters,
            activations,
        } = self;
        // Even layers read the first buffer and write the second, odd layers the reverse.
        let [even, _] = model.widths();
        let (mut from, mut to) = activations.split_at_mut_checked(even).unwrap_or_default();
        standardise(model, x, from);
        let (last, hidden) = layers.split_last().ok_or(PredictError::Overflow)?;
        for layer in hidden {
            let output = to.get_mut(..layer.outputs()).unwrap_or(&mut []);
            layers::forward(simd, layer, from, output);
            layers::activate(simd, layer.activation(), output);
            core::mem::swap(&mut from, &mut to);
        }
        let output = parameters.get_mut(..last.outputs()).unwrap_or(&mut []);
        layers::forward(simd, last, from, output);
        let shared = (model.members() as f32, model.common_log_normaliser());
        layers::mixture_parameters(simd, model.head(), shared, parameters)
    }
}

/// z = (x − shift) / scale: the subtraction first, so that a large offset costs no precision.
#[inline(always)]
pub(crate) fn standardise(model: &Model<'_>, x: &[f32], to: &mut [f32]) {
    let affine = model.input_shift().iter().zip(model.input_scale());
    for ((z, x), (shift, scale)) in to.iter_mut().zip(x).zip(affine) {
        *z = (x - shift) / scale;
    }
}
