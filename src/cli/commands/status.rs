//! `runbook status`.

use crate::cli::choose;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Style, Typing, status};
use crate::journal::load;

use super::outline::outline;

/// Says where a run stands: what is due when, what temporary changes are open, what rollback would do.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id [default: the one that is unfinished, or the newest]
    run: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  runbook status
  runbook status 1kq8w2z4bt --output json";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, arguments.run.as_deref()).await?;
    let (_, view) = load(&*store, &run).await?;
    let with = context.with();
    context.print(&status(&view, Typing { file: "", with: &with }, context.now(), &context.style));
    let mut said = outline(&run, &view, context.now());
    said["event"] = "status".into();
    context.event(&said);
    let plain = status(&view, Typing { file: "", with: &with }, context.now(), &Style::plain());
    context.ended(Exit::Done, Some(&run), plain.lines().last().unwrap_or_default());
    Ok(Exit::Done)
}
