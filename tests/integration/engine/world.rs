//! A run in miniature: a book in a folder, hosts that are folders, an operator who answers from a list, a journal that can break.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use runbook::actions::Task;
use runbook::base::{Clock, Role, RunId, Secret, StepId, SystemClock, UnitId};
use runbook::engine::{
    Connector, Controller, Destination, End, EngineError, Gate, GateAnswer, Interrupter, Kept, Manner, Operator,
    Remedy, Screen, Setup, TaskAnswer, Trouble,
};
use runbook::events::{Entry, Foreseen, Progress, Record, RunView};
use runbook::journal::store::Result as StoreResult;
use runbook::journal::{Fence, Holder, Journal, JournalError, MemoryStore, OutputKey, Store};
use runbook::model::load;
use runbook::plan::{self, Inputs, Plan};
use runbook::transport::{Fake, Local, Transport, TransportError};

/// A book, its hosts, and the journal of its run. The hosts `old` and `new` are folders; `{old}` and `{new}` in the book are their paths.
pub(crate) struct World {
    folder: TempDir,
    text: String,
    pub(crate) hosts: BTreeMap<Role, Arc<Fake>>,
    pub(crate) store: Arc<Breaking>,
    pub(crate) script: Arc<Script>,
    pub(crate) clock: Arc<Wrong>,
    interrupter: Interrupter,
    signals: runbook::engine::Signals,
    secrets: BTreeMap<String, Secret>,
    /// What else `hosts:` says of a role.
    more: BTreeMap<Role, String>,
    pub(crate) manner: Manner,
    run: RunId,
}

impl World {
    /// A world with this book's `phases:` or `steps:`; its hosts are given.
    pub(crate) fn new(book: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hosts = ["old", "new", "m1", "m2", "m3"].map(|role| {
            let home = folder.path().join(role);
            std::fs::create_dir(&home).unwrap();
            (Role::from(role), Arc::new(Fake::new(Role::from(role), &home)))
        });
        std::fs::create_dir(folder.path().join("book")).unwrap();
        let (interrupter, signals) = Interrupter::new();
        // Jobs on this machine itself are kept by the run's name.
        let run = RunId::from(folder.path().file_name().unwrap().to_str().unwrap());
        Self {
            text: String::new(),
            hosts: hosts.into(),
            store: Arc::default(),
            script: Arc::default(),
            clock: Arc::default(),
            interrupter,
            signals,
            secrets: BTreeMap::new(),
            more: BTreeMap::new(),
            manner: Manner::default(),
            run,
            folder,
        }
        .book(book)
    }

    /// The same with another text of the book.
    pub(crate) fn book(mut self, book: &str) -> Self {
        self.edit(book);
        self
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let _ = self.interrupter.interrupt();
    }

    /// The next process has not been interrupted.
    pub(crate) fn calm(&mut self) {
        (self.interrupter, self.signals) = Interrupter::new();
    }

    /// Waits until a file of a host is there.
    pub(crate) async fn sees(&self, role: &str, path: &str) {
        while self.read(role, path).is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Puts another text in the place of the book.
    pub(crate) fn edit(&mut self, book: &str) {
        let more = |role: &Role| self.more.get(role).cloned().unwrap_or_default();
        let host = |role: &Role| format!("  {role}: {{ssh: {role}, vars: {{home: '<{role}>'}}{}}}\n", more(role));
        let hosts: String = self.hosts.keys().map(host).collect();
        let mut text =
            format!("runbook: 1\nname: Test\nhosts:\n{hosts}groups: {{mirrors: [m1, m2, m3]}}\n{}", book.trim_start());
        for role in self.hosts.keys() {
            text = text.replace(&format!("<{role}>"), self.home(role.as_str()).to_str().unwrap());
        }
        std::fs::write(self.folder.path().join("book/book.yaml"), &text).unwrap();
        self.text = text;
    }

    /// Writes a file beside the book.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join("book").join(name), text).unwrap();
        self
    }

