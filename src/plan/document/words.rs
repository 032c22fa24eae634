//! What an action does, in words.

use crate::model::step::ActionCall;
use crate::model::{Node, Shape};

use super::page::{Page, code, plain};

/// What is said of a call: a sentence, and the keys of its value that the sentence has told.
struct Said {
    sentence: String,
    told: &'static [&'static str],
}

/// Writes what a call does; `call` is as far as it is known.
pub(super) fn write(page: &mut Page, call: &ActionCall) {
    let Said { sentence, told } = said(call);
    page.paragraph(&sentence);
    scripts(page, call);
    let Shape::Map(entries) = &call.value.shape else { return };
    let rest: Vec<_> = entries.iter().filter(|(key, _)| !told.contains(&key.value.as_str())).collect();
    let (long, short): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, value)| is_long(value));
    if !short.is_empty() {
        let items: Vec<String> =
            short.iter().map(|(key, value)| format!("{}: {}", plain(&key.value), inline(value))).collect();
        page.list(&items);
    }
    for (key, value) in long {
        page.fence(&format!("{}:", plain(&key.value)), "", &value.text().unwrap_or_default());
    }
}

fn said(call: &ActionCall) -> Said {
    let told = Told { kind: call.kind.value.as_str(), value: &call.value };
    let said = on_files(told).or_else(|| on_hosts(told)).or_else(|| between(told)).or_else(|| elsewhere(told));
    said.unwrap_or_else(|| Said { sentence: format!("Does {}.", code(told.kind)), told: &[] })
}

/// A call, and what of it is told.
#[derive(Clone, Copy)]
struct Told<'c> {
    kind: &'c str,
    value: &'c Node,
}

impl Told<'_> {
    /// What stands under these keys, in a line.
    fn at(self, path: &[&str]) -> String {
        path.iter().try_fold(self.value, |node, key| node.get(key)).map(inline).unwrap_or_default()
    }

    fn text(self, key: &str) -> Option<String> {
        self.value.get(key).and_then(Node::text)
    }

    fn state(self) -> String {
        self.text("state").unwrap_or_default()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "each arm of a match of options says one")]
fn say(sentence: String, told: &'static [&'static str]) -> Option<Said> {
    Some(Said { sentence, told })
}

/// What is done to a file.
fn on_files(call: Told<'_>) -> Option<Said> {
    match call.kind {
        "template" => {
            say(format!("Writes {} from the template {}.", call.at(&["dest"]), call.at(&["src"])), &["dest", "src"])
        }
        "copy" => {
            let told: &[&str] = &["dest", "src", "from", "content"];
            let of = if call.value.get("src").is_some() { call.at(&["src"]) } else { call.at(&["from"]) };
            match call.value.get("content") {
                Some(_) => say(format!("Writes {} with this text:", call.at(&["dest"])), told),
                None => say(format!("Copies {of} to {}.", call.at(&["dest"])), told),
            }
        }
        "file" => {
            let path = call.at(&["path"]);
            let sentence = match call.state().as_str() {
                "present" => format!("Sees that there is a file {path}."),
                "directory" => format!("Sees that there is a folder {path}."),
                "link" => format!("Makes {path} a link to {}.", call.at(&["to"])),
                "absent" => format!("Removes {path}."),
                _ => format!("Sets whose {path} is, or its mode."),
            };
            say(sentence, &["path", "state", "to"])
        }
        "line" if call.state() == "absent" => {
            say(format!("Takes lines out of {}:", call.at(&["path"])), &["path", "state"])
        }
        "line" => say(format!("Sees that {} has this line:", call.at(&["path"])), &["path", "state"]),
        "move" => say(format!("Renames {}.", renamed(call.value)), &["from", "to"]),
        _ => None,
    }
}

