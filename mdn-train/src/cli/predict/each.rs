//! What can be asked about each target by itself.

use clap::Args;
use mdn_infer::format::Support;
use mdn_infer::{Marginal, PredictError};
use mdn_train::back_transformed::BackTransformed;
use mdn_train::data::Transform;

use crate::cli::cells::Cell;
use crate::cli::given::dimension;
use crate::cli::values::{About, between, probability, value};

/// The options.
#[derive(Args)]
pub struct EachTarget {
    /// Probabilities whose quantiles are wanted, each between 0 and 1
    #[arg(long, default_value = "0.05,0.25,0.5,0.75,0.95", value_delimiter = ',', value_name = "P",
          value_parser = probability)]
    quantiles: Vec<f32>,
    /// Probabilities of exceedance whose quantiles are wanted: the value that is exceeded with
    /// probability Q, between 0 and 1, accurate however small Q is
    #[arg(long, value_delimiter = ',', value_name = "Q", value_parser = probability)]
    upper_quantiles: Vec<f32>,
    /// Values for which the probability of at most that much is wanted, for all targets or for one
    #[arg(long, value_delimiter = ',', value_name = "[TARGET=]Y", value_parser = value,
          allow_hyphen_values = true)]
    cdf: Vec<About<f32>>,
    /// Values for which the probability of more than that (exceedance, survival) is wanted,
    /// accurate in the upper tail, where 1 − cdf is not
    #[arg(long, visible_alias = "exceedance", value_delimiter = ',', value_name = "[TARGET=]Y",
          value_parser = value, allow_hyphen_values = true)]
    survival: Vec<About<f32>>,
    /// Values whose own probability is wanted, which only those of a lattice and point masses have
    /// [default: the point masses]
    #[arg(long, value_delimiter = ',', value_name = "[TARGET=]Y", value_parser = value,
          allow_hyphen_values = true)]
    probability: Vec<About<f32>>,
    /// Intervals whose probability is wanted: above LOW and at most HIGH; either may be infinite
    /// (-inf, inf)
    #[arg(long, value_delimiter = ',', value_name = "[TARGET=]LOW:HIGH", value_parser = between,
          allow_hyphen_values = true)]
    between: Vec<About<(f32, f32)>>,
    /// Values for which the mean of the target where it is at most that much is wanted
    #[arg(long, value_delimiter = ',', value_name = "[TARGET=]Y", value_parser = value,
          allow_hyphen_values = true)]
    mean_below: Vec<About<f32>>,
    /// Values for which the mean of the target where it is more than that is wanted, however improbable
    /// that is
    #[arg(long, value_delimiter = ',', value_name = "[TARGET=]Y", value_parser = value,
          allow_hyphen_values = true)]
    mean_above: Vec<About<f32>>,
    /// Levels, between 0 and 1, whose expected shortfall (CVaR) is wanted: the mean of the lowest share P
    /// of the distribution
    #[arg(long, value_delimiter = ',', value_name = "P", value_parser = probability)]
    shortfall: Vec<f32>,
    /// Shares, between 0 and 1, of which the mean of the highest is wanted: the expected shortfall where
    /// large values are the losses
    #[arg(long, value_delimiter = ',', value_name = "Q", value_parser = probability)]
    upper_shortfall: Vec<f32>,
    /// Probabilities whose central intervals are wanted, each between 0 and 1: as much lies below
    /// as above
    #[arg(long, value_delimiter = ',', value_name = "P", value_parser = probability)]
    interval: Vec<f32>,
    /// Probability, between 0 and 1, whose highest-density region is wanted: the smallest set that holds it, as
    /// intervals `low:high` with a blank between them
    #[arg(long, value_name = "P", value_parser = probability)]
    hdr: Option<f32>,
    /// The mode: the value of highest density
    #[arg(long)]
    mode: bool,
    /// All local maxima of the target's own density, ascending, with blanks between them
    #[arg(long)]
    marginal_modes: bool,
    /// The probability integral transform: the predicted probability of at most the target in the
    /// table, uniform on (0, 1) for a calibrated model of targets without probabilities of their own
    #[arg(long)]
    pit: bool,
    /// The continuous ranked probability score of the target in the table, in its units
    #[arg(long)]
    crps: bool,
}

