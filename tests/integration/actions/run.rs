//! `run` on a host that is a folder.

use std::time::Duration;

use runbook::actions::{ActionError, Check, Reversible, Verdict, Write};
use runbook::base::secret::sealed;
use runbook::events::record::Failure;
use runbook::transport::fake::Fault;
use runbook::transport::{JobRef, TransportError};
use serde_json::Value;

use super::world::{World, action, y};

fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

fn job(world: &World) -> Value {
    world.told.lock().unwrap().sent.last().unwrap().1.clone()
}

#[tokio::test]
async fn a_script_leaves_its_outputs_for_later_steps() {
    let world = World::new().await;
    let applied = world.apply("run", "|\n  echo out; echo more\n  echo err >&2; pwd >&2; cat\n").await.unwrap();
    let home = world.home("old");
    assert_eq!(applied.outputs.stdout, "out\nmore");
    assert_eq!(applied.outputs.stderr, format!("err\n{}", home.display()), "it starts at home");
    assert_eq!((applied.outputs.exit_code, applied.outputs.changed), (Some(0), true));
    assert_eq!(world.said(&applied.unit).0, "out\nmore\n");
    assert!(matches!(applied.undo, Reversible::No(_)), "{:?}", applied.undo);
    action("run", "x").clear_up(&job(&world), &world.read(&applied.unit, 1)).await.unwrap();
    assert!(!home.join(".local/state/runbook").exists());
}

#[tokio::test]
async fn what_it_is_given_arrives_as_data() {
    let world = World::with_secrets(&[("db", "pass'word $(id)")]).await;
    let hostile = "a 'b' \"c\" $(id) `id`\n\\n -n ☃ *";
    let quoted = serde_json::to_string(hostile).unwrap();
    std::fs::write(world.book().join("a.sh"), "printf '%s|' \"$@\" \"$VALUE\" \"$(pwd)\" \"$PASSWORD\"; cat").unwrap();
    let text = format!(
        "{{src: a.sh, args: [{quoted}, -x], env: {{VALUE: {quoted}, PASSWORD: \"{0}\"}}, stdin: \"is {0}\", cwd: /tmp}}",
        sealed("db")
    );
    let applied = world.apply("run", &text).await.unwrap();
    assert_eq!(applied.outputs.stdout, format!("{hostile}|-x|{hostile}|/tmp|***|is ***"));
    let argv = format!("[printf, '%s|', {quoted}, '', '$HOME']");
    assert_eq!(world.apply("run", &argv).await.unwrap().outputs.stdout, format!("{hostile}||$HOME|"));
    let bash = world.apply("run", "{script: 'echo ${BASH_VERSION:+bash}', shell: bash}").await.unwrap();
    assert_eq!(bash.outputs.stdout, "bash");
}

#[tokio::test]
async fn on_this_machine_a_script_starts_in_the_folder_of_the_book() {
    let world = World::new().await;
    let applied = world.apply_on(Some("local"), "run", "pwd").await.unwrap();
    action("run", "x").clear_up(&job(&world), &world.read(&applied.unit, 1)).await.unwrap();
    assert_eq!(applied.outputs.stdout, world.book().display().to_string());
}

#[tokio::test]
async fn a_failure_tells_what_a_person_needs() {
    let world = World::with_secrets(&[("db", "hunter2")]).await;
    let text = format!(
        "{{script: 'for i in $(seq 30); do echo \"line $i $P\" >&2; done; exit 3', env: {{P: \"{}\"}}}}",
        sealed("db")
    );
    let Failure { why, exit_code, stderr, command, .. } = failure(world.apply("run", &text).await.err().unwrap());
    assert_eq!((why.as_str(), exit_code), ("exited with 3", Some(3)));
    assert!(command.unwrap().starts_with("for i in"));
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[19]), (20, "line 11 ***", "line 30 ***"));
    let missing = failure(world.apply("run", "no-such-command-here").await.err().unwrap());
    assert_eq!(missing.exit_code, Some(127));
    assert!(missing.hint.unwrap().contains("PATH") && missing.stderr.contains("no-such-command-here"));
}