/// What is done to a host.
fn on_hosts(call: Told<'_>) -> Option<Said> {
    match call.kind {
        "service" => {
            let name = call.at(&["name"]);
            let boot = match call.text("enabled").as_deref() {
                Some("false") => Some("disables it at boot"),
                Some(_) => Some("enables it at boot"),
                None => None,
            };
            let verb = match call.state().as_str() {
                "started" => "Starts",
                "stopped" => "Stops",
                "restarted" => "Restarts",
                "reloaded" => "Reloads",
                _ => "Sees to",
            };
            let boot = boot.map(|boot| format!(", and {boot}")).unwrap_or_default();
            say(format!("{verb} {name}{boot}."), &["name", "state", "enabled"])
        }
        "reboot" if call.state() == "off" => say("Switches the host off.".to_owned(), &["state"]),
        "reboot" => say("Restarts the host, and waits for its return.".to_owned(), &["state"]),
        "cron" => {
            let how = if call.state() == "enabled" { "in again" } else { "out" };
            say(format!("Comments the jobs of {} {how}.", call.at(&["file"])), &["file", "state"])
        }
        "hosts_entry" => {
            let file = call.value.get("file").map_or_else(|| code("/etc/hosts"), inline);
            let (names, address) = (call.at(&["names"]), call.at(&["address"]));
            let sentence = match call.state().as_str() {
                "absent" => format!("Takes {names} at {address} out of {file}."),
                _ => format!("Binds {names} to {address} in {file}."),
            };
            say(sentence, &["names", "address", "state", "file"])
        }
        "package" => {
            let name = if call.value.get("name").is_some() { call.at(&["name"]) } else { call.at(&["deb"]) };
            let verb = match call.state().as_str() {
                "absent" => "Removes",
                "latest" => "Installs or updates",
                _ => "Installs",
            };
            say(format!("{verb} the package {name}."), &["name", "state"])
        }
        _ => None,
    }
}

/// What is done between two hosts.
fn between(call: Told<'_>) -> Option<Said> {
    match call.kind {
        "sync" => say(format!("Brings {} to {} by rsync.", call.at(&["from"]), call.at(&["to"])), &["from", "to"]),
        "stream" => say(
            format!(
                "What {} on {} gives, {} on {} takes.",
                end(call.value, "from"),
                call.at(&["from", "on"]),
                end(call.value, "to"),
                call.at(&["to", "on"])
            ),
            &[],
        ),
        "postgres" => say(
            format!(
                "Moves the database {} of {} to {}, where it is called {}.",
                call.at(&["from", "database"]),
                call.at(&["from", "on"]),
                call.at(&["to", "on"]),
                call.at(&["to", "database"])
            ),
            &[],
        ),
        "compare" => say(
            format!(
                "Compares what two scripts say, on {} and on {}:",
                call.at(&["left", "on"]),
                call.at(&["right", "on"])
            ),
            &["left", "right"],
        ),
        _ => None,
    }
}

/// What is run, asked, waited for or left to a person.
fn elsewhere(call: Told<'_>) -> Option<Said> {
    match call.kind {
        "run" => match &call.value.shape {
            Shape::List(_) => say(format!("Runs {} without a shell.", inline(call.value)), &[]),
            Shape::Map(_) if call.value.get("src").is_some() => {
                say(format!("Runs the script {}.", call.at(&["src"])), &["src"])
            }
            _ => say("Runs a script:".to_owned(), &["script"]),
        },
        "sql" if call.value.get("query").is_some() => {
            say(format!("Asks the database {}:", call.at(&["database"])), &["database", "query"])
        }
        "sql" => say(format!("Changes the database {}:", call.at(&["database"])), &["database", "script"]),
        "dns" => say(
            format!(
                "Changes records of the zone {} at {}:{}",
                call.at(&["zone"]),
                call.at(&["server"]),
                records(call.value)
            ),
            &["zone", "server", "records"],
        ),
        "lookup" => say(format!("Looks up {} of {}.", call.at(&["type"]), call.at(&["name"])), &["type", "name"]),
        "http" => {
            let method = call.text("method").unwrap_or_else(|| "GET".to_owned());
            say(format!("Asks for {} ({}).", call.at(&["url"]), plain(&method)), &["url", "method"])
        }
        "tcp" => say(format!("Connects to {}.", call.at(&["to"])), &["to"]),
        "wait" => match &call.value.shape {
            Shape::Map(_) if call.value.get("until").is_some() => {
                say(format!("Waits until {}.", call.at(&["until"])), &["until"])
            }
            Shape::Map(_) if call.value.get("ttl_of").is_some() => say(
                format!("Waits until what {} saw in the DNS has lived its time.", call.at(&["ttl_of"])),
                &["ttl_of"],
            ),
            Shape::Map(_) => say("Waits until a check holds:".to_owned(), &["for"]),
            _ => say(format!("Waits {}.", inline(call.value)), &[]),
        },
        "manual" => say("**A person** does this:".to_owned(), &["text", "checklist", "ask"]),
        "show" => match call.value.get("src") {
            Some(src) => say(format!("Shows the text that {} gives.", inline(src)), &["src"]),
            None => say("Shows a text:".to_owned(), &["text"]),
        },
        _ => None,
    }
}

