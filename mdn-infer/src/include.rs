//! Model files in the program's own image.

/// Bytes at an address that is a multiple of 64, as the format wants them.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Aligned<T>(pub T);

/// The bytes of a model file as an aligned constant `&'static [u8]`; on a microcontroller they
/// lie in flash. The path is relative to the source file, as for [`include_bytes!`].
///
/// ```
/// const FILE: &[u8] = mdn_infer::include_model!("../samples/classic.mdn");
/// assert_eq!(FILE.as_ptr() as usize % 64, 0);
/// ```
#[macro_export]
macro_rules! include_model {
    ($path:expr $(,)?) => {{
        const BYTES: &$crate::Aligned<[u8; include_bytes!($path).len()]> =
            &$crate::Aligned(*include_bytes!($path));
        &BYTES.0
    }};
}
