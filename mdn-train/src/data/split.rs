//! Which rows to train on and which to hold back.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::error::DataError;
use super::hold_out::{running, share_of};

/// Parts `rows` row numbers at random into training and validation rows, each in ascending order.
///
/// The validation rows are `validation_fraction` of all, rounded; a fraction above 0 leaves at
/// least one row on either side. The same arguments give the same parts.
///
/// # Errors
/// When the fraction is not at least 0 and less than 1, or there are not two rows to part.
pub fn split(
    rows: usize,
    validation_fraction: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    split_weighted(rows, &[], validation_fraction, seed)
}

/// As [`split`], by shares of the rows' `weights`, where there are any: as many rows as come nearest to it.
pub(super) fn split_weighted(
    rows: usize,
    weights: &[f64],
    validation_fraction: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    check_fraction(validation_fraction)?;
    let mut train: Vec<usize> = (0..rows).collect();
    if validation_fraction == 0.0 {
        return Ok((train, Vec::new()));
    }
    if rows < 2 {
        return Err(DataError::TooFewRows { rows });
    }
    train.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let weight = |row: usize| weights.get(row).copied().unwrap_or(1.0);
    let held = running(train.iter().rev().map(|&row| weight(row)));
    let wanted = share_of(held[rows], validation_fraction, weights);
    let off = |count: &usize| (held[*count] - wanted).abs();
    let nearest = (1..rows).min_by(|a, b| off(a).total_cmp(&off(b)));
    let mut validation = train.split_off(rows - nearest.unwrap_or(1));
    train.sort_unstable();
    validation.sort_unstable();
    Ok((train, validation))
}

/// # Errors
/// When the fraction is not at least 0 and less than 1.
pub(super) fn check_fraction(fraction: f64) -> Result<(), DataError> {
    match (0.0..1.0).contains(&fraction) {
        true => Ok(()),
        false => Err(DataError::BadFraction { fraction }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_falls_on_one_side() {
        let (train, validation) = split(1000, 0.2, 7).unwrap();
        assert_eq!((train.len(), validation.len()), (800, 200));
        let mut all = [train, validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(split(100, 0.3, 1).unwrap(), split(100, 0.3, 1).unwrap());
        assert_ne!(split(100, 0.3, 1).unwrap(), split(100, 0.3, 2).unwrap());
    }

    #[test]
    fn held_back_rows_come_from_everywhere() {
        let (_, validation) = split(10_000, 0.1, 3).unwrap();
        let early = validation.iter().filter(|&&row| row < 5000).count();
        // Hypergeometric, mean 500, standard deviation 15.
        assert!((425..575).contains(&early), "{early}");
    }

    #[test]
    fn small_and_odd_splits() {
        assert_eq!(split(3, 0.0, 0).unwrap(), (vec![0, 1, 2], vec![]));
        assert_eq!(split(0, 0.0, 0).unwrap(), (vec![], vec![]));
        let (train, validation) = split(2, 0.99, 0).unwrap();
        assert_eq!((train.len(), validation.len()), (1, 1));
        let (train, validation) = split(5, 0.001, 0).unwrap();
        assert_eq!((train.len(), validation.len()), (4, 1));
    }

    #[test]
    fn bad_requests_are_refused() {
        for fraction in [-0.1, 1.0, 2.0, f64::NAN] {
            let error = split(10, fraction, 0).unwrap_err();
            assert!(matches!(error, DataError::BadFraction { .. }), "{fraction}");
        }
        let error = split(1, 0.5, 0).unwrap_err();
        assert!(matches!(error, DataError::TooFewRows { rows: 1 }));
    }
}
