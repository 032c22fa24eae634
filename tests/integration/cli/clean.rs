//! `clean`.

use rustix::process::Signal;

use crate::support::Test;

/// What goes is moved aside; what is written over is kept in the run's folder.
const BOOK: &str = "
    name: Two changes
    vars:
      here: ./
    steps:
      - {id: gone, name: Remove the old pictures, on: local, file: {path: '{{ here }}/pictures', state: absent}}
      - {id: note, name: Leave a note, on: local, copy: {content: \"moved\\n\", dest: '{{ here }}/note'}}
";

fn test() -> Test {
    let test = Test::new().runbook(BOOK).file("pictures/cat", "a cat\n").file("note", "as before\n");
    let here = test.path("").display().to_string();
    test.put("here.yaml", &format!("here: '{}'\n", here.trim_end_matches('/')));
    test
}

/// What stands beside the book that has a name of ours.
fn ours(test: &Test) -> Vec<String> {
    let names = std::fs::read_dir(test.path("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("runbook")).collect()
}

#[test]
fn what_a_run_keeps_is_shown_and_goes() {
    let test = test();
    test.run("run book.yaml --vars-file here.yaml").exits(0);
    let run = test.newest();
    let folder = test.path("../home/.local/state/runbook").join(&run);
    assert!(folder.exists());
    assert_eq!(ours(&test), [format!(".pictures.runbook-{run}")]);
    let shown = test.run(&format!("clean {run} --dry-run")).exits(0);
    let shown = shown.says("kept so that it can be taken back:").says("/state/runbook/[run]\n");
    shown.says("[dir]/.pictures.runbook-[run]\n").says("on 1 host in all").says("nothing was removed");
    assert!(folder.exists() && ours(&test).len() == 1);
    test.run("status").exits(0).says("runbook clean [run]");

    let cleaned = test.run(&format!("clean {run} --yes")).exits(0);
    cleaned.says("/.pictures.runbook-[run]\n").says("\nremoved: ").says("to look back: runbook log [run]");
    assert!(!folder.exists());
    assert_eq!(ours(&test), <[String; 0]>::default());
    assert_eq!(test.read("note"), "moved\n");

    test.run("status").exits(0).says("it cannot be taken back: what was kept for that was removed, [when]");
    test.run("log").exits(0).says("what was kept for undo is removed").says("removed: ").says("on 1 host");
    test.run("report").exits(0).says("It cannot be taken back: what was kept for that was removed, [when].");
    test.run("log --verify").exits(0);
    let refused = test.run(&format!("rollback {run}")).exits(2);
    refused.complains("run [run] cannot be taken back: `runbook clean` has removed what was kept for that");
    test.run(&format!("clean {run} --yes")).exits(2).complains("run [run] keeps nothing on its hosts");
}

#[test]
fn nothing_goes_before_somebody_says_so() {
    let test = test();
    test.run("run book.yaml --vars-file here.yaml").exits(0);
    let run = test.newest();
    let unasked = test.run(&format!("clean {run}")).exits(2);
    unasked.complains("nobody is here to answer").complains("runbook clean [run] --yes, or --dry-run");
    let screen = test.type_in(&format!("clean {run}")).expect("Remove it? [y/N]").keys("n\r").exits(0);
    assert!(screen.contains("nothing was removed"), "{screen}");
    test.type_in(&format!("clean {run}")).expect("Remove it? [y/N]").keys("\x03").exits(0);
    assert_eq!(ours(&test).len(), 1);
    let screen = test.type_in(&format!("clean {run}")).expect("Remove it? [y/N]").keys("y\r").exits(0);
    assert!(screen.contains("removed: "), "{screen}");
    assert_eq!(ours(&test).len(), 0);
}

#[test]
fn a_script_is_told_what_it_is() {
    let test = test();
    test.run("run book.yaml --vars-file here.yaml").exits(0);
    let run = test.newest();
    let events = test.run(&format!("clean {run} --yes --output json")).exits(0).json();
    let of = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
    let things = of("kept")["things"].as_array().unwrap();
    assert!(
        things.len() == 2 && things.iter().all(|thing| thing["host"] == "local" && thing["bytes"].as_u64() > Some(0))
    );
    assert_eq!(of("ended")["exit"], 0);
    let removed = events.iter().find(|event| event["entry"]["record"]["kind"] == "cleaned").unwrap();
    assert_eq!(removed["entry"]["record"]["removed"].as_array().unwrap().len(), 2);
}

#[test]
fn what_may_still_have_to_be_taken_back_is_kept() {
    let test = Test::new().runbook(
        "
        name: Half of it
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
          - {id: fails, on: local, run: 'false', undo: nothing}
        ",
    );
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    let refused = test.run(&format!("clean {run} --yes")).exits(2);
    let refused = refused.complains("run [run] is not over: it may still have to be taken back");
    refused.complains("to go on: runbook resume [run] · to give it up: runbook abandon [run]");
    test.run("rollback").exits(4);
    let refused = test.run(&format!("clean {run} --yes")).exits(2);
    refused.complains("keeps nothing on its hosts: its rollback has removed what was kept");

    let test = Test::new().runbook(
        "
        name: Off for a while
        steps:
          - {id: off, on: local, run: touch off, undo: rm off, temporary: until the move is over}
        ",
    );
    test.run("run book.yaml").exits(7);
    let run = test.newest();
    test.run(&format!("clean {run} --yes")).exits(2).complains("run [run] has 1 temporary change open");
}

#[test]
fn what_still_runs_keeps_what_it_needs() {
    let test = Test::new().runbook(
        "
        name: Long
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
          - id: long
            on: local
            run: |
              touch begun
              while [ ! -e go ]; do sleep 0.1; done
              touch over
            undo: nothing
        ",
    );
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    going.signal(Signal::KILL);
    going.wait();
    let run = test.newest();
    test.run(&format!("abandon {run} --leave-jobs")).exits(0);
    let folder = test.path("../home/.local/state/runbook").join(&run);
    let kept = test.run(&format!("clean {run} --yes")).exits(1);
    kept.says("a job of the run still runs there: ").says("once that is seen to: runbook clean [run]");
    assert!(folder.exists());
    test.put("go", "");
    let since = std::time::Instant::now();
    while !test.path("over").exists() {
        assert!(since.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let again = || test.run(&format!("clean {run} --yes"));
    // The witness writes its code after that.
    let mut cleaned = again();
    while cleaned.code == 1 && since.elapsed().as_secs() < 30 {
        cleaned = again();
    }
    cleaned.exits(0);
    assert!(!folder.exists());
}
