//! The loss over a table of rows, computed by all cores with the same bits for any number of them.
//!
//! Rows are cut into shards whose size depends on the architecture and the number of rows alone.
//! A fixed number of groups works through them, each through the same shards in the same order
//! with its own gradient, and the groups' gradients are added in order. So the number of threads
//! decides who computes what, never what is added to what.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;

use super::noise::Noise;
use crate::loss::Loss;
use crate::network::{Architecture, LANES, Workspace};

/// Groups, and so threads, that a pass can use at most.
const MAX_GROUPS: usize = 32;
/// Multiply-accumulates of a forward pass that a shard should have, to be worth a thread's while.
const SHARD_WORK: usize = 1 << 18;
/// Parameters from which the groups' gradients are added in parallel, and in pieces of how many.
const PARALLEL_PARAMETERS: usize = 1 << 15;

/// Rows of standardised inputs and targets.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// `[rows][I]`, row-major.
    pub inputs: &'a [f32],
    /// `[rows][D]`, row-major.
    pub targets: &'a [f32],
}

/// Which rows a pass is over.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// All, in order.
    All,
    /// Those with these numbers, repetitions counted.
    Some(&'a [u32]),
}

/// The mean negative log-likelihood of the rows of a table, and its gradient with respect to
/// the network's parameters. Allocates when it is made and never again.
#[derive(Debug)]
pub struct Objective<'a> {
    rows: Rows<'a>,
    count: usize,
    widths: [usize; 2],
    shard_rows: usize,
    groups: Vec<Group>,
}

impl<'a> Objective<'a> {
    /// An objective over all of `rows`, or batches of them with up to `batch` rows.
    ///
    /// # Panics
    /// If the slices hold different numbers of rows, or a part of one.
    pub fn new(architecture: &Architecture, rows: Rows<'a>, batch: usize) -> Self {
        Self::with_backward(architecture, rows, batch, true)
    }

    /// As [`Objective::new`], without the memory that gradients take.
    ///
    /// # Panics
    /// As [`Objective::new`].
    pub fn without_gradient(architecture: &Architecture, rows: Rows<'a>) -> Self {
        Self::with_backward(architecture, rows, usize::MAX, false)
    }

    fn with_backward(
        architecture: &Architecture,
        rows: Rows<'a>,
        batch: usize,
        backward: bool,
    ) -> Self {
        let dimensions = usize::from(architecture.head.dimensions);
        let count = rows.targets.len() / dimensions;
        assert_eq!(rows.targets.len(), count * dimensions, "whole targets");
        assert_eq!(
            rows.inputs.len(),
            count * architecture.inputs,
            "as many inputs"
        );
        let batch = batch.min(count).max(1);
        let shard_rows = shard_rows(architecture.parameters()).min(batch.next_multiple_of(LANES));
        let groups = batch.div_ceil(shard_rows).clamp(1, MAX_GROUPS);
        Objective {
            rows,
            count,
            widths: [architecture.inputs, dimensions],
            shard_rows,
            groups: (0..groups)
                .map(|_| Group::new(architecture, shard_rows, backward))
                .collect(),
        }
    }

    /// How many rows the table has.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// The mean negative log-likelihood of all rows, in nats.
    pub fn nll(&mut self, parameters: &[f32]) -> f64 {
        let plan = self.plan(Selection::All, None);
        plan.run(&mut self.groups, parameters, None);
        self.groups.iter().map(|group| group.nll).sum::<f64>() / plan.count as f64
    }

    /// The mean negative log-likelihood of the selected rows, in nats; `gradient` is replaced by
    /// its gradient with respect to `parameters`.
    ///
    /// # Panics
    /// If the objective was made without gradient, a slice is too short, or a row doesn't exist.
    pub fn gradient(
        &mut self,
        parameters: &[f32],
        selection: Selection<'_>,
        gradient: &mut [f32],
    ) -> f64 {
        self.noisy_gradient(parameters, selection, None, gradient)
    }

    /// As [`Objective::gradient`], of rows with noise added.
    pub(super) fn noisy_gradient(
        &mut self,
        parameters: &[f32],
        selection: Selection<'_>,
        noise: Option<Noise>,
        gradient: &mut [f32],
    ) -> f64 {
        let plan = self.plan(selection, noise);
        let weight = 1.0 / plan.count as f32;
        plan.run(&mut self.groups, parameters, Some(weight));
        let used = &self.groups[..plan.groups];
        if gradient.len() < PARALLEL_PARAMETERS {
            add_up(used, 0, gradient);
        } else {
            let pieces = gradient.par_chunks_mut(PARALLEL_PARAMETERS).enumerate();
            pieces.for_each(|(number, piece)| add_up(used, number * PARALLEL_PARAMETERS, piece));
        }
        used.iter().map(|group| group.nll).sum::<f64>() / plan.count as f64
    }

    fn plan<'b>(&self, selection: Selection<'b>, noise: Option<Noise>) -> Plan<'b>
    where
        'a: 'b,
    {
        let count = match selection {
            Selection::All => self.count,
            Selection::Some(numbers) => numbers.len(),
        };
        let shards = count.div_ceil(self.shard_rows).max(1);
        let shard_rows = count.div_ceil(shards).next_multiple_of(LANES);
        let shards = count.div_ceil(shard_rows.max(1));
        Plan {
            rows: self.rows,
            widths: self.widths,
            selection,
            noise,
            count,
            shard_rows,
            shards,
            groups: self.groups.len().min(shards),
        }
    }
}

