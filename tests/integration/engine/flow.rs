//! How a run flows: in order, past gates, around failures, through waits.

use std::collections::BTreeMap;

use runbook::engine::{End, Remedy, TaskAnswer};
use runbook::events::record::Answer;
use runbook::events::view::Status;
use runbook::events::{Foresight, Progress};

use super::world::{Said, World};

fn done() -> End {
    End::Done { open: 0 }
}

#[tokio::test]
async fn steps_run_in_order_and_see_what_others_left() {
    let world = World::new(
        "steps:
  - {id: one, on: old, run: 'echo first', undo: nothing}
  - {id: two, on: new, run: {script: 'printf %s \"$X\" >x', cwd: '<new>', env: {X: '{{ steps.one.stdout }}'}}, undo: nothing}
",
    );
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.read("new", "x").as_deref(), Some("first"));
}

#[tokio::test]
async fn a_gate_that_is_answered_with_no_parks_and_asks_again() {
    let world = World::new(
        "phases:
  - {id: first, confirm: 'Ready?', steps: [{id: one, on: old, run: 'echo x >>x', undo: nothing, name: One}]}
",
    )
    .says([Said::No, Said::Yes]);
    assert!(matches!(world.go().await.unwrap(), End::Parked { until: None, .. }));
    assert_eq!(world.states().await, BTreeMap::new());
    assert_eq!(world.resume().await.unwrap(), done());
    assert!(matches!(world.view().await.answers["first"], Answer::Yes { .. }));
    let gates = world.script.gates.lock().unwrap();
    assert_eq!(gates[0].prompt, "Ready?");
    assert!(matches!(gates[0].next[0].foresight, Foresight::WouldChange { .. }));
}

#[tokio::test]
async fn a_dry_run_tells_of_every_gate_and_a_gate_not_of_itself() {
    let world = World::new(
        "phases:
  - {id: first, name: First, confirm: 'Ready?', steps: [{id: one, on: old, run: 'true', undo: nothing}, {id: two, on: old, run: 'true', undo: nothing}]}
  - {id: second, steps: [{id: three, on: old, run: 'true', undo: nothing, irreversible: gone}]}
",
    )
    .says([Said::Yes, Said::Yes]);
    let foreseen = world.foresee().await;
    let gates: Vec<_> = foreseen
        .iter()
        .map(|one| (one.unit.step.as_str(), one.phase_gate.as_ref().map(|gate| gate.phase.as_str()), one.gated))
        .collect();
    assert_eq!(gates, [("one", Some("first"), false), ("two", None, false), ("three", None, true)]);
    assert_eq!(world.go().await.unwrap(), done());
    let gates = world.script.gates.lock().unwrap();
    assert_eq!(gates[1].irreversible.as_deref(), Some("gone"));
    assert_eq!((gates[1].next[0].gated, &gates[1].next[0].irreversible), (false, &None));
}

