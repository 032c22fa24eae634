//! What the journal keeps of what a try is about to do.

use serde_json::Value;

use crate::actions::ActionError;
use crate::display::count;
use crate::events::Preview;

use super::foresee::as_written;
use super::prepare::Prepared;
use super::world::World;

/// How much of a diff, or of a script, the journal keeps for each try.
const KEPT: usize = 64 * 1024;

impl World {
    /// What a unit that was looked at is about to do, as the journal keeps it.
    pub(super) fn preview(&self, prepared: &Prepared<'_>, seen: &Value) -> Result<Preview, ActionError> {
        let Some(action) = &prepared.action else { return Ok(Preview::default()) };
        let (preview, _) = as_written(prepared, action.preview(seen)?);
        let Preview { summary, detail, undo } = self.shown(&preview);
        Ok(Preview { summary, detail: kept(detail), undo: kept(undo) })
    }
}

/// `text`, its end left out where it is long, which is said.
fn kept(text: String) -> String {
    if text.len() <= KEPT {
        return text;
    }
    let most = text.floor_char_boundary(KEPT);
    let end = text[..most].rfind('\n').unwrap_or(most);
    format!("{}\n… {} more are not kept", &text[..end], count(text.len() - end, "byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_kept_up_to_a_line_and_says_so() {
        assert_eq!(kept("short".into()), "short");
        let long = "a line é\n".repeat(KEPT / 10 + 1);
        let cut = kept(long.clone());
        let (text, said) = cut.rsplit_once('\n').unwrap();
        assert!(cut.len() <= KEPT + 50 && long.starts_with(text) && text.ends_with('é'), "{}", cut.len());
        assert_eq!(said, format!("… {} bytes more are not kept", long.len() - text.len()));
        assert_eq!(kept("é".repeat(KEPT)).chars().filter(|c| *c == 'é').count(), KEPT / 2);
    }
}
