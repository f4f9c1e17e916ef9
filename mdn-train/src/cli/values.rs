//! Values of options: their ranges, and the words for what lies outside.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction};
use mdn_infer::Temperature;
use mdn_infer::format::MAX_HIDDEN;
use mdn_train::data::{InputChoice, Transform};
use mdn_train::fit::SupportRule;
use mdn_train::train::{Batch, StartCount};

use super::given::GivenTarget;

/// Has an option take a negative number for its value, of which its parser knows what to say, and not
/// for an option that there is not.
pub fn take_negative(arg: Arg) -> Arg {
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    match arg.get_long() {
        Some(_) if takes_value => arg.allow_negative_numbers(true),
        _ => arg,
    }
}

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

/// A whole number in a range.
pub fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Clone,
{
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => {
            let (least, most) = (range.start(), range.end());
            Err(format!("a whole number from {least} to {most}"))
        }
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

/// A length of time.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "a number of seconds, 0 or above".to_owned())
}

/// A share that leaves something over.
pub fn share<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    match text.parse() {
        Ok(share) if (T::from(0)..T::from(1)).contains(&share) => Ok(share),
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

/// `search` or a number of starts.
pub fn starts(text: &str) -> Result<StartCount, String> {
    match text {
        "search" => Ok(StartCount::Search),
        _ => positive(text)
            .map(StartCount::Fixed)
            .map_err(|_| "a number of networks, or `search`".to_owned()),
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

/// A value that is asked about one target, or about all.
#[derive(Clone, Debug)]
pub struct About<T> {
    pub target: Option<String>,
    value: T,
}

impl<T: Clone> About<T> {
    /// The value where it is about the target `name`.
    pub fn of(&self, name: &str) -> Option<T> {
        let about = self.target.as_deref().is_none_or(|target| target == name);
        about.then(|| self.value.clone())
    }

    fn parse(text: &str, value: impl Fn(&str) -> Result<T, String>) -> Result<Self, String> {
        let (target, text) = match text.rsplit_once('=') {
            Some((target, text)) => (Some(target.trim().to_owned()), text),
            None => (None, text),
        };
        value(text).map(|value| About { target, value })
    }
}

/// `log`, or `price=log`.
pub fn transform(text: &str) -> Result<About<Transform>, String> {
    About::parse(text, |kind| match kind {
        "log" => Ok(Transform::Log),
        "logit" => Ok(Transform::Logit),
        _ => Err("`log` or `logit`".to_owned()),
    })
}

/// `log`, or `price=log`.
pub fn input_transform(text: &str) -> Result<(Option<String>, InputChoice), String> {
    let About { target, value } = About::parse(text, |kind| match kind {
        "auto" => Ok(InputChoice::Automatic),
        "none" => Ok(InputChoice::Identity),
        "log" => Ok(InputChoice::Log),
        "symmetric-log" => Ok(InputChoice::SymmetricLog),
        _ => Err("`auto`, `none`, `log` or `symmetric-log`".to_owned()),
    })?;
    Ok((target, value))
}

/// A distance in widths of a range, or `none`.
pub fn saturation(text: &str) -> Result<Saturation, String> {
    let widths = match text {
        "none" => return Ok(Saturation(None)),
        "inf" => Ok(f32::INFINITY),
        _ => at_least_0(text),
    };
    let widths = widths.map_err(|_| "a number that is at least 0, `inf` or `none`".to_owned())?;
    Ok(Saturation(Some(widths)))
}

/// Beyond which distance inputs saturate.
#[derive(Clone, Copy, Debug)]
pub struct Saturation(pub Option<f32>);

/// `lattice:1`, or `sold=lattice:1`.
pub fn support(text: &str) -> Result<(Option<String>, SupportRule), String> {
    const KINDS: &str =
        "`continuous`, `lattice:STEP`, `atoms:V,…`, `bounds:LO,HI` or `circle:PERIOD`";
    let About { target, value } = About::parse(text, |text| {
        let (kind, numbers) = text.split_once(':').unwrap_or((text, ""));
        let above_0 =
            || above_0(numbers.trim()).map_err(|_| format!("`{kind}:` takes a number above 0"));
        match kind {
            "continuous" if numbers.is_empty() => Ok(SupportRule::Continuous),
            "lattice" => above_0().map(|step| SupportRule::Lattice { step }),
            "circle" => above_0().map(|period| SupportRule::Circle { period }),
            "atoms" => {
                let values = numbers
                    .split(',')
                    .map(number)
                    .collect::<Result<Vec<f32>, _>>();
                let values = values
                    .ok()
                    .filter(|values| values.iter().all(|value| value.is_finite()));
                let values = values.ok_or("`atoms:` takes numbers, separated by commas")?;
                Ok(SupportRule::Atoms { values })
            }
            "bounds" => bounds(numbers),
            _ => Err(KINDS.to_owned()),
        }
    })?;
    Ok((target, value))
}

fn bounds(text: &str) -> Result<SupportRule, String> {
    let end = |text: &str, none: f32| match text.trim() {
        "" => Some(none),
        text => number(text).ok().filter(|end| end.is_finite()),
    };
    let ends = text.split_once(',');
    let ends =
        ends.and_then(|(low, high)| end(low, f32::NEG_INFINITY).zip(end(high, f32::INFINITY)));
    match ends {
        Some((low, high))
            if low < high && high - low > 0.0 && (low.is_finite() || high.is_finite()) =>
        {
            Ok(SupportRule::Bounds { low, high })
        }
        _ => Err(
            "`bounds:` takes LO,HI, the lower one first; one may be left out, as in bounds:0,"
                .to_owned(),
        ),
    }
}

/// `30`, or `strength=30`; the number may be infinite.
pub fn value(text: &str) -> Result<About<f32>, String> {
    About::parse(text, number)
}

/// `30:40`, or `strength=30:40`.
pub fn between(text: &str) -> Result<About<(f32, f32)>, String> {
    About::parse(text, |text| {
        let ends = text.split_once(':').ok_or("two numbers with `:` between")?;
        match (number(ends.0)?, number(ends.1)?) {
            (low, high) if low <= high => Ok((low, high)),
            _ => Err("the lower end comes first".to_owned()),
        }
    })
}

fn number(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(value) if !value.is_nan() => Ok(value),
        _ => Err("a number".to_owned()),
    }
}

/// `shoulder=0.3`, or `shoulder`.
pub fn given(text: &str) -> Result<GivenTarget, String> {
    let Some((name, value)) = text.rsplit_once('=') else {
        return Ok(GivenTarget {
            name: text.to_owned(),
            value: None,
        });
    };
    match number(value) {
        Ok(value) if value.is_finite() && !name.is_empty() => Ok(GivenTarget {
            name: name.to_owned(),
            value: Some(value),
        }),
        _ => Err("TARGET=VALUE with a finite number, or TARGET".to_owned()),
    }
}

/// One temperature for weights and scales, or two.
pub fn temperature(text: &str) -> Result<Temperature, String> {
    let (weights, scale) = text.split_once(',').unwrap_or((text, text));
    match (at_least_0(weights.trim()), at_least_0(scale.trim())) {
        (Ok(weights), Ok(scale)) => Ok(Temperature { weights, scale }),
        _ => Err("a finite number, 0 or above, or two of them: WEIGHTS,SCALE".to_owned()),
    }
}

/// A number of bytes, with K, M or G for powers of 1024.
pub fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let bytes = digits.parse::<u64>().ok();
    let bytes = bytes.and_then(|bytes| bytes.checked_mul(1 << shift));
    bytes.ok_or_else(|| "a number of bytes, such as 500M or 2G".to_owned())
}
