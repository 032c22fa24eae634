//! Takes names out again, or puts them back, whatever others have made of the lines that they stood in.

use crate::actions::edit::Lines;

use super::entry::{Address, Entry};

/// A name at an address.
type Binding = (Address, String);

/// Takes the edit that made `left` of `was` out of `now`, name by name. None where a name leads elsewhere by now.
pub(super) fn untangle(was: &Lines, left: &Lines, now: &Lines) -> Option<Lines> {
    let (before, made) = (bindings(was), bindings(left));
    let but = |one: &[Binding], other: &[Binding]| -> Vec<Binding> {
        one.iter().filter(|binding| !other.contains(binding)).cloned().collect()
    };
    let mut after = now.clone();
    for (address, name) in but(&made, &before) {
        if !unbind(&mut after, &address, &name) && leads_elsewhere(now, &address, &name) {
            return None;
        }
    }
    for (address, name) in but(&before, &made) {
        if leads_elsewhere(now, &address, &name) {
            return None;
        }
        bind(&mut after, was, &address, &name);
    }
    Some(after)
}

fn entries(lines: &Lines) -> impl Iterator<Item = (usize, Entry)> {
    lines.lines.iter().enumerate().filter_map(|(at, line)| Some((at, Entry::of(&line.text)?)))
}

fn bindings(lines: &Lines) -> Vec<Binding> {
    let names = |at: usize, entry: &Entry| -> Vec<String> {
        entry.names(&lines.lines[at].text).map(|name| String::from_utf8_lossy(name).to_lowercase()).collect()
    };
    let of = |(at, entry): (usize, Entry)| names(at, &entry).into_iter().map(move |name| (entry.address.clone(), name));
    entries(lines).flat_map(of).collect()
}

/// Whether a name has another address of that family.
fn leads_elsewhere(lines: &Lines, address: &Address, name: &str) -> bool {
    entries(lines).any(|(at, entry)| {
        entry.address != *address
            && entry.address.is_of_the_family_of(address)
            && entry.binds(&lines.lines[at].text, name)
    })
}

/// Whether there was anything to take out.
fn unbind(lines: &mut Lines, address: &Address, name: &str) -> bool {
    let before = lines.clone();
    lines.lines.retain_mut(|line| {
        let Some(entry) = Entry::of(&line.text).filter(|entry| entry.address == *address) else { return true };
        if !entry.binds(&line.text, name) {
            return true;
        }
        let rest = entry.without(&line.text, &[name.to_owned()]);
        let stays = rest.is_some();
        line.text = rest.unwrap_or_default();
        stays
    });
    *lines != before
}

/// Puts a name back where those stand that it stood with, else in a line of its own.
fn bind(lines: &mut Lines, was: &Lines, address: &Address, name: &str) {
    let line = |lines: &Lines, at: usize| lines.lines[at].text.clone();
    let stands = |(at, entry): &(usize, Entry)| entry.address == *address && entry.binds(&line(lines, *at), name);
    if entries(lines).any(|entry| stands(&entry)) {
        return;
    }
    let stood = entries(was).find(|(at, entry)| entry.address == *address && entry.binds(&line(was, *at), name));
    let Some((at, old)) = stood else { return };
    let old_line = line(was, at);
    let companion = entries(lines).find(|(at, entry)| {
        let text = line(lines, *at);
        entry.address == *address && old.names(&old_line).any(|name| entry.binds(&text, &String::from_utf8_lossy(name)))
    });
    let written =
        old.names(&old_line).find(|word| word.eq_ignore_ascii_case(name.as_bytes())).unwrap_or(name.as_bytes());
    if let Some((at, entry)) = companion {
        lines.lines[at].text = entry.with(&line(lines, at), written);
    } else {
        lines.append(&[format!("{address}\t").as_bytes(), written].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untangled(was: &str, left: &str, now: &str) -> Option<String> {
        let lines = |text: &str| Lines::of(text.as_bytes());
        let after = untangle(&lines(was), &lines(left), &lines(now))?;
        Some(String::from_utf8(after.content()).unwrap())
    }

    #[test]
    fn names_that_were_bound_go_from_whatever_line_they_stand_in() {
        let (was, left) = ("127.0.0.1 localhost\n", "127.0.0.1 localhost\n192.0.2.12\twww cdn\n");
        for (now, due) in [
            (left, Some(was)),
            (
                "127.0.0.1 localhost\n192.0.2.12\tmine www cdn # x\n",
                Some("127.0.0.1 localhost\n192.0.2.12\tmine # x\n"),
            ),
            ("192.0.2.12 WWW\n192.0.2.12 mine cdn\n", Some("192.0.2.12 mine\n")),
            ("#192.0.2.12 www cdn\n", Some("#192.0.2.12 www cdn\n")),
            ("192.0.2.13 www cdn\n", None),
            ("2001:db8::1 www cdn\n192.0.2.12 www\n", Some("2001:db8::1 www cdn\n")),
        ] {
            assert_eq!(untangled(was, left, now).as_deref(), due, "{now}");
        }
    }

    #[test]
    fn names_that_were_unbound_come_back_beside_those_they_stood_with() {
        let (was, left) = ("192.0.2.12 Www stats # new\n", "192.0.2.12 stats # new\n");
        for (now, due) in [
            ("192.0.2.12 mine stats # old\n", Some("192.0.2.12 mine stats Www # old\n")),
            ("192.0.2.13 other\n", Some("192.0.2.13 other\n192.0.2.12\tWww\n")),
            ("192.0.2.12 stats www\n", Some("192.0.2.12 stats www\n")),
            ("192.0.2.13 stats www\n", None),
        ] {
            assert_eq!(untangled(was, left, now).as_deref(), due, "{now}");
        }
        let gone = untangled("192.0.2.12 www cdn\n", "", "192.0.2.9 a\n");
        assert_eq!(gone.as_deref(), Some("192.0.2.9 a\n192.0.2.12\twww cdn\n"));
    }
}
