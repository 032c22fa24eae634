//! What is kept on hosts for undo.

use serde::{Deserialize, Serialize};

use crate::base::Role;

/// Something on a host that undo needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keepsake {
    /// The host.
    pub host: Role,
    /// What and where it is: a folder, a file, a database.
    pub what: String,
    /// The room that it takes, in bytes.
    pub bytes: u64,
}

/// A user of a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The host.
    pub host: Role,
    /// Whom we become there; none: whoever logs in.
    pub become_user: Option<String>,
}
