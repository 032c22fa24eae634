//! Durable jobs: started once, kept on the host, followed to their end whatever happens to the link.

use std::path::Path;
use std::time::Duration;

use runbook::base::{Role, Secret, UnitId};
use runbook::transport::fake::{Fake, Fault};
use runbook::transport::job::Shell;
use runbook::transport::{
    Command, Job, JobEnd, JobHome, JobId, JobRef, JobSpec, JobState, Offsets, Program, Sink, Stream, Transport,
    TransportError,
};

/// Gathers what a job says.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Sink for Said {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.extend_from_slice(bytes),
        }
    }
}

struct Host {
    fake: Fake,
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { fake: Fake::new(Role::from("old"), folder.path()), folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn place(&self, step: &str) -> JobRef {
        place(&self.fake, step).await
    }

    async fn run(&self, step: &str, spec: &JobSpec) -> (Result<JobEnd, TransportError>, Said) {
        let at = self.place(step).await;
        let mut said = Said::default();
        let end = Job::new(&self.fake, &at, None).launch(spec, &mut Offsets::default(), &mut said).await;
        (end, said)
    }
}

pub(crate) async fn place(transport: &dyn Transport, step: &str) -> JobRef {
    let home = JobHome::locate(transport, None, None).await.unwrap();
    home.job(&JobId::new(&"r1".into(), &UnitId { step: step.into(), item: None, host: Some("old".into()) }, 1))
}

#[tokio::test]
async fn a_job_has_its_output_and_exit_code() {
    let host = Host::new();
    for code in [0, 1, 2, 127, 137, 255] {
        let (end, said) =
            host.run(&format!("s{code}"), &JobSpec::script(format!("printf out; printf err >&2; exit {code}"))).await;
        assert_eq!(end.unwrap(), JobEnd::Exited(code));
        assert_eq!((said.stdout.as_slice(), said.stderr.as_slice()), (&b"out"[..], &b"err"[..]));
    }
    let (end, _) = host.run("signal", &JobSpec::script("kill -9 $$")).await;
    assert_eq!(end.unwrap(), JobEnd::Exited(137));
    let (end, said) = host.run("line", &JobSpec::script(":\n:\nno-such-command\necho not reached")).await;
    assert_eq!(end.unwrap(), JobEnd::Exited(127));
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("3: no-such-command"), "the line is the script's own: {said}");
}

#[tokio::test]
async fn a_job_is_given_everything_as_data() {
    let host = Host::new();
    let hostile = "a 'b' \"c\" $(id) `id`\n\\n -n ☃ *";
    let spec = JobSpec {
        env: vec![("VALUE".into(), Secret::new(hostile.into()))],
        cwd: Some("/tmp".into()),
        stdin: Some(Secret::new(format!("{hostile}\\0101"))),
        ..JobSpec::script("printf '%s|' \"$VALUE\" \"$PWD\"; cat")
    };
    let (end, said) = host.run("data", &spec).await;
    assert_eq!(end.unwrap(), JobEnd::Exited(0));
    assert_eq!(String::from_utf8(said.stdout).unwrap(), format!("{hostile}|/tmp|{hostile}\\0101"));
    let spec = JobSpec {
        program: Program::Argv(vec!["printf".into(), "%s|".into(), hostile.into(), String::new()]),
        ..JobSpec::script("")
    };
    assert_eq!(host.run("argv", &spec).await.1.stdout, format!("{hostile}||").as_bytes());
    let program = Program::Script {
        text: "echo \"${BASH_VERSION:+bash}\" \"$#\" \"$1\"; [[ $- == *u* ]]".into(),
        shell: Shell::Named("bash".into()),
        args: vec!["x  y".into()],
    };
    let (end, said) = host.run("bash", &JobSpec { program, ..JobSpec::script("") }).await;
    assert_eq!((end.unwrap(), said.stdout.as_slice()), (JobEnd::Exited(0), &b"bash 1 x  y\n"[..]));
    let (end, said) = host.run("stdin", &JobSpec::script("cat; umask; echo $#")).await;
    assert_eq!((end.unwrap(), said.stdout.as_slice()), (JobEnd::Exited(0), &b"0022\n0\n"[..]), "stdin is empty");
}

