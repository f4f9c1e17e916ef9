//! How kernels are stored: the kinds, the words that a layer takes, and the numbers as a trainer holds
//! them.
//!
//! Everything in the blob is a word of 32 bits: two binary16 numbers of neighbouring outputs, two
//! bfloat16 numbers of neighbouring inputs, or four bytes of neighbouring inputs, the first lowest.
//! Whoever takes a word apart by shifts need not know the machine's byte order.

/// How a model's kernels are stored; biases are binary32 always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// binary32
    #[default]
    F32,
    /// binary16, computed with as the binary32 numbers that they are
    F16,
    /// bfloat16, the upper half of a binary32, computed with as the binary32 numbers that they are
    Bf16,
    /// Integers from −127 to 127 with a binary32 scale for each output; activations are rounded
    /// to 16 bits for each prediction
    I8,
}

impl Storage {
    /// Every kind, in the order of its number in the file.
    pub const ALL: [Storage; 4] = [Storage::F32, Storage::F16, Storage::Bf16, Storage::I8];

    /// `f32`, `f16`, `bf16` or `i8`.
    pub const fn name(self) -> &'static str {
        match self {
            Storage::F32 => "f32",
            Storage::F16 => "f16",
            Storage::Bf16 => "bf16",
            Storage::I8 => "i8",
        }
    }

    /// Words of a dense layer; `None` where they cannot be counted.
    pub(super) fn dense_words(self, inputs: usize, outputs: usize) -> Option<usize> {
        let panel = match self {
            Storage::F32 => (inputs + 1).checked_mul(8)?,
            Storage::F16 | Storage::Bf16 => inputs.div_ceil(2).checked_mul(8)?.checked_add(8)?,
            Storage::I8 => inputs.div_ceil(GROUP).checked_mul(8)?.checked_add(16)?,
        };
        outputs.div_ceil(8).checked_mul(panel)
    }

    /// Words of working memory for a buffer of `width` activations: as many, and with i8 at least
    /// room for one group of rounded ones.
    pub(crate) fn buffer_words(self, width: usize) -> usize {
        match (self, width) {
            (Storage::I8, 1) => GROUP / 2,
            _ => width,
        }
    }
}

/// Inputs whose i8 entries share a word.
pub(crate) const GROUP: usize = 4;

/// The entries of one layer's kernel, `[inputs][outputs]`, row by row, in the storage of the file.
#[derive(Clone, Copy, Debug)]
pub enum KernelSource<'a> {
    /// The numbers.
    F32(&'a [f32]),
    /// Patterns of binary16.
    F16(&'a [u16]),
    /// Patterns of bfloat16.
    Bf16(&'a [u16]),
    /// Integers, each to be multiplied by the scale of its output.
    I8 {
        /// `[inputs][outputs]`, none of them −128
        entries: &'a [i8],
        /// `[outputs]`
        scales: &'a [f32],
    },
}

impl KernelSource<'_> {
    /// The storage that it belongs to.
    pub const fn storage(&self) -> Storage {
        match self {
            KernelSource::F32(_) => Storage::F32,
            KernelSource::F16(_) => Storage::F16,
            KernelSource::Bf16(_) => Storage::Bf16,
            KernelSource::I8 { .. } => Storage::I8,
        }
    }
}

/// The numbers of one layer, as a trainer holds them.
///
/// Exhaustive on purpose: whoever takes models apart must decide what a new kind means there.
#[derive(Clone, Copy, Debug)]
pub enum LayerSource<'a> {
    /// Those of a dense layer.
    Dense {
        /// `[inputs][outputs]`, row by row, in the storage that the header names.
        kernel: KernelSource<'a>,
        /// `[outputs]`
        bias: &'a [f32],
    },
}

impl LayerSource<'_> {
    /// The storage of its kernels.
    pub const fn storage(&self) -> Storage {
        match self {
            LayerSource::Dense { kernel, .. } => kernel.storage(),
        }
    }
}
