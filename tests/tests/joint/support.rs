//! Comparisons.

/// Asserts that `values` has the same bits on every call with the same `reference`.
pub fn same_bits(reference: &mut Option<Vec<u32>>, values: &[f32]) {
    let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
    assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits);
}
