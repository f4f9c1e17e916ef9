//! The numbers of a dense layer, owned, as a file stores them.

use half::{bf16, f16};
use mdn_infer::Dense;
use mdn_infer::format::{KernelSource, LayerSource, Storage};

use crate::network;

/// One dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseLayer {
    /// `[inputs][outputs]`
    pub kernel: Kernel,
    /// `[outputs]`
    pub bias: Vec<f32>,
}

/// A kernel's entries, `[inputs][outputs]`, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// The numbers.
    F32(Vec<f32>),
    /// Patterns of binary16.
    F16(Vec<u16>),
    /// Patterns of bfloat16.
    Bf16(Vec<u16>),
    /// Integers, each to be multiplied by the scale of its output.
    I8 {
        /// `[inputs][outputs]`, none of them −128
        entries: Vec<i8>,
        /// `[outputs]`
        scales: Vec<f32>,
    },
}

impl Kernel {
    /// The storage that it belongs to.
    pub fn storage(&self) -> Storage {
        self.source().storage()
    }

    fn source(&self) -> KernelSource<'_> {
        match self {
            Kernel::F32(numbers) => KernelSource::F32(numbers),
            Kernel::F16(patterns) => KernelSource::F16(patterns),
            Kernel::Bf16(patterns) => KernelSource::Bf16(patterns),
            Kernel::I8 { entries, scales } => KernelSource::I8 { entries, scales },
        }
    }
}

impl DenseLayer {
    /// The numbers of `layer`, exactly.
    pub(super) fn of(layer: &Dense<'_>, storage: Storage) -> Self {
        let rows = (1..=layer.inputs()).flat_map(|row| layer.row(row));
        let kernel = match (storage, layer.scales()) {
            (Storage::F16, _) => Kernel::F16(rows.map(|e| f16::from_f32(e).to_bits()).collect()),
            (Storage::Bf16, _) => Kernel::Bf16(rows.map(|e| bf16::from_f32(e).to_bits()).collect()),
            (_, Some(scales)) => Kernel::I8 {
                entries: (0..layer.inputs())
                    .flat_map(|input| layer.integers(input))
                    .collect(),
                scales: scales.to_vec(),
            },
            _ => Kernel::F32(rows.collect()),
        };
        DenseLayer {
            kernel,
            bias: layer.row(0).collect(),
        }
    }

    pub(super) fn source(&self) -> LayerSource<'_> {
        LayerSource::Dense {
            kernel: self.kernel.source(),
            bias: &self.bias,
        }
    }
}

impl From<network::Layer<'_>> for DenseLayer {
    fn from(layer: network::Layer<'_>) -> Self {
        DenseLayer {
            kernel: Kernel::F32(layer.kernel.to_vec()),
            bias: layer.bias.to_vec(),
        }
    }
}
