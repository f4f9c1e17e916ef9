//! What a model's figures mean and what to do about it, in words.
//!
//! [`diagnose`] looks at a model, the rows that it was scored on and the scores. It changes nothing
//! and is never certain: each [`Diagnostic`] says what was seen, and what usually helps.

use std::fmt;

use mdn_infer::{Mixture, Model};
use serde::Serialize;

use crate::data::{Dataset, WILD, fences};
use crate::metrics::{RowError, Scores, map_rows};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A stable name for programs, such as `over-fit`.
    pub code: &'static str,
    /// What was seen.
    pub finding: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// A component this close to the floor of the scales, as a factor, counts as collapsed.
const NEAR_FLOOR: f32 = 1.1;
/// The share of the weight in collapsed components from which they are worth a word.
const COLLAPSED_SHARE: f64 = 0.05;
/// A component is dead when it explains fewer rows than this, summed over their responsibilities.
const DEAD_ROWS: f64 = 0.5;
/// How many standard deviations from the training rows' mean an input is far outside.
const FAR_INPUT: f32 = 6.0;
/// Nats between held-out and training rows from which the network has learnt rows by heart.
const OVER_FIT: f64 = 0.3;
/// The 0.1% point of Kolmogorov's law, times √n: rarely by chance even among many models.
const KOLMOGOROV: f64 = 1.949;

/// Everything worth a word about `model` on the rows of `data`, of which `scores` are the scores;
/// `train` are the scores of the rows that were learnt from, where `scores` are those of others.
///
/// One prediction a row.
///
/// # Errors
///
/// [`RowError`] for the first row that the engine refuses.
pub fn diagnose(
    model: &Model<'_>,
    data: &Dataset,
    scores: &Scores,
    train: Option<&Scores>,
) -> Result<Vec<Diagnostic>, RowError> {
    let use_of = Use::new(model, data)?;
    let found = [
        negative_loss(scores),
        collapsed_scales(&use_of, data),
        dead_components(&use_of),
        miscalibration(scores),
        train.and_then(|train| over_fit(train, scores)),
        extrapolation(model, data),
        wild_targets(data),
    ];
    Ok(found.into_iter().flatten().collect())
}

/// How the rows use the components.
struct Use {
    rows: usize,
    /// `[K]`: the responsibilities summed over the rows.
    explained: Vec<f64>,
    /// The mean weight in components at the floor of their scales.
    collapsed: f64,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.code, self.finding, self.advice)
    }
}

impl Use {
    fn new(model: &Model<'_>, data: &Dataset) -> Result<Self, RowError> {
        let floor = NEAR_FLOOR * model.header().head.log_scale_min.exp();
        let rows = map_rows(model, data, |row, mixture| {
            let mut shares = vec![0.0; mixture.components().count()];
            // A target of density 0 is no component's; the scores count it.
            if mixture
                .responsibilities(data.target(row), &mut shares)
                .is_err()
            {
                shares.fill(0.0);
            }
            Ok((shares, collapsed_weight(mixture, model, floor)))
        })?;
        let mut explained = vec![0.0; model.components()];
        for (shares, _) in &rows {
            for (sum, &share) in explained.iter_mut().zip(shares) {
                *sum += f64::from(share);
            }
        }
        let collapsed = rows
            .iter()
            .map(|(_, weight)| f64::from(*weight))
            .sum::<f64>();
        Ok(Use {
            rows: rows.len(),
            explained,
            collapsed: collapsed / rows.len() as f64,
        })
    }
}

/// The weight of the components with a scale below `floor`, in standardised units.
fn collapsed_weight(mixture: &Mixture<'_>, model: &Model<'_>, floor: f32) -> f32 {
    let units = model.target_scale();
    let narrow = mixture.components().filter(|component| {
        let mut scales = units.iter().enumerate();
        scales.any(|(d, unit)| component.scale(d) / unit < floor)
    });
    narrow.map(|component| component.weight()).sum()
}

fn negative_loss(scores: &Scores) -> Option<Diagnostic> {
    (scores.nll < 0.0).then(|| Diagnostic {
        code: "negative-loss",
        finding: format!(
            "the NLL {:.4} is negative, which is no bug: a density exceeds 1 where targets are \
             known to within a fraction of their unit",
            scores.nll
        ),
        advice: "nothing; in other units of the target the NLL is another by the logarithm of \
                 their ratio",
    })
}

