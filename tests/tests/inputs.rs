//! Inputs with rules: by `FORMAT.md` alone, against the oracle in binary64, and at the edges.

use mdn_infer::format::{Activation, Covariance, InputRule, InputTransform, ScaleMap, Storage};
use mdn_infer::{Level, Model, ParseError, PredictError, include_model};
use mdn_tests::{Shape, head, random_draft};
use mdn_train::draft::{ModelDraft, Statements};
use mdn_train::model_file::ModelFile;
use mdn_train::oracle::Oracle;
use mdn_train::quantize::quantize;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A file whose inputs have rules of each kind.
const INPUTS: &[u8] = include_model!("../../agreement/models/inputs.mdn");

fn model() -> Model<'static> {
    Model::parse(INPUTS).expect("a sound file")
}

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// The words of the blob, by `FORMAT.md`: the first multiple of 64 after the header.
fn blob(file: &[u8]) -> Vec<f32> {
    let header_len = usize::from(u16::from_le_bytes([file[10], file[11]]));
    let words = file[(24 + header_len).next_multiple_of(64)..].as_chunks().0;
    words.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

/// The record of this tag in a header of version 4 all of whose payloads are shorter than 128 bytes.
fn record(file: &[u8], wanted: u8) -> Option<&[u8]> {
    let header_len = usize::from(u16::from_le_bytes([file[10], file[11]]));
    let mut rest = &file[24..24 + header_len];
    while let [tag, len, more @ ..] = rest {
        let (payload, others) = more.split_at(usize::from(*len));
        if *tag == wanted {
            return Some(payload);
        }
        rest = others;
    }
    None
}

/// Where the numbers stand and which byte says what, read without the engine.
#[test]
fn rules_are_written_as_the_format_says() {
    let model = model();
    // Identity; logarithm that may be missing; symmetric logarithm; identity that may be; logarithm.
    assert_eq!(record(INPUTS, 17), Some(&[0, 5, 2, 4, 1][..]));
    assert_eq!((model.inputs(), model.network_inputs()), (5, 7));
    let blob = blob(INPUTS);
    assert_eq!(blob[..7], *model.input_shift());
    assert_eq!(blob[7..14], *model.input_scale());
    assert_eq!(blob[14..16], *model.target_shift());
    let (least, most) = (f32::NEG_INFINITY, f32::INFINITY);
    assert_eq!(blob[18..23], [-2.0, 0.75, least, least, 0.625]);
    assert_eq!(blob[23..28], [3.0, 1e6, 1e9, most, most]);
    assert_eq!(blob[28..33], [0.0, 0.5, -1.0, 0.0, 0.5]);
    assert_eq!(blob[33..38], [1.0, 2.0, 0.25, 1.0, 2.0]);
    assert_eq!(blob[38..43], [0.0, 4.0, 0.0, -1.5, 0.0]);
    let rules: Vec<InputRule> = model.input_rules().expect("stated").collect();
    assert_eq!(rules[3].fill, Some(-1.5));
    let log = InputTransform::Log {
        centre: 0.5,
        unit: 2.0,
    };
    assert_eq!(rules[1].transform, log);
    // A draft of it is the same file again.
    let rows: Vec<_> = model.golden().map(|g| (g.input, g.target)).collect();
    assert!(rows[0].0[1].is_nan(), "a golden vector has missing values");
    let again = ModelDraft::of(&model).finish(&rows).expect("sound");
    assert_eq!(again.bytes(), INPUTS);
}

/// A raw input anywhere: within the rules' limits and beyond, missing where it may be.
fn anywhere(model: &Model<'_>, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let rules = model.input_rules().expect("rules");
    // Far out only where something brings it back.
    let far =
        |rule: &InputRule| rule.high.is_finite() || rule.transform != InputTransform::Identity;
    let input = |rule: InputRule| match (rule.fill, rng.random_range(0..4)) {
        (Some(_), 0) => f32::NAN,
        (_, 1) if far(&rule) => rng.random_range(-1e3..1e3),
        (_, 2) if far(&rule) => rng.random_range(-1e12..1e12),
        _ => rng.random_range(-5.0..5.0),
    };
    rules.map(input).collect()
}

#[test]
fn the_oracle_agrees() {
    let file = bounded(2);
    let model = file.model();
    let oracle = Oracle::new(&model);
    let mut rng = rng(1);
    let mut working = vec![0.0; model.working_len()];
    let mut compared = 0;
    for _ in 0..2_000 {
        let x = anywhere(&model, &mut rng);
        let expected = oracle.predict(&x);
        let mixture = model.predict(Level::detect(), &x, &mut working);
        let mixture = mixture.expect("finite");
        let mut target = [0.0; 2];
        mixture
            .sample(&mut rng, &mut target)
            .expect("two dimensions");
        let right = expected.log_density(&target);
        if right > -50.0 {
            let found = f64::from(mixture.log_density(&target).expect("finite"));
            assert!(
                (found - right).abs() < 1e-3 * (1.0 + right.abs()),
                "{x:?}: {found} {right}"
            );
            compared += 1;
        }
    }
    assert!(compared > 1_900, "{compared}");
}

/// Networks with the same rules whose hidden units are bounded, so that nothing overflows.
fn bounded(members: u8) -> ModelFile {
    let shape = Shape {
        widths: vec![7, 9],
        activation: Activation::Tanh,
        head: head(4, 2, Covariance::Diagonal, ScaleMap::Exp),
    };
    let mut draft = random_draft(&shape, members, &mut rng(2));
    draft.inputs.names.truncate(5);
    draft.statements.input_rules = model().input_rules().map(Iterator::collect);
    draft.untested(&[]).expect("sound")
}

/// One row, a batch, every level, every storage and an ensemble: the same bits.
#[test]
fn rows_agree_with_batches_at_every_level() {
    let rules: Vec<InputRule> = model().input_rules().expect("rules").collect();
    for members in [1, 3] {
        let wide = bounded(members);
        for storage in Storage::ALL {
            let file = match storage {
                Storage::F32 => wide.clone(),
                storage => quantize(&wide.model(), storage).expect("entries in range"),
            };
            let model = file.model();
            assert_eq!(
                model.input_rules().map(Iterator::collect::<Vec<_>>),
                Some(rules.clone())
            );
            let mut rng = rng(3);
            let x: Vec<f32> = (0..53).flat_map(|_| anywhere(&model, &mut rng)).collect();
            for level in Level::available() {
                let mut parameters = vec![0.0; 53 * model.mixture_len()];
                let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
                let batch = model.predict_batch(level, &x, &mut parameters, &mut working);
                let mut one_by_one = vec![0.0; model.working_len()];
                for (x, batched) in x.chunks_exact(5).zip(batch.expect("finite").iter()) {
                    let alone = model
                        .predict(Level::scalar(), x, &mut one_by_one)
                        .expect("finite");
                    let (mut found, mut expected) = (Vec::new(), Vec::new());
                    batched
                        .outputs(&[0.5, -0.5], |v| found.push(v.to_bits()))
                        .expect("finite");
                    alone
                        .outputs(&[0.5, -0.5], |v| expected.push(v.to_bits()))
                        .expect("finite");
                    assert_eq!(found, expected, "{} {storage:?} {x:?}", level.name());
                }
            }
        }
    }
}

#[test]
fn missing_is_missing_only_where_the_rule_says_so() {
    let model = model();
    let mut working = vec![0.0; model.working_len()];
    let x = [0.5, 2.0, 1.0, 0.0, 1.0];
    for index in 0..5 {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = x;
            x[index] = value;
            let refused = model.predict(Level::detect(), &x, &mut working).err();
            let may_be = value.is_nan() && [1, 3].contains(&index);
            let expected = (!may_be).then_some(PredictError::NotFinite { index });
            assert_eq!(refused, expected, "{value} at {index}");
            // In a batch the index counts on.
            let rows = [[0.5, 2.0, 1.0, 0.0, 1.0], x].concat();
            let mut parameters = vec![0.0; 2 * model.mixture_len()];
            let mut working = vec![0.0; model.batch_working_len().max(model.working_len())];
            let refused =
                model.predict_batch(Level::detect(), &rows, &mut parameters, &mut working);
            let index = index + 5;
            let expected = (!may_be).then_some(PredictError::NotFinite { index });
            assert_eq!(refused.err(), expected);
        }
    }
    // The indicator tells a missing value from one that equals the fill.
    let answer = |x: [f32; 5]| {
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &x, &mut working)
            .expect("finite");
        mixture.log_density(&[0.0, 0.0]).expect("finite").to_bits()
    };
    assert_ne!(
        answer([0.5, f32::NAN, 1.0, 0.0, 1.0]),
        answer([0.5, 4.0, 1.0, 0.0, 1.0])
    );
}

