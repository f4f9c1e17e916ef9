//! Many predictions at once: raw inputs `[N][I]` in, N mixtures out, with the bits of N single
//! predictions.
//!
//! Rows pass through the network in blocks: a block goes through every layer before the next
//! begins, so that its activations and the part of a kernel that works on them stay in the
//! nearest caches. All memory is the caller's. On entry the model is sound, as [`Model::parse`]
//! checked; on exit each row of the parameters holds what a single prediction leaves at the front
//! of its working memory.

use super::{Network, Rows, Slots, pass};
use crate::check::check_len;
use crate::error::PredictError;
use crate::format::MAX_HIDDEN;
use crate::layers::{self, BLOCK, Inputs, Layer, Limits, Outputs};
use crate::mixture::Mixtures;
use crate::model::Model;
use crate::simd::{Kernel, Level, Simd};

impl<'a> Model<'a> {
    /// How many f32 the parameters of one mixture take in a batch.
    pub fn mixture_len(&self) -> usize {
        self.parameters_len().next_multiple_of(8).max(8)
    }

    /// How many f32 of working memory make [`predict_batch`](Self::predict_batch) fast; as many
    /// as `working_len` make it work.
    pub fn batch_working_len(&self) -> usize {
        BLOCK * self.row_len()
    }

    /// The activations of one row take so many f32.
    fn row_len(&self) -> usize {
        self.buffers().iter().sum()
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
    /// const FILE: &[u8] = mdn_infer::include_model!("../../samples/classic.mdn");
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
    /// [`PredictError::OverflowInRow`] names the first row at which the network's outputs overflow or
    /// leave the limits of [`Mixture`](crate::Mixture).
    pub fn predict_batch<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        parameters: &'w mut [f32],
        working: &mut [f32],
    ) -> Result<Mixtures<'w>, PredictError> {
        self.check_batch(x, parameters)?;
        let row_len = self.row_len();
        let block = (working.len() / row_len.max(1)).min(BLOCK);
        if block == 0 {
            return Err(PredictError::CapacityTooSmall {
                needed: row_len,
                capacity: working.len(),
            });
        }
        match self.forward_rows(level, block, x, parameters, working) {
            Ok(()) => Ok(Mixtures::new(self, level, Limits::Kept, parameters)),
            Err(row) => Err(PredictError::OverflowInRow { row }),
        }
    }

    /// How many rows `parameters` has, where that fits `x`.
    fn check_batch(&self, x: &[f32], parameters: &[f32]) -> Result<usize, PredictError> {
        let rows = parameters.len() / self.mixture_len();
        check_len(parameters.len(), rows * self.mixture_len())?;
        // What is too many for `usize` is more than `x` has.
        self.check_inputs(x, rows.saturating_mul(self.inputs()))?;
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
            .next_multiple_of(BLOCK)
            .max(BLOCK);
        let shares = parameters
            .par_chunks_mut(share * self.mixture_len())
            .zip(x.par_chunks(share * self.inputs()));
        let working = || std::vec![0.0; self.batch_working_len()];
        let first_overflow = shares
            .enumerate()
            .map_init(working, |working, (index, (parameters, x))| {
                self.forward_rows(level, BLOCK, x, parameters, working)
                    .err()
                    .map(|row| index * share + row)
            })
            .flatten()
            .min();
        match first_overflow {
            Some(row) => Err(PredictError::OverflowInRow { row }),
            None => Ok(Mixtures::new(self, level, Limits::Kept, parameters)),
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
            let network = Network {
                model: self,
                limits: Limits::Kept,
                layers: self.layers(),
            };
            let forward = Forward {
                network,
                start: 0,
                x,
                parameters,
                working,
                block,
            };
            return run(level, forward);
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
        let mut slots: Slots<'_> = [Layer::EMPTY; MAX_HIDDEN + 1];
        for member in 0..self.members() {
            let network = Network {
                model: self,
                limits: Limits::Kept,
                layers: self.network_layers(member, &mut slots),
            };
            let forward = Forward {
                network,
                start: member * self.head().parameters(),
                x,
                parameters: &mut *parameters,
                working: &mut *working,
                block: BLOCK,
            };
            let done = run(level, forward);
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
fn run(level: Level, forward: Forward<'_>) -> Result<(), usize> {
    level.run_batch(forward)
}

/// The rows of a batch through one network, to `start` elements into each row of the parameters.
struct Forward<'a> {
    network: Network<'a>,
    start: usize,
    x: &'a [f32],
    parameters: &'a mut [f32],
    working: &'a mut [f32],
    block: usize,
}

impl Kernel for Forward<'_> {
    /// The error is the first row that overflows.
    type Output = Result<(), usize>;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Self::Output {
        let Forward {
            network,
            start,
            x,
            parameters,
            working,
            block,
        } = self;
        let model = network.model;
        let blocks = x.chunks((block * model.inputs()).max(1));
        let parameters = parameters.chunks_mut((block * model.mixture_len()).max(1));
        for (index, (x, parameters)) in blocks.zip(parameters).enumerate() {
            let count = x.len() / model.inputs().max(1);
            let rows = Block { x, count, start };
            pass(simd, network, rows, working, parameters).map_err(|row| index * block + row)?;
        }
        Ok(())
    }
}

/// The raw inputs `[count][I]` of some rows, whose parameters begin at `start` of their places.
#[derive(Clone, Copy)]
struct Block<'a> {
    x: &'a [f32],
    count: usize,
    start: usize,
}

impl Block<'_> {
    /// The front of `buffer`, with a row of `width` activations for each of the rows.
    #[inline(always)]
    fn inputs<'b>(self, model: &Model<'_>, buffer: &'b mut [f32], width: usize) -> Inputs<'b> {
        let stride = model.storage().buffer_words(width).max(1);
        let values = buffer.get_mut(..self.count * stride).unwrap_or_default();
        Inputs { values, stride }
    }
}

impl Rows for Block<'_> {
    /// The first row that overflows.
    type Overflow = usize;

    #[inline(always)]
    fn count(self) -> usize {
        self.count
    }

    #[inline(always)]
    fn standardise(self, model: &Model<'_>, to: &mut [f32]) {
        let to = self.inputs(model, to, model.network_inputs());
        let rows = to.values.chunks_exact_mut(to.stride);
        for (x, to) in self.x.chunks_exact(model.inputs().max(1)).zip(rows) {
            model.standardise(x, to);
        }
    }

    #[inline(always)]
    fn hidden<S: Simd>(
        self,
        simd: S,
        Network { model, .. }: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        to: &mut [f32],
    ) {
        let from = self.inputs(model, from, layer.inputs());
        let to = self.inputs(model, to, layer.outputs());
        let outputs = Outputs {
            values: &mut *to.values,
            stride: to.stride,
            start: 0,
        };
        layers::forward_rows(simd, layer, from, outputs);
        simd.run_apart(layers::Activate {
            activation: layer.activation(),
            values: to.values,
        });
    }

    #[inline(always)]
    fn head<S: Simd>(
        self,
        simd: S,
        Network { model, limits, .. }: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        parameters: &mut [f32],
    ) -> Result<(), usize> {
        let from = self.inputs(model, from, layer.inputs());
        let stride = model.mixture_len();
        let outputs = Outputs {
            values: &mut *parameters,
            stride,
            start: self.start,
        };
        layers::forward_rows(simd, layer, from, outputs);
        simd.run_apart(layers::MixtureRows {
            head: model.head(),
            limits,
            members: model.members() as f32,
            log_normaliser: model.common_log_normaliser(),
            rows: parameters,
            stride,
            start: self.start,
        })
    }
}
