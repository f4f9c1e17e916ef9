//! Damaged and hostile files: each is refused with the right error, none is read past its end.

use std::sync::LazyLock;

use mdn_infer::format::{self, Activation, Covariance, ModelSource, ScaleMap, Storage};
use mdn_infer::{EmitError, Model, ParseError};
use mdn_tests::{Shape, head, random_ensemble, random_model};
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::quantize;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The committed sample.
const CLASSIC: &[u8] = include_bytes!("../../mdn-infer/samples/classic.mdn");

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn small_shape() -> Shape {
    Shape {
        widths: vec![2, 3],
        activation: Activation::Tanh,
        head: head(2, 2, Covariance::Full, ScaleMap::Softplus),
    }
}

fn small_model() -> ModelFile {
    random_model(&small_shape(), 1, &mut rng(7))
}

fn small_ensemble() -> ModelFile {
    random_ensemble(&small_shape(), 3, 1, &mut rng(7))
}

/// The same in every storage.
fn small_models() -> &'static [ModelFile] {
    static MODELS: LazyLock<Vec<ModelFile>> = LazyLock::new(|| {
        let wide = small_model();
        let narrow = Storage::ALL[1..]
            .iter()
            .map(|&storage| quantize(&wide.model(), storage).expect("entries in range"));
        std::iter::once(wide.clone()).chain(narrow).collect()
    });
    &MODELS
}

/// The small models and ensembles of wide and narrow kernels.
fn damageable() -> &'static [ModelFile] {
    static MODELS: LazyLock<Vec<ModelFile>> = LazyLock::new(|| {
        let ensemble = small_ensemble();
        let narrow = quantize(&ensemble.model(), Storage::I8).expect("entries in range");
        [small_models(), &[ensemble, narrow]].concat()
    });
    &MODELS
}