#[tokio::test]
async fn a_job_is_started_once() {
    let host = Host::new();
    let count = host.path().join("count");
    let spec = JobSpec::script(format!("echo run >>{}; sleep 0.3; echo done", count.display()));
    let at = host.place("once").await;
    let job = Job::new(&host.fake, &at, None);
    let launches = (0..4).map(|_| async {
        let mut said = Said::default();
        (job.launch(&spec, &mut Offsets::default(), &mut said).await.unwrap(), said.stdout)
    });
    for (end, said) in futures::future::join_all(launches).await {
        assert_eq!((end, said.as_slice()), (JobEnd::Exited(0), &b"done\n"[..]));
    }
    let mut said = Said::default();
    let end = job.launch(&spec, &mut Offsets { stdout: 2, stderr: 0 }, &mut said).await.unwrap();
    assert_eq!(
        (end, said.stdout.as_slice()),
        (JobEnd::Exited(0), &b"ne\n"[..]),
        "an ended job is read on from an offset"
    );
    assert_eq!(std::fs::read_to_string(count).unwrap(), "run\n");
}

/// A host on which a witness comes `late`, a command of a shell.
fn slow_to_begin(late: &str) -> Host {
    use std::os::unix::fs::PermissionsExt as _;
    let host = Host::new();
    let setsid = host.path().join("bin/setsid");
    std::fs::create_dir(host.path().join("bin")).unwrap();
    std::fs::write(&setsid, format!("#!/bin/sh\n{late}\nPATH=${{PATH#*:}} exec setsid \"$@\"\n")).unwrap();
    std::fs::set_permissions(&setsid, std::fs::Permissions::from_mode(0o755)).unwrap();
    host
}

#[tokio::test]
async fn a_job_that_is_slow_to_begin_is_waited_for() {
    let host = slow_to_begin("sleep 0.7");
    let at = host.place("slow").await;
    let job = Job::new(&host.fake, &at, None);
    let launches = (0..3).map(|_| async {
        let mut said = Said::default();
        let end = job.launch(&JobSpec::script("echo done"), &mut Offsets::default(), &mut said).await;
        (end.unwrap(), said.stdout)
    });
    for (end, said) in futures::future::join_all(launches).await {
        assert_eq!((end, said.as_slice()), (JobEnd::Exited(0), &b"done\n"[..]));
    }
}

#[tokio::test]
async fn a_job_that_was_given_up_does_not_begin_later() {
    let host = slow_to_begin("until [ -e \"$HOME/late\" ]; do sleep 0.1; done");
    let at = host.place("late").await;
    let (job, spec) = (Job::new(&host.fake, &at, None), JobSpec::script("touch \"$HOME/ran\""));
    let (mut from, mut said) = (Offsets::default(), Said::default());
    let look = async {
        appears(&Path::new(&at.dir).join("err")).await;
        assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::NeverBegan));
        std::fs::write(host.path().join("late"), "").unwrap();
    };
    let (end, ()) = tokio::join!(job.launch(&spec, &mut from, &mut said), look);
    assert_eq!(end.unwrap(), JobEnd::NeverBegan);
    assert!(!host.path().join("ran").exists(), "it began after it had been given up");
}

#[tokio::test]
async fn whatever_the_link_does_the_job_runs_once() {
    for fault in [Fault::BeforeSending, Fault::AfterSending, Fault::BeforeAnswer] {
        let host = Host::new();
        let count = host.path().join("count");
        let at = host.place("lossy").await;
        host.fake.fail_nth(1, fault);
        host.fake.fail_nth(2, fault);
        let spec = JobSpec::script(format!("echo run >>{}; echo said", count.display()));
        let mut said = Said::default();
        let end = Job::new(&host.fake, &at, None).launch(&spec, &mut Offsets::default(), &mut said).await.unwrap();
        assert_eq!((end, said.stdout.as_slice()), (JobEnd::Exited(0), &b"said\n"[..]), "{fault:?}");
        assert_eq!(std::fs::read_to_string(count).unwrap(), "run\n", "{fault:?}");
    }
}

#[tokio::test]
async fn an_unreachable_host_leaves_open_only_what_may_have_been_sent() {
    let host = Host::new();
    let at = host.place("gone").await;
    let job = Job::new(&host.fake, &at, None);
    host.fake.fail_nth(1, Fault::Unreachable);
    let error = job.launch(&JobSpec::script(":"), &mut Offsets::default(), &mut Said::default()).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreachable { .. }), "{error}");
    host.fake.fail_nth(1, Fault::BeforeSending);
    host.fake.fail_nth(2, Fault::Unreachable);
    let error = job.launch(&JobSpec::script(":"), &mut Offsets::default(), &mut Said::default()).await.unwrap_err();
    assert!(matches!(error, TransportError::Away { .. }), "{error}");
    // Launched by somebody, as the caller knows.
    host.fake.fail_nth(1, Fault::Unreachable);
    let error = job.attach(None, &mut Offsets::default(), &mut Said::default()).await.unwrap_err();
    assert!(matches!(error, TransportError::Away { .. }), "{error}");
    assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::Missing));
    assert_eq!(job.attach(None, &mut Offsets::default(), &mut Said::default()).await.unwrap(), JobEnd::Missing);
}

