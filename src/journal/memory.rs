//! A store in memory, for tests: it can fail at the n-th append, before or after it has written.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::RunId;

use super::error::JournalError;
use super::lease::{Fence, Holder};
use super::store::{OutputKey, Result, Store};

/// Keeps runs as long as it lives.
#[derive(Default)]
pub struct MemoryStore {
    runs: Mutex<BTreeMap<RunId, Kept>>,
    fault: Mutex<Option<Fault>>,
}

/// Where appending is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The entry, from 1.
    pub seq: u64,
    /// Whether it is written all the same.
    pub written: bool,
}

#[derive(Default)]
struct Kept {
    entries: Vec<String>,
    outputs: BTreeMap<OutputKey, Vec<Vec<u8>>>,
    fence: i64,
    holder: Option<Holder>,
}

impl MemoryStore {
    /// Lets the append of an entry fail once.
    pub fn fail_at(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    fn runs_mut(&self) -> MutexGuard<'_, BTreeMap<RunId, Kept>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, run: &RunId, f: impl FnOnce(&mut Kept) -> Result<T>) -> Result<T> {
        f(self.runs_mut().get_mut(run).ok_or_else(|| JournalError::NoRun(run.clone()))?)
    }

    fn fenced<T>(&self, run: &RunId, fence: Fence, f: impl FnOnce(&mut Kept) -> T) -> Result<T> {
        self.with(run, |kept| if kept.fence == fence.0 { Ok(f(kept)) } else { Err(JournalError::Fenced(run.clone())) })
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, run: &RunId, holder: &Holder) -> Result<Fence> {
        let mut runs = self.runs_mut();
        if runs.contains_key(run) {
            return Err(JournalError::Exists(run.clone()));
        }
        runs.insert(run.clone(), Kept { fence: 1, holder: Some(holder.clone()), ..Kept::default() });
        Ok(Fence(1))
    }

    async fn runs(&self) -> Result<Vec<RunId>> {
        let runs = self.runs_mut();
        Ok(runs.iter().rev().filter(|(_, kept)| !kept.entries.is_empty()).map(|(run, _)| run.clone()).collect())
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<String>> {
        self.with(run, |kept| Ok(kept.entries.clone()))
    }

    async fn append(&self, run: &RunId, fence: Fence, seq: u64, entry: &str) -> Result<()> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take_if(|fault| fault.seq == seq);
        if fault.is_none_or(|fault| fault.written) {
            self.fenced(run, fence, |kept| kept.entries.push(entry.to_owned()))?;
        }
        match fault {
            Some(_) => Err(JournalError::Database(sqlx::Error::PoolClosed)),
            None => Ok(()),
        }
    }

    async fn acquire(&self, run: &RunId, holder: &Holder, take_over: bool) -> Result<Fence> {
        self.with(run, |kept| {
            if let Some(present) = kept.holder.as_ref().filter(|present| !take_over && !present.is_dead()) {
                return Err(JournalError::Held { run: run.clone(), holder: Box::new(present.clone()) });
            }
            kept.fence += 1;
            kept.holder = Some(holder.clone());
            Ok(Fence(kept.fence))
        })
    }

    async fn renew(&self, run: &RunId, fence: Fence, now: Timestamp) -> Result<()> {
        self.fenced(run, fence, |kept| {
            if let Some(holder) = &mut kept.holder {
                holder.renewed = now;
            }
        })
    }

    async fn is_newest(&self, run: &RunId, fence: Fence) -> Result<()> {
        self.fenced(run, fence, |_| ())
    }

    async fn release(&self, run: &RunId, fence: Fence) -> Result<()> {
        match self.fenced(run, fence, |kept| kept.holder = None) {
            Err(JournalError::Fenced(_)) => Ok(()),
            other => other,
        }
    }

    async fn holder(&self, run: &RunId) -> Result<Option<Holder>> {
        self.with(run, |kept| Ok(kept.holder.clone()))
    }

    async fn append_output(&self, run: &RunId, fence: Fence, key: &OutputKey, bytes: &[u8]) -> Result<()> {
        self.fenced(run, fence, |kept| kept.outputs.entry(key.clone()).or_default().push(bytes.to_vec()))
    }

    async fn output_length(&self, run: &RunId, key: &OutputKey) -> Result<u64> {
        let length = |kept: &mut Kept| kept.outputs.get(key).map_or(0, |chunks| chunks.iter().map(Vec::len).sum());
        self.with(run, |kept| Ok(length(kept))).map(|length: usize| length as u64)
    }

    async fn read_output(&self, run: &RunId, key: &OutputKey, from: i64, limit: u32) -> Result<(Vec<u8>, i64)> {
        self.with(run, |kept| {
            let chunks = kept.outputs.get(key).map(Vec::as_slice).unwrap_or_default();
            let from = usize::try_from(from).unwrap_or_default().min(chunks.len());
            let upto = chunks.len().min(from + limit as usize);
            Ok((chunks[from..upto].concat(), i64::try_from(upto).unwrap_or(i64::MAX)))
        })
    }
}
