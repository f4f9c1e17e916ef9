//! Parquet and Arrow IPC, both by way of Arrow's record batches.

use std::fmt::Display;
use std::fs::File;
use std::io::Cursor;
use std::iter;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::blocks::Blocks;
use super::claims;
use super::column::Column;
use super::error::DataError;
use super::table::{Contents, guarded};
use super::unpack::most_unpacked;
use crate::memory::check;

/// Bytes that a cell takes, at least.
const CELL: u64 = 8;
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
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let file = builder.metadata().file_metadata();
    let (rows, columns) = (file.num_rows(), builder.schema().fields().len());
    let cells = u64::try_from(rows)
        .unwrap_or(0)
        .saturating_mul(columns as u64);
    check(cells.saturating_mul(CELL), || {
        format!("a table of {rows} rows and {columns} columns")
    })
    .map_err(|shortage| ArrowError::MemoryError(shortage.to_string()))?;
    let index = index_columns(builder.schema());
    Ok(Contents {
        index,
        ..gather(builder.build()?)?
    })
}

/// The columns that are an index by what pandas wrote into the metadata of the schema; an index that counts the
/// rows is no column, and stands there as an object.
fn index_columns(schema: &Schema) -> Vec<String> {
    let pandas = schema.metadata().get("pandas").map(String::as_str);
    let pandas: Value = serde_json::from_str(pandas.unwrap_or_default()).unwrap_or_default();
    let names = pandas["index_columns"].as_array().into_iter().flatten();
    names
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

/// The batches of a Parquet file as blocks; rows are numbered from 1 throughout.
pub(super) fn parquet_blocks(name: &str, file: File) -> Result<Blocks, DataError> {
    const FORMAT: &str = "Parquet";
    let (index, mut batches) = guarded(name, FORMAT, || {
        ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| {
                let index = index_columns(builder.schema());
                Ok((index, builder.with_batch_size(BATCH).build()?))
            })
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
            block.index.clone_from(&index);
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
            contents.index = index_columns(batch.schema_ref());
            contents.columns = vec![Column::default(); contents.names.len()];
        }
        for (column, array) in contents.columns.iter_mut().zip(batch.columns()) {
            append(column, array.as_ref());
        }
    }
    Ok(contents.numbered())
}

/// Appends the cells of `array`.
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
        T::Decimal32(_, scale) => decimals::<Decimal32Type>(column, array, *scale),
        T::Decimal64(_, scale) => decimals::<Decimal64Type>(column, array, *scale),
        T::Decimal128(_, scale) => decimals::<Decimal128Type>(column, array, *scale),
        T::Decimal256(_, scale) => decimals::<Decimal256Type>(column, array, *scale),
        T::Boolean => booleans(column, array.as_boolean()),
        T::Utf8 => texts(column, array, |row| array.as_string::<i32>().value(row)),
        T::LargeUtf8 => texts(column, array, |row| array.as_string::<i64>().value(row)),
        T::Utf8View => texts(column, array, |row| array.as_string_view().value(row)),
        T::Dictionary(..) => dictionary(column, array),
        T::Null => texts(column, array, |_| ""),
        _ => times(column, array),
    }
}