#[tokio::test]
async fn items_are_worked_on_in_parallel_and_keep_their_order_in_the_results() {
    let world = World::new(
        "steps:
  - id: each
    on: old
    foreach: {csv: items.csv}
    parallel: 4
    on_failure: continue
    run:
      script: |
        : >\"$HOME/busy.$ITEM\"
        ls \"$HOME\" | grep -c busy >\"$HOME/seen.$ITEM\"
        sleep 0.3
        rm \"$HOME/busy.$ITEM\"
        [ \"$ITEM\" != 3 ] || { echo broken >&2; exit 4; }
        echo \"<$ITEM>\"
      env: {ITEM: '{{ item.n }}'}
    undo: nothing
  - id: table
    on: new
    run:
      script: printf %s \"$TABLE\" >\"$HOME/table\"
      env: {TABLE: '{% for r in steps.each.results %}{{ r.item.n }}{{ r.stdout }}{% if r.error %}!{{ r.exit_code }}{{ r.stderr }}{% endif %} {% endfor %}'}
    undo: nothing
",
    )
    .file("items.csv", "n\n1\n2\n3\n4\n5\n6\n7\n8\n");
    // A failure that may be gone past leaves the run to be tried again or not, as ever.
    let _ = world.go().await.unwrap();
    assert_eq!(world.read("new", "table").as_deref(), Some("1<1> 2<2> 3!4broken 4<4> 5<5> 6<6> 7<7> 8<8> "));
    let seen: Vec<u32> =
        (1..=8).map(|n| world.read("old", &format!("seen.{n}")).unwrap().trim().parse().unwrap()).collect();
    assert!(seen.iter().all(|count| *count <= 4) && seen.iter().any(|count| *count > 1), "{seen:?}");
}

#[tokio::test]
async fn a_failed_item_lets_no_other_begin() {
    let world = World::new(
        "steps:
  - id: each
    on: old
    foreach: [1, 2, 3, 4, 5, 6, 7, 8, 9]
    parallel: 2
    run: {script: 'echo \"$ITEM\" >>\"$HOME/begun\"; sleep 0.2; [ \"$ITEM\" != 1 ]', env: {ITEM: '{{ item }}'}}
    undo: nothing
",
    );
    let End::Failed { unit } = world.go().await.unwrap() else { panic!("it has to fail") };
    assert_eq!(unit.to_string(), "each[0]@old");
    let begun = world.read("old", "begun").unwrap().lines().count();
    assert!((2..=4).contains(&begun), "{begun}");
}

#[tokio::test]
async fn a_thousand_items_take_as_long_as_the_slowest_few() {
    let items: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let book = format!("steps:\n  - {{id: each, foreach: [{}], parallel: 500, wait: 1s}}\n", items.join(", "));
    let world = World::new(&book);
    let begun = std::time::Instant::now();
    assert_eq!(world.go().await.unwrap(), done());
    assert!(begun.elapsed().as_secs() < 100, "{:?}", begun.elapsed());
    assert_eq!(world.view().await.units.len(), 1000);
}

#[tokio::test]
async fn silence_is_never_a_yes() {
    let world = World::new("steps:\n  - {id: one, on: old, confirm: 'Sure?', run: 'true', undo: nothing}\n");
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    assert!(matches!(world.view().await.status, Status::Parked { .. }));
}

#[tokio::test]
async fn a_failure_stops_and_resume_tries_it_again() {
    let world = World::new(
        "steps:
  - {id: one, on: old, run: 'echo x >>\"$HOME/ones\"', undo: nothing}
  - {id: two, on: old, run: '[ -e \"$HOME/ready\" ] || { echo not ready >&2; exit 3; }', undo: nothing}
  - {id: three, on: old, run: 'echo x >>\"$HOME/threes\"', undo: nothing}
",
    );
    let End::Failed { unit } = world.go().await.unwrap() else { panic!("it has to fail") };
    assert_eq!(unit.to_string(), "two@old");
    world.write("old", "ready", "");
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "ones").as_deref(), Some("x\n"));
    assert_eq!(world.read("old", "threes").as_deref(), Some("x\n"));
}

#[tokio::test]
async fn the_operator_decides_about_a_failure() {
    let book = "steps:
  - {id: one, on: old, run: 'exit 3', undo: nothing}
  - {id: two, on: old, run: 'echo x >\"$HOME/two\"', undo: nothing}
";
    let skip = Remedy::Skip { note: "not needed".to_owned() };
    let world = World::new(book).says([Said::Do(Remedy::Retry { edited: false }), Said::Do(skip)]);
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.read("old", "two").as_deref(), Some("x\n"));
    let troubles = world.script.troubles.lock().unwrap();
    assert_eq!(troubles.len(), 2);
    assert_eq!(troubles[0].failure.exit_code, Some(3));
    assert!(troubles[0].may_retry && !troubles[0].unsure);
}

#[tokio::test]
async fn a_retry_repeats_what_failed() {
    let world = World::new(
        "steps:
  - id: one
    on: old
    retry: {attempts: 3}
    run: 'echo x >>\"$HOME/tries\"; [ \"$(wc -l <\"$HOME/tries\")\" = 3 ]'
    undo: nothing
",
    );
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.read("old", "tries").as_deref(), Some("x\nx\nx\n"));
    assert_eq!(world.jobs("old"), 0, "folders of jobs are left");
}

