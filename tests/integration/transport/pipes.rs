//! Scripts with their pipes in our hands, on this machine and over a real sshd.

use std::time::Duration;

use runbook::transport::{Become, Command, Ended, Heard, Local, Process, Transport, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::sshd::{self, skip};

/// Feeds a script these bytes, and gives what it wrote and how it ended.
async fn through(process: Process, bytes: Vec<u8>) -> (Vec<u8>, Ended) {
    let Process { mut input, mut output, mut errors } = process;
    let feeding = async move {
        // A script that does not read is no failure here.
        let _ = input.write_all(&bytes).await;
        let _ = input.shutdown().await;
    };
    let reading = async {
        let mut written = Vec::new();
        output.read_to_end(&mut written).await.unwrap();
        written
    };
    let ((), written, ended) = tokio::join!(feeding, reading, errors.end());
    (written, ended.unwrap())
}

async fn bytes_pass_both_ways(transport: &dyn Transport) {
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000_001).collect();
    let process = transport.open(Command::change("echo begun >&2; cat; echo over >&2; exit 3")).await.unwrap();
    let (written, ended) = through(process, bytes.clone()).await;
    assert!(written == bytes, "{} bytes came back", written.len());
    assert_eq!((ended.status, String::from_utf8_lossy(&ended.stderr).as_ref()), (3, "begun\nover\n"));
    // Whatever a script does to itself and does not read, its end is known.
    for (script, status) in [
        ("exit 7", 7),
        ("exec 0<&- 1>&- 2>&-; exit 4", 4),
        ("printf 'no newline' >&2; kill -TERM $(exec sh -c 'echo $PPID'); sleep 5", 143),
    ] {
        let process = transport.open(Command::change(script)).await.unwrap();
        let (_, ended) = through(process, bytes.clone()).await;
        assert_eq!(ended.status, status, "{script}");
    }
    let command = Command::change("printf %s \"$A\"").env("A", "it's\n$(a)");
    assert_eq!(through(transport.open(command).await.unwrap(), Vec::new()).await.0, b"it's\n$(a)");
    assert!(matches!(transport.open(Command::change("a\0b")).await, Err(TransportError::Unusable { .. })));
}

#[tokio::test]
async fn bytes_pass_both_ways_here() {
    bytes_pass_both_ways(&Local::new()).await;
}

#[tokio::test]
async fn bytes_pass_both_ways_over_ssh() {
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    bytes_pass_both_ways(&ssh).await;
    // The shells that were handed over are not missed.
    assert_eq!(ssh.exec(Command::read("echo here"), None).await.unwrap().stdout, b"here\n");
    ssh.close().await;
    host.loses_its_masters().await;
}

#[tokio::test]
async fn another_user_has_pipes_too() {
    if !rustix::process::geteuid().is_root() {
        return skip("becoming another user");
    }
    let local = Local::new();
    let nobody = Become { user: "nobody".to_owned(), password: None };
    let command = Command::change("id -un; cat").as_user(Some(nobody));
    let (written, ended) = through(local.open(command).await.unwrap(), b"x".to_vec()).await;
    assert_eq!((written.as_slice(), ended.status), (&b"nobody\nx"[..], 0));
}

#[tokio::test]
async fn what_is_let_go_of_ends() {
    let folder = tempfile::tempdir().unwrap();
    let marks = |name: &str| folder.path().join(name);
    let script = |name: &str| {
        let path = marks(name).display().to_string();
        format!("trap '' HUP PIPE; echo $$ >'{path}'; echo go >&2; sleep 100; : >'{path}.ended'")
    };
    let local = Local::new();
    for (name, by_force) in [("dropped", false), ("killed", true)] {
        let mut process = local.open(Command::change(script(name))).await.unwrap();
        assert_eq!(process.errors.next().await.unwrap(), Heard::Said(b"go\n".to_vec()));
        let pid = std::fs::read_to_string(marks(name)).unwrap().trim().to_owned();
        if by_force {
            process.errors.kill().await.unwrap();
        }
        drop(process);
        let mut tries = 0;
        while std::path::Path::new("/proc").join(&pid).exists() {
            tries += 1;
            assert!(tries < 200, "{name}: it still runs");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!marks(&format!("{name}.ended")).exists());
    }
}

/// A destination that is killed before its input ends must not take that end for the end of what it was to get.
#[tokio::test]
async fn a_killed_reader_does_not_finish() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let script = format!("cat >/dev/null; : >'{}'", whole.display());
    let mut process = Local::new().open(Command::change(script)).await.unwrap();
    process.input.write_all(b"half").await.unwrap();
    process.errors.kill().await.unwrap();
    assert!(matches!(process.errors.end().await, Err(TransportError::Lost { .. })));
    drop(process.input);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!whole.exists());
}
