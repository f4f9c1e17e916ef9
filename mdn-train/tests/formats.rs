//! Tables in formats other than CSV, written by other programs (`tests/data/formats/make.py`).

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use mdn_train::data::{DataError, NumericTable, ReadOptions, Table, TableBlocks};

fn bytes(file: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/formats/");
    fs::read(format!("{folder}{file}")).unwrap()
}

fn read(bytes: Vec<u8>) -> Result<Table, DataError> {
    // The name says nothing about the format.
    Table::from_bytes("table".into(), bytes, &ReadOptions::default())
}

fn select(table: &Table, names: &[&str]) -> Result<NumericTable, DataError> {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    table.select(&names, 0, &ReadOptions::default())
}

#[cfg(feature = "columnar")]
const COLUMNAR: [&str; 5] = [
    "snappy.parquet",
    "polars.parquet",
    "lz4.feather",
    "zstd.feather",
    "plain.arrows",
];

/// All blocks of a file that holds `bytes`.
#[cfg(feature = "columnar")]
fn blocks(bytes: Vec<u8>) -> Result<Vec<Table>, DataError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, bytes).unwrap();
    TableBlocks::open(&file, &ReadOptions::default())?.collect()
}

#[cfg(feature = "columnar")]
#[test]
fn blocks_of_columnar_tables_make_the_whole() {
    for file in COLUMNAR {
        let whole = read(bytes(file)).unwrap();
        let names = ["x", "half", "flag", "when", "day", "y"];
        let whole = select(&whole, &names).unwrap();
        let blocks = blocks(bytes(file)).unwrap();
        let blocks: Vec<_> = blocks.iter().map(|b| select(b, &names).unwrap()).collect();
        let values: Vec<f64> = blocks.iter().flat_map(|b| b.values.clone()).collect();
        let lines: Vec<u64> = blocks.iter().flat_map(|b| b.lines.clone()).collect();
        assert_eq!((values, lines), (whole.values, whole.lines), "{file}");
    }
}

/// Block by block a damaged file is refused where it is refused as a whole, and nothing panics.
#[cfg(feature = "columnar")]
#[test]
fn blocks_of_damaged_columnar_tables_are_refused() {
    for file in COLUMNAR {
        let sound = bytes(file);
        let mut refused = 0;
        for at in (0..sound.len()).step_by(7) {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x55;
            let whole = read(damaged.clone());
            let cut = blocks(damaged);
            assert_eq!(cut.is_err(), whole.is_err(), "{file}, byte {at}");
            refused += usize::from(cut.is_err());
        }
        assert!(refused > 0, "{file}");
    }
}

#[cfg(feature = "columnar")]
#[test]
fn columnar_tables_are_what_was_written() {
    for file in COLUMNAR {
        let table = read(bytes(file)).unwrap();
        assert_eq!(table.rows(), 6, "{file}");
        let found = select(&table, &["x", "half", "flag", "when", "day", "y"]).unwrap();
        let first = [0.25, 0.5, 1.0, 19_782.25, 0.0, 10.0];
        assert_eq!(found.values[..6], first, "{file}");
        let last = [8.0, 2.0, 0.0, 19_784.75, 5.0, 60.0];
        assert_eq!(found.values[30..], last, "{file}");
        assert_eq!(found.lines, [1, 2, 3, 4, 5, 6], "{file}");
        let codes = select(&table, &["code=u", "code=v"]).unwrap();
        assert_eq!(codes.values[..6], [1.0, 0.0, 0.0, 1.0, 1.0, 0.0], "{file}");
        let skip = ReadOptions {
            skip_missing: true,
            ..ReadOptions::default()
        };
        let skipping = table.select(&["small".to_owned()], 0, &skip).unwrap();
        assert_eq!(skipping.values, [1.0, 2.0, 4.0, 5.0, 6.0], "{file}");
        let told = select(&table, &["small"]).unwrap_err().to_string();
        assert!(
            told.starts_with("table:3: column `small`: the value is missing"),
            "{told}"
        );
        let told = select(&table, &["list"]).unwrap_err().to_string();
        assert!(
            told.starts_with("table: column `list` is of type") && told.contains("List"),
            "{file}: {told}"
        );
    }
}

