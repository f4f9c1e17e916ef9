//! Writes the models of the agreement suite:
//!
//! ```sh
//! cargo run --release -p mdn-tests --example agreement_models -- agreement/models
//! ```
//!
//! Between them they have every activation, every covariance, both scale maps, no hidden layer
//! and several, one component and many, and up to four dimensions. Their numbers are random and
//! the same every time.

use std::path::Path;
use std::{env, fs};

use mdn_infer::format::Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
use mdn_infer::format::Covariance::{Diagonal, Full, Isotropic};
use mdn_infer::format::ScaleMap::{Exp, Softplus};
use mdn_tests::{Shape, head, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;

/// Golden vectors of each model.
const GOLDEN: usize = 2;

/// Names and shapes; `agreement/src/models.rs` lists the same names.
fn shapes() -> Vec<(&'static str, Shape)> {
    let shape = |widths: &[usize], activation, head| Shape {
        widths: widths.to_vec(),
        activation,
        head,
    };
    vec![
        ("linear", shape(&[3], Identity, head(1, 1, Isotropic, Exp))),
        ("plane", shape(&[2], Identity, head(1, 2, Full, Softplus))),
        (
            "identity",
            shape(&[2, 5], Identity, head(3, 2, Isotropic, Softplus)),
        ),
        (
            "sigmoid",
            shape(&[5, 9], Sigmoid, head(9, 1, Diagonal, Softplus)),
        ),
        ("tanh", shape(&[4, 8], Tanh, head(5, 2, Full, Exp))),
        (
            "relu",
            shape(&[9, 7, 12], Relu, head(8, 3, Diagonal, Softplus)),
        ),
        (
            "gelu",
            shape(&[3, 10, 11], Gelu, head(6, 3, Full, Softplus)),
        ),
        ("silu", shape(&[17, 6, 7, 8], Silu, head(7, 4, Full, Exp))),
    ]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args().nth(1).ok_or("name the folder to write to")?;
    for (seed, (name, shape)) in (1..).zip(shapes()) {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
        let file = random_model(&shape, GOLDEN, &mut rng);
        let path = Path::new(&folder).join(name).with_extension("mdn");
        fs::write(&path, file.bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}: {} bytes", path.display(), file.bytes().len());
    }
    Ok(())
}
