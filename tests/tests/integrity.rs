//! The walk in slices against the whole checksum, which `Model::parse` compares.

use mdn_infer::{IntegrityWalk, Model, ParseError, Progress, include_model};
use proptest::prelude::*;

const FILE: &[u8] = include_model!("../../mdn-infer/samples/classic.mdn");

/// How a round of steps of these lengths, over and over, ends; and after how many.
fn round(file: &[u8], lengths: &[usize]) -> (Result<Progress, ParseError>, usize) {
    let mut walk = IntegrityWalk::new(file);
    for (count, &length) in lengths.iter().cycle().enumerate() {
        match walk.step(length) {
            Ok(Progress::Underway) => {}
            end => return (end, count + 1),
        }
    }
    unreachable!("the lengths go round")
}

#[test]
fn every_length_of_slices_gives_the_same_end() {
    for length in (1..64).chain([FILE.len() - 1, FILE.len(), usize::MAX]) {
        let steps = FILE.len().div_ceil(length);
        assert_eq!(round(FILE, &[length]), (Ok(Progress::Unchanged), steps));
    }
}

#[test]
fn every_flipped_bit_behind_the_length_is_told_as_parse_tells_it() {
    let mut bytes = FILE.to_vec();
    for bit in 20 * 8..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let told = round(&bytes, &[1000]).0.unwrap_err();
        assert!(matches!(told, ParseError::ChecksumMismatch { .. }), "{bit}");
        if bit % 8 == 0 {
            let mut buffer = [0.0; 4096];
            assert_eq!(Model::parse_into(&bytes, &mut buffer).unwrap_err(), told);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn rounds_follow_each_other_also_after_damage() {
    let mut walk = IntegrityWalk::new(FILE);
    for _ in 0..3 {
        assert_eq!(walk.step(FILE.len() - 1), Ok(Progress::Underway));
        assert_eq!(walk.step(0), Ok(Progress::Underway));
        assert_eq!(walk.step(1), Ok(Progress::Unchanged));
    }
    let mut bytes = FILE.to_vec();
    bytes[FILE.len() / 2] ^= 8;
    let mut walk = IntegrityWalk::new(&bytes);
    for _ in 0..3 {
        assert_eq!(walk.step(FILE.len() - 1), Ok(Progress::Underway));
        assert!(walk.step(1).is_err());
    }
}

#[test]
fn what_is_too_short_for_a_checksum_is_cut() {
    for len in 0..24 {
        let told = IntegrityWalk::new(&FILE[..len]).step(100);
        let cut = ParseError::Truncated {
            expected: 24,
            found: len,
        };
        assert_eq!(told, Err(cut));
    }
}

proptest! {
    #[test]
    fn any_slices_of_any_bytes_end_alike(
        bytes in prop::collection::vec(any::<u8>(), 24..300),
        lengths in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let (whole, _) = round(&bytes, &[usize::MAX]);
        prop_assert_eq!(round(&bytes, &lengths).0, whole);
    }
}
