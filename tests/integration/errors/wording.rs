//! Whether the page has every error.

use super::page;
use super::sources::{Wording, pattern, wordings};
use super::unmet::UNMET;

/// The rooms, and files of rooms, whose errors are all on the page.
const ROOMS: [&str; 6] = ["cli", "engine", "journal", "transport", "events", "actions/contract.rs"];

#[test]
fn the_page_has_every_error() {
    let page = std::fs::read_to_string(page::path()).unwrap();
    let all = wordings(&ROOMS);
    let is_met = |text: &str| pattern(text).is_match(&page);
    let listed: Vec<&str> = UNMET.iter().flat_map(|(_, texts)| *texts).copied().collect();
    let is_missing = |one: &&Wording| !is_met(&one.text) && !listed.contains(&one.text.as_str());
    let missing: Vec<String> =
        all.iter().filter(is_missing).map(|one| format!("{}: {}", one.place, one.text)).collect();
    assert!(
        missing.is_empty(),
        "no case in tests/integration/errors makes these errors; add one, or say in unmet.rs why none can:\n{}",
        missing.join("\n")
    );
    for listed in listed {
        assert!(all.iter().any(|one| one.text == listed), "unmet.rs has what is no error any more: {listed}");
        assert!(!is_met(listed), "unmet.rs has what the page has: {listed}");
    }
}
