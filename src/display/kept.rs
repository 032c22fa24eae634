//! What a run keeps on its hosts so that it can be taken back.

use std::collections::BTreeSet;

use crate::events::record::Keepsake;

use super::amount::bytes;
use super::count::count;
use super::line::{Line, Page};
use super::style::{Style, Tone};

/// What is kept, what could not be looked at, and the sum.
#[must_use]
pub fn kept(things: &[Keepsake], trouble: &[String], style: &Style) -> String {
    let mut page = Page::new();
    if !things.is_empty() {
        page.push(Line::new().text("kept so that it can be taken back:"));
        self::things(&mut page, 2, things);
        page.push(Line::new().put(Tone::Strong, room(things)).text(" in all"));
    }
    for why in trouble {
        page.push(Line::new().put(Tone::Doubt, "not known: ").text(why));
    }
    page.painted(style)
}

/// Each thing in a line, by host.
pub(super) fn things(page: &mut Page, indent: usize, things: &[Keepsake]) {
    let mut things: Vec<&Keepsake> = things.iter().collect();
    things.sort_by(|a, b| (&a.host, &a.what).cmp(&(&b.host, &b.what)));
    let wide = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let hosts = wide(&mut things.iter().map(|thing| thing.host.as_str().chars().count()));
    let sizes = wide(&mut things.iter().map(|thing| bytes(thing.bytes).len()));
    for Keepsake { host, what, bytes: size } in things {
        let line = Line::indented(indent).put(Tone::Name, format_args!("{:<hosts$}", host.as_str()));
        page.push(line.text(format_args!("  {:>sizes$}  ", bytes(*size))).text(what));
    }
}

/// `1.2 GB on 2 hosts`.
#[must_use]
pub fn room(things: &[Keepsake]) -> String {
    let hosts: BTreeSet<_> = things.iter().map(|thing| &thing.host).collect();
    let sum: u64 = things.iter().map(|thing| thing.bytes).sum();
    format!("{} on {}", bytes(sum), count(hosts.len(), "host"))
}
