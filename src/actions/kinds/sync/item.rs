//! rsync's itemised list: what a transfer would do, a line for each thing.

use serde::{Deserialize, Serialize};

/// What rsync is told to say of each thing: what happens to it, its size, its name, and where it leads or what it is linked to. No name has
/// two slashes in a row, and whatever cannot be printed is escaped, so that a line is a thing.
pub(super) const FORMAT: &str = "@%i %l %n//%L";

/// So many things are named to people.
const NAMED: usize = 20;

/// What happens to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It comes into being.
    New,
    /// Its content is replaced.
    Replaced,
    /// Its owner, mode, times, ACL or attributes alone.
    Metadata,
    /// It goes.
    Deleted,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) change: Change,
    /// As rsync says it: `f`, `d`, `L`, `D`, `S`.
    pub(super) kind: char,
    /// What is sent of it, at most.
    pub(super) bytes: u64,
    /// Whether its ACL or attributes change in place.
    pub(super) attributes: bool,
    /// Its name, as rsync escapes it, without a slash at its end.
    pub(super) name: String,
    /// The name that it is another name of.
    pub(super) linked: Option<String>,
}

/// How much of what a transfer would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub(super) new: u64,
    pub(super) replaced: u64,
    pub(super) metadata: u64,
    pub(super) deleted: u64,
    /// What would be sent at most: the sizes of the files that are new or replaced.
    pub(super) bytes: u64,
    /// The first of them, in words.
    pub(super) first: Vec<String>,
}

impl Item {
    /// Reads a line; none where it is not of the list.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.strip_prefix('@')?;
        let (codes, rest) = line.split_at_checked(11)?;
        let (bytes, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
        let bytes: u64 = bytes.parse().ok()?;
        let (name, leads) = rest.split_once("//")?;
        let name = if name.is_empty() { "." } else { name }.to_owned();
        let is_folder = leads.starts_with('/');
        let (codes, kind) = match codes.strip_prefix('*') {
            Some(word) if word.trim_end() == "deleting" => {
                let kind = if is_folder { 'd' } else { 'f' };
                return Some(Self { change: Change::Deleted, kind, bytes: 0, attributes: false, name, linked: None });
            }
            Some(_) => return None,
            None => (codes.as_bytes(), codes.chars().nth(1)?),
        };
        let new = codes[2] == b'+';
        let sent = matches!(codes[0], b'<' | b'>');
        let change = match codes[0] {
            _ if new => Change::New,
            b'<' | b'>' | b'c' | b'h' => Change::Replaced,
            b'.' => Change::Metadata,
            _ => return None,
        };
        let in_place = !new && (change == Change::Metadata || kind == 'd');
        let attributes = in_place && codes[9..].iter().any(|code| matches!(code, b'a' | b'x'));
        let linked = leads.strip_prefix(" => ").map(str::to_owned);
        Some(Self { change, kind, bytes: if sent { bytes } else { 0 }, attributes, name, linked })
    }

    /// Whether its content is sent, or it is another name of what may be.
    pub(super) fn is_content(&self) -> bool {
        self.kind == 'f' && matches!(self.change, Change::New | Change::Replaced)
    }
}

impl Tally {
    pub(super) fn add(&mut self, item: &Item) {
        let (count, word) = match item.change {
            Change::New => (&mut self.new, "new"),
            Change::Replaced => (&mut self.replaced, "replaced"),
            Change::Metadata => (&mut self.metadata, "metadata"),
            Change::Deleted => (&mut self.deleted, "deleted"),
        };
        *count += 1;
        self.bytes += item.bytes;
        if self.first.len() < NAMED {
            let slash = if item.kind == 'd' { "/" } else { "" };
            self.first.push(format!("{word:<8} {}{slash}", item.name));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> u64 {
        self.new + self.replaced + self.metadata + self.deleted
    }

    /// As in '12 new, 3 replaced, 1.2 GiB at most'.
    pub(super) fn in_words(&self) -> String {
        let counts = [
            (self.new, "new"),
            (self.replaced, "replaced"),
            (self.metadata, "only in metadata"),
            (self.deleted, "deleted"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let bytes = format!("{} at most", crate::display::bytes(self.bytes));
        counts.chain((self.bytes > 0).then_some(bytes)).collect::<Vec<_>>().join(", ")
    }

    /// The first names, and how many more there are.
    pub(super) fn names(&self) -> String {
        let more = self.count() - self.first.len() as u64;
        let more = (more > 0).then(|| format!("… and {more} more"));
        self.first.iter().cloned().chain(more).collect::<Vec<_>>().join("\n")
    }
}

/// The bytes of a name that rsync has escaped.
pub(super) fn unescaped(name: &str) -> Vec<u8> {
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes.get(at..at + 5).filter(|escape| escape.starts_with(b"\\#"));
        let code = octal.and_then(|escape| u8::from_str_radix(std::str::from_utf8(&escape[2..]).ok()?, 8).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 5 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(line: &str) -> (Change, char, u64, bool, String) {
        let item = Item::parse(line).unwrap();
        (item.change, item.kind, item.bytes, item.attributes, item.name)
    }

    #[test]
    fn lines_are_things() {
        assert_eq!(item("@<f+++++++++ 12 d/new\\#012line//"), (Change::New, 'f', 12, false, "d/new\\#012line".into()));
        assert_eq!(item("@<f.st...... 2 a//"), (Change::Replaced, 'f', 2, false, "a".into()));
        assert_eq!(item("@.f...p...ax 2 a//"), (Change::Metadata, 'f', 0, true, "a".into()));
        assert_eq!(item("@.d..t...... 4096 .///"), (Change::Metadata, 'd', 0, false, ".".into()));
        assert_eq!(item("@cd+++++++++ 4096 d///"), (Change::New, 'd', 0, false, "d".into()));
        assert_eq!(item("@cL+++++++++ 5 l// -> /x//y"), (Change::New, 'L', 0, false, "l".into()));
        assert_eq!(item("@*deleting   0 gone///"), (Change::Deleted, 'd', 0, false, "gone".into()));
        assert_eq!(item("@*deleting   0 gone/z//"), (Change::Deleted, 'f', 0, false, "gone/z".into()));
        assert_eq!(item("@cLc.t...... 5 l// -> x").0, Change::Replaced);
        let linked = Item::parse("@hf+++++++++ 2 d/b// => a => b").unwrap();
        assert_eq!((linked.change, linked.bytes, linked.linked.as_deref()), (Change::New, 0, Some("a => b")));
        for line in ["rsync: [sender] x", "@<f", "", "@*skipping   0 x//", "    32768  50%"] {
            assert_eq!(Item::parse(line), None, "{line}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped("\\#134#123 \\#303\\#251"), "\\#123 é".as_bytes());
        assert_eq!(unescaped("\\#9 \\# \\#12"), b"\\#9 \\# \\#12");
    }

    #[test]
    fn a_tally_counts_and_names_the_first() {
        let mut tally = Tally::default();
        for n in 0..30 {
            tally.add(&Item::parse(&format!("@<f+++++++++ 1024 f{n}//")).unwrap());
        }
        tally.add(&Item::parse("@*deleting   0 x///").unwrap());
        assert_eq!(tally.in_words(), "30 new, 1 deleted, 30.0 KiB at most");
        assert!(tally.names().ends_with("new      f19\n… and 11 more"), "{}", tally.names());
    }
}