#[tokio::test]
async fn a_secret_split_over_two_reads_is_masked_everywhere() {
    let world = World::with_secrets(&[("db", "hunter2")]).await;
    let script = "printf 'a hun'; printf 'x hun' >&2; sleep 0.7; echo ter2; echo ter2 >&2; exit 1";
    let unit = world.unit(Some("old"));
    let error = world.apply_unit(&unit, &*action("run", script)).await.err().unwrap();
    assert_eq!(failure(error).stderr, "x ***");
    assert_eq!(world.said(&unit), ("a ***\n".to_owned(), "x ***\n".to_owned()));
}

#[tokio::test]
async fn a_script_that_takes_too_long_fails_and_says_what_it_said() {
    let mut world = World::new().await;
    world.timeout = Some(Duration::from_millis(400));
    let failure = failure(world.apply("run", "echo begun >&2; sleep 60").await.err().unwrap());
    assert_eq!((failure.why.as_str(), failure.stderr.as_str()), ("took longer than 400ms and was ended", "begun"));
}

#[tokio::test]
async fn a_job_is_let_go_of_and_found_again() {
    let world = World::new().await;
    let unit = world.unit(Some("old"));
    let script = format!("echo run >>{0}; echo one; sleep 1.5; echo two", y(&world.home("old").join("count")));
    std::fs::write(world.book().join("a.sh"), script).unwrap();
    let run = action("run", "{src: a.sh}");
    let detach = async {
        while world.said(&unit).0.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        world.detach.notify_one();
    };
    let (applied, ()) = tokio::join!(world.apply_unit(&unit, &*run), detach);
    assert!(matches!(applied.err().unwrap(), ActionError::Detached));
    // A job that runs needs its script no more.
    std::fs::remove_file(world.book().join("a.sh")).unwrap();
    let intent = world.intend_again(&unit);
    let job = job(&world);
    let outputs = run.reattach(&job, &Write::new(world.read(&unit, 1), &intent)).await.unwrap();
    assert_eq!(outputs.stdout, "one\ntwo");
    assert_eq!(world.said(&unit).0, "one\ntwo\n", "what was told is not told again");
    assert_eq!(std::fs::read_to_string(world.home("old").join("count")).unwrap(), "run\n");
}

#[tokio::test]
async fn a_job_that_never_began_is_started_and_one_of_another_boot_is_not() {
    let world = World::new().await;
    let unit = world.unit(Some("old"));
    let mark = world.home("old").join("mark");
    let run = action("run", &format!("echo run >>{}", y(&mark)));
    // Its launch is the second command: the home of jobs is looked for before.
    world.old.fail_nth(2, Fault::Unreachable);
    let error = world.apply_unit(&unit, &*run).await.err().unwrap();
    assert!(matches!(error, ActionError::Transport(TransportError::Unreachable { .. })), "{error}");
    let intent = world.intend_again(&unit);
    let elsewhere = JobRef { boot_id: "other".into(), ..serde_json::from_value(job(&world)).unwrap() };
    let elsewhere = serde_json::to_value(elsewhere).unwrap();
    let error = run.reattach(&elsewhere, &Write::new(world.read(&unit, 1), &intent)).await.err().unwrap();
    assert!(matches!(&error, ActionError::NoTrace(why) if why.contains("was restarted since")), "{error}");
    assert!(error.leaves_unsure());
    assert!(!mark.exists());
    for _ in 0..2 {
        run.reattach(&job(&world), &Write::new(world.read(&unit, 1), &intent)).await.unwrap();
        assert_eq!(std::fs::read_to_string(&mark).unwrap(), "run\n");
    }
}

