//! Version 4, record by record: what an encoder written from `FORMAT.md` makes is what the engine
//! writes and reads; what it does not know is skipped or named, and everything else is refused.

use mdn_infer::format::{Activation, Covariance, ScaleMap, Shape, Storage, Support};
use mdn_infer::{Level, Model, ParseError};
use mdn_tests::{head, random_ensemble, restated};
use mdn_train::draft::{ModelDraft, Statements};
use mdn_train::model_file::ModelFile;
use mdn_train::quantize::quantize;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

const PREAMBLE: usize = 24;
/// The ranges of the six inputs; one is a point, one holds every number.
const RANGES: [(f32, f32); 6] = [
    (-1.5, 2.0),
    (0.0, 0.0),
    (f32::MIN, f32::MAX),
    (-0.0, 0.0),
    (3.0, 4.0),
    (1e-40, 1.0),
];

/// A record: its tag and its payload.
type Record = (u16, Vec<u8>);

fn varint(mut value: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [varint(text.len() as u16), text.as_bytes().to_vec()].concat()
}

fn entry((number, payload): &Record) -> Vec<u8> {
    let len = varint(payload.len() as u16);
    [varint(*number), len, payload.clone()].concat()
}

fn header(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(entry).collect()
}

/// A model with two hidden layers, six inputs and two targets, of version 1, 2 or 3.
fn plain(storage: Storage, members: u8) -> ModelFile {
    let shape = mdn_tests::Shape {
        widths: vec![6, 5, 4],
        activation: Activation::Silu,
        head: head(3, 2, Covariance::Full, ScaleMap::Softplus),
    };
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(4);
    let wide = random_ensemble(&shape, members, 2, rng);
    match storage {
        Storage::F32 => wide,
        narrow => quantize(&wide.model(), narrow).expect("entries in range"),
    }
}

/// The records of [`plain`] with everything that version 4 adds, by `FORMAT.md`.
fn records(model: &Model<'_>) -> Vec<Record> {
    let names = |columns: Vec<(&str, Option<&str>)>| {
        let names = columns.into_iter().map(|(name, _)| name);
        text(&names.collect::<Vec<_>>().join("\n"))
    };
    let columns = [
        text(model.header().producer),
        names(model.input_columns().collect()),
        names(model.target_columns().collect()),
        varint(6),
    ];
    // Units and silu.
    let layers = [(0, vec![5, 5]), (0, vec![4, 5])];
    // K, D, full, softplus, the bounds; no threshold; two golden vectors.
    let mut outputs = vec![3, 2, 2, 1];
    outputs.extend([-20.0_f32, 20.0].map(f32::to_le_bytes).concat());
    outputs.extend([0, 2]);
    let ranges = RANGES.map(|(low, high)| [low.to_le_bytes(), high.to_le_bytes()].concat());
    vec![
        (3, columns.concat()),
        (5, layers.iter().flat_map(entry).collect()),
        (7, outputs),
        (9, vec![model.storage() as u8, model.members() as u8]),
        // A sequence of three steps of two channels.
        (11, vec![0, 3, 2]),
        (12, ranges.concat()),
        // Two continuous targets.
        (15, vec![0, 0, 0, 0]),
    ]
}

/// The file of this version and header with the numbers of `like`.
fn file(version: u16, header: &[u8], like: &ModelFile) -> Vec<u8> {
    let old = like.bytes();
    let header_len = usize::from(u16::from_le_bytes([old[10], old[11]]));
    let blob = &old[(PREAMBLE + header_len).next_multiple_of(64)..];
    let mut bytes = old[..8].to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend((header.len() as u16).to_le_bytes());
    let blob_at = (PREAMBLE + header.len()).next_multiple_of(64);
    bytes.extend(((blob_at + blob.len()) as u32).to_le_bytes());
    bytes.extend(&old[16..20]);
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    digest.update(&bytes);
    let mut rest = header.to_vec();
    rest.resize(blob_at - PREAMBLE, 0);
    rest.extend(blob);
    digest.update(&rest);
    bytes.extend(digest.finalize().to_le_bytes());
    bytes.extend(rest);
    bytes
}

