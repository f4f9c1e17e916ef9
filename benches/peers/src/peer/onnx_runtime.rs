//! ONNX Runtime: input and outputs bound once, so that a run copies nothing; one thread, which
//! needs no pool and spins nowhere.

use anyhow::{Context, Result};
use ort::environment::Environment;
use ort::memory::Allocator;
use ort::session::{IoBinding, Session};
use ort::value::Tensor;
use std::sync::OnceLock;

use super::Peer;
use crate::network::Network;
use crate::onnx;

struct OnnxRuntime {
    session: Session,
    binding: IoBinding,
    names: Vec<&'static str>,
}

/// Where the library is: `run.sh` sets it.
const LIBRARY: &str = "ORT_DYLIB_PATH";

fn environment() -> Result<&'static Environment> {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let library =
        std::env::var_os(LIBRARY).with_context(|| format!("{LIBRARY} names no library"))?;
    let environment = ort::init_from(library)?.build()?;
    Ok(ENVIRONMENT.get_or_init(|| environment))
}

pub(super) fn load(network: &Network, input: &[f32], rows: usize) -> Result<Box<dyn Peer>> {
    let builder = Session::builder(environment()?)?;
    let builder = builder
        .with_intra_threads(1)
        .map_err(ort::Error::<()>::from)?;
    let mut builder = builder
        .with_inter_threads(1)
        .map_err(ort::Error::<()>::from)?;
    let session = builder.commit_from_memory(&onnx::encode(network, rows))?;
    let mut binding = session.create_binding()?;
    binding.bind_input(
        onnx::INPUT,
        &Tensor::from_array(([rows, network.inputs()], input.to_vec()))?,
    )?;
    let groups = onnx::OUTPUTS
        .into_iter()
        .zip(network.groups)
        .filter(|(_, len)| *len > 0);
    let mut names = Vec::new();
    for (name, len) in groups {
        binding.bind_output(
            name,
            Tensor::<f32>::new(&Allocator::default(), [rows, len])?,
        )?;
        names.push(name);
    }
    Ok(Box::new(OnnxRuntime {
        session,
        binding,
        names,
    }))
}

impl Peer for OnnxRuntime {
    fn run(&mut self) -> Result<()> {
        self.session.run_binding(&self.binding)?;
        Ok(())
    }

    fn outputs(&mut self) -> Result<Vec<Vec<f32>>> {
        let outputs = self.session.run_binding(&self.binding)?;
        let extract = |name: &&str| Ok(outputs[*name].try_extract_tensor::<f32>()?.1.to_vec());
        self.names.iter().map(extract).collect()
    }
}
