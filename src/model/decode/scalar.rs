//! Readers of scalars.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;

use crate::base::Spanned;
use crate::base::duration::{self as durations, DurationError};
use crate::base::instant::{self as instants, InstantError};
use crate::base::mode::{self as modes, Mode, ModeError};
use crate::model::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::model::node::{Node, Scalar, Shape};

use super::fields::listed;

/// What stands in for a text that is not known yet. An absolute path, so that checks of its form pass.
const UNKNOWN: &str = "/unknown";

/// What a node is, for 'found …'.
#[must_use]
pub fn describe(node: &Node) -> String {
    match &node.shape {
        Shape::List(_) => "a list".to_owned(),
        Shape::Map(_) => "a mapping".to_owned(),
        Shape::Scalar(scalar) if scalar.is_null() => "nothing".to_owned(),
        Shape::Scalar(Scalar::Unknown(_)) => "something not known yet".to_owned(),
        Shape::Scalar(Scalar::Typed(value)) if !value.is_string() => format!("`{value}`"),
        Shape::Scalar(scalar) => match excerpt(&scalar.text().unwrap_or_default()) {
            Some(text) => format!("`{text}`"),
            None => "a text".to_owned(),
        },
    }
}

fn excerpt(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= 40 && !text.contains(['\n', '`'])).then_some(text)
}

/// Reports that something else is due than what was found.
pub fn due<'d>(node: &Node, what: &str, diagnostics: &'d mut Diagnostics) -> &'d mut Diagnostic {
    let found = describe(node);
    diagnostics.error(&node.span, format!("{what} is due here, found {found}"))
}

/// What `read` makes of the scalar's text; `stand_in` where that is not known yet. Reports where there is no text, with `what` (as in 'a
/// duration') as what is due.
fn scalar<T>(
    node: &Node,
    what: &str,
    stand_in: impl FnOnce() -> T,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(String, &mut Diagnostics) -> Option<T>,
) -> Option<T> {
    match &node.shape {
        Shape::Scalar(Scalar::Unknown(_)) => Some(stand_in()),
        Shape::Scalar(scalar) if !scalar.is_null() => read(scalar.text()?, diagnostics),
        Shape::Scalar(_) | Shape::List(_) | Shape::Map(_) => {
            due(node, what, diagnostics);
            None
        }
    }
}

/// A text. Plain numbers and booleans count as the text they were written with.
pub fn text(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    scalar(node, "a text", || UNKNOWN.to_owned(), diagnostics, |text, _| Some(text))
}

/// A text and where it stands.
pub fn spanned(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    text(node, diagnostics).map(|text| Spanned::new(text, node.span.clone()))
}

/// A text of one line that is not empty: a name, a path, a destination.
pub fn word(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    checked("a text of one line", |text| {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.contains(['\n', '\0']) {
            return Err("it has several lines".to_owned());
        }
        Ok(text.to_owned())
    })(node, diagnostics)
}

/// A path that starts at the root.
pub fn absolute_path(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let path = word(node, diagnostics)?;
    if path.starts_with('/') {
        return Some(path);
    }
    due(node, "an absolute path", diagnostics).hint("paths on a host start with `/`");
    None
}

/// A text that `check` finds nothing wrong with; `what` is what it is, as in 'a record type'. Where the text is not known yet, `check` is
/// asked with a stand-in, and if it does not like that nothing is reported and the default of `T` is given.
pub fn checked<T: Default>(
    what: &str,
    check: impl Fn(&str) -> Result<T, String>,
) -> impl Fn(&Node, &mut Diagnostics) -> Option<T> {
    move |node, diagnostics| {
        scalar(
            node,
            what,
            || check(UNKNOWN).unwrap_or_default(),
            diagnostics,
            |text, diagnostics| match check(&text) {
                Ok(value) => Some(value),
                Err(why) => {
                    due(node, what, diagnostics).hint(why);
                    None
                }
            },
        )
    }
}

/// `true` or `false`. YAML 1.2 has no others: `yes`, `on`, `no` are texts, and refused with what to write.
pub fn boolean(node: &Node, diagnostics: &mut Diagnostics) -> Option<bool> {
    scalar(
        node,
        "`true` or `false`",
        || true,
        diagnostics,
        |text, diagnostics| match text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            other => {
                let diagnostic = due(node, "`true` or `false`", diagnostics);
                match other.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "1" => Some("true"),
                    "no" | "off" | "n" | "0" => Some("false"),
                    _ => None,
                }
                .map(|word| diagnostic.hint(format!("in YAML 1.2 `{other}` is not a boolean: write `{word}`")));
                None
            }
        },
    )
}

/// A whole number within `range`.
pub fn integer<N>(range: RangeInclusive<N>) -> impl Fn(&Node, &mut Diagnostics) -> Option<N>
where
    N: Copy + PartialOrd + std::fmt::Display + std::str::FromStr,
{
    move |node, diagnostics| {
        scalar(
            node,
            "a whole number",
            || *range.start(),
            diagnostics,
            |text, diagnostics| {
                let digits = text.strip_prefix('-').unwrap_or(&text);
                // `0644` would be read as 644 by some and as 420 by others.
                let clear =
                    digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
                if !clear || digits.is_empty() {
                    due(node, "a whole number", diagnostics);
                    return None;
                }
                // One that is too large for any number is out of range as well.
                let number = text.parse().ok().filter(|number| range.contains(number));
                if number.is_none() {
                    due(node, &format!("a whole number from {} to {}", range.start(), range.end()), diagnostics);
                }
                number
            },
        )
    }
}

