//! The names by which the journal knows things.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A step, unique in the whole runbook: `[a-z0-9][a-z0-9_-]*`.
    StepId
}
name! {
    /// A phase, unique in the whole runbook.
    PhaseId
}
name! {
    /// What a host is in the runbook (`old`, `mirror1`), or `local`, the operator's machine.
    Role
}
name! {
    /// A run: short, and sorted by time.
    RunId
}

/// The role of the operator's own machine.
pub const LOCAL: &str = "local";

impl Role {
    /// The operator's own machine.
    #[must_use]
    pub fn local() -> Self {
        Self::from(LOCAL)
    }

    /// Whether this is the operator's own machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.as_str() == LOCAL
    }
}

/// The unit of work: a step on one host for one item of its `foreach`. Each is journalled on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnitId {
    /// The step.
    pub step: StepId,
    /// The position of the item in the step's `foreach`, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The host; none for steps that act on no host (`manual`, `wait`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Role>,
}

impl fmt::Display for UnitId {
    /// `dump-db`, `dump-db@old`, `dump-db[2]@old`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        if let Some(item) = self.item {
            write!(f, "[{item}]")?;
        }
        if let Some(host) = &self.host {
            write!(f, "@{host}")?;
        }
        Ok(())
    }
}
