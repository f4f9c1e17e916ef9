//! A table whose bytes come from a fuzzer.

use mdn_train::data::{ReadOptions, Table};

use crate::BEGINNINGS;

/// Reads `data` as a table, in the format that its first byte says, and selects its columns.
///
/// # Panics
///
/// Where a reader does.
pub fn any(data: &[u8]) {
    let Some((&format, bytes)) = data.split_first() else {
        return;
    };
    let beginning = BEGINNINGS[usize::from(format) % BEGINNINGS.len()];
    let mut bytes = bytes.to_vec();
    let len = beginning.len().min(bytes.len());
    bytes[..len].copy_from_slice(&beginning[..len]);
    read(bytes);
}

/// Reads a table and selects all columns that it has.
///
/// # Panics
///
/// Where a reader does.
pub fn read(bytes: Vec<u8>) {
    match Table::from_bytes("table".to_owned(), bytes, &ReadOptions::default()) {
        Ok(table) => {
            let named = table.columns().iter().filter(|name| !name.is_empty());
            let names: Vec<String> = named.take(8).cloned().collect();
            let skipping = ReadOptions {
                skip_missing: true,
                ..ReadOptions::default()
            };
            match table.select(&names, 0, &skipping) {
                Ok(numbers) => assert_eq!(numbers.values.len(), numbers.rows() * names.len()),
                Err(error) => drop(error.to_string()),
            }
        }
        Err(error) => drop(error.to_string()),
    }
}