/// What is worth a block of its own: scripts, statements, texts, what a person has to do.
fn scripts(page: &mut Page, call: &ActionCall) {
    let value = &call.value;
    let text = |key: &str| value.get(key).and_then(Node::text);
    match call.kind.value.as_str() {
        "run" => {
            if let Some(script) = text("script").or_else(|| value.text()) {
                page.fence("", &text("shell").map_or_else(|| "sh".to_owned(), |shell| language(&shell)), &script);
            }
        }
        "copy" => text("content").iter().for_each(|text| page.fence("", "", text)),
        "sql" => text("query").or_else(|| text("script")).iter().for_each(|sql| page.fence("", "sql", sql)),
        "compare" => {
            for side in ["left", "right"] {
                let script = value.get(side).and_then(|side| side.get("run"));
                page.fence("", "sh", &script.map(as_script).unwrap_or_default());
            }
        }
        "show" => {
            if let Some(text) = text("text").or_else(|| value.text()) {
                page.quote(&text);
            }
        }
        "manual" => {
            page.quote(&text("text").or_else(|| value.text()).unwrap_or_default());
            let items = |key: &str| match value.get(key).map(|node| &node.shape) {
                Some(Shape::List(items)) => items.iter().filter_map(Node::text).collect(),
                Some(Shape::Map(entries)) => entries.iter().filter_map(|(_, node)| node.text()).collect(),
                _ => Vec::new(),
            };
            let mut boxes: Vec<String> = items("checklist").iter().map(|item| format!("[ ] {}", plain(item))).collect();
            boxes.extend(items("ask").iter().map(|item| format!("[ ] Note down: {}", plain(item))));
            if boxes.is_empty() {
                boxes.push("[ ] done".to_owned());
            }
            page.list(&boxes);
        }
        _ => {}
    }
}

/// The word by which highlighters know a shell; none where it is no plain word.
fn language(shell: &str) -> String {
    let name = shell.rsplit('/').next().unwrap_or_default();
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_plain { name.to_owned() } else { String::new() }
}

fn as_script(node: &Node) -> String {
    match &node.shape {
        Shape::List(items) => items.iter().filter_map(Node::text).collect::<Vec<_>>().join(" "),
        _ => node.text().unwrap_or_default(),
    }
}

fn end(value: &Node, which: &str) -> String {
    let end = value.get(which);
    let part = |key: &str| end.and_then(|end| end.get(key));
    match (part("file"), part("run")) {
        (Some(file), _) => format!("the file {}", inline(file)),
        (None, Some(script)) => code(&as_script(script)),
        (None, None) => String::new(),
    }
}

fn renamed(value: &Node) -> String {
    let pair = |pair: &Node| {
        let at = |key: &str| pair.get(key).map(inline).unwrap_or_default();
        format!("{} to {}", at("from"), at("to"))
    };
    match &value.shape {
        Shape::List(pairs) => pairs.iter().map(pair).collect::<Vec<_>>().join(", then "),
        _ => pair(value),
    }
}

fn records(value: &Node) -> String {
    let Some(Shape::List(records)) = value.get("records").map(|node| &node.shape) else { return String::new() };
    let lines: Vec<String> = records.iter().map(|record| format!("\n- {}", inline(record))).collect();
    lines.concat()
}

/// A value in a line.
pub(super) fn inline(node: &Node) -> String {
    match &node.shape {
        Shape::List(items) if items.iter().all(|item| matches!(item.shape, Shape::Scalar(_))) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            if items.is_empty() { code("[]") } else { items.join(", ") }
        }
        Shape::Scalar(_) => code(&node.text().unwrap_or_else(|| "null".to_owned())),
        _ => code(&flow(node)),
    }
}

fn flow(node: &Node) -> String {
    match &node.shape {
        Shape::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Shape::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", key.value, flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Shape::Scalar(_) => node.text().unwrap_or_else(|| "null".to_owned()),
    }
}

fn is_long(value: &Node) -> bool {
    value.text().is_some_and(|text| text.trim_end().contains('\n'))
}
