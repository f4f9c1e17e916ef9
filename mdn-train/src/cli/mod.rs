//! The commands, one file each. They call the library and find words; they compute nothing, and they
//! write files through a `Destination` alone.

#![deny(clippy::disallowed_methods)]

mod album;
mod answers;
mod cells;
mod column_scores;
mod completions;
mod config_file;
mod cross_validate;
mod demo;
mod evaluate;
mod fit;
mod generate;
mod given;
mod inspect;
#[cfg(target_os = "linux")]
mod last_words;
mod limits;
mod next;
mod options;
mod output;
mod paths;
mod pieces;
mod plot;
mod predict;
mod problem;
mod progress;
mod prune;
mod quantize;
mod sample;
mod signals;
mod spark;
mod streaming;
mod tune;
mod values;
mod verify;
mod version;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "no result of a command")]
mod tests;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use config_file::Arguments;
use mdn_infer::{FloatUnit, Level};
use mdn_train::files::Claims;
use output::Output;

/// Train mixture density networks and use the model files they become.
///
/// A mixture density network predicts a whole distribution p(target | inputs), as a mixture of
/// normal components, where a mean alone would mislead. This program fits one to a table, writes
/// it as one verified file, and evaluates, samples and draws such files. The crate `mdn-infer`
/// evaluates the same file on servers and microcontrollers with the same bits.
#[derive(Parser)]
#[command(name = "mdn-train", version, long_version = version::VERSION.as_str())]
#[command(max_term_width = 100)]
#[command(after_help = "Start with:  mdn-train demo\n\
    Exit status: 0 done, 1 failed, 2 wrong usage; 130 or 143 stopped by ^C or SIGTERM: `fit` and\n\
    `demo` save the best model so far, `tune` prints the trials so far, any other command just ends.\n\
    A file that is there already is replaced where mdn-train made it; any other needs --force.")]
struct Cli {
    /// Print one JSON object on standard output; words and progress go to standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Generate(generate::Generate),
    Fit(fit::Fit),
    CrossValidate(cross_validate::CrossValidate),
    Tune(tune::Tune),
    Evaluate(evaluate::Evaluate),
    Predict(predict::Predict),
    Sample(sample::Sample),
    Plot(plot::Plot),
    Inspect(inspect::Inspect),
    Quantize(quantize::Quantize),
    Prune(prune::Prune),
    Verify(verify::Verify),
    Completions(completions::Completions),
    Man(completions::Manual),
}

impl Command {
    fn run(self, claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        match self {
            Command::Demo(command) => command.run(claims, output),
            Command::Generate(command) => command.run(claims, output),
            Command::Fit(command) => command.run(claims, output),
            Command::CrossValidate(command) => command.run(output),
            Command::Tune(command) => command.run(claims, output),
            Command::Evaluate(command) => command.run(output),
            Command::Predict(command) => command.run(claims, output),
            Command::Sample(command) => command.run(claims, output),
            Command::Plot(command) => command.run(claims, output),
            Command::Inspect(command) => command.run(output),
            Command::Quantize(command) => command.run(claims, output),
            Command::Prune(command) => command.run(claims, output),
            Command::Verify(command) => command.run(output),
            Command::Completions(command) => command.run(command_line(), output),
            Command::Man(command) => command.run(command_line(), claims, output),
        }
    }
}

/// The exit status for arguments that make no sense, which is clap's too.
const WRONG_USAGE: u8 = 2;
/// The exit status where a command fails.
const FAILED: u8 = 1;

/// Runs the command line.
pub fn run() -> ExitCode {
    limits::fail_for_want_of_memory(asks_for_json());
    let (cli, claims) = match FloatUnit::guarded(read) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let mut output = Output::new(cli.json);
    let done = match cli.command {
        // Its business is the mode as it is.
        Command::Verify(command) => command.run(&mut output),
        command => {
            warn_of_float_unit(&mut output);
            FloatUnit::guarded(|| limits::guarded(|| command.run(claims, &mut output)))
        }
    };
    match done {
        Ok(()) => ExitCode::from(output.status),
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(FAILED)
        }
    }
}

/// The command line as it was given, or the exit status where it makes no sense or asks for help.
fn read() -> Result<(Cli, Claims), ExitCode> {
    let given: Vec<_> = std::env::args_os().collect();
    let arguments = Arguments::new(&command_line(), given).map_err(|error| {
        let mut output = Output::new(asks_for_json());
        output.error(&error);
        ExitCode::from(WRONG_USAGE)
    })?;
    parse(&arguments).map_err(|refusal| refuse(&refusal, arguments.place(&refusal)))
}

/// Says so where something has changed the float unit's mode before the program began.
fn warn_of_float_unit(output: &mut Output) {
    let found = FloatUnit::check(Level::scalar());
    if !found.passed() {
        output.note(format_args!(
            "the float unit was in a wrong mode: {found}. It is set right for this command; \
             something loaded into this process changes it, such as a library linked with -ffast-math"
        ));
    }
}

/// The command line, whose paths shells complete and whose outputs can be forced.
fn command_line() -> clap::Command {
    let with_paths = |command: clap::Command| {
        let command = command.mut_args(values::take_negative);
        command.mut_args(paths::complete)
    };
    Cli::command().mut_subcommands(|command| paths::with_force(with_paths(command)))
}

/// The command that is meant, and what it reads and keeps.
fn parse(arguments: &Arguments) -> Result<(Cli, Claims), clap::Error> {
    let matches = command_line().try_get_matches_from(&arguments.all)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let text = || config_file::to_toml(&command_line(), &matches).unwrap_or_default();
    match &mut cli.command {
        Command::Fit(fit) => fit.running.text = text(),
        Command::Tune(tune) => tune.running.text = text(),
        Command::CrossValidate(command) => command.note_arguments(&command_line(), &matches),
        _ => {}
    }
    Ok((cli, paths::claims(&matches)))
}

fn asks_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

/// Prints what clap has to say: help, the version, or what is wrong with the arguments; `place`
/// says where those stand that come from a file.
fn refuse(refusal: &clap::Error, place: Option<String>) -> ExitCode {
    if let Some(place) = place {
        eprintln!("{place}:");
    }
    // Nothing can be done about an output that is gone.
    let _ = refusal.print();
    let asked = matches!(
        refusal.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if asks_for_json() && !asked {
        let words = refusal.render().to_string();
        output::error_object(words.trim_start_matches("error: ").trim_end());
    }
    ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(WRONG_USAGE))
}
