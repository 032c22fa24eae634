//! What no case can make, and why not. The words are as they stand in the sources.

/// Reasons, each with what it is the reason for.
pub(super) const UNMET: [(&str, &[&str]); 12] = [
    (
        "no errors: they say why a step is left out or found done, or are about tests",
        &[
            "it changed nothing",
            "not when {}",
            "its `unless` holds",
            "found as asked",
            "`{}` changed nothing here",
            "interrupted; still on its host: {}",
            "{unit} failed and was left behind",
            "{unit} could not be undone: {}",
            "the test cut the connection",
        ],
    ),
    (
        "the journal would have to be written by a broken runbook",
        &[
            "nothing was recorded of run {run}",
            "there is nothing to report",
            "the journal is corrupt: a unit that is {state} cannot be {event}",
            "a record cannot be written: {0}",
            "{unit} is being taken back: `runbook rollback` goes on with that",
        ],
    ),
    ("eight random names would have to be taken", &["there is a run `{0}` already"]),
    (
        "a template of ours would have to be broken",
        &["this is a bug of runbook: please report it", "without --html: Markdown"],
    ),
    (
        "the demo would have to go wrong: its test sees that it does not",
        &[
            "looking at the demo's hosts: {why}",
            "{at} cannot be removed: {error}",
            "the demo cannot end its run: {error}",
            "the import was to begin once, and did this: {begun}",
            "the hosts are not as they were before",
            "--keep leaves their folder, to be looked at",
            "the demo's run did not come to its import",
            "--keep leaves its folder, to be looked at",
            "--keep leaves the demo's folder, to be looked at",
            "the demo's `runbook {what}` {why}",
            "does not end",
            "is lost: {error}",
            "ended with {ended}, and was to end with {}",
            "the demo cannot start runbook: {error}",
        ],
    ),
    (
        "it would have to be edited twice within the blink in which it is read twice",
        &["the runbook was edited and is wrong now"],
    ),
    (
        "needs sudo with rules of its own: tests/integration/transport/ and the lab try it",
        &[
            "give it a `become_password`, or let sudo do without",
            "sudo's `requiretty` is on: turn it off for this user",
            "sudo is not installed there: install it, or log in as that user",
            "sudo's rules do not allow it",
            "the password holds a line break",
        ],
    ),
    (
        "a host or its sshd would have to be ill at that very moment: tests/integration/transport/ and tests/faults/ try it",
        &[
            "lost the connection to {host}: {why}",
            "nothing more is done on {host}: {why}",
            "took longer than {limit:?} on {host} and was ended",
            "it was not begun: the host was too busy to start a process within seconds",
            "looking after a job ended with {}: {}",
            "a job in {}: {rest}",
            "a job was left while it runs",
            "starting a shell: {error}",
            "starting a shell: no pipes",
            "a command said more than fits in memory",
            "it does not say when it begins",
            "a command took longer than {limit:?} and could not be ended: {error}",
            "the connection breaks while a shell is started",
            "{CONNECTIONS} connections are full: run fewer things at a time",
            "a new connection is full",
            "its connections were ended",
            "it has {} now, and had {known} before",
            "its sshd refuses a session: see MaxSessions there",
            "ssh ended without a word",
            "it was applied, but cannot be verified: {}",
        ],
    ),
    (
        "needs a name server: tests/integration/actions/dns.rs tries it",
        &["{unit} may have changed its records, and did not succeed", "settle `{of}` first: `runbook retry` or `done`"],
    ),
    (
        "asked at a terminal, beside what is on the page: tests/integration/cli/typing.rs",
        &["look at the host: then `done` if it was done, `retry` if it may be tried again"],
    ),
    (
        "what is used runs before what uses it: check and the plan see to that",
        &[
            "`{}` cannot be asked about at {}: that uses what `{other}` leaves",
            "it uses what `{step}` leaves, and that has not run",
            "run `{step}` first, or settle it by hand",
            "its `foreach` is what `{other}` leaves, and that has not run",
        ],
    ),
    (
        "never on a screen: the engine goes by it",
        &["detached: it goes on on its host", "cannot be known until {0} has run"],
    ),
];
