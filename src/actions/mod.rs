//! What steps can do: the contract, and what the actions share. The actions themselves are in `kinds`; a new one is a file there, and one line in
//! `registry`.

pub mod context;
pub mod contract;
pub mod durable;
pub mod edit;
pub mod erased;
pub mod expected;
pub mod keepsake;
pub mod kinds;
pub mod names;
pub mod nameserver;
pub mod passage;
pub mod registry;
pub mod remote_file;
pub mod said;
pub mod schema;
pub mod side;
#[cfg(test)]
mod testing;

pub use context::{Env, Family, Host, Read, Stash, Surroundings, Write};
pub use contract::{Action, ActionError, AfterCrash, Check, Hold, LocalFile, Reversible, Task, Verdict};
pub use erased::{DynAction, Seen};
pub use expected::{Expected, Leaves, Standing, Thing};
pub use registry::{Kind, Registry};
