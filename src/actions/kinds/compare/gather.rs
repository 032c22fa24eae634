//! What a script says, in as much memory as there is for it.

use crate::actions::remote_file::Hasher;
use crate::transport::{Sink, Stream};

/// How much of each side is kept to show a difference.
pub(super) const KEPT: usize = 4 << 20;

/// How much of stderr is kept.
const WORDS: usize = 16 * 1024;

/// Takes what a script says.
#[derive(Default)]
pub(super) struct Gather {
    hasher: Hasher,
    begins: Vec<u8>,
    length: u64,
    words: Vec<u8>,
}

/// What a script has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) sha256: String,
    pub(super) length: u64,
    /// As much of its beginning as is kept.
    pub(super) begins: Vec<u8>,
    /// The last of its stderr.
    pub(super) words: String,
}

impl Sink for Gather {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => {
                self.hasher.take(bytes);
                self.length += bytes.len() as u64;
                let room = KEPT - self.begins.len();
                self.begins.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Stream::Stderr => {
                self.words.extend_from_slice(bytes);
                self.words.drain(..self.words.len().saturating_sub(WORDS));
            }
        }
    }
}

impl Gather {
    pub(super) fn said(self) -> Said {
        Said {
            sha256: self.hasher.finish(),
            length: self.length,
            begins: self.begins,
            words: String::from_utf8_lossy(&self.words).into_owned(),
        }
    }
}

impl Said {
    pub(super) fn is(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.length == other.length
    }

    pub(super) fn is_whole(&self) -> bool {
        self.length == self.begins.len() as u64
    }
}
