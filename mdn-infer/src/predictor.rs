//! A model with working memory of its own: the way in for a program that knows its model.
//!
//! A prediction goes on in `forward`, what it can answer is in `mixture`.

use crate::error::PredictError;
use crate::mixture::Mixture;
use crate::model::Model;
use crate::selftest::{self, Extent, SelfTest};
use crate::simd::Level;

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
    /// [`PredictError::Overflow`] when `x` is so far out that the network's outputs overflow, or leave
    /// the limits of [`Mixture`].
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

impl Model<'_> {
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
