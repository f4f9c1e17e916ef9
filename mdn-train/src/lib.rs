//! Trains mixture density networks.
