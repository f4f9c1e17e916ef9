//! The loss of a shard of rows and its gradient with respect to the outputs: the negative
//! log-likelihood or the continuous ranked probability score.
//!
//! What both share is here: which of them it is, and the way from block to block. A vector's lanes
//! are rows, and each operation is rounded once, so every instruction set gives the same bits.

mod block;
mod covariance;
mod crps;
mod likelihood;
mod moments;
mod scale;
mod support;

use mdn_infer::format::{Covariance, Head, ScaleMap};
use mdn_infer::simd::{Kernel, Level, Simd, Vector};
use serde::{Deserialize, Serialize};

use crate::network::{ROWS, Strip, load, pitch, save};
use block::{Block, Lanes, Observed, scratch_strips};
use covariance::{Diagonal, Full, Isotropic};
use crps::Crps;
use likelihood::Likelihood;
use scale::{Exp, LogScale, Softplus};
pub(crate) use support::Cover;
use support::Supported;

/// What training minimises: a proper score of the forecast, a mean over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    /// The negative log-likelihood, in nats.
    #[default]
    Nll,
    /// The continuous ranked probability score, in the units of the targets that training sees: of
    /// each target by itself, added up. A row far from its forecast pulls no harder than one at some
    /// distance. It says nothing of how targets move together, so it suits several targets only where
    /// each is asked about alone, and full covariance not at all.
    Crps,
}

impl LossKind {
    /// `NLL` or `CRPS`.
    pub const fn name(self) -> &'static str {
        match self {
            LossKind::Nll => "NLL",
            LossKind::Crps => "CRPS",
        }
    }

    /// Whether it determines every parameter of mixtures with this head.
    pub(crate) fn suits(self, head: &Head) -> bool {
        self == LossKind::Nll || is_independent(head)
    }

    /// Whether it knows targets with a support under mixtures with this head.
    pub(crate) fn suits_supports(self, head: &Head) -> bool {
        self == LossKind::Nll && is_independent(head)
    }
}

/// Whether the targets are independent within a component.
fn is_independent(head: &Head) -> bool {
    head.dimensions == 1 || head.covariance != Covariance::Full
}

/// The working memory of the loss, allocated once.
#[derive(Debug)]
pub(crate) struct Loss {
    kind: LossKind,
    /// The weight of the moments' score beside the likelihood.
    moments: f32,
    level: Level,
    head: Head,
    scratch: Vec<Strip>,
    /// `[D]`; empty where every target is continuous.
    covers: Vec<Cover>,
}

impl Loss {
    /// For a `kind` that suits the head.
    pub(crate) fn new(kind: LossKind, head: Head) -> Self {
        Loss {
            kind,
            moments: 0.0,
            level: Level::detect(),
            head,
            scratch: vec![[0.0; ROWS]; scratch_strips(&head)],
            covers: Vec::new(),
        }
    }

    /// Gives the moments' score this weight beside the likelihood, 0 before: in the gradient alone. Targets
    /// on supports have none, for their moments are not those of the components.
    pub(crate) fn set_moments(&mut self, weight: f32) {
        if self.covers.is_empty() {
            self.moments = weight;
        }
    }

    /// The same likelihood of targets that cover their lines so.
    pub(crate) fn of_supports(&self, covers: Vec<Cover>) -> Self {
        assert!(self.kind.suits_supports(&self.head), "a loss for supports");
        let loss = Self::new(self.kind, self.head);
        Loss { covers, ..loss }
    }

