//! What the language has and this version does not carry out: read and held to its form, and said to do nothing.

use crate::model::{Book, Diagnostics};

/// Warns of what nothing comes of. Actions that do not exist yet are errors, where they are decoded.
pub(super) fn check(book: &Book, diagnostics: &mut Diagnostics) {
    if let Some(first) = book.watch.first() {
        diagnostics
            .warning(&first.name.span, "`watch` is read, but this version of runbook watches nothing yet")
            .hint("look at it from another terminal meanwhile; the run itself is not held up by it");
    }
    if let Some(notify) = &book.notify {
        diagnostics
            .warning(&notify.run.span, "`notify` is read, but this version of runbook tells nobody yet")
            .hint("the exit code says how a run ended, and `runbook due` which runs can go on");
    }
}
