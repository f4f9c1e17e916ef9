//! Many predictions at once: raw inputs `[N][I]` in, N mixtures out, with the bits of N single
//! predictions.
//!
//! Rows pass through the network in blocks: a block goes through every layer before the next
//! begins, so that its activations and the part of a kernel that works on them stay in the
//! nearest caches. All memory is the caller's. On entry the model is sound, as [`Model::parse`]
//! checked; on exit each row of the parameters holds what a single prediction leaves at the front
//! of its working memory.

use crate::error::PredictError;
use crate::format::MAX_HIDDEN;
use crate::layers::{self, Dense};
use crate::mixture::{Mixtures, check, check_len};
use crate::model::Model;
use crate::predictor::standardise;
use crate::simd::{Kernel, Level, Simd};

impl<'a> Model<'a> {
    /// How many f32 the parameters of one mixture take in a batch.
    pub fn mixture_len(&self) -> usize {
        self.parameters_len().next_multiple_of(8).max(8)
    }

    /// How many f32 of working memory make [`predict_batch`](Self::predict_batch) fast; as many
    /// as `working_len` make it work.
    pub fn batch_working_len(&self) -> usize {
        layers::BLOCK * self.widths().iter().sum::<usize>()
    }

    /// The largest input of an even layer and that of an odd one, the first being even: the
    /// lengths of the two buffers between which the activations of one row alternate.
    pub(crate) fn widths(&self) -> [usize; 2] {
        let widest = |parity| {
            let layers = self.layers().iter().skip(parity).step_by(2);
            let words = layers.map(|layer| self.storage().buffer_words(layer.inputs()));
            words.max().unwrap_or(0)
        };
        [widest(0), widest(1)]
    }

    /// The mixtures at the raw inputs `x` `[N][I]`, each with the bits of
    /// [`predict`](Self::predict) at its row, into `parameters`, which has
    /// [`mixture_len`](Self::mixture_len) elements for each row. `working` needs
    /// [`working_len`](Self::working_len) elements; with
    /// [`batch_working_len`](Self::batch_working_len) the kernels serve several rows at a time.
    ///
    /// Blocks of 48 rows or a multiple keep everything in the nearest caches when the answers are
    /// wanted right after; a longer batch costs no more working memory. Cost: N times that of
    /// `predict`, less what rows share.
    ///
    /// ```
    /// use mdn_infer::{Level, Model};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// const FILE: &[u8] = mdn_infer::include_model!("../samples/classic.mdn");
    /// let model = Model::parse(FILE)?;
    /// let inputs = [-2.5, 0.0, 2.5];
    /// let mut parameters = vec![0.0; 3 * model.mixture_len()];
    /// let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
    /// let mixtures = model.predict_batch(Level::detect(), &inputs, &mut parameters, &mut working)?;
    /// let mut log_densities = [0.0; 3];
    /// mixtures.log_densities(&[0.3, 0.3, 0.3], &mut log_densities)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PredictError::WrongLength`] unless `x` has I elements for each row of `parameters`;
    /// [`PredictError::NotFinite`] with the index in `x`; [`PredictError::CapacityTooSmall`];
    /// [`PredictError::OverflowInRow`] names the first row at which the network's outputs
    /// overflow.
    pub fn predict_batch<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        parameters: &'w mut [f32],
        working: &mut [f32],
    ) -> Result<Mixtures<'w>, PredictError> {
        self.check_batch(x, parameters)?;
        let row_len: usize = self.widths().iter().sum();
        let block = (working.len() / row_len.max(1)).min(layers::BLOCK);
        if block == 0 {
            return Err(PredictError::CapacityTooSmall {
                needed: row_len,
                capacity: working.len(),
            });
        }
        match self.forward_rows(level, block, x, parameters, working) {
            Ok(()) => Ok(Mixtures::new(self, level, parameters)),
            Err(row) => Err(PredictError::OverflowInRow { row }),
        }
    }

    /// How many rows `parameters` has, where that fits `x`.
    fn check_batch(&self, x: &[f32], parameters: &[f32]) -> Result<usize, PredictError> {
        let rows = parameters.len() / self.mixture_len();
        check_len(parameters.len(), rows * self.mixture_len())?;
        // What is too many for `usize` is more than `x` has.
        check(x, rows.saturating_mul(self.inputs()))?;
        Ok(rows)
    }
}

#[cfg(feature = "rayon")]
impl<'a> Model<'a> {
    /// [`predict_batch`](Self::predict_batch) across the threads of rayon's current pool, with
    /// the same bits; each thread allocates working memory of its own for the time of the call.
    ///
    /// # Errors
    ///
    /// As [`predict_batch`](Self::predict_batch), but none for want of working memory.
    pub fn predict_batch_parallel<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        parameters: &'w mut [f32],
    ) -> Result<Mixtures<'w>, PredictError> {
        use rayon::prelude::*;

        let rows = self.check_batch(x, parameters)?;
        // Long enough to be worth handing over, short enough to share out evenly.
        let share = (rows / (8 * rayon::current_num_threads()))
            .next_multiple_of(layers::BLOCK)
            .max(layers::BLOCK);
        let shares = parameters
            .par_chunks_mut(share * self.mixture_len())
            .zip(x.par_chunks(share * self.inputs()));
        let working = || std::vec![0.0; self.batch_working_len()];
        let first_overflow = shares
            .enumerate()
            .map_init(working, |working, (index, (parameters, x))| {
                self.forward_rows(level, layers::BLOCK, x, parameters, working)
                    .err()
                    .map(|row| index * share + row)
            })
            .flatten()
            .min();
        match first_overflow {
            Some(row) => Err(PredictError::OverflowInRow { row }),
            None => Ok(Mixtures::new(self, level, parameters)),
        }
    }
}