    /// The summed loss of `rows` rows with targets `[block][D]` and, where they have supports, cells
    /// `[block][D][2]`: how far each reaches below and above its target, 0 and 0 where it is none.
    ///
    /// A row counts as many times as `row_weights` `[block]` say; where they are empty, once.
    /// `outputs` `[block][O]` are replaced by `weight` times the gradient of the sum, zero for
    /// padding. With `weight` `None` their content afterwards means nothing.
    pub(crate) fn apply(
        &mut self,
        outputs: &mut [Strip],
        targets: &[Strip],
        cells: &[Strip],
        (rows, row_weights): (usize, &[Strip]),
        weight: Option<f32>,
    ) -> f64 {
        let shard = Shard {
            head: self.head,
            moments: self.moments,
            outputs,
            targets,
            covers: &self.covers,
            cells,
            scratch: &mut self.scratch,
            rows,
            row_weights,
            weight,
        };
        let map = self.head.scale_map;
        match (self.kind, map) {
            (LossKind::Nll, ScaleMap::Softplus) => shard.likelihood(self.level, Softplus),
            (LossKind::Nll, _) => shard.likelihood(self.level, Exp),
            (LossKind::Crps, ScaleMap::Softplus) => shard.run(self.level, Crps(Softplus)),
            (LossKind::Crps, _) => shard.run(self.level, Crps(Exp)),
        }
    }
}

/// A loss, for one vector of rows.
trait Rule {
    /// The loss of each row; with `weights`, one a row, the block's outputs are replaced by the
    /// weighted gradient.
    fn apply<S: Simd>(block: &mut Block<S>, weights: Option<Lanes<S>>) -> Lanes<S>;
}

/// A shard of rows on its way to the kernel that suits its head.
struct Shard<'a> {
    head: Head,
    moments: f32,
    outputs: &'a mut [Strip],
    targets: &'a [Strip],
    covers: &'a [Cover],
    cells: &'a [Strip],
    scratch: &'a mut [Strip],
    rows: usize,
    row_weights: &'a [Strip],
    weight: Option<f32>,
}

impl Shard<'_> {
    fn likelihood<M: LogScale>(self, level: Level, map: M) -> f64 {
        match self.head.covariance {
            _ if !self.covers.is_empty() => self.run(level, Likelihood(Supported, map)),
            Covariance::Isotropic => self.run(level, Likelihood(Isotropic, map)),
            Covariance::Diagonal => self.run(level, Likelihood(Diagonal, map)),
            _ => self.run(level, Likelihood(Full, map)),
        }
    }

    fn run<R: Rule>(self, level: Level, rule: R) -> f64 {
        level.run_batch(Blocks(self, rule))
    }
}

struct Blocks<'a, R>(Shard<'a>, R);

impl<R: Rule> Kernel for Blocks<'_, R> {
    type Output = f64;

    #[inline(always)]
    fn call<S: Simd>(self, simd: S) -> f64 {
        let Blocks(shard, _) = self;
        let outputs = shard.outputs.chunks_exact_mut(pitch(shard.head.outputs()));
        let targets = shard
            .targets
            .chunks_exact(pitch(shard.head.dimensions.into()));
        let mut cells = (shard.cells).chunks_exact(pitch(2 * shard.head.dimensions as usize));
        let mut total = 0.0;
        for (number, (outputs, targets)) in outputs.zip(targets).enumerate() {
            let rows = shard.rows.saturating_sub(number * ROWS).min(ROWS);
            let observed = Observed {
                targets,
                covers: shard.covers,
                cells: cells.next().unwrap_or_default(),
            };
            let (head, moments) = (shard.head, shard.moments);
            let mut block = Block::new(simd, head, moments, outputs, observed, shard.scratch);
            let counts = shard.row_weights.get(number).unwrap_or(&[1.0; ROWS]);
            let weights = shard
                .weight
                .map(|weight| row_weights(weight, &counts[..rows]));
            let mut losses = [0.0; ROWS];
            for first in (0..ROWS).step_by(Lanes::<S>::LANES) {
                block.first = first;
                let weights = weights.as_ref().map(|weights| load(simd, weights, first));
                save(R::apply(&mut block, weights), &mut losses, first);
            }
            for (&loss, &count) in losses[..rows].iter().zip(counts) {
                total += f64::from(count) * f64::from(loss);
            }
        }
        total
    }
}

/// `weight` for each of the block's rows, as many times as `counts` say, nothing for padding.
#[inline(always)]
fn row_weights(weight: f32, counts: &[f32]) -> Strip {
    let mut weights = [0.0; ROWS];
    for (to, count) in weights.iter_mut().zip(counts) {
        *to = count * weight;
    }
    weights
}
