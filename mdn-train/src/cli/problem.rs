//! The built-in problems by their names.

use clap::ValueEnum;
use mdn_train::data::NumericTable;
use mdn_train::data::generators::{
    bishop, bishop_entropy, inverse_sine, inverse_sine_entropy, two_link_arm, two_link_arm_entropy,
};

/// Data whose best attainable score is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Problem {
    /// x = 7 sin(0.75 y) + 0.5 y + noise: up to five y explain one x
    InverseSine,
    /// Two joint angles of an arm from the position of its tip: elbow to one side or the other
    TwoLinkArm,
    /// Bishop's inverse sinusoid x = t + 0.3 sin 2πt + noise: up to three t explain one x
    Bishop,
}

impl Problem {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Problem::InverseSine => "inverse-sine",
            Problem::TwoLinkArm => "two-link-arm",
            Problem::Bishop => "bishop",
        }
    }

    /// Draws of the problem's law; the last columns are the targets.
    pub fn table(self, rows: usize, seed: u64) -> NumericTable {
        match self {
            Problem::InverseSine => inverse_sine(rows, seed),
            Problem::TwoLinkArm => two_link_arm(rows, seed),
            Problem::Bishop => bishop(rows, seed),
        }
    }

    /// How many of the first columns are inputs.
    pub fn inputs(self) -> usize {
        match self {
            Problem::InverseSine | Problem::Bishop => 1,
            Problem::TwoLinkArm => 2,
        }
    }

    /// The entropy of the targets given the inputs, nats: the floor of any model's expected NLL.
    pub fn entropy(self) -> f64 {
        match self {
            Problem::InverseSine => inverse_sine_entropy(),
            Problem::TwoLinkArm => two_link_arm_entropy(),
            Problem::Bishop => bishop_entropy(),
        }
    }

    /// The law in words.
    pub fn law(self) -> &'static str {
        match self {
            Problem::InverseSine => {
                "x = 7 sin(0.75 y) + 0.5 y + noise with standard deviation 1, and y uniform \
                 between −10.5 and 10.5; the network predicts y from x."
            }
            Problem::TwoLinkArm => {
                "An arm of 0.5 m and 0.4 m turns its shoulder by an angle uniform between −1.5 \
                 and 1.5 rad and its elbow by one between −2.5 and 2.5 rad; its tip is measured \
                 with a standard deviation of 0.02 m in x and in y. The network predicts both \
                 angles from the tip."
            }
            Problem::Bishop => {
                "x = t + 0.3 sin 2πt + noise uniform between −0.1 and 0.1, and t uniform between 0 \
                 and 1 (Bishop 1994); the network predicts t from x."
            }
        }
    }
}
