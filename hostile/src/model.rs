//! A model whose shape and numbers come from a fuzzer's bytes.
//!
//! Whatever the bytes say, the file is one that the format allows: it must parse, and what it holds
//! may overflow but never fault.

use mdn_infer::Model;
use mdn_infer::format::{
    self, Activation, Covariance, Head, Header, InputRanges, InputRule, InputRules, InputTransform,
    KernelSource, LayerSource, MAX_HIDDEN, ModelSource, ScaleMap, Shape, Storage, Support,
    Supports,
};

use crate::{Source, query};

/// Bounds of log-scales: ordinary ones and those of the format.
const BOUNDS: [(f32, f32); 3] = [(-7.0, 7.0), (-60.0, 60.0), (-20.0, 0.5)];

/// The largest models that the bytes can ask for.
const MOST_INPUTS: usize = 5;
const MOST_UNITS: usize = 12;
const MOST_COMPONENTS: usize = 9;
const MOST_DIMENSIONS: usize = 4;
const MOST_MEMBERS: usize = 3;

/// Makes a model of `data` and asks it.
///
/// # Panics
///
/// Where a promise is broken.
pub fn any(data: &[u8]) {
    let mut source = Source::new(data);
    let words = file(&mut source);
    let model = Model::parse(bytemuck::cast_slice(&words)).expect("what was written parses");
    query::agree(&model, source);
}

/// The file, aligned, of the model that the bytes describe.
///
/// # Panics
///
/// Never: every description is of a valid model.
pub fn file(source: &mut Source<'_>) -> Vec<u32> {
    with_supports(source, |_, _, _| Vec::new())
}

/// The same with supports, of which there may be none, from the header and the targets' shift and
/// scale.
pub(crate) fn with_supports(
    source: &mut Source<'_>,
    supports: impl Fn(&Header<'_>, (&[f32], &[f32]), &mut Source<'_>) -> Vec<Support>,
) -> Vec<u32> {
    let header = header(source);
    let inputs = usize::from(header.inputs);
    let dimensions = usize::from(header.head.dimensions);
    let (input_columns, target_columns) = (columns(inputs), columns(dimensions));
    let stated = source.byte();
    let ranges: Vec<_> = (0..inputs).map(|_| range(source)).collect();
    let input_shape = shape(stated, inputs);
    let rules: Vec<InputRule> = match (stated & 8 != 0, input_shape) {
        (true, None) => (0..inputs).map(|_| rule(source)).collect(),
        _ => Vec::new(),
    };
    let kinds: Vec<u8> = rules.iter().map(InputRule::kind).collect();
    let numbers: Vec<_> = rules.iter().map(InputRule::numbers).collect();
    let row = |row: usize| numbers.iter().map(move |numbers| numbers[row]);
    let rule_numbers: Vec<f32> = (0..5).flat_map(row).collect();
    let header = Header {
        input_columns: &input_columns,
        target_columns: &target_columns,
        input_shape,
        input_rules: (!rules.is_empty()).then_some(InputRules::new(&kinds)),
        input_ranges: (stated & 4 != 0).then_some(InputRanges::new(&ranges)),
        ..header
    };
    let layers = layers(&header, source);
    let mut buffer = [0; 64 * MOST_DIMENSIONS];
    let mut finite = |count: usize| -> Vec<f32> { (0..count).map(|_| source.finite()).collect() };
    let width = header.network_inputs();
    let (input_shift, target_shift) = (finite(width), finite(dimensions));
    let mut positive =
        |count: usize| -> Vec<f32> { (0..count).map(|_| source.positive()).collect() };
    let (input_scale, target_scale) = (positive(width), positive(dimensions));
    let supports = supports(&header, (&target_shift, &target_scale), source);
    let supports = match &*supports {
        [] => None,
        supports => Supports::encode(supports, &mut buffer),
    };
    let header = Header { supports, ..header };
    let layers: Vec<LayerSource<'_>> = layers.iter().map(Layer::source).collect();
    encode(&ModelSource {
        header,
        input_shift: &input_shift,
        input_scale: &input_scale,
        target_shift: &target_shift,
        target_scale: &target_scale,
        rule_numbers: &rule_numbers,
        layers: &layers,
        golden: &[],
    })
}

fn encode(source: &ModelSource<'_>) -> Vec<u32> {
    let len = format::encoded_len(source).expect("a valid header");
    let mut words = vec![0_u32; len.div_ceil(4)];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    format::write(source, &mut bytes[..len]).expect("matching shapes");
    words
}