#[tokio::test]
async fn a_verify_that_fails_does_not_apply_again() {
    let world = World::new(
        "steps:
  - {id: one, on: old, run: 'echo x >>\"$HOME/ones\"', undo: nothing, verify: 'test -e \"$HOME/good\"'}
",
    );
    assert!(matches!(world.go().await.unwrap(), End::Failed { .. }));
    assert!(matches!(world.resume().await.unwrap(), End::Failed { .. }));
    world.write("old", "good", "");
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "ones").as_deref(), Some("x\n"));
}

#[tokio::test]
async fn what_is_already_done_or_not_wanted_is_left_alone() {
    let world = World::new(
        "vars: {wanted: false}
steps:
  - {id: a, on: old, when: wanted, run: 'exit 1', undo: nothing}
  - {id: b, on: old, unless: 'true', run: 'exit 1', undo: nothing}
  - {id: c, on: old, copy: {content: x, dest: '<old>/x'}}
",
    );
    world.write("old", "x", "x");
    assert_eq!(world.go().await.unwrap(), done());
    let states = world.states().await;
    assert_eq!(states.into_values().collect::<Vec<_>>(), ["skipped", "satisfied", "satisfied"]);
}

#[tokio::test]
async fn a_rolling_step_stops_after_too_many_failures() {
    let world = World::new(
        "steps:
  - {id: roll, on: mirrors, batch: 1, max_failures: 1, run: 'echo x >\"$HOME/x\"; [ ! -e \"$HOME/bad\" ]', undo: nothing}
  - {id: later, on: mirrors, run: 'echo x >\"$HOME/later\"', undo: nothing}
",
    );
    world.write("m1", "bad", "");
    let End::Failed { unit } = world.go().await.unwrap() else { panic!("m1 was left behind") };
    assert_eq!(unit.to_string(), "roll@m1");
    assert_eq!(world.read("m1", "later"), None);
    assert_eq!(world.read("m2", "later").as_deref(), Some("x\n"));

    let world = World::new(
        "steps:
  - {id: roll, on: mirrors, batch: 1, max_failures: 1, run: 'echo x >\"$HOME/x\"; [ ! -e \"$HOME/bad\" ]', undo: nothing}
",
    );
    world.write("m1", "bad", "");
    world.write("m2", "bad", "");
    assert!(matches!(world.go().await.unwrap(), End::Failed { .. }));
    assert_eq!(world.read("m3", "x"), None, "no further batch starts");
}

#[tokio::test]
async fn a_persons_step_keeps_what_was_answered() {
    let answer = TaskAnswer::Done {
        answers: BTreeMap::from([("url".to_owned(), "https://example.org/1".to_owned())]),
        note: None,
        by: "terminal".to_owned(),
    };
    let world = World::new(
        "steps:
  - {id: tweet, manual: {text: Tweet about it, ask: {url: Link}}}
  - {id: keep, on: old, run: {script: 'printf %s \"$URL\" >\"$HOME/url\"', env: {URL: '{{ steps.tweet.answers.url }}'}}, undo: nothing}
",
    )
    .says([Said::Task(TaskAnswer::NotNow), Said::Task(answer)]);
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "url").as_deref(), Some("https://example.org/1"));
}

