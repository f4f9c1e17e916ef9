//! What the fuzz targets look for, as properties on stable Rust.

use mdn_hostile::{file, model, query, supports};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// Any bytes behind a front that is put right.
    #[test]
    fn no_file_faults(bytes in vec(any::<u8>(), 0..400)) {
        file::any(&bytes);
    }

    /// Any shape, numbers and questions.
    #[test]
    fn no_model_faults_and_levels_agree(bytes in vec(any::<u8>(), 0..200)) {
        model::any(&bytes);
    }

    /// Any inputs and questions to the committed models.
    #[test]
    fn no_question_faults_and_levels_agree(bytes in vec(any::<u8>(), 0..100)) {
        query::any(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The same with targets on supports.
    #[test]
    fn no_support_faults_and_levels_agree(bytes in vec(any::<u8>(), 0..200)) {
        supports::any(&bytes);
    }
}
