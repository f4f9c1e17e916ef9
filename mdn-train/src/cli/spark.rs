//! A small curve of text, as wide as there is room for.

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values in order as a row of at most `width` bars, each the mean of as many values. The
/// highest tenth of the values may be cut off: losses begin high, and the rest should show.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let bars = width.min(values.len());
    let mean = |bar: usize| {
        let part = &values[bar * values.len() / bars..(bar + 1) * values.len() / bars];
        part.iter().sum::<f64>() / part.len() as f64
    };
    let means: Vec<f64> = (0..bars).map(mean).collect();
    let mut sorted: Vec<f64> = means.iter().copied().filter(|m| m.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let low = sorted.first().copied().unwrap_or(0.0);
    let high = sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(low);
    let height = |mean: f64| {
        let share = (mean - low) / (high - low);
        let top = HEIGHTS.len() - 1;
        // NaN, where all are the same, becomes the lowest bar.
        HEIGHTS[((share * top as f64).round() as usize).min(top)]
    };
    means.into_iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_shows_its_course() {
        let falling: Vec<f64> = (0..8).map(|i| 8.0 - f64::from(i)).collect();
        assert_eq!(sparkline(&falling, 8), "█▇▆▅▄▃▂▁");
        assert_eq!(sparkline(&falling, 4).chars().count(), 4);
        assert_eq!(sparkline(&falling, 100).chars().count(), 8);
        let halves: Vec<f64> = (0..100).map(|i| f64::from(i / 50)).collect();
        assert_eq!(sparkline(&halves, 4), "▁▁██");
    }

    #[test]
    fn a_wild_start_does_not_flatten_the_rest() {
        let mut values = vec![1e6];
        values.extend((0..19).map(|i| 2.0 - 0.1 * f64::from(i)));
        let curve = sparkline(&values, 20);
        assert!(curve.starts_with("██") && curve.ends_with('▁'), "{curve}");
        assert!(curve.contains('▄'), "{curve}");
    }

    #[test]
    fn odd_values_are_drawn_too() {
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[3.0], 10), "▁");
        assert_eq!(sparkline(&[3.0, 3.0], 10), "▁▁");
        assert_eq!(
            sparkline(&[1.0, f64::NAN, 0.0, f64::INFINITY], 10)
                .chars()
                .count(),
            4
        );
    }
}
