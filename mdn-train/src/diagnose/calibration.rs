//! Whether the intervals hold as many targets as they should.

use super::{Diagnostic, SIGNIFICANT, Seen, Severity};
use crate::metrics::Scores;

/// Nats between held-out and training rows from which the network has learnt rows by heart.
pub(super) const OVER_FIT: f64 = 0.3;
/// Standard errors by which the mean PIT must lie from a half to be called one-sided.
const ONE_SIDED: f64 = 4.0;
/// The 0.1% point of Kolmogorov's law, times √n: rarely by chance even among many models.
const KOLMOGOROV: f64 = 1.949;

/// How the share of targets in the central 90% intervals compares with what they should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    TooNarrow,
    AsAsked,
    TooWide,
}

impl Width {
    fn of(scores: &Scores) -> Self {
        let expected = scores.mean_expected_coverage(0.9);
        Self::new(scores.mean_coverage(0.9), expected, scores.rows)
    }

    fn new(covered: f64, expected: f64, rows: usize) -> Self {
        let standard_error = (expected * (1.0 - expected) / rows as f64).sqrt();
        let excess = (covered - expected) / standard_error.max(f64::MIN_POSITIVE);
        match excess {
            _ if excess < -SIGNIFICANT => Width::TooNarrow,
            _ if excess > SIGNIFICANT => Width::TooWide,
            _ => Width::AsAsked,
        }
    }
}

pub(super) fn miscalibration(scores: &Scores, seen: Seen<'_>) -> Option<Diagnostic> {
    let by_distance = |a: &usize, b: &usize| {
        let distance = |d: &usize| scores.pit_distance(*d);
        distance(a).total_cmp(&distance(b))
    };
    let worst = (0..scores.pit.len()).max_by(by_distance)?;
    let distance = scores.pit_distance(worst);
    let root = (scores.rows as f64).sqrt();
    let lean = (scores.pit_moments(worst).0 - 0.5) * 12_f64.sqrt() * root;
    let covered = scores.mean_coverage(0.9);
    (distance * root > KOLMOGOROV).then(|| Diagnostic {
        code: "miscalibration",
        severity: Severity::Warning,
        finding: format!(
            "the PITs are {distance:.3} from uniform, more than chance explains; the central 90% \
             intervals hold {:.1}% of the targets{}",
            100.0 * covered,
            where_expected(scores)
        ),
        advice: advice(Width::of(scores), lean, seen),
    })
}

/// What the 90% intervals should hold, where that is not 90%.
fn where_expected(scores: &Scores) -> String {
    match scores.mean_expected_coverage(0.9) {
        0.9 => String::new(),
        expected => format!(", where {:.1}% would be right", 100.0 * expected),
    }
}

