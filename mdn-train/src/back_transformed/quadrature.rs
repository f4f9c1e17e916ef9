//! What the integrals have in common.

use super::Normal;

impl Normal {
    /// Every second standard deviation.
    pub(super) fn cuts(&self) -> impl Iterator<Item = f64> + use<> {
        let Normal { mean, scale, .. } = *self;
        (-5..=5).map(move |i| mean + 2.0 * f64::from(i) * scale)
    }
}

/// The integral of `value` by Gauss and Legendre's rule of eight points.
pub(super) fn gauss(from: f64, to: f64, value: impl Fn(f64) -> f64) -> f64 {
    const POINTS: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_3),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
    ];
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let sides = POINTS.iter().map(|&(x, weight)| {
        let offset = half * x;
        weight * (value(middle - offset) + value(middle + offset))
    });
    half * sides.sum::<f64>()
}
