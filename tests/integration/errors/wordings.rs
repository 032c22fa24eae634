//! Every wording of an error in the sources is on the page.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use Where::{In, Nobody};

/// Wordings that are not on the page: each with the test that meets it and what that says there, or why nobody meets it.
const ELSEWHERE: &[(&str, Where)] = &[
    (
        "`{role}` is another machine than when the run began: its host key was {}, now it is {}{clone}",
        In("tests/faults/identity.rs", "another machine"),
    ),
    ("the host key of {host} is not the known one: {why}", In("tests/faults/identity.rs", "the host key of")),
    ("cannot become {user} on {host}: {why}", In("tests/lab/tests/actions/sync.rs", "cannot become")),
    ("lost the connection to {host}: {why}", In("tests/integration/engine/link.rs", "Fault::BeforeAnswer")),
    (
        "{host} cannot be reached any more, and the job may go on there: {why}",
        In("tests/integration/engine/link.rs", "Fault::AfterSending"),
    ),
    ("nothing more is done on {host}: {why}", In("tests/integration/transport/tenure.rs", "nothing more is done on")),
    ("took longer than {limit:?} on {host} and was ended", In("tests/integration/transport/shell.rs", "TimedOut")),
    (
        "took longer than {}, and both ends were stopped",
        In("tests/integration/actions/stream.rs", "both ends were stopped"),
    ),
    (
        "it was not begun: the host was too busy to start a process within seconds",
        In("tests/integration/transport/job.rs", "NeverBegan"),
    ),
    ("detached: it goes on on its host", In("tests/integration/actions/run.rs", "ActionError::Detached")),
    ("cannot be known until {0} has run", In("tests/integration/cli/foreseen.rs", "cannot be known until")),
    (
        "the journal is corrupt: a unit that is {state} cannot be {event}",
        In("tests/integration/engine/clean.rs", "EngineError::Journal"),
    ),
    ("there is no secret `{key}`", In("tests/integration/actions/dns.rs", "there is no secret")),
    ("{} uses a secret", In("tests/integration/actions/show.rs", "uses a secret")),
    (
        "what arrived for {path} is not what was read: it was changed meanwhile",
        In("tests/integration/actions/copy.rs", "changed meanwhile"),
    ),
    ("what arrived is not what was dumped: {}", In("tests/integration/actions/postgres.rs", "is not what was dumped")),
    (
        "{path} was changed by somebody else since it was looked at",
        In("tests/integration/actions/edits.rs", "changed by somebody else since"),
    ),
    ("an instant needs a zone", Nobody("the runbook's reader says what is due in its place")),
    ("not an instant", Nobody("the same")),
    ("not a file mode", Nobody("the same")),
    ("the mode does not say whose", Nobody("the same")),
    (
        "{unit} is being taken back: `runbook rollback` goes on with that",
        Nobody("a resume goes on with the rollback first"),
    ),
    ("{path} was changed while it was looked at", Nobody("takes two changes within a look")),
    (
        "what is copied to {} was changed since it was looked at",
        Nobody("takes a change between a look and what follows it"),
    ),
    ("{} renders otherwise than a moment ago", Nobody("takes a template that knows the time of day")),
    (
        "dpkg was broken off in the middle of something that is not of this step",
        Nobody("takes somebody whose dpkg dies between two steps"),
    ),
    (
        "apt was broken off: {why}",
        Nobody("takes a host that dies in an undo: the lab pulls its cord in the step itself"),
    ),
    (
        "the move of a database that was taken back by another step is not repeated by taking that step back",
        Nobody("takes a restore of a move, which the language allows and nobody writes"),
    ),
    ("this machine trusts no issuer of certificates", Nobody("takes a machine without certificates")),
    ("the runbook was edited and is wrong now", Nobody("takes an edit between its check and its use")),
    ("the job of {unit} cannot be stopped: {why}", Nobody("takes a host that goes away while a run is given up")),
    ("what was kept of {base} for undo is no longer in {} on {}", Nobody("takes somebody who removes what was kept")),
    ("nothing was recorded of run {run}", Nobody("a run has a record, or is none")),
    ("there is a run `{0}` already", Nobody("ids are drawn anew")),
    ("a record cannot be written: {0}", Nobody("records are our own, and can be written")),
    ("the page cannot be made: {0}", Nobody("its template is ours, and tried")),
    ("cannot set up the demo's hosts: {why}", Nobody("takes a machine without sshd")),
    ("looking at the demo's hosts: {why}", Nobody("takes a machine without find")),
    ("{at} cannot be removed: {error}", Nobody("takes somebody who writes into the demo's folder")),
    ("the demo cannot end its run: {error}", Nobody("takes a kernel that kills nobody")),
    ("the demo cannot start runbook: {error}", Nobody("takes a tool that is removed while it runs")),
    ("the demo's `runbook {what}` {why}", Nobody("takes a demo that does not work")),
    ("the demo's run did not come to its import", Nobody("takes a demo that does not work")),
    ("the import was to begin once, and did this: {begun}", Nobody("takes a demo that does not work")),
];

