//! `trestle completions`: what a shell needs to complete commands and flags.

use super::Failure;
use clap::{Args, Command};
use clap_complete::Shell;
use std::io::{self, Write as _};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle completions bash > ~/.local/share/bash-completion/completions/trestle
  trestle completions zsh > \"${fpath[1]}/_trestle\"
  trestle completions fish > ~/.config/fish/completions/trestle.fish")]
pub(super) struct Flags {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(flags: &Flags, mut program: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(flags.shell, &mut program, name, &mut script);
    io::stdout()
        .write_all(&script)
        .map_err(|error| Failure::failed(format!("cannot write to stdout: {error}")))
}
