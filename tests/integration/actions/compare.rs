//! `compare`: scripts on two hosts that are folders.

use runbook::actions::{ActionError, AfterCrash, Reversible, Verdict};
use runbook::base::secret::sealed;
use runbook::events::record::Failure;
use runbook::transport::fake::Fault;

use super::world::{World, action};

fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_same_is_the_same() {
    let world = World::with_secrets(&[("word", "hunter2")]).await;
    for host in ["old", "new"] {
        std::fs::write(world.home(host).join("f"), "1\n2\n").unwrap();
    }
    let text = format!(
        "{{left: {{on: old, run: 'cat f; echo \"$W\"; echo left >&2', env: {{W: \"{}\"}}}}, right: {{on: new, run: [sh, -c, 'cat f; echo hunter2']}}}}",
        sealed("word")
    );
    let applied = world.apply_on(None, "compare", &text).await.unwrap();
    assert_eq!((applied.outputs.stdout.as_str(), applied.outputs.changed), ("1\n2\n***", false));
    assert_eq!(applied.undo, Reversible::Nothing);
    assert_eq!(world.probe_on(None, "compare", &text).await.unwrap(), Verdict::Holds);
    assert_eq!(action("compare", &text).after_crash(), AfterCrash::Reapply);
    // On this machine it starts in the folder of the runbook.
    std::fs::write(world.book().join("f"), "1\n2\n").unwrap();
    let here = "{left: {on: local, run: cat f}, right: {on: new, run: cat f}}";
    assert_eq!(world.probe_on(None, "compare", here).await.unwrap(), Verdict::Holds);
}

#[tokio::test]
async fn what_differs_is_shown() {
    let world = World::new().await;
    let text = "{left: {on: old, run: 'printf \"a\\nb\\n\"'}, right: {on: new, run: 'printf \"a\\nc\\n\"'}}";
    let failed = failure(world.apply_on(None, "compare", text).await.err().unwrap());
    assert_eq!(failed.why, "the outputs differ");
    assert_eq!(failed.stderr, "--- left (old)\n+++ right (new)\n@@ -1,2 +1,2 @@\n a\n-b\n+c");
    let told = world.probe_on(None, "compare", text).await.unwrap();
    assert!(
        matches!(&told, Verdict::Fails(why) if why.starts_with("the outputs differ\n--- left (old)\n")),
        "{told:?}"
    );
    // Much output takes little memory, and both scripts run at the same time: each waits for the other.
    let meet = |own: &str, other: &str| {
        format!(
            "touch \"$M/{own}\"; while [ ! -e \"$M/{other}\" ]; do sleep 0.01; done; head -c 6000000 /dev/zero; echo {own}"
        )
    };
    let folder = world.book();
    let long = format!(
        "{{left: {{on: old, env: {{M: {folder:?}}}, run: '{}'}}, right: {{on: new, env: {{M: {folder:?}}}, run: '{}'}}}}",
        meet("a", "b"),
        meet("b", "a")
    );
    let failed = failure(world.apply_on(None, "compare", &long).await.err().unwrap());
    assert_eq!(
        failed.why,
        "the outputs differ behind their first 4.0 MiB: left (old) gave 5.7 MiB, right (new) 5.7 MiB"
    );
}

#[tokio::test]
async fn a_side_that_fails_says_so() {
    let world = World::new().await;
    let text = "{left: {on: old, run: 'echo a'}, right: {on: new, run: 'echo a; echo no such thing >&2; exit 3'}}";
    let failed = failure(world.apply_on(None, "compare", text).await.err().unwrap());
    assert_eq!((failed.why.as_str(), failed.exit_code), ("`right`, on new, exited with 3", Some(3)));
    assert_eq!(failed.stderr, "no such thing");
    let nobody = "{left: {on: old, run: echo a}, right: {on: nobody, run: a}}";
    assert_eq!(failure(world.apply_on(None, "compare", nobody).await.err().unwrap()).why, "no host `nobody`");
    world.old.fail_nth(1, Fault::Unreachable);
    let error = world.probe_on(None, "compare", text).await.unwrap_err();
    assert!(matches!(error, ActionError::Transport(_)), "{error}");
}
