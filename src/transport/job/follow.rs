//! Takes a followed job's output apart: what the job said goes to whoever wants it, the last line is what has become of the job.

use crate::transport::marks::Marked;
use crate::transport::{Sink, Stream};

use super::spec::Offsets;

/// Counts what the job said, and keeps the verdict to itself.
pub(super) struct Follower<'a> {
    sink: &'a mut dyn Sink,
    from: &'a mut Offsets,
    stdout: Marked,
    verdict: Option<String>,
}

impl<'a> Follower<'a> {
    /// The verdict comes after `nonce`, on stdout.
    pub(super) fn new(nonce: &str, from: &'a mut Offsets, sink: &'a mut dyn Sink) -> Self {
        let mut stdout = Marked::new();
        stdout.expect(nonce, b'\n');
        Self { sink, from, stdout, verdict: None }
    }

    /// What has become of the job.
    pub(super) fn verdict(self) -> Option<String> {
        self.verdict
    }
}

impl Sink for Follower<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stderr {
            self.from.stderr += bytes.len() as u64;
            self.sink.take(stream, bytes);
            return;
        }
        let mut bytes = bytes;
        while !bytes.is_empty() && self.verdict.is_none() {
            let room = self.stdout.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            let (sink, from) = (&mut self.sink, &mut self.from);
            self.verdict = self.stdout.took(count, |said| {
                if !said.is_empty() {
                    from.stdout += said.len() as u64;
                    sink.take(Stream::Stdout, said);
                }
            });
            bytes = &bytes[count..];
        }
    }
}
