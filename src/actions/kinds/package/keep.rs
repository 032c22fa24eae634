//! Keeps what undo needs of packages that are about to change.

use crate::actions::context::Stash;
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{Kept, failed};
use crate::transport::Command;

use super::back::{Touched, Undo, Was};
use super::look::{Change, Stand, There, fields};

const KEEP: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("keep.sh"));

/// Keeps aside a `.deb` of each version that goes, and how each package was marked.
pub(super) async fn keep(changes: &[Change], cx: &Stash<'_>) -> Result<Undo, ActionError> {
    let kept = Kept::of(cx).await?.folder;
    let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    let command = Command::read(KEEP)
        .env("R", format!("{kept}/x"))
        .env("N", "")
        .env("K", kept.clone())
        .env("NAMES", names.join("\n"));
    let said = cx.keep(command).await?;
    if !said.success() {
        let why = said.error_text();
        let why = why.trim().lines().last().unwrap_or("no reason given");
        let why = format!("keeping aside what will be replaced: {why}");
        return Err(failed(&said, &why, cx.around().masker()));
    }
    let answer = fields(&said);
    let mut rest = answer.iter();
    let mut touched = Vec::new();
    for change in changes {
        let mut next =
            || rest.next().cloned().ok_or_else(|| ActionError::failed("what is kept: the answer breaks off"));
        let (line, auto, deb, how) = (next()?, next()? == "1", next()?, next()?);
        let stand = Stand::of(&line);
        let was = (stand.there == There::Yes).then(|| Was { version: stand.version.clone(), auto, deb, how });
        touched.push(Touched {
            name: change.name.clone(),
            was,
            configured: stand.there == There::Configuration,
            left: change.to.clone(),
        });
    }
    Ok(Undo { touched, beside: rest.cloned().collect(), kept, unit: cx.env().unit.to_string() })
}
