//! Targets on lattices, with point masses, between bounds and on circles, against a law that is made
//! the way the documentation of the supports says: draws of the mixture, moved one by one.

mod answers;
mod laws;
mod regions;
mod tails;