/// Where the blob of a file begins.
fn blob_offset(bytes: &[u8]) -> usize {
    let header_len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
    (24 + header_len).next_multiple_of(64)
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
            // Version 3 is one bit from version 1.
            8 if bit % 8 == 1 => matches!(error, ParseError::ChecksumMismatch { .. }),
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
fn damage_to_small_files_is_refused() {
    for file in damageable() {
        let mut bytes = file.bytes().to_vec();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(ModelFile::from_bytes(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for len in 0..bytes.len() {
            let error = ModelFile::from_bytes(&bytes[..len]).expect_err("cut short");
            assert!(matches!(error, ParseError::Truncated { .. }), "{error:?}");
        }
    }
}

/// Version and storage must fit each other, and the header must end with what the version adds.
#[test]
fn versions_and_storages_that_do_not_fit_are_refused() {
    let versions = small_models()
        .iter()
        .map(|file| file.bytes()[8])
        .collect::<Vec<_>>();
    assert_eq!(versions, [1, 2, 2, 2]);
    for file in &small_models()[1..] {
        let last = 23 + usize::from(u16::from_le_bytes([file.bytes()[10], file.bytes()[11]]));
        let written = file.bytes()[last];
        assert_eq!(written, file.model().storage() as u8);
        for number in 0..=255 {
            let mut bytes = file.bytes().to_vec();
            bytes[last] = number;
            // f32 is version 1, and other numbers are no storage.
            if !(1..4).contains(&number) {
                assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
            }
        }
        let mut bytes = file.bytes().to_vec();
        bytes[8] = 1;
        assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
        // A header without the storage, and one with a byte behind it.
        for header_len in [last as u8 - 24, last as u8 - 22] {
            let mut bytes = file.bytes().to_vec();
            bytes[10] = header_len;
            assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
        }
    }
    let mut bytes = small_model().bytes().to_vec();
    bytes[8] = 2;
    assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
    bytes[8] = 3;
    assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
    bytes[8] = 4;
    assert_eq!(parse_repaired(&mut bytes), Err(ParseError::MalformedHeader));
    bytes[8] = 5;
    let newer = ParseError::UnsupportedVersion { found: 5 };
    assert_eq!(parse_repaired(&mut bytes), Err(newer));
}

/// i8 in a file of f16's size, and the like: the sections do not add up to the length.
#[test]
fn narrow_sections_of_a_wrong_size_are_refused() {
    let shape = Shape {
        widths: vec![40, 30],
        activation: Activation::Tanh,
        head: head(9, 2, Covariance::Full, ScaleMap::Softplus),
    };
    let wide = random_model(&shape, 1, &mut rng(8));
    for (storage, other) in [(Storage::F16, Storage::I8), (Storage::I8, Storage::Bf16)] {
        let file = quantize(&wide.model(), storage).expect("entries in range");
        let mut bytes = file.bytes().to_vec();
        let last = 23 + usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
        bytes[last] = other as u8;
        assert_eq!(
            parse_repaired(&mut bytes),
            Err(ParseError::InconsistentSizes)
        );
        let mut bytes = file.bytes().to_vec();
        bytes[16] += 1;
        assert_eq!(
            parse_repaired(&mut bytes),
            Err(ParseError::InconsistentSizes)
        );
    }
}

/// Every word of the first layer in turn becomes one that its storage rules out.
#[test]
fn numbers_that_narrow_storage_rules_out_are_refused() {
    const OUTPUTS: usize = 3;
    for file in &small_models()[1..] {
        let storage = file.model().storage();
        // Standardisation takes one section of 64 bytes, biases (and scales) eight words each.
        let biases = blob_offset(file.bytes()) + 64;
        let floats = if storage == Storage::I8 { 16 } else { 8 };
        let bad: &[&[u8]] = match storage {
            Storage::F16 => &[&[0x00, 0x7c], &[0x00, 0xfc], &[0x01, 0x7c], &[0xff, 0xff]],
            Storage::Bf16 => &[&[0x80, 0x7f], &[0x80, 0xff], &[0xc0, 0x7f], &[0xff, 0xff]],
            _ => &[&[0x80]],
        };
        let refused = |at: usize, pattern: &[u8]| {
            let mut bytes = file.bytes().to_vec();
            bytes[at..at + pattern.len()].copy_from_slice(pattern);
            let found = parse_repaired(&mut bytes);
            assert_eq!(
                found,
                Err(ParseError::InvalidNumber),
                "{storage:?}, {at}, {pattern:?}"
            );
        };
        for word in (0..floats).filter(|word| word % 8 < OUTPUTS) {
            for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                refused(biases + 4 * word, &number.to_le_bytes());
            }
        }
        for pattern in bad {
            for at in (0..32).step_by(pattern.len()) {
                refused(biases + 4 * floats + at, pattern);
            }
        }
    }
}

#[test]
fn narrow_files_can_be_copied() {
    for file in small_models() {
        let shifted = [&[0], file.bytes()].concat();
        let mut buffer = vec![0.0; Model::words_needed(&shifted[1..]).expect("a sound file")];
        let model = Model::parse_into(&shifted[1..], &mut buffer).expect("a sound file");
        for level in mdn_infer::Level::available() {
            let mut working = vec![0.0; model.working_len()];
            let report = model.self_test(level, &mut working).expect("finite");
            assert!(report.passed(), "{:?}", model.storage());
        }
    }
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

/// What version 3 has behind the header of version 2.
#[test]
fn files_whose_networks_do_not_fit_are_refused() {
    let file = small_ensemble();
    let last = 23 + usize::from(u16::from_le_bytes([file.bytes()[10], file.bytes()[11]]));
    assert_eq!(file.bytes()[last - 1..=last], [0, 3]);
    let with = |edits: &[(usize, u8)]| {
        let mut bytes = file.bytes().to_vec();
        edits.iter().for_each(|&(at, byte)| bytes[at] = byte);
        parse_repaired(&mut bytes)
    };
    assert_eq!(with(&[]), Ok(()));
    // One network is version 1 or 2; version 2 has no place for their number.
    for edits in [
        [(last, 0)],
        [(last, 1)],
        [(8, 1)],
        [(8, 2)],
        [(last - 1, 4)],
    ] {
        assert_eq!(with(&edits), Err(ParseError::MalformedHeader), "{edits:?}");
    }
    for header_len in [last as u8 - 24, last as u8 - 22] {
        assert_eq!(with(&[(10, header_len)]), Err(ParseError::MalformedHeader));
    }
    for members in [2, 4, 255] {
        assert_eq!(with(&[(last, members)]), Err(ParseError::InconsistentSizes));
    }
    assert_eq!(with(&[(last - 1, 3)]), Err(ParseError::InconsistentSizes));
}

/// More components than a mixture may have, by their product only.
#[test]
fn too_many_components_are_refused() {
    let shape = |components| Shape {
        widths: vec![1],
        activation: Activation::Tanh,
        head: head(components, 1, Covariance::Isotropic, ScaleMap::Exp),
    };
    let file = random_ensemble(&shape(512), 2, 1, &mut rng(8));
    assert_eq!(file.model().components(), format::MAX_COMPONENTS);
    let model = file.model();
    let mut header = *model.header();
    header.head.components = 513;
    let mut source = ModelSource {
        header,
        input_shift: &[],
        input_scale: &[],
        target_shift: &[],
        target_scale: &[],
        rule_numbers: &[],
        layers: &[],
        golden: &[],
    };
    let refused = Err(EmitError::InvalidHeader);
    assert_eq!(format::encoded_len(&source), refused);
    (source.header.head.components, source.header.members) = (1, 0);
    assert_eq!(format::encoded_len(&source), refused);
    source.header.members = 1;
    assert!(format::encoded_len(&source).is_ok());
    // A header that says 513 components in as many bytes: postcard's 81 04 instead of 80 04.
    let mut bytes = file.bytes().to_vec();
    let head_at = bytes
        .windows(2)
        .position(|pair| pair == [0x80, 0x04])
        .unwrap();
    bytes[head_at] = 0x81;
    let unsupported = Err(ParseError::UnsupportedShape);
    assert_eq!(parse_repaired(&mut bytes), unsupported);
}

/// A number that is not finite, in each network in turn.
#[test]
fn numbers_of_every_network_are_checked() {
    let shape = Shape {
        widths: vec![1, 2],
        activation: Activation::Relu,
        head: head(1, 1, Covariance::Isotropic, ScaleMap::Exp),
    };
    let file = random_ensemble(&shape, 4, 0, &mut rng(9));
    let (_, layout, blob) = format::read(file.bytes()).expect("a sound file");
    let blob_at = file.bytes().len() - blob.len();
    for member in 0..4 {
        for at in &layout.layers[..layout.depth] {
            let mut bytes = file.bytes().to_vec();
            let at = blob_at + 4 * (at + member * layout.network_words);
            bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
            let refused = parse_repaired(&mut bytes);
            assert_eq!(refused, Err(ParseError::InvalidNumber), "network {member}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// With the checksum repaired, damage reaches the deeper checks; whatever parses predicts.
    #[test]
    fn repaired_damage_never_faults(
        which in 0..damageable().len(),
        edits in prop::collection::vec((0_usize..2000, any::<u8>()), 1..6),
    ) {
        let file = &damageable()[which];
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
