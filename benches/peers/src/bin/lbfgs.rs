//! L-BFGS on all rows beside the trainer's AdamW on small tables: `lbfgs inverse-sine 500` fits ten
//! tables of so many rows both ways and prints a line of Markdown: the mean NLL of fresh rows, with
//! the mean difference from AdamW and its standard error, and the seconds of a fit.
//!
//! Both have the trainer's default network, first parameters and rows held back, which choose the
//! start and the step. AdamW has the trainer's defaults; L-BFGS comes from argmin, minimises the
//! trainer's own loss by its own gradient, and has two starts or ten.

use std::cell::RefCell;
use std::env;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};
use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use mdn_infer::format::Head;
use mdn_train::data::{Dataset, NumericTable, Standardiser, generators, split};
use mdn_train::fit::FitConfig;
use mdn_train::network::{Architecture, Initialisation, Network};
use mdn_train::train::{LossKind, Objective, Rows, Selection, TrainOptions, TrainingData, train};

/// Tables, and so fits, of each kind.
const TABLES: u64 = 10;
const FRESH: usize = 20_000;
/// Steps whose change of gradient L-BFGS remembers.
const MEMORY: usize = 10;
/// Iterations of a start; the best step comes far earlier.
const ITERATIONS: u64 = 500;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [problem, rows] = &arguments[..] else {
        bail!("usage: lbfgs inverse-sine|bishop ROWS");
    };
    let draw = match problem.as_str() {
        "inverse-sine" => generators::inverse_sine,
        "bishop" => generators::bishop,
        other => bail!("no problem is called {other}"),
    };
    let rows = rows.parse()?;
    let ways: [fn(&Table) -> Result<Vec<f32>>; 3] =
        [adamw, |table| lbfgs(table, 2), |table| lbfgs(table, 10)];
    let mut scores = vec![Vec::new(); ways.len()];
    let mut seconds = vec![0.0; ways.len()];
    for seed in 0..TABLES {
        let table = Table::new(draw(rows, seed), draw(FRESH, 1000 + seed), seed)?;
        for (way, (scores, seconds)) in ways.iter().zip(scores.iter_mut().zip(&mut seconds)) {
            let start = Instant::now();
            let parameters = way(&table)?;
            *seconds += start.elapsed().as_secs_f64() / TABLES as f64;
            scores.push(table.nll(&table.fresh, &parameters) + table.log_scale);
        }
    }
    print!("| {problem} {rows} |");
    for (scores_of_way, seconds) in scores.iter().zip(seconds) {
        let (mean, _) = mean_and_error(scores_of_way.iter().copied());
        let differences = scores_of_way
            .iter()
            .zip(&scores[0])
            .map(|(way, adamw)| way - adamw);
        let (difference, error) = mean_and_error(differences);
        print!(" {mean:.3} ({difference:+.3} ± {error:.3}), {seconds:.1} s |");
    }
    println!();
    Ok(())
}

fn mean_and_error(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// Standardised inputs and targets of one column each.
struct Part([Vec<f32>; 2]);

impl Part {
    fn rows(&self) -> Rows<'_> {
        let Part([inputs, targets]) = self;
        Rows { inputs, targets }
    }
}

/// A table for both ways.
struct Table {
    train: Part,
    validation: Part,
    fresh: Part,
    /// What raw units add to a loss.
    log_scale: f64,
    seed: u64,
}

impl Table {
    fn new(table: NumericTable, fresh: NumericTable, seed: u64) -> Result<Self> {
        let table = Dataset::from_numeric(table, 1)?;
        let fresh = Dataset::from_numeric(fresh, 1)?;
        let (train, validation) = split(table.rows, 0.1, seed)?;
        let inputs = Standardiser::fit(&table.inputs, 1, &train);
        let targets = Standardiser::fit(&table.targets, 1, &train);
        let part =
            |part: &Dataset| Part([inputs.apply(&part.inputs), targets.apply(&part.targets)]);
        Ok(Table {
            train: part(&table.subset(&train)),
            validation: part(&table.subset(&validation)),
            fresh: part(&fresh),
            log_scale: f64::from(targets.scale[0]).ln(),
            seed,
        })
    }