impl EachTarget {
    /// The options that need targets in the table, and whether they are set.
    pub fn scores(&self) -> impl Iterator<Item = (bool, &'static str)> {
        [(self.pit, "--pit"), (self.crps, "--crps")].into_iter()
    }

    /// The questions about each of the targets `names`, which have these supports.
    pub fn questions(
        &self,
        names: &[String],
        supports: &[Support],
    ) -> anyhow::Result<Vec<Vec<Question>>> {
        let pairs = names.iter().zip(supports);
        let masses = pairs.map(|(name, support)| point_masses(name, support));
        let masses: Vec<Vec<f32>> = masses.collect();
        let columns = names.iter().map(|name| Transform::split(name).1.to_owned());
        let names: Vec<String> = columns.collect();
        check_targets(&names, "--cdf", &self.cdf)?;
        check_targets(&names, "--survival", &self.survival)?;
        check_targets(&names, "--probability", &self.probability)?;
        check_targets(&names, "--between", &self.between)?;
        check_targets(&names, "--mean-below", &self.mean_below)?;
        check_targets(&names, "--mean-above", &self.mean_above)?;
        let each = names.iter().zip(masses);
        Ok(each
            .map(|(name, masses)| self.about(name, &masses))
            .collect())
    }

    /// The questions about the column `name`, which has these point masses.
    fn about(&self, name: &str, masses: &[f32]) -> Vec<Question> {
        let mut all = vec![Question::Mean, Question::StandardDeviation];
        all.extend(self.quantiles.iter().map(|&p| Question::Quantile(p)));
        let upper = self.upper_quantiles.iter();
        all.extend(upper.map(|&q| Question::UpperQuantile(q)));
        let about = |values: &[About<f32>], question: fn(f32) -> Question| {
            let values = values.iter().filter_map(|value| value.of(name));
            values.map(question).collect::<Vec<_>>()
        };
        all.extend(about(&self.cdf, Question::Cdf));
        all.extend(about(&self.survival, Question::Survival));
        let mut asked: Vec<f32> = self.probability.iter().filter_map(|y| y.of(name)).collect();
        let unasked = masses.iter().filter(|value| !asked.contains(value));
        asked = unasked.copied().chain(asked.iter().copied()).collect();
        all.extend(asked.into_iter().map(Question::Probability));
        let intervals = self.between.iter().filter_map(|ends| ends.of(name));
        all.extend(intervals.map(|(low, high)| Question::Between(low, high)));
        all.extend(about(&self.mean_below, Question::MeanBelow));
        all.extend(about(&self.mean_above, Question::MeanAbove));
        all.extend(self.shortfall.iter().map(|&p| Question::Shortfall(p)));
        let upper = self.upper_shortfall.iter();
        all.extend(upper.map(|&q| Question::UpperShortfall(q)));
        all.extend(self.interval.iter().map(|&p| Question::Interval(p)));
        all.extend(self.hdr.map(Question::Region));
        let flags = [
            (self.mode, Question::Mode),
            (self.marginal_modes, Question::Modes),
            (self.pit, Question::Pit),
            (self.crps, Question::Crps),
        ];
        all.extend(
            flags
                .into_iter()
                .filter_map(|(asked, q)| asked.then_some(q)),
        );
        all
    }
}

/// The point masses of the column that the target `name` is, or is made of.
fn point_masses(name: &str, support: &Support) -> Vec<f32> {
    let Support::Atoms(atoms) = support else {
        return Vec::new();
    };
    let transform = Transform::of_target(name, support);
    let back = |&z: &f32| transform.map_or(z, |transform| transform.undo(z.into()) as f32);
    atoms.values().iter().map(back).collect()
}

