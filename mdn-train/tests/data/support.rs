//! Tables from texts, for the tests.

use mdn_train::data::{DataError, Dataset, ReadOptions, Table};

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

pub fn read(text: &str) -> Result<Table, DataError> {
    read_bytes(text.as_bytes())
}

pub fn read_bytes(bytes: &[u8]) -> Result<Table, DataError> {
    Table::from_bytes("data.csv".into(), bytes.to_vec(), &ReadOptions::default())
}

pub fn train(text: &str, inputs: Option<&[&str]>, targets: &[&str]) -> Result<Dataset, DataError> {
    let inputs = inputs.map(names);
    let options = ReadOptions::default();
    Dataset::for_training(&read(text)?, inputs.as_deref(), &names(targets), &options)
}

pub fn train_skipping(text: &str, targets: &[&str]) -> Result<Dataset, DataError> {
    let options = ReadOptions {
        skip_missing: true,
        ..ReadOptions::default()
    };
    Dataset::for_training(&read(text)?, None, &names(targets), &options)
}

/// The error's message, after checking its variant.
macro_rules! message {
    ($result:expr, $variant:pat) => {{
        let error = $result.unwrap_err();
        assert!(matches!(error, $variant), "{error:?}");
        error.to_string()
    }};
}
