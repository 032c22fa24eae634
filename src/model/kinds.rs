//! The actions of the language by their keys, as far as a book is read by them. The registry of `actions` has what each of them does.

/// A kind of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionKind {
    /// Its key.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Whether it can take itself back without an `undo:` of the step.
    pub undoes_itself: bool,
    /// Whether it may stand in `verify` and `watch`: it only looks.
    pub looks_only: bool,
}

const fn kind(name: &'static str, undoes_itself: bool, looks_only: bool, about: &'static str) -> ActionKind {
    ActionKind { name, about, undoes_itself, looks_only }
}

/// Every action of the language.
pub const ACTIONS: [ActionKind; 23] = [
    kind("run", false, true, "runs a script or a program as a job that outlives the connection"),
    kind("template", true, false, "writes a file from a template"),
    kind("copy", true, false, "brings a file from your machine, or from another host, or a text"),
    kind("file", true, false, "sees that a file, folder or link is there, or is not, with owner and mode"),
    kind("line", true, false, "sees that a line stands in a file, or does not"),
    kind("move", true, false, "renames files or folders, several as one"),
    kind("service", true, false, "starts, stops, restarts, reloads, enables and disables units of systemd"),
    kind("reboot", false, false, "restarts a host and waits for it, or switches it off"),
    kind("cron", true, false, "comments the jobs of a crontab out, and in again"),
    kind("hosts_entry", true, false, "binds names to an address in `/etc/hosts`, or unbinds them"),
    kind("package", true, false, "installs, updates or removes a Debian package"),
    kind("sync", true, false, "brings a folder or a file from host to host by rsync"),
    kind("stream", false, false, "lets a script or a file of one host take what a script or a file of another gives"),
    kind("postgres", true, false, "moves a database from server to server, and compares"),
    kind("sql", false, true, "asks a database and looks at the rows, or changes it by a script"),
    kind("compare", false, true, "holds what two scripts say to each other"),
    kind("dns", true, false, "changes records of a zone, all together or not at all"),
    kind("lookup", false, true, "asks the name servers of a zone, or one, and looks at what they say"),
    kind("http", false, true, "asks for a page and looks at the answer"),
    kind("tcp", false, true, "talks to a port, and looks at what comes"),
    kind(
        "wait",
        false,
        false,
        "waits for a time, until an instant, until a check holds, until old DNS records are gone",
    ),
    kind("manual", false, false, "has a person do something"),
    kind("show", false, false, "shows a text, with what earlier steps found"),
];

/// The kind of that key.
#[must_use]
pub fn action(name: &str) -> Option<&'static ActionKind> {
    ACTIONS.iter().find(|kind| kind.name == name)
}

/// What people who come from other tools write, and what it is called here.
pub(super) const ELSEWHERE: [(&str, &str); 22] = [
    ("shell", "run"),
    ("command", "run"),
    ("cmd", "run"),
    ("script", "run"),
    ("exec", "run"),
    ("host", "on"),
    ("hosts", "on"),
    ("sudo", "become"),
    ("become_user", "become"),
    ("user", "become"),
    ("loop", "foreach"),
    ("with_items", "foreach"),
    ("apt", "package"),
    ("rsync", "sync"),
    ("systemd", "service"),
    ("lineinfile", "line"),
    ("uri", "http"),
    ("pause", "manual"),
    ("debug", "show"),
    ("if", "when"),
    ("rollback", "undo"),
    ("revert", "undo"),
];