    /// From that step of the book on the role may be another machine.
    pub(crate) fn replaced_at(mut self, role: &str, step: &str, book: &str) -> Self {
        self.more.insert(Role::from(role), format!(", replaced_at: {step}"));
        self.book(book)
    }

    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.insert(name.to_owned(), Secret::new(value.to_owned()));
        self
    }

    /// A person is there, and says this, in this order; after that, nothing.
    pub(crate) fn says(self, said: impl IntoIterator<Item = Said>) -> Self {
        self.script.said.lock().unwrap().extend(said);
        self.script.present.store(1, SeqCst);
        self
    }

    /// The folder that is the host.
    pub(crate) fn home(&self, role: &str) -> PathBuf {
        self.folder.path().join(role)
    }

    /// What stands in a file of a host; none where there is none.
    pub(crate) fn read(&self, role: &str, path: &str) -> Option<String> {
        std::fs::read_to_string(self.home(role).join(path)).ok()
    }

    pub(crate) fn write(&self, role: &str, path: &str, text: &str) {
        std::fs::write(self.home(role).join(path), text).unwrap();
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        let loaded = load::load(&self.folder.path().join("book/book.yaml"));
        assert!(!loaded.diagnostics.has_errors(), "{:#?}\n{}", loaded.diagnostics, self.text);
        let (plan, diagnostics) = plan::resolve(loaded.book.unwrap(), &Inputs::default());
        assert!(!diagnostics.has_errors(), "{diagnostics:#?}\n{}", self.text);
        Arc::new(plan.unwrap())
    }

    pub(crate) fn setup(&self) -> Setup {
        Setup {
            who: "ann@laptop".to_owned(),
            clock: self.clock.clone(),
            operator: self.script.clone(),
            connector: Arc::new(Ways(self.hosts.clone())),
            screen: self.script.clone(),
            signals: self.signals.clone(),
            secrets: self.secrets.clone(),
            manner: self.manner.clone(),
        }
    }

    /// Begins the run.
    pub(crate) async fn begin(&self) -> Result<Driven, EngineError> {
        let plan = self.plan();
        let path = self.folder.path().join("book/book.yaml");
        let started =
            plan.started(self.run.clone(), &path, &Inputs::default(), serde_json::Value::Null, BTreeMap::new());
        let store: Arc<dyn Store> = self.store.clone();
        let journal = Journal::create(store, Arc::new(SystemClock), "ann@laptop".into(), started).await?;
        Ok(self.driven(journal, plan))
    }

    /// Takes the run up in another process: with another controller and other connections.
    pub(crate) async fn take_up(&self) -> Result<Driven, EngineError> {
        let store: Arc<dyn Store> = self.store.clone();
        let clock = Arc::new(SystemClock);
        let journal = Journal::open(store, clock, "bob@laptop".into(), &self.run, true).await?;
        Ok(self.driven(journal, self.plan()))
    }

    fn driven(&self, journal: Journal, plan: Arc<Plan>) -> Driven {
        let journal = Arc::new(journal);
        Driven { controller: Controller::new(self.setup(), journal.clone(), plan), journal }
    }

    /// Begins the run and carries it as far as it goes.
    pub(crate) async fn go(&self) -> Result<End, EngineError> {
        let driven = self.begin().await?;
        driven.controller.go_on().await
    }

    /// The same in another process.
    pub(crate) async fn resume(&self) -> Result<End, EngineError> {
        let driven = self.take_up().await?;
        driven.journal.append(Record::Resumed { edited: None }).await?;
        driven.controller.go_on().await
    }

    /// Rolls back, in another process.
    pub(crate) async fn roll_back(&self, to: Option<&str>) -> Result<End, EngineError> {
        self.take_up().await?.controller.roll_back(to.map(StepId::from)).await
    }

    /// Removes what is kept for undo, in another process.
    pub(crate) async fn clean(&self) -> Result<Kept, EngineError> {
        self.take_up().await?.controller.clean().await
    }

    pub(crate) async fn view(&self) -> RunView {
        runbook::journal::load(&*self.store, &self.run).await.unwrap().1
    }

    /// What a try of a step on a host has said, as the journal keeps it.
    pub(crate) async fn output(&self, step: &str, role: &str, attempt: u32) -> String {
        let unit = UnitId { step: step.into(), item: None, host: Some(role.into()) };
        let key = OutputKey { unit, attempt, stderr: false };
        String::from_utf8(self.store.read_output(&self.run, &key, 0, 100).await.unwrap().0).unwrap()
    }

    /// How many folders of jobs a host has.
    pub(crate) fn jobs(&self, role: &str) -> usize {
        let inside =
            |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        let runs = inside(self.home(role).join(".local/state/runbook"));
        runs.flat_map(inside).filter(|job| !job.ends_with("kept")).count()
    }

    /// Every unit's state in a word.
    pub(crate) async fn states(&self) -> BTreeMap<String, &'static str> {
        self.view().await.units.iter().map(|(unit, seen)| (unit.to_string(), seen.state.word())).collect()
    }

    pub(crate) async fn foresee(&self) -> Vec<Foreseen> {
        runbook::engine::foresee(&self.setup(), &self.plan(), None, false).await.unwrap().units
    }

    /// Every file of every host, with what it holds, but what the tool keeps for itself.
    pub(crate) fn listing(&self) -> String {
        let mut lines = Vec::new();
        for role in self.hosts.keys() {
            list(&self.home(role.as_str()), role.as_str(), &mut lines);
        }
        lines.sort();
        lines.join("\n")
    }

    /// What the tool left on hosts: job folders, files kept for undo, temporary files.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for role in self.hosts.keys() {
            find(&self.home(role.as_str()), &mut lines);
        }
        lines
    }
}

