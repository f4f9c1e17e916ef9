//! Built-in inverse problems whose best attainable score is known: [`inverse_sine`](fn@inverse_sine)
//! and [`bishop`](fn@bishop) with one target and [`two_link_arm`](fn@two_link_arm) with two.

mod bishop;
mod inverse_sine;
mod two_link_arm;

pub use bishop::{bishop, bishop_entropy};
pub use inverse_sine::{inverse_sine, inverse_sine_curve, inverse_sine_entropy};
pub use two_link_arm::{
    ELBOW_LIMIT, LINKS, Pose, SHOULDER_LIMIT, TIP_NOISE, two_link_arm, two_link_arm_entropy,
};
