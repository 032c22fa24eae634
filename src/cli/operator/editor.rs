//! Mending a book while its run waits.

use std::sync::Arc;

use crate::cli::terminal::Terminal;
use crate::events::RunView;

/// Reads a book again, and holds it to the run that is under way: a text for people where it does not do.
pub(crate) type Check = Arc<dyn Fn(&RunView) -> Result<(), String> + Send + Sync>;

/// How a book is mended while its run waits.
#[derive(Clone)]
pub(crate) struct Mending {
    /// Reads it again.
    pub(crate) check: Check,
    /// The editor, as `$VISUAL` or `$EDITOR` has it: words for the shell.
    pub(crate) editor: String,
}

impl Mending {
    /// With the operator's own editor.
    pub(crate) fn new(check: Check) -> Self {
        let said = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
        Self { check, editor: said("VISUAL").or_else(|| said("EDITOR")).unwrap_or_else(|| "vi".to_owned()) }
    }

    /// Opens the editor at `place` (`file:line`). Whether the book will do afterwards.
    pub(super) fn edit(&self, terminal: &dyn Terminal, place: &str, view: &RunView) -> bool {
        let (file, line) = place.rsplit_once(':').unwrap_or((place, "1"));
        let mut arguments = vec!["-c".to_owned(), format!("{} \"$@\"", self.editor), "sh".to_owned()];
        if self.knows_lines() {
            arguments.push(format!("+{line}"));
        }
        arguments.push(file.to_owned());
        match terminal.lend("/bin/sh", &arguments) {
            Ok(true) => {}
            Ok(false) => {
                terminal.tell("the editor did not end well: nothing is tried again\n");
                return false;
            }
            Err(error) => {
                terminal.tell(&format!("the editor cannot be started: {error}\n"));
                return false;
            }
        }
        match (self.check)(view) {
            Ok(()) => true,
            Err(why) => {
                terminal.tell(&why);
                false
            }
        }
    }

    /// Whether the editor takes `+LINE`.
    fn knows_lines(&self) -> bool {
        let program = self.editor.split_whitespace().next().unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or_default();
        ["vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "joe", "mg", "ne", "micro", "kak"].contains(&name)
    }
}
