//! The program as its users meet it: the real binary, its words, its JSON and its files.

mod damage;
mod demo;
mod files;
mod journey;
mod support;
mod tables;
mod targets;
mod usage;
