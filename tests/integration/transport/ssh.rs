//! Hosts over SSH, against a real sshd on loopback.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runbook::base::Role;
use runbook::transport::{Become, Command, Output, Ssh, SshOptions, Transport, TransportError};

use super::sshd::{self, Sshd, kill, skip};

async fn sh(ssh: &Ssh, script: &str) -> Output {
    ssh.exec(Command::change(script), None).await.unwrap()
}

#[tokio::test]
async fn a_host_does_as_it_is_told_and_says_who_it_is() {
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    let output = sh(&ssh, "echo out; echo err >&2; exit 127").await;
    assert_eq!(output, Output { status: 127, stdout: b"out\n".to_vec(), stderr: b"err\n".to_vec() });
    assert_eq!(ssh.identity().await.unwrap().host_key, host.fingerprint());
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let output = ssh.exec(Command::change("cat").stdin(bytes.clone()), None).await.unwrap();
    assert!(output.stdout == bytes);
    ssh.close().await;
    host.loses_its_masters().await;
}

#[tokio::test]
async fn a_transport_that_is_dropped_leaves_no_master() {
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    sh(&ssh, ":").await;
    assert_eq!(host.masters().len(), 1);
    drop(ssh);
    host.loses_its_masters().await;
}

#[tokio::test]
async fn a_transport_that_is_closed_leaves_no_folder_whoever_still_uses_it() {
    let Some(host) = sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = SshOptions { control_dir: Some(folder.path().to_owned()), ..host.options() };
    let ssh = Arc::new(Ssh::new(Role::from("box"), "box", None, options));
    let begun = host.path("begun");
    let sleeping = tokio::spawn({
        let (ssh, script) = (ssh.clone(), format!("touch '{}'; sleep 20", begun.display()));
        async move { ssh.exec(Command::change(script), None).await }
    });
    let folders = || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    while !begun.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(std::fs::metadata(&folders()[0]).unwrap().permissions().mode() & 0o777, 0o700);
    ssh.close().await;
    assert_eq!(folders(), Vec::<PathBuf>::new());
    sleeping.abort();
}

#[tokio::test]
async fn a_changed_or_unknown_host_key_is_refused() {
    let Some(host) = sshd::start("") else { return };
    // The configuration says `StrictHostKeyChecking no`, and is not followed in this.
    host.know("other_key");
    let error = host.transport().exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::HostKey { .. }), "{error}");
    assert!(error.to_string().contains("has changed") && error.to_string().contains(&host.fingerprint()), "{error}");
    std::fs::write(host.path("known_hosts"), "").unwrap();
    let error = host.transport().exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::HostKey { .. }), "{error}");
    assert!(error.to_string().contains("No ED25519 host key is known"), "{error}");
}

#[tokio::test]
async fn an_unreachable_host_is_told_soon_and_in_sshs_words() {
    let Some(mut host) = sshd::start("") else { return };
    host.stop();
    let start = Instant::now();
    let error = host.transport().exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
    host.start_again();
    std::fs::write(host.path("authorized_keys"), "").unwrap();
    let error = host.transport().exec(Command::read(":"), None).await.unwrap_err();
    assert!(error.to_string().contains("Permission denied (publickey"), "{error}");
    let broken = host.path("broken");
    std::fs::write(&broken, "NoSuchOption yes\n").unwrap();
    let mut options = host.options();
    options.config = Some(broken);
    let error = Ssh::new(Role::from("box"), "box", None, options).exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("nosuchoption"), "{error}");
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let Some(mut host) = sshd::start("") else { return };
    let ssh = host.transport();
    sh(&ssh, ":").await;
    // What is known to be unsent is sent over the new connection, even a change.
    host.masters().into_iter().for_each(kill);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sh(&ssh, "echo again").await.stdout, b"again\n");
    assert_eq!(host.reconnects.lock().unwrap().len(), 1);
    // In the middle of a command: a reading one is sent again, a changing one is not.
    let cut = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        host.masters().into_iter().for_each(kill);
    };
    let (read, ()) = tokio::join!(ssh.exec(Command::read("sleep 1; echo read"), None), cut);
    assert_eq!(read.unwrap().stdout, b"read\n");
    let cut = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        host.masters().into_iter().for_each(kill);
    };
    let (changed, ()) = tokio::join!(ssh.exec(Command::change("sleep 1; echo changed"), None), cut);
    assert!(matches!(changed, Err(TransportError::Lost { .. })), "{changed:?}");
    // The host is away for a while.
    host.stop();
    host.masters().into_iter().for_each(kill);
    host.reconnects.lock().unwrap().clear();
    let back = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        host.start_again();
    };
    let (output, ()) = tokio::join!(ssh.exec(Command::change("echo back"), None), back);
    assert_eq!(output.unwrap().stdout, b"back\n");
    let tries = host.reconnects.lock().unwrap().clone();
    assert!(tries.len() >= 3, "{tries:?}");
    assert!(tries[1].contains("Connection refused"), "{tries:?}");
    ssh.close().await;
}