/// Why a wording is not on the page.
enum Where {
    /// This file meets it, and says this there.
    In(&'static str, &'static str),
    /// Nobody does, for this reason.
    Nobody(&'static str),
}

/// Fewer letters than this say nothing by themselves: `{0}`, `{verb} {}: {source}`.
const TELLING: usize = 8;

/// Looks for them all.
pub(super) fn are_all_in(page: &str) {
    // A long line may be broken anywhere.
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wordings = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut wordings);
    assert!(wordings.len() > 60, "only {} are found: are they written otherwise by now?", wordings.len());
    let missing: Vec<&String> =
        wordings.iter().filter(|wording| !is_in(wording, &page) && !is_elsewhere(wording)).collect();
    assert!(
        missing.is_empty(),
        "these errors are not in tests/integration/errors, nor among those tried ELSEWHERE:\n{missing:#?}"
    );
    let stale = |wording: &&str| !wordings.contains(*wording) || is_in(wording, &page);
    let stale: Vec<&str> = ELSEWHERE.iter().map(|(wording, _)| *wording).filter(stale).collect();
    assert!(stale.is_empty(), "these are on the page, or are no errors any more: {stale:#?}");
    for (wording, place) in ELSEWHERE {
        match place {
            In(file, says) => {
                let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
                assert!(text.contains(says), "{file} does not say `{says}`: where is `{wording}` met by now?");
            }
            Nobody(why) => assert!(!why.is_empty(), "{wording}"),
        }
    }
}

fn is_elsewhere(wording: &str) -> bool {
    ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == wording)
}

/// Whether the page has it, with anything where it has a placeholder.
fn is_in(wording: &str, page: &str) -> bool {
    let placeholder = Regex::new(r"\{[^{}]*\}").unwrap();
    let pieces =
        placeholder.split(wording).map(|piece| regex::escape(&piece.split_whitespace().collect::<Vec<_>>().join(" ")));
    let pattern = pieces.filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(".{0,200}?");
    Regex::new(&pattern).unwrap().is_match(page)
}

/// The wordings of thiserror's enums, and of the errors that commands end with.
fn collect(folder: &Path, wordings: &mut BTreeSet<String>) {
    let place = Regex::new(
        r#"(?:#\[error\(|CommandError::(?:wrong|failed)\(|EngineError::(?:Refused|Identity|Unreachable)\(|ActionError::failed_with_hint\()\s*(?:format!\(\s*)?"((?:[^"\\]|\\.|\\\n)*)""#,
    )
    .unwrap();
    let (broken, placeholder) = (Regex::new(r"\\\n\s*").unwrap(), Regex::new(r"\{[^{}]*\}").unwrap());
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, wordings);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for found in place.captures_iter(text) {
                let wording = broken.replace_all(&found[1], "").replace("\\\"", "\"").replace("\\n", " ");
                let letters = placeholder.replace_all(&wording, "");
                if letters.chars().filter(|letter| letter.is_alphabetic()).count() >= TELLING {
                    wordings.insert(wording);
                }
            }
        }
    }
}
