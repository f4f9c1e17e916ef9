//! Writes the models of the agreement suite:
//!
//! ```sh
//! cargo run --release -p mdn-tests --example agreement_models -- agreement/models
//! ```
//!
//! Between them they have every activation, every covariance, both scale maps, no hidden layer
//! and several, one component and many, up to four dimensions, every storage of kernels, one network
//! and several. Their numbers are random and the same every time. Beside them it writes `records.mdn`,
//! the sample of version 4 of the format, `supports.mdn`, with targets on supports, and `inputs.mdn`, whose
//! inputs have rules.

use std::path::Path;
use std::{env, fs};

use mdn_infer::ParseError;
use mdn_infer::format::Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
use mdn_infer::format::Covariance::{Diagonal, Full, Isotropic};
use mdn_infer::format::ScaleMap::{Exp, Softplus};
use mdn_infer::format::Storage::{self, Bf16, F16, F32, I8};
use mdn_infer::format::{self, Atoms, InputRule, InputTransform, Support};
use mdn_tests::{Shape, head, random_draft, random_ensemble};
use mdn_train::draft::{ExportError, Statements, golden_rows};
use mdn_train::drawn_rows::drawn_rows;
use mdn_train::model_file::ModelFile;
use mdn_train::network::HiddenLayer;
use mdn_train::quantize::quantize;
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

/// The models with narrow kernels, listed behind the others. Widths are odd, so that groups of
/// inputs are padded, and one unit has a layer for itself.
fn narrow_shapes() -> Vec<(&'static str, Shape, Storage)> {
    let shape = |widths: &[usize], activation, head| Shape {
        widths: widths.to_vec(),
        activation,
        head,
    };
    vec![
        (
            "f16",
            shape(&[3, 13, 9], Tanh, head(5, 2, Full, Softplus)),
            F16,
        ),
        (
            "bf16",
            shape(&[5, 11, 10], Sigmoid, head(4, 2, Diagonal, Exp)),
            Bf16,
        ),
        (
            "i8",
            shape(&[6, 1, 19, 10], Silu, head(7, 2, Full, Exp)),
            I8,
        ),
    ]
}

/// The ensembles, listed last, with how many networks they have. No row of a network fills its
/// vectors.
fn ensemble_shapes() -> Vec<(&'static str, Shape, Storage, u8)> {
    let shape = |widths: &[usize], activation, head| Shape {
        widths: widths.to_vec(),
        activation,
        head,
    };
    vec![
        (
            "ensemble",
            shape(&[3, 5, 4], Tanh, head(3, 2, Full, Exp)),
            F32,
            3,
        ),
        (
            "ensemble-i8",
            shape(&[2, 7], Relu, head(5, 1, Isotropic, Softplus)),
            I8,
            2,
        ),
    ]
}

/// A file of version 4, which states all that it can. It is not part of the suite, whose hash stays
/// what it was; a test of the workspace asks it at every level.
fn stated(rng: &mut Xoshiro128PlusPlus) -> Result<ModelFile, ExportError> {
    let shape = Shape {
        widths: vec![6, 5, 3],
        activation: Relu,
        head: head(2, 2, Full, Softplus),
    };
    let mut draft = random_draft(&shape, 1, rng);
    draft.hidden[1] = HiddenLayer::Dense {
        units: 3,
        activation: Tanh,
    };
    let reach = draft.inputs.standardiser.clone();
    let ranges = reach.shift.iter().zip(&reach.scale);
    draft.statements = Statements {
        input_shape: Some(format::Shape::Sequence {
            steps: 3,
            channels: 2,
        }),
        input_ranges: Some(ranges.map(|(s, r)| (s - 3.0 * r, s + 3.0 * r)).collect()),
        supports: Some(vec![Support::Continuous; 2]),
        ..Statements::default()
    };
    draft.finish_at_rows_of(&draft.untested(&[])?.model())
}

