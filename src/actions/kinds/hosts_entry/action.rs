//! What `hosts_entry` does.

use crate::actions::edit::{self, Edit, Lines, Plan};
use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::entry::{Address, Entry};

const FILE: &str = "/etc/hosts";

/// That names are bound to an address, or are not.
#[derive(Debug)]
pub struct HostsEntry {
    file: String,
    address: Address,
    names: Vec<String>,
    absent: bool,
}

const KEYS: [Key; 4] = [
    required("address", Form::Like("^[0-9A-Fa-f.:]+$"), "the address, IPv4 or IPv6"),
    required("names", Form::OneOrMore(&Form::Like("^[A-Za-z0-9_][A-Za-z0-9._-]*$")), "the names"),
    key("state", Form::OneOf(&["present", "absent"]), "whether they are bound to it").left_out("`present`"),
    key("file", Form::Path, "another file of that form, such as that of a container").left_out("`/etc/hosts`"),
];

impl Edit for HostsEntry {
    const KIND: &'static str = "hosts_entry";
    const FORM: Form = Form::Keys(&KEYS);

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`hosts_entry`", &KEYS, diagnostics)?;
        let address = fields.required("address", decode::checked("an IP address", address));
        let names = fields.required("names", decode::one_or_list(decode::checked("a host's name", host_name)));
        let absent = fields.optional("state", decode::one_of(&[("present", false), ("absent", true)])).unwrap_or(false);
        let file = fields.optional("file", decode::absolute_path).unwrap_or_else(|| FILE.to_owned());
        if names.as_ref().is_some_and(Vec::is_empty) {
            fields.wrong("names", "`hosts_entry` is about no name", "give it one or more `names`");
        }
        fields.done()?;
        let mut different: Vec<String> = Vec::new();
        for name in names? {
            if !different.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                different.push(name);
            }
        }
        Some(Self { file, address: address?, names: different, absent })
    }

    fn path(&self) -> &str {
        &self.file
    }

    fn plan(&self, lines: Option<&Lines>, role: &Role) -> Plan {
        match (lines, self.absent) {
            (None, true) => Plan::AsAsked,
            (None, false) => Plan::Blocked(format!("there is no {} on {role}", self.file)),
            (Some(lines), true) => self.unbind(lines),
            (Some(lines), false) => self.bind(lines, role),
        }
    }

    fn untangle(was: &Lines, left: &Lines, now: &Lines) -> Option<Lines> {
        super::untangle::untangle(was, left, now)
    }
}

impl HostsEntry {
    fn bind(&self, lines: &Lines, role: &Role) -> Plan {
        let mut missing = self.names.clone();
        for (at, line) in lines.lines.iter().enumerate() {
            let Some(entry) = Entry::of(&line.text) else { continue };
            if entry.address == self.address {
                missing.retain(|name| !entry.binds(&line.text, name));
            } else if entry.address.is_of_the_family_of(&self.address)
                && let Some(name) = self.names.iter().find(|name| entry.binds(&line.text, name))
            {
                return Plan::Blocked(self.conflict(at + 1, name, &entry.address, role));
            }
        }
        if missing.is_empty() {
            return Plan::AsAsked;
        }
        let names = missing.join(" ");
        let mut after = lines.clone();
        after.append(format!("{}\t{names}", self.address).as_bytes());
        Plan::Edit { what: format!("bind {names} to {}", self.address), notes: Vec::new(), lines: after }
    }

    fn conflict(&self, line: usize, name: &str, other: &Address, role: &Role) -> String {
        let Self { file, address, .. } = self;
        let why = if other.is_loopback() && !address.is_loopback() {
            ", which is where Debian puts a machine's own name,"
        } else {
            ""
        };
        format!(
            "line {line} of {file} on {role} binds {name} to {other}{why} and not to {address}: \
             a `hosts_entry` with `address: \"{other}\"` and `state: absent` takes that out first"
        )
    }

    fn unbind(&self, lines: &Lines) -> Plan {
        let mut after = lines.clone();
        let mut touched = Vec::new();
        let mut at = 0..;
        after.lines.retain_mut(|line| {
            let at = at.next().unwrap_or_default();
            let Some(entry) = Entry::of(&line.text).filter(|entry| entry.address == self.address) else { return true };
            if !self.names.iter().any(|name| entry.binds(&line.text, name)) {
                return true;
            }
            touched.push(at);
            match entry.without(&line.text, &self.names) {
                Some(rest) => {
                    line.text = rest;
                    true
                }
                None => false,
            }
        });
        if touched.is_empty() {
            return Plan::AsAsked;
        }
        let what = format!("take {} at {} out of {}", self.names.join(" "), self.address, edit::listed(&touched));
        Plan::Edit { what, notes: Vec::new(), lines: after }
    }
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).ok_or_else(|| "such as `192.0.2.12` or `2001:db8::12`".to_owned())
}

