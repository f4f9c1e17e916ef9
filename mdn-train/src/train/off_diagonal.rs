//! Longer steps for the entries of full covariance beside the diagonal.
//!
//! The outputs of a head of full covariance are Lᵢᵢ by their logarithms, but Lᵢⱼ as they are, of the
//! order of 1/σⱼ: hundreds where the noise is a hundredth of the targets' spread. A step of Adam is of the
//! order of the learning rate, whatever the gradient, so such entries would need more steps than there
//! are. In units of the ratio of the root mean squares of the two gradients, ∂/∂ln Lᵢᵢ = O(1) and
//! ∂/∂Lᵢⱼ = O(σⱼ), a step of either changes the loss as much; that ratio is taken of the component's biases.

use mdn_infer::format::{Covariance, Head};

use crate::network::Architecture;

/// The longest step, as a factor.
const LONGEST: f32 = 1e3;

/// The parameters of the entries beside the diagonal, before a step.
#[derive(Debug)]
pub(super) struct OffDiagonals {
    columns: Vec<Column>,
    /// How far apart the parameters of a column lie, and how many they are; the last is the bias.
    stride: usize,
    rows: usize,
    /// `[column][row]`
    before: Vec<f32>,
}

/// The parameters of one output.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// The first.
    start: usize,
    /// The bias of this output, and that of the logarithm of Lᵢᵢ.
    biases: [usize; 2],
}

impl OffDiagonals {
    pub(super) fn new(architecture: &Architecture) -> Self {
        let head = &architecture.head;
        let last = architecture.layers().last();
        let (start, bias, rows) = last.map_or((0, 0, 0), |layer| {
            (layer.kernel().start, layer.bias().start, layer.inputs + 1)
        });
        let column = |(entry, diagonal)| Column {
            start: start + entry,
            biases: [bias + entry, bias + diagonal],
        };
        let columns: Vec<Column> = outputs(head).into_iter().map(column).collect();
        OffDiagonals {
            before: vec![0.0; columns.len() * rows],
            columns,
            stride: head.outputs(),
            rows,
        }
    }

    /// Keeps them before a step.
    pub(super) fn keep(&mut self, parameters: &[f32]) {
        let columns = self.columns.iter();
        for (column, before) in columns.zip(self.before.chunks_exact_mut(self.rows.max(1))) {
            let values = parameters[column.start..].iter().step_by(self.stride);
            for (before, &value) in before.iter_mut().zip(values) {
                *before = value;
            }
        }
    }

    /// Lengthens the step that `parameters` have done since, given the mean `squares` of the gradient, but
    /// for the part of it that is the `decay` of the kernel.
    pub(super) fn lengthen(&self, parameters: &mut [f32], squares: &[f32], decay: f32) {
        let columns = self.columns.iter();
        for (column, before) in columns.zip(self.before.chunks_exact(self.rows.max(1))) {
            let [own, diagonal] = column.biases.map(|bias| squares[bias]);
            let factor = match own > 0.0 {
                true => (diagonal / own).sqrt().clamp(1.0, LONGEST),
                false => 1.0,
            };
            let values = parameters[column.start..].iter_mut().step_by(self.stride);
            for (row, (value, &before)) in values.zip(before).enumerate() {
                let kept = if row + 1 < self.rows {
                    1.0 - decay
                } else {
                    1.0
                };
                let start = before * kept;
                *value = start + factor * (*value - start);
            }
        }
    }
}

/// The outputs of the entries beside the diagonal, each with that of the diagonal of its row.
fn outputs(head: &Head) -> Vec<(usize, usize)> {
    if head.covariance != Covariance::Full {
        return Vec::new();
    }
    let (components, dimensions) = (usize::from(head.components), usize::from(head.dimensions));
    let output =
        |i: usize, j: usize, k: usize| (1 + dimensions + i * (i + 1) / 2 + j) * components + k;
    let entries = (0..dimensions).flat_map(|i| (0..i).map(move |j| (i, j)));
    let each =
        entries.flat_map(|(i, j)| (0..components).map(move |k| (output(i, j, k), output(i, i, k))));
    each.collect()
}
