//! What a network makes of its inputs, changed after training.

use super::Network;
use crate::data::Standardiser;

impl Network {
    /// Rewrites the first layer, which was trained on inputs standardised by `trained`, for
    /// inputs standardised by `filed`. Nothing changes where the two are equal.
    pub fn rebase_inputs(&mut self, trained: &Standardiser, filed: &Standardiser) {
        let Some(first) = self.architecture.layers().next() else {
            return;
        };
        let (kernel, rest) = self.parameters.split_at_mut(first.kernel().end);
        let bias = &mut rest[..first.outputs];
        for (input, row) in kernel.chunks_exact_mut(first.outputs).enumerate() {
            let unit = f64::from(trained.scale[input]);
            let offset = (f64::from(filed.shift[input]) - f64::from(trained.shift[input])) / unit;
            let factor = f64::from(filed.scale[input]) / unit;
            for (entry, bias) in row.iter_mut().zip(bias.iter_mut()) {
                let before = f64::from(*entry);
                *bias = (f64::from(*bias) + before * offset) as f32;
                *entry = (before * factor) as f32;
            }
        }
    }

    /// Makes the answers independent of `input`: its entries of the first kernel become 0.
    pub fn zero_input(&mut self, input: usize) {
        if let Some(first) = self.architecture.layers().next() {
            let start = first.kernel().start + input * first.outputs;
            self.parameters[start..start + first.outputs].fill(0.0);
        }
    }
}
