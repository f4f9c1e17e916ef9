//! Which elementary functions the engine was built with.

use core::fmt;

/// A family of elementary functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackEnd {
    /// Our own, with the bits of the arithmetic contract: the default.
    Exact,
    /// The crate libm's: feature `libm`, which wins where both features are given.
    Libm,
    /// The crate micromath's: feature `micromath`.
    Micromath,
}

/// The family that this build uses. Unless it is [`BackEnd::Exact`], results are only close to
/// those of other builds, and [`SelfTest`](crate::SelfTest) says how close.
pub const BACK_END: BackEnd = if cfg!(feature = "libm") {
    BackEnd::Libm
} else if cfg!(feature = "micromath") {
    BackEnd::Micromath
} else {
    BackEnd::Exact
};

impl BackEnd {
    /// `exact`, `libm` or `micromath`.
    pub const fn name(self) -> &'static str {
        match self {
            BackEnd::Exact => "exact",
            BackEnd::Libm => "libm",
            BackEnd::Micromath => "micromath",
        }
    }
}

impl fmt::Display for BackEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
