//! Parquet and Arrow IPC, both by way of Arrow's record batches.

use std::fs::File;
use std::io::Cursor;
use std::iter;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::blocks::Blocks;
use super::claims;
use super::column::Column;
use super::error::DataError;
use super::table::{Contents, guarded, most_unpacked};

/// Rows of a Parquet block.
const BATCH: usize = 1 << 14;
const SECONDS_A_DAY: f64 = 86_400.0;

/// Reads a file of `format`: `Parquet`, `Arrow` (a file, also called Feather) or `Arrow stream`.
pub(super) fn read(
    file: &str,
    format: &'static str,
    bytes: Vec<u8>,
) -> Result<Contents, DataError> {
    let most = most_unpacked(bytes.len());
    let checked = match format {
        "Parquet" => Ok(()),
        "Arrow" => claims::check_file(&bytes, most),
        _ => claims::check_stream(&bytes, most),
    };
    checked.map_err(|reason| DataError::Unreadable {
        file: file.to_owned(),
        format,
        reason,
    })?;
    let bytes = Bytes::from(bytes);
    let read = match format {
        "Parquet" => parquet(bytes),
        "Arrow" => FileReader::try_new(Cursor::new(bytes), None).and_then(gather),
        _ => StreamReader::try_new(Cursor::new(bytes), None).and_then(gather),
    };
    read.map_err(|error| unreadable(file, format, &error))
}

fn parquet(bytes: Bytes) -> Result<Contents, ArrowError> {
    gather(ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()?)
}

/// The batches of a Parquet file as blocks; rows are numbered from 1 throughout.
pub(super) fn parquet_blocks(name: &str, file: File) -> Result<Blocks, DataError> {
    const FORMAT: &str = "Parquet";
    let mut batches = guarded(name, FORMAT, || {
        ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.with_batch_size(BATCH).build())
            .map_err(|error| unreadable(name, FORMAT, &error.into()))
    })?;
    let name = name.to_owned();
    let mut rows = 0;
    Ok(Box::new(iter::from_fn(move || {
        let block = guarded(&name, FORMAT, || {
            let batch = batches.next().map(|batch| gather(iter::once(batch)));
            batch
                .transpose()
                .map_err(|error| unreadable(&name, FORMAT, &error))
        });
        let mut block = block.transpose()?;
        if let Ok(block) = &mut block {
            block.lines.iter_mut().for_each(|line| *line += rows);
            rows += block.lines.len() as u64;
        }
        Some(block)
    })))
}

fn unreadable(file: &str, format: &'static str, error: &ArrowError) -> DataError {
    DataError::Unreadable {
        file: file.to_owned(),
        format,
        reason: error.to_string(),
    }
}

fn gather(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<Contents, ArrowError> {
    let mut contents = Contents::default();
    for batch in batches {
        let batch = batch?;
        if contents.names.is_empty() {
            let fields = batch.schema_ref().fields().iter();
            contents.names = fields.map(|field| field.name().clone()).collect();
            contents.columns = vec![Column::default(); contents.names.len()];
        }
        for (column, array) in contents.columns.iter_mut().zip(batch.columns()) {
            append(column, array.as_ref());
        }
    }
    Ok(contents.numbered())
}

/// Appends the cells of `array`. What is neither number, time nor text becomes a text that says
/// what it is, which matters only where the column is chosen.
fn append(column: &mut Column, array: &dyn Array) {
    use DataType as T;
    let plain = |value: f64| value;
    match array.data_type() {
        T::Float64 => numbers::<Float64Type>(column, array, plain),
        T::Float32 => numbers::<Float32Type>(column, array, f64::from),
        T::Float16 => numbers::<Float16Type>(column, array, f64::from),
        T::Int8 => numbers::<Int8Type>(column, array, f64::from),
        T::Int16 => numbers::<Int16Type>(column, array, f64::from),
        T::Int32 => numbers::<Int32Type>(column, array, f64::from),
        T::Int64 => numbers::<Int64Type>(column, array, |value| value as f64),
        T::UInt8 => numbers::<UInt8Type>(column, array, f64::from),
        T::UInt16 => numbers::<UInt16Type>(column, array, f64::from),
        T::UInt32 => numbers::<UInt32Type>(column, array, f64::from),
        T::UInt64 => numbers::<UInt64Type>(column, array, |value| value as f64),
        T::Date32 => numbers::<Date32Type>(column, array, f64::from),
        T::Date64 => numbers::<Date64Type>(column, array, |value| days(value, 1e3)),
        T::Timestamp(unit, _) => times(column, array, *unit),
        T::Boolean => {
            let cells = array.as_boolean();
            texts_or(
                column,
                cells.len(),
                |row| cells.is_valid(row),
                |column, row| {
                    column.push(f64::from(u8::from(cells.value(row))));
                },
            );
        }
        T::Utf8 => texts(column, array, |row| array.as_string::<i32>().value(row)),
        T::LargeUtf8 => texts(column, array, |row| array.as_string::<i64>().value(row)),
        T::Utf8View => texts(column, array, |row| array.as_string_view().value(row)),
        T::Dictionary(..) => dictionary(column, array),
        T::Null => (0..array.len()).for_each(|_| column.push_text("")),
        other => {
            let words = format!("a cell of type {other}");
            texts(column, array, |_| &words);
        }
    }
}

/// Appends cells, missing ones where a row is not valid.
fn texts_or(
    column: &mut Column,
    rows: usize,
    is_valid: impl Fn(usize) -> bool,
    mut push: impl FnMut(&mut Column, usize),
) {
    for row in 0..rows {
        if is_valid(row) {
            push(column, row);
        } else {
            column.push_text("");
        }
    }
}

fn texts<'t>(column: &mut Column, array: &dyn Array, text: impl Fn(usize) -> &'t str) {
    texts_or(
        column,
        array.len(),
        |row| array.is_valid(row),
        |column, row| {
            column.push_text(text(row).trim());
        },
    );
}

fn numbers<T: ArrowPrimitiveType>(
    column: &mut Column,
    array: &dyn Array,
    number: impl Fn(T::Native) -> f64,
) {
    let cells = array.as_primitive::<T>();
    texts_or(
        column,
        cells.len(),
        |row| cells.is_valid(row),
        |column, row| {
            column.push(number(cells.value(row)));
        },
    );
}

fn times(column: &mut Column, array: &dyn Array, unit: TimeUnit) {
    match unit {
        TimeUnit::Second => numbers::<TimestampSecondType>(column, array, |v| days(v, 1.0)),
        TimeUnit::Millisecond => {
            numbers::<TimestampMillisecondType>(column, array, |v| days(v, 1e3));
        }
        TimeUnit::Microsecond => {
            numbers::<TimestampMicrosecondType>(column, array, |v| days(v, 1e6));
        }
        TimeUnit::Nanosecond => numbers::<TimestampNanosecondType>(column, array, |v| days(v, 1e9)),
    }
}

/// Days from a count of parts of a second.
fn days(count: i64, parts: f64) -> f64 {
    count as f64 / (parts * SECONDS_A_DAY)
}

/// Values that stand once, and keys that name them: what pandas calls categorical.
fn dictionary(column: &mut Column, array: &dyn Array) {
    let cells = array.as_any_dictionary();
    let mut values = Column::default();
    append(&mut values, cells.values().as_ref());
    let keys = if values.len() == 0 {
        Vec::new()
    } else {
        cells.normalized_keys()
    };
    let is_valid = |row| array.is_valid(row) && values.len() > 0;
    texts_or(column, array.len(), is_valid, |column, row| {
        column.push_raw(values.get(keys[row]));
    });
}