/// Waits until `path` is there.
async fn appears(path: &Path) {
    for _ in 0..200 {
        if path.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} did not appear", path.display());
}

#[tokio::test]
async fn a_job_outlives_its_controller() {
    let host = Host::new();
    let begun = host.path().join("begun");
    let script = format!("echo one; touch {}; sleep 1; echo two; exit 7", begun.display());
    let at = host.place("long").await;
    {
        let job = Job::new(&host.fake, &at, None);
        let (spec, mut from, mut said) = (JobSpec::script(script), Offsets::default(), Said::default());
        let launch = job.launch(&spec, &mut from, &mut said);
        tokio::select! { _ = launch => panic!("ended"), () = appears(&begun) => {} }
    }
    let fake = Fake::new(Role::from("old"), host.path());
    let at: JobRef = serde_json::from_str(&serde_json::to_string(&at).unwrap()).unwrap();
    let job = Job::new(&fake, &at, None);
    assert_eq!(job.probe().await.unwrap(), JobState::Running);
    let mut said = Said::default();
    let mut from = Offsets::default();
    assert_eq!(job.attach(None, &mut from, &mut said).await.unwrap(), JobEnd::Exited(7));
    assert_eq!((said.stdout.as_slice(), from), (&b"one\ntwo\n"[..], Offsets { stdout: 8, stderr: 0 }));
    assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::Exited(7)));
    job.remove().await.unwrap();
    assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::Missing));
    assert!(!host.path().join(".local/state/runbook").exists(), "nothing is left");
}

#[tokio::test]
async fn a_job_that_was_killed_with_its_witness_died_on_the_host() {
    let host = Host::new();
    let at = host.place("killed").await;
    let job = Job::new(&host.fake, &at, None);
    let (spec, mut from, mut said) = (JobSpec::script("echo begun; sleep 60"), Offsets::default(), Said::default());
    let pid = Path::new(&at.dir).join("pid");
    let kill = async {
        appears(&pid).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let pid = std::fs::read_to_string(&pid).unwrap();
        let group = pid.split(' ').next().unwrap().to_owned();
        host.fake.exec(Command::change(format!("kill -s KILL -- -{group}")), None).await.unwrap()
    };
    let (end, killed) = tokio::join!(job.launch(&spec, &mut from, &mut said), kill);
    assert!(killed.success());
    assert_eq!((end.unwrap(), said.stdout.as_slice()), (JobEnd::DiedOnHost, &b"begun\n"[..]));
    assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::DiedOnHost));
}

#[tokio::test]
async fn a_job_of_another_boot_died_on_the_host() {
    let host = Host::new();
    let at = host.place("reboot").await;
    std::fs::create_dir_all(&at.dir).unwrap();
    let left = [("pid", "1 1 some-other-boot .\n"), ("go", ""), ("out", "said"), ("err", ""), ("code.new", "      \n")];
    for (file, text) in left {
        std::fs::write(Path::new(&at.dir).join(file), text).unwrap();
    }
    let job = Job::new(&host.fake, &at, None);
    let mut said = Said::default();
    assert_eq!(job.attach(None, &mut Offsets::default(), &mut said).await.unwrap(), JobEnd::DiedOnHost);
    assert_eq!(said.stdout, b"said");
    assert_eq!(job.end().await.unwrap(), JobEnd::DiedOnHost, "and nobody else is killed for it");
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_ended() {
    let host = Host::new();
    let limit = Some(Duration::from_millis(300));
    let spec =
        JobSpec { timeout: limit, ..JobSpec::script("echo begun; trap 'echo ending; exit 0' TERM; sleep 60 & wait") };
    let (end, said) = host.run("slow", &spec).await;
    assert!(matches!(end, Err(TransportError::TimedOut { .. })), "{end:?}");
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "begun\nending\n");
    let at = host.place("slow").await;
    let job = Job::new(&host.fake, &at, None);
    assert_eq!(job.probe().await.unwrap(), JobState::Over(JobEnd::Exited(0)), "its end is kept");
    let stubborn = JobSpec { timeout: limit, ..JobSpec::script("trap '' TERM; while :; do sleep 1; done") };
    let (end, _) = host.run("stubborn", &stubborn).await;
    assert!(matches!(end, Err(TransportError::TimedOut { .. })), "{end:?}");
    let at = host.place("stubborn").await;
    assert_eq!(Job::new(&host.fake, &at, None).probe().await.unwrap(), JobState::Over(JobEnd::Exited(137)));
}