    fn nll(&self, part: &Part, parameters: &[f32]) -> f64 {
        let mut objective =
            Objective::without_gradient(&architecture(), LossKind::Nll, part.rows());
        objective.loss(parameters)
    }
}

/// The trainer's default for one input and one target.
fn architecture() -> Architecture {
    let defaults = FitConfig::default();
    Architecture {
        inputs: 1,
        hidden: defaults.hidden_layers().expect("one activation for all"),
        head: Head {
            components: defaults.components,
            dimensions: 1,
            covariance: defaults.covariance,
            scale_map: defaults.scale_map,
            log_scale_min: 1e-3_f32.ln(),
            log_scale_max: 1e3_f32.ln(),
        },
    }
}

fn adamw(table: &Table) -> Result<Vec<f32>> {
    let data = TrainingData {
        train: table.train.rows(),
        validation: Some(table.validation.rows()),
    };
    let options = TrainOptions {
        seed: table.seed,
        ..TrainOptions::default()
    };
    let quiet = &mut |_: &_| ControlFlow::Continue(());
    Ok(train(&architecture(), &data, &options, quiet)?
        .network
        .parameters)
}

fn lbfgs(table: &Table, starts: u64) -> Result<Vec<f32>> {
    let best = Rc::new(RefCell::new((f64::INFINITY, Vec::new())));
    for start in 0..starts {
        let network = Network::initialise(
            &architecture(),
            Initialisation::Spread,
            &table.train.0[1],
            table.seed ^ start << 48,
        );
        let first = network
            .parameters
            .iter()
            .map(|&p| f64::from(p))
            .collect::<Vec<f64>>();
        let problem = Problem::new(table, Rc::clone(&best));
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
        // A line search that rounding stops is the end of a start, no fault.
        let _ = Executor::new(problem, solver)
            .configure(|state| state.param(first).max_iters(ITERATIONS))
            .run();
    }
    Ok(Rc::unwrap_or_clone(best).into_inner().1)
}

/// The trainer's loss over the training rows, of parameters in binary64; every point that is tried
/// is scored on the rows held back, and the best is kept.
struct Problem<'a>(RefCell<State<'a>>);

struct State<'a> {
    train: Objective<'a>,
    validation: Objective<'a>,
    /// The last point, its loss and its gradient.
    last: (Vec<f64>, f64, Vec<f64>),
    best: Rc<RefCell<(f64, Vec<f32>)>>,
}

impl<'a> Problem<'a> {
    fn new(table: &'a Table, best: Rc<RefCell<(f64, Vec<f32>)>>) -> Self {
        let (architecture, nll) = (architecture(), LossKind::Nll);
        Problem(RefCell::new(State {
            train: Objective::new(&architecture, nll, table.train.rows(), usize::MAX),
            validation: Objective::without_gradient(&architecture, nll, table.validation.rows()),
            last: (Vec::new(), 0.0, Vec::new()),
            best,
        }))
    }
}

impl State<'_> {
    fn at(&mut self, point: &[f64]) -> &(Vec<f64>, f64, Vec<f64>) {
        if self.last.0 != point {
            let parameters: Vec<f32> = point.iter().map(|&p| p as f32).collect();
            let mut gradient = vec![0.0; parameters.len()];
            let loss = self
                .train
                .gradient(&parameters, Selection::All, &mut gradient);
            let gradient = gradient.into_iter().map(f64::from).collect();
            self.last = (point.to_vec(), loss, gradient);
            let validation = self.validation.loss(&parameters);
            let mut best = self.best.borrow_mut();
            if validation < best.0 {
                *best = (validation, parameters);
            }
        }
        &self.last
    }
}

impl CostFunction for Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, point: &Self::Param) -> Result<f64, Error> {
        Ok(self.0.borrow_mut().at(point).1)
    }
}

impl Gradient for Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Self::Param) -> Result<Vec<f64>, Error> {
        Ok(self.0.borrow_mut().at(point).2.clone())
    }
}