#[tokio::test]
async fn a_wait_is_due_at_an_instant_whatever_happens_meanwhile() {
    let mut world = World::new("steps:\n  - {id: pause, wait: 1h}\n  - {id: next, wait: 1s}\n");
    world.manner.no_wait = true;
    let End::Parked { until: Some(first), .. } = world.go().await.unwrap() else { panic!("it parks") };
    let End::Parked { until: Some(second), .. } = world.resume().await.unwrap() else { panic!("it parks again") };
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_temporary_change_is_in_the_ledger_until_it_is_restored() {
    let world =
        World::new("steps:\n  - {id: page, on: old, temporary: soon, copy: {content: x, dest: '<old>/page'}}\n");
    assert_eq!(world.go().await.unwrap(), End::Done { open: 1 });
    assert_eq!(world.view().await.ledger()[0].until, "soon");
}

#[tokio::test]
async fn the_dry_run_says_what_the_run_then_does_and_changes_nothing() {
    let world = World::new(
        "steps:
  - {id: a, on: old, copy: {content: \"new\\n\", dest: '<old>/x'}}
  - {id: b, on: old, run: 'cat \"$HOME/x\"', undo: nothing}
  - {id: c, on: old, run: {script: ': \"$X\"', env: {X: '{{ steps.b.stdout }}'}}, undo: nothing}
  - {id: d, on: old, copy: {content: \"same\", dest: '<old>/y'}}
  - {id: e, manual: Look at it}
",
    );
    world.write("old", "x", "before\n");
    world.write("old", "y", "same");
    let before = world.listing();
    let foreseen: Vec<Foresight> = world.foresee().await.into_iter().map(|one| one.foresight).collect();
    assert_eq!(world.listing(), before);
    assert_eq!(world.leftovers(), Vec::<String>::new());
    let Foresight::WouldChange { preview, reversible: true } = &foreseen[0] else { panic!("{:?}", foreseen[0]) };
    assert!(preview.detail.contains("-before\n+new"), "{}", preview.detail);
    assert!(matches!(&foreseen[1], Foresight::WouldChange { .. }));
    assert!(matches!(&foreseen[2], Foresight::UnknownUntil { step, .. } if step.as_str() == "b"));
    assert_eq!(foreseen[3], Foresight::AsAsked);
    assert!(matches!(&foreseen[4], Foresight::Waits { .. }));

    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    let states: Vec<&str> = world.states().await.into_values().collect();
    assert_eq!(states, ["applied", "applied", "applied", "satisfied", "waiting"]);
    assert_eq!(world.read("old", "x").as_deref(), Some("new\n"));
}

#[tokio::test]
async fn a_host_that_is_another_machine_stops_the_run() {
    let world = World::new(
        "steps:
  - {id: a, on: old, run: 'true', undo: nothing}
  - {id: b, on: old, confirm: 'On?', run: 'echo x >\"$HOME/x\"', undo: nothing}
",
    );
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    world.hosts["old"].be(runbook::transport::Identity { host_key: "SHA256:other".into(), machine_id: "m".into() });
    let refused = world.resume().await.unwrap_err().to_string();
    assert!(refused.contains("another machine"), "{refused}");
    assert_eq!(world.read("old", "x"), None);
}

/// A role that no step acts `on` is pinned like the others, before anything is done: by its first use it may be another machine.
#[tokio::test]
async fn a_host_that_is_only_named_is_pinned_when_the_run_starts() {
    let world = World::new(
        "steps:
  - {id: a, on: local, confirm: 'On?', copy: {from: 'old:/etc/hostname', dest: /nowhere/x}}
  - {id: b, on: local, run: 'true', undo: [{on: new, run: 'true'}]}
",
    );
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    let view = world.view().await;
    assert_eq!(view.pins.keys().map(runbook::base::Role::as_str).collect::<Vec<_>>(), ["new", "old"]);
}

#[tokio::test]
async fn a_role_may_be_another_machine_from_where_the_book_says_so() {
    let book = "steps:
  - {id: a, on: old, run: 'true', undo: nothing}
  - {id: b, on: old, confirm: 'On?', run: 'echo x >\"$HOME/x\"', undo: nothing}
";
    let world = World::new("steps: []\n").replaced_at("old", "b", book).says([Said::No, Said::Yes]);
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    world.hosts["old"].be(runbook::transport::Identity { host_key: "SHA256:other".into(), machine_id: "m".into() });
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.view().await.pins["old"].host_key, "SHA256:other");
}

#[tokio::test]
async fn a_secret_is_masked_wherever_it_turns_up() {
    let world = World::new(
        "secrets: {password: {env: X}}
steps:
  - id: one
    on: old
    run: {script: 'echo \"got $P\"; echo \"$P\" >&2; printf %s \"$P\" >\"$HOME/p\"', env: {P: '{{ secrets.password }}'}}
    undo:
      - run: {script: ': \"$P\"', env: {P: '{{ secrets.password }}'}}
  - {id: two, on: old, run: {script: 'echo \"$Q\" >\"$HOME/q\"', env: {Q: '{{ steps.one.stdout }}'}}, undo: nothing}
",
    )
    .secret("password", "hunter2 and more");
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.read("old", "p").as_deref(), Some("hunter2 and more"));
    assert_eq!(world.read("old", "q").as_deref(), Some("got ***\n"));
    let progress = format!("{:?}", world.script.progress.lock().unwrap());
    assert!(!progress.contains("hunter2"), "{progress}");
    let view = format!("{:?}", world.view().await);
    assert!(!view.contains("hunter2"), "{view}");
}

/// A step that counts its runs, and waits until it is let go.
const SLOW: &str = "steps:
  - id: slow
    on: old
    run: 'echo x >>\"$HOME/runs\"; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo over'
    undo: nothing
  - {id: after, on: old, run: 'echo x >\"$HOME/after\"', undo: nothing}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_lets_the_running_step_finish() {
    let mut world = World::new(SLOW);
    let interrupt = async {
        world.sees("old", "runs").await;
        world.interrupt();
        world.write("old", "go", "");
    };
    let (end, ()) = tokio::join!(world.go(), interrupt);
    assert_eq!(end.unwrap(), End::Interrupted);
    assert_eq!(world.states().await.into_iter().collect::<Vec<_>>(), [("slow@old".to_owned(), "applied")]);
    world.calm();
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "after").as_deref(), Some("x\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_lets_go_of_the_job_and_resume_finds_it_again() {
    let mut world = World::new(SLOW);
    let interrupt = async {
        world.sees("old", "runs").await;
        world.interrupt();
        world.interrupt();
    };
    let (end, ()) = tokio::join!(world.go(), interrupt);
    assert_eq!(end.unwrap(), End::Interrupted);
    assert_eq!(world.states().await["slow@old"], "in flight");
    world.calm();
    let let_go = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        world.write("old", "go", "");
    };
    let (end, ()) = tokio::join!(world.resume(), let_go);
    assert_eq!(end.unwrap(), done());
    assert_eq!(world.read("old", "runs").as_deref(), Some("x\n"));
    assert_eq!(world.view().await.units_of(&"slow".into()).next().unwrap().1.outputs.as_ref().unwrap().stdout, "over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_anew_after_a_rollback_is_not_taken_for_what_was_taken_back() {
    let mut world = World::new(&SLOW.replace("undo: nothing\n  - {id: after", "undo: 'rm runs go'\n  - {id: after"));
    world.write("old", "go", "");
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.roll_back(Some("slow")).await.unwrap(), End::RolledBack { to: Some("slow".into()) });
    let interrupt = async {
        world.sees("old", "runs").await;
        world.interrupt();
        world.interrupt();
        world.write("old", "go", "");
    };
    let (end, ()) = tokio::join!(world.resume(), interrupt);
    assert_eq!(end.unwrap(), End::Interrupted);
    world.calm();
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!((&*world.output("slow", "old", 1).await, &*world.output("slow", "old", 2).await), ("over\n", "over\n"));
}

#[tokio::test]
async fn a_job_that_the_host_was_too_slow_to_begin_is_begun_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::new("steps: [{id: one, on: old, run: 'echo x >>\"$HOME/tries\"', undo: nothing}]\n");
    let setsid = world.home("old").join("bin/setsid");
    std::fs::create_dir_all(setsid.parent().unwrap()).unwrap();
    let slow = "#!/bin/sh\nmkdir \"$HOME/once\" && >\"$HOME/once/begun\" && until [ -e \"$HOME/tries\" ]; do sleep 0.1; done\n";
    std::fs::write(&setsid, format!("{slow}PATH=${{PATH#*:}} exec setsid \"$@\"\n")).unwrap();
    std::fs::set_permissions(&setsid, std::fs::Permissions::from_mode(0o755)).unwrap();
    let interrupt = async {
        world.sees("old", "once/begun").await;
        world.interrupt();
        world.interrupt();
    };
    let (end, ()) = tokio::join!(world.go(), interrupt);
    assert_eq!(end.unwrap(), End::Interrupted);
    world.calm();
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.view().await.units_of(&"one".into()).next().unwrap().1.tries, 2);
    // By now the first has come as well.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(world.read("old", "tries").as_deref(), Some("x\n"));
    assert_eq!(world.jobs("old"), 0, "folders of jobs are left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_ends_the_wait_for_a_verify_and_resume_applies_nothing_again() {
    let mut world = World::new(
        "steps:
  - {id: one, on: old, run: 'echo x >>\"$HOME/ones\"', undo: nothing, verify: {checks: [{run: 'test -e \"$HOME/good\"'}], for: 5m}}
",
    );
    let interrupt = async {
        while !world.script.progress.lock().unwrap().iter().any(|one| matches!(one, Progress::Note { .. })) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.interrupt();
        world.interrupt();
    };
    let (end, ()) = tokio::join!(world.go(), interrupt);
    assert_eq!(end.unwrap(), End::Interrupted);
    assert!(matches!(world.view().await.status, Status::Stopped { .. }));
    assert_eq!(world.states().await["one@old"], "in flight");
    world.calm();
    world.write("old", "good", "");
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "ones").as_deref(), Some("x\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_a_parallel_phase_run_at_the_same_time_unless_one_uses_the_other() {
    // Each waits for the other: one after the other they would never end.
    let meet = |own: &str, other: &str| {
        format!("touch \"$HOME/{own}\"; until [ -e \"$HOME/{other}\" ]; do sleep 0.02; done; echo {own}")
    };
    let world = World::new(&format!(
        "phases:
  - id: together
    parallel: true
    steps:
      - {{id: a, on: old, run: '{}', undo: nothing, timeout: 20s}}
      - {{id: b, on: old, run: '{}', undo: nothing, timeout: 20s}}
      - {{id: c, on: old, run: {{script: 'echo \"$A\" >\"$HOME/c\"', env: {{A: '{{{{ steps.a.stdout }}}}'}}}}, undo: nothing}}
",
        meet("a", "b"),
        meet("b", "a"),
    ));
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.read("old", "c").as_deref(), Some("a\n"));
}

