//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    abandon, by_hand, check, clean, completions, demo, due, import, log, man, new, plan, report, resume, rollback, run,
    runs, schema, show, status,
};

/// Carries out server migrations written as YAML runbooks: step by step over SSH, with a journal, resume and rollback.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, max_term_width = 100, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  runbook check migration.yaml     what is wrong with it, without any host
  runbook plan migration.yaml      what it would do; reads the hosts and changes nothing
  runbook run migration.yaml       do it
  runbook status                   where it stands
  runbook resume                   go on, after whatever happened
  runbook rollback                 take back what was done

Exit codes:
  0 done · 1 a step failed, the run can be resumed · 2 the runbook or the arguments are wrong, nothing ran · 3 parked ·
  4 rolled back · 5 another operator holds the run · 6 rollback stopped · 7 done, but temporary changes are open · 130 interrupted";

/// What goes for every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// For whom the output is [default: human on a terminal, plain elsewhere]
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub(crate) output: Option<Output>,
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help = "When to use colours; NO_COLOR is honoured"
    )]
    pub(crate) color: Color,
    #[arg(long, global = true, value_name = "URL", help = STATE)]
    pub(crate) state: Option<String>,
}

const STATE: &str =
    "Where runs are kept: a path, or sqlite://PATH [default: runbook/journal.db in the XDG state folder]";

/// For whom the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A person at a terminal
    Human,
    /// Lines of text
    Plain,
    /// A JSON object a line
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::Arguments),
    Plan(plan::Arguments),
    Check(check::Arguments),
    Resume(resume::Arguments),
    Rollback(rollback::Arguments),
    Done(by_hand::Done),
    Skip(by_hand::Skip),
    Retry(by_hand::Retry),
    Status(status::Arguments),
    Runs(runs::Arguments),
    Log(log::Arguments),
    Report(report::Arguments),
    Due(due::Arguments),
    Abandon(abandon::Arguments),
    Clean(clean::Arguments),
    New(new::Arguments),
    Import(import::Arguments),
    Show(show::Arguments),
    Schema(schema::Arguments),
    Demo(demo::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_is_for_and_has_examples() {
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("runbook {name}")), "{name}: {help}");
        }
    }
}
