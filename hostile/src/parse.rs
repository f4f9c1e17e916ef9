//! A model file whose bytes come from a fuzzer, parsed and read, but asked nothing.
//!
//! Nothing is allocated, so that a fuzzer tries a hundred times as many files here as where it
//! predicts with them; [`file`](mod@crate::file) does that.

use core::fmt::{self, Write};

use mdn_infer::format::InputRule;
use mdn_infer::{IntegrityWalk, Model, ParseError, Progress};

use crate::file::repair;

/// Of a file, in bytes; what is longer is cut.
const LONGEST: usize = 2048;
const WORD: usize = 4;

/// What the first byte asks for.
const AS_IT_IS: u8 = 1;
const MISALIGNED: u8 = 2;
const SHORT_BUFFER: u8 = 4;
const ERROR_TEXT: u8 = 8;
/// The three bits above it say how long the slices are.
const WALK: u8 = 16;

/// Parses `data`, whose first byte says how, in place and by copying, and reads what parses.
///
/// # Panics
///
/// Where a promise is broken.
pub fn any(data: &[u8]) {
    let Some((&mode, bytes)) = data.split_first() else {
        return;
    };
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let mut words = [0_u32; LONGEST / WORD + 1];
    let start = usize::from(mode & MISALIGNED != 0);
    let file = &mut bytemuck::cast_slice_mut::<u32, u8>(&mut words)[start..start + bytes.len()];
    file.copy_from_slice(bytes);
    if mode & AS_IT_IS == 0 {
        repair(file);
    }
    let mut numbers = [0.0; LONGEST / WORD];
    let copied = Model::parse_into(file, &mut numbers);
    compare(Model::parse(file), &copied, mode & MISALIGNED != 0);
    if mode & WALK != 0 {
        walk(file, 1 + 37 * usize::from(mode >> 5), copied.as_ref().err());
    }
    match copied {
        Ok(model) => {
            read(&model);
            if mode & SHORT_BUFFER != 0 {
                refuse_short_buffer(file);
            }
        }
        Err(error) if mode & ERROR_TEXT != 0 => write!(Text(0), "{error}").expect("a short text"),
        Err(_) => {}
    }
}

/// Both ways to parse agree, but for the alignment that only one of them needs.
fn compare(
    in_place: Result<Model<'_>, ParseError>,
    copied: &Result<Model<'_>, ParseError>,
    misaligned: bool,
) {
    match (in_place, copied) {
        (Ok(one), Ok(other)) => {
            assert!(!misaligned, "used in place at an odd address");
            assert_eq!(one.header(), other.header());
            assert!(one.golden().map(bits).eq(other.golden().map(bits)));
            let sections = |model: &Model<'_>| sections(model).map(of_numbers);
            assert_eq!(sections(&one), sections(other));
        }
        (Err(ParseError::Misaligned), Ok(_) | Err(ParseError::InvalidNumber)) => {
            assert!(misaligned, "refused at an even address");
        }
        (Err(one), Err(other)) => assert_eq!(one, *other),
        (one, other) => panic!("{:?} in place, {:?} copied", one.err(), other.err()),
    }
}

/// The checksum in slices says what `parse` said, but for what `parse` finds beside.
fn walk(file: &[u8], slice: usize, refused: Option<&ParseError>) {
    let mut walk = IntegrityWalk::new(file);
    let mut steps = (0..=file.len()).map(|_| walk.step(slice));
    let end = steps.find(|step| *step != Ok(Progress::Underway));
    let end = end.expect("a step reads a byte");
    match refused {
        None => assert_eq!(end, Ok(Progress::Unchanged)),
        Some(ParseError::ChecksumMismatch { .. }) => assert_eq!(end.as_ref().err(), refused),
        Some(_) => {}
    }
}

/// Shifts and scales.
fn sections<'a>(model: &Model<'a>) -> [&'a [f32]; 4] {
    [
        model.input_shift(),
        model.input_scale(),
        model.target_shift(),
        model.target_scale(),
    ]
}

/// A running hash (FNV-1a) of bits.
fn of_numbers(numbers: &[f32]) -> u64 {
    numbers.iter().fold(0xcbf2_9ce4_8422_2325, |hash, number| {
        (hash ^ u64::from(number.to_bits())).wrapping_mul(0x0100_0000_01b3)
    })
}

