//! A runbook of any bytes: it is read, checked and planned, or what is wrong with it is shown. Nothing else may happen.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use runbook::base::fs;
use runbook::display::{Style, diagnostics};
use runbook::model::load::load_with;
use runbook::plan::{Inputs, resolve};

fuzz_target!(|bytes: &[u8]| {
    let only_this = |path: &Path| match path.to_str() {
        Some("book.yaml") => Ok(bytes.to_vec()),
        _ => fs::read(Path::new("/nonexistent")),
    };
    let loaded = load_with(Path::new("book.yaml"), &only_this);
    let _ = diagnostics(loaded.diagnostics.as_slice(), &loaded.sources, &Style::plain());
    if let Some(book) = loaded.book {
        let (_, found) = resolve(book, &Inputs::default());
        let _ = diagnostics(found.as_slice(), &loaded.sources, &Style::plain());
    }
});
