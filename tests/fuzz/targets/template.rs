//! Any text where a template may stand, and where an expression may.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use runbook::display::{Style, diagnostics};
use runbook::model::load::load_with;
use runbook::plan::{Inputs, resolve};

fuzz_target!(|text: &str| {
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    let book = format!(
        "runbook: 1\nname: x\nvars: {{a: 1, b: [x, {{c: d}}], e: {quoted}}}\nsecrets: {{s: {{env: S}}}}\nhosts: {{old: {{ssh: old, vars: {{v: w}}}}}}\n\
         steps:\n  - {{id: one, on: old, run: {quoted}, undo: nothing}}\n  - {{id: two, when: {quoted}, for_each: {quoted}, on: old, \
         copy: {{content: {quoted}, dest: \"/x/{{{{ item }}}}\"}}}}\n"
    );
    let loaded = load_with(Path::new("book.yaml"), &|_| Ok(book.clone().into_bytes()));
    if let Some(book) = loaded.book {
        let (_, found) = resolve(book, &Inputs::default());
        let _ = diagnostics(found.as_slice(), &loaded.sources, &Style::plain());
    }
});
