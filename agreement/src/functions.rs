//! The elementary functions over the whole of binary32.

use mdn_infer::math::{self, Elementary, map_slice};
use mdn_infer::simd::Level;

use crate::Part;
use crate::digest::Digest;

/// Inputs at a time: a multiple of no vector's width, so that partial vectors occur too.
const CHUNK: usize = 61;

/// Patterns where a function may change its mind, with both signs.
const EDGES: [u32; 20] = [
    0x0000_0000, // 0
    0x0000_0001, // the least subnormal
    0x007f_ffff, // the greatest subnormal
    0x0080_0000, // the least normal
    0x3c80_0000, // 1/64
    0x3eff_ffff, // below 1/2
    0x3f00_0000, // 1/2
    0x3f33_3333, // 0.7
    0x3f35_04f3, // sqrt(1/2)
    0x3f7f_ffff, // below 1
    0x3f80_0000, // 1
    0x3f80_0001, // above 1
    0x3fb5_04f3, // sqrt(2)
    0x42ae_ac50, // -ln of the least normal
    0x42b1_7218, // ln of the greatest number
    0x42cf_f1b5, // -ln of half the least subnormal
    0x7f7f_ffff, // the greatest number
    0x7f80_0000, // infinity
    0x7fa0_0000, // a signalling NaN
    0x7fff_ffff, // a quiet NaN with a payload
];

/// Hands the name and the hash of each function to `done`.
pub(crate) fn each(part: Part, level: Level, mut done: impl FnMut(&str, u64)) {
    macro_rules! functions {
        ($($name:literal $function:ident)*) => {
            $(done($name, hash(part, level, math::$function));)*
        };
    }
    functions! {
        "exp" Exp
        "sqrt" Sqrt
        "ln" Ln
        "ln_1p" Ln1p
        "tanh" Tanh
        "sigmoid" Sigmoid
        "softplus" Softplus
        "silu" Silu
        "gelu" Gelu
        "relu" Relu
        "erf" Erf
        "erfc" Erfc
        "normal_cdf" NormalCdf
        "normal_quantile" NormalQuantile
    }
}

fn hash(part: Part, level: Level, function: impl Elementary + Copy) -> u64 {
    let strided = (0..=u32::MAX).step_by(part.stride());
    let edges = EDGES.into_iter().flat_map(|bits| [bits, bits | 1 << 31]);
    let mut inputs = edges.chain(strided).map(f32::from_bits);
    let mut digest = Digest::new();
    let mut chunk = [0.0; CHUNK];
    loop {
        let mut filled = 0;
        for (slot, x) in chunk.iter_mut().zip(&mut inputs) {
            *slot = x;
            filled += 1;
        }
        if filled == 0 {
            return digest.finish();
        }
        let values = &mut chunk[..filled];
        map_slice(level, values, function);
        digest.add(&*values);
    }
}
