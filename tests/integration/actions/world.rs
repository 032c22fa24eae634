//! What surrounds an action in these tests: two fake hosts and this machine, everything that is told kept in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

use runbook::actions::context::Stash;
use runbook::actions::{
    ActionError, Check, DynAction, Env, Family, Read, Registry, Reversible, Surroundings, Verdict, Write,
};
use runbook::base::{Clock, Masker, Role, RunId, Secret, Span, SystemClock, UnitId};
use runbook::events::Progress;
use runbook::events::record::{Outcome, Outputs, Reversal, Started, Undo};
use runbook::journal::{Intent, Journal, MemoryStore};
use runbook::model::{Diagnostics, yaml};
use runbook::transport::{Become, Fake, JobHome, Local, Offsets, Stream, Transport};

/// A run in miniature. The hosts `old` and `new` are folders; paths in YAML are the real ones of this machine.
pub(crate) struct World {
    pub(crate) old: Arc<Fake>,
    pub(crate) new: Arc<Fake>,
    /// What the actions were heard to say.
    pub(crate) told: Mutex<Told>,
    /// Ctrl-C a second time.
    pub(crate) detach: Notify,
    /// The user that steps act as.
    pub(crate) become_user: Option<Become>,
    /// The step's timeout.
    pub(crate) timeout: Option<Duration>,
    /// How long the journal takes for a piece of output.
    pub(crate) slowness: Duration,
    local: Arc<Local>,
    folder: TempDir,
    secrets: BTreeMap<String, Secret>,
    masker: Masker,
    run: RunId,
    journal: Journal,
    steps: AtomicU32,
}

#[derive(Default)]
pub(crate) struct Told {
    /// By unit and try, stdout and stderr.
    pub(crate) output: BTreeMap<(UnitId, u32), (Vec<u8>, Vec<u8>)>,
    pub(crate) sent: Vec<(UnitId, Value)>,
    pub(crate) progress: Vec<Progress>,
}

