//! Answers as nalgebra's vectors and matrices, of a dimension that the caller knows.

use nalgebra::{SMatrix, SVector};

use super::{Component, Mixture};
use crate::error::PredictError;

impl Mixture<'_> {
    /// E t as a vector; `None` unless `D` is the mixture's dimension. See [`mean`](Self::mean).
    pub fn mean_vector<const D: usize>(&self) -> Option<SVector<f32, D>> {
        let mut mean = SVector::<f32, D>::zeros();
        self.mean(mean.as_mut_slice()).ok()?;
        Some(mean)
    }

    /// The covariance matrix; `None` unless `D` is the mixture's dimension. See
    /// [`covariance_into`](Self::covariance_into).
    ///
    /// ```
    /// use mdn_infer::Mixture;
    ///
    /// /// The widest direction of a mixture in the plane.
    /// fn widest(mixture: &Mixture<'_>) -> Option<nalgebra::Vector2<f32>> {
    ///     let eigen = mixture.covariance_matrix::<2>()?.symmetric_eigen();
    ///     Some(eigen.eigenvectors.column(eigen.eigenvalues.imax()).into_owned())
    /// }
    /// ```
    pub fn covariance_matrix<const D: usize>(&self) -> Option<SMatrix<f32, D, D>> {
        let mut covariance = SMatrix::<f32, D, D>::zeros();
        // Symmetric, so that the order of rows and columns does not matter.
        self.covariance_into(covariance.as_mut_slice()).ok()?;
        Some(covariance)
    }

    /// ln p(target); see [`log_density`](Self::log_density).
    ///
    /// # Errors
    ///
    /// As [`log_density`](Self::log_density).
    pub fn log_density_vector<const D: usize>(
        &self,
        target: &SVector<f32, D>,
    ) -> Result<f32, PredictError> {
        self.log_density(target.as_slice())
    }
}

impl Component<'_> {
    /// μₖ; `None` unless `D` is the mixture's dimension.
    pub fn mean_vector<const D: usize>(&self) -> Option<SVector<f32, D>> {
        (D == self.dimensions()).then(|| SVector::from_fn(|d, _| self.mean(d)))
    }

    /// Σₖ; `None` unless `D` is the mixture's dimension. See [`covariance`](Self::covariance).
    pub fn covariance_matrix<const D: usize>(&self) -> Option<SMatrix<f32, D, D>> {
        (D == self.dimensions()).then(|| SMatrix::from_fn(|i, j| self.covariance(i, j)))
    }

    /// The lower-triangular L with Σₖ⁻¹ = LᵀL; `None` unless `D` is the mixture's dimension. See
    /// [`precision_factor`](Self::precision_factor).
    pub fn precision_factor_matrix<const D: usize>(&self) -> Option<SMatrix<f32, D, D>> {
        (D == self.dimensions()).then(|| SMatrix::from_fn(|i, j| self.precision_factor(i, j)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Level, Model, Predictor};
    use nalgebra::{SMatrix, SVector};

    #[test]
    fn vectors_and_matrices_hold_what_slices_do() {
        const FILE: &[u8] = crate::include_model!("../../samples/classic.mdn");
        let model = Model::parse(FILE).unwrap();
        let mut predictor =
            Predictor::<{ crate::working_len(FILE) }>::new(&model, Level::detect()).unwrap();
        let mixture = predictor.predict(&[2.5]).unwrap();
        let mut slice = [0.0];
        mixture.mean(&mut slice).unwrap();
        assert_eq!(mixture.mean_vector(), Some(SVector::from(slice)));
        mixture.variance(&mut slice).unwrap();
        assert_eq!(mixture.covariance_matrix(), Some(SMatrix::from([slice])));
        assert_eq!(mixture.covariance_matrix::<2>(), None);
        assert_eq!(mixture.mean_vector::<0>(), None);
        let target = SVector::from([0.3]);
        assert_eq!(
            mixture.log_density_vector(&target),
            mixture.log_density(&[0.3])
        );
        let component = mixture.component(7).unwrap();
        assert_eq!(
            component.mean_vector(),
            Some(SVector::from([component.mean(0)]))
        );
        let covariance = component.covariance_matrix::<1>().unwrap()[0];
        let factor = component.precision_factor_matrix::<1>().unwrap()[0];
        assert!((covariance * factor * factor - 1.0).abs() < 1e-6);
        assert_eq!(component.covariance_matrix::<2>(), None);
    }
}
