//! `mdn-train completions` and `mdn-train man`: what shells and readers of manuals want to know.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;

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
    pub fn run(self, mut command: Command) -> anyhow::Result<()> {
        // Into memory first: the generator panics where its output goes away.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "mdn-train", &mut text);
        Ok(io::stdout().write_all(&text)?)
    }
}

/// Print the manual page, or write one for every command into a folder
#[derive(Args)]
#[command(after_help = "Example:\n  mdn-train man --out ~/.local/share/man/man1")]
pub struct Manual {
    /// Write mdn-train.1 and a page for every command into this folder
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Manual {
    pub fn run(self, command: Command) -> anyhow::Result<()> {
        let Some(folder) = self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            return Ok(io::stdout().write_all(&page)?);
        };
        let place = || format!("cannot write to {}", folder.display());
        fs::create_dir_all(&folder).with_context(place)?;
        clap_mangen::generate_to(command, &folder).with_context(place)
    }
}
