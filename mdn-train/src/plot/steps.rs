//! Values over places of an axis: a line over numbers, a step at each category.

/// How far a category's step reaches to either side.
const HALF_STEP: f64 = 0.42;

/// The finite points of `y` over the places `x`: one line, or with `parted` places a line across each
/// of its own.
pub(super) fn pieces(x: &[f32], y: &[f32], parted: bool) -> Vec<Vec<(f64, f64)>> {
    let points = x.iter().zip(y).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    let points = points.filter(|(x, y)| x.is_finite() && y.is_finite());
    match parted {
        true => points
            .map(|(x, y)| vec![(x - HALF_STEP, y), (x + HALF_STEP, y)])
            .collect(),
        false => vec![points.collect()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_have_a_step_each() {
        let (x, y) = ([0.0, 1.0, 2.0], [5.0, f32::NAN, 7.0]);
        assert_eq!(pieces(&x, &y, false), [[(0.0, 5.0), (2.0, 7.0)]]);
        let steps = pieces(&x, &y, true);
        assert_eq!(
            steps,
            [[(-0.42, 5.0), (0.42, 5.0)], [(1.58, 7.0), (2.42, 7.0)]]
        );
    }
}
