//! What the language consists of, for each way to show it.

use crate::actions::kinds::http::Http;
use crate::actions::kinds::lookup::Lookup;
use crate::actions::registry::{Kind, Registry};
use crate::model::form::{Form, Place, Schemas};
use crate::model::kinds::{ACTIONS, ActionKind};
use crate::model::load::DECLARED;

/// A part that others name by [`Form::Defined`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// That name.
    pub(super) name: &'static str,
    /// What people call it.
    pub(super) place: Place,
    /// What it is, in a sentence of Markdown.
    pub(super) about: &'static str,
    /// Its keys, the actions left out.
    pub(super) form: Form,
    /// Where its values stand.
    pub(super) stands: Schemas,
    /// Which actions stand beside the keys.
    pub(super) beside: Beside,
}

/// The actions that stand beside the keys of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// None.
    Nothing,
    /// Exactly one; with `restores` one or none. Those that act on a host need `on`.
    Step,
    /// Exactly one.
    Action,
    /// Exactly one of those that only look.
    Look,
}

impl Beside {
    /// Whether this action may stand there.
    pub(super) const fn admits(self, kind: &ActionKind) -> bool {
        match self {
            Self::Nothing => false,
            Self::Step | Self::Action => true,
            Self::Look => kind.looks_only,
        }
    }
}

/// The whole book.
pub(super) const BOOK: Form = Form::OneKeyOf(DECLARED.book, &["phases", "steps"]);

/// What the probes of a `watch` take under `expect`, which may stand beside them.
const EXPECTATION: Form = Form::Either(&[Http::EXPECT, Form::Regex, Lookup::EXPECT]);

/// The parts of a book.
pub(super) const PARTS: [Part; 6] = [
    Part {
        name: "phase",
        place: Place { one: "phase", many: "phases", title: "A phase" },
        about: "A part of the work that has a name.",
        form: Form::SomeKeyOf(DECLARED.phase, &["id", "name"]),
        stands: Schemas::Written,
        beside: Beside::Nothing,
    },
    Part {
        name: "include",
        place: Place { one: "included file", many: "included files", title: "A file that is included" },
        about: "What stands in the place of a phase: the file that has phases.",
        form: Form::Keys(DECLARED.include),
        stands: Schemas::Written,
        beside: Beside::Nothing,
    },
    Part {
        name: "step",
        place: Place { one: "step", many: "steps", title: "A step" },
        about: "What is done at one time, and how.",
        form: Form::Keys(DECLARED.step),
        stands: Schemas::Written,
        beside: Beside::Step,
    },
    Part {
        name: "check",
        place: Place { one: "check", many: "checks", title: "A check" },
        about: "What looks and changes nothing, for [`verify`](#step-verify) and for [`wait`](#wait).",
        form: Form::Keys(DECLARED.part),
        stands: Schemas::Written,
        beside: Beside::Look,
    },
    Part {
        name: "part",
        place: Place { one: "step of an undo", many: "steps of an undo", title: "A step of an undo" },
        about: "What takes a part of a step back, for its [`undo`](#step-undo).",
        form: Form::Keys(DECLARED.part),
        stands: Schemas::Written,
        beside: Beside::Action,
    },
    Part {
        name: "expectation",
        place: Place { one: "expectation", many: "expectations", title: "What a probe expects" },
        about: "What stands under `expect` beside a probe of [`watch`](#watch): the same as in its `http`, `tcp` or `lookup`.",
        form: EXPECTATION,
        stands: Schemas::Rendered,
        beside: Beside::Nothing,
    },
];

/// Every action, as the language and as the registry knows it, in the order of the language.
pub(super) fn actions() -> impl Iterator<Item = (&'static ActionKind, &'static Kind)> {
    ACTIONS.iter().filter_map(|action| Some((action, Registry.kind(action.name)?)))
}
