//! Instructions of one prediction, counted by valgrind's callgrind and compared with the
//! committed `counts.txt`.
//!
//! `count` compares and fails where a count has grown; `count accept` writes the file;
//! `count run MODEL LEVEL QUESTION CALLS` is what callgrind watches, by hand too.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use mdn_benches::{model_file, models};
use mdn_infer::format::MAX_DIMENSIONS;
use mdn_infer::{Level, Model};
use mdn_tests::random_input;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

type Error = Box<dyn std::error::Error>;

/// Calls in one count; their mean is taken.
const CALLS: u32 = 32;
/// How far a count may move, in the compiler's version that made the file and in any other.
const TOLERANCE: f64 = 0.03;
const TOLERANCE_OTHER_COMPILER: f64 = 0.25;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");
/// The instruction sets that valgrind emulates on x86-64.
const LEVELS: [&str; 3] = ["scalar", "sse2", "avx2"];
/// What is counted: a prediction, one with the log-density of one target after it, one with the
/// moments and with every kind of answer about its first target, and a batch of [`ROWS`]
/// predictions in one call.
const QUESTIONS: [&str; 4] = ["predict", "log-density", "answers", "batch"];
const ROWS: usize = 64;

fn main() -> Result<ExitCode, Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(),
        ["accept"] => accept(),
        ["run", model, level, question, calls] => {
            run(model, level, question, calls.parse()?).map(|()| ExitCode::SUCCESS)
        }
        _ => Err("usage: count [accept | run MODEL LEVEL QUESTION CALLS]".into()),
    }
}

