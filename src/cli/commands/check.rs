//! `runbook check`.

use std::path::PathBuf;

use serde_json::json;

use crate::base::shell;
use crate::cli::book::{self, BookSource};
use crate::cli::context::Context;
use crate::cli::drive::Next;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::cli::manner::ReachArguments;
use crate::display::{Line, Tone, count};
use crate::plan::Plan;

use super::hosts;

/// Finds everything that is wrong with a runbook and can be found without a host.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The runbook
    file: PathBuf,
    /// Also logs in to each host and looks whether it has what the steps call; changes nothing
    #[arg(long = "hosts")]
    look_at_hosts: bool,
    #[command(flatten)]
    inputs: InputArguments,
    #[command(flatten)]
    reach: ReachArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook check migration.yaml
  runbook check migration.yaml --hosts
  runbook check migration.yaml --hosts-file rehearsal.yaml --var site=test.example.org";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let given = arguments.inputs.read();
    let source = BookSource::file(&arguments.file, given.inputs.clone());
    let read = source.read().with(given);
    // Where there is a plan, nothing is worse than a warning.
    let warnings = read.diagnostics.as_slice().len();
    let Some(plan) = read.told(context) else {
        book::refused(context, &arguments.file, &arguments.inputs);
        return Ok(Exit::Wrong);
    };
    context.page(&sums(&plan, warnings).into());
    context.event(&json!({"event": "checked", "phases": plan.phases.len(), "steps": plan.steps().count(), "hosts": plan.hosts.len()}));
    let next = Next { reach: arguments.reach.clone(), inputs: arguments.inputs.clone(), ..Next::default() };
    let file = shell::quote(&arguments.file.to_string_lossy());
    if arguments.look_at_hosts {
        let lacking = hosts::look(context, &plan, &arguments.reach).await?;
        if lacking > 0 {
            let again = next.command(context, &format!("check {file} --hosts"));
            return Err(CommandError::failed(
                format!("{} not ready", if lacking == 1 { "a host is".into() } else { format!("{lacking} hosts are") }),
                format!("once that is seen to: {again}"),
            ));
        }
    }
    let command = next.command(context, &format!("plan {file}"));
    Ok(context.end(Exit::Done, None, &format!("to see what it would do: {command}")))
}

fn sums(plan: &Plan, warnings: usize) -> Line {
    let line = Line::new().put(Tone::Strong, &plan.name).text(": ");
    let line = line.text(format_args!(
        "{}, {}, {}; ",
        count(plan.phases.len(), "phase"),
        count(plan.steps().count(), "step"),
        count(plan.hosts.len(), "host"),
    ));
    if warnings == 0 {
        return line.text("nothing is wrong with it");
    }
    line.put(Tone::Doubt, count(warnings, "warning")).text(", and nothing that keeps it from being run")
}
