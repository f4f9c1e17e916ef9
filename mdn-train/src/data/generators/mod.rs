//! Built-in inverse problems whose best attainable score is known: [`inverse_sine`](fn@inverse_sine)
//! and [`bishop`](fn@bishop) with one target and [`two_link_arm`](fn@two_link_arm) with two.

#![cfg_attr(
    not(feature = "text"),
    allow(
        dead_code,
        reason = "only tables that are read are compared with the laws"
    )
)]

mod bishop;
#[cfg(feature = "text")]
mod drawn;
mod inverse_sine;
mod two_link_arm;

#[cfg(feature = "text")]
pub(crate) use drawn::is_drawn;

pub use bishop::{bishop, bishop_entropy};
pub use inverse_sine::{inverse_sine, inverse_sine_curve, inverse_sine_entropy};
pub use two_link_arm::{
    ELBOW_LIMIT, LINKS, Pose, SHOULDER_LIMIT, TIP_NOISE, two_link_arm, two_link_arm_entropy,
};
