//! The built-in tables by their names.

use clap::ValueEnum;
use mdn_train::data::generators::{
    Draws, correlated_pair, correlated_pair_entropy, friedman, friedman_entropy, sparse_linear,
    sparse_linear_entropy, timber, timber_entropy,
};

use crate::cli::problem::Problem;

/// A table whose best attainable score is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BuiltIn {
    /// x = 7 sin(0.75 y) + 0.5 y + noise: up to five y explain one x
    InverseSine,
    /// Two joint angles of an arm from the position of its tip: elbow to one side or the other
    TwoLinkArm,
    /// Bishop's inverse sinusoid x = t + 0.3 sin 2πt + noise: up to three t explain one x
    Bishop,
    /// y = 10 sin(π x1 x2) + 20 (x3 − 0.5)² + 10 x4 + 5 x5 + noise that depends on x1
    Friedman,
    /// y = 3 x1 + 1.5 x2 + 2 x5 + noise, and five inputs more of which y does not depend
    SparseLinear,
    /// Two targets whose noise is correlated, more or less so by an input
    CorrelatedPair,
    /// The strength of boards from species, grade and moisture: categories and missing values
    Timber,
}

impl BuiltIn {
    /// As the command line spells it.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Draws of the table's law.
    pub fn draws(self, rows: usize, seed: u64) -> Draws {
        let shown = |problem: Problem| {
            let table = problem.table(rows, seed);
            Draws::of_numbers(table, problem.inputs())
        };
        match self {
            BuiltIn::InverseSine => shown(Problem::InverseSine),
            BuiltIn::TwoLinkArm => shown(Problem::TwoLinkArm),
            BuiltIn::Bishop => shown(Problem::Bishop),
            BuiltIn::Friedman => Draws::of_numbers(friedman(rows, seed), 5),
            BuiltIn::SparseLinear => Draws::of_numbers(sparse_linear(rows, seed), 8),
            BuiltIn::CorrelatedPair => Draws::of_numbers(correlated_pair(rows, seed), 3),
            BuiltIn::Timber => timber(rows, seed),
        }
    }

    /// The entropy of the targets given the inputs, nats: the floor of any model's expected NLL.
    pub fn entropy(self) -> f64 {
        match self {
            BuiltIn::InverseSine => Problem::InverseSine.entropy(),
            BuiltIn::TwoLinkArm => Problem::TwoLinkArm.entropy(),
            BuiltIn::Bishop => Problem::Bishop.entropy(),
            BuiltIn::Friedman => friedman_entropy(),
            BuiltIn::SparseLinear => sparse_linear_entropy(),
            BuiltIn::CorrelatedPair => correlated_pair_entropy(),
            BuiltIn::Timber => timber_entropy(),
        }
    }

    /// The law in words.
    pub fn law(self) -> &'static str {
        match self {
            BuiltIn::InverseSine => Problem::InverseSine.law(),
            BuiltIn::TwoLinkArm => Problem::TwoLinkArm.law(),
            BuiltIn::Bishop => Problem::Bishop.law(),
            BuiltIn::Friedman => {
                "y = 10 sin(π x1 x2) + 20 (x3 − 0.5)² + 10 x4 + 5 x5 + noise with standard \
                 deviation exp(2 x1 − 1), and inputs uniform between 0 and 1 (Friedman 1991, there \
                 with standard deviation 1); the network predicts y."
            }
            BuiltIn::SparseLinear => {
                "y = 3 x1 + 1.5 x2 + 2 x5 + noise with standard deviation 3, and eight standard \
                 normal inputs with correlation 0.5^|i − j| (Tibshirani 1996); the network predicts \
                 y."
            }
            BuiltIn::CorrelatedPair => {
                "y1 = sin(π x1) + noise and y2 = cos(π x1) + x2 + noise, each with standard \
                 deviation 0.3 and both with correlation 0.9 x3, and inputs uniform between −1 and \
                 1; the network predicts both."
            }
            BuiltIn::Timber => {
                "strength = a − b (moisture − 12) + noise with standard deviation s: a and b are 90 \
                 and 2 for oak, 70 and 1.5 for pine, 62 and 1 for spruce; s is 3 for grade A, 5 for \
                 B, 9 for C. 30, 50 and 20% of the boards are of each species, and of each grade; \
                 the moisture is uniform between 8 and 24. A grade and a moisture are missing in 4% \
                 of the rows each."
            }
        }
    }

    /// The options of `fit` that suit the table.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            BuiltIn::TwoLinkArm | BuiltIn::CorrelatedPair => &["--covariance", "full"],
            BuiltIn::Timber => &["--skip-missing"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_demo_are_among_them() {
        for problem in Problem::value_variants() {
            let built_in = BuiltIn::from_str(problem.name(), false).unwrap();
            assert_eq!(built_in.law(), problem.law());
            assert_eq!(built_in.draws(7, 3).table, problem.table(7, 3));
            assert_eq!(built_in.entropy(), problem.entropy());
        }
    }
}
