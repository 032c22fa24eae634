//! From the arguments to the exit code.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use tokio::runtime::Builder;

use super::arguments::{Arguments, Command};
use super::around::{Around, Plainly};
use super::commands::{
    abandon, by_hand, check, clean, completions, demo, due, import, log, man, new, plan, report, resume, rollback, run,
    runs, schema, show, status,
};
use super::console;
use super::context::Context;
use super::error::CommandError;
use super::exit::Exit;
use super::keyboard::Keyboard;

/// Carries out what was typed.
#[must_use]
pub fn main() -> ExitCode {
    main_around(Arc::new(Plainly))
}

/// The same, with something between the command and the world.
#[must_use]
pub fn main_around(around: Arc<dyn Around>) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(said) => {
            // What cannot be written is lost.
            let _ = said.print();
            return if said.exit_code() == 0 { Exit::Done } else { Exit::Wrong }.into();
        }
    };
    let keyboard = Arc::new(Keyboard::new());
    let context = Context::new(&arguments.global, keyboard.clone(), around);
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = CommandError::caused(&error, "the same command again");
            console::err(&error.shown(&context.error_style));
            return Exit::Failed.into();
        }
    };
    let ended = runtime.block_on(Box::pin(carry_out(&context, arguments.command)));
    // A question may still be open: nobody waits for its answer.
    runtime.shutdown_background();
    keyboard.restore();
    ended.unwrap_or_else(|error| tell(&context, &error)).into()
}

async fn carry_out(context: &Context, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Run(arguments) => run::run(context, &arguments).await,
        Command::Plan(arguments) => plan::run(context, &arguments).await,
        Command::Check(arguments) => check::run(context, &arguments).await,
        Command::Resume(arguments) => resume::run(context, &arguments).await,
        Command::Rollback(arguments) => rollback::run(context, &arguments).await,
        Command::Done(arguments) => by_hand::done(context, &arguments).await,
        Command::Skip(arguments) => by_hand::skip(context, &arguments).await,
        Command::Retry(arguments) => by_hand::retry(context, &arguments).await,
        Command::Status(arguments) => status::run(context, &arguments).await,
        Command::Runs(_) => runs::run(context).await,
        Command::Log(arguments) => log::run(context, &arguments).await,
        Command::Report(arguments) => report::run(context, &arguments).await,
        Command::Due(_) => due::run(context).await,
        Command::Abandon(arguments) => abandon::run(context, &arguments).await,
        Command::Clean(arguments) => clean::run(context, &arguments).await,
        Command::New(arguments) => new::run(context, &arguments),
        Command::Import(arguments) => import::run(context, &arguments),
        Command::Show(arguments) => show::run(context, &arguments),
        Command::Schema(arguments) => Ok(schema::run(&arguments)),
        Command::Completions(arguments) => Ok(completions::run(&arguments)),
        Command::Demo(arguments) => demo::run(context, &arguments).await,
        Command::Man(arguments) => man::run(&arguments),
    }
}

fn tell(context: &Context, error: &CommandError) -> Exit {
    context.complain(error);
    context.ended(error.exit(), None, error.hint());
    error.exit()
}
