//! The report as Markdown.

use insta::assert_snapshot;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::events::record::{Outputs, Undo};
use crate::events::{Preview, Record};
use crate::report::{html, markdown};

use super::tale::{Tale, unit};

#[test]
#[expect(clippy::too_many_lines, reason = "the page is as long as it is")]
fn a_run_as_markdown() {
    assert_snapshot!(markdown(&Tale::whole("").report()).unwrap(), @r"
    # Move the site: done

    **done**: but temporary changes are open

    | | |
    | --- | --- |
    | Run | 1kq8w2z4bt |
    | Begun | 2018-08-12 23:58:00 +12:00 |
    | Ended | 2018-08-20 00:00:25 +12:00 |
    | Took | 7d 0h |
    | By | ann@laptop, ben@desk |
    | Runbook | /home/ann/move.yaml |
    | Downtime of site | 1m 34s; up at the end; not watched for 7d 0h |
    | Next | to look back: runbook log 1kq8w2z4bt |

    ## Temporary changes that are still open

    - Stop the site on **old**: it is over (since 2018-08-12 23:58:42 +12:00)

    ## Timeline

    Times are those of UTC+12:00.

    | When | For | Where | What |
    | --- | --- | --- | --- |
    | 2018-08-12 23:58:00 |  | the run | begun (ann@laptop) |
    | 2018-08-12 23:58:00 | 41 s | probe site | up |
    | 2018-08-12 23:58:00 | 2.0 s | new | Write the site: applied |
    | 2018-08-12 23:58:40 |  | the run | gate cut: yes (ann@laptop) |
    | 2018-08-12 23:58:40 |  | the run | checkpoint before the cut (ann@laptop) |
    | 2018-08-12 23:58:40 | 2.0 s | old | Stop the site: applied |
    | 2018-08-12 23:58:41 | 1m 25s | probe site | down: refused |
    | 2018-08-12 23:58:42 | 20 s | new | Copy the last changes: failed: exited with 12 |
    | 2018-08-12 23:59:02 | 1m 00s | new | Copy the last changes: try 2 applied |
    | 2018-08-13 00:00:02 | 3.0 s | new | Change the DNS: applied |
    | 2018-08-13 00:00:05 | 7d 0h |  | Let the TTL pass: waits |
    | 2018-08-13 00:00:06 |  | the run | parked: it waits (ann@laptop) |
    | 2018-08-13 00:00:06 | 7d 0h | probe site | not watched |
    | 2018-08-20 00:00:06 |  | the run | resumed (ben@desk) |
    | 2018-08-20 00:00:06 | 9.0 s | probe site | down: 502 |
    | 2018-08-20 00:00:06 |  |  | Let the TTL pass: applied |
    | 2018-08-20 00:00:15 | 10 s | probe site | up |
    | 2018-08-20 00:00:15 |  |  | Look at it: waits |
    | 2018-08-20 00:00:15 |  |  | Look at it: applied |
    | 2018-08-20 00:00:25 |  | the run | done, 1 temporary change open (ben@desk) |

    ## Who answered what

    | When | Who | To what | Answer |
    | --- | --- | --- | --- |
    | 2018-08-12 23:58:40 | ann@laptop | The cut | yes (terminal) |
    | 2018-08-20 00:00:15 | ben@desk | Look at it | color: blue \| \[green\](x); looks well |

    ## Steps

    ### Prepare

    Over: 1 of 1, begun at 2018-08-12 23:58:00, 2.0 s

    #### ✓ Write the site

    Outcome: **applied** in 2.0 s, on new (step config, template, move.yaml:12)

    At 2018-08-12 23:58:00, by ann@laptop: applied in 2.0 s

    ```diff
    --- new:/etc/apache2/site.conf
    +++ new:/etc/apache2/site.conf
    @@ -1 +1 @@
    -ServerName old
    +ServerName new
    ```

    ### The cut

    Over: 5 of 5, begun at 2018-08-12 23:58:40, 7d 0h

    #### ✓ Stop the site

    Outcome: **applied** in 2.0 s, on old (step stop, run, move.yaml:12)

    **Temporary, still open**: it is over

    **Checkpoint before it**: before the cut

    At 2018-08-12 23:58:40, by ann@laptop: applied in 2.0 s

    ```text
    systemctl stop apache2
    ```

    #### ✓ Copy the last changes

    Outcome: **applied** in 1m 20s, on new (step sync, run, move.yaml:12)

    At 2018-08-12 23:58:42, by ann@laptop: try 1: failed in 20 s

    To do: run what it is told

    Why: **exited with 12** (look at the disk)

    ```text
    rsync -a
    ```

    Output on stderr:

    ```text
    rsync: connection unexpectedly closed
    ```

    At 2018-08-12 23:59:02, by ann@laptop: try 2: applied in 1m 00s

    To do: run what it is told

    Output on stdout:

    ```text
    file 1
    file 2
    ```

    … 97 bytes are left out here …

    ```text
    file 16
    file 17
    file 18
    file 19
    file 20
    ```

    #### ✓ Change the DNS

    Outcome: **applied** in 3.0 s, on new (step dns, run, move.yaml:12)

    **Point of no return**: the world knows

    At 2018-08-13 00:00:02, by ann@laptop: applied in 3.0 s

    ```text
    nsupdate
    ```

    Output on stdout:

    ```text
    new
    ```

    #### ✓ Let the TTL pass

    Outcome: **applied** in 7d 0h (step pause, wait, move.yaml:12)

    At 2018-08-13 00:00:05, by ann@laptop: waited 7d 0h until 2018-08-20 00:00:05 +12:00

    At 2018-08-20 00:00:06, by ben@desk: applied in 0.0 s

    To do: wait 7d

    #### ✓ Look at it

    Outcome: **applied** in 0.0 s (step look, manual, move.yaml:12)

    At 2018-08-20 00:00:15, by ben@desk: waited 0.0 s for somebody

    At 2018-08-20 00:00:15, by ben@desk: applied in 0.0 s: looks well

    ```text
    Look at https://www.example.org/
    ```

    **color**: blue \| \[green\](x)

    ## Rollback

    ### What a rollback would take back

    Newest first.

    **Look at it**: changed nothing

    **Let the TTL pass**: changed nothing

    **Point of no return**: the world knows

    **Change the DNS** on new: changed nothing

    **Copy the last changes** on new: no way back: it is a copy

    **Stop the site** on old: by its own undo

    ```text
    systemctl start apache2
    ```

    Checkpoint **before the cut**

    **Write the site** on new: the content of before is put back

    ## What was given with the command

    | Variable | Value |
    | --- | --- |
    | site | www.example.org |

    | Host | Destination | Besides |
    | --- | --- | --- |
    | new | 10.0.0.2 | port: 2222, vars.ipv4: 10.0.0.2 |
    | old | 10.0.0.1 |  |

    ## Totals

    | | |
    | --- | --- |
    | Steps over | 6 of 6 |
    | Applied | 6 |
    | Tries | 7 |
    | Time worked, hosts together | 1m 27s |
    | Time from first to last | 7d 0h |
    | Answers | 2 |
    | Records | 29 |

    | Host | Host key | Machine id |
    | --- | --- | --- |
    | new | SHA256:abc | 0123 |

    Written 2018-08-20 00:00:25 +12:00 by runbook, from 29 records of the journal. The hash of the newest: c0ffee
    ");
}

#[test]
fn nothing_that_was_said_means_anything_to_markdown() {
    let hostile = "</pre><script>alert(1)</script> ``````` ~~~~ [x](javascript:alert(1)) ![x](http://x/) <http://x/> \
                   \u{1b}[31m \u{202e} &amp; **b** _i_ # h\n\n# heading\n- item\n| a | b |\n```\n    code\n***\n[x]: http://x/\n";
    let written = markdown(&Tale::whole(hostile).report()).unwrap();
    assert!(!written.contains(['\u{1b}', '\u{202e}']), "{written}");
    let calm = markdown(&Tale::whole("").report()).unwrap();
    let shape = |text: &str| -> Vec<String> {
        let events = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
        let structure = events.filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => panic!("a link to {dest_url}"),
            Event::Html(html) | Event::InlineHtml(html) => panic!("markup: {html}"),
            Event::Start(Tag::Heading { level, .. }) => Some(level.to_string()),
            Event::Start(Tag::Table(columns)) => Some(format!("table {}", columns.len())),
            Event::Start(Tag::TableRow) => Some("row".to_owned()),
            _ => None,
        });
        structure.collect()
    };
    assert_eq!(shape(&written), shape(&calm));
    assert!(shape(&calm).iter().filter(|what| *what == "row").count() > 20);
}