/// Appends dates, times and lengths of time as days, or cells that cannot be used.
fn times(column: &mut Column, array: &dyn Array) {
    use DataType as T;
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let (milli, micro, nano) = (|v| days(v, 1e3), |v| days(v, 1e6), |v| days(v, 1e9));
    let second = |v| days(v, 1.0);
    if let T::Date32 | T::Date64 | T::Timestamp(..) = array.data_type() {
        column.mark_dates();
    }
    match array.data_type() {
        T::Date32 => numbers::<Date32Type>(column, array, f64::from),
        T::Date64 => numbers::<Date64Type>(column, array, milli),
        T::Timestamp(Second, _) => numbers::<TimestampSecondType>(column, array, second),
        T::Timestamp(Millisecond, _) => numbers::<TimestampMillisecondType>(column, array, milli),
        T::Timestamp(Microsecond, _) => numbers::<TimestampMicrosecondType>(column, array, micro),
        T::Timestamp(Nanosecond, _) => numbers::<TimestampNanosecondType>(column, array, nano),
        T::Time32(Second) => numbers::<Time32SecondType>(column, array, |v| second(v.into())),
        T::Time32(_) => numbers::<Time32MillisecondType>(column, array, |v| milli(v.into())),
        T::Time64(Microsecond) => numbers::<Time64MicrosecondType>(column, array, micro),
        T::Time64(_) => numbers::<Time64NanosecondType>(column, array, nano),
        T::Duration(Second) => numbers::<DurationSecondType>(column, array, second),
        T::Duration(Millisecond) => numbers::<DurationMillisecondType>(column, array, milli),
        T::Duration(Microsecond) => numbers::<DurationMicrosecondType>(column, array, micro),
        T::Duration(Nanosecond) => numbers::<DurationNanosecondType>(column, array, nano),
        other => column.push_unsupported(array.len(), &other.to_string()),
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

/// Whole numbers of units of 10 to the power of −`scale`, to the nearest `f64`.
fn decimals<T: ArrowPrimitiveType<Native: Display>>(
    column: &mut Column,
    array: &dyn Array,
    scale: i8,
) {
    let power = -i16::from(scale);
    let number = |units: T::Native| format!("{units}e{power}").parse().unwrap_or(f64::NAN);
    numbers::<T>(column, array, number);
}

fn booleans(column: &mut Column, cells: &BooleanArray) {
    texts_or(
        column,
        cells.len(),
        |row| cells.is_valid(row),
        |column, row| {
            column.push(f64::from(u8::from(cells.value(row))));
        },
    );
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
    if let Some(kind) = values.unsupported() {
        return column.push_unsupported(array.len(), kind);
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::*;
    use arrow_ipc::writer::StreamWriter;
    use parquet::arrow::ArrowWriter;

    use super::super::{ReadOptions, Table, TableBlocks};
    use super::*;

    /// Arrow's bytes with a column `x`.
    fn stream(x: impl Array + 'static) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter([("x", Arc::new(x) as ArrayRef)]).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    /// A table of pandas with a column `x` and these columns of its index, as far as they are any.
    fn with_index(index_columns: &str) -> RecordBatch {
        let pandas = format!(r#"{{"index_columns": {index_columns}, "columns": []}}"#);
        let column = || Arc::new(Int64Array::from(vec![3, 1, 2])) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("x", column()), ("id", column())]).unwrap();
        let schema = batch.schema().as_ref().clone();
        let schema = schema.with_metadata([("pandas", pandas)]);
        batch.with_schema(Arc::new(schema)).unwrap()
    }

    #[test]
    fn an_index_is_known_by_the_metadata_in_either_format() {
        let range = r#"[{"kind": "range", "start": 0, "stop": 3, "step": 1}]"#;
        for (index, expected) in [(r#"["id"]"#, &["id"][..]), (range, &[]), ("7", &[])] {
            let batch = with_index(index);
            let mut arrow = StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
            arrow.write(&batch).unwrap();
            let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
            parquet.write(&batch).unwrap();
            let parquet = parquet.into_inner().unwrap();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&file, &parquet).unwrap();
            let options = ReadOptions::default();
            let blocks = TableBlocks::open(&file, &options).unwrap();
            for block in blocks {
                assert_eq!(block.unwrap().index_columns(), expected);
            }
            for bytes in [arrow.into_inner().unwrap(), parquet] {
                let table = Table::from_bytes("t".into(), bytes, &options).unwrap();
                assert_eq!(table.index_columns(), expected);
            }
        }
    }

    /// The numbers that a column is read as.
    fn read_back(x: impl Array + 'static) -> Result<Vec<f64>, DataError> {
        let table = Table::from_bytes("t".into(), stream(x), &ReadOptions::default())?;
        Ok(table
            .select(
                &["x".to_owned()],
                0,
                &ReadOptions {
                    skip_missing: true,
                    ..ReadOptions::default()
                },
            )?
            .values)
    }

    #[test]
    fn decimals_are_the_numbers_that_their_digits_spell() {
        let units = vec![Some(1345), None, Some(-5)];
        let narrow = Decimal128Array::from(units).with_precision_and_scale(4, 3);
        assert_eq!(read_back(narrow.unwrap()).unwrap(), [1.345, -0.005]);
        let hundreds = Decimal64Array::from(vec![7, -12]).with_precision_and_scale(5, -2);
        assert_eq!(read_back(hundreds.unwrap()).unwrap(), [700.0, -1200.0]);
        let small = Decimal32Array::from(vec![123_456_789]).with_precision_and_scale(9, 9);
        assert_eq!(read_back(small.unwrap()).unwrap(), [0.123_456_789]);
        let digits = ["-25", "123456789012345678901234567890123456789012345"];
        let wide = digits.map(|digits| Some(digits.parse().unwrap()));
        let wide = Decimal256Array::from_iter(wide).with_precision_and_scale(60, 10);
        let expected = [-25e-10, 12_345_678_901_234_567_890_123_456_789_012_345.0];
        assert_eq!(read_back(wide.unwrap()).unwrap(), expected);
    }

    #[test]
    fn times_of_day_and_durations_are_days() {
        let quarter = 6 * 3600;
        let expected = [0.25, 0.75];
        for found in [
            read_back(Time32SecondArray::from(vec![quarter, 3 * quarter])),
            read_back(Time32MillisecondArray::from(vec![21_600_000, 64_800_000])),
            read_back(Time64MicrosecondArray::from(vec![
                21_600_000_000,
                64_800_000_000,
            ])),
            read_back(Time64NanosecondArray::from(vec![
                21_600_000_000_000,
                64_800_000_000_000,
            ])),
            read_back(DurationSecondArray::from(vec![21_600, 64_800])),
            read_back(DurationMillisecondArray::from(vec![21_600_000, 64_800_000])),
            read_back(DurationMicrosecondArray::from(vec![
                21_600_000_000,
                64_800_000_000,
            ])),
            read_back(DurationNanosecondArray::from(vec![
                21_600_000_000_000,
                64_800_000_000_000,
            ])),
        ] {
            assert_eq!(found.unwrap(), expected);
        }
    }

    #[test]
    fn other_types_are_named_where_they_are_chosen() {
        let bytes = || BinaryArray::from_vec(vec![b"a", b"b"]);
        let told = read_back(bytes()).unwrap_err().to_string();
        assert_eq!(
            told,
            "t: column `x` is of type Binary, which is neither number, time nor text"
        );
        let months = read_back(IntervalYearMonthArray::from(vec![1, 2]));
        assert!(months.unwrap_err().to_string().contains("Interval"));
        let keys = Int8Array::from(vec![1, 0, 1]);
        let dictionary = DictionaryArray::new(keys, Arc::new(bytes()));
        let told = read_back(dictionary).unwrap_err().to_string();
        assert!(told.contains("type Binary"), "{told}");
    }
}
