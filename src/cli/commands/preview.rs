//! What would happen: the dry run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::answers::Of;
use crate::cli::book::{self, BookSource};
use crate::cli::context::Context;
use crate::cli::drive::Next;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::cli::manner::MannerArguments;
use crate::cli::pinned::{self, Pinned};
use crate::cli::ready::Ready;
use crate::cli::secrets;
use crate::cli::signals::Ear;
use crate::display::{Ending, Sums, foreseen};
use crate::engine::{Forecast, Setup, Wish, foresee};
use crate::events::RunView;
use crate::plan::Plan;

use super::earlier::Earlier;

/// How it is looked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looking<'a> {
    /// Without any host.
    pub(super) offline: bool,
    /// Where what was seen is kept.
    pub(super) out: Option<&'a Path>,
}

/// Shows what a run would do: reads the hosts, unless it is to do without, and changes nothing.
pub(super) async fn preview(
    context: &Context,
    file: &Path,
    inputs: &InputArguments,
    manner: &MannerArguments,
    looking: &Looking<'_>,
) -> Result<Exit, CommandError> {
    let given = inputs.read();
    let source = BookSource::file(file, given.inputs.clone());
    let plan = source.read().with(given).told(context);
    let read = plan.and_then(|plan| Some((super::run::answers(context, manner, &plan, Of::Doing)?, plan)));
    let Some((_, plan)) = read else {
        book::refused(context, file, inputs);
        return Ok(Exit::Wrong);
    };
    let values = if looking.offline {
        BTreeMap::new()
    } else {
        secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?
    };
    let viewer = context.viewer();
    let ear = Ear::new(viewer.clone())?;
    let ready =
        Ready { manner: manner.manner(), secrets: values, ..Ready::new(context, &viewer, &ear, &plan, &manner.reach) };
    let setup = ready.setup()?;
    let plan = Arc::new(plan);
    let (at, reach) = (context.now(), manner.reach.clone());
    let next = Next { file: file.to_owned(), reach, inputs: inputs.clone(), plan: looking.out.map(Path::to_owned) };
    let looked = look(&setup, &ear, &plan, at, looking.offline).await;
    let Some(seen) = looked.map_err(|error| {
        let again = format!("plan {}", crate::base::shell::quote(&file.to_string_lossy()));
        error.with_hint(format!("once that is seen to: {}", next.command(context, &again)))
    })?
    else {
        return Ok(Exit::Interrupted);
    };
    viewer.finish();
    let units = &seen.units;
    for unit in units {
        context.event(&json!({"event": "foreseen", "foreseen": unit}));
    }
    context.event(&json!({"event": "sums", "sums": Sums::of(units)}));
    context.print(&foreseen(units, &context.style));
    if let Some(earlier) = Earlier::of(context, file).await {
        context.page(&earlier.page(&context.style));
        context.event(&json!({"event": "earlier", "earlier": earlier}));
    }
    if let Some(out) = looking.out {
        if let [first, ..] = &seen.away[..] {
            let why = format!(
                "nothing is kept in {}: {first} could not be reached, and what nobody has seen cannot be held to",
                out.display()
            );
            let words = [file, out].map(|path| crate::base::shell::quote(&path.to_string_lossy()));
            let again = next.command(context, &format!("plan {} --out {}", words[0], words[1]));
            return Err(CommandError::failed(why, format!("once it can be reached: {again}")));
        }
        Pinned::new(at, &plan, &source, &seen).write(out)?;
    }
    next.say(context, &Ending::Previewed, &RunView::default(), Exit::Done);
    Ok(Exit::Done)
}

/// What a run of the plan that begins at that instant would do; none where the operator has had enough of it.
pub(super) async fn look(
    setup: &Setup,
    ear: &Ear,
    plan: &Arc<Plan>,
    at: Timestamp,
    offline: bool,
) -> Result<Option<Forecast>, CommandError> {
    let view = pinned::beginning(at);
    tokio::select! {
        biased;
        seen = Box::pin(foresee(setup, plan, Some(&view), offline)) => Ok(Some(seen?)),
        () = ear.signals.wanted(Wish::Stop) => Ok(None),
    }
}
