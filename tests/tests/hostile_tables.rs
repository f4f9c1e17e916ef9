//! Tables that lie, and committed tables with damage: a typed error or a table, never a panic, and
//! never memory out of proportion to the file.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Once;

use allocation_counter::measure;
use flate2::Compression;
use flate2::write::GzEncoder;
use mdn_hostile::table::read;

/// Bytes in use at a time, for each byte of the file and beside.
const SHARE: u64 = 1024;
const BESIDE: u64 = 64 << 20;

/// Reads `bytes` and says how much memory that took; but for backtraces, which take a lot.
fn memory(bytes: Vec<u8>) -> u64 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    measure(|| read(bytes)).bytes_max
}

fn assert_modest(what: &str, bytes: Vec<u8>) {
    let len = bytes.len() as u64;
    let taken = memory(bytes);
    assert!(
        taken <= SHARE * len + BESIDE,
        "{what}: {taken} bytes for {len}"
    );
}

/// A `.npy` of this header and so many bytes of data.
fn npy(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn a_header_that_claims_more_than_the_file_has() {
    let shapes = [
        "(1000000000000,)",
        "(1000000000000, 4)",
        "(0, 1000000000000)",
        "(1000000000000, 0)",
        "(18446744073709551615, 18446744073709551615)",
        "(18446744073709551616,)",
        "(4294967296, 4294967296)",
        "(-1,)",
        "()",
    ];
    for shape in shapes {
        for order in ["False", "True"] {
            let header =
                format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': {shape}, }}\n");
            assert_modest(shape, npy(&header, 64));
        }
    }
    for descr in [
        "|V1000000000000",
        "<f1000000000",
        "|S99999999999",
        "<U4294967295",
        "|b0",
        "<i0",
    ] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (3,), }}\n");
        assert_modest(descr, npy(&header, 64));
    }
    // Version 2 has a length of four bytes.
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    long.resize(100, b' ');
    assert_modest("a header of 4 GiB", long);
}

#[test]
fn a_little_gzip_does_not_become_a_lot_of_memory() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"x,y\n").expect("memory");
    let line = b"1,2\n".repeat(1 << 18);
    for _ in 0..400 {
        packed.write_all(&line).expect("memory");
    }
    let packed = packed.finish().expect("memory");
    assert!(packed.len() < 1 << 20);
    assert_modest("400 MiB in gzip", packed);
}

fn committed() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/formats");
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let data = paths.filter(|path| path.extension().is_some_and(|ending| ending != "py"));
    let mut all: Vec<_> = data
        .map(|path| {
            let bytes = fs::read(&path).expect("a file");
            (path, bytes)
        })
        .collect();
    all.sort();
    all
}

/// In the dev profile one change of each byte, in release five.
#[test]
fn damaged_tables_are_refused_or_read() {
    for (path, bytes) in committed() {
        let what = path.display().to_string();
        for at in 0..bytes.len() {
            let values = [bytes[at] ^ 1, bytes[at] ^ 0x80, 0, 0x7f, 0xff];
            let skipped = if cfg!(debug_assertions) {
                at % values.len()
            } else {
                0
            };
            let taken = if cfg!(debug_assertions) {
                1
            } else {
                values.len()
            };
            for &value in values.iter().skip(skipped).take(taken) {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                assert_modest(&what, damaged);
            }
        }
    }
}

#[test]
fn cut_tables_are_refused_or_read() {
    for (path, bytes) in committed() {
        let what = path.display().to_string();
        for len in 0..bytes.len() {
            assert_modest(&what, bytes[..len].to_vec());
        }
    }
}
