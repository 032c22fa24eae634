//! What is listed of a destination: everything that is there, and what it is like.

use std::collections::BTreeMap;

/// A thing of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// As find(1) says it: `f`, `d`, `l`, `p`, `s`, `b`, `c`.
    pub(super) kind: u8,
    pub(super) mode: String,
    pub(super) uid: String,
    pub(super) gid: String,
    /// When it was changed, in seconds.
    pub(super) time: String,
    pub(super) size: String,
    /// File system and number in it.
    inode: String,
    /// When it was changed in any way.
    touched: String,
    /// Where it leads, if it is a link.
    target: Vec<u8>,
}

/// Things by their paths: `.`, `./a/b`.
pub(super) type Entries = BTreeMap<Vec<u8>, Entry>;

impl Entry {
    /// Reads a record: its path, and what is there.
    pub(super) fn parse(record: &[u8]) -> Option<(Vec<u8>, Self)> {
        let mut words = record.splitn(9, |byte| *byte == b' ');
        let mut word = || String::from_utf8(words.next()?.to_vec()).ok();
        let kind = *word()?.as_bytes().first()?;
        let (mode, uid, gid, time, size) = (word()?, word()?, word()?, word()?, word()?);
        let (inode, touched) = (word()?, word()?);
        let rest = words.next()?;
        let cut = rest.windows(2).position(|two| two == b"//")?;
        let (path, target) = (rest[..cut].to_vec(), rest[cut + 2..].to_vec());
        Some((path, Self { kind, mode, uid, gid, time, size, inode, touched, target }))
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind == b'd'
    }

    /// Whether both are alike in all that a person could see: their times too.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.has_same_content(other) && self.is_dressed_like(other) && self.time == other.time
    }

    /// Whether both are the same kind of thing with the same in it, as far as a list tells.
    pub(super) fn has_same_content(&self, other: &Self) -> bool {
        let whole = self.is_folder()
            || (self.size == other.size && self.time == other.time)
            || self.inode == other.inode && self.size == other.size;
        self.kind == other.kind && self.target == other.target && whole
    }

    /// Whether mode and owners are the same. The mode of a link says nothing.
    pub(super) fn is_dressed_like(&self, other: &Self) -> bool {
        (self.kind == b'l' || self.mode == other.mode) && self.uid == other.uid && self.gid == other.gid
    }

    /// Whether it is the same file, which nobody has touched in between.
    pub(super) fn is_untouched(&self, other: &Self) -> bool {
        self.inode == other.inode && self.touched == other.touched
    }

    /// Whether both are one file.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.inode == other.inode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_whatever_the_name() {
        let (path, entry) =
            Entry::parse(b"l 777 0 1 1300000000.5000000000 4 2b:77 1400000000.1 ./a b\n\xe9//x//y").unwrap();
        assert_eq!(path, b"./a b\n\xe9");
        assert_eq!((entry.kind, entry.mode.as_str(), entry.target.as_slice()), (b'l', "777", &b"x//y"[..]));
        assert!(Entry::parse(b"f 644 0 0 1 2 3:4 5").is_none());
        let same = Entry { mode: "700".into(), ..entry.clone() };
        assert!(entry.is_like(&same), "a link's mode says nothing");
        assert!(!entry.is_like(&Entry { target: b"z".to_vec(), ..entry.clone() }));
    }
}
