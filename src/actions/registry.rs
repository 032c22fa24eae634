//! Which actions there are.

use async_trait::async_trait;
use serde_json::Value;

use crate::events::record::{Account, Keepsake};
use crate::model::{Diagnostics, Form, Node};

use super::context::{Read, Write};
use super::contract::{Action, ActionError};
use super::edit::Edited;
use super::erased::{self, DynAction};

/// One kind of action: how it is decoded, and how a unit of it is taken back.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The YAML key.
    pub name: &'static str,
    /// Whether its steps need `on`.
    pub needs_host: bool,
    /// What its value looks like.
    pub form: Form,
    /// The keys of its value under which a secret may stand.
    pub secrets: &'static [&'static str],
    /// What it leaves for later templates beside the usual.
    pub outputs: &'static [&'static str],
    decode: fn(&Node, &mut Diagnostics) -> Option<Box<dyn DynAction>>,
    undo: &'static dyn DynUndo,
}

#[async_trait]
trait DynUndo: Send + Sync {
    async fn undo(&self, captured: &Value, cx: &Write<'_>) -> Result<String, ActionError>;

    async fn sweep(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError>;

    fn keepers(&self, captured: &Value) -> Vec<Account>;

    async fn kept(&self, captured: &Value, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError>;

    async fn discard(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError>;

    fn ttl_before(&self, captured: &Value) -> Option<u32>;
}

struct UndoOf<A>(std::marker::PhantomData<fn() -> A>);

#[async_trait]
impl<A: Action> DynUndo for UndoOf<A> {
    async fn undo(&self, captured: &Value, cx: &Write<'_>) -> Result<String, ActionError> {
        erased::undo::<A>(captured, cx).await
    }

    async fn sweep(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
        erased::sweep::<A>(captured, cx).await
    }

    fn keepers(&self, captured: &Value) -> Vec<Account> {
        erased::keepers::<A>(captured)
    }

    async fn kept(&self, captured: &Value, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        erased::kept::<A>(captured, cx).await
    }

    async fn discard(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
        erased::discard::<A>(captured, cx).await
    }

    fn ttl_before(&self, captured: &Value) -> Option<u32> {
        erased::ttl_before::<A>(captured)
    }
}

const fn kind<A: Action>() -> Kind {
    Kind {
        name: A::KIND,
        needs_host: A::NEEDS_HOST,
        form: A::FORM,
        secrets: A::SECRETS,
        outputs: A::OUTPUTS,
        decode: |node, diagnostics| A::decode(node, diagnostics).map(|action| Box::new(action) as Box<dyn DynAction>),
        undo: const { &UndoOf::<A>(std::marker::PhantomData) },
    }
}

/// Every action there is: one line each.
#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind::<super::kinds::compare::Compare>(),
    kind::<super::kinds::copy::Copy>(),
    kind::<Edited<super::kinds::cron::Cron>>(),
    kind::<super::kinds::dns::Dns>(),
    kind::<super::kinds::file::File>(),
    kind::<Edited<super::kinds::hosts_entry::HostsEntry>>(),
    kind::<super::kinds::http::Http>(),
    kind::<Edited<super::kinds::line::Line>>(),
    kind::<super::kinds::lookup::Lookup>(),
    kind::<super::kinds::manual::Manual>(),
    kind::<super::kinds::moves::Moves>(),
    kind::<super::kinds::package::Package>(),
    kind::<super::kinds::postgres::Postgres>(),
    kind::<super::kinds::reboot::Reboot>(),
    kind::<super::kinds::run::Run>(),
    kind::<super::kinds::service::Service>(),
    kind::<super::kinds::show::Show>(),
    kind::<super::kinds::sql::Sql>(),
    kind::<super::kinds::stream::StreamAction>(),
    kind::<super::kinds::tcp::Tcp>(),
    kind::<super::kinds::sync::Sync>(),
    kind::<super::kinds::template::Template>(),
    kind::<super::kinds::wait::Wait>(),
];

/// Finds actions by their key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

impl Registry {
    /// The kind of that key, if there is one.
    #[must_use]
    pub fn kind(self, name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// All kinds.
    #[must_use]
    pub fn kinds(self) -> &'static [Kind] {
        KINDS
    }
}

impl Kind {
    /// Reads an action from its YAML value, reporting everything that is wrong with it.
    #[must_use]
    pub fn decode(&self, value: &Node, diagnostics: &mut Diagnostics) -> Option<Box<dyn DynAction>> {
        (self.decode)(value, diagnostics)
    }

    /// Takes a unit of this kind back with what it captured.
    ///
    /// # Errors
    /// As the action's own undo says.
    pub async fn undo(&self, captured: &Value, cx: &Write<'_>) -> Result<String, ActionError> {
        self.undo.undo(captured, cx).await
    }

    /// Removes what a unit of this kind needed on its way, by what it captured.
    ///
    /// # Errors
    /// As the action's own `sweep` says.
    pub async fn sweep(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
        self.undo.sweep(captured, cx).await
    }

    /// In whose folders a unit of this kind keeps things, by what it captured.
    #[must_use]
    pub fn keepers(&self, captured: &Value) -> Vec<Account> {
        self.undo.keepers(captured)
    }

    /// What a unit of this kind keeps for its undo beside the folder of the run.
    ///
    /// # Errors
    /// As the action's own `kept` says.
    pub async fn kept(&self, captured: &Value, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        self.undo.kept(captured, cx).await
    }

    /// Removes that.
    ///
    /// # Errors
    /// As the action's own `discard` says.
    pub async fn discard(&self, captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
        self.undo.discard(captured, cx).await
    }

    /// The time to live that a unit of this kind saw before its change, by what it captured.
    #[must_use]
    pub fn ttl_before(&self, captured: &Value) -> Option<u32> {
        self.undo.ttl_before(captured)
    }
}
