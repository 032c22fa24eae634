//! How what is there compares with what was there.

use super::bench::{Look, Place, Thing};

/// What may differ between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// Nothing: nobody has so much as touched anything.
    Nothing,
    /// What nobody can put back: when an inode changed last, and when a folder's entries did.
    Clocks,
    /// Any time of anything.
    Times,
}

/// The difference as a text; none where there is none.
pub(super) fn difference(before: &Look, now: &Look, apart: Apart) -> Option<String> {
    let told = |look: &Look| look.iter().map(|(path, thing)| line(path, thing, apart)).collect::<String>();
    let (before, now) = (told(before), told(now));
    (before != now).then(|| similar::TextDiff::from_lines(&before, &now).unified_diff().context_radius(0).to_string())
}

/// The same look with a place's own names taken out of it, so that it compares with the look at another place of that case.
pub(super) fn nameless(look: &Look, place: &Place) -> Look {
    // What is moved aside has the run's id in its name.
    let aside = regex::Regex::new(r"\.runbook-[0-9a-z]+").unwrap();
    let plain = |text: &str| {
        let text = text.replace(&place.here, "HERE").replace(&place.slug, "SELF");
        aside.replace_all(&text, ".runbook-ID").into_owned()
    };
    let thing = |thing: &Thing| Thing { is: plain(&thing.is), text: thing.text.as_deref().map(plain), ..thing.clone() };
    look.iter().map(|(path, seen)| (plain(path), thing(seen))).collect()
}

fn line(path: &str, thing: &Thing, apart: Apart) -> String {
    let folder = thing.is.starts_with("folder");
    let mtime = match apart {
        Apart::Times => String::new(),
        Apart::Clocks if folder => String::new(),
        Apart::Nothing | Apart::Clocks => format!(" mtime={}", thing.mtime),
    };
    let ctime = if apart == Apart::Nothing { format!(" ctime={}", thing.ctime) } else { String::new() };
    let text = thing.text.as_deref().map_or(String::new(), |text| format!(" {text:?}"));
    format!("{path}  {}{mtime}{ctime}{text}\n", thing.is)
}