#[test]
fn inputs_saturate_at_their_limits() {
    let model = model();
    let answer = |x: [f32; 5]| {
        let mut working = vec![0.0; model.working_len()];
        let mixture = model
            .predict(Level::detect(), &x, &mut working)
            .expect("finite");
        mixture.log_density(&[0.0, 0.0]).expect("finite").to_bits()
    };
    let x = |index: usize, value: f32| {
        let mut x = [0.5, 2.0, 1.0, 0.0, 1.0];
        x[index] = value;
        x
    };
    for (index, limit, beyond) in [
        (0, -2.0, -1e30),
        (0, 3.0, 58.9),
        (1, 0.75, 0.0),
        (1, 0.75, f32::MIN),
        (1, 1e6, f32::MAX),
        (2, 1e9, 1e30),
        (4, 0.625, 0.5),
    ] {
        assert_eq!(
            answer(x(index, limit)),
            answer(x(index, beyond)),
            "input {index}"
        );
    }
    assert_ne!(answer(x(0, 2.9)), answer(x(0, 3.0)));
}

/// Distances in widths of the range −1 to 2, for a logarithm of the logarithm's.
#[test]
fn distances_are_in_widths_of_the_range() {
    let model = model();
    assert_eq!(model.range_distance(&[0.0, 2.0, 1.0, -1.0, 1.5]), Some(0.0));
    assert_eq!(model.range_distance(&[3.5, 2.0, 1.0, -1.0, 1.5]), Some(0.5));
    assert_eq!(
        model.range_distance(&[-7.0, 2.0, 1.0, 2.75, 1.5]),
        Some(2.0)
    );
    // Missing is not far.
    assert_eq!(
        model.range_distance(&[0.0, f32::NAN, 1.0, f32::NAN, 1.5]),
        Some(0.0)
    );
    // The symmetric logarithm about −1 in units of 0.25, of 0, 12 and 100 units.
    let far = model
        .range_distance(&[0.0, 2.0, 24.0, 0.0, 1.5])
        .expect("ranges");
    let expected = (101.0_f64.ln() - 13.0_f64.ln()) / 13.0_f64.ln();
    assert!((f64::from(far) - expected).abs() < 1e-6, "{far} {expected}");
    // A file that states no ranges, and a range that is a point.
    let mut draft = ModelDraft::of(&model);
    draft.statements.input_ranges = None;
    let file = draft.untested(&[]).expect("sound");
    assert_eq!(file.model().range_distance(&[9.0; 5]), None);
    draft.statements.input_ranges = Some(vec![(0.0, 0.0); 5]);
    let file = draft.untested(&[]).expect("sound");
    let nothing = [0.0, f32::NAN, 0.0, 0.0, 0.0];
    assert_eq!(file.model().range_distance(&nothing), Some(0.0));
    let something = [1e-30, f32::NAN, 0.0, 0.0, 0.0];
    assert_eq!(file.model().range_distance(&something), Some(f32::INFINITY));
}

