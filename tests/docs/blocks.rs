//! The fenced blocks of the documentation.

use std::path::{Path, PathBuf};

/// A page: its path from the repository's root, and its text.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    /// The words after the opening fence: its language and what is to be done with it.
    pub(crate) words: Vec<String>,
    /// What stands in it, without the indentation of its fence.
    pub(crate) text: String,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and every page in docs/.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = PathBuf::from("docs").join(entry.unwrap().file_name());
        if name.extension().is_some_and(|extension| extension == "md") {
            paths.push(name);
        }
    }
    paths.sort();
    let page = |path: PathBuf| Page { text: std::fs::read_to_string(root().join(&path)).unwrap(), path };
    paths.into_iter().map(page).collect()
}

impl Page {
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let Some(fence) = fence(line) else { continue };
            let indentation = line.len() - line.trim_start().len();
            let mut text = String::new();
            loop {
                let (_, line) =
                    lines.next().unwrap_or_else(|| panic!("{}:{} is never closed", self.path.display(), at + 1));
                if line.trim() == fence {
                    break;
                }
                text.push_str(line.get(indentation..).unwrap_or_else(|| line.trim_start()));
                text.push('\n');
            }
            let words = line.trim_start().trim_start_matches('`').split_whitespace().map(str::to_owned).collect();
            blocks.push(Block { line: at + 1, words, text });
        }
        blocks
    }

    /// The text without its fenced blocks.
    pub(crate) fn prose(&self) -> String {
        let mut closed_by = None;
        let mut prose = String::new();
        for line in self.text.lines() {
            match (&closed_by, fence(line)) {
                (None, Some(fence)) => closed_by = Some(fence),
                (Some(open), _) if line.trim() == *open => closed_by = None,
                (None, None) => {
                    prose.push_str(line);
                    prose.push('\n');
                }
                (Some(_), _) => {}
            }
        }
        prose
    }

    /// Where a block stands, for whoever has to mend it.
    pub(crate) fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.path.display(), block.line)
    }
}

impl Block {
    pub(crate) fn language(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What is to be done with it, in a word; the file that it stands for, if any, left out.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.words.iter().skip(1).map(String::as_str).find(|word| !word.starts_with("file="))
    }

    /// The file that it is.
    pub(crate) fn file(&self) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix("file="))
    }
}

fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let end = line.find(|c| c != '`').unwrap_or(line.len());
    (end >= 3).then(|| &line[..end])
}

#[test]
fn blocks_are_found() {
    let text = "a\n```yaml steps\n- run: x\n```\n- b\n  ````text\n  ```\n    c\n  ````\nd\n";
    let page = Page { path: "p.md".into(), text: text.to_owned() };
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    assert_eq!(
        page.blocks(),
        [
            Block { line: 2, words: words(&["yaml", "steps"]), text: "- run: x\n".to_owned() },
            Block { line: 6, words: words(&["text"]), text: "```\n  c\n".to_owned() },
        ]
    );
    assert_eq!(page.prose(), "a\n- b\nd\n");
}
