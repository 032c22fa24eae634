//! The actions of the language by their keys, as far as a book is read by them. The registry of `actions` has what each of them does.

/// A kind of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionKind {
    /// Its key.
    pub name: &'static str,
    /// Whether it can take itself back without an `undo:` of the step.
    pub undoes_itself: bool,
    /// Whether it may stand in `verify` and `watch`: it only looks.
    pub looks_only: bool,
}

const fn kind(name: &'static str, undoes_itself: bool, looks_only: bool) -> ActionKind {
    ActionKind { name, undoes_itself, looks_only }
}

/// Every action of the language.
pub const ACTIONS: [ActionKind; 23] = [
    kind("run", false, true),
    kind("template", true, false),
    kind("copy", true, false),
    kind("file", true, false),
    kind("line", true, false),
    kind("move", true, false),
    kind("service", true, false),
    kind("reboot", false, false),
    kind("cron", true, false),
    kind("hosts_entry", true, false),
    kind("package", true, false),
    kind("sync", true, false),
    kind("stream", false, false),
    kind("postgres", true, false),
    kind("sql", false, true),
    kind("compare", false, true),
    kind("dns", true, false),
    kind("lookup", false, true),
    kind("http", false, true),
    kind("tcp", false, true),
    kind("wait", false, false),
    kind("manual", false, false),
    kind("show", false, false),
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
