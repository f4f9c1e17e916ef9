//! Damaged and hostile files: each is refused with the right error, none is read past its end.

use mdn_infer::format::{Covariance, ScaleMap};
use mdn_infer::{Model, ParseError};
use mdn_tests::{Shape, head, random_model};
use mdn_train::model_file::ModelFile;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The committed sample.
const CLASSIC: &[u8] = include_bytes!("../../mdn-infer/samples/classic.mdn");

fn small_model() -> ModelFile {
    let shape = Shape {
        widths: vec![2, 3],
        activation: mdn_infer::format::Activation::Tanh,
        head: head(2, 2, Covariance::Full, ScaleMap::Softplus),
    };
    random_model(&shape, 1, &mut Xoshiro256PlusPlus::seed_from_u64(7))
}

/// Parses a copy of `bytes` that has its checksum put right, so that the deeper checks see it.
fn parse_repaired(bytes: &mut [u8]) -> Result<(), ParseError> {
    if bytes.len() >= 24 {
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
        let mut digest = crc.digest();
        digest.update(&bytes[..20]);
        digest.update(&bytes[24..]);
        let checksum = digest.finalize();
        bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    }
    ModelFile::from_bytes(bytes).map(drop)
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut bytes = CLASSIC.to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = ModelFile::from_bytes(&bytes).expect_err("damaged");
        let right = match bit / 8 {
            0..8 => error == ParseError::NotAModel,
            8..10 => matches!(error, ParseError::UnsupportedVersion { .. }),
            12..16 => matches!(
                error,
                ParseError::Truncated { .. } | ParseError::TrailingBytes { .. }
            ),
            _ => matches!(error, ParseError::ChecksumMismatch { .. }),
        };
        assert!(right, "bit {bit}: {error:?}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_cut_is_refused() {
    for len in 0..CLASSIC.len() {
        let error = ModelFile::from_bytes(&CLASSIC[..len]).expect_err("cut short");
        assert!(
            matches!(error, ParseError::Truncated { .. }),
            "{len}: {error:?}"
        );
    }
    let mut longer = CLASSIC.to_vec();
    longer.push(0);
    assert!(matches!(
        ModelFile::from_bytes(&longer),
        Err(ParseError::TrailingBytes { .. })
    ));
}

#[test]
fn a_misaligned_buffer_is_refused_and_can_be_copied() {
    let file = small_model();
    let mut shifted = vec![0_u64; file.bytes().len() / 8 + 2];
    let start = 1;
    let end = start + file.bytes().len();
    let shifted: &mut [u8] = bytemuck::cast_slice_mut(&mut shifted);
    shifted[start..end].copy_from_slice(file.bytes());
    let shifted = &shifted[start..end];
    assert_eq!(
        Model::parse(shifted).expect_err("misaligned"),
        ParseError::Misaligned
    );
    let needed = Model::words_needed(shifted).expect("a sound file");
    let mut buffer = vec![0.0; needed];
    let error = Model::parse_into(shifted, &mut buffer[1..]).expect_err("too short");
    assert_eq!(error, ParseError::BufferTooShort { needed });
    let model = Model::parse_into(shifted, &mut buffer).expect("a sound file");
    let report = model
        .self_test(
            mdn_infer::Level::detect(),
            &mut vec![0.0; model.working_len()],
        )
        .expect("finite");
    assert!(report.passed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// With the checksum repaired, damage reaches the deeper checks; whatever parses predicts.
    #[test]
    fn repaired_damage_never_faults(edits in prop::collection::vec((0_usize..2000, any::<u8>()), 1..6)) {
        let file = small_model();
        let mut bytes = file.bytes().to_vec();
        for (at, value) in edits {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if parse_repaired(&mut bytes).is_ok() {
            let file = ModelFile::from_bytes(&bytes).expect("parsed before");
            let model = file.model();
            let mut working = vec![0.0; model.working_len()];
            let input = vec![0.5; model.inputs()];
            if let Ok(mixture) = model.predict(mdn_infer::Level::detect(), &input, &mut working) {
                let _ = mixture.log_density(&vec![0.1; model.dimensions()]);
            }
            let _ = model.self_test(mdn_infer::Level::scalar(), &mut working);
        }
    }

    #[test]
    fn arbitrary_bytes_never_fault(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_repaired(&mut bytes);
        let front = small_model().bytes()[..20].to_vec();
        let len = front.len().min(bytes.len());
        bytes[..len].copy_from_slice(&front[..len]);
        if bytes.len() >= 16 {
            let total = (bytes.len() as u32).to_le_bytes();
            bytes[12..16].copy_from_slice(&total);
        }
        let _ = parse_repaired(&mut bytes);
    }
}
