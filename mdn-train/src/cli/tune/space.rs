//! What `tune` tries.

use anyhow::Context;
use clap::Args;
use mdn_infer::format::{Covariance, MAX_COMPONENTS};
use mdn_train::fit::FitConfig;
use mdn_train::tune::Space;

use super::words::commas;
use crate::cli::fit::choices::NoiseName;
use crate::cli::options::CovarianceName;
use crate::cli::values::{Layers, at_least_0, layers, whole};

/// The values of each choice; trials are drawn from all their combinations.
#[derive(Args)]
pub struct SpaceChoices {
    /// Numbers of components to try
    #[arg(long, value_name = "K,…", value_delimiter = ',', default_value = "5,10,20,40",
          value_parser = whole(1..=MAX_COMPONENTS as u16))]
    try_components: Vec<u16>,
    /// Hidden layers to try; may be given again
    #[arg(long, value_name = "N,…", default_values = ["32", "64,64", "128,128"],
          value_parser = layers)]
    try_hidden: Vec<Layers>,
    /// Kinds of covariance to try [default: diagonal and full for several targets]
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    try_covariance: Vec<CovarianceName>,
    /// Weight decays to try
    #[arg(long, value_name = "DECAY,…", value_delimiter = ',', default_value = "0.001,0.01,0.1,1",
          value_parser = at_least_0)]
    try_weight_decay: Vec<f32>,
    /// Uses of noise to try
    #[arg(
        long,
        value_name = "WHEN,…",
        value_delimiter = ',',
        default_value = "never,in-turn,always"
    )]
    try_noise: Vec<NoiseName>,
}

impl SpaceChoices {
    /// Whether the activations of `base` suit all hidden layers that are tried.
    pub fn check(&self, base: &FitConfig) -> anyhow::Result<()> {
        let mut tried = self.try_hidden.iter();
        tried.try_for_each(|Layers(units)| {
            let layers = base.activation.layers(units).map(drop);
            layers.with_context(|| format!("--activation with --try-hidden {}", commas(units)))
        })
    }

    /// Whether full covariance was asked for.
    pub fn asks_for_full(&self) -> bool {
        let mut kinds = self.try_covariance.iter();
        kinds.any(|&kind| Covariance::from(kind) == Covariance::Full)
    }

    /// The space; `given` is the kind of covariance where nothing else is to be tried, as where not all
    /// targets are continuous (`smooth`).
    pub fn space(&self, given: Covariance, dimensions: usize, smooth: bool) -> Space {
        let covariance = match (self.try_covariance.is_empty(), dimensions) {
            (false, _) => self
                .try_covariance
                .iter()
                .map(|&kind| kind.into())
                .collect(),
            (true, 1) => vec![given],
            (true, _) if !smooth => vec![given],
            (true, _) => vec![Covariance::Diagonal, Covariance::Full],
        };
        Space {
            components: self.try_components.clone(),
            hidden: self
                .try_hidden
                .iter()
                .map(|layers| layers.0.clone())
                .collect(),
            covariance,
            weight_decay: self.try_weight_decay.clone(),
            noise: self.try_noise.iter().map(|&name| name.into()).collect(),
        }
    }
}
