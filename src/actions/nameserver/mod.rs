//! What the actions share that ask name servers and change what they say: names, records, questions and their answers, signed where there
//! is a key. `/etc/hosts` is never looked at.

mod addresses;
mod answer;
mod asker;
mod channel;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key;
mod name;
mod rdata;
mod server;
mod set;
mod system;
mod text;
mod trouble;

pub use addresses::addresses;
pub use answer::{Answer, Found};
pub use asker::{Asker, Line, Question, Session};
pub use key::Key;
pub use name::{absolute, is_below, shown, within};
pub use rdata::{Rdata, kind};
pub use server::Server;
pub use set::{Place, RecordSet, kind_name};
pub use system::{of_host, of_this_machine};
pub use trouble::{Trouble, firewall, in_words};

/// Names and types are hickory's own.
pub use hickory_proto::rr::{Name, RecordType};
