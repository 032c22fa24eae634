//! What would happen: the dry run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::cli::answers::Of;
use crate::cli::book::{self, BookSource};
use crate::cli::context::Context;
use crate::cli::drive::Next;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::cli::manner::MannerArguments;
use crate::cli::ready::Ready;
use crate::cli::secrets;
use crate::cli::signals::Ear;
use crate::display::{Ending, Sums, foreseen};
use crate::engine::{Wish, foresee};
use crate::events::RunView;

/// Shows what a run would do: reads the hosts, unless `offline`, and changes nothing.
pub(super) async fn preview(
    context: &Context,
    file: &Path,
    inputs: &InputArguments,
    manner: &MannerArguments,
    offline: bool,
) -> Result<Exit, CommandError> {
    let given = inputs.read();
    let source = BookSource::file(file, given.inputs.clone());
    let plan = source.read().with(given).told(context);
    let read = plan.and_then(|plan| Some((super::run::answers(context, manner, &plan, Of::Doing)?, plan)));
    let Some((_, plan)) = read else {
        book::refused(context, file, inputs);
        return Ok(Exit::Wrong);
    };
    let values = if offline {
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
    let looked = tokio::select! {
        biased;
        looked = Box::pin(foresee(&setup, &plan, None, offline)) => looked,
        () = ear.signals.wanted(Wish::Stop) => return Ok(Exit::Interrupted),
    };
    let next = Next { file: file.to_owned(), reach: manner.reach.clone(), inputs: inputs.clone() };
    let units = looked.map_err(|error| {
        let again = format!("plan {}", crate::base::shell::quote(&file.to_string_lossy()));
        CommandError::from(error).with_hint(format!("once that is seen to: {}", next.command(context, &again)))
    })?;
    viewer.finish();
    for unit in &units {
        context.event(&json!({"event": "foreseen", "foreseen": unit}));
    }
    context.event(&json!({"event": "sums", "sums": Sums::of(&units)}));
    context.print(&foreseen(&units, &context.style));
    next.say(context, &Ending::Previewed, &RunView::default(), Exit::Done);
    Ok(Exit::Done)
}
