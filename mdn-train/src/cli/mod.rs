//! The commands, one file each. They call the library and find words; they compute nothing.

mod cells;
mod cross_validate;
mod demo;
mod evaluate;
mod fit;
mod generate;
mod given;
mod inspect;
mod options;
mod output;
mod plot;
mod predict;
mod problem;
mod progress;
mod prune;
mod quantize;
mod sample;
mod values;
mod verify;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use output::Output;

/// Train mixture density networks and use the model files they become.
///
/// A mixture density network predicts a whole distribution p(target | inputs), as a mixture of
/// normal components, where a mean alone would mislead. This program fits one to a table, writes
/// it as one verified file, and evaluates, samples and draws such files. The crate `mdn-infer`
/// evaluates the same file on servers and microcontrollers with the same bits.
#[derive(Parser)]
#[command(name = "mdn-train", version, max_term_width = 100)]
#[command(after_help = "Start with:  mdn-train demo\n\
    Exit status: 0 done, 1 failed, 2 wrong usage.")]
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
    Evaluate(evaluate::Evaluate),
    Predict(predict::Predict),
    Sample(sample::Sample),
    Plot(plot::Plot),
    Inspect(inspect::Inspect),
    Quantize(quantize::Quantize),
    Prune(prune::Prune),
    Verify(verify::Verify),
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refusal) => return refuse(&refusal),
    };
    let mut output = Output::new(cli.json);
    let done = match cli.command {
        Command::Demo(command) => command.run(&mut output),
        Command::Generate(command) => command.run(&mut output),
        Command::Fit(command) => command.run(&mut output),
        Command::CrossValidate(command) => command.run(&mut output),
        Command::Evaluate(command) => command.run(&mut output),
        Command::Predict(command) => command.run(&mut output),
        Command::Sample(command) => command.run(&mut output),
        Command::Plot(command) => command.run(&mut output),
        Command::Inspect(command) => command.run(&mut output),
        Command::Quantize(command) => command.run(&mut output),
        Command::Prune(command) => command.run(&mut output),
        Command::Verify(command) => command.run(&mut output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints what clap has to say: help, the version, or what is wrong with the arguments.
fn refuse(refusal: &clap::Error) -> ExitCode {
    // Nothing can be done about an output that is gone.
    let _ = refusal.print();
    let asked = matches!(
        refusal.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let json = std::env::args_os().any(|argument| argument == "--json");
    if json && !asked {
        let words = refusal.render().to_string();
        output::error_object(words.trim_start_matches("error: ").trim_end());
    }
    ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2))
}
