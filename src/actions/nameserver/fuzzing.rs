//! For `tests/fuzz`: what any bytes are taken for.

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use super::answer::Answer;
use super::asker::Question;

/// An answer to questions of every kind that is asked.
pub fn read(bytes: &[u8]) {
    let Ok(message) = Message::from_vec(bytes) else { return };
    let name = message.queries.first().map_or_else(Name::root, |query| query.name().clone());
    for kind in [RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::NS, RecordType::SOA, RecordType::TXT] {
        let question = Question { name: name.clone(), kind, recursive: false };
        let answer = Answer::of(&message, &question);
        let _ = (format!("{:?}", answer.found()), answer.ttl());
    }
}
