//! What the arguments of the engine's functions must be.

use crate::error::PredictError;

/// A slice of length `found` has `expected` elements.
pub(crate) fn check_len(found: usize, expected: usize) -> Result<(), PredictError> {
    if found == expected {
        Ok(())
    } else {
        Err(PredictError::WrongLength { expected, found })
    }
}

/// `values` has `expected` elements, all finite.
pub(crate) fn check(values: &[f32], expected: usize) -> Result<(), PredictError> {
    check_len(values.len(), expected)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(PredictError::NotFinite { index }),
        None => Ok(()),
    }
}
