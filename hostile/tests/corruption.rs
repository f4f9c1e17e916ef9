//! Every flipped bit and every cut of every committed model file.
//!
//! As they are, damaged files are refused with the error that fits the place. With the checksum put
//! right again, a file is refused by a later check or predicts without a fault.

use mdn_hostile::file::{aligned, repair_checksum};
use mdn_hostile::{Answers, Source, query, questions, samples};
use mdn_infer::{Level, Model, ParseError};

const PREAMBLE: usize = 24;

fn bytes_of(words: &mut [u32], len: usize) -> &mut [u8] {
    &mut bytemuck::cast_slice_mut(words)[..len]
}

/// Whether `error` is right for a file in which one bit of byte `at` is flipped.
fn fits(at: usize, version: u8, error: ParseError) -> bool {
    use ParseError as E;
    match at {
        0..8 => error == E::NotAModel,
        // Another version that exists is noticed by the checksum.
        8 if (1..=3).contains(&version) => matches!(error, E::ChecksumMismatch { .. }),
        8..10 => matches!(error, E::UnsupportedVersion { .. }),
        12..16 => matches!(error, E::Truncated { .. } | E::TrailingBytes { .. }),
        _ => matches!(error, E::ChecksumMismatch { .. }),
    }
}

#[test]
fn every_flipped_bit_of_every_committed_file_is_refused() {
    for sample in samples() {
        let mut words = aligned(sample.file);
        let bytes = bytes_of(&mut words, sample.file.len());
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = Model::parse(bytes).expect_err("damaged");
            let (at, version) = (bit / 8, bytes[8]);
            assert!(
                fits(at, version, error),
                "{}, bit {bit}: {error:?}",
                sample.name
            );
            bytes[at] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_cut_of_every_committed_file_is_refused() {
    for sample in samples() {
        let file = sample.file;
        for found in 0..file.len() {
            let words = aligned(&file[..found]);
            let cut = &bytemuck::cast_slice(&words)[..found];
            let expected = if found < PREAMBLE {
                PREAMBLE
            } else {
                file.len()
            };
            let error = Model::parse(cut).expect_err("cut");
            assert_eq!(
                error,
                ParseError::Truncated { expected, found },
                "{}",
                sample.name
            );
        }
    }
}

/// Asks a model that a damaged file still is.
fn ask(bytes: &[u8]) -> Result<(), ParseError> {
    let model = Model::parse(bytes)?;
    let mut working = vec![0.0; model.working_len()];
    let input = vec![0.5; model.inputs()];
    let mut answers = Answers::default();
    if let Ok(mixture) = model.predict(Level::detect(), &input, &mut working) {
        questions::ask(
            &model,
            &mixture,
            &mut Source::new(&[1, 140, 120]),
            &mut answers,
        );
    }
    Ok(())
}

/// How many files are refused and how many predict, over every flipped bit of `file`.
fn repaired_flips(file: &[u8]) -> [usize; 2] {
    let mut words = aligned(file);
    let bytes = bytes_of(&mut words, file.len());
    let mut counts = [0; 2];
    for at in 0..file.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let checksum: [u8; 4] = bytes[20..24].try_into().expect("four");
            repair_checksum(bytes);
            counts[usize::from(ask(bytes).is_ok())] += 1;
            bytes[20..24].copy_from_slice(&checksum);
            bytes[at] ^= 1 << bit;
        }
    }
    counts
}

#[test]
fn every_flipped_bit_with_a_right_checksum_is_refused_or_predicts() {
    let mut total = [0; 2];
    for sample in samples() {
        let [refused, predicted] = repaired_flips(sample.file);
        assert!(refused > 0 && predicted > 0, "{}", sample.name);
        total = [total[0] + refused, total[1] + predicted];
    }
    println!("{} refused, {} predicted", total[0], total[1]);
}

#[test]
fn every_cut_with_a_right_length_and_checksum_is_refused() {
    for sample in samples() {
        for len in PREAMBLE..sample.file.len() {
            let mut words = aligned(&sample.file[..len]);
            let bytes = bytes_of(&mut words, len);
            bytes[12..16].copy_from_slice(&(len as u32).to_le_bytes());
            repair_checksum(bytes);
            let error = Model::parse(bytes).expect_err("cut");
            let right = matches!(
                error,
                ParseError::MalformedHeader | ParseError::InconsistentSizes
            );
            assert!(right, "{}, {len} bytes: {error:?}", sample.name);
        }
    }
}

#[test]
fn seeds_keep_every_promise() {
    for seed in 0..=255_u8 {
        let bytes: Vec<u8> = (0..96_u8)
            .map(|i| seed.wrapping_mul(31).wrapping_add(i.wrapping_mul(seed | 1)))
            .collect();
        mdn_hostile::model::any(&bytes);
        query::any(&bytes);
        mdn_hostile::supports::any(&bytes);
        mdn_hostile::file::any(&bytes);
        mdn_hostile::parse::any(&bytes);
    }
}

/// The fuzz target's own checks, in every mode that its first byte can ask for.
#[test]
fn every_mode_parses_the_committed_files() {
    for sample in samples() {
        for mode in 0..16 {
            mdn_hostile::parse::any(&[&[mode], sample.file].concat());
        }
    }
}
