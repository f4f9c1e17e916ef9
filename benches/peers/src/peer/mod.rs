//! One file for each peer: a network loaded for a fixed number of rows, on one thread.

#[cfg(feature = "candle")]
mod candle;
mod onnx_runtime;
#[cfg(feature = "tract")]
mod tract;

use anyhow::{Result, ensure};

use crate::network::Network;

/// A network in another engine, with its input in place.
pub trait Peer {
    /// Evaluates the network; the outputs are dropped or stay where the engine puts them.
    fn run(&mut self) -> Result<()>;

    /// The outputs in the order of [`Network::groups`], `[rows][len]` each.
    fn outputs(&mut self) -> Result<Vec<Vec<f32>>>;
}

pub type Load = fn(&Network, &[f32], usize) -> Result<Box<dyn Peer>>;

/// The peers that were built in: a name, and what loads a network with `[rows][inputs]` inputs.
pub const PEERS: &[(&str, Load)] = &[
    ("ONNX Runtime", onnx_runtime::load),
    #[cfg(feature = "tract")]
    ("tract", tract::load),
    #[cfg(feature = "candle")]
    ("candle", candle::load),
];

/// Fails where `peer` answers anything but `expected`, `[rows]` of the parameters of a mixture, by
/// more than 10⁻⁴ of it or, near 0, of 1: only the same thing may be compared.
pub fn check(
    name: &str,
    peer: &mut dyn Peer,
    network: &Network,
    expected: &[Vec<f32>],
) -> Result<()> {
    let groups = peer.outputs()?;
    let lengths = network.groups.iter().filter(|len| **len > 0);
    ensure!(
        groups.len() == lengths.clone().count(),
        "{name} has {} outputs",
        groups.len()
    );
    for (row, expected) in expected.iter().enumerate() {
        let found = groups.iter().zip(lengths.clone());
        let found = found.flat_map(|(group, &len)| &group[row * len..(row + 1) * len]);
        let mut count = 0;
        for (found, expected) in found.zip(expected) {
            let error = (found - expected).abs() / expected.abs().max(1.0);
            ensure!(
                error < 1e-4,
                "{name} answers {found} in place of {expected}"
            );
            count += 1;
        }
        ensure!(count == expected.len(), "{name} answers {count} numbers");
    }
    Ok(())
}
