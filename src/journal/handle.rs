//! A run in the hands of this process: records go to the store first, then into the view, then to whoever shows them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::task::AbortHandle;

use crate::base::{Clock, RunId, UnitId};
use crate::events::record::{Outcome, Reversal, Started};
use crate::events::{Entry, Preview, Record, RunView};

use super::chain;
use super::intent::{Cleaning, Intent};
use super::lease::{Fence, Holder, RENEWAL};
use super::store::{OutputKey, Result, Store};

/// How many chunks of output are read at a time.
const CHUNKS: u32 = 64;

/// Told of every entry once it is durable, and of the run as it stands with it.
pub type Listener = Box<dyn Fn(&Entry, &RunView) + Send + Sync>;

/// The journal of one run, under this process's lease.
pub struct Journal {
    run: RunId,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    who: String,
    fence: Fence,
    tail: Mutex<Tail>,
    view: RwLock<Arc<RunView>>,
    listeners: RwLock<Vec<Listener>>,
    renewal: AbortHandle,
    lost: watch::Receiver<bool>,
}

/// The end of the chain.
struct Tail {
    seq: u64,
    hash: String,
}

impl Journal {
    /// Makes a run.
    ///
    /// # Errors
    /// Where there is such a run already, or the store fails.
    pub async fn create(store: Arc<dyn Store>, clock: Arc<dyn Clock>, who: String, started: Started) -> Result<Self> {
        let run = started.run.clone();
        let fence = store.create(&run, &Holder::this_process(&who, clock.now())).await?;
        let journal = Self::held(store, clock, who, run, fence, &[], RunView::default());
        journal.append(Record::Started(Box::new(started))).await?;
        Ok(journal)
    }

