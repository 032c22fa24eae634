//! Every YAML block is what it says it is:
//!
//! - `yaml`: a whole runbook without a mistake or a warning
//! - `yaml warned`, `yaml wrong`: a whole runbook, and a `text` block follows with what is said about it
//! - `yaml steps`, `yaml phases`, `yaml top`: a part, which goes into the runbook of the block `yaml frame` in docs/language.md
//! - `yaml hosts`, `yaml answers`, `yaml included`: a hosts file, an answers file, a file that another example includes
//! - `file=NAME` behind a block of any language: the page's other examples may name that file

use std::path::Path;

use runbook::base::fs::FsError;
use runbook::display::{Style, diagnostics};
use runbook::model::book::Source;
use runbook::model::load::{Loaded, hosts_file, load, load_with};
use runbook::model::{Diagnostic, Diagnostics, Severity, yaml};
use runbook::plan::{Inputs, resolve};

use crate::blocks::{Block, Page, pages};

/// The name that examples of mistakes go by.
const BOOK: &str = "book.yaml";

#[test]
fn examples_are_what_they_say() {
    let pages = pages();
    let frame = frame(&pages);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in &pages {
        let folder = tempfile::tempdir().unwrap();
        let blocks = page.blocks();
        put_files(&blocks, folder.path());
        for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language() == "yaml") {
            seen += 1;
            let told = told(block, blocks.get(at + 1), &frame, folder.path());
            if let Err(why) = told {
                wrong.push(format!("{}\n{why}", page.place(block)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(seen > 30, "only {seen} examples were found");
}

/// The runbook that parts belong into.
pub(crate) fn frame(pages: &[Page]) -> String {
    let language = pages.iter().find(|page| page.path.ends_with("language.md")).unwrap();
    language.blocks().into_iter().find(|block| block.kind() == Some("frame")).unwrap().text
}

/// Puts the files that examples name where they look for them.
pub(crate) fn put_files(blocks: &[Block], folder: &Path) {
    for block in blocks.iter().filter(|block| block.file().is_some()) {
        let path = folder.join(block.file().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &block.text).unwrap();
    }
}

/// What is wrong with an example, if anything is.
fn told(block: &Block, next: Option<&Block>, frame: &str, folder: &Path) -> Result<(), String> {
    match block.kind() {
        // Read with the one that includes it.
        Some("included") => Ok(()),
        None | Some("frame" | "steps" | "phases" | "top") => faultless(&whole(block, frame).unwrap(), folder),
        Some(kind @ ("wrong" | "warned")) => {
            let due = next.filter(|next| next.language() == "text").ok_or("what is said about it has to follow")?;
            let (said, has_errors) = said(&block.text);
            if said != due.text {
                return Err(format!("said:\n{said}"));
            }
            if has_errors == (kind == "wrong") { Ok(()) } else { Err(format!("it is not {kind}")) }
        }
        Some("hosts") => {
            let mut found = Diagnostics::default();
            let hosts = hosts_file("hosts.yaml", &block.text, &mut found);
            if hosts.is_empty() || !found.as_slice().is_empty() { Err(format!("{found:#?}")) } else { Ok(()) }
        }
        Some("answers") => {
            let mut found = Diagnostics::default();
            let node = yaml::parse(&"answers.yaml".into(), &block.text, &mut found);
            if node.is_none() || !found.as_slice().is_empty() { Err(format!("{found:#?}")) } else { Ok(()) }
        }
        Some(other) => Err(format!("`{other}` is no kind of example")),
    }
}

/// The runbook that an example stands for, where it is one.
pub(crate) fn whole(block: &Block, frame: &str) -> Option<String> {
    match block.kind() {
        None | Some("warned" | "wrong" | "included") => Some(block.text.clone()),
        Some("frame") => Some(completed("", &block.text)),
        Some(kind @ ("steps" | "phases")) => Some(format!("{frame}{kind}:\n{}", indented(&block.text))),
        Some("top") => Some(completed(frame, &block.text)),
        Some(_) => None,
    }
}

/// Whether a runbook is without a mistake or a warning.
fn faultless(text: &str, folder: &Path) -> Result<(), String> {
    let path = folder.join(BOOK);
    std::fs::write(&path, text).unwrap();
    let (found, sources) = checked(load(&path));
    if found.is_empty() { Ok(()) } else { Err(diagnostics(&found, &sources, &Style::plain())) }
}

/// All that is wrong with a runbook, as `check` finds it: first with what is written, then with what it means.
pub(crate) fn checked(loaded: Loaded) -> (Vec<Diagnostic>, Vec<Source>) {
    let Loaded { book, sources, diagnostics: mut found } = loaded;
    if let Some(book) = book.filter(|_| !found.has_errors()) {
        found.extend(resolve(book, &Inputs::default()).1);
    }
    (found.sorted(), sources)
}

/// What is said about a runbook of one file, and whether it keeps it from running.
fn said(text: &str) -> (String, bool) {
    let loaded = load_with(Path::new(BOOK), &|path| match path.to_str() {
        Some(BOOK) => Ok(text.as_bytes().to_vec()),
        _ => Err(FsError { verb: "reading", path: path.to_owned(), source: std::io::ErrorKind::NotFound.into() }),
    });
    let (found, sources) = checked(loaded);
    let has_errors = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    (diagnostics(&found, &sources, &Style::plain()), has_errors)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// `part` with what a runbook needs besides: keys of `frame` that it has not itself, and a step.
fn completed(frame: &str, part: &str) -> String {
    let keys = |text: &str| -> Vec<String> {
        let tops = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        tops.filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
    };
    let own = keys(part);
    let mut whole = String::new();
    let mut kept = true;
    for line in frame.lines() {
        if let [key] = keys(line).as_slice() {
            // Groups are of the frame's own hosts.
            let of_its_hosts = key == "groups" && own.iter().any(|own| own == "hosts");
            kept = !of_its_hosts && !own.contains(key);
        }
        if kept {
            whole.push_str(line);
            whole.push('\n');
        }
    }
    whole.push_str(part);
    if !own.iter().any(|key| key == "steps" || key == "phases") {
        whole.push_str("steps:\n  - {id: look, manual: Look at it.}\n");
    }
    whole
}

#[test]
fn parts_are_completed() {
    let frame = "runbook: 1\nvars:\n  a: 1\nhosts: {old: x}\n";
    assert_eq!(
        completed(frame, "vars: {b: 2}\n"),
        "runbook: 1\nhosts: {old: x}\nvars: {b: 2}\nsteps:\n  - {id: look, manual: Look at it.}\n"
    );
    assert_eq!(completed("runbook: 1\n", "steps: []\n"), "runbook: 1\nsteps: []\n");
    assert_eq!(indented("- a:\n\n    b\n"), "  - a:\n\n      b\n");
}

#[test]
fn a_mistake_in_an_example_is_found() {
    let block = |words: &str, text: &str| Block {
        line: 1,
        words: words.split(' ').map(str::to_owned).collect(),
        text: text.to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    let check = |words: &str, text: &str, next: Option<&Block>| {
        told(&block(words, text), next, "runbook: 1\nhosts: {old: x}\n", folder.path())
    };
    check("yaml steps", "- {id: a, on: old, run: x}\n", None).unwrap();
    check("yaml steps", "- {id: a, on: old, rnu: x}\n", None).unwrap_err();
    check("yaml", "- {id: a, on: old, run: x}\n", None).unwrap_err();
    check("yaml setps", "- {id: a, on: old, run: x}\n", None).unwrap_err();
    let wrong = "runbook: 1\nsteps: [{id: a, manual: x, undo: none}]\n";
    check("yaml wrong", wrong, None).unwrap_err();
    let (said, _) = said(wrong);
    check("yaml wrong", wrong, Some(&block("text", &said))).unwrap();
    check("yaml wrong", wrong, Some(&block("text", "error: something else\n"))).unwrap_err();
}

#[test]
fn the_sample_runbooks_are_without_a_mistake() {
    let folder = crate::blocks::root().join("runbooks");
    let mut books = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let (found, sources) = checked(load(&path));
            let errors: Vec<Diagnostic> = found.into_iter().filter(|one| one.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{}", diagnostics(&errors, &sources, &Style::plain()));
            books.push(path);
        }
    }
    assert!(books.iter().any(|book| book.ends_with("libravatar-migration.yaml")));
}

#[test]
fn pages_begin_with_a_title() {
    assert!(pages().iter().all(|Page { text, .. }| text.starts_with("# ")));
}
