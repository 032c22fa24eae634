//! The shell kept open, on this machine: every script gets its bytes, its exit code, and leaves the shell as it found it.

use std::time::{Duration, Instant};

use runbook::transport::{Command, Local, Output, Sink, Stream, Transport, TransportError};

async fn sh(local: &Local, script: &str) -> Output {
    local.exec(Command::change(script), None).await.unwrap()
}

#[tokio::test]
async fn exit_codes_are_the_scripts_own() {
    let local = Local::new();
    for code in [0, 1, 2, 126, 127, 128, 200, 255] {
        assert_eq!(sh(&local, &format!("exit {code}")).await.status, code);
    }
    assert_eq!(sh(&local, "kill -TERM $(exec sh -c 'echo $PPID'); sleep 5").await.status, 143);
    assert_eq!(sh(&local, "kill -KILL $(exec sh -c 'echo $PPID'); sleep 5").await.status, 137);
    let missing = sh(&local, "no-such-command-here").await;
    assert_eq!(missing.status, 127);
    assert!(missing.error_text().contains("no-such-command-here"));
    let syntax = sh(&local, "if").await;
    assert_ne!(syntax.status, 0);
    assert_ne!(sh(&local, "echo $unset_variable; echo not reached").await.status, 0);
    assert_eq!(sh(&local, "false; echo not reached").await, Output { status: 1, ..Output::default() });
    assert_eq!(sh(&local, "").await, Output::default());
    assert_eq!(sh(&local, "-x").await.status, 127);
}

#[tokio::test]
async fn a_script_leaves_the_shell_as_it_found_it() {
    let local = Local::new();
    let before = sh(&local, "echo $$; pwd; umask; set -o; ls /proc/self/fd").await;
    for script in [
        "cd /; umask 0; set -x; exec >/dev/null 2>&1; exit 3",
        "exec 0<&- 1>&- 2>&-",
        "trap 'echo bye' EXIT; trap '' TERM HUP INT; exit 3",
        "exec sleep 0",
        "sleep 100 >/dev/null 2>&1 </dev/null & echo started",
        "eval() { :; }; printf() { :; }; alias printf=false; readonly PATH; PATH=/nowhere; export PATH",
        "exit 0; }; echo broken out; {",
        "')'\"\n",
        "cat <<X\n",
    ] {
        sh(&local, script).await;
    }
    assert_eq!(sh(&local, "echo $$; pwd; umask; set -o; ls /proc/self/fd").await, before);
    assert_eq!(sh(&local, "trap 'echo bye' EXIT; exit 3").await.stdout, b"bye\n");
}

#[tokio::test]
async fn bytes_arrive_as_they_are() {
    let local = Local::new();
    let every: Vec<u8> = (0..=255).collect();
    for size in [1, 256, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 1_000_000] {
        let bytes: Vec<u8> = every.iter().copied().cycle().take(size).collect();
        let output = local.exec(Command::change("cat; cat >&2 </dev/null").stdin(bytes.clone()), None).await.unwrap();
        assert!(output.stdout == bytes, "{size} bytes came back as {}", output.stdout.len());
        // What the script does not read is not taken for the next command.
        let unread = local.exec(Command::change("exit 4").stdin(bytes), None).await.unwrap();
        assert_eq!(unread, Output { status: 4, ..Output::default() });
    }
    let output = sh(&local, "printf 'no end'; printf '\\000\\377' >&2").await;
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"no end"[..], &b"\0\xff"[..]));
    assert_eq!(sh(&local, "cat").await.stdout, b"", "stdin is empty where there is none");
}

#[tokio::test]
async fn values_are_data() {
    let local = Local::new();
    for value in [
        "",
        " ",
        "a b",
        "it's",
        "$(id)",
        "`id`",
        "a\nb\n",
        "-n",
        "*",
        "~",
        "\\",
        "\\n",
        "äö☃",
        "\u{1}\u{7f}",
        "\"",
        "#",
    ] {
        let command = Command::read("printf %s \"$VALUE\"; [ \"$(printenv VALUE; echo .)\" = \"$VALUE\n.\" ]")
            .env("VALUE", value);
        let output = local.exec(command, None).await.unwrap();
        assert_eq!((output.status, output.text().as_str()), (0, value));
    }
    assert_eq!(sh(&local, "echo ${VALUE-unset}").await.text(), "unset\n", "values do not stay");
}

struct Count(u64, u64);

impl Sink for Count {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.0 += bytes.len() as u64,
            Stream::Stderr => self.1 += bytes.len() as u64,
        }
    }
}

#[tokio::test]
async fn large_output_streams() {
    let local = Local::new();
    let mut count = Count(0, 0);
    let script = "head -c 200000000 /dev/zero & head -c 100000000 /dev/zero >&2; wait";
    let output = local.exec(Command::read(script), Some(&mut count)).await.unwrap();
    assert_eq!((count.0, count.1, output), (200_000_000, 100_000_000, Output::default()));
}

#[tokio::test]
async fn a_script_that_takes_too_long_is_ended() {
    let local = Local::new();
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("went on");
    let script = format!("sleep 2; touch {}", mark.display());
    let limit = Duration::from_millis(100);
    let error = local.exec(Command::change(script).timeout(Some(limit)), None).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { limit: told, .. } if told == limit), "{error}");
    let stubborn = "trap '' TERM; for i in 1 2 3 4 5; do sleep 1; done; touch \"$MARK\"";
    let command = Command::change(stubborn).env("MARK", mark.display().to_string()).timeout(Some(limit));
    let error = local.exec(command, None).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error}");
    assert_eq!(sh(&local, "echo fine").await.text(), "fine\n");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!mark.exists());
}

#[tokio::test]
async fn a_dropped_command_is_ended_and_disturbs_no_other() {
    let local = Local::new();
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("went on");
    let script = format!("echo one; sleep 1.5; echo two; touch {}", mark.display());
    let dropped = tokio::time::timeout(Duration::from_millis(200), local.exec(Command::change(script), None)).await;
    assert!(dropped.is_err());
    for n in 0..20 {
        assert_eq!(sh(&local, &format!("echo {n}")).await.text(), format!("{n}\n"));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!mark.exists());
}

#[tokio::test]
async fn a_shell_that_is_killed_is_replaced() {
    let local = Local::new();
    sh(&local, ":").await;
    let error = local.exec(Command::change("kill -KILL $$"), None).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "a change is not sent twice: {error}");
    assert_eq!(sh(&local, "echo fine").await.text(), "fine\n");
}

#[tokio::test]
async fn commands_side_by_side_do_not_wait_for_each_other() {
    let local = Local::new();
    let start = Instant::now();
    let slow = (0..6).map(|_| sh(&local, "sleep 0.5"));
    futures::future::join_all(slow).await;
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
}