fn parse(records: &[Record], like: &ModelFile) -> Result<ModelFile, ParseError> {
    ModelFile::from_bytes(&file(4, &header(records), like))
}

/// Why `records` are refused where record `index` has this payload.
fn with(
    records: &[Record],
    index: usize,
    payload: Vec<u8>,
    like: &ModelFile,
) -> Option<ParseError> {
    let mut records = records.to_vec();
    records[index].1 = payload;
    parse(&records, like).err()
}

/// Every record in turn changed by `change`; the error of each.
fn refused(change: impl Fn(&mut Vec<Record>, usize)) -> Vec<ParseError> {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    let errors = (0..whole.len()).map(|index| {
        let mut records = whole.clone();
        change(&mut records, index);
        parse(&records, &like).expect_err("refused")
    });
    errors.collect()
}

#[test]
fn what_is_written_is_what_the_format_says() {
    for storage in Storage::ALL {
        for members in [1, 3] {
            let plain = plain(storage, members);
            let model = plain.model();
            let sequence = Shape::Sequence {
                steps: 3,
                channels: 2,
            };
            let statements = Statements {
                input_shape: Some(sequence),
                input_ranges: Some(RANGES.to_vec()),
                supports: Some(vec![Support::Continuous; 2]),
                ..Statements::default()
            };
            let written = restated(&model, statements);
            let expected = file(4, &header(&records(&model)), &plain);
            assert_eq!(written.bytes(), expected);
            let read = written.model();
            assert_eq!(read.header().version(), 4);
            assert_eq!(read.input_shape(), sequence);
            let found: Vec<_> = read.input_ranges().expect("stated").iter().collect();
            assert_eq!(found, RANGES);
            let found: Vec<_> = read.supports().expect("stated").iter().collect();
            assert_eq!(found, [Support::Continuous; 2]);
            assert_eq!(outputs(&read), outputs(&model), "a statement moves no bit");
        }
    }
}

/// What a model states, as a draft of it has it.
fn statements(model: &Model<'_>) -> Statements {
    ModelDraft::of(model).statements
}

/// The hash of everything that the self-test computes.
fn outputs(model: &Model<'_>) -> u64 {
    let mut working = vec![0.0; model.working_len()];
    let report = model.self_test(Level::detect(), &mut working);
    let report = report.expect("finite outputs");
    assert!(report.passed());
    report.output_hash
}

/// Each statement alone makes a file version 4; without any it is the version that it was.
#[test]
fn the_version_is_the_lowest_that_can_say_it() {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    for kept in 4..7 {
        let records = [&whole[..4], &whole[kept..=kept]].concat();
        let file = parse(&records, &like).expect("sound");
        assert_eq!(file.model().header().version(), 4);
        let again = restated(&file.model(), statements(&file.model()));
        assert_eq!(again.bytes(), file.bytes());
    }
    let nothing_new = parse(&whole[..4], &like);
    assert_eq!(nothing_new.err(), Some(ParseError::MalformedHeader));
    let again = restated(&like.model(), Statements::default());
    assert_eq!(again.bytes(), like.bytes());
}

#[test]
fn images_are_a_shape_too() {
    let like = plain(Storage::F32, 1);
    let mut records = records(&like.model());
    records[4].1 = vec![1, 3, 1, 2];
    let file = parse(&records, &like).expect("sound");
    let image = Shape::Image {
        height: 3,
        width: 1,
        channels: 2,
    };
    assert_eq!(file.model().input_shape(), image);
    assert_eq!(outputs(&file.model()), outputs(&like.model()));
}

