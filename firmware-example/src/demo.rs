//! The demonstration itself, the same on every board.

use crate::board::{self, counter::Counter};
use crate::failure::Failure;
use core::fmt::{self, Write};
use core::hint::black_box;
use mdn_infer::{Component, Level, Mixture, Model};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const MODEL: &[u8] = mdn_infer::include_model!(concat!(env!("OUT_DIR"), "/model.mdn"));
/// Working memory in f32, as the model's file asks for. No buffer for one input needs more.
const WORKING_LEN: usize = mdn_infer::working_len(MODEL);
/// The table's inputs, in standard deviations of the training data from its mean.
const STANDARDISED_INPUTS: [f32; 5] = [-1.6, -0.8, 0.0, 0.8, 1.6];
/// Components in the table, the heaviest first.
const HEAVIEST: usize = 3;
const SAMPLES: usize = 5;
/// Buffers for one target.
const MAX_DIMENSIONS: usize = mdn_infer::format::MAX_DIMENSIONS;

type Predictor<'m> = mdn_infer::Predictor<'m, WORKING_LEN>;

/// Runs everything and prints it.
pub fn run(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    writeln!(out, "board: {}", board::NAME)?;
    calibrate(out, counter)?;
    let model = Model::parse(MODEL)?;
    let mut predictor = Predictor::new(&model, Level::detect())?;
    describe(out, &model)?;
    self_test(out, &mut predictor)?;
    for standardised in STANDARDISED_INPUTS {
        let mut x = [0.0; WORKING_LEN];
        let x = raw_input(&model, standardised, &mut x);
        writeln!(out, "\nx = {}", List(x))?;
        print_mixture(out, &predictor.predict(x)?)?;
    }
    costs(out, counter, &mut predictor)
}

fn calibrate(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    let calibration = counter.calibrate();
    writeln!(
        out,
        "calibration: {} {} for a loop of {} instructions",
        calibration.counted,
        counter.unit(),
        calibration.expected
    )?;
    if counter.agrees(&calibration) {
        Ok(())
    } else {
        Err(Failure::Counter)
    }
}

fn describe(out: &mut impl Write, model: &Model<'_>) -> Result<(), Failure> {
    write!(out, "model:")?;
    print_columns(out, model.input_columns())?;
    write!(out, " ->")?;
    print_columns(out, model.target_columns())?;
    writeln!(
        out,
        "; {} parameters, {} components; by {}",
        model.parameters(),
        model.components(),
        model.header().producer
    )?;
    writeln!(
        out,
        "flash: {} bytes, of which the model {}",
        board::image_len(),
        MODEL.len()
    )?;
    writeln!(
        out,
        "RAM: predictor {} bytes, model view {}",
        size_of::<Predictor>(),
        size_of_val(model)
    )?;
    Ok(())
}

fn print_columns<'a>(
    out: &mut impl Write,
    columns: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> fmt::Result {
    for (i, (name, unit)) in columns.enumerate() {
        write!(out, "{}{name}", if i == 0 { " " } else { ", " })?;
        if let Some(unit) = unit {
            write!(out, " ({unit})")?;
        }
    }
    Ok(())
}

fn self_test(out: &mut impl Write, predictor: &mut Predictor<'_>) -> Result<(), Failure> {
    let report = predictor.self_test()?;
    writeln!(
        out,
        "self-test: {} of {} values in {} golden vectors agree bit for bit",
        report.values - report.mismatches,
        report.values,
        report.vectors
    )?;
    writeln!(out, "output_hash {:#018x}", report.output_hash)?;
    if report.passed() {
        Ok(())
    } else {
        Err(Failure::SelfTest(report.largest_ulp))
    }
}

/// The input with every element `standardised`, in raw units `[I]`.
fn raw_input<'b>(
    model: &Model<'_>,
    standardised: f32,
    buffer: &'b mut [f32; WORKING_LEN],
) -> &'b [f32] {
    let affine = model.input_shift().iter().zip(model.input_scale());
    for (x, (shift, scale)) in buffer.iter_mut().zip(affine) {
        *x = shift + standardised * scale;
    }
    buffer.get(..model.inputs()).unwrap_or(&[])
}

fn print_mixture(out: &mut impl Write, mixture: &Mixture<'_>) -> Result<(), Failure> {
    for component in heaviest(mixture).into_iter().flatten() {
        write!(out, "  weight {:.4}  mean", component.weight())?;
        for d in 0..mixture.dimensions() {
            write!(out, " {:.4}", component.mean(d))?;
        }
        write!(out, "  scale")?;
        for d in 0..mixture.dimensions() {
            write!(out, " {:.4}", component.scale(d))?;
        }
        writeln!(out)?;
    }

    let mut y = [0.0; MAX_DIMENSIONS];
    let y = y.get_mut(..mixture.dimensions()).unwrap_or_default();
    mixture.mean(y)?;
    writeln!(
        out,
        "  log-density at the mean {}: {:.4}",
        List(y),
        mixture.log_density(y)?
    )?;

    write!(out, "  samples:")?;
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    for i in 0..SAMPLES {
        mixture.sample(&mut rng, y)?;
        write!(out, "{}{}", if i == 0 { " " } else { "; " }, List(y))?;
    }
    writeln!(out)?;
    Ok(())
}

/// The components with the largest weights in descending order.
fn heaviest<'a>(mixture: &Mixture<'a>) -> [Option<Component<'a>>; HEAVIEST] {
    let mut best = [None; HEAVIEST];
    for component in mixture.components() {
        let mut candidate = Some(component);
        for place in &mut best {
            if log_weight(*place) < log_weight(candidate) {
                core::mem::swap(place, &mut candidate);
            }
        }
    }
    best
}

fn log_weight(component: Option<Component<'_>>) -> f32 {
    component.map_or(f32::NEG_INFINITY, |component| component.log_weight())
}

/// What a prediction, a density and a draw cost, at the middle of the inputs.
fn costs(
    out: &mut impl Write,
    counter: Counter,
    predictor: &mut Predictor<'_>,
) -> Result<(), Failure> {
    const DRAWS: u32 = 100;
    let unit = counter.unit();
    let mut x = [0.0; WORKING_LEN];
    let x = raw_input(predictor.model(), 0.0, &mut x);
    let (prediction, mixture) = counter.measure(|| predictor.predict(black_box(x)));
    let mixture = mixture?;

    let mut y = [0.0; MAX_DIMENSIONS];
    let y = y.get_mut(..mixture.dimensions()).unwrap_or_default();
    mixture.mean(y)?;
    let (density, result) = counter.measure(|| mixture.log_density(black_box(y)));
    result?;

    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let (draws, result) =
        counter.measure(|| (0..DRAWS).try_for_each(|_| mixture.sample(&mut rng, y).map(|_| ())));
    result?;

    writeln!(out, "\n{unit} per prediction: {prediction}")?;
    writeln!(out, "{unit} per log-density: {density}")?;
    writeln!(out, "{unit} per sample: {}", draws / DRAWS)?;
    Ok(())
}

/// Numbers with commas between them.
struct List<'a>(&'a [f32]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, value) in self.0.iter().enumerate() {
            write!(f, "{}{value:.4}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
