//! The program as its users meet it: the real binary, its words, its JSON and its files.

mod arm;
mod cross_validate;
mod damage;
mod demo;
mod diagnose;
mod ensemble;
mod faults;
mod file_version;
mod files;
mod first_hour;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod float_unit;
mod given;
mod hold_out;
mod inputs;
mod journey;
mod layers;
mod loss;
mod memory;
mod prune;
mod quantize;
mod questions;
mod runs;
mod streaming;
mod support;
mod supports;
mod tables;
mod targets;
mod transform;
mod tune;
mod usage;
mod weights;