/// Rows of a shard: few enough to stay in the cache, enough of them to be worth a thread's while.
fn shard_rows(parameters: usize) -> usize {
    (SHARD_WORK / parameters.max(1)).clamp(64, 256) / LANES * LANES
}

/// `sum` becomes the sum of the groups' gradients from parameter `start` on.
fn add_up(groups: &[Group], start: usize, sum: &mut [f32]) {
    let Some((first, others)) = groups.split_first() else {
        return sum.fill(0.0);
    };
    sum.copy_from_slice(&first.gradient[start..start + sum.len()]);
    for group in others {
        for (sum, value) in sum.iter_mut().zip(&group.gradient[start..]) {
            *sum += value;
        }
    }
}

/// One pass over the selected rows.
struct Plan<'a> {
    rows: Rows<'a>,
    widths: [usize; 2],
    selection: Selection<'a>,
    noise: Option<Noise>,
    count: usize,
    shard_rows: usize,
    shards: usize,
    groups: usize,
}

impl Plan<'_> {
    fn run(&self, groups: &mut [Group], parameters: &[f32], weight: Option<f32>) {
        self.share(&mut groups[..self.groups], 0, parameters, weight);
    }

    /// Lets idle threads take groups from the back.
    fn share(&self, groups: &mut [Group], first: usize, parameters: &[f32], weight: Option<f32>) {
        match groups {
            [] => {}
            [group] => group.run(self, first, parameters, weight),
            _ => {
                let half = groups.len().div_ceil(2);
                let (front, back) = groups.split_at_mut(half);
                rayon::join(
                    || self.share(front, first, parameters, weight),
                    || self.share(back, first + half, parameters, weight),
                );
            }
        }
    }

    /// Copies rows of a shard to feature-major `to` `[width][stride]`, zeros as padding.
    fn gather(&self, shard: usize, from: &[f32], width: usize, to: &mut [f32], stride: usize) {
        let start = shard * self.shard_rows;
        let count = self.shard_len(shard);
        for (feature, to) in to.chunks_exact_mut(stride).take(width).enumerate() {
            let (real, padding) = to.split_at_mut(count);
            match self.selection {
                Selection::All => {
                    let from = from[start * width + feature..].iter().step_by(width);
                    real.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
                Selection::Some(numbers) => {
                    for (to, &number) in real.iter_mut().zip(&numbers[start..]) {
                        *to = from[number as usize * width + feature];
                    }
                }
            }
            padding.fill(0.0);
        }
    }

    fn shard_len(&self, shard: usize) -> usize {
        self.shard_rows.min(self.count - shard * self.shard_rows)
    }

    /// Whether the same shard holds the same values in every pass.
    fn is_fixed(&self) -> bool {
        matches!(self.selection, Selection::All) && self.noise.is_none()
    }
}

/// What one thread at a time works with.
#[derive(Debug)]
struct Group {
    workspace: Workspace,
    loss: Loss,
    /// `[D][stride]`
    targets: Vec<f32>,
    /// The sum over this group's shards; empty without backward pass.
    gradient: Vec<f32>,
    nll: f64,
    /// The shard whose rows are loaded, where that stays true from pass to pass.
    loaded: Option<usize>,
}

impl Group {
    fn new(architecture: &Architecture, rows: usize, backward: bool) -> Self {
        let workspace = Workspace::new(architecture, rows, backward);
        let parameters = if backward {
            architecture.parameters()
        } else {
            0
        };
        Group {
            targets: vec![0.0; usize::from(architecture.head.dimensions) * workspace.stride()],
            workspace,
            loss: Loss::new(architecture.head),
            gradient: vec![0.0; parameters],
            nll: 0.0,
            loaded: None,
        }
    }

    /// Group `number`'s part of the plan.
    fn run(&mut self, plan: &Plan, number: usize, parameters: &[f32], weight: Option<f32>) {
        self.nll = 0.0;
        let shards = number * plan.shards / plan.groups..(number + 1) * plan.shards / plan.groups;
        for shard in shards.clone() {
            self.load(plan, shard);
            self.workspace.forward(parameters);
            let stride = self.workspace.stride();
            let outputs = self.workspace.outputs_mut();
            let rows = plan.shard_len(shard);
            self.nll += self
                .loss
                .apply(outputs, &self.targets, stride, rows, weight);
            if weight.is_some() {
                let beta = if shard == shards.start { 0.0 } else { 1.0 };
                self.workspace
                    .backward(parameters, beta, &mut self.gradient);
            }
        }
    }

    fn load(&mut self, plan: &Plan, shard: usize) {
        let wanted = plan.is_fixed().then_some(shard);
        let rows = plan.shard_len(shard);
        let stride = self.workspace.stride();
        let inputs = self.workspace.inputs_for(rows);
        if wanted.is_some() && self.loaded == wanted {
            return;
        }
        let [width, dimensions] = plan.widths;
        plan.gather(shard, plan.rows.inputs, width, inputs, stride);
        plan.gather(
            shard,
            plan.rows.targets,
            dimensions,
            &mut self.targets,
            stride,
        );
        self.loaded = wanted;
        if let Some(noise) = plan.noise {
            let mut rng = Xoshiro128PlusPlus::seed_from_u64(noise.seed(shard));
            noise.add(&mut rng, noise.inputs, inputs, stride, rows);
            noise.add(&mut rng, noise.targets, &mut self.targets, stride, rows);
        }
    }
}
