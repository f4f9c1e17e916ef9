//! Oracles and whole-system tests.
