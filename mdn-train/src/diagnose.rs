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
    /// Whether something should be done.
    pub severity: Severity,
    /// What was seen.
    pub finding: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; the model is sound.
    Note,
    /// The model's answers may be wrong or worse than they need be.
    Warning,
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
/// Standard errors by which intervals must hold too few targets to be called too narrow.
const TOO_FEW: f64 = 2.33;
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
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
        };
        let Diagnostic {
            code,
            finding,
            advice,
            ..
        } = self;
        write!(out, "{severity} {code}: {finding}.\n  {advice}.")
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
        severity: Severity::Note,
        finding: format!(
            "the NLL {:.4} is negative, which is no bug: a density exceeds 1 where targets are \
             known to within a fraction of their unit",
            scores.nll
        ),
        advice: "There is nothing to do: in other units of the target the NLL differs by the \
                 logarithm of their ratio",
    })
}

fn collapsed_scales(use_of: &Use, data: &Dataset) -> Option<Diagnostic> {
    if use_of.collapsed <= COLLAPSED_SHARE {
        return None;
    }
    let share = format!(
        "{:.0}% of the weight is in components as narrow as the floor of the scales allows",
        100.0 * use_of.collapsed
    );
    let repeated = (0..data.target_names.len()).find_map(|target| repeated(data, target));
    Some(match repeated {
        Some(why) => Diagnostic {
            code: "collapsed-scales",
            severity: Severity::Note,
            finding: format!("{share}: {why}, and components stand on such values"),
            advice: "That is as narrow as the targets are known; the NLL depends on it, so compare \
                     models by their CRPS too",
        },
        None => Diagnostic {
            code: "collapsed-scales",
            severity: Severity::Warning,
            finding: share,
            advice: "Try --scale-floor 0.05 or fewer --components; if a formula made the targets, \
                     they may be as certain as that",
        },
    })
}

/// What repeats in a target's column: one value, or a few values in all rows.
fn repeated(data: &Dataset, target: usize) -> Option<String> {
    let name = &data.target_names[target];
    let mut values: Vec<f32> = data.target_column(target).collect();
    values.sort_by(f32::total_cmp);
    let same = values.chunk_by(|a, b| a == b);
    let different = same.clone().count();
    if different * 5 <= data.rows {
        return Some(format!(
            "target `{name}` has {different} different values in {} rows",
            data.rows
        ));
    }
    let most = same.max_by_key(|rows| rows.len())?;
    let often = most.len() as f64 > COLLAPSED_SHARE * data.rows as f64;
    often.then(|| {
        let (value, rows, all) = (most[0], most.len(), data.rows);
        format!("target `{name}` is {value} in {rows} of {all} rows")
    })
}

fn dead_components(use_of: &Use) -> Option<Diagnostic> {
    let enough = use_of.rows >= 10 * use_of.explained.len();
    let dead = use_of.explained.iter().filter(|&&rows| rows < DEAD_ROWS);
    let dead = dead.count();
    (enough && dead > 0).then(|| Diagnostic {
        code: "dead-components",
        severity: Severity::Note,
        finding: format!(
            "{dead} of {} components explain no row",
            use_of.explained.len()
        ),
        advice: "They do no harm; `mdn-train prune` drops them and makes the model smaller and \
                 faster",
    })
}

fn miscalibration(scores: &Scores) -> Option<Diagnostic> {
    let distances = (0..scores.pit.len()).map(|d| scores.pit_distance(d));
    let worst = distances.fold(0.0, f64::max);
    (worst * (scores.rows as f64).sqrt() > KOLMOGOROV).then(|| {
        let covered = scores.mean_coverage(0.9);
        Diagnostic {
            code: "miscalibration",
            severity: Severity::Warning,
            finding: format!(
                "the PITs are {worst:.3} from uniform, more than chance explains; the central 90% \
                 intervals hold {:.1}% of the targets",
                100.0 * covered
            ),
            advice: if covered < 0.9 {
                "The intervals are too narrow: try --ensemble 5, more rows, more --weight-decay or \
                 --noise always"
            } else {
                "Rows that the model was trained on look too easy to it: judge it by others. Else \
                 look at the PIT histogram: a hump means intervals that are too wide, which longer \
                 training or more --components may narrow; few different targets give steps"
            },
        }
    })
}

fn over_fit(train: &Scores, held_out: &Scores) -> Option<Diagnostic> {
    let gap = held_out.nll - train.nll;
    let covered = held_out.mean_coverage(0.9);
    let too_narrow = covered < 0.9 - TOO_FEW * (0.9 * 0.1 / held_out.rows as f64).sqrt();
    (gap > OVER_FIT).then(|| Diagnostic {
        code: "over-fit",
        severity: match too_narrow {
            true => Severity::Warning,
            false => Severity::Note,
        },
        finding: format!(
            "rows held back are {gap:.2} nats harder than those learnt from, and the central 90% \
             intervals hold {:.1}% of their targets",
            100.0 * covered
        ),
        advice: match too_narrow {
            true => {
                "The model is too sure of itself: try --ensemble 5, more rows, fewer --hidden units, \
                 more --weight-decay or --noise always"
            }
            false => {
                "The intervals are right all the same; judge the model by the rows held back. More \
                 rows or --ensemble 5 would help"
            }
        },
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
        severity: Severity::Warning,
        finding: format!(
            "{count} of {} rows have an input more than {FAR_INPUT} standard deviations from the \
             training rows' mean",
            data.rows
        ),
        advice: "No answer there is backed by data: check the units, or train on such rows",
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
            severity: Severity::Warning,
            finding: format!(
                "target `{name}` has {count} of {} values farther from the median than \
                 {WILD} times the distance between the quartiles",
                data.rows
            ),
            advice: "Check them: `fit` takes a few wild values for the nearest ordinary one, so that \
                     they spoil nothing else, but many widen the units that training sees. Where they \
                     are right, --transform log may suit the target",
        })
    })
}