fn bits(golden: mdn_infer::Golden<'_>) -> [u64; 3] {
    [golden.input, golden.target, golden.expected].map(of_numbers)
}

/// Everything that the file says of itself has the size that the header says, and is finite.
fn read(model: &Model<'_>) {
    let (inputs, dimensions) = (model.inputs(), model.dimensions());
    let lens = sections(model).map(<[f32]>::len);
    let width = model.network_inputs();
    assert_eq!(lens, [width, width, dimensions, dimensions]);
    let finite = |numbers: &[f32]| numbers.iter().all(|number| number.is_finite());
    assert!(sections(model).into_iter().all(finite));
    let named = |(name, unit): (&str, Option<&str>)| !name.is_empty() && unit != Some("");
    assert!(model.input_columns().all(named) && model.target_columns().all(named));
    assert_eq!(model.input_columns().count(), inputs);
    assert_eq!(model.target_columns().count(), dimensions);
    assert_eq!(model.golden().count(), usize::from(model.header().golden));
    for golden in model.golden() {
        assert_eq!(
            (golden.input.len(), golden.target.len()),
            (inputs, dimensions)
        );
        // What it must give may be infinite; an input may be missing where its rule says so.
        let taken = |(input, x): (usize, &f32)| {
            x.is_finite() || (x.is_nan() && model.input_rule(input).fill.is_some())
        };
        assert!(golden.input.iter().enumerate().all(taken) && finite(golden.target));
        assert!(!golden.expected.is_empty());
    }
    read_statements(model);
    read_networks(model);
}

/// Raw values, ascending, to the ends of binary32.
const VALUES: [f32; 9] = [
    f32::MIN,
    -1e20,
    -3.0,
    -1e-30,
    0.0,
    1e-30,
    3.0,
    1e20,
    f32::MAX,
];

/// What the file states of its columns is there for each of them.
fn read_statements(model: &Model<'_>) {
    assert_eq!(model.input_shape().len(), model.inputs());
    if let Some(ranges) = model.input_ranges() {
        assert_eq!(ranges.iter().len(), model.inputs());
        assert!(ranges.iter().all(|(least, greatest)| least <= greatest));
        for value in VALUES {
            let distance = model.range_distance(&vec![value; model.inputs()]);
            assert!(distance.is_some_and(|distance| distance >= 0.0));
        }
    }
    let rules: Vec<InputRule> = model.input_rules().into_iter().flatten().collect();
    let missing = rules.iter().filter(|rule| rule.fill.is_some()).count();
    assert_eq!(model.network_inputs(), model.inputs() + missing);
    for rule in rules {
        let applied = VALUES.map(|value| rule.apply(value));
        assert!(
            applied.is_sorted(),
            "{rule:?} at {VALUES:?} gives {applied:?}"
        );
        for value in applied {
            let restored = rule.restore(value);
            assert!(
                (rule.low..=rule.high).contains(&restored),
                "{rule:?} restores {value}"
            );
        }
    }
    if let Some(supports) = model.supports() {
        assert_eq!(supports.iter().count(), model.dimensions());
    }
}

/// The layers of every network fit each other, the inputs and the head.
fn read_networks(model: &Model<'_>) {
    let (mut parameters, mut multiply_adds) = (0, 0);
    for member in 0..model.members() {
        let mut width = model.network_inputs();
        for layer in model.network(member) {
            assert_eq!(layer.inputs(), width);
            width = layer.outputs();
            parameters += (layer.inputs() + 1) * width;
            multiply_adds += layer.inputs() * width;
        }
        assert_eq!(width, model.head().outputs());
    }
    assert_eq!(parameters, model.parameters());
    assert_eq!(multiply_adds, model.multiply_adds());
    assert_eq!(
        model.network(model.members()).len(),
        0,
        "no network behind the last"
    );
    assert!(model.components() > 0 && model.working_len() > 0);
}

/// A buffer that is one number too short for `file`, a sound one, is refused.
fn refuse_short_buffer(file: &[u8]) {
    let needed = Model::words_needed(file).expect("it parsed");
    let mut numbers = [0.0; LONGEST / WORD];
    let refused = Model::parse_into(file, &mut numbers[..needed - 1]).err();
    assert_eq!(refused, Some(ParseError::BufferTooShort { needed }));
}

/// Takes a text of up to 200 bytes and forgets it.
struct Text(usize);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        if self.0 <= 200 {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}
