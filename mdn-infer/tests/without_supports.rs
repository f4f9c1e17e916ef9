//! The engine without the feature `supports`: `cargo test -p mdn-infer --no-default-features --test
//! without_supports`.

#![cfg(not(feature = "supports"))]

use mdn_infer::{Level, Model, ParseError, include_model, working_len};

const CLASSIC: &[u8] = include_model!("../samples/classic.mdn");
const SUPPORTED: &[u8] = include_model!("../../agreement/models/supports.mdn");

#[test]
fn targets_on_supports_are_refused_by_name() {
    let error = Model::parse(SUPPORTED).unwrap_err();
    assert_eq!(error, ParseError::UnknownRecord { record: 7 });
    assert!(error.to_string().contains("feature `supports`"), "{error}");
}

#[test]
fn other_files_have_the_bits_that_they_prove() {
    let model = Model::parse(CLASSIC).unwrap();
    let mut working = [0.0; working_len(CLASSIC)];
    for level in Level::available() {
        let report = model.self_test(level, &mut working).unwrap();
        assert!(
            report.passed() && report.mismatches == 0,
            "{}",
            level.name()
        );
    }
}
