//! Drafts of models: files and back, layers of several kinds, and what is no model.

use std::fs;
use std::path::{Path, PathBuf};

use mdn_infer::format::{Activation, Covariance, Head, ScaleMap};
use mdn_infer::{Level, Model};
use mdn_train::data::Standardiser;
use mdn_train::draft::{
    Columns, DenseLayer, DraftError, ExportError, GoldenRow, Kernel, ModelDraft, Place, Side,
    Statements, with_anomaly_threshold,
};
use mdn_train::model_file::ModelFile;
use mdn_train::network::HiddenLayer;
use mdn_train::verify::verify;

/// The models of the agreement suite and the sample.
fn committed() -> Vec<(PathBuf, ModelFile)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let models = fs::read_dir(root.join("agreement/models")).unwrap();
    let models = models.map(|entry| entry.unwrap().path());
    let paths = models.chain([root.join("mdn-infer/samples/classic.mdn")]);
    let open = |path: PathBuf| (path.clone(), ModelFile::open(path).unwrap());
    paths.map(open).collect()
}

fn golden_rows<'a>(model: &Model<'a>) -> Vec<GoldenRow<'a>> {
    model.golden().map(|g| (g.input, g.target)).collect()
}

#[test]
fn committed_files_come_back_byte_for_byte() {
    let committed = committed();
    assert!(committed.len() >= 14, "{} files", committed.len());
    for (path, file) in committed {
        let draft = ModelDraft::of(&file.model());
        assert_eq!(draft.storage(), file.model().storage());
        let again = draft.finish(&golden_rows(&file.model())).unwrap();
        assert!(again.bytes() == file.bytes(), "{}", path.display());
        let rows_of = draft.finish_at_rows_of(&file.model()).unwrap();
        assert!(rows_of.bytes() == file.bytes(), "{}", path.display());
    }
}

#[test]
fn an_anomaly_threshold_set_later_is_one_set_before() {
    for (path, file) in committed() {
        let mut draft = ModelDraft::of(&file.model());
        draft.anomaly_threshold = Some(-1.25);
        let before = draft.finish(&golden_rows(&file.model())).unwrap();
        let later = with_anomaly_threshold(&file, -1.25).unwrap();
        assert!(later.bytes() == before.bytes(), "{}", path.display());
        assert_eq!(later.model().header().anomaly_threshold, Some(-1.25));
        let refused = with_anomaly_threshold(&file, f32::NAN).unwrap_err();
        assert!(
            refused.to_string().contains("threshold is NaN"),
            "{refused}"
        );
    }
}

#[test]
fn a_file_is_shared_between_clones_and_threads() {
    fn all<T: Clone + Send + Sync + 'static>(_: &T) {}
    let (_, file) = committed().remove(0);
    all(&file);
    let clone = file.clone();
    assert_eq!(file.bytes().as_ptr(), clone.bytes().as_ptr());
    let parameters = file.model().parameters();
    drop(file);
    let there = std::thread::spawn(move || clone.model().parameters());
    assert_eq!(there.join().unwrap(), parameters);
}

/// A draft of two inputs, ReLU, tanh and two components, with numbers that look random.
fn relu_then_tanh() -> ModelDraft {
    let dense = |units, activation| HiddenLayer::Dense { units, activation };
    let mut phase = 0.0_f32;
    let mut numbers = |count: usize| -> Vec<f32> {
        let mut next = || {
            phase += 1.0;
            (phase * 12.989_8).sin()
        };
        (0..count).map(|_| next()).collect()
    };
    let mut layer = |inputs: usize, outputs: usize| DenseLayer {
        kernel: Kernel::F32(numbers(inputs * outputs)),
        bias: numbers(outputs),
    };
    let named = |name: &str, unit: Option<&str>| (name.to_owned(), unit.map(str::to_owned));
    ModelDraft {
        producer: "a test".to_owned(),
        inputs: Columns {
            names: vec![named("a", Some("m/s")), named("b", None)],
            standardiser: Standardiser {
                shift: vec![1.0, -2.0],
                scale: vec![0.5, 4.0],
            },
        },
        targets: Columns::identity(vec![named("t", None)]),
        hidden: vec![dense(7, Activation::Relu), dense(5, Activation::Tanh)],
        head: Head {
            components: 2,
            dimensions: 1,
            covariance: Covariance::Diagonal,
            scale_map: ScaleMap::Exp,
            log_scale_min: -7.0,
            log_scale_max: 7.0,
        },
        anomaly_threshold: Some(3.0),
        statements: Statements::default(),
        networks: vec![vec![layer(2, 7), layer(7, 5), layer(5, 6)]],
    }
}

