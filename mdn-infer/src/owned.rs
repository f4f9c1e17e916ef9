//! Models that own their bytes, for programs with a heap: services whose model comes and changes at
//! run time.
//!
//! On entry there are bytes of any origin. They are copied and checked once; bytes and the view of
//! them then live together and never change, so that asking for the view costs nothing and clones
//! share both.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use self_cell::self_cell;

use crate::error::{ParseError, PredictError};
use crate::format::{self, ALIGNMENT};
use crate::mixture::Mixture;
use crate::model::Model;
use crate::selftest::SelfTest;
use crate::simd::Level;

/// A model with the bytes of its file (feature `alloc`).
///
/// It was checked when it was made. A clone shares its memory and costs one atomic addition; the
/// last clone that goes frees it. Threads share it, and each predicts with an [`OwnedPredictor`], or
/// with a borrowing [`Predictor`](crate::Predictor) of [`model`](Self::model).
///
/// A service replaces its model while it answers: requests under way end with the model that they
/// began with.
///
/// ```
/// use std::sync::RwLock;
///
/// use mdn_infer::{Level, OwnedModel};
///
/// /// The bytes of a file become the current model, if they pass.
/// fn reload(current: &RwLock<OwnedModel>, bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
///     let next = OwnedModel::parse(bytes)?;
///     let tested = next.predictor(Level::detect()).self_test()?;
///     if !tested.passed() {
///         return Err(tested.to_string().into());
///     }
///     *current.write().expect("no writer panics") = next;
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bytes = std::fs::read("samples/classic.mdn")?;
/// let current = RwLock::new(OwnedModel::parse(&bytes)?);
/// std::thread::scope(|scope| {
///     let answer = scope.spawn(|| {
///         let model = current.read().expect("no writer panics").clone();
///         let mut predictor = model.predictor(Level::detect());
///         predictor.predict(&[2.5])?.density(&[0.3])
///     });
///     reload(&current, &bytes)?;
///     println!("p(0.3 | 2.5) = {}", answer.join().expect("nothing panics")?);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct OwnedModel(Arc<Checked>);

self_cell!(
    struct Checked {
        owner: File,
        #[covariant]
        dependent: Model,
    }
);

/// The bytes of a file, and its numbers where this machine cannot use them in place.
struct File {
    /// In words, so that the numbers are aligned whatever becomes of the boundary.
    words: Memory<u32>,
    len: usize,
    numbers: Vec<f32>,
}

impl OwnedModel {
    /// Copies `bytes`, which may lie at any address, and checks the whole file. Works on big-endian
    /// machines too. Cost: a pass over the file, one copy and one allocation, as long as the file;
    /// on big-endian machines two of each.
    ///
    /// # Errors
    ///
    /// [`ParseError`] says what is wrong with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let file = File::copy(bytes)?;
        Ok(OwnedModel(Arc::new(Checked::try_new(file, File::check)?)))
    }

    /// The bytes of the file, on a boundary of 64.
    pub fn bytes(&self) -> &[u8] {
        self.0.borrow_owner().bytes()
    }

    /// The view of them. O(1): it was made when the file was checked.
    pub fn model(&self) -> &Model<'_> {
        self.0.borrow_dependent()
    }

    /// Whether both are one model in memory: one is a clone of the other.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A predictor that owns a clone of this model. Cost: one allocation, of
    /// [`working_len`](Model::working_len) f32.
    pub fn predictor(&self, level: Level) -> OwnedPredictor {
        OwnedPredictor {
            model: self.clone(),
            level,
            working: Memory::new(self.model().working_len()),
        }
    }
}

impl fmt::Debug for OwnedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model().fmt(f)
    }
}

impl File {
    fn copy(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut numbers = Vec::new();
        if cfg!(target_endian = "big") {
            let (_, layout, blob) = format::read(bytes)?;
            numbers = vec![0.0; layout.words];
            format::copy_words(blob, &mut numbers)?;
        }
        let len = bytes.len();
        let mut words = Memory::new(len.div_ceil(size_of::<u32>()));
        let room: &mut [u8] = bytemuck::must_cast_slice_mut(words.as_mut_slice());
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(File {
            words,
            len,
            numbers,
        })
    }

