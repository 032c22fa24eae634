//! Why there is no answer.

use crate::actions::contract::ActionError;
use crate::base::Masker;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server, or the way to it, is not as it has to be.
    No {
        /// In what way.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It could not even be asked.
    Unasked(ActionError),
}

impl From<ActionError> for Trouble {
    fn from(error: ActionError) -> Self {
        Self::Unasked(error)
    }
}

impl Trouble {
    /// No answer, for this reason.
    pub(super) fn no(why: impl Into<String>) -> Self {
        Self::No { why: why.into(), hint: None }
    }

    /// Why a name leads nowhere.
    pub(super) fn of_name(error: ActionError) -> Self {
        match error {
            ActionError::Failed(failure) => Self::No { why: failure.why, hint: failure.hint },
            other => Self::Unasked(other),
        }
    }

    /// The same with something to do about it.
    pub(super) fn hint(self, hint: Option<impl Into<String>>) -> Self {
        match self {
            Self::No { why, .. } => Self::No { why, hint: hint.map(Into::into) },
            unasked @ Self::Unasked(_) => unasked,
        }
    }
}

/// What is wrong with an answer or with there being none, in words that may be shown.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    /// What is wrong where no answer came; the error where nobody was asked.
    pub(super) fn of(trouble: Trouble, masker: &Masker) -> Result<Self, ActionError> {
        match trouble {
            Trouble::No { why, hint } => Ok(Self { why: masker.mask(&why), hint }),
            Trouble::Unasked(error) => Err(error),
        }
    }

    /// All of it in one line.
    pub(super) fn in_a_line(self) -> String {
        match self.hint {
            Some(hint) => format!("{} ({hint})", self.why),
            None => self.why,
        }
    }
}