    /// Takes a run up again: its chain is held against its hashes and folded.
    ///
    /// # Errors
    /// Where another operator holds the run, its journal was tampered with, or the store fails.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        who: String,
        run: &RunId,
        take_over: bool,
    ) -> Result<Self> {
        let before = store.holder(run).await?;
        let fence = store.acquire(run, &Holder::this_process(&who, clock.now()), take_over).await?;
        match load(&*store, run).await {
            Ok((entries, view)) => {
                let (watched, last) = (view.is_watched(), view.last);
                let journal = Self::held(store, clock, who, run.clone(), fence, &entries, view);
                // Whoever watched did not say that it has ended: it died, some time after it was heard of last.
                let heard = before.map(|holder| holder.renewed).max(last);
                if let Some(since) = heard.filter(|_| watched) {
                    journal.append(Record::Unwatched { since }).await?;
                }
                Ok(journal)
            }
            Err(error) => {
                store.release(run, fence).await?;
                Err(error)
            }
        }
    }

    fn held(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        who: String,
        run: RunId,
        fence: Fence,
        entries: &[String],
        view: RunView,
    ) -> Self {
        let hash = entries.last().map(|entry| chain::hash(entry)).unwrap_or_default();
        let (tell, lost) = watch::channel(false);
        let renewal = tokio::spawn(keep(store.clone(), clock.clone(), run.clone(), fence, tell)).abort_handle();
        Self {
            tail: Mutex::new(Tail { seq: entries.len() as u64, hash }),
            view: RwLock::new(Arc::new(view)),
            listeners: RwLock::default(),
            run,
            store,
            clock,
            who,
            fence,
            renewal,
            lost,
        }
    }

    /// Writes a record. When this returns, the record is durable, in the view, and was shown.
    ///
    /// # Errors
    /// Where it cannot follow what is there, another operator has the run, or the store fails: then nothing was written.
    pub async fn append(&self, record: Record) -> Result<Entry> {
        let tail = self.tail.lock().await;
        self.append_at(tail, record).await
    }

    /// The same where, with nothing else coming in between, the run stands so that the record is wanted.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append_if(&self, record: Record, wanted: impl FnOnce(&RunView) -> bool) -> Result<Option<Entry>> {
        let tail = self.tail.lock().await;
        if !wanted(&self.view()) {
            return Ok(None);
        }
        self.append_at(tail, record).await.map(Some)
    }

    async fn append_at(&self, mut tail: MutexGuard<'_, Tail>, record: Record) -> Result<Entry> {
        self.view().check(&record)?;
        let entry = Entry {
            seq: tail.seq + 1,
            at: self.clock.now(),
            who: self.who.clone(),
            previous: tail.hash.clone(),
            record,
        };
        let text = serde_json::to_string(&entry)?;
        self.store.append(&self.run, self.fence, entry.seq, &text).await?;
        *tail = Tail { seq: entry.seq, hash: chain::hash(&text) };
        let view = {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut view).apply(&entry)?;
            view.clone()
        };
        for listener in self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(&entry, &view);
        }
        Ok(entry)
    }

    /// Announces a try of a unit with its way back, and what it is about to do. What it returns allows the unit to be changed.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn intend(
        &self,
        unit: &UnitId,
        attempt: u32,
        reversal: &Reversal,
        preview: Option<Preview>,
    ) -> Result<Intent> {
        let (reversal, preview) = (Box::new(reversal.clone()), preview.map(Box::new));
        self.append(Record::Intended { unit: unit.clone(), attempt, reversal, preview }).await?;
        Ok(Intent::new(unit.clone(), attempt))
    }

    /// Announces that a unit is taken back.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn intend_undo(&self, unit: &UnitId, attempt: u32) -> Result<Intent> {
        self.append(Record::UndoIntended { unit: unit.clone(), attempt }).await?;
        Ok(Intent::new(unit.clone(), attempt))
    }

    /// Announces that what the run keeps for undo is removed.
    ///
    /// # Errors
    /// As [`Journal::append`]; also where the run is not over.
    pub async fn intend_cleaning(&self) -> Result<Cleaning> {
        self.append_if(Record::CleaningBegun, |view| view.cleaned.is_none()).await?;
        Ok(Cleaning::new())
    }

    /// The intent of a unit that is in flight since another process announced it.
    ///
    /// # Errors
    /// Where the unit is not in flight.
    pub fn reclaim(&self, unit: &UnitId) -> Result<Intent> {
        let number = self.view().state(unit).in_flight()?;
        Ok(Intent::new(unit.clone(), number))
    }

    /// Writes how a try ended.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn settle(&self, intent: Intent, outcome: Outcome) -> Result<()> {
        self.append(Record::Settled { unit: intent.into_unit(), outcome }).await?;
        Ok(())
    }

    /// Keeps more output of a unit's try, masked by whoever calls.
    ///
    /// # Errors
    /// Where another operator has the run, or the store fails.
    pub async fn append_output(&self, unit: &UnitId, attempt: u32, stderr: bool, bytes: &[u8]) -> Result<()> {
        let key = OutputKey { unit: unit.clone(), attempt, stderr };
        self.store.append_output(&self.run, self.fence, &key, bytes).await
    }

    /// How many bytes of a try's output are kept.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn output_length(&self, unit: &UnitId, attempt: u32, stderr: bool) -> Result<u64> {
        self.store.output_length(&self.run, &OutputKey { unit: unit.clone(), attempt, stderr }).await
    }

    /// The run as it stands.
    #[must_use]
    pub fn view(&self) -> Arc<RunView> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which of the processes that have held the run this is.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// Sees that nobody has taken the run over.
    ///
    /// # Errors
    /// Where another operator has the run, or the store fails.
    pub async fn is_held(&self) -> Result<()> {
        self.store.is_newest(&self.run, self.fence).await
    }

    /// Tells, within seconds, that another operator has the run.
    #[must_use]
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    /// Tells `listener` of every entry from now on.
    pub fn subscribe(&self, listener: Listener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Gives the run back.
    ///
    /// # Errors
    /// Where the store fails; the lease then goes stale by itself.
    pub async fn close(&self) -> Result<()> {
        self.renewal.abort();
        self.store.release(&self.run, self.fence).await
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// The entries of a run as they were written, and the run as they tell it.
///
/// # Errors
/// Where there is no such run, it was tampered with, or the store fails.
pub async fn load(store: &dyn Store, run: &RunId) -> Result<(Vec<String>, RunView)> {
    let entries = store.entries(run).await?;
    let mut view = RunView::default();
    for entry in chain::read(run, &entries)? {
        view.apply(&entry)?;
    }
    Ok((entries, view))
}

/// Gives `take` the output that is kept of a try, from chunk `from` on, and tells the number of the chunk after the last.
///
/// # Errors
/// Where the store fails.
pub async fn output(
    store: &dyn Store,
    run: &RunId,
    key: &OutputKey,
    mut from: i64,
    mut take: impl FnMut(&[u8]),
) -> Result<i64> {
    loop {
        let (bytes, upto) = store.read_output(run, key, from, CHUNKS).await?;
        if upto == from {
            return Ok(from);
        }
        take(&bytes);
        from = upto;
    }
}

/// Renews the lease until it is lost. A renewal that fails is tried again: a write will tell.
async fn keep(store: Arc<dyn Store>, clock: Arc<dyn Clock>, run: RunId, fence: Fence, lost: watch::Sender<bool>) {
    let pause = Duration::try_from(RENEWAL).unwrap_or_default();
    loop {
        tokio::time::sleep(pause).await;
        let now: Timestamp = clock.now();
        if let Err(super::error::JournalError::Fenced(_)) = store.renew(&run, fence, now).await {
            lost.send_replace(true);
            return;
        }
    }
}