fn header(source: &mut Source<'_>) -> Header<'static> {
    let mut hidden = [format::Layer::NONE; MAX_HIDDEN];
    let activation = source.choice(&Activation::ALL);
    let depth = source.below(3);
    for slot in hidden.iter_mut().take(depth) {
        let units = 1 + source.below(MOST_UNITS) as u32;
        *slot = format::Layer::Dense { units, activation };
    }
    let (log_scale_min, log_scale_max) = source.choice(&BOUNDS);
    let inputs = 1 + source.below(MOST_INPUTS) as u16;
    let head = Head {
        components: 1 + source.below(MOST_COMPONENTS) as u16,
        dimensions: 1 + source.below(MOST_DIMENSIONS) as u8,
        covariance: source.choice(&Covariance::ALL),
        scale_map: source.choice(&ScaleMap::ALL),
        log_scale_min,
        log_scale_max,
    };
    Header {
        producer: "mdn-hostile",
        hidden,
        anomaly_threshold: Some(source.finite()).filter(|threshold| *threshold > 0.0),
        storage: source.choice(&Storage::ALL),
        members: 1 + (source.below(2 * MOST_MEMBERS).saturating_sub(MOST_MEMBERS)) as u8,
        ..Header::new(inputs, head)
    }
}

/// An arrangement of so many inputs, chosen by two bits.
fn shape(stated: u8, inputs: usize) -> Option<Shape> {
    let (even, inputs) = (inputs.is_multiple_of(2), inputs as u16);
    let steps = if even { 2 } else { 1 };
    let channels = inputs / steps;
    match stated & 3 {
        1 => Some(Shape::Sequence { steps, channels }),
        2 => Some(Shape::Image {
            height: steps,
            width: 1,
            channels,
        }),
        _ => None,
    }
}

fn range(source: &mut Source<'_>) -> [[u8; 4]; 2] {
    let (one, other) = (source.finite(), source.finite());
    InputRanges::encode(one.min(other), one.max(other))
}

/// A sound rule, of any kind.
fn rule(source: &mut Source<'_>) -> InputRule {
    let (one, other) = (source.finite(), source.finite());
    let (centre, unit) = (source.finite(), source.positive());
    let transform = match source.below(3) {
        0 => InputTransform::Identity,
        1 => InputTransform::Log { centre, unit },
        _ => InputTransform::SymmetricLog { centre, unit },
    };
    let rule = InputRule {
        low: one.min(other),
        high: one.max(other),
        transform,
        fill: (source.below(2) == 1).then(|| source.finite()),
    };
    match rule.is_sound() {
        true => rule,
        false => InputRule {
            transform: InputTransform::Identity,
            ..rule
        },
    }
}

fn columns(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
    names.join("\n")
}

/// The numbers of a dense layer.
struct Layer {
    storage: Storage,
    numbers: Vec<f32>,
    halves: Vec<u16>,
    bytes: Vec<i8>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Layer {
    fn source(&self) -> LayerSource<'_> {
        let kernel = match self.storage {
            Storage::F16 => KernelSource::F16(&self.halves),
            Storage::Bf16 => KernelSource::Bf16(&self.halves),
            Storage::I8 => KernelSource::I8 {
                entries: &self.bytes,
                scales: &self.scales,
            },
            _ => KernelSource::F32(&self.numbers),
        };
        LayerSource::Dense {
            kernel,
            bias: &self.bias,
        }
    }
}

/// The layers of all networks. A few bytes give all numbers: they are taken round and round, with
/// a step that differs from layer to layer.
fn layers(header: &Header<'_>, source: &mut Source<'_>) -> Vec<Layer> {
    let mut pool = [0; 64];
    pool.iter_mut().for_each(|byte| *byte = source.byte());
    let mut widths = vec![header.network_inputs()];
    widths.extend(
        header
            .hidden_layers()
            .map(|format::Layer::Dense { units, .. }| units as usize),
    );
    widths.push(header.head.outputs());
    let shapes = widths.windows(2).map(|pair| (pair[0], pair[1]));
    let shapes: Vec<(usize, usize)> = shapes.collect();
    let shapes = (0..header.members).flat_map(|_| shapes.iter().copied());
    let numbered = (0..).zip(shapes);
    numbered
        .map(|(index, shape)| layer(header.storage, shape, &pool, index))
        .collect()
}

fn layer(storage: Storage, (inputs, outputs): (usize, usize), pool: &[u8], index: usize) -> Layer {
    let step = 2 * index + 1;
    let entry = |i: usize| pool[(i * step + index) % pool.len()];
    let count = |wanted: bool| if wanted { inputs * outputs } else { 0 };
    let narrow = |i: usize| u16::from_le_bytes([entry(2 * i), entry(2 * i + 1)]);
    // Exponents of ones belong to what is not finite.
    let exponent = if storage == Storage::F16 {
        0x7c00
    } else {
        0x7f80
    };
    let half = |i: usize| match narrow(i) {
        pattern if pattern & exponent == exponent => pattern & !0x4000,
        pattern => pattern,
    };
    let number = |i: usize| Source::new(&[entry(i), entry(i + 1)]).finite();
    let scale = |i: usize| (0.01 * number(i)).clamp(-1e30, 1e30);
    Layer {
        storage,
        numbers: (0..count(storage == Storage::F32)).map(number).collect(),
        halves: (0..count(matches!(storage, Storage::F16 | Storage::Bf16)))
            .map(half)
            .collect(),
        bytes: (0..count(storage == Storage::I8))
            .map(|i| (entry(i) as i8).max(-127))
            .collect(),
        scales: (0..outputs).map(scale).collect(),
        bias: (0..outputs).map(|i| number(i + 7)).collect(),
    }
}
