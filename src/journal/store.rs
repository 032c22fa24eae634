//! What keeps records, whichever database it is.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::{RunId, UnitId};

use super::error::JournalError;
use super::lease::{Fence, Holder};

/// A result of the journal.
pub type Result<T> = std::result::Result<T, JournalError>;

/// Keeps runs. Whatever it has answered `Ok` to survives a power cut.
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes an empty run and gives it to `holder`.
    ///
    /// # Errors
    /// Where there is such a run already, or the store fails.
    async fn create(&self, run: &RunId, holder: &Holder) -> Result<Fence>;

    /// All runs, newest first. One whose process died before its first entry is none.
    ///
    /// # Errors
    /// Where the store fails.
    async fn runs(&self) -> Result<Vec<RunId>>;

    /// The entries of a run in order, as they were written.
    ///
    /// # Errors
    /// Where there is no such run, or the store fails.
    async fn entries(&self, run: &RunId) -> Result<Vec<String>>;

    /// Writes entry `seq`.
    ///
    /// # Errors
    /// Where `fence` is no longer the newest, or the store fails.
    async fn append(&self, run: &RunId, fence: Fence, seq: u64, entry: &str) -> Result<()>;

    /// Gives the run to `holder`, unless another one holds it that is not known to be dead; with `take_over`, even so.
    ///
    /// # Errors
    /// Where another holds it, there is no such run, or the store fails.
    async fn acquire(&self, run: &RunId, holder: &Holder, take_over: bool) -> Result<Fence>;

    /// Says that the holder still lives.
    ///
    /// # Errors
    /// Where `fence` is no longer the newest, or the store fails.
    async fn renew(&self, run: &RunId, fence: Fence, now: Timestamp) -> Result<()>;

    /// Sees that nobody has acquired the run since.
    ///
    /// # Errors
    /// Where `fence` is no longer the newest, or the store fails.
    async fn is_newest(&self, run: &RunId, fence: Fence) -> Result<()>;

    /// Gives the run back.
    ///
    /// # Errors
    /// Where the store fails.
    async fn release(&self, run: &RunId, fence: Fence) -> Result<()>;

    /// Who holds the run, if anybody does.
    ///
    /// # Errors
    /// Where the store fails.
    async fn holder(&self, run: &RunId) -> Result<Option<Holder>>;

    /// Keeps more output of a unit's try.
    ///
    /// # Errors
    /// Where `fence` is no longer the newest, or the store fails.
    async fn append_output(&self, run: &RunId, fence: Fence, key: &OutputKey, bytes: &[u8]) -> Result<()>;

    /// How many bytes of output are kept.
    ///
    /// # Errors
    /// Where the store fails.
    async fn output_length(&self, run: &RunId, key: &OutputKey) -> Result<u64>;

    /// At most `limit` chunks of output from chunk `from` on, and the number of the chunk after the last.
    ///
    /// # Errors
    /// Where the store fails.
    async fn read_output(&self, run: &RunId, key: &OutputKey, from: i64, limit: u32) -> Result<(Vec<u8>, i64)>;
}

/// Whose output it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputKey {
    /// The unit.
    pub unit: UnitId,
    /// Its try, from 1.
    pub attempt: u32,
    /// Whether it came on stderr.
    pub stderr: bool,
}