impl Model<'_> {
    /// Every row through every network, so many rows at a time; the error is the first row that
    /// overflows.
    fn forward_rows(
        &self,
        level: Level,
        block: usize,
        x: &[f32],
        parameters: &mut [f32],
        working: &mut [f32],
    ) -> Result<(), usize> {
        if self.members() == 1 {
            let network = ForwardBatch {
                model: self,
                layers: self.layers(),
                start: 0,
                x,
                parameters,
                working,
                block,
            };
            return run(level, network);
        }
        let blocks = x.chunks((block * self.inputs()).max(1));
        let parameters = parameters.chunks_mut((block * self.mixture_len()).max(1));
        for (index, (x, parameters)) in blocks.zip(parameters).enumerate() {
            self.forward_ensemble_rows(level, x, parameters, working)
                .map_err(|row| index * block + row)?;
        }
        Ok(())
    }

    /// One block of rows through one network after the other, then the mixtures of all.
    fn forward_ensemble_rows(
        &self,
        level: Level,
        x: &[f32],
        parameters: &mut [f32],
        working: &mut [f32],
    ) -> Result<(), usize> {
        let mut first_overflow = usize::MAX;
        let mut layers = [Dense::EMPTY; MAX_HIDDEN + 1];
        for member in 0..self.members() {
            let network = ForwardBatch {
                model: self,
                layers: self.network_layers(member, &mut layers),
                start: member * self.head().parameters(),
                x,
                parameters: &mut *parameters,
                working: &mut *working,
                block: layers::BLOCK,
            };
            let done = run(level, network);
            first_overflow = done.map_or_else(|row| row.min(first_overflow), |()| first_overflow);
        }
        if first_overflow < usize::MAX {
            return Err(first_overflow);
        }
        for row in parameters.chunks_exact_mut(self.mixture_len()) {
            let own = row.get_mut(..self.parameters_len()).unwrap_or_default();
            layers::interleave(own, self.members(), self.head());
        }
        Ok(())
    }
}

/// A function of its own, so that its code is there only once.
#[inline(never)]
fn run(level: Level, network: ForwardBatch<'_>) -> Result<(), usize> {
    level.run_batch(network)
}

/// The rows of a batch through one network, to `start` elements into each row of the parameters.
struct ForwardBatch<'a> {
    model: &'a Model<'a>,
    layers: &'a [Dense<'a>],
    start: usize,
    x: &'a [f32],
    parameters: &'a mut [f32],
    working: &'a mut [f32],
    block: usize,
}

impl Kernel for ForwardBatch<'_> {
    /// The error is the first row that overflows.
    type Output = Result<(), usize>;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Self::Output {
        let ForwardBatch {
            model,
            layers,
            start,
            x,
            parameters,
            working,
            block,
        } = self;
        let blocks = x.chunks((block * model.inputs()).max(1));
        let parameters = parameters.chunks_mut((block * model.mixture_len()).max(1));
        for (index, (x, parameters)) in blocks.zip(parameters).enumerate() {
            forward_block(simd, model, (layers, start), x, parameters, working)
                .map_err(|row| index * block + row)?;
        }
        Ok(())
    }
}

/// One block of rows through a whole network; the error is the first row that overflows.
#[inline(always)]
fn forward_block<S: Simd>(
    simd: S,
    model: &Model<'_>,
    (layers, start): (&[Dense<'_>], usize),
    x: &[f32],
    parameters: &mut [f32],
    working: &mut [f32],
) -> Result<(), usize> {
    let inputs = model.inputs().max(1);
    let rows = x.len() / inputs;
    let (mut from, mut to) = working
        .split_at_mut_checked(rows * model.widths()[0])
        .unwrap_or_default();
    let pitch = |width| model.storage().buffer_words(width).max(1);
    let to_rows = from.chunks_exact_mut(pitch(inputs));
    for (x, to) in x.chunks_exact(inputs).zip(to_rows) {
        standardise(model, x, to);
    }
    let (last, hidden) = layers.split_last().ok_or(0usize)?;
    for layer in hidden {
        let buffer = from.get_mut(..rows * pitch(layer.inputs()));
        let output = to.get_mut(..rows * pitch(layer.outputs()));
        let (buffer, output) = (buffer.unwrap_or_default(), output.unwrap_or_default());
        let outputs = layers::Outputs {
            values: &mut *output,
            stride: pitch(layer.outputs()),
            start: 0,
        };
        layers::forward_rows(simd, layer, (buffer, pitch(layer.inputs())), outputs);
        simd.run_apart(layers::Activate {
            activation: layer.activation(),
            values: output,
        });
        core::mem::swap(&mut from, &mut to);
    }
    let buffer = from.get_mut(..rows * pitch(last.inputs()));
    let buffer = (buffer.unwrap_or_default(), pitch(last.inputs()));
    let stride = model.mixture_len();
    let outputs = layers::Outputs {
        values: &mut *parameters,
        stride,
        start,
    };
    layers::forward_rows(simd, last, buffer, outputs);
    simd.run_apart(layers::MixtureRows {
        head: model.head(),
        members: model.members() as f32,
        log_normaliser: model.common_log_normaliser(),
        rows: parameters,
        stride,
        start,
    })
}
