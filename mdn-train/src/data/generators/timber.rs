//! A table with categories and missing values.

use std::f64::consts::{E, PI};

use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Draws, FAR};
use crate::data::numeric::NumericTable;

const SPECIES: &[&str] = &["oak", "pine", "spruce"];
const GRADES: &[&str] = &["A", "B", "C"];
/// How often each species and each grade comes.
const SHARES: [f64; 3] = [0.3, 0.5, 0.2];
/// Each species' strength at a moisture of 12, and what one unit of moisture takes of it.
const STRENGTHS: [(f64, f64); 3] = [(90.0, 2.0), (70.0, 1.5), (62.0, 1.0)];
/// The standard deviation of the strength of each grade.
const DEVIATIONS: [f64; 3] = [3.0, 5.0, 9.0];
const MOISTURE: (f64, f64) = (8.0, 24.0);
/// How often a grade and a moisture are missing, whatever they are.
const MISSING: f64 = 0.04;

fn mean(species: usize, moisture: f64) -> f64 {
    let (strength, loss) = STRENGTHS[species];
    strength - loss * (moisture - 12.0)
}

/// One of three categories by their shares.
fn category(generator: &mut impl Rng) -> usize {
    let place: f64 = generator.random();
    let first = place >= SHARES[0];
    let second = place >= SHARES[0] + SHARES[1];
    usize::from(first) + usize::from(second)
}

/// Boards of a made-up wood: the strength from species, grade and moisture, of which some are missing.
///
/// `strength = a − b (moisture − 12) + s ε` with a standard normal `ε`; the species says `a` and `b`
/// (oak 90 and 2, pine 70 and 1.5, spruce 62 and 1), the grade says `s` (A 3, B 5, C 9). The three
/// species, and the three grades, come in 30, 50 and 20% of the rows; the moisture is uniform on
/// (8, 24). A grade is missing in 4% of the rows and a moisture in 4%, whatever they are. The columns
/// are `species`, `grade`, `moisture`, `strength`; the same arguments give the same table.
pub fn timber(rows: usize, seed: u64) -> Draws {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (driest, wettest) = MOISTURE;
    let mut values = Vec::with_capacity(4 * rows);
    for _ in 0..rows {
        let (species, grade) = (category(&mut generator), category(&mut generator));
        let share: f64 = generator.random();
        let moisture = driest + (wettest - driest) * share;
        let noise: f64 = StandardNormal.sample(&mut generator);
        let strength = mean(species, moisture) + DEVIATIONS[grade] * noise;
        let mut kept = |value: f64| match generator.random_bool(MISSING) {
            true => f64::NAN,
            false => value,
        };
        let (grade, moisture) = (kept(grade as f64), kept(moisture));
        values.extend([species as f64, grade, moisture, strength]);
    }
    let columns = ["species", "grade", "moisture", "strength"].map(str::to_owned);
    Draws {
        table: NumericTable::new(columns.to_vec(), values),
        inputs: 3,
        labels: vec![SPECIES, GRADES, &[], &[]],
    }
}

/// Whether the row is one that [`timber`] can give: NaN for what is missing.
pub(super) fn can_give(species: &str, grade: &str, moisture: f64, strength: f64) -> bool {
    let place = |all: &[&str], text| all.iter().position(|&one| one == text);
    let Some(species) = place(SPECIES, species) else {
        return false;
    };
    let deviation = match (grade, place(GRADES, grade)) {
        (_, Some(grade)) => DEVIATIONS[grade],
        ("", None) => DEVIATIONS[2],
        _ => return false,
    };
    let (driest, wettest) = MOISTURE;
    let (least, most) = match moisture.is_nan() {
        true => (wettest, driest),
        false => (moisture, moisture),
    };
    let (low, high) = (mean(species, least), mean(species, most));
    let far = FAR * deviation;
    (moisture.is_nan() || (driest..=wettest).contains(&moisture))
        && low - far < strength
        && strength < high + far
}

/// The entropy h(strength | species, grade, moisture) of [`timber`] in nats, ½ ln 2πe + E ln s: no
/// model's expected negative log-likelihood is lower on the rows that lack nothing, which are like
/// all others.
pub fn timber_entropy() -> f64 {
    let logarithms = DEVIATIONS
        .iter()
        .zip(SHARES)
        .map(|(s, share)| share * s.ln());
    0.5 * (2.0 * PI * E).ln() + logarithms.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_floor;
    use super::*;

    #[test]
    fn the_entropy_is_the_mean_over_complete_draws() {
        let rows = timber(40_000, 3).table.values;
        let complete = rows
            .chunks_exact(4)
            .filter(|row| !row.iter().any(|v| v.is_nan()));
        let surprises = complete.map(|row| {
            let (a, b) = [(90.0, 2.0), (70.0, 1.5), (62.0, 1.0)][row[0] as usize];
            let s: f64 = [3.0, 5.0, 9.0][row[1] as usize];
            let z = (row[3] - a + b * (row[2] - 12.0)) / s;
            0.5 * z * z + (s * (2.0 * PI).sqrt()).ln()
        });
        assert_floor(timber_entropy(), surprises);
    }

    #[test]
    fn categories_and_missing_values_come_as_often_as_the_law_says() {
        let rows = timber(20_000, 1).table.values;
        let share = |of: &dyn Fn(&[f64]) -> bool| {
            rows.chunks_exact(4).filter(|row| of(row)).count() as f64 / 20_000.0
        };
        for (place, expected) in SHARES.into_iter().enumerate() {
            assert!((share(&|row| row[0] == place as f64) - expected).abs() < 0.015);
            let grade = share(&|row| row[1] == place as f64) / 0.96;
            assert!((grade - expected).abs() < 0.015, "{grade}");
        }
        for column in [1, 2] {
            assert!((share(&|row| row[column].is_nan()) - 0.04).abs() < 0.006);
        }
        assert_eq!(share(&|row| row[0].is_nan() || row[3].is_nan()), 0.0);
    }

    #[test]
    fn longer_tables_begin_with_shorter_ones() {
        let text = |draws: Draws| {
            let mut text = Vec::new();
            draws.write_to(&mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        let (long, short) = (text(timber(20, 5)), text(timber(10, 5)));
        assert!(long.starts_with(&short) && long.len() > short.len());
        assert!(long.starts_with("species,grade,moisture,strength\n"));
        assert_ne!(long, text(timber(20, 6)));
    }

    #[test]
    fn rows_that_the_law_cannot_give() {
        assert!(can_give("oak", "A", 12.0, 90.0) && can_give("pine", "", f64::NAN, 60.0));
        assert!(!can_give("oak", "A", 12.0, 110.0) && can_give("oak", "C", 12.0, 110.0));
        assert!(!can_give("ash", "A", 12.0, 90.0) && !can_give("oak", "D", 12.0, 90.0));
        assert!(!can_give("oak", "A", 30.0, 54.0) && !can_give("oak", "A", 12.0, f64::NAN));
    }
}