#[test]
fn numpy_arrays_are_what_was_written() {
    let expected = [0.25, -1.0, 10.0, 1.5, 2.0, 20.0, 7.0, 1e-3, 30.0];
    for file in ["f8.npy", "f8-big-endian.npy", "f4-fortran.npy"] {
        let table = read(bytes(file)).unwrap();
        assert_eq!(table.columns(), ["x0", "x1", "x2"], "{file}");
        let found = select(&table, &["x0", "x1", "x2"]).unwrap().values;
        let rounded = |value: f64| {
            if file.starts_with("f4") {
                f64::from(value as f32)
            } else {
                value
            }
        };
        assert_eq!(found, expected.map(rounded), "{file}");
    }
    let found = select(&read(bytes("i2.npy")).unwrap(), &["x1"]).unwrap();
    assert_eq!(found.values, [-2.0, 5.0]);
    let table = read(bytes("arrays.npz")).unwrap();
    let found = select(&table, &["x0", "ok", "y"]).unwrap();
    assert_eq!(
        found.values,
        [0.25, 0.0, 10.0, 1.5, 1.0, 20.0, 7.0, 1.0, 30.0]
    );
}

#[test]
fn gzip_goes_around_any_of_them() {
    let plain = read(bytes("comma.csv.gz")).unwrap();
    assert_eq!(
        select(&plain, &["x", "y"]).unwrap().values,
        [0.25, 10.0, 1.5, 20.0, 7.0, 30.0]
    );
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&bytes("i2.npy")).unwrap();
    let table = read(packed.finish().unwrap()).unwrap();
    assert_eq!(table.columns(), ["x0", "x1", "x2"]);
}

#[test]
fn what_cannot_be_a_table_is_said() {
    for (file, words) in [
        (
            "cube.npy",
            "cannot be read as NumPy: 3 dimensions; one or two are needed",
        ),
        ("text.npy", "are not numbers"),
        (
            "uneven.npz",
            "array `y`: 2 rows; the arrays before it have another number",
        ),
    ] {
        let told = read(bytes(file)).unwrap_err().to_string();
        assert!(
            told.starts_with("table: ") && told.contains(words),
            "{told}"
        );
    }
}

#[test]
fn brackets_in_the_header_of_an_array_are_counted() {
    // Each that is left open would double the time that the header takes.
    let header = format!("{{'descr': '<f8', 'shape': {}\n", "[".repeat(100));
    let len = (header.len() as u16).to_le_bytes();
    let file = [&b"\x93NUMPY\x01\x00"[..], &len, header.as_bytes()].concat();
    let error = read(file).unwrap_err().to_string();
    assert!(error.contains("nested too deep"), "{error}");
}

#[test]
fn files_that_are_cut_off_are_errors() {
    let files = ["f8.npy", "arrays.npz", "comma.csv.gz"];
    #[cfg(feature = "columnar")]
    let files = [&files[..], &COLUMNAR[..4]].concat();
    for file in files {
        let whole = bytes(file);
        // What still begins like its format must not pass for a table.
        for end in (8..whole.len()).step_by(7) {
            let told = read(whole[..end].to_vec()).map(|_| ());
            let told = told.expect_err(&format!("{file} up to {end}"));
            let unreadable = matches!(
                told,
                DataError::Unreadable { .. } | DataError::NoRows { .. }
            );
            assert!(unreadable, "{file} up to {end}: {told}");
        }
    }
}

/// The footer of a Parquet file says how many rows there are: here in seven bytes instead of one.
#[cfg(all(feature = "columnar", target_os = "linux"))]
#[test]
fn rows_that_no_memory_holds_are_refused_before_they_are_read() {
    for file in ["snappy.parquet", "polars.parquet"] {
        let honest = bytes(file);
        let rows = u8::try_from(read(honest.clone()).unwrap().rows()).unwrap();
        let end = honest.len() - 8;
        let length = u32::from_le_bytes(honest[end..end + 4].try_into().unwrap());
        let start = end - length as usize;
        let mut footer = honest[start..end].to_vec();
        // An i64 and then a list, in Thrift's compact protocol; numbers are doubled for their sign.
        let field = [0x16, 2 * rows, 0x19];
        let at = footer.windows(3).position(|bytes| bytes == field).unwrap();
        footer.splice(at + 1..at + 2, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
        let length = (length + 6).to_le_bytes();
        let claims = [&honest[..start], &footer, &length, b"PAR1"].concat();
        let error = read(claims).unwrap_err().to_string();
        let told =
            "table: cannot be read as Parquet: Memory error: a table of 2199023255552 rows and ";
        assert!(error.starts_with(told), "{file}: {error}");
    }
}