#[tokio::test]
async fn a_host_that_comes_back_as_another_machine_is_refused() {
    let Some(mut host) = sshd::start("") else { return };
    let ssh = host.transport();
    sh(&ssh, ":").await;
    host.stop();
    for half in ["", ".pub"] {
        std::fs::copy(host.path(&format!("other_key{half}")), host.path(&format!("host_key{half}"))).unwrap();
    }
    host.know("host_key");
    host.start_again();
    host.masters().into_iter().for_each(kill);
    let error = ssh.exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::HostKey { .. }), "{error}");
    ssh.close().await;
    // A new start may find another machine: whether that is right is for whoever started it to judge.
    let anew = host.transport();
    assert_eq!(anew.identity().await.unwrap().host_key, host.fingerprint());
    anew.close().await;
    let error = anew.exec(Command::read(":"), None).await.unwrap_err();
    assert!(error.to_string().ends_with("its connections were ended"), "ended for good: {error}");
}

async fn many_at_once(limit: u32) {
    let Some(host) = sshd::start(&format!("MaxSessions {limit}")) else { return };
    let ssh = host.transport();
    let numbers = (0..6).map(|n| {
        let ssh = &ssh;
        async move { sh(ssh, &format!("sleep 0.3; echo {n}")).await.text() }
    });
    let said = futures::future::join_all(numbers).await;
    assert_eq!(said, (0..6).map(|n| format!("{n}\n")).collect::<Vec<_>>());
    let limit = Duration::from_millis(200);
    let error = ssh.exec(Command::change("sleep 20").timeout(Some(limit)), None).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error}");
    assert_eq!(sh(&ssh, "echo fine").await.stdout, b"fine\n");
    ssh.close().await;
    host.loses_its_masters().await;
}

#[tokio::test]
async fn an_sshd_that_allows_one_session_a_connection() {
    many_at_once(1).await;
}

#[tokio::test]
async fn an_sshd_that_allows_two_sessions_a_connection() {
    many_at_once(2).await;
}

#[tokio::test]
async fn more_commands_at_once_than_one_connection_carries() {
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    let numbers = (0..25).map(|n| {
        let ssh = &ssh;
        async move { sh(ssh, &format!("sleep 0.5; echo {n}")).await.text() }
    });
    let start = Instant::now();
    let said = futures::future::join_all(numbers).await;
    assert_eq!(said, (0..25).map(|n| format!("{n}\n")).collect::<Vec<_>>());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    ssh.close().await;
}

#[tokio::test]
async fn any_login_shell_and_any_banner_will_do() {
    let mut tested = 0;
    for shell in ["bash", "dash", "zsh", "fish", "tcsh", "busybox sh"] {
        let program = shell.split(' ').next().unwrap();
        if !["/bin", "/usr/bin"].iter().any(|dir| std::path::Path::new(dir).join(program).exists()) {
            skip(&format!("{program} is not installed: not tried as a login shell"));
            continue;
        }
        let banner = "export TERM=vt100 COLUMNS=20; echo Welcome to the machine; printf 'no newline' >&2";
        let Some(host) = sshd::start(&format!("ForceCommand {banner}; exec {shell} -c \"$SSH_ORIGINAL_COMMAND\""))
        else {
            return;
        };
        let ssh = host.transport();
        let output = sh(&ssh, "echo \"$0\"; echo err >&2; exit 3").await;
        assert_eq!(
            (output.status, output.text().as_str(), output.error_text().as_str()),
            (3, "/bin/sh\n", "err\n"),
            "{shell}"
        );
        ssh.close().await;
        tested += 1;
    }
    assert!(tested > 1);
}