/// What parses is sound; what is not is named.
#[test]
fn rules_that_contradict_themselves_are_refused() {
    let sound = model();
    let edit = |word: usize, value: f32| {
        let mut bytes = INPUTS.to_vec();
        let header_len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
        let at = (24 + header_len).next_multiple_of(64) + 4 * word;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        parse(bytes)
    };
    for (word, value) in [
        (18, 4.0), // low above high
        (18, f32::NAN),
        (23, f32::NEG_INFINITY),
        (18, f32::INFINITY),
        (19, 0.5), // a logarithm of nothing
        (19, f32::NEG_INFINITY),
        (28, 1.0), // an identity with a centre
        (28, -0.0),
        (33, 2.0), // or a unit
        (34, 0.0),
        (34, -2.0),
        (34, f32::INFINITY),
        (29, f32::NAN),
        (38, 1.0), // a fill of what is never missing
        (39, f32::INFINITY),
    ] {
        assert_eq!(
            edit(word, value),
            Some(ParseError::InvalidNumber),
            "word {word}: {value}"
        );
    }
    assert_eq!(edit(18, -3.0), None);
    let kinds = |kinds: &[u8]| {
        let mut bytes = INPUTS.to_vec();
        let at = bytes
            .windows(5)
            .position(|five| five == [0, 5, 2, 4, 1])
            .expect("there");
        bytes[at..at + 5].copy_from_slice(kinds);
        parse(bytes)
    };
    for unknown in [3, 7, 8, 255] {
        let named = ParseError::UnknownInputRule { input: 2 };
        assert_eq!(kinds(&[0, 5, unknown, 4, 1]), Some(named), "{unknown}");
    }
    // Another number of indicators is another network.
    assert_eq!(kinds(&[4, 5, 2, 4, 1]), Some(ParseError::InconsistentSizes));
    assert!(sound.input_rules().is_some());
}

/// The error of these bytes, whose checksum is made right.
fn parse(mut bytes: Vec<u8>) -> Option<ParseError> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    digest.update(&bytes[..20]);
    digest.update(&bytes[24..]);
    let sum = digest.finalize();
    bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    let mut buffer = vec![0.0; bytes.len()];
    Model::parse_into(&bytes, &mut buffer).err()
}

/// Rules that change nothing move no bit of the answers, whatever they say in the file.
#[test]
fn rules_that_change_nothing_move_no_bit() {
    let file = include_model!("../../agreement/models/linear.mdn");
    let plain = Model::parse(file).expect("sound");
    let mut draft = ModelDraft::of(&plain);
    let rows: Vec<_> = plain.golden().map(|g| (g.input, g.target)).collect();
    let hash = |model: &Model<'_>| {
        let mut working = vec![0.0; model.working_len()];
        model
            .self_test(Level::detect(), &mut working)
            .expect("finite")
            .output_hash
    };
    draft.statements = Statements {
        input_rules: Some(vec![InputRule::default(); plain.inputs()]),
        ..Statements::default()
    };
    let ruled = draft.finish(&rows).expect("sound");
    assert_eq!(ruled.model().header().version(), 4);
    assert_eq!(hash(&ruled.model()), hash(&plain));
}
