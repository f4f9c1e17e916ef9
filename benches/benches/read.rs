//! How fast tables are read, beside the CSV crate's own splitting into cells and beside the
//! machine's reading of memory. One thread; everything takes turns.

use std::hint::black_box;

use mdn_benches::{Table, compare, machine};
use mdn_infer::Level;
use mdn_train::data::{self, NumericTable, ReadOptions};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// About 8 MB of text.
const CELLS: usize = 1 << 20;

fn main() {
    let heads = [
        "CSV",
        "MB",
        "MB/s",
        "of the csv crate's splitting",
        "of reading memory",
    ];
    let mut table = Table::new(&heads);
    for (name, columns, digits) in [
        ("9 columns of 6 digits", 9, 6),
        ("9 columns of all digits", 9, 17),
        ("100 columns of 6 digits", 100, 6),
    ] {
        let text = text(columns, digits);
        let lines = machine::lines(text.len());
        let times = compare(&mut [&mut || read(&text), &mut || split(&text), &mut || {
            machine::read(Level::detect(), &lines)
        }]);
        let share = |other: f64| format!("{:.2}", other / times[0]);
        table.row([
            name.to_owned(),
            format!("{:.0}", text.len() as f64 / 1e6),
            format!("{:.0}", 1e3 * text.len() as f64 / times[0]),
            share(times[1]),
            share(times[2]),
        ]);
    }
    println!("{table}");
    println!("{}, one thread.", machine::name());
}

/// From bytes to numbers that a dataset can be made of.
fn read(text: &[u8]) {
    let options = ReadOptions::default();
    let table = data::Table::from_bytes("table".to_owned(), text.to_vec(), &options);
    black_box(table.expect("the table is sound"));
}

fn split(text: &[u8]) {
    let mut reader = csv::Reader::from_reader(text);
    let mut record = csv::ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .expect("the table is sound")
    {
        black_box(&record);
    }
}

fn text(columns: usize, digits: usize) -> Vec<u8> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let names = (0..columns).map(|column| format!("c{column}")).collect();
    let unit = 10_f64.powi(digits as i32);
    let mut value = || {
        let drawn = 100.0 * rng.random::<f64>();
        if digits < 17 {
            (drawn * unit / 100.0).round() / (unit / 100.0)
        } else {
            drawn
        }
    };
    let values = (0..CELLS / columns * columns).map(|_| value()).collect();
    let mut text = Vec::new();
    let table = NumericTable::new(names, values);
    table.write_to(&mut text).expect("memory takes it");
    text
}
