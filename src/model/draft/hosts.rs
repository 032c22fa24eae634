//! Hosts that prose names: 'on the new server', 'on old', 'on web1.example.org'.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::base::ids::LOCAL;

use super::super::load::slug;

/// The role of what nobody has said where it runs.
pub(super) const UNKNOWN: &str = "todo";

/// A name of a host with dots in it, or a word before what a host is called.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let host = r"(?:server|host|machine|box|vm|node)s?";
    Regex::new(&format!(
        r"(?ix) \b(?:on|at) \s+ (?: (?:the|each|every|all|all\s+the|both|your|our|my) \s+ )?
          (?: (?<domain> [a-z0-9][a-z0-9-]* (?:\.[a-z0-9][a-z0-9-]*)+ ) \b
            | (?<word> [a-z][a-z0-9-]{{1,30}} ) \s+ {host} \b
            | (?<bare> old | new | laptop | mirrors? ) \b )"
    ))
    .ok()
});

static HERE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\blocally\b|\bon (?:my|your|the) (?:own )?(?:laptop|workstation|computer|desktop)\b").ok()
});

/// Words before 'server' that say nothing of which.
const VAGUE: [&str; 17] = [
    "the", "a", "any", "same", "other", "this", "that", "each", "both", "web", "mail", "dns", "name", "database",
    "remote", "live", "which",
];

/// A role, and where it is, if the prose has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) role: String,
    pub(super) destination: Option<String>,
}

/// The host that a text says something is done on; none where it names none, or several.
pub(super) fn guess(text: &str) -> Option<Guess> {
    let mut found: BTreeMap<String, Guess> = BTreeMap::new();
    if HERE.as_ref().is_some_and(|here| here.is_match(text)) {
        found.insert(LOCAL.to_owned(), Guess { role: LOCAL.to_owned(), destination: None });
    }
    for captures in NAMED.as_ref().into_iter().flat_map(|named| named.captures_iter(text)) {
        let part = |name: &str| captures.name(name).map(|part| part.as_str().to_ascii_lowercase());
        let guess = if let Some(domain) = part("domain") {
            let role = slug(domain.split('.').next().unwrap_or_default());
            Guess { role, destination: Some(domain) }
        } else {
            let Some(word) = part("word").or_else(|| part("bare")).filter(|word| !VAGUE.contains(&word.as_str()))
            else {
                continue;
            };
            if matches!(word.as_str(), "laptop" | "local") {
                Guess { role: LOCAL.to_owned(), destination: None }
            } else {
                Guess { role: slug(&word), destination: None }
            }
        };
        if !guess.role.is_empty() && guess.role != UNKNOWN {
            found.entry(guess.role.clone()).or_insert(guess);
        }
    }
    let mut found = found.into_values();
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn hosts_are_found_where_the_prose_is_clear() {
        for (text, due) in [
            ("On the new server, stop Apache", "new"),
            ("on old: `a2enmod rewrite`", "old"),
            ("do this on each mirror", "mirror"),
            ("Dump it on the staging machine", "staging"),
            ("run locally", "local"),
            ("On your laptop", "local"),
            ("on web1.example.org", "web1"),
            // Nothing is said, nothing clear, or two of them.
            ("Stop Apache", ""),
            ("on the server", ""),
            ("turn it on", ""),
            ("depends on newer versions", ""),
            ("on old and on new", ""),
        ] {
            assert_eq!(guess(text).map(|guess| guess.role).unwrap_or_default(), due, "{text}");
        }
        assert_eq!(guess("on web1.example.org").unwrap().destination.as_deref(), Some("web1.example.org"));
    }
}