/// Whether every target that `option` names is one of `names`.
fn check_targets<T>(names: &[String], option: &str, values: &[About<T>]) -> anyhow::Result<()> {
    let mut named = values.iter().filter_map(|value| value.target.as_ref());
    named.try_for_each(|name| dimension(names, name, option).map(drop))
}

/// One question about one target.
pub enum Question {
    Mean,
    StandardDeviation,
    Quantile(f32),
    UpperQuantile(f32),
    Cdf(f32),
    Survival(f32),
    Probability(f32),
    Between(f32, f32),
    MeanBelow(f32),
    MeanAbove(f32),
    Shortfall(f32),
    UpperShortfall(f32),
    Interval(f32),
    Region(f32),
    Mode,
    Modes,
    Pit,
    Crps,
}

/// What is known of one target in one row.
pub struct Asked<'a> {
    pub marginal: Marginal<'a>,
    /// K
    pub components: usize,
    /// Of a transformed target the column itself.
    pub column: Option<Column>,
    /// What came true, where that is known.
    pub outcome: Option<f32>,
}

/// The column that a transformed target is made of.
pub struct Column {
    pub transform: Transform,
    pub distribution: BackTransformed,
}

/// What an answer about a transformed target is about.
enum Subject {
    /// The column itself, and nothing else.
    Column,
    /// The transformed target, and then the column too.
    Both,
    /// The transformed target.
    Transformed,
}

impl Question {
    fn subject(&self) -> Subject {
        match self {
            Question::Mean | Question::StandardDeviation | Question::Crps => Subject::Both,
            Question::Region(_) | Question::Mode | Question::Modes => Subject::Transformed,
            _ => Subject::Column,
        }
    }

    /// The names of the columns that answer it about the target `name`.
    pub fn columns(&self, name: &str) -> Vec<String> {
        let (transform, column) = Transform::split(name);
        match (self.subject(), transform) {
            (Subject::Both, Some(_)) => [self.named(name), self.named(column)].concat(),
            (Subject::Column, _) => self.named(column),
            _ => self.named(name),
        }
    }

    /// The same where they are called after `name`.
    fn named(&self, name: &str) -> Vec<String> {
        vec![match self {
            Question::Mean => format!("{name}_mean"),
            Question::StandardDeviation => format!("{name}_sd"),
            Question::Quantile(p) => format!("{name}_q{p}"),
            Question::UpperQuantile(q) => format!("{name}_uq{q}"),
            Question::Cdf(y) => format!("{name}_cdf{y}"),
            Question::Survival(y) => format!("{name}_survival{y}"),
            Question::Probability(y) => format!("{name}_at{y}"),
            Question::Between(low, high) => format!("{name}_between{low}:{high}"),
            Question::MeanBelow(y) => format!("{name}_mean_below{y}"),
            Question::MeanAbove(y) => format!("{name}_mean_above{y}"),
            Question::Shortfall(p) => format!("{name}_es{p}"),
            Question::UpperShortfall(q) => format!("{name}_ues{q}"),
            Question::Interval(p) => {
                return vec![format!("{name}_low{p}"), format!("{name}_high{p}")];
            }
            Question::Region(p) => format!("{name}_hdr{p}"),
            Question::Mode => format!("{name}_mode"),
            Question::Modes => format!("{name}_modes"),
            Question::Pit => format!("{name}_pit"),
            Question::Crps => format!("{name}_crps"),
        }]
    }