fn list(folder: &Path, name: &str, lines: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if name.ends_with("/.local") {
            continue;
        }
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            lines.push(format!("{name}/"));
            list(&path, &name, lines);
        } else if kind.is_symlink() {
            lines.push(format!("{name} -> {}", std::fs::read_link(&path).unwrap().display()));
        } else {
            lines.push(format!("{name}: {}", std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn find(folder: &Path, lines: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let inside = path.components().any(|part| part.as_os_str() == ".local");
        let named = entry.file_name().to_string_lossy().contains(".runbook-");
        if entry.file_type().unwrap().is_dir() {
            find(&path, lines);
        } else if inside || named {
            lines.push(path.display().to_string());
        }
    }
}

/// A controller and the journal that it writes.
pub(crate) struct Driven {
    pub(crate) controller: Controller,
    pub(crate) journal: Arc<Journal>,
}

struct Ways(BTreeMap<Role, Arc<Fake>>);

#[async_trait]
impl Connector for Ways {
    async fn connect(&self, host: &Destination) -> Result<Arc<dyn Transport>, TransportError> {
        Ok(match self.0.get(&host.role) {
            Some(fake) => fake.clone(),
            None => Arc::new(Local::new()),
        })
    }
}

/// The machine's clock, as somebody has set it.
#[derive(Default)]
pub(crate) struct Wrong(AtomicI64);

impl Wrong {
    /// Sets it so many seconds before or after what it would be.
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, SeqCst);
    }
}

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(SeqCst))
    }

    fn passed(&self) -> Duration {
        SystemClock.passed()
    }
}

/// What the operator says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// At a gate.
    Yes,
    /// At a gate.
    No,
    /// About a failure.
    Do(Remedy),
    /// About a person's step.
    Task(TaskAnswer),
}

/// An operator who answers from a list, and a screen that keeps what it is shown.
#[derive(Default)]
pub(crate) struct Script {
    said: Mutex<VecDeque<Said>>,
    present: AtomicUsize,
    /// The gates that were asked.
    pub(crate) gates: Mutex<Vec<Gate>>,
    /// The troubles that were shown.
    pub(crate) troubles: Mutex<Vec<Trouble>>,
    pub(crate) progress: Mutex<Vec<Progress>>,
}

impl Script {
    fn next(&self) -> Option<Said> {
        self.said.lock().unwrap().pop_front()
    }
}

#[async_trait]
impl Operator for Script {
    fn is_present(&self) -> bool {
        self.present.load(SeqCst) > 0
    }

    async fn gate(&self, gate: &Gate, _view: &RunView) -> GateAnswer {
        self.gates.lock().unwrap().push(gate.clone());
        match self.next() {
            Some(Said::Yes) => GateAnswer::Yes { by: "terminal".to_owned() },
            Some(Said::No) => GateAnswer::No,
            None => GateAnswer::Silence,
            Some(other) => panic!("asked at gate {}, and {other:?} is no answer", gate.id),
        }
    }