#[tokio::test]
async fn a_list_that_a_step_left_is_worked_out_once() {
    let world = World::new(
        "steps:
  - {id: names, on: old, run: 'cat \"$HOME/names\"', undo: nothing}
  - id: each
    on: old
    foreach: '{{ steps.names.stdout | split(pat=\" \") }}'
    run: {script: 'echo \"$NAME\" >>\"$HOME/seen\"; [ \"$NAME\" != stop ] || [ -e \"$HOME/go\" ]', env: {NAME: '{{ item }}'}}
    undo: nothing
",
    );
    world.write("old", "names", "one stop two");
    assert!(matches!(world.go().await.unwrap(), End::Failed { .. }));
    world.write("old", "names", "something else");
    world.write("old", "go", "");
    assert_eq!(world.resume().await.unwrap(), done());
    assert_eq!(world.read("old", "seen").as_deref(), Some("one\nstop\nstop\ntwo\n"));
}

/// Its items are what a failed step leaves: there are none to be gone past one by one.
#[tokio::test]
async fn a_step_without_items_is_gone_past_and_left_out_like_any_other() {
    let book = |more: &str| {
        format!(
            "steps:
  - {{id: list, on: old, run: exit 1, undo: nothing, on_failure: continue}}
  - {{id: each, on: old, foreach: '{{{{ steps.list.stdout | trim }}}}', run: 'true', undo: nothing{more}}}
  - {{id: last, on: old, copy: {{content: x, dest: '<old>/last'}}}}
"
        )
    };
    let world = World::new(&book(", on_failure: continue"));
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.states().await["each"], "blocked");
    assert!(world.read("old", "last").is_some());

    let skip = Remedy::Skip { note: "there is nothing to do".into() };
    let world = World::new(&book("")).says([Said::Do(Remedy::Retry { edited: false }), Said::Do(skip)]);
    assert_eq!(world.go().await.unwrap(), done());
    assert_eq!(world.states().await["each"], "skipped");
}
