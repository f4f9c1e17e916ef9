//! A benchmark model with its inputs, its network for the peers, and the peers themselves.

use anyhow::{Context, Result};
use mdn_benches::{model_file, models};
use mdn_infer::{Level, Model};
use mdn_tests::random_input;
use mdn_train::model_file::ModelFile;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::network::{Network, parameters};
use crate::peer::{self, PEERS, Peer};

/// One of the benchmark models.
pub struct Subject {
    /// S, M or L.
    pub name: &'static str,
    file: ModelFile,
    /// The same network as the peers see it.
    pub network: Network,
}

impl Subject {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let subject = |(name, shape)| {
            let file = model_file(&shape, 0);
            let network = Network::new(&file.model());
            Subject {
                name,
                file,
                network,
            }
        };
        models().into_iter().map(subject).collect()
    }

    /// The model.
    pub fn model(&self) -> Model<'_> {
        self.file.model()
    }

    /// Raw inputs `[rows][inputs]`, the same every time.
    pub fn inputs(&self, rows: usize) -> Vec<f32> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let model = self.model();
        (0..rows)
            .flat_map(|_| random_input(&model, &mut rng))
            .collect()
    }

    /// Every peer with [`inputs`](Self::inputs), once it has answered as the engine does.
    pub fn peers(&self, rows: usize) -> Result<Vec<Box<dyn Peer>>> {
        PEERS.iter().map(|peer| self.peer(peer, rows)).collect()
    }

    /// ONNX Runtime alone, likewise.
    pub fn onnx_runtime(&self, rows: usize) -> Result<Box<dyn Peer>> {
        self.peer(&PEERS[0], rows)
    }

    fn peer(&self, (name, load): &(&str, peer::Load), rows: usize) -> Result<Box<dyn Peer>> {
        let (model, inputs) = (self.model(), self.inputs(rows));
        let mut peer = load(&self.network, &inputs, rows)
            .with_context(|| format!("{name} on {}", self.name))?;
        let mut working = vec![0.0; model.working_len()];
        let mut expected = Vec::with_capacity(rows);
        for x in inputs.chunks(model.inputs()) {
            let mut row = Vec::new();
            let mixture = model.predict(Level::detect(), x, &mut working)?;
            parameters(&mixture, |value| row.push(value));
            expected.push(row);
        }
        peer::check(name, &mut *peer, &self.network, &expected)?;
        Ok(peer)
    }
}
