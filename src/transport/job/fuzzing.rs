//! For `tests/fuzz`: what any bytes are taken for.

use crate::transport::{Sink, Stream};

use super::follow::Follower;
use super::spec::Offsets;

/// Bytes on both streams, by turns. None may be lost: what is no verdict is output.
///
/// # Panics
/// Where one was.
pub fn follow(pieces: &[Vec<u8>]) {
    struct Count(u64);
    impl Sink for Count {
        fn take(&mut self, _stream: Stream, bytes: &[u8]) {
            self.0 += bytes.len() as u64;
        }
    }
    // Short, so that it is found.
    let (nonce, mut offsets, mut count) = ("ab", Offsets::default(), Count(0));
    let mut follower = Follower::new(nonce, &mut offsets, &mut count);
    for (number, piece) in pieces.iter().enumerate() {
        follower.take(if number % 3 == 2 { Stream::Stderr } else { Stream::Stdout }, piece);
    }
    let _ = follower.verdict();
    assert_eq!(offsets.stdout + offsets.stderr, count.0, "what was counted was handed on");
}
