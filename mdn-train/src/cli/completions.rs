//! `mdn-train completions` and `mdn-train man`: what shells and readers of manuals want to know.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use mdn_train::files::{Claims, ResultFolder};

use serde_json::json;

use super::output::Output;
use super::paths::OutputFolder;

/// Print completions for a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  mdn-train completions bash > mdn-train.bash\n\n\
    bash: source the file, or put it into ~/.local/share/bash-completion/completions/mdn-train\n\
    zsh: into a folder of $fpath, as _mdn-train; fish: into ~/.config/fish/completions/"
)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut command: Command, output: &mut Output) -> anyhow::Result<()> {
        // Into memory first: the generator panics where its output goes away.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "mdn-train", &mut text);
        print("script", text, output)
    }
}

/// Prints a text as it is, or as the object of `--json` under `key`.
fn print(key: &str, text: Vec<u8>, output: &mut Output) -> anyhow::Result<()> {
    match output.is_json() {
        true => output.result(&json!({ key: String::from_utf8(text)? })),
        false => Ok(io::stdout().write_all(&text)?),
    }
}

/// Print the manual page, or write one for every command into a folder
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train man --out ~/.local/share/man/man1")]
pub struct Manual {
    /// Write mdn-train.1 and a page for every command into this folder [default: the page of the program
    /// on standard output]
    #[arg(long, short, value_name = "DIR")]
    out: Option<OutputFolder>,
}

impl Manual {
    pub fn run(self, command: Command, claims: Claims, output: &mut Output) -> anyhow::Result<()> {
        let Some(folder) = self.out else {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            return print("page", page, output);
        };
        let mut folder = ResultFolder::create(&folder, claims)?;
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let all = command.get_subcommands().cloned().map(Man::new);
        let all = all.chain([Man::new(command.clone())]);
        let page = |page: Man| {
            let mut text = Vec::new();
            page.render(&mut text)?;
            Ok((folder.claim(&page.get_filename())?, text))
        };
        let pages: Vec<_> = all.map(page).collect::<anyhow::Result<_>>()?;
        folder.write(&pages)?;
        let files = pages.iter().map(|(file, _)| file.path().display());
        let files: Vec<String> = files.map(|path| path.to_string()).collect();
        output.result(&json!({ "files": files }))
    }
}