#[tokio::test]
async fn a_login_that_gives_no_shell_is_told_in_its_own_words() {
    let Some(host) = sshd::start("ForceCommand echo This account is currently not available.; exit 1") else { return };
    let error = host.transport().exec(Command::read(":"), None).await.unwrap_err();
    assert!(matches!(&error, TransportError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("This account is currently not available."), "{error}");
}

#[tokio::test]
async fn a_host_dials_for_us() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let serve = async {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut word = [0; 5];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
        }
    };
    let ask = async {
        for _ in 0..2 {
            let mut stream = ssh.dial(&to).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"hello");
        }
    };
    tokio::join!(serve, ask);
    // A port that is open is told from one that is not, whether or not its server speaks.
    drop(ssh.dial(&to).await.unwrap());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (to, why) in [("nonsense", "that is no host:port"), (closed.as_str(), "Connection refused")] {
        let error = ssh.dial(to).await.map(drop).unwrap_err();
        assert!(matches!(error, TransportError::Refused { .. }), "{error}");
        assert_eq!(error.to_string(), format!("box cannot reach {to}: {why}"));
    }
    ssh.close().await;
}

#[tokio::test]
async fn an_sshd_that_does_not_forward_says_so() {
    let Some(host) = sshd::start("AllowTcpForwarding no") else { return };
    let ssh = host.transport();
    let error = ssh.dial("127.0.0.1:1").await.map(drop).unwrap_err();
    assert!(
        matches!(error, TransportError::Refused { .. }) && error.to_string().contains("AllowTcpForwarding"),
        "{error}"
    );
    ssh.close().await;
}

fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("not root: becoming another user was not tried");
    }
    root
}

fn becoming(user: &str, password: Option<&str>) -> Become {
    Become { user: user.into(), password: password.map(|password| runbook::base::Secret::new(password.into())) }
}

/// Logs in as nobody, though sshd lets root in.
fn as_nobody() -> Option<Sshd> {
    sshd::start(
        "ForceCommand cd /; exec setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent USER=nobody \
         sh -c \"$SSH_ORIGINAL_COMMAND\"",
    )
}

#[tokio::test]
async fn root_becomes_another_user() {
    if !root() {
        return;
    }
    let Some(host) = sshd::start("") else { return };
    let ssh = host.transport();
    let whoami = Command::read("id -un; echo $HOME");
    let output = ssh.exec(whoami.clone().as_user(Some(becoming("nobody", None))), None).await.unwrap();
    assert_eq!(output.text(), "nobody\n/nonexistent\n");
    assert_eq!(ssh.exec(whoami.as_user(Some(becoming("root", None))), None).await.unwrap().text(), "root\n/root\n");
    let command =
        Command::change("sleep 20").as_user(Some(becoming("nobody", None))).timeout(Some(Duration::from_millis(300)));
    let error = ssh.exec(command, None).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error}");
    let error = ssh.exec(Command::read(":").as_user(Some(becoming("no-such-user", None))), None).await.unwrap_err();
    assert!(matches!(error, TransportError::Become { .. }), "{error}");
    assert!(error.to_string().contains("no-such-user"), "{error}");
    ssh.close().await;
}

#[tokio::test]
async fn sudos_refusals_are_told() {
    if !root() {
        return;
    }
    let Some(host) = as_nobody() else { return };
    let ssh = host.transport();
    let output = ssh.exec(Command::read("id -un").as_user(Some(becoming("nobody", None))), None).await.unwrap();
    assert_eq!(output.text(), "nobody\n", "no sudo is needed to stay who we are");
    let sudo = output.success() && sh(&ssh, "command -v sudo || :").await.text().contains("sudo");
    let error = ssh.exec(Command::read(":").as_user(Some(becoming("root", None))), None).await.unwrap_err();
    assert!(matches!(error, TransportError::Become { .. }), "{error}");
    let hint = if sudo { "become_password" } else { "not installed" };
    assert!(error.to_string().contains(hint), "{error}");
    if sudo {
        let error =
            ssh.exec(Command::read(":").as_user(Some(becoming("root", Some("wrong")))), None).await.unwrap_err();
        assert!(matches!(error, TransportError::Become { .. }), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    } else {
        skip("sudo is not installed: a wrong password was not tried");
    }
    ssh.close().await;
}
