//! candle: tensor operations one after the other, as its models are written.

use anyhow::Result;
use candle_core::{Device, Tensor};
use mdn_infer::format::Activation;

use super::Peer;
use crate::network::Network;

struct Candle {
    input: Tensor,
    shift: Tensor,
    scale: Tensor,
    layers: Vec<Layer>,
    groups: Vec<usize>,
}

struct Layer {
    kernel: Tensor,
    bias: Tensor,
    activation: Activation,
}

pub(super) fn load(network: &Network, input: &[f32], rows: usize) -> Result<Box<dyn Peer>> {
    let vector = |values: &[f32]| Tensor::new(values, &Device::Cpu);
    let layers = network.layers.iter().map(|layer| {
        let outputs = layer.bias.len();
        let kernel = vector(&layer.kernel)?.reshape((layer.kernel.len() / outputs, outputs))?;
        Ok(Layer {
            kernel,
            bias: vector(&layer.bias)?,
            activation: layer.activation,
        })
    });
    Ok(Box::new(Candle {
        input: vector(input)?.reshape((rows, network.inputs()))?,
        shift: vector(&network.shift)?,
        scale: vector(&network.scale)?,
        layers: layers.collect::<Result<_>>()?,
        groups: network.groups.into_iter().filter(|len| *len > 0).collect(),
    }))
}

impl Candle {
    fn forward(&self) -> candle_core::Result<Vec<Tensor>> {
        let mut h = self
            .input
            .broadcast_sub(&self.shift)?
            .broadcast_div(&self.scale)?;
        for layer in &self.layers {
            let z = h.matmul(&layer.kernel)?.broadcast_add(&layer.bias)?;
            h = match layer.activation {
                Activation::Sigmoid => candle_nn::ops::sigmoid(&z)?,
                Activation::Tanh => z.tanh()?,
                _ => z,
            };
        }
        let mut start = 0;
        let mut parts = Vec::with_capacity(self.groups.len());
        for (index, &len) in self.groups.iter().enumerate() {
            let part = h.narrow(1, start, len)?;
            parts.push(match index {
                0 => candle_nn::ops::log_softmax(&part, 1)?,
                2 => part.exp()?,
                _ => part,
            });
            start += len;
        }
        Ok(parts)
    }
}

impl Peer for Candle {
    fn run(&mut self) -> Result<()> {
        self.forward()?;
        Ok(())
    }

    fn outputs(&mut self) -> Result<Vec<Vec<f32>>> {
        let flat = |part: &Tensor| Ok(part.flatten_all()?.to_vec1()?);
        self.forward()?.iter().map(flat).collect()
    }
}
