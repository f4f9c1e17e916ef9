//! The gradient's norm, and clipping by it.

/// The Euclidean norm of `gradient`, summed in double precision in a fixed order.
pub fn norm(gradient: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0_f64; LANES];
    for chunk in gradient.chunks(LANES) {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum::<f64>().sqrt()
}

/// Scales `gradient` down to the norm `limit` where its norm is larger (Pascanu et al. 2013).
/// Returns the norm before.
pub fn clip(gradient: &mut [f32], limit: f32) -> f64 {
    let norm = norm(gradient);
    if norm > f64::from(limit) {
        let factor = (f64::from(limit) / norm) as f32;
        gradient.iter_mut().for_each(|value| *value *= factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_gradients_are_cut() {
        let mut gradient = [3.0, 4.0];
        assert_eq!(clip(&mut gradient, 5.0), 5.0);
        assert_eq!(gradient, [3.0, 4.0]);
        assert_eq!(clip(&mut gradient, 1.0), 5.0);
        assert!((norm(&gradient) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn large_values_do_not_overflow() {
        let mut gradient = [1e30; 20];
        clip(&mut gradient, 1.0);
        assert!((norm(&gradient) - 1.0).abs() < 1e-6);
    }
}
