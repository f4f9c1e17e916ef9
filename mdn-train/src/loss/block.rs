//! One vector of rows: where its outputs, targets and intermediate values lie.

use mdn_infer::format::{Covariance, Head};
use mdn_infer::simd::{Simd, Vector};

use super::moments;
use super::support::Cover;
use crate::network::{Strip, load, save};

/// As many rows as are worked on at once.
pub(super) type Lanes<S> = <S as Simd>::Twin;

/// As many rows of a block as [`Lanes`] has lanes. Intermediate values lie in `scratch` as
/// `[item][K]`: the priors, the joints, the inverse scales `[D]`, the slopes of the log-scales
/// `[D]`; then, for the likelihood, the whitened differences z `[D]`, and for the CRPS its
/// derivatives by the means `[D]` and by the scales `[D]`, and the scales `[D]`. The likelihood of
/// supports has derivatives of log-densities there, and log-scales. What the moments'
/// score keeps stands in [`super::moments`].
pub(super) struct Block<'a, S> {
    simd: S,
    pub(super) components: usize,
    pub(super) dimensions: usize,
    /// How many scales a component has, where covariance is not full.
    pub(super) scales: usize,
    /// The first strip of the scratch that belongs to the mixture as a whole.
    pub(super) shared: usize,
    /// The first row.
    pub(super) first: usize,
    /// The weight of the moments' score beside the likelihood.
    pub(super) moments: f32,
    log_scale_min: f32,
    log_scale_max: f32,
    outputs: &'a mut [Strip],
    targets: &'a [Strip],
    /// `[D]`; empty where every target is continuous.
    pub(super) covers: &'a [Cover],
    /// `[D][2]`
    cells: &'a [Strip],
    scratch: &'a mut [Strip],
}

/// The targets of a block of rows.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    /// `[D]`
    pub(super) targets: &'a [Strip],
    /// As in [`Block`].
    pub(super) covers: &'a [Cover],
    /// `[D][2]`: how far the cell of each target reaches below and above it.
    pub(super) cells: &'a [Strip],
}

/// How many strips the scratch of a block has.
pub(super) fn scratch_strips(head: &Head) -> usize {
    let of_component = 2 + 5 * head.dimensions as usize;
    (head.components as usize * of_component).max(moments::scratch_strips(head))
}