/// A file of version 4 with a support of each kind. It is not part of the suite either.
fn supported(rng: &mut Xoshiro128PlusPlus) -> Result<ModelFile, ExportError> {
    let shape = Shape {
        widths: vec![2, 4],
        activation: Tanh,
        head: head(3, 5, Diagonal, Exp),
    };
    let mut draft = random_draft(&shape, 1, rng);
    let standardiser = &mut draft.targets.standardiser;
    standardiser.shift = vec![2.5, 4.0, 0.75, 0.5, 200.0];
    standardiser.scale = vec![2.0, 3.0, 1.5, 0.25, 40.0];
    let atoms = Atoms::new(&[0.0, 2.0], true, false, 0.5);
    draft.statements.supports = Some(vec![
        Support::Continuous,
        Support::Lattice {
            origin: 0.0,
            step: 1.0,
            low: 0.0,
            high: f32::INFINITY,
        },
        Support::Atoms(atoms.ok_or(ExportError::Parse(ParseError::InvalidNumber))?),
        Support::Bounds {
            low: 0.0,
            high: 1.0,
        },
        Support::Circle {
            origin: 0.0,
            period: 360.0,
            cut: 90.0,
        },
    ]);
    draft.finish_at_rows_of(&draft.untested(&[])?.model())
}

/// A file of version 4 whose inputs have rules of each kind. It is not part of the suite either.
fn prepared(rng: &mut Xoshiro128PlusPlus) -> Result<ModelFile, ExportError> {
    let log = InputTransform::Log {
        centre: 0.5,
        unit: 2.0,
    };
    let symmetric = InputTransform::SymmetricLog {
        centre: -1.0,
        unit: 0.25,
    };
    let rule = |low, high, transform, fill| InputRule {
        low,
        high,
        transform,
        fill,
    };
    let (least, most) = (f32::NEG_INFINITY, f32::INFINITY);
    let rules = vec![
        rule(-2.0, 3.0, InputTransform::Identity, None),
        rule(0.75, 1e6, log, Some(4.0)),
        rule(least, 1e9, symmetric, None),
        rule(least, most, InputTransform::Identity, Some(-1.5)),
        rule(0.625, most, log, None),
    ];
    // The numbers of the network are those of as many inputs as it reads.
    let shape = Shape {
        widths: vec![7, 6],
        activation: Silu,
        head: head(3, 2, Full, Exp),
    };
    let mut draft = random_draft(&shape, 1, rng);
    draft.inputs.names.truncate(rules.len());
    draft.statements.input_ranges = Some(vec![(-1.0, 2.0); rules.len()]);
    draft.statements.input_rules = Some(rules);
    let file = draft.untested(&[])?;
    let mut rows = drawn_rows(&file.model(), GOLDEN)?;
    // The first of them has missing values.
    rows.inputs[1] = f32::NAN;
    rows.inputs[3] = f32::NAN;
    draft.finish(&golden_rows(&rows))
}

fn write(folder: &str, name: &str, file: &ModelFile) -> Result<(), String> {
    let path = Path::new(folder).join(name).with_extension("mdn");
    fs::write(&path, file.bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}: {} bytes", path.display(), file.bytes().len());
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args().nth(1).ok_or("name the folder to write to")?;
    let wide = shapes().into_iter().map(|(name, shape)| (name, shape, F32));
    let single = wide.chain(narrow_shapes());
    let single = single.map(|(name, shape, storage)| (name, shape, storage, 1));
    let all = single.chain(ensemble_shapes());
    for (seed, (name, shape, storage, members)) in (1..).zip(all) {
        let mut rng = Xoshiro128PlusPlus::seed_from_u64(seed);
        let mut file = random_ensemble(&shape, members, GOLDEN, &mut rng);
        if storage != F32 {
            file = quantize(&file.model(), storage)?;
        }
        write(&folder, name, &file)?;
    }
    let stated = stated(&mut Xoshiro128PlusPlus::seed_from_u64(100))?;
    write(&folder, "records", &stated)?;
    let supported = supported(&mut Xoshiro128PlusPlus::seed_from_u64(101))?;
    write(&folder, "supports", &supported)?;
    let prepared = prepared(&mut Xoshiro128PlusPlus::seed_from_u64(102))?;
    write(&folder, "inputs", &prepared)?;
    Ok(())
}