/// A reader without a record's meaning skips it where it may, and says its number where it must not.
#[test]
fn unknown_records_are_skipped_or_named() {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    for start in [&whole[..4], &whole[..]] {
        let skippable: Vec<Record> = vec![(18, vec![1; 3]), (400, vec![]), (65_534, vec![9; 300])];
        let records = [start, &skippable].concat();
        let read = parse(&records, &like).expect("sound");
        let model = read.model();
        assert_eq!(model.header().skipped_records, 3);
        assert_eq!(model.header().version(), 4);
        assert_eq!(outputs(&model), outputs(&like.model()));
        // Written again, they are gone.
        let again = restated(&model, statements(&model));
        let without = match start.len() {
            4 => like.bytes().to_vec(),
            _ => file(4, &header(&whole), &like),
        };
        assert_eq!(again.bytes(), without);
        for tag in [19, 401, 65_535] {
            let records = [start, &[(tag, vec![])]].concat();
            let record = tag / 2;
            let named = ParseError::UnknownRecord { record };
            assert_eq!(parse(&records, &like).err(), Some(named));
        }
    }
}

#[test]
fn unknown_kinds_are_named() {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    let with = |index, payload| with(&whole, index, payload, &like);
    let entries = |entries: &[Record]| entries.iter().flat_map(entry).collect::<Vec<u8>>();
    let layers = entries(&[(0, vec![5, 5]), (300, vec![1, 2, 3, 4])]);
    let unknown = ParseError::UnknownLayer {
        layer: 2,
        kind: 300,
    };
    assert_eq!(with(1, layers), Some(unknown));
    let supports = entries(&[(0, vec![]), (7, vec![1])]);
    let unknown = ParseError::UnknownSupport { target: 1, kind: 7 };
    assert_eq!(with(6, supports), Some(unknown));
}

#[test]
fn tags_ascend_and_say_what_they_must() {
    let malformed = |errors: Vec<ParseError>| {
        for error in errors {
            assert_eq!(error, ParseError::MalformedHeader);
        }
    };
    malformed(refused(|records, index| {
        records.insert(index, records[index].clone());
    }));
    malformed(refused(|records, index| {
        let other = (index + 1) % records.len();
        records.swap(index, other);
    }));
    // A required record that says it may be skipped, and the reverse.
    malformed(refused(|records, index| records[index].0 ^= 1));
    malformed(refused(|records, index| records[index].0 = 0));
    malformed(refused(|records, index| records[index].0 = 1));
}

#[test]
fn payloads_end_where_they_say() {
    let like = plain(Storage::F32, 1);
    for (index, error) in (0..).zip(refused(|records, index| records[index].1.push(0))) {
        assert_eq!(error, ParseError::MalformedHeader, "record {index}");
    }
    let cut = |records: &mut Vec<Record>, index: usize| {
        let payload = &mut records[index].1;
        payload.truncate(payload.len() - 1);
    };
    for (index, error) in (0..).zip(refused(cut)) {
        assert_eq!(error, ParseError::MalformedHeader, "record {index}");
    }
    // Cut anywhere, the header is not one, but where what is left is a whole of records.
    let whole = header(&records(&like.model()));
    let mut sound = Vec::new();
    for len in 0..whole.len() {
        match ModelFile::from_bytes(&file(4, &whole[..len], &like)) {
            Ok(_) => sound.push(len),
            Err(error) => assert_eq!(error, ParseError::MalformedHeader, "{len}"),
        }
    }
    let all = records(&like.model());
    let lens = [5, 6].map(|count| header(&all[..count]).len());
    assert_eq!(sound, lens);
}