    /// Adds the answer to `cells`, as many as there are columns.
    pub fn answer(&self, asked: &Asked<'_>, cells: &mut Vec<Cell>) -> Result<(), PredictError> {
        let Asked {
            marginal,
            components,
            column,
            outcome,
        } = asked;
        if let Some(answer) = column.as_ref().and_then(|column| self.of_column(column)) {
            cells.push(number(answer));
            return Ok(());
        }
        let scored = |score: Result<Option<f32>, PredictError>| {
            score.map(|score| score.map_or(Cell::Missing, Cell::Number))
        };
        let transform = column.as_ref().map(|column| column.transform);
        let back = |z: f32| transform.map_or(z, |transform| transform.undo(z.into()) as f32);
        let there = |y: f32| transform.map_or(y, |t| t.apply_anywhere(y.into()) as f32);
        let cell = match *self {
            Question::Mean => Cell::Number(marginal.mean()),
            Question::StandardDeviation => Cell::Number(marginal.standard_deviation()),
            Question::Quantile(p) => Cell::Number(back(marginal.quantile(p)?)),
            Question::UpperQuantile(q) => Cell::Number(back(marginal.upper_quantile(q)?)),
            Question::Cdf(y) => Cell::Number(marginal.cdf(there(y))?),
            Question::Survival(y) => Cell::Number(marginal.survival(there(y))?),
            Question::Probability(y) => match there(y) {
                y if y.is_finite() => Cell::Number(marginal.probability(y)?),
                _ => Cell::Number(0.0),
            },
            Question::Between(low, high) => {
                Cell::Number(marginal.interval_probability(there(low), there(high))?)
            }
            Question::MeanBelow(y) => Cell::Number(marginal.lower_tail_mean(y)?),
            Question::MeanAbove(y) => Cell::Number(marginal.upper_tail_mean(y)?),
            Question::Shortfall(p) => Cell::Number(marginal.expected_shortfall(p)?),
            Question::UpperShortfall(q) => Cell::Number(marginal.upper_expected_shortfall(q)?),
            Question::Interval(p) => {
                let (low, high) = marginal.central_interval(p)?;
                cells.push(Cell::Number(back(low)));
                Cell::Number(back(high))
            }
            Question::Region(p) => Cell::Intervals(region(marginal, p, *components)?),
            Question::Mode => Cell::Number(marginal.mode()),
            Question::Modes => Cell::Numbers(modes(marginal, *components)?),
            Question::Pit => scored(outcome.map(|y| marginal.pit(y)).transpose())?,
            Question::Crps => scored(outcome.map(|y| marginal.crps(y)).transpose())?,
        };
        cells.push(cell);
        cells.extend(
            column
                .as_ref()
                .and_then(|column| self.beside(column, *outcome)),
        );
        Ok(())
    }

    /// What is answered of the column alone, and by its own distribution.
    fn of_column(&self, Column { distribution, .. }: &Column) -> Option<Option<f64>> {
        match *self {
            Question::MeanBelow(y) => Some(distribution.lower_tail_mean(y.into())),
            Question::MeanAbove(y) => Some(distribution.upper_tail_mean(y.into())),
            Question::Shortfall(p) => Some(Some(distribution.expected_shortfall(p.into()))),
            Question::UpperShortfall(q) => {
                Some(Some(distribution.upper_expected_shortfall(q.into())))
            }
            _ => None,
        }
    }

    /// The column's own answer beside that of the transformed target.
    fn beside(&self, column: &Column, outcome: Option<f32>) -> Option<Cell> {
        let distribution = &column.distribution;
        match self {
            Question::Mean => Some(number(Some(distribution.mean()))),
            Question::StandardDeviation => Some(number(Some(distribution.standard_deviation()))),
            Question::Crps => {
                let y = outcome.map(|z| column.transform.undo(z.into()));
                Some(number(y.map(|y| distribution.crps(y))))
            }
            _ => None,
        }
    }
}

/// An empty cell where there is no such number.
fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, |value| Cell::Number(value as f32))
}

fn region(
    marginal: &Marginal<'_>,
    probability: f32,
    components: usize,
) -> Result<Vec<(f32, f32)>, PredictError> {
    let mut region = vec![(0.0, 0.0); components];
    let count = marginal.highest_density_region(probability, &mut region)?;
    region.truncate(count);
    Ok(region)
}

fn modes(marginal: &Marginal<'_>, components: usize) -> Result<Vec<f32>, PredictError> {
    let mut modes = vec![0.0; components];
    let count = marginal.modes(&mut modes)?;
    modes.truncate(count);
    Ok(modes)
}
