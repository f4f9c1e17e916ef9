//! One prediction at a time.

use super::{Network, Rows, Slots, pass};
use crate::error::PredictError;
use crate::format::MAX_HIDDEN;
use crate::layers::{self, Layer, Limits};
use crate::mixture::Mixture;
use crate::model::Model;
use crate::simd::{Kernel, Level, Simd};

impl<'a> Model<'a> {
    /// The mixture at the raw input `x` `[I]`, computed in the caller's memory `working`, which
    /// needs [`working_len`](Self::working_len) elements.
    ///
    /// # Errors
    ///
    /// As [`Predictor::predict`](crate::Predictor::predict), and [`PredictError::CapacityTooSmall`].
    pub fn predict<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        working: &'w mut [f32],
    ) -> Result<Mixture<'w>, PredictError> {
        self.predict_within(Limits::Kept, level, x, working)
    }

    /// As [`predict`](Self::predict), also where the mixture leaves the limits within which its
    /// answers are right, so that the only overflow is an output that is not finite.
    ///
    /// What such a mixture answers may be wrong, NaN included, but it has the same bits on every
    /// target. This is for tests of the arithmetic, the self-test among them; within the limits
    /// answers are those of `predict`.
    ///
    /// # Errors
    ///
    /// As [`predict`](Self::predict), but for that.
    pub fn predict_without_limits<'w>(
        &'w self,
        level: Level,
        x: &[f32],
        working: &'w mut [f32],
    ) -> Result<Mixture<'w>, PredictError> {
        self.predict_within(Limits::Ignored, level, x, working)
    }

    /// One function for both, so that small processors have its code once.
    #[inline]
    fn predict_within<'w>(
        &'w self,
        limits: Limits,
        level: Level,
        x: &[f32],
        working: &'w mut [f32],
    ) -> Result<Mixture<'w>, PredictError> {
        self.check_inputs(x, self.inputs())?;
        let (needed, capacity) = (self.working_len(), working.len());
        let working = working
            .get_mut(..needed)
            .ok_or(PredictError::CapacityTooSmall { needed, capacity })?;
        let (parameters, activations) = working
            .split_at_mut_checked(self.parameters_len())
            .unwrap_or_default();
        self.forward((level, limits), x, parameters, activations)?;
        Ok(Mixture::new(self, level, limits, parameters))
    }
}

impl Model<'_> {
    /// Every network, then the mixture of all.
    #[inline(always)]
    fn forward(
        &self,
        (level, limits): (Level, Limits),
        x: &[f32],
        parameters: &mut [f32],
        activations: &mut [f32],
    ) -> Result<(), PredictError> {
        if self.members() > 1 {
            return self.forward_ensemble((level, limits), x, parameters, activations);
        }
        let network = Network {
            model: self,
            limits,
            layers: self.layers(),
        };
        run(
            level,
            Forward {
                network,
                row: Row { x },
                parameters,
                activations,
            },
        )
    }

    /// One network after the other, then the mixture of all. A function of its own, so that one
    /// network needs no stack for the layers of others.
    #[inline(never)]
    fn forward_ensemble(
        &self,
        (level, limits): (Level, Limits),
        x: &[f32],
        parameters: &mut [f32],
        activations: &mut [f32],
    ) -> Result<(), PredictError> {
        let each = parameters.chunks_exact_mut(self.head().parameters().max(1));
        let mut slots: Slots<'_> = [Layer::EMPTY; MAX_HIDDEN + 1];
        for (member, parameters) in each.enumerate() {
            let network = Network {
                model: self,
                limits,
                layers: self.network_layers(member, &mut slots),
            };
            let forward = Forward {
                network,
                row: Row { x },
                parameters,
                activations: &mut *activations,
            };
            run(level, forward)?;
        }
        layers::interleave(parameters, self.members(), self.head());
        Ok(())
    }
}

/// A function of its own, so that small processors have the code of a forward pass only once.
#[inline(never)]
fn run(level: Level, forward: Forward<'_>) -> Result<(), PredictError> {
    level.run(forward)
}

/// One row through one network, to the parameters of its components.
struct Forward<'a> {
    network: Network<'a>,
    row: Row<'a>,
    parameters: &'a mut [f32],
    activations: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = Result<(), PredictError>;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> Self::Output {
        let Forward {
            network,
            row,
            parameters,
            activations,
        } = self;
        pass(simd, network, row, activations, parameters)
    }
}

/// The raw inputs `[I]` of one row.
#[derive(Clone, Copy)]
struct Row<'a> {
    x: &'a [f32],
}

impl Rows for Row<'_> {
    type Overflow = PredictError;

    #[inline(always)]
    fn count(self) -> usize {
        1
    }

    #[inline(always)]
    fn standardise(self, model: &Model<'_>, to: &mut [f32]) {
        model.standardise(self.x, to);
    }

    #[inline(always)]
    fn hidden<S: Simd>(
        self,
        simd: S,
        _: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        to: &mut [f32],
    ) {
        let output = to.get_mut(..layer.outputs()).unwrap_or_default();
        layers::forward(simd, layer, from, output);
        layers::activate(simd, layer.activation(), output);
    }

    #[inline(always)]
    fn head<S: Simd>(
        self,
        simd: S,
        Network { model, limits, .. }: Network<'_>,
        layer: &Layer<'_>,
        from: &mut [f32],
        parameters: &mut [f32],
    ) -> Result<(), PredictError> {
        let output = parameters.get_mut(..layer.outputs()).unwrap_or_default();
        layers::forward(simd, layer, from, output);
        let shared = (model.members() as f32, model.common_log_normaliser());
        layers::mixture_parameters(simd, model.head(), limits, shared, parameters)
    }
}
