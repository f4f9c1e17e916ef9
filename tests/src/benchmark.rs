//! The three networks that every benchmark runs.

use mdn_infer::format::{Activation, Covariance, ScaleMap};
use mdn_train::model_file::ModelFile;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{Shape, head, random_model};

/// Names and shapes.
///
/// S is the classic inverse problem's network, M a small controller's, L a larger regressor's
/// whose f32 kernels take a megabyte.
pub fn models() -> [(&'static str, Shape); 3] {
    let shape = |widths: &[usize], activation, head| Shape {
        widths: widths.to_vec(),
        activation,
        head,
    };
    let small = head(24, 1, Covariance::Isotropic, ScaleMap::Exp);
    let medium = head(8, 4, Covariance::Diagonal, ScaleMap::Exp);
    let large = head(16, 8, Covariance::Full, ScaleMap::Exp);
    [
        ("S", shape(&[1, 24], Activation::Sigmoid, small)),
        ("M", shape(&[16, 64, 64], Activation::Tanh, medium)),
        ("L", shape(&[32, 256, 256], Activation::Tanh, large)),
    ]
}

/// The model of this shape, the same on every run, with `golden` golden vectors.
pub fn model_file(shape: &Shape, golden: usize) -> ModelFile {
    random_model(shape, golden, &mut Xoshiro256PlusPlus::seed_from_u64(0))
}
