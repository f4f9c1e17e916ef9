//! `mdn-train sample`

use std::iter;
use std::ops::Range;

use clap::Args;
use mdn_infer::{Mixture, Model, PredictError, Temperature};
use mdn_train::data::{Dataset, Transform};
use mdn_train::files::{Claims, Kind};
use mdn_train::metrics::{RowError, map_predictions};
use mdn_train::model_file::ModelFile;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use serde_json::Map;

use super::answers::{Answer, Answers, PROBLEM, of_row};
use super::cells::{Cell, Sink, write};
use super::given::{Condition, Given};
use super::options::Reading;
use super::output::Output;
use super::paths::{InputFile, OutputFile};
use super::predict::OUTSIDE_RANGE;
use super::values::{temperature, whole};

/// Draws that are held at a time.
const HELD: usize = 1 << 14;

type Generator = Xoshiro128PlusPlus;

/// Draw targets from the predicted distribution of each row of a table
///
/// Writes CSV: the row's line in the table's file (the header is line 1), the draw (from 1), the
/// component (from 1) and the targets; a target called `line`, `draw` or `component` stands as `line_2`
/// and so on. A row that cannot be answered is kept: one line, empty, with the reason in the last column,
/// `problem`. The draws depend on the seed and on how many rows are above in the table, and are the same,
/// bit for bit, on every machine.
///
/// At a temperature other than 1 the draws are bolder or more cautious than the model: weights
/// become πₖ^(1/τ), normalised, and variances are multiplied by τ. At 0 every draw is the mean of
/// the heaviest component.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  mdn-train sample concrete.mdn new.csv --draws 100 --seed 7 --out draws.csv\n  \
    mdn-train sample arm.mdn tips.csv --temperature 1,0.1\n  \
    mdn-train sample arm.mdn tips.csv --given elbow=1.2 --draws 10"
)]
pub struct Sample {
    /// The model file
    model: InputFile,
    #[command(flatten)]
    reading: Reading,
    /// Draws a row
    #[arg(long, short = 'n', default_value_t = 1, value_parser = whole(1..=u32::MAX))]
    draws: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 0, value_parser = whole(0..=u64::MAX))]
    seed: u64,
    /// How bold the draws are: one number for weights and variances, or two; 1 is the model itself
    #[arg(long, value_name = "T|WEIGHTS,SCALE", default_value = "1", value_parser = temperature)]
    temperature: Temperature,
    #[command(flatten)]
    given: Given,
    /// Where to write the CSV [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<OutputFile>,
}

