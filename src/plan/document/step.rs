//! A step on the page.

use std::fmt::Write as _;

use crate::model::step::{ActionCall, Batch, SubStep};
use crate::model::{Shape, UndoSpec, VerifySpec, kinds};
use crate::plan::check::path;
use crate::plan::planned::PlannedStep;

use super::known::Known;
use super::page::{Page, code, plain};
use super::words;

/// The largest file that is shown.
const LARGEST: usize = 64 << 10;

/// Writes the step called `number`.
pub(super) fn write(page: &mut Page, known: &Known<'_>, number: &str, planned: &PlannedStep) {
    let step = &planned.step;
    let marks = marks(planned);
    let marks = if marks.is_empty() { String::new() } else { format!(" — {}", marks.join(", ")) };
    page.heading(3, &format!("{number} {}{marks}", plain(&planned.name)));
    page.paragraph(&place(known, planned));
    if let Some(description) = &step.description {
        page.quote(&known.text(planned, description));
    }
    before(page, known, planned);
    if let Some(action) = &step.action {
        let value = known.node(planned, &action.value);
        words::write(page, &ActionCall { kind: action.kind.clone(), value });
        files(page, known, planned, action);
    } else {
        let restored = step.restores.as_ref().map(|id| code(id.value.as_str())).unwrap_or_default();
        page.paragraph(&format!("Ends what {restored} has opened, by the undo of that step."));
    }
    if let Some(check) = &step.wait_for {
        part(page, known, planned, check);
    }
    verify(page, known, planned);
    undo(page, known, planned);
}

/// What somebody who leafs through has to see.
fn marks(planned: &PlannedStep) -> Vec<String> {
    let step = &planned.step;
    let mut marks = Vec::new();
    if step.irreversible.is_some() {
        marks.push("**point of no return**".to_owned());
    }
    if step.temporary.is_some() {
        marks.push("temporary".to_owned());
    }
    if planned.left_out.is_some() {
        marks.push("left out".to_owned());
    }
    marks
}

/// Its id, where it runs and as whom.
fn place(known: &Known<'_>, planned: &PlannedStep) -> String {
    let step = &planned.step;
    let mut place = code(step.id.value.as_str());
    let hosts: Vec<String> = step.on.iter().map(|name| format!("**{}**", plain(&name.value))).collect();
    if !hosts.is_empty() {
        let _ = write!(place, " on {}", hosts.join(", "));
    }
    if let Some(user) = &step.become_user {
        let _ = write!(place, " as {}", code(&known.text(planned, user)));
    }
    if !step.tags.is_empty() {
        let tags: Vec<String> = step.tags.iter().map(|tag| code(&tag.value)).collect();
        let _ = write!(place, " · tags {}", tags.join(", "));
    }
    format!("{place} · {}", plain(&planned.place()))
}

/// Gates and conditions.
fn before(page: &mut Page, known: &Known<'_>, planned: &PlannedStep) {
    let step = &planned.step;
    let text = |text| known.text(planned, text);
    let mut said = Vec::new();
    if let Some(checkpoint) = &step.checkpoint {
        said.push(format!("Checkpoint {}: a rollback can return to just before this step.", code(&checkpoint.value)));
    }
    if let Some(confirm) = &step.confirm {
        said.push(gate(&text(&confirm.prompt), confirm.typed.as_ref().map(text).as_deref()));
    }
    if let Some(why) = &step.irreversible {
        said.push(format!("**Point of no return**, and a gate: {}", plain(&text(why))));
    }
    if let Some(when) = &step.when {
        said.push(format!("Only when {}.", code(&when.value)));
    }
    if let Some(foreach) = &step.foreach {
        let items = match &foreach.shape {
            Shape::Map(_) => foreach.get("csv").map(|csv| format!("each row of {}", words::inline(csv))),
            _ => Some(format!("each of {}", words::inline(&known.node(planned, foreach)))),
        };
        let parallel = step.parallel.map(|count| format!(", {count} at a time")).unwrap_or_default();
        said.push(format!("For {}{parallel}.", items.unwrap_or_default()));
    }
    if let Some(batch) = step.batch {
        let batch = match batch {
            Batch::Count(count) => count.to_string(),
            Batch::Percent(percent) => format!("{percent}%"),
        };
        let failures = step.max_failures.map(|most| format!("; {most} may fail")).unwrap_or_default();
        said.push(format!("Hosts in batches of {batch}{failures}."));
    }
    if let Some(until) = &step.temporary {
        let until = text(until);
        said.push(if until.is_empty() {
            "A temporary change.".into()
        } else {
            format!("A temporary change: {}.", plain(&until))
        });
    }
    if let Some(restores) = step.restores.as_ref().filter(|_| step.action.is_some()) {
        said.push(format!("Ends the temporary change of {}.", code(restores.value.as_str())));
    }
    if let Some(timeout) = &step.timeout {
        said.push(format!("May take {}.", code(&text(timeout))));
    }
    if let Some(retry) = step.retry {
        said.push(format!("Tried {} times at most.", retry.attempts));
    }
    if let Some(on_failure) = step.on_failure {
        said.push(format!("Where it fails: {}.", format!("{on_failure:?}").to_lowercase()));
    }
    if !said.is_empty() {
        page.list(&said);
    }
    if let Some(unless) = &step.unless {
        page.fence("Nothing to do where this says yes:", "sh", &text(unless));
    }
}

