//! The loss over a table of rows, computed by all cores with the same bits for any number of them.
//!
//! Rows are cut into shards whose size depends on the architecture and the number of rows alone.
//! A fixed number of groups works through them, each through the same shards in the same order
//! with its own gradient, and the groups' gradients are added in order. So the number of threads
//! decides who computes what, never what is added to what.

use mdn_infer::format::Support;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;

use super::TrainError;
use super::cells;
use super::feed::{Feed, Source, read_error};
use super::noise::{Noise, add_noise};
use crate::loss::{Cover, Loss, LossKind};
use crate::network::{Architecture, Packed, ROWS, Strip, Workspace, buffer, pitch};

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

/// The mean loss of the rows of a table, the negative log-likelihood or the CRPS, and its gradient
/// with respect to the network's parameters. The loss of a row with a weight counts that many times; the mean
/// of a batch is then a sum over so many rows as there are, so that the mean over an epoch's batches is that of the
/// table. Allocates when it is made and never again, but for the first rows that it reads from the disk.
#[derive(Debug)]
pub struct Objective<'a> {
    rows: Feed<'a>,
    count: usize,
    widths: [usize; 2],
    shard_rows: usize,
    packed: Packed,
    groups: Vec<Group>,
}

impl<'a> Objective<'a> {
    /// An objective over all of `rows`, or batches of them with up to `batch` rows.
    ///
    /// # Panics
    /// If the slices hold different numbers of rows, or a part of one, if there are weights but not one a row, or
    /// if `loss` is the CRPS of
    /// several targets with full covariance.
    pub fn new(
        architecture: &Architecture,
        loss: LossKind,
        rows: impl Into<Feed<'a>>,
        batch: usize,
    ) -> Self {
        Self::with_backward(architecture, loss, rows.into(), batch, true)
    }

    /// As [`Objective::new`], without the memory that gradients take.
    ///
    /// # Panics
    /// As [`Objective::new`].
    pub fn without_gradient(
        architecture: &Architecture,
        loss: LossKind,
        rows: impl Into<Feed<'a>>,
    ) -> Self {
        Self::with_backward(architecture, loss, rows.into(), usize::MAX, false)
    }

    /// The same, whose gradients are those of the loss and of `weight` times the Dawid–Sebastiani score
    /// of the mixture's mean and covariance. Losses stay as they are, and so does the CRPS.
    #[must_use]
    pub fn with_moments(mut self, weight: f32) -> Self {
        for group in &mut self.groups {
            group.loss.set_moments(weight);
        }
        self
    }

    fn with_backward(
        architecture: &Architecture,
        loss: LossKind,
        rows: Feed<'a>,
        batch: usize,
        backward: bool,
    ) -> Self {
        assert!(loss.suits(&architecture.head), "a loss for this covariance");
        let dimensions = usize::from(architecture.head.dimensions);
        let count = rows.count(dimensions);
        if let Source::Memory(rows) = rows.source {
            assert_eq!(rows.targets.len(), count * dimensions, "whole targets");
            assert_eq!(
                rows.inputs.len(),
                count * architecture.inputs,
                "as many inputs"
            );
        }
        let weights = rows.weights.len();
        assert!(weights == 0 || weights == count, "a weight for each row");
        let batch = batch.min(count).max(1);
        let shard_rows = shard_rows(architecture.multiply_adds()).min(batch.next_multiple_of(ROWS));
        let groups = batch.div_ceil(shard_rows).clamp(1, MAX_GROUPS);
        Objective {
            rows,
            count,
            widths: [architecture.inputs, dimensions],
            shard_rows,
            packed: Packed::new(architecture, backward),
            groups: (0..groups)
                .map(|_| Group::new(architecture, loss, shard_rows, backward))
                .collect(),
        }
    }

    /// The same for targets with these supports `[D]`, in the units of the rows; without any, all are
    /// continuous. A cell's probability counts as a density over the lattice's step, and that of a
    /// point mass as it is.
    ///
    /// # Panics
    /// If there are supports and the loss is not the likelihood, or covariance of several targets is
    /// full.
    pub fn with_supports(mut self, supports: &[Support]) -> Self {
        let covers = cells::covers(supports);
        if covers.is_empty() {
            return self;
        }
        for group in &mut self.groups {
            group.support(supports, covers.clone(), self.shard_rows);
        }
        self
    }

