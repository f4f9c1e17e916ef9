//! Files of kinds that are given in the place of tables, told by how they begin.

use super::error::DataError;
use crate::files::MODEL;

const SAVE: &str = "save the table as UTF-8 CSV";
const EXPORT: &str = "export the table as CSV or Parquet";
const EXPORT_ARRAY: &str = "export the table as CSV, Parquet or .npy";
const UNPACK: &str = "unpack it, and give the table that is in it";
const REPACK: &str = "unpack it, or pack it by gzip";
const PICTURE: &str = "give a table of numbers: CSV, Parquet, Arrow or NumPy";

/// What a file is, and what to do.
type Foreign = (&'static str, &'static str);

/// What stands at some byte of a file of each kind.
const KINDS: [(usize, &[u8], Foreign); 36] = [
    (
        0,
        MODEL,
        (
            "a model file",
            "commands that take both take the model first, then the table",
        ),
    ),
    (0, b"\xff\xfe", ("text in UTF-16", SAVE)),
    (0, b"\xfe\xff", ("text in UTF-16", SAVE)),
    (0, b"<!DOCTYPE", ("a web page", EXPORT)),
    (0, b"<!doctype", ("a web page", EXPORT)),
    (0, b"<html", ("a web page", EXPORT)),
    (0, b"%PDF-", ("a PDF document", SAVE)),
    (
        0,
        b"\xd0\xcf\x11\xe0",
        (
            "a document of an office program, such as an Excel workbook (.xls)",
            SAVE,
        ),
    ),
    (0, b"\x89PNG\r\n\x1a\n", ("a picture (PNG)", PICTURE)),
    (0, b"\xff\xd8\xff", ("a picture (JPEG)", PICTURE)),
    (0, b"GIF87a", ("a picture (GIF)", PICTURE)),
    (0, b"GIF89a", ("a picture (GIF)", PICTURE)),
    (0, b"II*\0", ("a picture (TIFF)", PICTURE)),
    (0, b"MM\0*", ("a picture (TIFF)", PICTURE)),
    (8, b"WEBP", ("a picture (WebP)", PICTURE)),
    (0, b"SQLite format 3\0", ("an SQLite database", EXPORT)),
    (
        0,
        b"FEA1",
        (
            "a Feather file of version 1",
            "save the table as Feather of version 2, Parquet or CSV",
        ),
    ),
    (0, b"\x89HDF\r\n\x1a\n", ("an HDF5 file", EXPORT_ARRAY)),
    (0, b"CDF\x01", ("a NetCDF file", EXPORT_ARRAY)),
    (0, b"CDF\x02", ("a NetCDF file", EXPORT_ARRAY)),
    (0, b"MATLAB 5.0 MAT-file", ("a MATLAB file", EXPORT_ARRAY)),
    (0, b"\x80\x02", ("a Python pickle", EXPORT_ARRAY)),
    (0, b"\x80\x03", ("a Python pickle", EXPORT_ARRAY)),
    (0, b"\x80\x04", ("a Python pickle", EXPORT_ARRAY)),
    (0, b"\x80\x05", ("a Python pickle", EXPORT_ARRAY)),
    (0, b"RDX2\n", ("R's saved objects", EXPORT)),
    (0, b"RDX3\n", ("R's saved objects", EXPORT)),
    (0, b"X\n\0\0\0", ("R's saved object", EXPORT)),
    (0, b"Obj\x01", ("an Avro file", EXPORT)),
    (0, b"<stata_dta>", ("a Stata file", EXPORT)),
    (0, b"$FL2@(#)", ("an SPSS file", EXPORT)),
    (0, b"BZh", ("a file packed by bzip2", REPACK)),
    (0, b"\xfd7zXZ\0", ("a file packed by xz", REPACK)),
    (
        0,
        b"\x28\xb5\x2f\xfd",
        ("a file packed by Zstandard", REPACK),
    ),
    (0, b"7z\xbc\xaf\x27\x1c", ("an archive (7-Zip)", UNPACK)),
    (257, b"ustar", ("an archive (tar)", UNPACK)),
];

/// Refuses a file that begins like one of a kind that is no table.
pub(super) fn check(file: &str, bytes: &[u8]) -> Result<(), DataError> {
    let begins = |&&(at, magic, _): &&(usize, &[u8], Foreign)| {
        bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
    };
    match KINDS.iter().find(begins) {
        Some(&(.., found)) => Err(refusal(file, found)),
        None => Ok(()),
    }
}

/// Refuses a zip archive of files with these names, unless there are NumPy's arrays among them or none.
pub(super) fn check_archive(file: &str, names: &[String]) -> Result<(), DataError> {
    let any = |test: fn(&str) -> bool| names.iter().any(|name| test(name));
    let found = if any(|name| name == "xl/workbook.xml") {
        ("an Excel workbook (.xlsx)", SAVE)
    } else if any(|name| name == "[Content_Types].xml") {
        ("a document of an office program", SAVE)
    } else if any(|name| name == "mimetype") {
        ("an OpenDocument file, such as a spreadsheet (.ods)", SAVE)
    } else if any(|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        ("a PyTorch file", EXPORT_ARRAY)
    } else if names.is_empty() || any(|name| name.ends_with(".npy")) {
        return Ok(());
    } else {
        ("a zip archive", UNPACK)
    };
    Err(refusal(file, found))
}

fn refusal(file: &str, (what, cure): Foreign) -> DataError {
    let file = file.to_owned();
    DataError::NoTable { file, what, cure }
}
