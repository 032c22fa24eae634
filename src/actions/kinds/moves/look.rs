//! What stands where on a host, in one round trip.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;
use crate::base::shell::quote;
use crate::transport::{Command, Output};

/// Prints for each path what stands there, then the file system of the folder that it is in. A name does not come back: it may hold
/// anything.
const LOOK: &str = r#"
export LC_ALL=C
f='%i %.9W %.9Y %s %f'
case $(stat -c %.9Y / 2>/dev/null) in *.*) ;; *) f='%i 0 %Y %s %f' ;; esac
sum() { if command -v sha256sum >/dev/null; then sha256sum; else cksum; fi | { read -r s rest; echo "$s"; }; }
content() {
    if [ -L "$1" ]; then readlink -- "$1" | sum
    elif [ -f "$1" ] && [ "$(stat -c %s -- "$1")" -le 16777216 ]; then sum <"$1"
    else echo -; fi
}
for p; do
    d=${p%/*}
    d=${d:-/}
    if [ -e "$p" ] || [ -L "$p" ]; then
        c=$(content "$p" 2>/dev/null) || c=-
        t=$(stat -f -c %T -- "$p" 2>/dev/null) || t=-
        printf '%s %s %s\n' "$(stat -c "$f" -- "$p")" "$c" "$t"
    elif [ -d "$d" ] && ! [ -x "$d" ]; then echo hidden
    else echo -; fi
    w=-
    if [ -w "$d" ] && [ -x "$d" ]; then
        # In a sticky folder, what is another's stays.
        if ! [ -k "$d" ] || [ -O "$d" ] || [ -O "$p" ] || ! [ -e "$p" ] || [ "$(id -u)" = 0 ]; then w=w; fi
    fi
    x=$(stat -L -c %d -- "$d" 2>/dev/null) || x=-
    echo "$x $w"
done"#;

/// What was seen, and how many of the moves had been made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub(super) done: usize,
    pub(super) places: BTreeMap<String, Place>,
}

/// A path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What stands there.
    pub(super) thing: Option<Thing>,
    /// The file system of its folder; none where there is no such folder.
    pub(super) device: Option<String>,
    /// Whether things may be moved from there and to there.
    pub(super) open: bool,
}

/// What tells a thing from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Its number in its file system.
    pub(super) inode: String,
    /// When it was made, where the host knows that.
    pub(super) born: String,
    /// When it was changed.
    pub(super) changed: String,
    /// Its size.
    pub(super) size: String,
    /// File, folder, link…: the upper digits of its mode.
    pub(super) kind: String,
    /// A sum of what is in a file, or of where a link leads; `-` for the others and for what is large.
    pub(super) content: String,
    /// Whether its file system is one of layers, as a container's is: a folder cannot but be copied there to be moved, and is another then.
    pub(super) layered: bool,
}

/// A folder's `kind`.
const FOLDER: &str = "4";

impl Thing {
    /// Whether `other` is the same thing. Numbers are used again, so the time of birth has a say; a file that was written anew is the same
    /// with the same in it. In doubt it is: moving back replaces nothing.
    pub(super) fn is(&self, other: &Self) -> bool {
        let known = |born: &str| born.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        let born = !known(&self.born) || !known(&other.born) || self.born == other.born;
        let same = self.inode == other.inode && born;
        let untouched = self.changed == other.changed && self.size == other.size;
        let alike = self.content != "-" && self.content == other.content;
        let copied = self.layered && self.kind == FOLDER;
        self.kind == other.kind && (same || untouched || alike || copied)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(7, ' ').map(str::to_owned);
        let (inode, born, changed, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let mode = u32::from_str_radix(&words.next()?, 16).ok()?;
        let (content, system) = (words.next()?, words.next()?);
        let layered = system.contains("overlay") || system.contains("aufs");
        Some(Self { inode, born, changed, size, kind: format!("{:o}", mode >> 12), content, layered })
    }
}

/// What looks at `paths`.
pub(super) fn command<'a>(paths: impl Iterator<Item = &'a String>) -> Command {
    let words: Vec<String> = paths.map(|path| quote(path)).collect();
    Command::read(format!("set -- {}{LOOK}", words.join(" ")))
}

/// What was seen of `paths`.
pub(super) fn seen<'a>(
    paths: impl Iterator<Item = &'a String>,
    said: &Output,
) -> Result<BTreeMap<String, Place>, ActionError> {
    let cannot = |why: &str| ActionError::failed(format!("looking at what is to be moved: {why}"));
    if !said.success() {
        return Err(cannot(said.error_text().trim()));
    }
    let text = said.text();
    let mut lines = text.lines();
    let mut places = BTreeMap::new();
    for path in paths {
        let (Some(thing), Some(device)) = (lines.next(), lines.next()) else {
            return Err(cannot("the answer is cut off"));
        };
        let thing = match thing {
            "-" => None,
            "hidden" => return Err(cannot(&format!("the folder of {path} may not be looked into: as another user?"))),
            line => Some(Thing::parse(line).ok_or_else(|| cannot(&format!("`{line}`")))?),
        };
        let Some((device, open)) = device.split_once(' ') else { return Err(cannot(&format!("`{device}`"))) };
        let device = (device != "-").then(|| device.to_owned());
        places.insert(path.clone(), Place { thing, device, open: open == "w" });
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_told_apart() {
        let thing = |line: &str| Thing::parse(line).unwrap();
        let folder = thing("12 0.000000000 100.5 4096 41ed - ext2/ext3");
        assert_eq!(folder.kind, FOLDER);
        assert!(folder.is(&thing("12 0 200.5 4096 41c0 - ext2/ext3")), "what is in it, and its mode, may change");
        assert!(!folder.is(&thing("77 0 200.5 4096 41ed - ext2/ext3")));
        assert!(!folder.is(&thing("12 0 100.5 4096 81a4 x ext2/ext3")));
        let born = thing("12 50.1 100.5 4096 41ed - UNKNOWN (0x1)");
        assert!(!born.is(&thing("12 60.1 200.5 4096 41ed - UNKNOWN (0x1)")), "the number was used again");
        let file = thing("12 0 100.5 7 81a4 abc ext2/ext3");
        assert!(file.is(&thing("77 0 200.5 7 81a4 abc ext2/ext3")), "written anew with the same in it");
        assert!(file.is(&thing("77 0 100.5 7 81a4 - ext2/ext3")), "copied with its times");
        assert!(!file.is(&thing("77 0 200.5 7 81a4 def ext2/ext3")));
        let layered = thing("12 0 100.5 4096 41ed - overlayfs");
        assert!(layered.is(&thing("77 0 200.5 4096 41ed - overlayfs")), "a folder that could not but be copied");
        assert_eq!(Thing::parse("stat: cannot"), None);
    }

    #[test]
    fn the_answer_is_read_in_the_order_of_the_paths() {
        let paths = ["/a".to_owned(), "/b".to_owned()];
        let said = |stdout: &str| Output { stdout: stdout.into(), ..Output::default() };
        let places = seen(paths.iter(), &said("12 0 1 2 41ed - xfs\n65024 w\n-\n- -\n")).unwrap();
        assert_eq!((places["/a"].device.as_deref(), places["/a"].open), (Some("65024"), true));
        assert_eq!(places["/b"], Place::default());
        assert!(seen(paths.iter(), &said("-\n1 w\n")).is_err());
        let hidden = seen(paths.iter(), &said("hidden\n1 -\n-\n1 w\n")).unwrap_err().to_string();
        assert!(hidden.contains("the folder of /a may not be looked into"), "{hidden}");
    }
}