fn collapsed_scales(use_of: &Use, data: &Dataset) -> Option<Diagnostic> {
    (use_of.collapsed > COLLAPSED_SHARE).then(|| {
        let few = (0..data.target_names.len()).any(|target| few_values(data, target));
        Diagnostic {
            code: "collapsed-scales",
            finding: format!(
                "{:.0}% of the weight is in components at the floor of their scales{}",
                100.0 * use_of.collapsed,
                if few {
                    ": the targets repeat a few values, and components stand on them"
                } else {
                    ""
                }
            ),
            advice: "where targets are recorded coarsely, this is as narrow as they are known and \
                     the NLL says little, so compare CRPS; else --scale-floor 0.05 or fewer \
                     --components",
        }
    })
}

/// Whether a target's rows share few values between them.
fn few_values(data: &Dataset, target: usize) -> bool {
    let mut values: Vec<f32> = data.target_column(target).collect();
    values.sort_by(f32::total_cmp);
    values.dedup();
    values.len() * 5 <= data.rows
}

fn dead_components(use_of: &Use) -> Option<Diagnostic> {
    let enough = use_of.rows >= 10 * use_of.explained.len();
    let dead = use_of.explained.iter().filter(|&&rows| rows < DEAD_ROWS);
    let dead = dead.count();
    (enough && dead > 0).then(|| Diagnostic {
        code: "dead-components",
        finding: format!(
            "{dead} of {} components explain no row",
            use_of.explained.len()
        ),
        advice: "they do no harm; fewer --components make a smaller and faster model",
    })
}

fn miscalibration(scores: &Scores) -> Option<Diagnostic> {
    let distances = (0..scores.pit.len()).map(|d| scores.pit_distance(d));
    let worst = distances.fold(0.0, f64::max);
    (worst * (scores.rows as f64).sqrt() > KOLMOGOROV).then(|| {
        let covered = scores.mean_coverage(0.9);
        Diagnostic {
            code: "miscalibration",
            finding: format!(
                "the PITs are {worst:.3} from uniform, more than chance explains; the central 90% \
                 intervals hold {:.1}% of the targets",
                100.0 * covered
            ),
            advice: if covered < 0.9 {
                "intervals are too narrow: more rows, more --weight-decay or --noise always"
            } else {
                "look at the PIT histogram: a hump means intervals that are too wide, which longer \
                 training or more --components may narrow; few different targets give steps"
            },
        }
    })
}

fn over_fit(train: &Scores, held_out: &Scores) -> Option<Diagnostic> {
    let gap = held_out.nll - train.nll;
    (gap > OVER_FIT).then(|| Diagnostic {
        code: "over-fit",
        finding: format!("rows held back are {gap:.2} nats harder than those learnt from"),
        advice: "more rows; else fewer --hidden units, more --weight-decay, --noise always",
    })
}

fn extrapolation(model: &Model<'_>, data: &Dataset) -> Option<Diagnostic> {
    let far = |row: usize| {
        let spread = model.input_shift().iter().zip(model.input_scale());
        let mut inputs = data.input(row).iter().zip(spread);
        inputs.any(|(&x, (&shift, &scale))| ((x - shift) / scale).abs() > FAR_INPUT)
    };
    let count = (0..data.rows).filter(|&row| far(row)).count();
    (count > 0).then(|| Diagnostic {
        code: "extrapolation",
        finding: format!(
            "{count} of {} rows have an input more than {FAR_INPUT} standard deviations from the \
             training rows' mean",
            data.rows
        ),
        advice: "no answer there is backed by data; check the units, or train on such rows",
    })
}

fn wild_targets(data: &Dataset) -> Option<Diagnostic> {
    let wild = |target: usize| {
        let mut values: Vec<f32> = data.target_column(target).collect();
        let fences = fences(&mut values)?;
        let count = values.iter().filter(|&&v| !fences.contains(&f64::from(v)));
        Some(count.count()).filter(|&count| count > 0)
    };
    let mut targets = data.target_names.iter().enumerate();
    targets.find_map(|(target, name)| {
        wild(target).map(|count| Diagnostic {
            code: "wild-outliers",
            finding: format!(
                "target `{name}` has {count} of {} values farther from the median than \
                 {WILD} times the distance between the quartiles",
                data.rows
            ),
            advice: "check them: `fit` takes a few wild values for the nearest ordinary one, so that \
                     they spoil nothing else, but many widen the units that training sees; where \
                     they are right, train on the logarithm of the target",
        })
    })
}
