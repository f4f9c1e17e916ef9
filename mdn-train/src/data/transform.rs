//! Targets that are learnt on another scale: the column `log(price)` of a table that has `price`.
//!
//! The transform is the target's name, in tables, in model files and in answers. A table that has no
//! column of that name but has the one inside gives its values, transformed; a density of the
//! transformed target becomes one of the column itself by the slope of the transform.

use mdn_infer::format::Support;

/// A monotone map of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Transform {
    /// z = ln y, for y above 0.
    Log,
    /// z = ln y for y above 0, and one place below all logarithms for y = 0: whatever lies there or below
    /// is 0.
    LogOrZero {
        /// The place of 0.
        zero: f32,
    },
    /// z = ln (y / (1 − y)), for y between 0 and 1.
    Logit,
}

impl Transform {
    const ALL: [Transform; 2] = [Transform::Log, Transform::Logit];

    /// As names spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Transform::Log | Transform::LogOrZero { .. } => "log",
            Transform::Logit => "logit",
        }
    }

    /// Which values it has an image for.
    pub const fn domain(self) -> &'static str {
        match self {
            Transform::Log => "above 0",
            Transform::LogOrZero { .. } => "of 0 and above",
            Transform::Logit => "between 0 and 1",
        }
    }

    /// What the transformed `column` is called.
    pub fn of(self, column: &str) -> String {
        format!("{}({column})", self.name())
    }

    /// What a value of the transformed `column` is called in mathematics.
    pub fn image_of(self, column: &str) -> String {
        match self {
            Transform::Log | Transform::LogOrZero { .. } => format!("ln({column})"),
            Transform::Logit => format!("logit({column})"),
        }
    }

    /// The transform and the column that `name` is made of.
    pub fn parse(name: &str) -> Option<(Transform, &str)> {
        Self::ALL.into_iter().find_map(|transform| {
            let inside = name.strip_prefix(transform.name())?.strip_prefix('(')?;
            let column = inside.strip_suffix(')').filter(|column| !column.is_empty());
            Some((transform, column?))
        })
    }

    /// The transform of the target `name`, if any, and the column that answers are about.
    pub fn split(name: &str) -> (Option<Transform>, &str) {
        match Self::parse(name) {
            Some((transform, column)) => (Some(transform), column),
            None => (None, name),
        }
    }

    /// The transform of a model's target `name`, whose `support` tells whether it has a place for 0: a point
    /// mass below which there is nothing.
    pub fn of_target(name: &str, support: &Support) -> Option<Transform> {
        match (Self::parse(name)?.0, support) {
            (Transform::Log, Support::Atoms(atoms)) if atoms.lowest => {
                let zero = *atoms.values().first()?;
                Some(Transform::LogOrZero { zero })
            }
            (transform, _) => Some(transform),
        }
    }

    /// z for y, infinite at the ends of the domain and beyond; where 0 has a place, that place for all from 0
    /// up to what lies above it.
    pub fn apply_anywhere(self, y: f64) -> f64 {
        let outside = if y > 0.0 {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        };
        let z = self.apply(y).unwrap_or(outside);
        match self {
            Transform::LogOrZero { zero } if y >= 0.0 => z.max(zero.into()),
            _ => z,
        }
    }

    /// z for y; `None` outside the domain.
    pub fn apply(self, y: f64) -> Option<f64> {
        match self {
            Transform::Log => (y > 0.0).then(|| y.ln()),
            Transform::LogOrZero { zero } if y == 0.0 => Some(zero.into()),
            Transform::LogOrZero { .. } => (y > 0.0).then(|| y.ln()),
            Transform::Logit => (0.0 < y && y < 1.0).then(|| y.ln() - (-y).ln_1p()),
        }
    }

    /// y for z.
    pub fn undo(self, z: f64) -> f64 {
        match self {
            Transform::LogOrZero { zero } if z <= zero.into() => 0.0,
            Transform::Log | Transform::LogOrZero { .. } => z.exp(),
            Transform::Logit => 1.0 / (1.0 + (-z).exp()),
        }
    }

    /// ln |dz/dy| at the y of z: what to add to the log-density of z for that of y. 0 at the place of 0,
    /// which has a probability.
    pub fn log_slope(self, z: f64) -> f64 {
        match self {
            Transform::LogOrZero { zero } if z <= zero.into() => 0.0,
            Transform::Log | Transform::LogOrZero { .. } => -z,
            // −ln y − ln (1 − y), of which one is near 0 for large |z|.
            Transform::Logit => z.abs() + 2.0 * (-z.abs()).exp().ln_1p(),
        }
    }
}

/// The sum of the log-slopes for one row of targets `[D]`; `transforms` may be empty.
pub fn log_slope(transforms: &[Option<Transform>], targets: &[f32]) -> f64 {
    let pairs = transforms.iter().zip(targets);
    let slopes = pairs.filter_map(|(transform, &z)| Some(transform.as_ref()?.log_slope(z.into())));
    slopes.sum()
}