    async fn failure(&self, trouble: &Trouble, _view: &RunView) -> Remedy {
        self.troubles.lock().unwrap().push(trouble.clone());
        match self.next() {
            Some(Said::Do(remedy)) => remedy,
            None => Remedy::Stop,
            Some(other) => panic!("asked about {}, and {other:?} is no answer", trouble.unit),
        }
    }

    async fn task(&self, unit: &UnitId, _name: &str, _task: &Task, _view: &RunView) -> TaskAnswer {
        match self.next() {
            Some(Said::Task(answer)) => answer,
            None => TaskAnswer::NotNow,
            Some(other) => panic!("asked about {unit}, and {other:?} is no answer"),
        }
    }
}

impl Screen for Script {
    fn record(&self, _entry: &Entry, _view: &RunView) {}

    fn progress(&self, progress: &Progress) {
        self.progress.lock().unwrap().push(progress.clone());
    }
}

/// A journal that breaks at the nth append: before the record is kept, or after.
#[derive(Default)]
pub(crate) struct Breaking {
    inner: MemoryStore,
    appends: AtomicUsize,
    at: Mutex<Option<(usize, bool)>>,
}

impl Breaking {
    /// Lets the `nth` append from the beginning of the run fail, and all after it; `kept`: the record is kept all the same.
    pub(crate) fn break_at(&self, nth: usize, kept: bool) {
        *self.at.lock().unwrap() = Some((nth, kept));
    }

    /// From now on it works.
    pub(crate) fn mend(&self) {
        *self.at.lock().unwrap() = None;
    }

    /// How many records were to be kept so far.
    pub(crate) fn appends(&self) -> usize {
        self.appends.load(SeqCst)
    }
}

fn broken() -> JournalError {
    JournalError::Database(sqlx::Error::PoolClosed)
}

#[async_trait]
impl Store for Breaking {
    async fn create(&self, run: &RunId, holder: &Holder) -> StoreResult<Fence> {
        self.inner.create(run, holder).await
    }

    async fn runs(&self) -> StoreResult<Vec<RunId>> {
        self.inner.runs().await
    }

    async fn entries(&self, run: &RunId) -> StoreResult<Vec<String>> {
        self.inner.entries(run).await
    }

    async fn append(&self, run: &RunId, fence: Fence, seq: u64, entry: &str) -> StoreResult<()> {
        let number = self.appends.fetch_add(1, SeqCst) + 1;
        let at = *self.at.lock().unwrap();
        match at {
            Some((nth, kept)) if number >= nth => {
                if kept && number == nth {
                    self.inner.append(run, fence, seq, entry).await?;
                }
                Err(broken())
            }
            _ => self.inner.append(run, fence, seq, entry).await,
        }
    }

    async fn acquire(&self, run: &RunId, holder: &Holder, take_over: bool) -> StoreResult<Fence> {
        self.inner.acquire(run, holder, take_over).await
    }

    async fn renew(&self, run: &RunId, fence: Fence, now: Timestamp) -> StoreResult<()> {
        self.inner.renew(run, fence, now).await
    }

    async fn is_newest(&self, run: &RunId, fence: Fence) -> StoreResult<()> {
        self.inner.is_newest(run, fence).await
    }

    async fn release(&self, run: &RunId, fence: Fence) -> StoreResult<()> {
        self.inner.release(run, fence).await
    }

    async fn holder(&self, run: &RunId) -> StoreResult<Option<Holder>> {
        self.inner.holder(run).await
    }

    async fn append_output(&self, run: &RunId, fence: Fence, key: &OutputKey, bytes: &[u8]) -> StoreResult<()> {
        if self.at.lock().unwrap().is_some_and(|(nth, _)| self.appends() >= nth) {
            return Err(broken());
        }
        self.inner.append_output(run, fence, key, bytes).await
    }

    async fn output_length(&self, run: &RunId, key: &OutputKey) -> StoreResult<u64> {
        self.inner.output_length(run, key).await
    }

    async fn read_output(&self, run: &RunId, key: &OutputKey, from: i64, limit: u32) -> StoreResult<(Vec<u8>, i64)> {
        self.inner.read_output(run, key, from, limit).await
    }
}
