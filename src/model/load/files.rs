//! Reads a book's file and those that it includes.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::base::fs::{self, FsError};
use crate::base::{Span, Spanned};
use crate::model::book::{Book, Source};
use crate::model::diagnostic::Diagnostics;
use crate::model::node::Node;
use crate::model::yaml;

use super::{references, top};

/// What came of reading a book.
#[derive(Debug)]
pub struct Loaded {
    /// The book, as far as it could be read. Only where nothing is an error it may be run.
    pub book: Option<Book>,
    /// Every file that was read, the book itself first: what diagnostics quote.
    pub sources: Vec<Source>,
    /// Everything that is wrong.
    pub diagnostics: Diagnostics,
}

/// Reads the book at `path`.
#[must_use]
pub fn load(path: &Path) -> Loaded {
    load_with(path, &|path| fs::read_limited(path, yaml::MAX_BYTES))
}

/// Reads the book at `path`, its files by `read`: from the disk, or as a journal kept them.
#[must_use]
pub fn load_with(path: &Path, read: &dyn Fn(&Path) -> Result<Vec<u8>, FsError>) -> Loaded {
    let mut files = Files { read, sources: Vec::new(), open: Vec::new(), diagnostics: Diagnostics::default() };
    let book = files.open(path, None).and_then(|node| {
        let book = top::book(&node, path, &mut files);
        files.close();
        book
    });
    let Files { sources, mut diagnostics, .. } = files;
    let book = book.map(|mut book| {
        book.sources.clone_from(&sources);
        references::resolve(&mut book);
        references::check(&book, &mut diagnostics);
        book
    });
    Loaded { book, sources, diagnostics }
}

/// The files of a book while it is read.
pub(super) struct Files<'r> {
    read: &'r dyn Fn(&Path) -> Result<Vec<u8>, FsError>,
    sources: Vec<Source>,
    /// Those that are being read, the book itself first, each as it is spelt without `.` and `..`.
    open: Vec<PathBuf>,
    pub(super) diagnostics: Diagnostics,
}

/// How deep includes may go: past any sense, and before any stack.
const MAX_INCLUDES: usize = 16;

impl Files<'_> {
    /// The document in the file at `path`, which was named at `named`; to be closed once it was decoded.
    pub(super) fn open(&mut self, path: &Path, named: Option<&Span>) -> Option<Node> {
        let plain = without_dots(path);
        if self.open.contains(&plain) || self.open.len() > MAX_INCLUDES {
            if let Some(span) = named {
                self.diagnostics.error(span, format!("`{}` includes itself", path.display()));
            }
            return None;
        }
        let name: Arc<str> = path.to_string_lossy().into();
        let bytes = match (self.read)(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                match named {
                    Some(span) => self.diagnostics.error(span, error.to_string()),
                    None => self.diagnostics.error_at_large(error.to_string()),
                };
                return None;
            }
        };
        let text = yaml::decode_utf8(&name, bytes, &mut self.diagnostics)?;
        let node = yaml::parse(&name, &text, &mut self.diagnostics);
        // A file may be included twice, under two prefixes: it is quoted from once.
        if !self.sources.iter().any(|source| source.name == name) {
            self.sources.push(Source { name, path: path.to_owned(), text });
        }
        let node = node?;
        self.open.push(plain);
        Some(node)
    }

    pub(super) fn close(&mut self) {
        self.open.pop();
    }
}

/// The path of a file that `named` names: relative to the file in which it does.
pub(super) fn beside(named: &Spanned<String>) -> PathBuf {
    Path::new(named.span.file.as_ref()).parent().unwrap_or(Path::new("")).join(&named.value)
}

fn without_dots(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
        plain
    })
}