fn host_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || name.len() > 253 || !name.chars().all(plain) {
        return Err("names have letters, digits, `-` and dots".to_owned());
    }
    if name.starts_with(['.', '-']) || name.ends_with('.') {
        return Err("without a dot at its ends".to_owned());
    }
    if Address::parse(name).is_some() {
        return Err("that is an address".to_owned());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded_edit;

    const HOSTS: &str =
        "127.0.0.1\tlocalhost\n127.0.1.1\told.example.org old\n::1 localhost\n192.0.2.12 stats www2 # new\n";

    fn planned(action: &str) -> Result<(String, String), Plan> {
        let entry: HostsEntry = decoded_edit(action).unwrap();
        match entry.plan(Some(&Lines::of(HOSTS.as_bytes())), &Role::from("old")) {
            Plan::Edit { what, lines, .. } => {
                let after = lines.content();
                let again = entry.plan(Some(&Lines::of(&after)), &Role::from("old"));
                assert_eq!(again, Plan::AsAsked, "done twice is done once: {action}");
                Ok((what, String::from_utf8(after).unwrap()))
            }
            other => Err(other),
        }
    }

    #[test]
    fn names_are_bound_in_a_line_of_their_own() {
        let (what, after) = planned("{address: 192.0.2.12, names: [www, Stats, WWW, cdn]}").unwrap();
        assert_eq!(what, "bind www cdn to 192.0.2.12");
        assert_eq!(after, format!("{HOSTS}192.0.2.12\twww cdn\n"));
        assert_eq!(planned("{address: 192.0.2.12, names: stats}"), Err(Plan::AsAsked));
        let (_, after) = planned("{address: 2001:db8:0::12, names: [stats]}").unwrap();
        assert_eq!(after, format!("{HOSTS}2001:db8::12\tstats\n"), "a name has an address of each family");
    }

    #[test]
    fn a_name_that_is_bound_elsewhere_blocks() {
        let blocked = |text: &str| match planned(text) {
            Err(Plan::Blocked(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            blocked("{address: 192.0.2.11, names: [www, stats]}"),
            "line 4 of /etc/hosts on old binds stats to 192.0.2.12 and not to 192.0.2.11: \
             a `hosts_entry` with `address: \"192.0.2.12\"` and `state: absent` takes that out first"
        );
        assert_eq!(
            blocked("{address: 192.0.2.11, names: [old]}"),
            "line 2 of /etc/hosts on old binds old to 127.0.1.1, which is where Debian puts a machine's own name, and not \
             to 192.0.2.11: a `hosts_entry` with `address: \"127.0.1.1\"` and `state: absent` takes that out first"
        );
    }

    #[test]
    fn names_are_taken_out_with_their_line_or_without() {
        let (what, after) = planned("{address: 192.0.2.12, names: [www2, x], state: absent}").unwrap();
        assert_eq!(what, "take www2 x at 192.0.2.12 out of line 4");
        assert_eq!(after, HOSTS.replace("stats www2 #", "stats #"));
        let (_, after) = planned("{address: 192.0.2.12, names: [www2, stats], state: absent}").unwrap();
        assert_eq!(after, HOSTS.replace("192.0.2.12 stats www2 # new\n", ""));
        assert_eq!(planned("{address: 192.0.2.13, names: [stats], state: absent}"), Err(Plan::AsAsked));
    }

    #[test]
    fn without_the_file_nothing_is_bound() {
        let plan = |text: &str| decoded_edit::<HostsEntry>(text).unwrap().plan(None, &Role::from("old"));
        assert_eq!(plan("{address: 192.0.2.1, names: a, state: absent}"), Plan::AsAsked);
        let due = Plan::Blocked("there is no /srv/x/etc/hosts on old".into());
        assert_eq!(plan("{address: 192.0.2.1, names: a, file: /srv/x/etc/hosts}"), due);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            (
                "{address: 192.0.2, names: [a b, \"x.\", 192.0.2.1]}",
                "an IP address is due here, found `192.0.2`; such as `192.0.2.12` or `2001:db8::12`\n\
                 a host's name is due here, found `a b`; names have letters, digits, `-` and dots\n\
                 a host's name is due here, found `x.`; without a dot at its ends\n\
                 a host's name is due here, found `192.0.2.1`; that is an address",
            ),
            ("{address: ::1, names: []}", "`hosts_entry` is about no name; give it one or more `names`"),
            ("{address: ::1}", "`hosts_entry` lacks `names`"),
            ("{address: ::1, names: a, state: gone}", "`present` or `absent` is due here, found `gone`"),
        ] {
            assert_eq!(decoded_edit::<HostsEntry>(text).unwrap_err(), due, "{text}");
        }
    }
}