/// Numbers have one spelling: 128 more bits of zeros are none.
#[test]
fn only_the_shortest_spelling_counts() {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    for index in 0..whole.len() {
        let spelt = |tag: Vec<u8>, len: Vec<u8>| {
            let record = [tag, len, whole[index].1.clone()].concat();
            let (before, after) = (header(&whole[..index]), header(&whole[index + 1..]));
            ModelFile::from_bytes(&file(4, &[before, record, after].concat(), &like))
        };
        let long = |value: u16| {
            let mut bytes = varint(value);
            *bytes.last_mut().expect("a byte") |= 0x80;
            [bytes, vec![0]].concat()
        };
        let (tag, len) = (whole[index].0, whole[index].1.len() as u16);
        assert!(spelt(varint(tag), varint(len)).is_ok());
        let refused = Some(ParseError::MalformedHeader);
        assert_eq!(spelt(long(tag), varint(len)).err(), refused);
        assert_eq!(spelt(varint(tag), long(len)).err(), refused);
    }
    let mut records = whole;
    records[4].1 = vec![0, 0x83, 0, 2];
    let refused = parse(&records, &like).err();
    assert_eq!(refused, Some(ParseError::MalformedHeader));
}

#[test]
fn records_that_contradict_the_rest_are_refused() {
    let like = plain(Storage::F32, 1);
    let whole = records(&like.model());
    let with = |index, payload| with(&whole, index, payload, &like);
    let shape = Some(ParseError::UnsupportedShape);
    // Shapes of five inputs, of none, of more than can be counted in 32 bits.
    assert_eq!(with(4, vec![0, 5, 1]), shape);
    assert_eq!(with(4, vec![0, 0, 6]), shape);
    let most = vec![0xff, 0xff, 3];
    let image = [vec![1], most.clone(), most.clone(), most].concat();
    assert_eq!(with(4, image), shape);
    assert_eq!(with(4, vec![2, 6]), Some(ParseError::MalformedHeader));
    // Ranges of five and seven inputs; not finite; the wrong way round.
    let ranges = &whole[5].1;
    assert_eq!(with(5, ranges[..40].to_vec()), shape);
    assert_eq!(with(5, [&ranges[..], &[0; 8]].concat()), shape);
    assert_eq!(with(5, vec![]), shape);
    for (low, high) in [
        (f32::NAN, 1.0),
        (1.0, f32::NAN),
        (f32::NEG_INFINITY, 0.0),
        (0.0, f32::INFINITY),
        (1.0, 0.999_999_94),
    ] {
        let pair = [low.to_le_bytes(), high.to_le_bytes()].concat();
        let wrong = [&ranges[..40], &pair].concat();
        assert_eq!(with(5, wrong), Some(ParseError::InvalidNumber));
    }
    // Supports of one target and of three.
    assert_eq!(with(6, vec![0, 0]), shape);
    assert_eq!(with(6, vec![0; 6]), shape);
    // A layer without units, nine layers.
    let entries = |entries: &[Record]| entries.iter().flat_map(entry).collect::<Vec<u8>>();
    assert_eq!(with(1, entries(&[(0, vec![5, 5]), (0, vec![0, 0])])), shape);
    assert_eq!(with(1, entries(&vec![(0, vec![5, 5]); 9])), shape);
    // No network, a storage that does not exist.
    assert_eq!(with(3, vec![0, 0]), shape);
    assert_eq!(with(3, vec![4, 1]), Some(ParseError::MalformedHeader));
}

/// A header of one version in a file of another.
#[test]
fn versions_do_not_mix() {
    let like = plain(Storage::F32, 1);
    let refused = Some(ParseError::MalformedHeader);
    let whole = header(&records(&like.model()));
    for version in 1..=3 {
        let mixed = ModelFile::from_bytes(&file(version, &whole, &like));
        assert_eq!(mixed.err(), refused);
    }
    let old = &like.bytes()[PREAMBLE..];
    let len = usize::from(u16::from_le_bytes([like.bytes()[10], like.bytes()[11]]));
    let mixed = ModelFile::from_bytes(&file(4, &old[..len], &like));
    assert_eq!(mixed.err(), refused);
    let newer = ModelFile::from_bytes(&file(5, &whole, &like));
    let unknown = ParseError::UnsupportedVersion { found: 5 };
    assert_eq!(newer.err(), Some(unknown));
}
