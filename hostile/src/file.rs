//! A model file whose bytes come from a fuzzer.

use mdn_infer::{Level, Model, ParseError};

use crate::{Answers, Source, query, questions};

const MAGIC: [u8; 8] = *b"\x89MDN\r\n\x1a\n";
const PREAMBLE_LEN: usize = 24;
const CHECKSUM_AT: usize = 20;
static CRC: crc::Crc<u32, crc::Table<16>> =
    crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

/// Parses `data`, whose first byte says how much of the front is put right, and asks what parses.
/// The last 16 bytes are an input and a question.
///
/// # Panics
///
/// Where a promise is broken.
pub fn any(data: &[u8]) {
    let Some((&mode, bytes)) = data.split_first() else {
        return;
    };
    let mut words = aligned(bytes);
    let bytes = &mut bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..bytes.len()];
    if mode & 1 == 0 {
        repair(bytes);
    }
    let question = &bytes.to_vec()[bytes.len().saturating_sub(16)..];
    if let Ok(model) = parse(bytes) {
        query::agree(&model, Source::new(question));
        if mode & 2 != 0 {
            self_test(&model);
        }
    }
}

/// The self-test, whose report does not depend on the level.
fn self_test(model: &Model<'_>) {
    let mut working = vec![0.0; model.working_len()];
    let reports = Level::available().map(|level| model.self_test(level, &mut working));
    let reports: Vec<_> = reports.collect();
    let all_equal = reports.windows(2).all(|pair| pair[0] == pair[1]);
    assert!(all_equal, "the levels' self-tests differ");
}

/// Parses in place and by copying, which must agree.
fn parse(bytes: &[u8]) -> Result<Model<'_>, ParseError> {
    let in_place = Model::parse(bytes);
    let mut buffer = vec![0.0; Model::words_needed(bytes).unwrap_or(0)];
    assert!(buffer.len() * 4 <= bytes.len(), "more memory than the file");
    let copied = Model::parse_into(bytes, &mut buffer);
    assert_eq!(in_place.as_ref().err(), copied.as_ref().err());
    if let (Ok(one), Ok(other)) = (&in_place, &copied) {
        assert_eq!(one.header(), other.header());
        assert_eq!(first_answers(one), first_answers(other));
        assert_eq!(mdn_infer::working_len(bytes), one.working_len());
    }
    in_place
}

/// Some answers at the input of zeros.
fn first_answers(model: &Model<'_>) -> Answers {
    let mut answers = Answers::default();
    let mut working = vec![0.0; model.working_len()];
    let x = vec![0.0; model.inputs()];
    match model.predict(Level::detect(), &x, &mut working) {
        Ok(mixture) => questions::ask(model, &mixture, &mut Source::new(&[1]), &mut answers),
        Err(error) => answers.error(error),
    }
    answers
}

/// `bytes` at an address that suits words.
pub fn aligned(bytes: &[u8]) -> Vec<u32> {
    let mut words = vec![0_u32; bytes.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
    words
}

/// Puts magic, length and checksum right, and the version where it is none.
pub fn repair(bytes: &mut [u8]) {
    let len = bytes.len() as u32;
    if let Some(front) = bytes.get_mut(..PREAMBLE_LEN) {
        front[..8].copy_from_slice(&MAGIC);
        front[8] = 1 + front[8].wrapping_sub(1) % 3;
        front[9] = 0;
        front[12..16].copy_from_slice(&len.to_le_bytes());
        repair_checksum(bytes);
    }
}

/// Puts the checksum right, where there is room for one.
pub fn repair_checksum(bytes: &mut [u8]) {
    if bytes.len() >= PREAMBLE_LEN {
        let mut digest = CRC.digest();
        digest.update(&bytes[..CHECKSUM_AT]);
        digest.update(&bytes[PREAMBLE_LEN..]);
        let checksum = digest.finalize();
        bytes[CHECKSUM_AT..PREAMBLE_LEN].copy_from_slice(&checksum.to_le_bytes());
    }
}
