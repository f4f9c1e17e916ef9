//! The ways in which a float unit can differ from the arithmetic contract.

use core::fmt;

/// Builds [`FloatFault`] with the name and the words of each.
macro_rules! faults {
    ($($(#[$about:meta])* $Fault:ident, $name:literal, $words:literal;)*) => {
        /// A way in which a float unit differs from the arithmetic contract.
        ///
        /// As text it says so in words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FloatFault {
            $($(#[$about])* $Fault,)*
        }

        impl FloatFault {
            /// All of them, in the order in which a report lists them.
            pub const ALL: &[FloatFault] = &[$(FloatFault::$Fault),*];

            /// A short name in lower case, for programs to read.
            pub const fn name(self) -> &'static str {
                match self {
                    $(FloatFault::$Fault => $name,)*
                }
            }

            const fn words(self) -> &'static str {
                match self {
                    $(FloatFault::$Fault => $words,)*
                }
            }
        }
    };
}

faults! {
    /// Results below the smallest normal number become zero: FTZ of x86, FZ of Arm, or the
    /// floating-point routines of a boot ROM.
    ResultsFlushed, "results-flushed", "subnormal results are flushed to zero";
    /// Operands below the smallest normal number count as zero: DAZ of x86, FZ of Arm, or the
    /// floating-point routines of a boot ROM.
    InputsFlushed, "inputs-flushed", "subnormal inputs are taken as zero";
    /// Results are rounded towards +∞.
    RoundsUp, "rounds-up", "results are rounded up and not to nearest";
    /// Results are rounded towards −∞.
    RoundsDown, "rounds-down", "results are rounded down and not to nearest";
    /// Results are rounded towards zero.
    RoundsTowardZero, "rounds-toward-zero", "results are rounded toward zero and not to nearest";
    /// Results are rounded to nearest, but ties away from zero.
    RoundsTiesAway, "rounds-ties-away", "ties are rounded away from zero and not to even";
    /// A zero has the wrong sign.
    SignOfZero, "sign-of-zero", "the sign of a zero is wrong";
    /// NaN loses its payload: DN of Arm. No result of the engine is a NaN, but whoever set this has
    /// changed the mode that the program was built for.
    DefaultNan, "default-nan", "NaNs are replaced by the default one";
    /// A result is wrong in some other way.
    Arithmetic, "arithmetic", "results differ from those of IEEE 754";
}

impl fmt::Display for FloatFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// A set of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faults(u16);

impl Faults {
    pub(super) const NONE: Faults = Faults(0);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contains(self, fault: FloatFault) -> bool {
        self.0 >> (fault as u16) & 1 == 1
    }

    pub(super) fn insert(&mut self, fault: FloatFault) {
        self.0 |= 1 << (fault as u16);
    }
}
