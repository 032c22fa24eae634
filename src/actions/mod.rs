//! What steps can do: the contract, and one file per action. A new action is one file, and one line in `registry`.

pub mod compare;
pub mod context;
pub mod contract;
pub mod copy;
pub mod cron;
pub mod dns;
pub mod durable;
pub mod edit;
pub mod erased;
pub mod file;
pub mod hosts_entry;
pub mod http;
pub mod line;
pub mod lookup;
pub mod manual;
pub mod moves;
pub mod names;
pub mod nameserver;
pub mod package;
pub mod passage;
pub mod postgres;
pub mod reboot;
pub mod registry;
pub mod remote_file;
pub mod run;
pub mod said;
pub mod service;
pub mod show;
pub mod side;
pub mod sql;
pub mod stream;
pub mod sync;
pub mod tcp;
pub mod template;
#[cfg(test)]
mod testing;
pub mod wait;

pub use context::{Env, Family, Host, Read, Stash, Surroundings, Write};
pub use contract::{Action, ActionError, AfterCrash, Check, Hold, LocalFile, Reversible, Task, Verdict};
pub use erased::{DynAction, Seen};
pub use registry::{Kind, Registry};