/// A unit that was applied.
pub(crate) struct Applied {
    pub(crate) unit: UnitId,
    pub(crate) kind: &'static str,
    pub(crate) outputs: Outputs,
    pub(crate) undo: Reversible<Value>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_secrets(&[]).await
    }

    pub(crate) async fn with_secrets(secrets: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = |role: &str| {
            std::fs::create_dir(folder.path().join(role)).unwrap();
            Arc::new(Fake::new(Role::from(role), &folder.path().join(role)))
        };
        let (old, new) = (host("old"), host("new"));
        std::fs::create_dir(folder.path().join("book")).unwrap();
        let secrets: BTreeMap<String, Secret> =
            secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
        let masker = Masker::new(secrets.values());
        // Jobs on this machine itself are kept by the run's name.
        let run = RunId::from(folder.path().file_name().unwrap().to_str().unwrap());
        let store = Arc::new(MemoryStore::default());
        let journal = Journal::create(store, Arc::new(SystemClock), "ann@laptop".into(), started(&run)).await.unwrap();
        Self {
            old,
            new,
            told: Mutex::default(),
            detach: Notify::new(),
            become_user: None,
            timeout: None,
            slowness: Duration::ZERO,
            local: Arc::new(Local::new()),
            folder,
            secrets,
            masker,
            run,
            journal,
            steps: AtomicU32::new(0),
        }
    }

    /// The folder that is the host.
    pub(crate) fn home(&self, role: &str) -> PathBuf {
        self.folder.path().join(role)
    }

    /// Lets the host `old` have a command of its own.
    pub(crate) fn command(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let bin = self.home("old").join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join(name), script).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The folder of the runbook: where local paths begin.
    pub(crate) fn book(&self) -> PathBuf {
        self.home("book")
    }

    /// A unit of a step that there has not been.
    pub(crate) fn unit(&self, host: Option<&str>) -> UnitId {
        let step = format!("step{}", self.steps.fetch_add(1, Relaxed));
        UnitId { step: step.as_str().into(), item: None, host: host.map(Role::from) }
    }

    pub(crate) fn read<'a>(&'a self, unit: &'a UnitId, attempt: u32) -> Read<'a> {
        let host = unit.host.as_ref().map(|role| self.way_to(role).unwrap());
        let Self { run, become_user, timeout, .. } = self;
        Read::new(Env {
            run,
            unit,
            attempt,
            first: 1,
            named: attempt,
            part: None,
            host,
            become_user: become_user.clone(),
            timeout: *timeout,
            around: self,
        })
    }

    pub(crate) async fn check_on(
        &self,
        host: Option<&str>,
        kind: &str,
        text: &str,
    ) -> Result<Check<Value>, ActionError> {
        let unit = self.unit(host);
        action(kind, text).check(&self.read(&unit, 0)).await
    }

    /// Looks whether a unit on `old` is as asked.
    pub(crate) async fn check(&self, kind: &str, text: &str) -> Result<Check<Value>, ActionError> {
        self.check_on(Some("old"), kind, text).await
    }

    /// Whether a unit on `old` holds.
    pub(crate) async fn verify(&self, kind: &str, text: &str) -> Result<Verdict, ActionError> {
        let unit = self.unit(Some("old"));
        action(kind, text).verify(&self.read(&unit, 0)).await
    }

    /// Asks an action as a check, on `old`.
    pub(crate) async fn probe(&self, kind: &str, text: &str) -> Result<Verdict, ActionError> {
        self.probe_on(Some("old"), kind, text).await
    }

    pub(crate) async fn probe_on(&self, host: Option<&str>, kind: &str, text: &str) -> Result<Verdict, ActionError> {
        let unit = self.unit(host);
        action(kind, text).probe(&self.read(&unit, 0)).await
    }

    /// Applies a unit on `old`: looks, captures, intends, applies and settles, as a run does. It has to differ.
    pub(crate) async fn apply(&self, kind: &str, text: &str) -> Result<Applied, ActionError> {
        self.apply_on(Some("old"), kind, text).await
    }

    pub(crate) async fn apply_on(&self, host: Option<&str>, kind: &str, text: &str) -> Result<Applied, ActionError> {
        let unit = self.unit(host);
        self.apply_unit(&unit, &*action(kind, text)).await
    }

    pub(crate) async fn apply_unit(&self, unit: &UnitId, action: &dyn DynAction) -> Result<Applied, ActionError> {
        let read = self.read(unit, 1);
        let seen = match action.check(&read).await? {
            Check::Differs(seen) => seen,
            other => panic!("nothing to apply: {other:?}"),
        };
        let undo = action.capture(&seen, &Stash::new(read.clone())).await?;
        let intent = self.intend(unit, action.kind()).await;
        let outputs = action.apply(&seen, &Write::new(read, &intent)).await?;
        let outcome = Outcome::Applied { outputs: Box::new(outputs.clone()), note: None };
        self.journal.settle(intent, outcome).await.unwrap();
        Ok(Applied { unit: unit.clone(), kind: action.kind(), outputs, undo })
    }

    /// Tries to apply a unit on which everything but that goes well: what it would be taken back with.
    pub(crate) async fn capture_and_fail(&self, unit: &UnitId, action: &dyn DynAction) -> Applied {
        let read = self.read(unit, 1);
        let Check::Differs(seen) = action.check(&read).await.unwrap() else { panic!("nothing to apply") };
        let undo = action.capture(&seen, &Stash::new(read.clone())).await.unwrap();
        let intent = self.intend(unit, action.kind()).await;
        action.apply(&seen, &Write::new(read, &intent)).await.unwrap_err();
        Applied { unit: unit.clone(), kind: action.kind(), outputs: Outputs::default(), undo }
    }

    /// Applies a unit that is in flight since before: looks again, and captures nothing.
    pub(crate) async fn try_again(&self, unit: &UnitId, action: &dyn DynAction) -> Result<Outputs, ActionError> {
        let read = self.read(unit, 2);
        let Check::Differs(seen) = action.check(&read).await? else { panic!("nothing to apply") };
        let intent = self.intend_again(unit);
        let outputs = action.apply(&seen, &Write::new(read, &intent)).await?;
        let outcome = Outcome::Applied { outputs: Box::new(outputs.clone()), note: None };
        self.journal.settle(intent, outcome).await.unwrap();
        Ok(outputs)
    }

    /// Takes a unit back, with what it captured read again from its text.
    pub(crate) async fn undo(&self, applied: &Applied) -> Result<String, ActionError> {
        let Reversible::By(captured) = &applied.undo else { panic!("no way back: {:?}", applied.undo) };
        let captured: Value = serde_json::from_str(&captured.to_string()).unwrap();
        let tries = self.journal.view().units[&applied.unit].undo_tries;
        let intent = self.journal.intend_undo(&applied.unit, tries + 1).await.unwrap();
        let kind = Registry.kind(applied.kind).unwrap();
        kind.undo(&captured, &Write::new(self.read(&applied.unit, tries + 1), &intent)).await
    }

    /// Removes what a unit needed on its way.
    pub(crate) async fn sweep(&self, applied: &Applied) -> Result<(), ActionError> {
        let (Reversible::By(captured) | Reversible::Swept { undo: captured, .. }) = &applied.undo else {
            panic!("nothing to go by: {:?}", applied.undo)
        };
        let intent = self.journal.intend_undo(&applied.unit, 1).await.unwrap();
        let kind = Registry.kind(applied.kind).unwrap();
        kind.sweep(captured, &Write::new(self.read(&applied.unit, 1), &intent)).await
    }

    /// Ends a unit's change by another unit, as a step with `restores` does: it may be taken back itself.
    pub(crate) async fn restore(&self, applied: &Applied) -> Result<String, ActionError> {
        let Reversible::By(captured) = &applied.undo else { panic!("no way back: {:?}", applied.undo) };
        let unit = self.unit(Some("old"));
        let intent = self.intend(&unit, applied.kind).await;
        Registry.kind(applied.kind).unwrap().undo(captured, &Write::new(self.read(&unit, 1), &intent)).await
    }

    /// Applies a change again that was ended by another unit: that unit is taken back.
    pub(crate) async fn again(&self, action: &dyn DynAction) -> Result<Outputs, ActionError> {
        let unit = self.unit(Some("old"));
        let read = self.read(&unit, 1).part("again".to_owned());
        let Check::Differs(seen) = action.check(&read).await? else { panic!("nothing to apply") };
        let intent = self.intend(&unit, action.kind()).await;
        action.apply(&seen, &Write::new(read, &intent)).await
    }

    /// The journal's word for a first try of `unit`.
    pub(crate) async fn intend(&self, unit: &UnitId, kind: &str) -> Intent {
        let reversal = Reversal {
            action: kind.to_owned(),
            data: Undo::Nothing,
            become_user: None,
            summary: String::new(),
            verify_held_before: false,
            restarts: None,
            captured: None,
        };
        self.journal.intend(unit, 1, &reversal, None).await.unwrap()
    }

    /// The journal's word for the unit that is in flight since before.
    pub(crate) fn intend_again(&self, unit: &UnitId) -> Intent {
        self.journal.reclaim(unit).unwrap()
    }

    /// What a unit was heard to say in its first try, as text.
    pub(crate) fn said(&self, unit: &UnitId) -> (String, String) {
        let told = self.told.lock().unwrap();
        let (stdout, stderr) = told.output.get(&(unit.clone(), 1)).cloned().unwrap_or_default();
        (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn way_to(&self, role: &Role) -> Option<Arc<dyn Transport>> {
        match role.as_str() {
            "old" => Some(self.old.clone()),
            "new" => Some(self.new.clone()),
            "local" => Some(self.local.clone()),
            _ => None,
        }
    }
}

/// An action of that kind, read from YAML text.
pub(crate) fn action(kind: &str, text: &str) -> Box<dyn DynAction> {
    let mut diagnostics = Diagnostics::default();
    let node = yaml::parse(&"book.yaml".into(), text, &mut diagnostics);
    let action = Registry.kind(kind).unwrap().decode(&node.unwrap(), &mut diagnostics);
    action.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"))
}

/// A path as YAML text.
pub(crate) fn y(path: &Path) -> String {
    serde_json::to_string(path.to_str().unwrap()).unwrap()
}

fn started(run: &RunId) -> Started {
    Started {
        run: run.clone(),
        format: 1,
        tool: "test".into(),
        name: "test".into(),
        path: "book.yaml".into(),
        files: BTreeMap::new(),
        vars: BTreeMap::new(),
        hosts: BTreeMap::new(),
        answers: Value::Null,
        selection: runbook::events::record::Selection::default(),
        secrets: BTreeMap::new(),
        fingerprints: BTreeMap::new(),
        outline: Vec::new(),
        deadline: None,
    }
}

#[async_trait]
impl Surroundings for World {
    async fn transport(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError> {
        self.way_to(role).ok_or_else(|| ActionError::failed(format!("no host `{role}`")))
    }

    fn become_on(&self, _role: &Role) -> Option<Become> {
        None
    }

    async fn job_home(&self, role: &Role, become_user: Option<&Become>) -> Result<JobHome, ActionError> {
        Ok(JobHome::locate(&*self.transport(role).await?, become_user, None).await?)
    }

    fn address(&self, role: &Role, _family: Option<Family>) -> Option<String> {
        self.way_to(role).map(|_| "127.0.0.1".to_owned())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.secrets.get(name).cloned()
    }

    fn render(&self, _name: &str, template: &str) -> Result<String, ActionError> {
        let text = template.replace("{{ site }}", "www.example.org");
        let secret = |text: String, (name, value): (&String, &Secret)| {
            text.replace(&format!("{{{{ secrets.{name} }}}}"), value.expose())
        };
        Ok(self.secrets.iter().fold(text, secret))
    }

    fn local_path(&self, _named_in: &Span, path: &str) -> PathBuf {
        self.book().join(path)
    }

    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    fn masker(&self) -> &Masker {
        &self.masker
    }

    fn progress(&self, progress: Progress) {
        self.told.lock().unwrap().progress.push(progress);
    }

    async fn output(&self, unit: &UnitId, attempt: u32, stream: Stream, bytes: &[u8]) -> Result<(), ActionError> {
        tokio::time::sleep(self.slowness).await;
        let mut told = self.told.lock().unwrap();
        let (stdout, stderr) = told.output.entry((unit.clone(), attempt)).or_default();
        match stream {
            Stream::Stdout => stdout.extend_from_slice(bytes),
            Stream::Stderr => stderr.extend_from_slice(bytes),
        }
        Ok(())
    }

    async fn kept(&self, unit: &UnitId, attempt: u32) -> Result<Offsets, ActionError> {
        let told = self.told.lock().unwrap();
        let kept = told.output.get(&(unit.clone(), attempt));
        let count = |bytes: &Vec<u8>| bytes.len() as u64;
        Ok(kept.map_or_else(Offsets::default, |(out, err)| Offsets { stdout: count(out), stderr: count(err) }))
    }

    async fn sent(&self, unit: &UnitId, job: Value) -> Result<(), ActionError> {
        self.told.lock().unwrap().sent.push((unit.clone(), job));
        Ok(())
    }

    async fn detached(&self) {
        self.detach.notified().await;
    }
}