/// What to do about PITs that are not uniform and lie `lean` standard errors above the middle.
fn advice(width: Width, lean: f64, seen: Seen<'_>) -> &'static str {
    match (width, seen) {
        (Width::TooNarrow, _) => {
            "The intervals are too narrow: try a larger --ensemble, more rows, more --weight-decay \
             or --noise always"
        }
        _ if lean > ONE_SIDED => {
            "The targets lie above what the model expects: something that it does not see has \
             changed, or it needs more --steps or --hidden units"
        }
        _ if lean < -ONE_SIDED => {
            "The targets lie below what the model expects: something that it does not see has \
             changed, or it needs more --steps or --hidden units"
        }
        (Width::TooWide, Seen::Training(None)) => {
            "The model was trained on these rows, so its intervals hold too many of them: no fault of \
             the model. Score rows that it has not seen, or use `mdn-train cross-validate`"
        }
        (Width::TooWide, Seen::Others) => {
            "Most likely the model was trained on these rows, which is no fault of the model: score \
             rows that it has not seen, or use `mdn-train cross-validate`. If these rows are new to it, \
             the intervals are too wide: longer training or more --components may narrow them, unless \
             the targets have few different values"
        }
        (Width::TooWide, Seen::Training(Some(_))) => {
            "The intervals are too wide: longer training or more --components may narrow them, unless \
             the targets have few different values"
        }
        (Width::AsAsked, _) => {
            "The 90% intervals are about right, but not the shape of the distributions: look at the \
             PIT histogram. A hump means too much in the middle, which the rows of a model's own \
             training have too; few different targets give steps"
        }
    }
}

/// `normal` is the NLL of one normal distribution that knows no inputs.
pub(super) fn over_fit(
    held_out: &Scores,
    seen: Seen<'_>,
    normal: Option<f64>,
) -> Option<Diagnostic> {
    let Seen::Training(Some(train)) = seen else {
        return None;
    };
    let gap = held_out.nll - train.nll;
    let covered = held_out.mean_coverage(0.9);
    let normal = normal.filter(|&normal| held_out.nll > normal);
    let (severity, advice) = match Width::of(held_out) {
        width if width == Width::TooNarrow || normal.is_some() => (
            Severity::Warning,
            "The model is too sure of itself: try a larger --ensemble, more rows, fewer --hidden \
             units, more --weight-decay or --noise always",
        ),
        _ => (
            Severity::Note,
            "These rows don't show that the intervals are too narrow: `mdn-train cross-validate` asks \
             all of the table. More rows or a larger --ensemble would help",
        ),
    };
    (gap > OVER_FIT).then(|| Diagnostic {
        code: "over-fit",
        severity,
        finding: format!(
            "rows held back are {gap:.2} nats harder than those learnt from, and the central 90% \
             intervals hold {:.1}% of the {} rows{}{}",
            100.0 * covered,
            held_out.rows,
            where_expected(held_out),
            normal.map_or(String::new(), |normal| format!(
                "; their NLL is higher than {normal:.4}, that of one normal distribution that knows no \
                 inputs"
            ))
        ),
        advice,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 5000 intervals 4500 ± 21 hold: 4480 is chance, 4440 and 4560 are not.
    #[test]
    fn chance_is_no_fault_of_the_width() {
        assert_eq!(Width::new(0.896, 0.9, 5000), Width::AsAsked);
        assert_eq!(Width::new(0.904, 0.9, 5000), Width::AsAsked);
        assert_eq!(Width::new(0.888, 0.9, 5000), Width::TooNarrow);
        assert_eq!(Width::new(0.912, 0.9, 5000), Width::TooWide);
        assert_eq!(Width::new(0.888, 0.9, 100), Width::AsAsked);
        assert_eq!(Width::new(1.0, 0.9, 20), Width::AsAsked);
    }

    /// Scores of which the PITs are `pit(u)` for evenly spread u.
    fn scores(rows: usize, pit: impl Fn(f64) -> f64) -> Scores {
        let even = (0..rows).map(|row| (row as f64 + 0.5) / rows as f64);
        Scores {
            rows,
            weights: Vec::new(),
            nll: 1.0,
            zero_density_rows: 0,
            zero_density: None,
            rmse: vec![1.0],
            crps: vec![1.0],
            columns: vec![None],
            anomalous_rows: None,
            pit: vec![even.map(|u| pit(u) as f32).collect()],
            supports: vec![mdn_infer::format::Support::Continuous],
            atom_rows: vec![0],
            held: vec![Default::default()],
        }
    }

    #[test]
    fn the_advice_follows_the_pits() {
        let learnt = scores(1000, |u| u);
        let held_back = Seen::Training(Some(&learnt));
        let said = |scores: &Scores, seen| miscalibration(scores, seen).map(|found| found.advice);
        assert_eq!(said(&learnt, Seen::Others), None);
        let too_wide = scores(1000, |u| 0.5 + 0.8 * (u - 0.5));
        let others = said(&too_wide, Seen::Others).unwrap();
        assert!(others.starts_with("Most likely the model was trained on these rows"));
        let held = said(&too_wide, held_back).unwrap();
        assert!(held.starts_with("The intervals are too wide"));
        let known = said(&too_wide, Seen::Training(None)).unwrap();
        assert!(known.starts_with("The model was trained on these rows"));
        let too_narrow = scores(1000, |u| (0.5 + 1.3 * (u - 0.5)).clamp(0.0, 1.0));
        let narrow = said(&too_narrow, Seen::Others).unwrap();
        assert!(narrow.starts_with("The intervals are too narrow"));
        let hump = |u: f64| 0.08 * (std::f64::consts::TAU * (u - 0.1) / 0.8).sin();
        let humped = scores(1000, |u| match (0.1..0.9).contains(&u) {
            true => u + hump(u),
            false => u,
        });
        let shape = said(&humped, Seen::Others).unwrap();
        assert!(
            shape.starts_with("The 90% intervals are about right"),
            "{shape}"
        );
    }

    #[test]
    fn an_over_fit_is_a_note_where_nothing_shows_that_it_does_harm() {
        let learnt = Scores {
            nll: 0.0,
            ..scores(100, |u| u)
        };
        let held_back = scores(100, |u| u);
        let seen = Seen::Training(Some(&learnt));
        let found = |held_back: &Scores, normal| over_fit(held_back, seen, normal).unwrap();
        for (normal, severity) in [
            (None, Severity::Note),
            (Some(1.5), Severity::Note),
            (Some(0.5), Severity::Warning),
        ] {
            let found = found(&held_back, normal);
            assert_eq!(found.severity, severity, "{normal:?}");
            let is_told = found.finding.contains("higher than 0.5000");
            assert_eq!(is_told, severity == Severity::Warning, "{}", found.finding);
        }
        let narrow = scores(100, |u| 0.5 + 1.4 * (u - 0.5));
        assert_eq!(found(&narrow, Some(1.5)).severity, Severity::Warning);
        assert_eq!(over_fit(&learnt, seen, None), None);
    }
}
