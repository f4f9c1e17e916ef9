//! What a mixture says about several dimensions together: covariance, conditionals, modes,
//! draws; against the binary64 oracle, at every level, and in the extreme.

mod accuracy;
mod conditional;
mod density;
mod extremes;
mod modes;
mod moments;
mod sample;
mod support;