/// How many seconds, as a number without a unit: where that is what everybody else writes too, as the TTL of a record.
pub fn seconds(most: u32) -> impl Fn(&Node, &mut Diagnostics) -> Option<u32> {
    move |node, diagnostics| {
        let in_seconds = node.text().and_then(|text| durations::parse(&text).ok()).map(|time| time.as_secs());
        if let Some(seconds) = in_seconds {
            due(node, "a number of seconds", diagnostics).hint(format!("without a unit: `{seconds}`"));
            return None;
        }
        integer(0..=most)(node, diagnostics)
    }
}

/// A number, with a fraction or without.
pub fn number(node: &Node, diagnostics: &mut Diagnostics) -> Option<f64> {
    scalar(
        node,
        "a number",
        || 1.0,
        diagnostics,
        |text, diagnostics| {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            if number.is_none() {
                due(node, "a number", diagnostics);
            }
            number
        },
    )
}

/// A duration with its unit.
pub fn duration(node: &Node, diagnostics: &mut Diagnostics) -> Option<Duration> {
    scalar(
        node,
        "a duration",
        || Duration::from_secs(1),
        diagnostics,
        |text, diagnostics| {
            durations::parse(&text)
                .map_err(|error| {
                    let hint = match error {
                        DurationError::NoUnit => {
                            format!("it needs a unit: write `{text}s` for seconds, `{text}m` for minutes")
                        }
                        DurationError::NotADuration => "durations look like `90s`, `10m`, `1h30m`, `7d`".to_owned(),
                        DurationError::Order | DurationError::TooLong => error.to_string(),
                    };
                    due(node, "a duration", diagnostics).hint(hint);
                })
                .ok()
        },
    )
}

/// An instant with its zone.
pub fn instant(node: &Node, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
    scalar(
        node,
        "an instant",
        || Timestamp::UNIX_EPOCH,
        diagnostics,
        |text, diagnostics| {
            instants::parse(&text)
                .map_err(|error| {
                    let hint = match error {
                        InstantError::NoZone => format!("it needs a zone: `{text}Z` in UTC, or `{text}+12:00`"),
                        InstantError::NotAnInstant => {
                            "instants look like `2018-08-20T09:00Z`, `2018-08-20T09:00+12:00`".to_owned()
                        }
                    };
                    due(node, "an instant", diagnostics).hint(hint);
                })
                .ok()
        },
    )
}

/// A file mode of three or four octal digits.
pub fn octal_mode(node: &Node, diagnostics: &mut Diagnostics) -> Option<u32> {
    scalar(
        node,
        "a file mode",
        || 0o600,
        diagnostics,
        |text, diagnostics| {
            modes::octal(&text)
                .map_err(|_| {
                    due(node, "a file mode", diagnostics).hint("three or four octal digits, such as `0644`");
                })
                .ok()
        },
    )
}

/// A file mode in octal digits or a symbolic one.
pub fn mode(node: &Node, diagnostics: &mut Diagnostics) -> Option<Mode> {
    scalar(
        node,
        "a file mode",
        || Mode::Octal(0o600),
        diagnostics,
        |text, diagnostics| {
            Mode::parse(&text)
                .map_err(|error| {
                    let hint = match error {
                        ModeError::NobodyNamed => {
                            format!("say whose: `a{text}` for everybody, `u{text}` for the owner")
                        }
                        ModeError::NotAMode => {
                            "three or four octal digits such as `0644`, or symbolic such as `u=rwX,go-w`".to_owned()
                        }
                    };
                    due(node, "a file mode", diagnostics).hint(hint);
                })
                .ok()
        },
    )
}

/// A regular expression. `^` and `$` stand for the ends of a line.
pub fn regex(node: &Node, diagnostics: &mut Diagnostics) -> Option<Regex> {
    scalar(
        node,
        "a regular expression",
        || Regex::new("").ok(),
        diagnostics,
        |text, diagnostics| {
            pattern(&text)
                .map_err(|why| {
                    diagnostics.error(&node.span, why);
                })
                .ok()
                .map(Some)
        },
    )?
}

/// A regular expression, or what is wrong with it. `^` and `$` stand for the ends of a line; what would take too much memory is refused.
///
/// # Errors
/// What is wrong with it.
pub fn pattern(text: &str) -> Result<Regex, String> {
    let multi_line = regex::RegexBuilder::new(text).multi_line(true).size_limit(1 << 20).build();
    multi_line.map_err(|error| {
        let why = error.to_string();
        // The library draws the pattern first, and says what is wrong with it last.
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("the regular expression cannot be read: {why}")
    })
}

/// One of some words, each with what it stands for.
pub fn one_of<T: Clone>(words: &[(&'static str, T)]) -> impl Fn(&Node, &mut Diagnostics) -> Option<T> {
    let words = words.to_vec();
    move |node, diagnostics| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let due_here = listed(&names);
        if node.unknown_until().is_some() {
            return words.first().map(|(_, value)| value.clone());
        }
        scalar(
            node,
            &due_here,
            || None,
            diagnostics,
            |text, diagnostics| {
                let found = words.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone());
                if found.is_none() {
                    let near = nearest(&text, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
                    let diagnostic = due(node, &due_here, diagnostics);
                    if let Some(near) = near {
                        diagnostic.hint(near);
                    }
                }
                found.map(Some)
            },
        )?
    }
}