    fn bytes(&self) -> &[u8] {
        let words: &[u8] = bytemuck::must_cast_slice(self.words.as_slice());
        words.get(..self.len).unwrap_or_default()
    }

    fn check(&self) -> Result<Model<'_>, ParseError> {
        let (header, layout, blob) = format::read(self.bytes())?;
        let numbers = match cfg!(target_endian = "big") {
            true => &self.numbers,
            false => format::cast_words(blob)?,
        };
        Model::assemble(header, layout, numbers)
    }
}

/// A model with the working memory for one prediction at a time, both its own (feature `alloc`): a
/// thread or a task can hold it for as long as it likes.
///
/// It answers as a [`Predictor`](crate::Predictor) does, with the same bits, and nothing is allocated
/// between an input and an answer. A clone has working memory of its own.
///
/// ```
/// use mdn_infer::{Level, OwnedModel, OwnedPredictor};
///
/// fn load(path: &str) -> Result<OwnedPredictor, Box<dyn std::error::Error>> {
///     let model = OwnedModel::parse(&std::fs::read(path)?)?;
///     Ok(model.predictor(Level::detect()))
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut predictor = load("samples/classic.mdn")?;
/// assert!(predictor.self_test()?.passed());
/// println!("{}", predictor.predict(&[2.5])?.density(&[0.3])?);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct OwnedPredictor {
    model: OwnedModel,
    level: Level,
    working: Memory<f32>,
}

impl OwnedPredictor {
    /// The model.
    pub const fn model(&self) -> &OwnedModel {
        &self.model
    }

    /// The mixture at the raw input `x` `[I]`, as [`Predictor::predict`](crate::Predictor::predict).
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] and [`PredictError::NotFinite`] speak of `x`;
    /// [`PredictError::Overflow`] when `x` is so far out that the network's outputs overflow, or leave
    /// the limits of [`Mixture`].
    #[inline]
    pub fn predict(&mut self, x: &[f32]) -> Result<Mixture<'_>, PredictError> {
        let working = self.working.as_mut_slice();
        self.model.model().predict(self.level, x, working)
    }

    /// Checks the float unit, and runs the model's golden vectors and a fixed set of probes; see
    /// [`SelfTest`]. Cost: some hundred predictions with all their answers.
    ///
    /// # Errors
    ///
    /// [`PredictError::Overflow`] when the model overflows at one of its own vectors.
    pub fn self_test(&mut self) -> Result<SelfTest, PredictError> {
        let working = self.working.as_mut_slice();
        self.model.model().self_test(self.level, working)
    }

    /// The same without the probes, as
    /// [`Predictor::self_test_short`](crate::Predictor::self_test_short).
    ///
    /// # Errors
    ///
    /// As [`self_test`](Self::self_test).
    pub fn self_test_short(&mut self) -> Result<SelfTest, PredictError> {
        let working = self.working.as_mut_slice();
        self.model.model().self_test_short(self.level, working)
    }
}

impl Clone for OwnedPredictor {
    fn clone(&self) -> Self {
        self.model.predictor(self.level)
    }
}

/// Numbers on a boundary of 64 bytes, where no vector of any level lies across two cache lines.
#[derive(Debug)]
struct Memory<T> {
    cells: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Memory<T> {
    /// `len` zeros.
    fn new(len: usize) -> Self {
        let spare = ALIGNMENT / size_of::<T>() - 1;
        let cells = vec![T::default(); len + spare];
        // An address that cannot be told, as `align_offset` may say, costs time alone.
        let start = cells.as_ptr().align_offset(ALIGNMENT).min(spare);
        Memory { cells, start, len }
    }

    fn as_slice(&self) -> &[T] {
        let at = self.start..self.start + self.len;
        self.cells.get(at).unwrap_or_default()
    }

    fn as_mut_slice(&mut self) -> &mut [T] {
        let at = self.start..self.start + self.len;
        self.cells.get_mut(at).unwrap_or_default()
    }
}
