//! One vector of rows: where its outputs, targets and intermediate values lie.

use mdn_infer::format::Head;
use mdn_infer::simd::{Simd, Vector};

use crate::network::LANES;

/// As many rows as a vector has lanes. Intermediate values lie in `scratch` as
/// `[item][K][LANES]`: the priors, the joints, the inverse scales `[D]`, the slopes of the
/// log-scales `[D]` and the whitened differences z `[D]`.
pub(super) struct Block<'a, S> {
    pub(super) simd: S,
    pub(super) components: usize,
    pub(super) dimensions: usize,
    /// The first row of the block.
    pub(super) column: usize,
    log_scale_min: f32,
    log_scale_max: f32,
    outputs: &'a mut [f32],
    targets: &'a [f32],
    scratch: &'a mut [f32],
    stride: usize,
}

/// How many rows of `LANES` values the scratch of a block has.
pub(super) fn scratch_rows(head: &Head) -> usize {
    head.components as usize * (2 + 3 * head.dimensions as usize)
}

impl<'a, S: Simd> Block<'a, S> {
    #[inline(always)]
    pub(super) fn new(
        simd: S,
        head: Head,
        outputs: &'a mut [f32],
        targets: &'a [f32],
        scratch: &'a mut [f32],
        stride: usize,
    ) -> Self {
        Block {
            simd,
            components: head.components as usize,
            dimensions: head.dimensions as usize,
            column: 0,
            log_scale_min: head.log_scale_min,
            log_scale_max: head.log_scale_max,
            outputs,
            targets,
            scratch,
            stride,
        }
    }

    #[inline(always)]
    fn output(&self, row: usize) -> S::Vector {
        let start = row * self.stride + self.column;
        self.simd.load(
            &self.outputs[start..start + LANES.min(S::Vector::LANES)],
            0.0,
        )
    }
    #[inline(always)]
    fn set_output(&mut self, row: usize, value: S::Vector) {
        let start = row * self.stride + self.column;
        value.store(&mut self.outputs[start..start + S::Vector::LANES]);
    }
    #[inline(always)]
    fn kept(&self, item: usize, k: usize) -> S::Vector {
        let start = (item * self.components + k) * LANES;
        self.simd.load(&self.scratch[start..start + LANES], 0.0)
    }
    #[inline(always)]
    fn keep(&mut self, item: usize, k: usize, value: S::Vector) {
        let start = (item * self.components + k) * LANES;
        value.store(&mut self.scratch[start..start + LANES]);
    }

    #[inline(always)]
    pub(super) fn logit(&self, k: usize) -> S::Vector {
        self.output(k)
    }
    #[inline(always)]
    pub(super) fn set_logit(&mut self, k: usize, value: S::Vector) {
        self.set_output(k, value);
    }
    #[inline(always)]
    pub(super) fn mean(&self, d: usize, k: usize) -> S::Vector {
        self.output((1 + d) * self.components + k)
    }
    #[inline(always)]
    pub(super) fn set_mean(&mut self, d: usize, k: usize, value: S::Vector) {
        self.set_output((1 + d) * self.components + k, value);
    }
    #[inline(always)]
    pub(super) fn factor(&self, row: usize, k: usize) -> S::Vector {
        self.output((1 + self.dimensions + row) * self.components + k)
    }
    #[inline(always)]
    pub(super) fn set_factor(&mut self, row: usize, k: usize, value: S::Vector) {
        self.set_output((1 + self.dimensions + row) * self.components + k, value);
    }

    /// The target less the mean.
    #[inline(always)]
    pub(super) fn difference(&self, d: usize, k: usize) -> S::Vector {
        let start = d * self.stride + self.column;
        let target = self
            .simd
            .load(&self.targets[start..start + S::Vector::LANES], 0.0);
        target.sub(self.mean(d, k))
    }

    /// e^(aₖ − max a)
    #[inline(always)]
    pub(super) fn prior(&self, k: usize) -> S::Vector {
        self.kept(0, k)
    }
    #[inline(always)]
    pub(super) fn set_prior(&mut self, k: usize, value: S::Vector) {
        self.keep(0, k, value);
    }
    /// First aₖ + ln Nₖ + D/2 ln 2π, then its exponential relative to the largest.
    #[inline(always)]
    pub(super) fn joint(&self, k: usize) -> S::Vector {
        self.kept(1, k)
    }
    #[inline(always)]
    pub(super) fn set_joint(&mut self, k: usize, value: S::Vector) {
        self.keep(1, k, value);
    }
    /// e^−ℓ
    #[inline(always)]
    pub(super) fn inverse_scale(&self, d: usize, k: usize) -> S::Vector {
        self.kept(2 + d, k)
    }
    #[inline(always)]
    pub(super) fn set_inverse_scale(&mut self, d: usize, k: usize, value: S::Vector) {
        self.keep(2 + d, k, value);
    }
    /// The derivative of a log-scale, before it is bounded, by its output.
    #[inline(always)]
    pub(super) fn slope(&self, d: usize, k: usize) -> S::Vector {
        self.kept(2 + self.dimensions + d, k)
    }
    #[inline(always)]
    pub(super) fn set_slope(&mut self, d: usize, k: usize, value: S::Vector) {
        self.keep(2 + self.dimensions + d, k, value);
    }
    /// The whitened difference.
    #[inline(always)]
    pub(super) fn whitened(&self, d: usize, k: usize) -> S::Vector {
        self.kept(2 + 2 * self.dimensions + d, k)
    }
    #[inline(always)]
    pub(super) fn set_whitened(&mut self, d: usize, k: usize, value: S::Vector) {
        self.keep(2 + 2 * self.dimensions + d, k, value);
    }

    /// `value` within the bounds on log-scales.
    #[inline(always)]
    pub(super) fn bound(&self, value: S::Vector) -> S::Vector {
        let (low, high) = (
            value.splat(self.log_scale_min),
            value.splat(self.log_scale_max),
        );
        low.larger(high.smaller(value))
    }

    /// The gradient with respect to a bounded log-scale, given the value before it is bounded:
    /// beyond a bound only a gradient whose descent leads back inside passes.
    #[inline(always)]
    pub(super) fn unbound(&self, gradient: S::Vector, value: S::Vector) -> S::Vector {
        let (low, high) = (
            value.splat(self.log_scale_min),
            value.splat(self.log_scale_max),
        );
        let zero = value.splat(0.0);
        let rising = gradient.smaller(zero).select(value.less(low), gradient);
        gradient.larger(zero).select(high.less(value), rising)
    }
}
