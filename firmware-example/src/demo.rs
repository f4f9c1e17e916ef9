//! The demonstration itself, the same on every board.

use crate::board::{self, counter::Counter};
use crate::failure::Failure;
use crate::watch;
use core::fmt::{self, Write};
use core::hint::black_box;
use mdn_infer::{BackEnd, Component, Level, Mixture, Model, SelfTest};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// The model's file, in flash.
pub const MODEL: &[u8] = mdn_infer::include_model!(concat!(env!("OUT_DIR"), "/model.mdn"));
/// Working memory in f32, as the model's file asks for.
pub const WORKING_LEN: usize = mdn_infer::working_len(MODEL);
/// Components in the table, the heaviest first.
const HEAVIEST: usize = 3;
const SAMPLES: usize = 5;
/// Room for one draw.
const MAX_DIMENSIONS: usize = mdn_infer::format::MAX_DIMENSIONS;

/// A predictor with just enough of it.
pub type Predictor<'m> = mdn_infer::Predictor<'m, WORKING_LEN>;

/// Runs everything and prints it.
pub fn run(out: &mut impl Write, counter: Counter) -> Result<(), Failure> {
    writeln!(out, "board: {}", board::NAME)?;
    calibrate(out, counter)?;
    let model = Model::parse(MODEL)?;
    let mut predictor = Predictor::new(&model, Level::detect())?;
    describe(out, &model)?;
    self_test(out, &mut predictor)?;
    for golden in model.golden() {
        writeln!(out, "\nx = {}", List(golden.input))?;
        let mixture = predictor.predict(golden.input)?;
        print_mixture(out, &mixture, golden.target)?;
    }
    costs(out, counter, &mut predictor)?;
    watch::run(out, counter, &mut predictor)
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

/// Checks the golden vectors and prints what came of it.
fn self_test(out: &mut impl Write, predictor: &mut Predictor<'_>) -> Result<(), Failure> {
    let report = predictor.self_test()?;
    writeln!(out, "self-test: {report}")?;
    writeln!(out, "output_hash {:#018x}", report.output_hash)?;
    let float_unit = report.float_unit;
    writeln!(out, "float_unit {:#010x}: {float_unit}", float_unit.hash)?;
    passed(&report)
}

/// That the float unit is right, and that the golden vectors agree where the elementary functions are
/// the exact ones.
pub fn passed(report: &SelfTest) -> Result<(), Failure> {
    if !report.float_unit.passed() {
        return Err(Failure::FloatUnit(report.float_unit));
    }
    if report.passed() || report.back_end != BackEnd::Exact {
        Ok(())
    } else {
        Err(Failure::SelfTest(report.largest_ulp))
    }
}

/// What the model says at an input, beside the target `y` of that row of the data.
fn print_mixture(out: &mut impl Write, mixture: &Mixture<'_>, y: &[f32]) -> Result<(), Failure> {
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

    let log_density = mixture.log_density(y)?;
    writeln!(out, "  log-density at y = {}: {log_density:.4}", List(y))?;

    write!(out, "  samples:")?;
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut draw = [0.0; MAX_DIMENSIONS];
    let draw = draw.get_mut(..mixture.dimensions()).unwrap_or_default();
    for i in 0..SAMPLES {
        mixture.sample(&mut rng, draw)?;
        write!(out, "{}{}", if i == 0 { " " } else { "; " }, List(draw))?;
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

/// What a prediction, a density and a draw cost, at the first golden vector.
fn costs(
    out: &mut impl Write,
    counter: Counter,
    predictor: &mut Predictor<'_>,
) -> Result<(), Failure> {
    const DRAWS: u32 = 100;
    let Some(golden) = predictor.model().golden().next() else {
        return Ok(());
    };
    let (prediction, mixture) = counter.measure(|| predictor.predict(black_box(golden.input)));
    let mixture = mixture?;
    let (density, result) = counter.measure(|| mixture.log_density(black_box(golden.target)));
    result?;

    let mut rng = Xoshiro128PlusPlus::seed_from_u64(0);
    let mut draw = [0.0; MAX_DIMENSIONS];
    let draw = draw.get_mut(..mixture.dimensions()).unwrap_or_default();
    let (draws, result) = counter.measure(|| {
        (0..DRAWS).try_for_each(|_| mixture.sample(black_box(&mut rng), draw).map(|_| ()))
    });
    result?;

    let unit = counter.unit();
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
