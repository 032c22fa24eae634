//! `runbook completions`.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::cli::arguments;
use crate::cli::console;
use crate::cli::exit::Exit;

/// Writes completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook completions bash >~/.local/share/bash-completion/completions/runbook
  runbook completions zsh >~/.zfunc/_runbook
  runbook completions fish >~/.config/fish/completions/runbook.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let mut script = Vec::new();
    generate(arguments.shell, &mut arguments::Arguments::command(), "runbook", &mut script);
    console::out(&String::from_utf8_lossy(&script));
    Exit::Done
}
