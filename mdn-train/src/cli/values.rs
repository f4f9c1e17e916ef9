//! Values of options: their ranges, and the words for what lies outside.

use mdn_infer::format::MAX_HIDDEN;
use mdn_train::train::Batch;

/// Units of each hidden layer.
#[derive(Clone, Debug)]
pub struct Layers(pub Vec<usize>);

/// `64,64`
pub fn layers(text: &str) -> Result<Layers, String> {
    let units = text.split(',').map(|units| units.trim().parse::<u16>());
    match units.collect::<Result<Vec<u16>, _>>() {
        Ok(units) if units.len() > MAX_HIDDEN => Err(format!("at most {MAX_HIDDEN} layers")),
        Ok(units) if !units.contains(&0) => {
            Ok(Layers(units.into_iter().map(usize::from).collect()))
        }
        _ => Err("numbers of units from 1 to 65535, separated by commas".to_owned()),
    }
}

/// A count of at least one.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number above 0".to_owned()),
    }
}

/// A finite number above 0.
pub fn above_0(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < f32::INFINITY => Ok(number),
        _ => Err("a number above 0".to_owned()),
    }
}

/// A finite number, 0 or above.
pub fn at_least_0(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if (0.0..f32::INFINITY).contains(&number) => Ok(number),
        _ => Err("0 or a number above it".to_owned()),
    }
}

/// A share that leaves something over.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share from 0 to below 1, such as 0.1 for a tenth".to_owned()),
    }
}

/// A probability at which a quantile exists.
pub fn probability(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(p) if 0.0 < p && p < 1.0 => Ok(p),
        _ => Err("a probability between 0 and 1".to_owned()),
    }
}

/// `full`, `auto` or a number of rows.
pub fn batch(text: &str) -> Result<Batch, String> {
    match text {
        "full" => Ok(Batch::Full),
        "auto" => Ok(Batch::Automatic),
        _ => positive(text)
            .map(Batch::Rows)
            .map_err(|_| "a number of rows, `full` or `auto`".to_owned()),
    }
}

/// `column=unit`
pub fn unit(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, unit))
            if !column.is_empty() && !unit.is_empty() && !unit.contains(char::is_control) =>
        {
            Ok((column.to_owned(), unit.to_owned()))
        }
        _ => Err("COL=UNIT, neither empty".to_owned()),
    }
}