/// What CRPS and RMSE of the targets `names` are in units of, where that is not the columns themselves:
/// `ln(price)` for `log(price)`. `None` where no target is transformed.
pub fn score_scales<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let mut any = false;
    let scale = |name| match Transform::parse(name) {
        Some((transform, column)) => {
            any = true;
            transform.image_of(column)
        }
        None => name.to_owned(),
    };
    let scales: Vec<String> = names.into_iter().map(scale).collect();
    any.then(|| scales.join(", "))
}

/// What figures about the columns themselves are in units of: `price, y` for the targets `log(price)` and
/// `y`. `None` where no target is transformed.
pub fn column_scales<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let pairs: Vec<_> = names.into_iter().map(Transform::split).collect();
    let any = pairs.iter().any(|(transform, _)| transform.is_some());
    let columns: Vec<&str> = pairs.iter().map(|&(_, column)| column).collect();
    any.then(|| columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_transform() {
        for transform in Transform::ALL {
            let name = transform.of("a (b)");
            assert_eq!(Transform::parse(&name), Some((transform, "a (b)")));
        }
        for name in [
            "price",
            "log()",
            "log(price",
            "log price)",
            "ln(price)",
            "Log(x)",
        ] {
            assert_eq!(Transform::parse(name), None, "{name}");
        }
    }

    #[test]
    fn there_and_back() {
        for transform in Transform::ALL {
            for y in [1e-30, 1e-3, 0.25, 0.5, 0.75, 0.999] {
                let z = transform.apply(y).unwrap();
                assert!(
                    (transform.undo(z) / y - 1.0).abs() < 1e-12,
                    "{transform:?} {y}"
                );
            }
            assert_eq!(transform.apply(0.0), None);
            assert_eq!(transform.apply(-1.0), None);
            assert_eq!(transform.apply_anywhere(-1.0), f64::NEG_INFINITY);
        }
        assert_eq!(Transform::Logit.apply(1.0), None);
        assert_eq!(Transform::Logit.apply_anywhere(2.0), f64::INFINITY);
        assert_eq!(Transform::split("log(x)"), (Some(Transform::Log), "x"));
        assert_eq!(Transform::split("x"), (None, "x"));
        assert_eq!(Transform::Log.image_of("x"), "ln(x)");
        assert_eq!(Transform::Logit.image_of("x"), "logit(x)");
        let scales = |names: [&'static str; 2]| score_scales(names);
        assert_eq!(scales(["log(x)", "y"]).as_deref(), Some("ln(x), y"));
        assert_eq!(scales(["x", "y"]), None);
        assert_eq!(column_scales(["log(x)", "y"]).as_deref(), Some("x, y"));
        assert_eq!(column_scales(["x", "y"]), None);
        assert_eq!(Transform::Log.apply(1.0), Some(0.0));
    }

    #[test]
    fn zero_has_a_place_below_the_logarithms() {
        let transform = Transform::LogOrZero { zero: -3.0 };
        assert_eq!(transform.apply(0.0), Some(-3.0));
        assert_eq!(transform.apply(-0.0), Some(-3.0));
        assert_eq!(transform.apply(-1.0), None);
        assert_eq!(transform.apply(1.0), Some(0.0));
        assert_eq!(transform.apply_anywhere(-1.0), f64::NEG_INFINITY);
        // Whoever asks for the probability of at most so little asks for that of 0.
        assert_eq!(transform.apply_anywhere(1e-9), -3.0);
        assert_eq!(transform.undo(-3.0), 0.0);
        assert_eq!(transform.undo(-9.0), 0.0);
        assert_eq!(transform.undo(0.0), 1.0);
        assert_eq!(log_slope(&[Some(transform)], &[-3.0]), 0.0);
        assert_eq!(log_slope(&[Some(transform)], &[2.0]), -2.0);

        let atoms = |lowest| mdn_infer::format::Atoms::new(&[-3.0], lowest, false, 1.0);
        let support = |lowest| Support::Atoms(atoms(lowest).expect("one"));
        let of = |name, lowest| Transform::of_target(name, &support(lowest));
        assert_eq!(of("log(x)", true), Some(transform));
        assert_eq!(of("log(x)", false), Some(Transform::Log));
        assert_eq!(of("logit(x)", true), Some(Transform::Logit));
        assert_eq!(of("x", true), None);
    }

    #[test]
    fn slopes_are_those_of_differences() {
        for transform in Transform::ALL {
            for y in [1e-3, 0.3, 0.5, 0.99] {
                let step = 1e-7 * y;
                let z = |y: f64| transform.apply(y).unwrap();
                let slope = (z(y + step) - z(y - step)) / (2.0 * step);
                let found = transform.log_slope(z(y)).exp();
                assert!((found / slope - 1.0).abs() < 1e-6, "{transform:?} {y}");
            }
        }
        let both = [Some(Transform::Log), None];
        assert_eq!(log_slope(&both, &[2.0, 9.0]), -2.0);
        assert_eq!(log_slope(&[], &[2.0, 9.0]), 0.0);
    }
}