#[tokio::test]
async fn a_job_that_was_heard_of_is_not_started_again_whoever_has_removed_it() {
    let world = World::new().await;
    let unit = world.unit(Some("old"));
    let count = world.home("old").join("count");
    let run = action("run", &format!("echo run >>{}; echo one; sleep 1.5", y(&count)));
    let detach = async {
        while world.said(&unit).0.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        world.detach.notify_one();
    };
    let (applied, ()) = tokio::join!(world.apply_unit(&unit, &*run), detach);
    assert!(matches!(applied.err().unwrap(), ActionError::Detached));
    let at: JobRef = serde_json::from_value(job(&world)).unwrap();
    std::fs::remove_dir_all(&at.dir).unwrap();
    let intent = world.intend_again(&unit);
    let error = run.reattach(&job(&world), &Write::new(world.read(&unit, 1), &intent)).await.err().unwrap();
    assert!(matches!(&error, ActionError::NoTrace(why) if why.contains("somebody has removed it")), "{error}");
    assert!(error.leaves_unsure());
    assert_eq!(std::fs::read_to_string(count).unwrap(), "run\n");
}

#[tokio::test]
async fn a_lost_connection_is_not_the_end_of_a_job() {
    let world = World::new().await;
    let count = world.home("old").join("count");
    world.old.fail_nth(2, Fault::AfterSending);
    let script = format!("echo run >>{}; sleep 0.3; echo done", y(&count));
    assert_eq!(world.apply("run", &script).await.unwrap().outputs.stdout, "done");
    assert_eq!(std::fs::read_to_string(count).unwrap(), "run\n");
}

#[tokio::test]
async fn output_does_not_gather_where_the_journal_is_slow() {
    let mut world = World::new().await;
    world.slowness = Duration::from_millis(2);
    let before = peak();
    let applied = world.apply("run", "head -c 80000000 /dev/zero | tr '\\0' x >&2; echo end").await;
    let outputs = applied.unwrap().outputs;
    assert_eq!((outputs.stderr.len(), outputs.stdout.as_str()), (1 << 20, "end"));
    // What the test itself keeps is not the action's.
    let told: usize = world.told.lock().unwrap().output.values().map(|(out, err)| out.len() + err.len()).sum();
    let grown = (peak() - before).saturating_sub(told);
    assert!(grown < 40 << 20, "{grown} bytes");
}

/// The most memory this process has had.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn a_look_by_a_script_says_what_it_found() {
    let world = World::with_secrets(&[("db", "hunter2")]).await;
    assert_eq!(world.probe("run", "test -d .").await.unwrap(), Verdict::Holds);
    assert_eq!(world.probe("run", "exit 4").await.unwrap(), Verdict::Fails("exited with 4".into()));
    let failing = world.probe("run", "[ls, /no/such]").await.unwrap();
    assert!(matches!(&failing, Verdict::Fails(why) if why.contains("/no/such")), "{failing:?}");
    let env =
        format!("{{script: 'echo \"$P $1 $(cat)\"; exit 1', args: [x], stdin: y, env: {{P: \"{}\"}}}}", sealed("db"));
    assert_eq!(world.probe("run", &env).await.unwrap(), Verdict::Fails("exited with 1: *** x y".into()));
    assert_eq!(failure(world.probe("run", "no-such-command").await.err().unwrap()).exit_code, Some(127));
    let bash = world.probe("run", "{script: '[[ -n $BASH_VERSION ]]', shell: bash, cwd: /tmp}").await.unwrap();
    assert_eq!(bash, Verdict::Holds);
    assert!(!world.home("old").join(".local").exists(), "a look is no job");
}

#[tokio::test]
async fn a_local_script_that_is_not_there_is_told_by_its_path() {
    let world = World::new().await;
    let error = world.check("run", "{src: no.sh}").await.unwrap_err();
    assert!(error.to_string().contains("book/no.sh"), "{error}");
    assert!(matches!(world.check("run", "echo").await.unwrap(), Check::Differs(_)));
    assert_eq!(world.verify("run", "echo").await.unwrap(), Verdict::Unknown);
}
