//! The committed sample file: what released versions wrote stays readable, with the same bits.

use std::path::Path;

use mdn_infer::Level;
use mdn_tests::in_f32;
use mdn_tests::mixtures::Parameters;
use mdn_train::model_file::ModelFile;

/// `cargo run --release -p mdn-train -- demo`, then `demo/model.mdn`.
const CLASSIC: &[u8] = include_bytes!("../../mdn-infer/samples/classic.mdn");
/// What `mdn-train verify mdn-infer/samples/classic.mdn` prints.
const CLASSIC_HASH: u64 = 0xe39e_16d2_1b6d_a538;

#[test]
fn the_sample_is_written_again_byte_for_byte() {
    let file = ModelFile::from_bytes(CLASSIC).unwrap();
    assert_eq!(in_f32(&file.model()).bytes(), CLASSIC);
}

#[test]
fn the_sample_keeps_its_bits_at_every_level() {
    let file = ModelFile::from_bytes(CLASSIC).unwrap();
    let model = file.model();
    for level in Level::available() {
        let mut working = vec![0.0; model.working_len()];
        let report = model.self_test(level, &mut working).unwrap();
        assert!(report.passed(), "{}: {report:?}", level.name());
        assert_eq!(report.output_hash, CLASSIC_HASH, "{}", level.name());
    }
}

/// A sample of each version, which that version's writer made and every later reader reads: the file,
/// its version and what `mdn-train verify` prints of it.
#[test]
fn every_version_keeps_its_bits() {
    let samples: [(&str, u16, u64); 4] = [
        ("../mdn-infer/samples/classic.mdn", 1, CLASSIC_HASH),
        ("../agreement/models/f16.mdn", 2, 0xe4f1_0333_f571_2144),
        ("../agreement/models/ensemble.mdn", 3, 0x9556_3e12_be88_20f1),
        ("../agreement/models/records.mdn", 4, 0x3604_f137_02a3_4e3e),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, version, hash) in samples {
        let file = ModelFile::open(root.join(path)).unwrap();
        let model = file.model();
        assert_eq!(file.bytes()[8..10], version.to_le_bytes(), "{path}");
        assert_eq!(model.header().version(), version, "{path}");
        for level in Level::available() {
            let mut working = vec![0.0; model.working_len()];
            let report = model.self_test(level, &mut working).unwrap();
            assert!(report.passed(), "{path}, {}: {report:?}", level.name());
            assert_eq!(report.output_hash, hash, "{path}, {}", level.name());
        }
    }
}

/// Its verdict rests on the same values; its hash, without the probes, is another.
#[test]
fn a_short_self_test_compares_the_same_golden_values() {
    let file = ModelFile::from_bytes(CLASSIC).unwrap();
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    for level in Level::available() {
        let full = model.self_test(level, &mut working).unwrap();
        let short = model.self_test_short(level, &mut working).unwrap();
        assert!(short.passed(), "{}: {short:?}", level.name());
        assert_eq!(
            (short.values, short.vectors, short.float_unit),
            (full.values, full.vectors, full.float_unit)
        );
        assert_ne!(short.output_hash, full.output_hash);
    }
}

/// The offsets that `FORMAT.md` states.
#[test]
fn the_sample_lies_as_the_format_says() {
    let word = |at: usize| u32::from_le_bytes(CLASSIC[at..at + 4].try_into().unwrap());
    let half = |at: usize| u16::from_le_bytes(CLASSIC[at..at + 2].try_into().unwrap());
    assert_eq!(
        CLASSIC[..8],
        [0x89, 0x4d, 0x44, 0x4e, 0x0d, 0x0a, 0x1a, 0x0a]
    );
    assert_eq!(half(8), 1);
    assert_eq!(word(12) as usize, CLASSIC.len());
    // Mixture parameters 72 + 24, then one input and 24 hidden units.
    assert_eq!(word(16), 72 + 24 + 1 + 24);
    let blob = (24 + usize::from(half(10))).next_multiple_of(64);
    // Standardisation, hidden panels, head panels, golden vectors.
    let golden = 4 * (1 + 1 + 72 + 1 + 1 + 1);
    let words = [4, 3 * 2 * 8, 9 * 25 * 8, golden];
    let sections = words
        .iter()
        .map(|words| (words * 4_usize).next_multiple_of(64));
    assert_eq!(blob + sections.sum::<usize>(), CLASSIC.len());
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut running = crc.digest();
    running.update(&CLASSIC[..20]);
    running.update(&CLASSIC[24..]);
    assert_eq!(running.finalize(), word(20));
}

/// Targets in units of 3 · 10³⁸: every draw overflows.
#[test]
fn probes_that_overflow_are_no_error() {
    let mut parameters = Parameters::univariate(&[(1.0, 5.0, 1.0)]);
    parameters.scale = vec![3e38];
    let file = parameters.model();
    let model = file.model();
    let mut working = vec![0.0; model.working_len()];
    let mut hashes = Level::available().map(|level| {
        let report = model.self_test(level, &mut working).unwrap();
        assert_eq!((report.values, report.passed()), (0, false));
        report.output_hash
    });
    let first = hashes.next().unwrap();
    assert!(hashes.all(|hash| hash == first));
}
