//! The embedded store: one SQLite file, write-ahead log, synced at every commit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};

use crate::base::RunId;
use crate::base::fs::{self, FileId};

use super::error::JournalError;
use super::lease::{Fence, Holder};
use super::store::{OutputKey, Result, Store};

/// The newest version of the file that is known here.
const VERSION: i64 = 1;

/// What `SQLite` says of a file that is something else (`SQLITE_NOTADB`).
const NOT_A_DATABASE: &str = "26";

/// How long a write waits for another process's write before it is an error.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs in one SQLite file.
pub struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
    /// What it writes first, beside that.
    log: PathBuf,
    /// Which file that was when it was opened.
    file: FileId,
}

impl SqliteStore {
    /// Opens the file, and makes it where there is none: 0600, in a folder of its owner alone.
    ///
    /// # Errors
    /// Where the folder or file cannot be used, is of a newer version, or is no journal.
    pub async fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_private_dir(folder)?;
        }
        // SQLite gives its side files the mode of the main one, so the main one is made first.
        fs::create_private_file(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        // One connection: writes of one process are in order anyway, and a lone reader never waits for a slot.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        let pool = pool.map_err(|error| match error.as_database_error().and_then(DatabaseError::code) {
            Some(code) if code == NOT_A_DATABASE => JournalError::NoJournal { path: path.to_owned() },
            _ => error.into(),
        })?;
        let log = PathBuf::from([path.as_os_str(), "-wal".as_ref()].into_iter().collect::<OsString>());
        let store = Self { pool, path: path.to_owned(), log, file: fs::file_id(path)? };
        store.migrate(path).await?;
        Ok(store)
    }

    /// Whether what was just written is where the next process looks for it. `SQLite` goes on writing to a file that was removed or replaced
    /// under it, and nobody ever reads that again.
    fn is_kept(&self) -> Result<()> {
        let same = fs::file_id(&self.path).is_ok_and(|file| file == self.file) && fs::file_id(&self.log).is_ok();
        if same { Ok(()) } else { Err(JournalError::Gone { path: self.path.clone() }) }
    }

    async fn migrate(&self, path: &Path) -> Result<()> {
        let mut transaction = self.begin().await?;
        let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
        match found {
            0 => {
                sqlx::raw_sql(include_str!("schema.sql")).execute(&mut *transaction).await?;
                sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *transaction).await?;
            }
            VERSION => {}
            _ => return Err(JournalError::Newer { path: path.to_owned(), found, known: VERSION }),
        }
        Ok(transaction.commit().await?)
    }

    /// A transaction that takes the write lock at once: one that took it later could fail with 'busy' whatever the patience.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    async fn lease(transaction: &mut Transaction<'static, Sqlite>, run: &RunId) -> Result<(i64, Option<Holder>)> {
        let row = sqlx::query("SELECT fence, holder FROM run WHERE id = ?")
            .bind(run.as_str())
            .fetch_optional(&mut **transaction)
            .await?
            .ok_or_else(|| JournalError::NoRun(run.clone()))?;
        let holder: Option<String> = row.try_get("holder")?;
        let holder = holder.map(|holder| serde_json::from_str(&holder)).transpose()?;
        Ok((row.try_get("fence")?, holder))
    }

    async fn set_holder(
        transaction: &mut Transaction<'static, Sqlite>,
        run: &RunId,
        fence: i64,
        holder: Option<&Holder>,
    ) -> Result<()> {
        let holder = holder.map(serde_json::to_string).transpose()?;
        sqlx::query("UPDATE run SET fence = ?, holder = ? WHERE id = ?")
            .bind(fence)
            .bind(holder)
            .bind(run.as_str())
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create(&self, run: &RunId, holder: &Holder) -> Result<Fence> {
        let made = sqlx::query("INSERT OR IGNORE INTO run (id, fence, holder) VALUES (?, 1, ?)")
            .bind(run.as_str())
            .bind(serde_json::to_string(holder)?)
            .execute(&self.pool)
            .await?;
        self.is_kept()?;
        if made.rows_affected() == 0 { Err(JournalError::Exists(run.clone())) } else { Ok(Fence(1)) }
    }

    async fn runs(&self) -> Result<Vec<RunId>> {
        let begun = "SELECT id FROM run WHERE EXISTS (SELECT * FROM entry WHERE run = id) ORDER BY id DESC";
        let ids: Vec<String> = sqlx::query_scalar(begun).fetch_all(&self.pool).await?;
        Ok(ids.into_iter().map(RunId::from).collect())
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<String>> {
        let entries: Vec<String> = sqlx::query_scalar("SELECT body FROM entry WHERE run = ? ORDER BY seq")
            .bind(run.as_str())
            .fetch_all(&self.pool)
            .await?;
        if entries.is_empty() && self.holder(run).await?.is_none() {
            return Err(JournalError::NoRun(run.clone()));
        }
        Ok(entries)
    }

    async fn append(&self, run: &RunId, fence: Fence, seq: u64, entry: &str) -> Result<()> {
        // The fence is compared by the very statement that writes: nothing can come in between.
        let written =
            sqlx::query("INSERT INTO entry (run, seq, body) SELECT id, ?, ? FROM run WHERE id = ? AND fence = ?")
                .bind(i64::try_from(seq).unwrap_or(i64::MAX))
                .bind(entry)
                .bind(run.as_str())
                .bind(fence.0)
                .execute(&self.pool)
                .await?;
        self.is_kept()?;
        if written.rows_affected() == 0 { Err(JournalError::Fenced(run.clone())) } else { Ok(()) }
    }

    async fn acquire(&self, run: &RunId, holder: &Holder, take_over: bool) -> Result<Fence> {
        let mut transaction = self.begin().await?;
        let (fence, present) = Self::lease(&mut transaction, run).await?;
        if let Some(present) = present.filter(|present| !take_over && !present.is_dead()) {
            return Err(JournalError::Held { run: run.clone(), holder: Box::new(present) });
        }
        Self::set_holder(&mut transaction, run, fence + 1, Some(holder)).await?;
        transaction.commit().await?;
        self.is_kept()?;
        Ok(Fence(fence + 1))
    }

    async fn renew(&self, run: &RunId, fence: Fence, now: Timestamp) -> Result<()> {
        let mut transaction = self.begin().await?;
        let (newest, holder) = Self::lease(&mut transaction, run).await?;
        let holder = holder.filter(|_| newest == fence.0).ok_or_else(|| JournalError::Fenced(run.clone()))?;
        let holder = Holder { renewed: now, ..holder };
        Self::set_holder(&mut transaction, run, newest, Some(&holder)).await?;
        Ok(transaction.commit().await?)
    }

    async fn is_newest(&self, run: &RunId, fence: Fence) -> Result<()> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT fence FROM run WHERE id = ?")
            .bind(run.as_str())
            .fetch_optional(&self.pool)
            .await?;
        self.is_kept()?;
        if newest == Some(fence.0) { Ok(()) } else { Err(JournalError::Fenced(run.clone())) }
    }

    async fn release(&self, run: &RunId, fence: Fence) -> Result<()> {
        sqlx::query("UPDATE run SET holder = NULL WHERE id = ? AND fence = ?")
            .bind(run.as_str())
            .bind(fence.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn holder(&self, run: &RunId) -> Result<Option<Holder>> {
        let mut transaction = self.begin().await?;
        Ok(Self::lease(&mut transaction, run).await?.1)
    }

    async fn append_output(&self, run: &RunId, fence: Fence, key: &OutputKey, bytes: &[u8]) -> Result<()> {
        let written = sqlx::query(
            "INSERT INTO output (run, unit, attempt, stderr, chunk, bytes)
             SELECT id, ?1, ?2, ?3,
                    1 + coalesce((SELECT max(chunk) FROM output
                                  WHERE run = ?5 AND unit = ?1 AND attempt = ?2 AND stderr = ?3), -1),
                    ?4
             FROM run WHERE id = ?5 AND fence = ?6",
        )
        .bind(key.unit.to_string())
        .bind(key.attempt)
        .bind(key.stderr)
        .bind(bytes)
        .bind(run.as_str())
        .bind(fence.0)
        .execute(&self.pool)
        .await?;
        if written.rows_affected() == 0 { Err(JournalError::Fenced(run.clone())) } else { Ok(()) }
    }

    async fn output_length(&self, run: &RunId, key: &OutputKey) -> Result<u64> {
        let length: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(length(bytes)), 0) FROM output
             WHERE run = ? AND unit = ? AND attempt = ? AND stderr = ?",
        )
        .bind(run.as_str())
        .bind(key.unit.to_string())
        .bind(key.attempt)
        .bind(key.stderr)
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(length).unwrap_or_default())
    }

    async fn read_output(&self, run: &RunId, key: &OutputKey, from: i64, limit: u32) -> Result<(Vec<u8>, i64)> {
        let chunks: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT bytes FROM output WHERE run = ? AND unit = ? AND attempt = ? AND stderr = ? AND chunk >= ?
             ORDER BY chunk LIMIT ?",
        )
        .bind(run.as_str())
        .bind(key.unit.to_string())
        .bind(key.attempt)
        .bind(key.stderr)
        .bind(from)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let upto = from + i64::try_from(chunks.len()).unwrap_or(i64::MAX);
        Ok((chunks.concat(), upto))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn me() -> Holder {
        Holder::this_process("me@here", Timestamp::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_reopening_and_only_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/journal.db");
        let run = RunId::from("r1");
        {
            let store = SqliteStore::open(&path).await.unwrap();
            let fence = store.create(&run, &me()).await.unwrap();
            store.append(&run, fence, 1, "one").await.unwrap();
            store.append(&run, fence, 2, "two").await.unwrap();
        }
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(store.entries(&run).await.unwrap(), ["one", "two"]);
        for file in ["journal.db", "journal.db-wal"] {
            let mode = path.with_file_name(file).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let folder = path.parent().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(folder & 0o777, 0o700);
    }

    #[tokio::test]
    async fn two_never_hold_a_run_and_the_one_that_was_taken_over_writes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("journal.db")).await.unwrap();
        let run = RunId::from("r1");
        let first = store.create(&run, &me()).await.unwrap();
        assert!(matches!(store.acquire(&run, &me(), false).await, Err(JournalError::Held { .. })));
        let second = store.acquire(&run, &me(), true).await.unwrap();
        assert!(second > first);
        assert!(matches!(store.append(&run, first, 1, "late").await, Err(JournalError::Fenced(_))));
        assert!(matches!(store.renew(&run, first, Timestamp::UNIX_EPOCH).await, Err(JournalError::Fenced(_))));
        store.append(&run, second, 1, "mine").await.unwrap();
        store.release(&run, second).await.unwrap();
        store.acquire(&run, &me(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_dead_holder_does_not_keep_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("journal.db")).await.unwrap();
        let run = RunId::from("r1");
        let dead = Holder { started: 1, ..me() };
        store.create(&run, &dead).await.unwrap();
        store.acquire(&run, &me(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let store = SqliteStore::open(&path).await.unwrap();
        sqlx::raw_sql("PRAGMA user_version = 9").execute(&store.pool).await.unwrap();
        drop(store);
        let refused = SqliteStore::open(&path).await.map(drop).unwrap_err();
        assert!(refused.to_string().contains("version 9, newer than the 1"), "{refused}");
    }

    #[tokio::test]
    async fn output_is_kept_whole_and_read_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("journal.db")).await.unwrap();
        let run = RunId::from("r1");
        let fence = store.create(&run, &me()).await.unwrap();
        let unit = crate::base::UnitId { step: "dump".into(), item: None, host: Some("old".into()) };
        let key = OutputKey { unit, attempt: 1, stderr: false };
        for piece in [&b"a\0"[..], b"\xff", b"c"] {
            store.append_output(&run, fence, &key, piece).await.unwrap();
        }
        assert_eq!(store.output_length(&run, &key).await.unwrap(), 4);
        let other = OutputKey { stderr: true, ..key.clone() };
        store.append_output(&run, fence, &other, b"warning").await.unwrap();
        assert_eq!(store.output_length(&run, &other).await.unwrap(), 7);
        assert_eq!(store.read_output(&run, &key, 0, 2).await.unwrap(), (b"a\0\xff".to_vec(), 2));
        assert_eq!(store.read_output(&run, &key, 2, 9).await.unwrap(), (b"c".to_vec(), 3));
    }
}
