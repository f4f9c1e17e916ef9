//! The instruction sets of a machine, and the choice between them at run time.

use super::{Kernel, Simd};

/// Builds [`Level`] from a row for each instruction set, from the plainest to the widest.
macro_rules! levels {
    ($($(#[$gate:meta])? $module:ident::$Token:ident, $about:literal;)*) => {
        $(
            $(#[$gate])?
            pub use super::$module::$Token;
        )*

        /// The instruction set that a computation uses: a value, never a hidden global.
        ///
        /// Results do not depend on it, bit for bit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Level {
            $(
                #[doc = $about]
                $(#[$gate])?
                $Token($Token),
            )*
        }

        impl Level {
            /// Every level that this machine has, from the plainest to the widest.
            #[inline]
            pub fn available() -> impl Iterator<Item = Level> {
                [$($(#[$gate])? $Token::detect().map(Level::$Token)),*].into_iter().flatten()
            }

            /// The name, in lower case: `scalar`, `sse2`, `avx2`, `avx512`, `neon`, `simd128`.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(#[$gate])? Level::$Token(_) => $Token::NAME,)*
                }
            }

            /// Runs `kernel`, which is over many rows, at this level.
            #[inline]
            pub fn run_batch<K: Kernel>(self, kernel: K) -> K::Output {
                match self {
                    $($(#[$gate])? Level::$Token(token) => token.run_batch(kernel),)*
                }
            }

            /// Runs `kernel` at this level.
            #[inline]
            pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
                match self {
                    $($(#[$gate])? Level::$Token(token) => token.run(kernel),)*
                }
            }
        }
    };
}

levels! {
    scalar::Scalar, "Plain Rust, one lane.";
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    sse2::Sse2, "x86-64 as every processor has it, four lanes.";
    #[cfg(target_arch = "x86_64")]
    avx2::Avx2, "x86-64 with AVX2, eight lanes.";
    #[cfg(target_arch = "x86_64")]
    avx512::Avx512, "x86-64 with AVX-512, eight lanes and in batches sixteen.";
    #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
    neon::Neon, "AArch64 with NEON, four lanes.";
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    simd128::Simd128, "WebAssembly with its 128-bit vectors, four lanes.";
}

impl Level {
    /// The widest level that this machine has.
    #[inline]
    pub fn detect() -> Self {
        Self::available().fold(Self::scalar(), |_, wider| wider)
    }

    /// Plain Rust, on every machine.
    pub const fn scalar() -> Self {
        Level::Scalar(Scalar)
    }
}