impl Sample {
    pub fn run(self, mut claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let out = self
            .out
            .as_deref()
            .map(|out| claims.claim(out, Kind::Table))
            .transpose()?;
        let file = ModelFile::open(&self.model)?;
        let model = file.model();
        let needed = self.given.columns(&model)?;
        let mut pieces = self.reading.for_prediction(&model, needed)?;
        let first = pieces.first(output)?;
        let condition = self.given.condition(&model, &first)?;
        let names = condition.names.iter();
        let names = names.map(|name| Transform::split(name).1.to_owned());
        let outside = model.input_ranges().map(|_| OUTSIDE_RANGE);
        let columns = iter::once("line").chain(outside);
        let columns = columns.chain(["draw", "component"]).map(str::to_owned);
        let columns: Vec<String> = columns.chain(names).chain([PROBLEM.to_owned()]).collect();
        let (mut next, mut above) = (Some(first), 0);
        let mut all = Answers::new(&self.reading, columns.len());
        let mut rows = |sink: &mut Sink<'_>| {
            while let Some(data) = next.take() {
                let unusable = pieces.unusable();
                let before: Vec<usize> = unusable.iter().map(|row| row.before).collect();
                let number = |row| above + row + before.partition_point(|&before| before <= row);
                all.begin(unusable);
                self.draw_piece((&model, &condition), &data, number, (&mut all, sink))?;
                sink(all.end()?)?;
                above += data.rows + before.len();
                next = pieces.next()?;
            }
            Ok(())
        };
        write(out.as_ref(), &columns, &mut rows, Map::new(), output)?;
        all.say(output);
        pieces.end(output);
        Ok(())
    }

    /// The draws for the rows of `data`, of which the numbers are those in the table.
    fn draw_piece(
        &self,
        (model, condition): (&Model<'_>, &Condition),
        data: &Dataset,
        number: impl Fn(usize) -> usize,
        (all, sink): (&mut Answers, &mut Sink<'_>),
    ) -> anyhow::Result<()> {
        let mut rows = 0..data.rows;
        for part in data.parts((HELD / self.draws as usize).max(1)) {
            let numbers = rows.by_ref().take(part.rows).map(&number);
            let mut generators: Vec<_> = numbers.map(|row| self.generator(row)).collect();
            for draws in self.numbers() {
                let drawn = self.draw_part((model, condition), &part, draws, &generators);
                let drawn = drawn.map_err(|error| self.reading.place(error))?;
                let (answers, after) = parted(drawn);
                sink(all.add(&part.lines, answers))?;
                // More draws of one row; none where one overflowed.
                generators = after;
                if generators.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Of each row the draws that have these numbers, and its generator after them.
    fn draw_part(
        &self,
        (model, condition): (&Model<'_>, &Condition),
        data: &Dataset,
        draws: Range<u32>,
        generators: &[Generator],
    ) -> Result<Vec<Drawn>, RowError> {
        let transforms = condition.answered(model);
        map_predictions(model, data, |row, mixture| {
            let mut generator = generators[row].clone();
            let outside = model.range_distance(data.input(row)).map(Cell::Number);
            let line = Cell::Index(data.lines[row] as usize);
            let begins: Vec<Cell> = iter::once(line).chain(outside).collect();
            let lines = mixture.and_then(|mixture| {
                condition.apply(&mixture, data.target(row), |mixture| {
                    let asked = (&transforms[..], &begins[..], draws.clone());
                    self.draw(mixture, asked, &mut generator)
                })
            });
            of_row(lines.map(|lines| (lines, generator)))
        })
    }

    /// The numbers of a row's draws, as many at a time as are held.
    fn numbers(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let draws = self.draws;
        let starts = (0..draws).step_by(HELD);
        starts.map(move |start| start..start.saturating_add(HELD as u32).min(draws))
    }

    /// The generator of the row `row`, whatever the other rows draw.
    fn generator(&self, row: usize) -> Generator {
        let stride = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Xoshiro128PlusPlus::seed_from_u64(self.seed.wrapping_add(stride))
    }

    /// The draws of one row that have these numbers, in lines that begin with the same cells.
    fn draw(
        &self,
        mixture: &Mixture<'_>,
        (transforms, begins, draws): (&[Option<Transform>], &[Cell], Range<u32>),
        generator: &mut Generator,
    ) -> Result<Vec<Vec<Cell>>, PredictError> {
        let mut target = vec![0.0; mixture.dimensions()];
        let one = |draw: u32| {
            let component = mixture.sample_at(generator, self.temperature, &mut target)?;
            let mut cells = begins.to_vec();
            cells.extend([draw as usize + 1, component + 1].map(Cell::Index));
            let values = target.iter().zip(transforms).map(|(&z, transform)| {
                transform.map_or(z, |transform| transform.undo(z.into()) as f32)
            });
            cells.extend(values.map(Cell::Number));
            Ok(cells)
        };
        draws.map(one).collect()
    }
}

/// The lines of a row and its generator after them, or why there are none.
type Drawn = Result<(Vec<Vec<Cell>>, Generator), PredictError>;

/// The answers of some rows, and the generators of those that have one.
fn parted(drawn: Vec<Drawn>) -> (Vec<Answer>, Vec<Generator>) {
    let mut generators = Vec::with_capacity(drawn.len());
    let answers = drawn.into_iter().map(|row| {
        row.map(|(lines, generator)| {
            generators.push(generator);
            lines
        })
    });
    (answers.collect(), generators)
}
