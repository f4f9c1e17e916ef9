//! What Miri runs (`just miri`): parsing, predictions and questions, few and small, for interpreted
//! code is a thousand times slower. On a big-endian machine files are copied, and the golden vectors
//! hold all the same.

use mdn_agreement::SAMPLES;
use mdn_hostile::file::{aligned, repair_checksum};
use mdn_hostile::samples;
use mdn_hostile::{Answers, Source, model, questions};
use mdn_infer::{Level, Model, OwnedModel, ParseError};

/// Bytes of a model file that takes a second or two, most of it for its checksum.
const SMALL: usize = 2000;

/// Asks the model in `file`, copied to a buffer of its own.
fn ask(file: &[u8], question: &[u8]) -> Result<Answers, ParseError> {
    let mut buffer = vec![0.0; Model::words_needed(file)?];
    let model = Model::parse_into(file, &mut buffer)?;
    let mut working = vec![0.0; model.working_len()];
    let mut answers = Answers::default();
    let x = vec![0.5; model.inputs()];
    match model.predict(Level::scalar(), &x, &mut working) {
        Ok(mixture) => questions::ask(&model, &mixture, &mut Source::new(question), &mut answers),
        Err(error) => answers.error(error),
    }
    Ok(answers)
}

/// All of the smallest model, the first of each other small one: every storage, and ensembles.
#[test]
fn golden_vectors_hold() {
    golden_vectors(SAMPLES[0].file, usize::MAX);
    for sample in samples().skip(1).filter(|s| s.file.len() <= SMALL) {
        golden_vectors(sample.file, 1);
    }
}

/// The first `count` golden vectors of the model in `file`, from a copy.
fn golden_vectors(file: &[u8], count: usize) {
    let mut buffer = vec![0.0; Model::words_needed(file).expect("sound")];
    let model = Model::parse_into(file, &mut buffer).expect("sound");
    let mut working = vec![0.0; model.working_len()];
    for golden in model.golden().take(count) {
        let mixture = model.predict(Level::scalar(), golden.input, &mut working);
        let mut expected = golden.expected.iter();
        let outputs = mixture.expect("finite").outputs(golden.target, |output| {
            let expected = expected.next().expect("as many");
            assert_eq!(output.to_bits(), expected.to_bits());
        });
        outputs.expect("finite");
    }
}

#[test]
fn a_file_is_used_in_place_only_in_its_byte_order() {
    let words = aligned(SAMPLES[0].file);
    let parsed = Model::parse(&bytemuck::cast_slice(&words)[..SAMPLES[0].file.len()]);
    if cfg!(target_endian = "big") {
        assert_eq!(parsed.err(), Some(ParseError::ForeignEndian));
    } else {
        assert!(parsed.is_ok());
    }
}

/// A model that owns its bytes, from any address and in any byte order; what is damaged is refused.
#[test]
fn owned_models_hold_and_outlive_their_names() {
    let file = SAMPLES[0].file;
    let shifted = [&[0], file].concat();
    let model = OwnedModel::parse(&shifted[1..]).expect("sound");
    assert_eq!(model.bytes(), file);
    let mut predictor = model.clone().predictor(Level::scalar());
    drop((model, shifted));
    let owner = predictor.model().clone();
    for golden in owner.model().golden() {
        let mixture = predictor.predict(golden.input).expect("finite");
        let mut expected = golden.expected.iter();
        let outputs = mixture.outputs(golden.target, |output| {
            let expected = expected.next().expect("as many");
            assert_eq!(output.to_bits(), expected.to_bits());
        });
        outputs.expect("finite");
    }
    let mut damaged = file.to_vec();
    damaged[file.len() / 2] ^= 1;
    let refused = OwnedModel::parse(&damaged).err();
    assert!(matches!(refused, Some(ParseError::ChecksumMismatch { .. })));
}

/// The cheap questions, modes, and a conditional.
#[test]
fn every_question() {
    let file = SAMPLES[1].file;
    for kinds in [0x1f, 0x60, 0xc1] {
        ask(file, &[kinds, 130, 140, 1, 135, 120, 0, 1, 0, 130, 140]).expect("sound");
    }
}

#[test]
fn damage_never_faults() {
    let file = SAMPLES[0].file;
    for at in (0..file.len()).step_by(59) {
        let mut damaged = file.to_vec();
        damaged[at] ^= 0x41;
        assert!(ask(&damaged, &[0]).is_err(), "byte {at}");
        repair_checksum(&mut damaged);
        let _ = ask(&damaged, &[1, 130, 140]);
    }
    for len in (0..file.len()).step_by(83) {
        assert!(ask(&file[..len], &[0]).is_err());
    }
}

#[test]
fn odd_numbers_never_fault() {
    for seed in [3, 140] {
        let description: Vec<u8> = (0..40_u8).map(|i| i.wrapping_mul(seed)).collect();
        let words = model::file(&mut Source::new(&description));
        let file: &[u8] = bytemuck::cast_slice(&words);
        ask(file, &[0x1f, 11, 2, 14, 1, 13, 12]).expect("sound");
    }
}