#[tokio::test]
async fn secrets_stay_off_the_disk_and_the_process_list() {
    let host = Host::new();
    let secret = "s3cret-of-the-job";
    let spec = JobSpec {
        env: vec![("PASSWORD".into(), Secret::new(secret.into()))],
        stdin: Some(Secret::new(secret.into())),
        ..JobSpec::script(format!("cat >/dev/null; sleep 0.5; : {secret}"))
    };
    let at = host.place("secret").await;
    let mut said = Said::default();
    let mut from = Offsets::default();
    let job = Job::new(&host.fake, &at, None);
    let look = async {
        let pattern = secret.to_owned();
        appears(&Path::new(&at.dir).join("pid")).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let everywhere = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok());
        everywhere.filter(|line| String::from_utf8_lossy(line).contains(&pattern)).count()
    };
    let (end, seen) = tokio::join!(job.launch(&spec, &mut from, &mut said), look);
    assert_eq!(end.unwrap(), JobEnd::Exited(0));
    assert_eq!(seen, 0, "a process list shows the secret");
    for entry in std::fs::read_dir(&at.dir).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{} holds the secret", path.display());
    }
}

#[tokio::test]
async fn runs_that_take_their_last_folder_away_do_not_stop_others() {
    let host = Host::new();
    let home = JobHome::locate(&host.fake, None, None).await.unwrap();
    let runs = (0..4).map(|number| {
        let (home, transport) = (&home, &host.fake);
        async move {
            for attempt in 1..=25 {
                let unit = UnitId { step: "s".into(), item: None, host: Some("old".into()) };
                let at = home.job(&JobId::new(&format!("r{number}").into(), &unit, attempt));
                let job = Job::new(transport, &at, None);
                let end = job.launch(&JobSpec::script(":"), &mut Offsets::default(), &mut Said::default()).await;
                assert_eq!(end.unwrap(), JobEnd::Exited(0));
                job.remove().await.unwrap();
            }
        }
    });
    futures::future::join_all(runs).await;
}

#[tokio::test]
async fn a_folder_that_others_prepared_is_not_believed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let host = Host::new();
    let base = host.path().join(".local/state/runbook");
    std::fs::create_dir_all(&base).unwrap();
    std::fs::set_permissions(&base, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (end, _) = host.run("open", &JobSpec::script(":")).await;
    let error = end.unwrap_err().to_string();
    assert!(error.contains("others may look into"), "{error}");
    std::fs::remove_dir(&base).unwrap();
    symlink("/tmp", &base).unwrap();
    let (end, _) = host.run("link", &JobSpec::script(":")).await;
    let error = end.unwrap_err().to_string();
    assert!(error.contains("is not ours"), "{error}");
}

#[tokio::test]
async fn a_state_dir_is_used_and_one_that_cannot_be_is_refused() {
    let host = Host::new();
    let dir = host.path().join("state of jobs");
    let error = JobHome::locate(&host.fake, None, dir.to_str()).await.unwrap_err();
    assert!(matches!(error, TransportError::Unusable { .. }), "{error}");
    std::fs::create_dir(&dir).unwrap();
    let home = JobHome::locate(&host.fake, None, dir.to_str()).await.unwrap();
    let unit = UnitId { step: "s".into(), item: None, host: None };
    let at = home.job(&JobId::new(&"r9".into(), &unit, 1));
    assert!(at.dir.starts_with(dir.to_str().unwrap()), "{}", at.dir);
    let job = Job::new(&host.fake, &at, None);
    let end = job.launch(&JobSpec::script(":"), &mut Offsets::default(), &mut Said::default()).await.unwrap();
    assert_eq!(end, JobEnd::Exited(0));
    assert_eq!(home.leftovers(&host.fake, None, &"r9".into()).await.unwrap(), vec![at.clone()]);
    job.remove().await.unwrap();
    assert_eq!(home.leftovers(&host.fake, None, &"r9".into()).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_large_output_streams() {
    struct Count(u64);
    impl Sink for Count {
        fn take(&mut self, _: Stream, bytes: &[u8]) {
            self.0 += bytes.len() as u64;
        }
    }
    let host = Host::new();
    let at = host.place("large").await;
    let (mut count, mut from) = (Count(0), Offsets::default());
    let spec = JobSpec::script("head -c 100000000 /dev/zero; head -c 50000000 /dev/zero >&2");
    let end = Job::new(&host.fake, &at, None).launch(&spec, &mut from, &mut count).await.unwrap();
    assert_eq!((end, count.0), (JobEnd::Exited(0), 150_000_000));
    assert_eq!(from, Offsets { stdout: 100_000_000, stderr: 50_000_000 });
}
