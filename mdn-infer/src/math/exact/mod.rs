//! Our own elementary functions, each written once over a vector type.
//!
//! One file a function: domain, range, error bound and the source of the coefficients stand
//! beside the code. A lane and a scalar run the same operations in the same order, so every
//! instruction set gives the same bits.
#![cfg_attr(
    any(feature = "libm", feature = "micromath"),
    allow(
        dead_code,
        unused_imports,
        reason = "other functions take the place of some"
    )
)]

mod exp;
mod gated;
mod ln;
mod normal;
mod polynomial;
mod quantile;
mod relu;
mod sigmoid;
mod softplus;
mod sqrt;
mod tanh;

pub(crate) use exp::exp_below_one;
pub use exp::{exp, exp_normal};
pub use gated::{gelu, silu};
pub(crate) use ln::ln_normal;
pub use ln::{ln, ln_1p};
pub use normal::{erf, erfc, normal_cdf};
pub use quantile::normal_quantile;
pub use relu::relu;
pub use sigmoid::sigmoid;
pub use softplus::softplus;
pub use sqrt::sqrt;
pub use tanh::tanh;