#[test]
fn a_long_script_is_cut_and_says_so() {
    let mut tale = Tale::of("");
    let detail = format!("{}`````", "x\n".repeat(1000));
    let preview = Preview { detail, ..Preview::default() };
    tale.begin(&unit("sync", "new"), 1, Undo::Nothing, Some(preview));
    let written = markdown(&tale.report()).unwrap();
    assert!(written.contains("x\nx\n```\n\n… 1005 bytes are left out here …\n"), "{written}");
    assert!(html(&tale.report()).unwrap().contains("… 1005 bytes are left out here …"));
}

#[test]
fn a_run_that_was_taken_back_says_what_and_what_is_left() {
    let mut tale = Tale::of("");
    let (config, sync) = (unit("config", "new"), unit("sync", "new"));
    for unit in [&config, &sync] {
        tale.begin(unit, 1, Undo::Written { calls: Vec::new() }, None);
        tale.applied(1, unit, Outputs::default());
    }
    tale.record(5, Record::Stopped { why: "Ctrl-C".into() });
    tale.record(5, Record::RollbackBegun { to: None });
    tale.record(0, Record::UndoIntended { unit: sync.clone(), attempt: 1 });
    tale.record(1, Record::Undone { unit: sync, note: "was as before".into() });
    tale.record(0, Record::UndoIntended { unit: config.clone(), attempt: 1 });
    tale.record(1, Record::Stuck { unit: config, why: "somebody changed it".into(), unsure: false });
    tale.record(0, Record::RollbackEnded { complete: false, left: Vec::new() });
    let written = markdown(&tale.report()).unwrap();
    let (_, rollback) = written.split_once("## Rollback").unwrap();
    // What came between the try and its undo is not time that it took.
    assert!(written.contains("Outcome: **undone** in 1.0 s, on new (step sync"), "{written}");
    assert!(written.starts_with("# Move the site: rollback stopped\n"), "{written}");
    assert_snapshot!(rollback.split("## What was given").next().unwrap(), @"
    ### What was taken back

    | When | What | Where | How it went |
    | --- | --- | --- | --- |
    | 23:58:12 | Copy the last changes | new | undone: was as before |
    | 23:58:13 | Write the site | new | could not be undone: somebody changed it |

    ### What a rollback would take back

    Newest first.

    **Write the site** on new: could not be undone; by its own undo
    ");
}

#[test]
fn what_a_crash_left_open_is_taken_up_once_and_folds_nothing_away() {
    let mut tale = Tale::of("");
    let sync = unit("sync", "new");
    tale.begin(&sync, 1, Undo::Nothing, None);
    tale.record(3600, Record::Resumed { edited: None });
    tale.begin(&sync, 2, Undo::Nothing, None);
    tale.applied(60, &sync, Outputs::default());
    tale.record(0, Record::Stopped { why: "Ctrl-C".into() });
    tale.record(7 * 24 * 3600, Record::RollbackBegun { to: None });
    tale.record(0, Record::UndoIntended { unit: sync.clone(), attempt: 1 });
    tale.record(5, Record::Resumed { edited: None });
    tale.record(0, Record::UndoIntended { unit: sync.clone(), attempt: 1 });
    tale.record(1, Record::Undone { unit: sync, note: "was as before".into() });
    tale.record(0, Record::RollbackEnded { complete: true, left: Vec::new() });
    let page = html(&tale.report()).unwrap();
    assert!(page.contains("<p>Folded: 7d 0h from"), "{page}");
    assert!(page.contains("<title>Copy the last changes: unsure, 1h 00m</title>"), "{page}");
    let written = markdown(&tale.report()).unwrap();
    let (_, undone) = written.split_once("### What was taken back").unwrap();
    assert_eq!(undone.matches("Copy the last changes").count(), 1, "{undone}");
}

#[test]
fn runs_at_any_point_have_a_report() {
    let whole = Tale::whole("");
    let words: Vec<String> = (1..=whole.entries.len())
        .map(|upto| {
            let mut tale = Tale::whole("");
            tale.entries.truncate(upto);
            let written = markdown(&tale.report()).unwrap();
            written.lines().next().unwrap().to_owned()
        })
        .collect();
    let mut different = words;
    different.dedup();
    let name = "# Move the site: ";
    assert_eq!(different, ["running", "parked", "running", "done"].map(|word| format!("{name}{word}")));
}