const ROWS: [GoldenRow<'static>; 2] = [(&[0.3, 1.0], &[0.5]), (&[2.0, -7.0], &[-1.0])];

/// The outputs of a network in binary64, from the draft's own numbers.
fn outputs(draft: &ModelDraft, input: &[f32]) -> Vec<f64> {
    let Standardiser { shift, scale } = &draft.inputs.standardiser;
    let standard = |((x, shift), scale): ((&f32, &f32), &f32)| {
        (f64::from(*x) - f64::from(*shift)) / f64::from(*scale)
    };
    let mut x: Vec<f64> = input.iter().zip(shift).zip(scale).map(standard).collect();
    let functions: [fn(f64) -> f64; 3] = [|x| x.max(0.0), f64::tanh, |x| x];
    for (layer, function) in draft.networks[0].iter().zip(functions) {
        let Kernel::F32(kernel) = &layer.kernel else {
            panic!("made of f32");
        };
        let mut sums: Vec<f64> = layer.bias.iter().map(|&b| b.into()).collect();
        for (x, row) in x.iter().zip(kernel.chunks_exact(sums.len())) {
            for (sum, entry) in sums.iter_mut().zip(row) {
                *sum += x * f64::from(*entry);
            }
        }
        x = sums.into_iter().map(function).collect();
    }
    x
}

#[test]
fn each_hidden_layer_has_its_own_activation() {
    let draft = relu_then_tanh();
    let file = draft.finish(&ROWS).unwrap();
    let model = file.model();
    assert_eq!(ModelDraft::of(&model), draft);
    let mut working = vec![0.0; model.working_len()];
    for (input, _) in ROWS {
        let expected = outputs(&draft, input);
        let mixture = model.predict(Level::detect(), input, &mut working).unwrap();
        for component in mixture.components() {
            let error = f64::from(component.mean(0)) - expected[2 + component.index()];
            assert!(error.abs() < 2e-6, "{error}");
        }
    }
    let found = verify(&model, Level::detect()).unwrap();
    assert!(found.golden_bits_equal() && found.compared > 4000);
    assert!(found.max_relative_error < 1e-5, "{found:?}");
}

/// What `draft` says when it is to become a file.
fn refused(draft: &ModelDraft) -> DraftError {
    let untested = draft.untested(&[]).unwrap_err();
    match draft.finish(&ROWS).unwrap_err() {
        ExportError::Draft(error) => {
            assert_eq!(
                untested.to_string(),
                ExportError::from(error.clone()).to_string()
            );
            error
        }
        other => panic!("{other}"),
    }
}

#[test]
fn counts_out_of_the_format_are_named() {
    let change = |change: fn(&mut ModelDraft)| {
        let mut draft = relu_then_tanh();
        change(&mut draft);
        refused(&draft).to_string()
    };
    let none = change(|draft| draft.networks.clear());
    assert_eq!(none, "0 networks; a model has 1 to 255");
    let many = change(|draft| draft.networks = vec![draft.networks[0].clone(); 256]);
    assert_eq!(many, "256 networks; a model has 1 to 255");
    let deep = change(|draft| draft.hidden = vec![draft.hidden[0]; 9]);
    assert_eq!(deep, "9 hidden layers; a model has 0 to 8");
    let no_layers = change(|draft| draft.networks[0].clear());
    assert_eq!(no_layers, "network 1 has 0 layers, not 3");
    let shallow = change(|draft| draft.hidden.truncate(1));
    assert_eq!(shallow, "network 1 has 3 layers, not 2");
    for units in [0, 65_536] {
        let mut draft = relu_then_tanh();
        let activation = Activation::Silu;
        draft.hidden[1] = HiddenLayer::Dense { units, activation };
        assert_eq!(refused(&draft), DraftError::Units { layer: 2, units });
    }
    let heads = change(|draft| draft.head.components = 1025);
    assert_eq!(heads, "1025 components; a model has 1 to 1024");
    let dimensions = change(|draft| draft.head.dimensions = 17);
    assert_eq!(dimensions, "17 target dimensions; a model has 1 to 16");
    let inputs = change(|draft| draft.inputs.names.clear());
    assert_eq!(inputs, "0 inputs; a model has 1 to 65535");
    let bounds = change(|draft| draft.head.log_scale_min = f32::NAN);
    assert!(bounds.contains("NaN and 7"), "{bounds}");
    let name = change(|draft| draft.targets.names[0].1 = Some("\t".to_owned()));
    assert!(
        name.contains("\"\\t\"") && name.contains("targets"),
        "{name}"
    );
}

#[test]
fn wrong_lengths_are_named() {
    let (network, layer) = (1, 2);
    let expect = |draft: &ModelDraft, place, found, expected| {
        let error = DraftError::Length {
            place,
            found,
            expected,
        };
        assert_eq!(refused(draft), error);
    };
    let mut draft = relu_then_tanh();
    draft.networks[0][1].bias.pop();
    expect(&draft, Place::Bias { network, layer }, 4, 5);
    draft.networks[0][1].kernel = Kernel::F32(vec![0.0; 36]);
    expect(&draft, Place::Kernel { network, layer }, 36, 35);
    draft.inputs.standardiser.scale.push(1.0);
    expect(&draft, Place::Scale(Side::Inputs), 3, 2);
    draft.inputs.standardiser.shift.clear();
    expect(&draft, Place::Shift(Side::Inputs), 0, 2);
    draft = relu_then_tanh();
    draft.head.dimensions = 2;
    expect(&draft, Place::Names(Side::Targets), 1, 2);

    let mut bytes = relu_then_tanh();
    for layer in &mut bytes.networks[0] {
        let outputs = layer.bias.len();
        let Kernel::F32(kernel) = &layer.kernel else {
            panic!("made of f32");
        };
        layer.kernel = Kernel::I8 {
            entries: vec![3; kernel.len()],
            scales: vec![0.1; outputs],
        };
    }
    assert!(bytes.finish(&ROWS).is_ok());
    if let Kernel::I8 { scales, .. } = &mut bytes.networks[0][1].kernel {
        scales.pop();
    }
    expect(&bytes, Place::KernelScales { network, layer }, 4, 5);
    bytes.networks[0][1].kernel = Kernel::F32(vec![0.0; 35]);
    let mixed = refused(&bytes).to_string();
    assert_eq!(
        mixed,
        "the kernel of layer 2 of network 1 is f32, the first i8"
    );
}

#[test]
fn numbers_that_no_model_holds_are_named() {
    let (network, layer) = (1, 3);
    let kernels = [
        Kernel::F32([vec![0.0; 4], vec![f32::NAN], vec![0.0; 25]].concat()),
        Kernel::F16([vec![0; 4], vec![0x7c00], vec![0; 25]].concat()),
        Kernel::Bf16([vec![0; 4], vec![0xff80], vec![0; 25]].concat()),
        Kernel::I8 {
            entries: [vec![0; 4], vec![-128], vec![0; 25]].concat(),
            scales: vec![1.0; 6],
        },
    ];
    for kernel in kernels {
        let mut draft = relu_then_tanh();
        draft.hidden.clear();
        draft.inputs = Columns::identity(vec![("x".to_owned(), None); 5]);
        draft.networks[0] = draft.networks[0].split_off(2);
        draft.networks[0][0].kernel = kernel.clone();
        let error = refused(&draft);
        let DraftError::Number { place, index, .. } = error else {
            panic!("{kernel:?}: {error}");
        };
        let expected = Place::Kernel { network, layer: 1 };
        assert_eq!((place, index), (expected, 4), "{kernel:?}");
    }
    let mut draft = relu_then_tanh();
    draft.networks[0][2].bias[1] = f32::INFINITY;
    let error = refused(&draft).to_string();
    assert_eq!(
        error,
        format!("entry 1 of the bias of layer {layer} of network {network} is inf")
    );
    for scale in [0.0, -1.0, 1e-40, f32::NAN] {
        let mut draft = relu_then_tanh();
        draft.inputs.standardiser.scale[1] = scale;
        let error = refused(&draft).to_string();
        assert!(
            error.starts_with("entry 1 of the scale of the inputs is"),
            "{error}"
        );
    }
}

/// Whatever the products with their scales are: 0, subnormal, infinite.
#[test]
fn eight_bit_entries_come_back_exactly() {
    let mut draft = relu_then_tanh();
    draft.hidden.clear();
    let wide = |scale: f32| DenseLayer {
        kernel: Kernel::I8 {
            entries: (-6..6).collect(),
            scales: vec![scale; 6],
        },
        bias: vec![0.0; 6],
    };
    for scale in [0.0, -0.0, 1e-44, 0.3, 1e30, -3e37, 1e38] {
        draft.networks = vec![vec![wide(scale)]];
        let file = draft.untested(&[]).unwrap();
        assert_eq!(ModelDraft::of(&file.model()), draft, "{scale:e}");
    }
}

#[test]
fn golden_rows_are_checked() {
    let draft = relu_then_tanh();
    let found = |rows: &[GoldenRow<'_>]| draft.finish(rows).unwrap_err().to_string();
    assert!(found(&[]).contains("0 golden rows"), "{}", found(&[]));
    let short: [GoldenRow<'_>; 2] = [ROWS[0], (&[1.0], &[1.0])];
    assert!(found(&short).contains("the inputs of golden row 2 has 1 entries, not 2"));
    let target: [GoldenRow<'_>; 1] = [(&[1.0, 1.0], &[f32::NAN])];
    assert!(found(&target).contains("entry 0 of the targets of golden row 1 is NaN"));
    assert!(draft.untested(&[1.0]).is_err(), "no whole vector");
}
