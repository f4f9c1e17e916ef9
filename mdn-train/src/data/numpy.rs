//! NumPy's `.npy` and `.npz`.
//!
//! A matrix `[rows][columns]` becomes columns `x0`, `x1` …; a vector becomes one column `x`. In an
//! archive an array's name stands for the `x`.

use std::io::{self, Cursor};

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};

use super::column::Column;
use super::error::DataError;
use super::foreign;
use super::table::Contents;
use super::unpack::expand;

/// Reads a single array.
pub(super) fn read_npy(file: &str, bytes: &[u8]) -> Result<Contents, DataError> {
    let mut contents = Contents::default();
    array("x", bytes, &mut contents).map_err(|reason| unreadable(file, reason))?;
    Ok(contents.numbered())
}

/// Reads an archive of arrays that have a row each for the same things.
pub(super) fn read_npz(file: &str, bytes: &[u8]) -> Result<Contents, DataError> {
    let fault = |reason: String| unreadable(file, reason);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| fault(e.to_string()))?;
    let names = archive.file_names().flatten();
    let names: Vec<String> = names.map(|name| name.into_owned()).collect();
    foreign::check_archive(file, &names)?;
    let mut contents = Contents::default();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|e| fault(e.to_string()))?;
        let name = entry.name().map_err(|e| fault(e.to_string()))?.into_owned();
        let name = name.trim_end_matches(".npy");
        let unpacked = expand(&mut entry, bytes.len()).map_err(|e| e.to_string());
        let read = unpacked.and_then(|bytes| array(name, &bytes, &mut contents));
        read.map_err(|reason| fault(format!("array `{name}`: {reason}")))?;
    }
    Ok(contents.numbered())
}

fn unreadable(file: &str, reason: String) -> DataError {
    DataError::Unreadable {
        file: file.to_owned(),
        format: "NumPy",
        reason,
    }
}

/// Appends the columns of an array.
fn array(name: &str, bytes: &[u8], contents: &mut Contents) -> Result<(), String> {
    check_header(bytes)?;
    let npy = NpyFile::new(bytes).map_err(|error| error.to_string())?;
    let (rows, width) = match *npy.shape() {
        [rows] => (rows, None),
        [rows, width] => (rows, Some(width)),
        ref shape => return Err(format!("{} dimensions; one or two are needed", shape.len())),
    };
    // Numbers take at least a byte each, and names do without rows: a header cannot ask for more
    // than the file has.
    let cells = rows.max(1).checked_mul(width.unwrap_or(1).max(1));
    if cells.is_none_or(|cells| cells > bytes.len() as u64) {
        return Err("the file is cut off".to_owned());
    }
    let (rows, order) = (rows as usize, npy.order());
    let values = numbers(npy)?;
    let width = width.map(|width| width as usize);
    if contents
        .columns
        .first()
        .is_some_and(|first| first.len() != rows)
    {
        return Err(format!(
            "{rows} rows; the arrays before it have another number"
        ));
    }
    for column in 0..width.unwrap_or(1) {
        let mut cells = Column::default();
        for row in 0..rows {
            cells.push(
                values[match order {
                    Order::C => row * width.unwrap_or(1) + column,
                    Order::Fortran => column * rows + row,
                }],
            );
        }
        contents.columns.push(cells);
        contents.names.push(match width {
            Some(_) => format!("{name}{column}"),
            None => name.to_owned(),
        });
    }
    Ok(())
}

/// Brackets within brackets in the header of an array of records, the deepest there is.
const DEEPEST: usize = 4;

/// The header is within the file, as its reader takes memory for it at once, and its brackets are not
/// nested deeper than any array's, as its reader takes twice as long for each bracket that is left
/// open. Version 1 of the format has a length of two bytes, later ones of four.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    let (start, len) = match bytes.get(6..12) {
        Some(&[1, _, a, b, ..]) => (10, u32::from_le_bytes([a, b, 0, 0])),
        Some(&[_, _, a, b, c, d]) => (12, u32::from_le_bytes([a, b, c, d])),
        _ => (0, u32::MAX),
    };
    if len as usize > bytes.len() {
        return Err("the file is cut off".to_owned());
    }
    let mut depth = 0_usize;
    for byte in bytes[start..].iter().take(len as usize) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err("the brackets of its header are nested too deep".to_owned());
        }
    }
    Ok(())
}

/// The cells in the order of the file.
fn numbers(npy: NpyFile<&[u8]>) -> Result<Vec<f64>, String> {
    let dtype = npy.dtype();
    let DType::Plain(plain) = &dtype else {
        return Err("structured arrays are not supported".to_owned());
    };
    let read = match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, 8) => cells(npy, |value: f64| value),
        (TypeChar::Float, 4) => cells(npy, |value: f32| value.into()),
        (TypeChar::Float, 2) => cells(npy, |value: half::f16| value.into()),
        (TypeChar::Int, 1) => cells(npy, |value: i8| value.into()),
        (TypeChar::Int, 2) => cells(npy, |value: i16| value.into()),
        (TypeChar::Int, 4) => cells(npy, |value: i32| value.into()),
        (TypeChar::Int, 8) => cells(npy, |value: i64| value as f64),
        (TypeChar::Uint, 1) => cells(npy, |value: u8| value.into()),
        (TypeChar::Uint, 2) => cells(npy, |value: u16| value.into()),
        (TypeChar::Uint, 4) => cells(npy, |value: u32| value.into()),
        (TypeChar::Uint, 8) => cells(npy, |value: u64| value as f64),
        (TypeChar::Bool, _) => cells(npy, |value: bool| value.into()),
        _ => return Err(format!("cells of type {} are not numbers", dtype.descr())),
    };
    read.map_err(|error| error.to_string())
}

fn cells<T: Deserialize>(npy: NpyFile<&[u8]>, number: impl Fn(T) -> f64) -> io::Result<Vec<f64>> {
    let read = npy.data::<T>().map_err(io::Error::other)?;
    read.map(|value| value.map(&number)).collect()
}