/// The row of the entry (i, j), j ≤ i, of a triangular or symmetric matrix.
#[inline(always)]
pub(super) const fn entry(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

impl<'a, S: Simd> Block<'a, S> {
    #[inline(always)]
    pub(super) fn new(
        simd: S,
        head: Head,
        moments: f32,
        outputs: &'a mut [Strip],
        observed: Observed<'a>,
        scratch: &'a mut [Strip],
    ) -> Self {
        Block {
            simd,
            components: head.components as usize,
            dimensions: head.dimensions as usize,
            scales: match head.covariance {
                Covariance::Isotropic => 1,
                _ => head.dimensions as usize,
            },
            shared: moments::shared_start(&head),
            first: 0,
            moments,
            log_scale_min: head.log_scale_min,
            log_scale_max: head.log_scale_max,
            outputs,
            targets: observed.targets,
            covers: observed.covers,
            cells: observed.cells,
            scratch,
        }
    }

    #[inline(always)]
    pub(super) fn splat(&self, value: f32) -> Lanes<S> {
        self.simd.load_twin(&[]).splat(value)
    }
    #[inline(always)]
    fn output(&self, row: usize) -> Lanes<S> {
        load(self.simd, &self.outputs[row], self.first)
    }
    #[inline(always)]
    fn set_output(&mut self, row: usize, value: Lanes<S>) {
        save(value, &mut self.outputs[row], self.first);
    }
    #[inline(always)]
    pub(super) fn at(&self, strip: usize) -> Lanes<S> {
        load(self.simd, &self.scratch[strip], 0)
    }
    #[inline(always)]
    pub(super) fn set_at(&mut self, strip: usize, value: Lanes<S>) {
        save(value, &mut self.scratch[strip], 0);
    }
    #[inline(always)]
    pub(super) fn kept(&self, item: usize, k: usize) -> Lanes<S> {
        self.at(item * self.components + k)
    }
    #[inline(always)]
    pub(super) fn keep(&mut self, item: usize, k: usize, value: Lanes<S>) {
        self.set_at(item * self.components + k, value);
    }

    #[inline(always)]
    pub(super) fn logit(&self, k: usize) -> Lanes<S> {
        self.output(k)
    }
    #[inline(always)]
    pub(super) fn set_logit(&mut self, k: usize, value: Lanes<S>) {
        self.set_output(k, value);
    }
    #[inline(always)]
    pub(super) fn mean(&self, d: usize, k: usize) -> Lanes<S> {
        self.output((1 + d) * self.components + k)
    }
    #[inline(always)]
    pub(super) fn set_mean(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.set_output((1 + d) * self.components + k, value);
    }
    #[inline(always)]
    pub(super) fn factor(&self, row: usize, k: usize) -> Lanes<S> {
        self.output((1 + self.dimensions + row) * self.components + k)
    }
    #[inline(always)]
    pub(super) fn set_factor(&mut self, row: usize, k: usize, value: Lanes<S>) {
        self.set_output((1 + self.dimensions + row) * self.components + k, value);
    }

    #[inline(always)]
    pub(super) fn target(&self, d: usize) -> Lanes<S> {
        load(self.simd, &self.targets[d], self.first)
    }
    /// How far the target's cell reaches below it.
    #[inline(always)]
    pub(super) fn below(&self, d: usize) -> Lanes<S> {
        load(self.simd, &self.cells[2 * d], self.first)
    }
    /// How far the target's cell reaches above it.
    #[inline(always)]
    pub(super) fn above(&self, d: usize) -> Lanes<S> {
        load(self.simd, &self.cells[2 * d + 1], self.first)
    }
    /// The target less the mean.
    #[inline(always)]
    pub(super) fn difference(&self, d: usize, k: usize) -> Lanes<S> {
        self.target(d).sub(self.mean(d, k))
    }

    /// e^(aₖ − max a)
    #[inline(always)]
    pub(super) fn prior(&self, k: usize) -> Lanes<S> {
        self.kept(0, k)
    }
    #[inline(always)]
    pub(super) fn set_prior(&mut self, k: usize, value: Lanes<S>) {
        self.keep(0, k, value);
    }
    /// First aₖ, then with ln Nₖ + D/2 ln 2π added, then its exponential relative to the largest.
    #[inline(always)]
    pub(super) fn joint(&self, k: usize) -> Lanes<S> {
        self.kept(1, k)
    }
    #[inline(always)]
    pub(super) fn set_joint(&mut self, k: usize, value: Lanes<S>) {
        self.keep(1, k, value);
    }
    /// e^−ℓ
    #[inline(always)]
    pub(super) fn inverse_scale(&self, d: usize, k: usize) -> Lanes<S> {
        self.kept(2 + d, k)
    }
    #[inline(always)]
    pub(super) fn set_inverse_scale(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + d, k, value);
    }
    /// The derivative of a log-scale, before it is bounded, by its output.
    #[inline(always)]
    pub(super) fn slope(&self, d: usize, k: usize) -> Lanes<S> {
        self.kept(2 + self.dimensions + d, k)
    }
    #[inline(always)]
    pub(super) fn set_slope(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + self.dimensions + d, k, value);
    }
    /// The whitened difference.
    #[inline(always)]
    pub(super) fn whitened(&self, d: usize, k: usize) -> Lanes<S> {
        self.kept(2 + 2 * self.dimensions + d, k)
    }
    #[inline(always)]
    pub(super) fn set_whitened(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + 2 * self.dimensions + d, k, value);
    }

    /// The CRPS's derivative by component `k`'s weight, with the other weights as they are.
    #[inline(always)]
    pub(super) fn by_weight(&self, k: usize) -> Lanes<S> {
        self.kept(1, k)
    }
    #[inline(always)]
    pub(super) fn set_by_weight(&mut self, k: usize, value: Lanes<S>) {
        self.keep(1, k, value);
    }
    /// The CRPS's derivative by a mean.
    #[inline(always)]
    pub(super) fn by_mean(&self, d: usize, k: usize) -> Lanes<S> {
        self.kept(2 + 2 * self.dimensions + d, k)
    }
    #[inline(always)]
    pub(super) fn set_by_mean(&mut self, d: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + 2 * self.dimensions + d, k, value);
    }
    /// The CRPS's derivative by a scale.
    #[inline(always)]
    pub(super) fn by_scale(&self, row: usize, k: usize) -> Lanes<S> {
        self.kept(2 + 3 * self.dimensions + row, k)
    }
    #[inline(always)]
    pub(super) fn set_by_scale(&mut self, row: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + 3 * self.dimensions + row, k, value);
    }
    /// e^ℓ
    #[inline(always)]
    pub(super) fn scale(&self, row: usize, k: usize) -> Lanes<S> {
        self.kept(2 + 4 * self.dimensions + row, k)
    }
    #[inline(always)]
    pub(super) fn set_scale(&mut self, row: usize, k: usize, value: Lanes<S>) {
        self.keep(2 + 4 * self.dimensions + row, k, value);
    }

    /// `value` within the bounds on log-scales.
    #[inline(always)]
    pub(super) fn bound(&self, value: Lanes<S>) -> Lanes<S> {
        let (low, high) = (
            value.splat(self.log_scale_min),
            value.splat(self.log_scale_max),
        );
        low.larger(high.smaller(value))
    }

    /// The gradient with respect to a bounded log-scale, given the value before it is bounded:
    /// beyond a bound only a gradient whose descent leads back inside passes.
    #[inline(always)]
    pub(super) fn unbound(&self, gradient: Lanes<S>, value: Lanes<S>) -> Lanes<S> {
        let (low, high) = (
            value.splat(self.log_scale_min),
            value.splat(self.log_scale_max),
        );
        let zero = value.splat(0.0);
        let rising = gradient.smaller(zero).select(value.less(low), gradient);
        gradient.larger(zero).select(high.less(value), rising)
    }
}
