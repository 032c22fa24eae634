//! Probes that see less than they seem to.

use crate::model::{Book, Diagnostics, Shape};

/// Warns of probes of sites that would take a maintenance page for the site.
pub(super) fn check(book: &Book, diagnostics: &mut Diagnostics) {
    for watch in book.watch.iter().filter(|watch| watch.probe.kind.value == "http") {
        let looks_closer = match watch.probe.value.get("expect").map(|expect| &expect.shape) {
            Some(Shape::Map(entries)) => {
                entries.iter().any(|(key, _)| ["body", "headers", "not"].contains(&key.value.as_str()))
            }
            _ => false,
        };
        if !looks_closer {
            let name = &watch.name;
            diagnostics
                .warning(
                    &name.span,
                    format!("`{}` expects no more than a status: a maintenance page answers 200 too", name.value),
                )
                .hint("`expect: {status: 200, body: REGEX}` with something that only the real site says");
        }
    }
}