/// Counts everything and writes the file.
fn accept() -> Result<ExitCode, Error> {
    let mut file = format!("{}\n", compiler()?);
    for case in cases() {
        writeln!(file, "{case} {}", count(&case)?)?;
    }
    print!("{file}");
    fs::write(FILE, file).map_err(|error| format!("{FILE}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Counts everything that this machine can run and compares it with the file.
fn compare() -> Result<ExitCode, Error> {
    let file = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    let (made_by, lines) = file.split_once('\n').ok_or("counts.txt is empty")?;
    let mut expected = lines
        .lines()
        .map(parse)
        .collect::<Result<HashMap<_, _>, _>>()?;
    let compiler = compiler()?;
    let tolerance = if made_by == compiler {
        TOLERANCE
    } else {
        println!("counts.txt is of {made_by}, this is {compiler}: a wider band");
        TOLERANCE_OTHER_COMPILER
    };
    let mut sound = true;
    for case in cases() {
        let found = count(&case)?;
        let change = expected
            .remove(case.as_str())
            .map(|count| found as f64 / count - 1.0);
        let (words, good) = judge(change, tolerance);
        sound &= good;
        println!("{case:<22} {found:>8} {words}");
    }
    for case in expected.keys() {
        println!("{case:<22} is not on this machine");
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A case and its count.
fn parse(line: &str) -> Result<(&str, f64), Error> {
    let (case, count) = line.rsplit_once(' ').ok_or("a line without a count")?;
    Ok((case, count.parse()?))
}

/// What to say of a relative change, and whether it passes.
fn judge(change: Option<f64>, tolerance: f64) -> (String, bool) {
    let Some(change) = change else {
        return (
            "is not in counts.txt: `just count-accept`".to_owned(),
            false,
        );
    };
    let percent = format!("{:+.2}%", 100.0 * change);
    match change {
        _ if change > tolerance => (format!("{percent}: MORE"), false),
        _ if change < -tolerance => (format!("{percent}: fewer; `just count-accept`"), true),
        _ => (percent, true),
    }
}

/// Every model, level and question that this machine has and valgrind knows.
fn cases() -> impl Iterator<Item = String> {
    let levels = || {
        Level::available()
            .map(Level::name)
            .filter(|name| LEVELS.contains(name))
    };
    models().into_iter().flat_map(move |(model, _)| {
        levels()
            .flat_map(move |level| QUESTIONS.map(|question| format!("{model} {level} {question}")))
    })
}

/// The mean count of instructions of one call.
fn count(case: &str) -> Result<u64, Error> {
    let out = env::temp_dir().join(format!("mdn-count-{}.callgrind", std::process::id()));
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*count::measured*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        .args(["run"])
        .args(case.split(' '))
        .arg(CALLS.to_string())
        .output()
        .map_err(|error| format!("valgrind (scripts/setup.sh installs it): {error}"))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    let total = total(&out);
    fs::remove_file(&out)?;
    Ok((total? + u64::from(CALLS) / 2) / u64::from(CALLS))
}

/// The sum of all costs in a file of callgrind.
fn total(file: &Path) -> Result<u64, Error> {
    let text = fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    match total.map(str::parse) {
        Some(Ok(total)) if total > 0 => Ok(total),
        _ => Err("callgrind counted nothing".into()),
    }
}

fn compiler() -> Result<String, Error> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8(version.stdout)?.trim().to_owned())
}

fn run(model: &str, level: &str, question: &str, calls: u32) -> Result<(), Error> {
    let mut shapes = models().into_iter();
    let (_, shape) = shapes
        .find(|(name, _)| *name == model)
        .ok_or("no such model")?;
    let level = Level::available().find(|known| known.name() == level);
    let level = level.ok_or("this machine does not have the level")?;
    let file = model_file(&shape, 0);
    let model = file.model();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let x: Vec<f32> = (0..ROWS)
        .flat_map(|_| random_input(&model, &mut rng))
        .collect();
    let row = &x[..model.inputs()];
    let mut working = vec![0.0; model.working_len().max(model.batch_working_len())];
    let mut parameters = vec![0.0; ROWS * model.mixture_len()];
    for _ in 0..calls {
        match question {
            "predict" => measured::predict(&model, level, row, &mut working),
            "log-density" => measured::log_density(&model, level, row, &mut working),
            "answers" => measured::answers(&model, level, row, &mut working),
            "batch" => measured::batch(&model, level, &x, &mut parameters, &mut working),
            _ => return Err("no such question".into()),
        }
    }
    Ok(())
}

/// What is counted; callgrind knows the functions by the name of this module.
mod measured {
    use super::*;

    #[inline(never)]
    pub fn predict(model: &Model<'_>, level: Level, x: &[f32], working: &mut [f32]) {
        let mixture = model.predict(level, black_box(x), working);
        black_box(mixture.expect("a finite input").log_weights());
    }

    #[inline(never)]
    pub fn log_density(model: &Model<'_>, level: Level, x: &[f32], working: &mut [f32]) {
        let mixture = model
            .predict(level, black_box(x), working)
            .expect("a finite input");
        let density = mixture.log_density(black_box(model.target_shift()));
        black_box(density.expect("a finite target"));
    }

    #[inline(never)]
    pub fn answers(model: &Model<'_>, level: Level, x: &[f32], working: &mut [f32]) {
        let mixture = model
            .predict(level, black_box(x), working)
            .expect("a finite input");
        let dimensions = mixture.dimensions();
        let mut covariance = [0.0; MAX_DIMENSIONS * MAX_DIMENSIONS];
        mixture
            .covariance_into(&mut covariance[..dimensions * dimensions])
            .expect("the right length");
        let marginal = mixture.marginal(0).expect("a target");
        let y = black_box(model.target_shift()[0]);
        black_box((
            covariance,
            marginal.cdf(y).expect("a number"),
            marginal.interval_probability(y, y + 1.0).expect("numbers"),
            marginal.crps(y).expect("a finite outcome"),
            marginal.quantile(black_box(0.9)).expect("a probability"),
            marginal.mode(),
        ));
    }

    #[inline(never)]
    pub fn batch(
        model: &Model<'_>,
        level: Level,
        x: &[f32],
        parameters: &mut [f32],
        working: &mut [f32],
    ) {
        let mixtures = model.predict_batch(level, black_box(x), parameters, working);
        black_box(mixtures.expect("finite inputs").len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_instructions_and_unknown_cases_fail() {
        assert!(judge(Some(0.03), TOLERANCE).1);
        assert!(!judge(Some(0.0301), TOLERANCE).1);
        assert!(judge(Some(0.0301), TOLERANCE_OTHER_COMPILER).1);
        assert!(!judge(None, TOLERANCE).1);
    }

    #[test]
    fn fewer_instructions_pass_and_ask_for_acceptance() {
        let (words, good) = judge(Some(-0.5), TOLERANCE);
        assert!(good && words.contains("count-accept"), "{words}");
        assert_eq!(judge(Some(-0.01), TOLERANCE), ("-1.00%".to_owned(), true));
    }

    #[test]
    fn a_line_is_a_case_and_its_count() {
        assert_eq!(
            parse("S avx2 predict 2780").ok(),
            Some(("S avx2 predict", 2780.0))
        );
        assert!(parse("nonsense").is_err());
        assert!(parse("S avx2 predict many").is_err());
    }
}