/// A gate in a line.
pub(super) fn gate(prompt: &str, typed: Option<&str>) -> String {
    let typed = typed.map(|word| format!(" ({} has to be typed)", code(word))).unwrap_or_default();
    format!("[ ] **Gate**: {}{typed}", plain(prompt))
}

fn verify(page: &mut Page, known: &Known<'_>, planned: &PlannedStep) {
    match &planned.step.verify {
        Some(VerifySpec::Script(script)) => {
            page.fence("**Verified by** this script:", "sh", &known.text(planned, script));
        }
        Some(VerifySpec::Checks { checks, patience }) => {
            let patience = patience.map(|time| format!(", tried for {}", crate::base::duration::show(time)));
            page.paragraph(&format!("**Verified by** these checks{}:", patience.unwrap_or_default()));
            for check in checks {
                part(page, known, planned, check);
            }
        }
        None => {}
    }
}

fn undo(page: &mut Page, known: &Known<'_>, planned: &PlannedStep) {
    let step = &planned.step;
    let kind = step.action.as_ref().and_then(|action| kinds::action(&action.kind.value));
    let by_person = kind.is_some_and(|kind| kind.name == "manual");
    match &step.undo {
        Some(UndoSpec::Script(text)) if by_person => {
            page.paragraph("**Taken back** by a person:");
            page.quote(&known.text(planned, text));
        }
        Some(UndoSpec::Script(script)) => {
            page.fence("**Taken back** by this script:", "sh", &known.text(planned, script));
        }

        Some(UndoSpec::Steps(steps)) => {
            page.paragraph("**Taken back** by these steps:");
            for step in steps {
                part(page, known, planned, step);
            }
        }
        Some(UndoSpec::Irreversible(why)) => {
            page.paragraph(&format!("**Cannot be taken back**: {}", plain(&known.text(planned, why))));
        }
        Some(UndoSpec::Nothing) => page.paragraph("Changes nothing."),
        None => match kind {
            Some(kind) if kind.undoes_itself => page.paragraph("Takes itself back."),
            Some(kind) if matches!(kind.name, "run" | "reboot") => {
                page.paragraph("**Has no undo**: a rollback stops here.");
            }
            _ => {}
        },
    }
}

/// A step of `verify` or `undo`.
fn part(page: &mut Page, known: &Known<'_>, planned: &PlannedStep, part: &SubStep) {
    let value = known.node(planned, &part.action.value);
    let call = ActionCall { kind: part.action.kind.clone(), value };
    let mut place = String::new();
    if !part.on.is_empty() {
        let hosts: Vec<String> = part.on.iter().map(|name| format!("**{}**", plain(&name.value))).collect();
        let _ = write!(place, "On {}", hosts.join(", "));
    }
    if let Some(user) = &part.become_user {
        let _ = write!(place, " as {}", code(&known.text(planned, user)));
    }
    if !place.is_empty() {
        page.paragraph(&format!("{}:", place.trim_start()));
    }
    words::write(page, &call);
}

/// The files of the operator's that the action sends or reads.
fn files(page: &mut Page, known: &Known<'_>, planned: &PlannedStep, action: &ActionCall) {
    if !matches!(action.kind.value.as_str(), "run" | "template" | "copy" | "show") {
        return;
    }
    let Some(src) = action.value.get("src") else { return };
    let told = known.node(planned, src);
    let Some(name) = told.text() else { return };
    let Some(bytes) = known.plan.files.get(&path(&src.span, &name)) else { return };
    let title = format!("{}:", code(&name));
    let mode = action.value.get("mode").map(|mode| known.node(planned, mode)).and_then(|mode| mode.text());
    match std::str::from_utf8(bytes) {
        Ok(text) if is_private(mode.as_deref(), text) => {
            page.paragraph(&format!("{title} {} bytes, which are not for everybody to read.", bytes.len()));
        }
        Ok(text) if bytes.len() <= LARGEST => page.fence(&title, "", text),
        Ok(_) => page.paragraph(&format!("{title} {} KiB of text.", bytes.len() >> 10)),
        Err(_) => page.paragraph(&format!("{title} {} bytes that are no text.", bytes.len())),
    }
}

/// Whether a file is to be kept from those who read the document: others could not read it on the host either, or it is a key.
fn is_private(mode: Option<&str>, text: &str) -> bool {
    let others = mode.and_then(|mode| mode.chars().next_back()).and_then(|digit| digit.to_digit(8));
    others.is_some_and(|bits| bits & 4 == 0) || text.contains("PRIVATE KEY-----")
}
