//! Mixture density network inference without `std` or heap.
#![no_std]
#![deny(unsafe_code)]

pub mod format;
pub mod math;
pub mod simd;
