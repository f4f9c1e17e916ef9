//! Dense products: the one door to `matrixmultiply`.
#![allow(
    unsafe_code,
    reason = "sgemm takes raw pointers; `multiply` checks every length first"
)]

/// A matrix `[rows][columns]` seen through strides, so that a transpose costs nothing.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    shape: [usize; 2],
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// The first `shape[1]` elements of each of `shape[0]` rows that lie `stride` apart.
    pub(crate) fn new(data: &'a [f32], shape: [usize; 2], stride: usize) -> Self {
        Matrix {
            data,
            shape,
            strides: [stride, 1],
        }
    }

    /// The transpose, `[columns][rows]`.
    pub(crate) fn transposed(self) -> Self {
        let ([rows, columns], [down, across]) = (self.shape, self.strides);
        Matrix {
            shape: [columns, rows],
            strides: [across, down],
            ..self
        }
    }
}

/// How many elements a matrix spans from its first to its last.
fn span(shape: [usize; 2], strides: [usize; 2]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] + 1
}

/// `c = a b + beta c`, where the rows of `c` lie `stride` apart; `beta = 0` ignores what `c` held.
///
/// # Panics
/// If the shapes don't fit, or a slice is shorter than its matrix.
pub(crate) fn multiply(a: Matrix, b: Matrix, beta: f32, c: &mut [f32], stride: usize) {
    let ([m, k], [inner, n]) = (a.shape, b.shape);
    assert_eq!(k, inner, "inner dimensions");
    assert!(stride >= n, "overlapping rows of the product");
    assert!(span(a.shape, a.strides) <= a.data.len());
    assert!(span(b.shape, b.strides) <= b.data.len());
    assert!(span([m, n], [stride, 1]) <= c.len());
    let (rsa, csa) = (a.strides[0] as isize, a.strides[1] as isize);
    let (rsb, csb) = (b.strides[0] as isize, b.strides[1] as isize);
    // SAFETY: each matrix lies within its slice, as asserted above; `c` is borrowed mutably, so
    // it overlaps neither `a` nor `b`, and no two of its elements share an address.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.data.as_ptr(),
            rsa,
            csa,
            b.data.as_ptr(),
            rsb,
            csb,
            beta,
            c.as_mut_ptr(),
            stride as isize,
            1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_transpose_and_accumulate() {
        // a is [2][3] with rows 4 apart; b is the transpose of [2][3].
        let a = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0];
        let b = [1.0, 0.0, 1.0, 0.0, 1.0, 2.0];
        let mut c = [100.0; 5];
        let (a, b) = (Matrix::new(&a, [2, 3], 4), Matrix::new(&b, [2, 3], 3));
        multiply(a, b.transposed(), 0.0, &mut c, 3);
        assert_eq!(c, [4.0, 8.0, 100.0, 10.0, 17.0]);
        multiply(a, b.transposed(), 1.0, &mut c, 3);
        assert_eq!(c, [8.0, 16.0, 100.0, 20.0, 34.0]);
    }

    #[test]
    #[should_panic]
    fn short_slices_are_refused() {
        let a = Matrix::new(&[1.0; 5], [2, 3], 3);
        multiply(a, a.transposed(), 0.0, &mut [0.0; 4], 2);
    }
}
