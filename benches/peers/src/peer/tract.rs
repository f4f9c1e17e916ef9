//! tract: the model optimised for its fixed shape, one state kept between runs.

use anyhow::Result;
use tract_onnx::prelude::*;

use super::Peer;
use crate::network::Network;
use crate::onnx;

struct Tract {
    state: TypedSimpleState,
    input: TValue,
}

pub(super) fn load(network: &Network, input: &[f32], rows: usize) -> Result<Box<dyn Peer>> {
    let shape = [rows, network.inputs()];
    let plan = tract_onnx::onnx()
        .model_for_read(&mut onnx::encode(network, rows).as_slice())?
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()?;
    let state = plan.spawn()?;
    let input = Tensor::from_shape(&shape, input)?.into_tvalue();
    Ok(Box::new(Tract { state, input }))
}

impl Peer for Tract {
    fn run(&mut self) -> Result<()> {
        self.state.run(tvec!(self.input.clone()))?;
        Ok(())
    }

    fn outputs(&mut self) -> Result<Vec<Vec<f32>>> {
        let outputs = self.state.run(tvec!(self.input.clone()))?;
        let extract = |output: &TValue| {
            Ok(output
                .to_plain_array_view::<f32>()?
                .iter()
                .copied()
                .collect())
        };
        outputs.iter().map(extract).collect()
    }
}