    /// How many rows the table has.
    pub fn rows(&self) -> usize {
        self.count
    }

    /// The mean loss of all rows.
    pub fn loss(&mut self, parameters: &[f32]) -> f64 {
        let plan = self.plan(Selection::All, None);
        self.packed.pack(parameters);
        plan.run(&mut self.groups, &self.packed, None);
        self.groups.iter().map(|group| group.sum).sum::<f64>() / plan.count as f64
    }

    /// The mean loss of the selected rows; `gradient` is replaced by its gradient with respect to
    /// `parameters`.
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
        self.packed.pack(parameters);
        plan.run(&mut self.groups, &self.packed, Some(weight));
        let used = &self.groups[..plan.groups];
        if gradient.len() < PARALLEL_PARAMETERS {
            add_up(used, 0, gradient);
        } else {
            let pieces = gradient.par_chunks_mut(PARALLEL_PARAMETERS).enumerate();
            pieces.for_each(|(number, piece)| add_up(used, number * PARALLEL_PARAMETERS, piece));
        }
        used.iter().map(|group| group.sum).sum::<f64>() / plan.count as f64
    }

    /// Whether rows on the disk could not be read, so that what was computed from them is void.
    pub(super) fn check_read(&self) -> Result<(), TrainError> {
        let fault = self.groups.iter().find_map(|group| group.fault.clone());
        fault.map_or(Ok(()), Err)
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
        let shard_rows = count.div_ceil(shards).next_multiple_of(ROWS);
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
fn shard_rows(multiply_adds: usize) -> usize {
    (SHARD_WORK / multiply_adds.max(1)).clamp(64, 256) / ROWS * ROWS
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
    rows: Feed<'a>,
    widths: [usize; 2],
    selection: Selection<'a>,
    noise: Option<Noise>,
    count: usize,
    shard_rows: usize,
    shards: usize,
    groups: usize,
}

impl Plan<'_> {
    fn run(&self, groups: &mut [Group], packed: &Packed, weight: Option<f32>) {
        self.share(&mut groups[..self.groups], 0, packed, weight);
    }

    /// Lets idle threads take groups from the back.
    fn share(&self, groups: &mut [Group], first: usize, packed: &Packed, weight: Option<f32>) {
        match groups {
            [] => {}
            [group] => group.run(self, first, packed, weight),
            _ => {
                let half = groups.len().div_ceil(2);
                let (front, back) = groups.split_at_mut(half);
                rayon::join(
                    || self.share(front, first, packed, weight),
                    || self.share(back, first + half, packed, weight),
                );
            }
        }
    }

    /// The numbers of the rows of a shard.
    fn numbers(&self, shard: usize) -> impl ExactSizeIterator<Item = usize> + Clone {
        let start = shard * self.shard_rows;
        (start..start + self.shard_len(shard)).map(|number| match self.selection {
            Selection::All => number,
            Selection::Some(chosen) => chosen[number] as usize,
        })
    }

    /// Copies the rows `numbers` to `to` `[block][width]`, zeros as padding.
    fn gather(
        mut numbers: impl Iterator<Item = usize>,
        from: &[f32],
        width: usize,
        to: &mut [Strip],
    ) {
        for block in to.chunks_exact_mut(pitch(width)) {
            for lane in 0..ROWS {
                let values = numbers
                    .next()
                    .map(|row| &from[row * width..(row + 1) * width]);
                for (feature, strip) in block[..width].iter_mut().enumerate() {
                    strip[lane] = values.map_or(0.0, |values| values[feature]);
                }
            }
        }
    }

    /// Copies the weights of the rows `numbers` to `to` `[block]`, zeros as padding.
    fn weigh(mut numbers: impl ExactSizeIterator<Item = usize>, from: &[f32], to: &mut Vec<Strip>) {
        to.clear();
        to.resize(numbers.len().div_ceil(ROWS), [0.0; ROWS]);
        for weight in to.as_flattened_mut() {
            *weight = numbers.next().map_or(0.0, |row| from[row]);
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
    /// `[block][D]`
    targets: Vec<Strip>,
    /// `[block]`: how much each row counts; empty where all count the same.
    weights: Vec<Strip>,
    /// `[D]`; empty where every target is continuous.
    supports: Vec<Support>,
    /// `[block][D][2]`, where there are supports.
    cells: Vec<Strip>,
    /// The sum over this group's shards; empty without backward pass.
    gradient: Vec<f32>,
    /// The loss, summed over this group's rows.
    sum: f64,
    /// The shard whose rows are loaded, where that stays true from pass to pass.
    loaded: Option<usize>,
    /// Rows from the disk: inputs and targets.
    read: [Vec<f32>; 2],
    memory: Vec<u8>,
    fault: Option<TrainError>,
}

impl Group {
    fn new(architecture: &Architecture, loss: LossKind, rows: usize, backward: bool) -> Self {
        let workspace = Workspace::new(architecture, rows, backward);
        let parameters = if backward {
            architecture.parameters()
        } else {
            0
        };
        Group {
            targets: buffer(architecture.head.dimensions.into(), rows),
            workspace,
            weights: Vec::new(),
            supports: Vec::new(),
            cells: Vec::new(),
            loss: Loss::new(loss, architecture.head),
            gradient: vec![0.0; parameters],
            sum: 0.0,
            loaded: None,
            read: [Vec::new(), Vec::new()],
            memory: Vec::new(),
            fault: None,
        }
    }

    /// Takes the targets for ones with these supports.
    fn support(&mut self, supports: &[Support], covers: Vec<Cover>, rows: usize) {
        self.loss = self.loss.of_supports(covers);
        self.supports = supports.to_vec();
        self.cells = buffer(2 * supports.len(), rows);
    }

    /// Group `number`'s part of the plan.
    fn run(&mut self, plan: &Plan, number: usize, packed: &Packed, weight: Option<f32>) {
        self.sum = 0.0;
        let shards = number * plan.shards / plan.groups..(number + 1) * plan.shards / plan.groups;
        for shard in shards.clone() {
            self.load(plan, shard);
            self.workspace.forward(packed);
            let outputs = self.workspace.outputs_mut();
            let rows = plan.shard_len(shard);
            let counts = (rows, self.weights.as_slice());
            self.sum += (self.loss).apply(outputs, &self.targets, &self.cells, counts, weight);
            if weight.is_some() {
                let first = shard == shards.start;
                self.workspace.backward(packed, first, &mut self.gradient);
            }
        }
    }

    fn load(&mut self, plan: &Plan, shard: usize) {
        let wanted = plan.is_fixed().then_some(shard);
        let rows = plan.shard_len(shard);
        let inputs = self.workspace.inputs_for(rows);
        if wanted.is_some() && self.loaded == wanted {
            return;
        }
        let [width, dimensions] = plan.widths;
        let targets = &mut self.targets[..rows.div_ceil(ROWS) * pitch(dimensions)];
        let numbers = plan.numbers(shard);
        if !plan.rows.weights.is_empty() {
            Plan::weigh(numbers.clone(), plan.rows.weights, &mut self.weights);
        }
        match plan.rows.source {
            Source::Memory(rows) => {
                Plan::gather(numbers.clone(), rows.inputs, width, inputs);
                Plan::gather(numbers, rows.targets, dimensions, targets);
            }
            Source::Stored(stored) => {
                let [x, t] = &mut self.read;
                let read = stored.read(numbers, [&mut *x, &mut *t], &mut self.memory);
                if let Err(error) = read {
                    self.fault = Some(read_error(error));
                    x.resize(rows * width, 0.0);
                    t.resize(rows * dimensions, 0.0);
                }
                Plan::gather(0..rows, x, width, inputs);
                Plan::gather(0..rows, t, dimensions, targets);
            }
        }
        cells::place(&self.supports, targets, &mut self.cells);
        self.loaded = wanted;
        if let Some(noise) = plan.noise {
            let mut rng = Xoshiro128PlusPlus::seed_from_u64(noise.seed(shard));
            add_noise(&mut rng, noise.inputs, inputs.as_flattened_mut());
            add_noise(&mut rng, noise.targets, targets.as_flattened_mut());
        }
    }
}
