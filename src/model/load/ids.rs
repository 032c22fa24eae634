//! Ids: what they look like, and how they come from names.

use crate::base::Spanned;
use crate::base::ids::LOCAL;
use crate::model::diagnostic::Diagnostics;

/// The id that a name gives: lower case, everything else a hyphen. Empty where nothing of it is left.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Reports an id that is none: `[a-z0-9][a-z0-9_-]*`.
pub(super) fn check_id(id: &Spanned<String>, diagnostics: &mut Diagnostics) -> bool {
    let mut characters = id.value.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let good = first && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    if !good {
        let diagnostic = diagnostics.error(&id.span, format!("`{}` cannot be an id", id.value));
        diagnostic.hint(match slug(&id.value) {
            slug if slug.is_empty() => "ids are of a-z, 0-9, `_` and `-`".to_owned(),
            slug => format!("ids are of a-z, 0-9, `_` and `-`: `{slug}`"),
        });
    }
    good
}

/// Reports a name that templates could not use: `[A-Za-z_][A-Za-z0-9_]*`, and none that means something else there.
pub(super) fn check_variable(name: &Spanned<String>, what: &str, diagnostics: &mut Diagnostics) -> bool {
    const TAKEN: [&str; 17] = [
        "host", "hosts", "secrets", "run", "item", "steps", "loop", "true", "false", "none", "null", "and", "or",
        "not", "in", "is", "if",
    ];
    let mut characters = name.value.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !(first && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')) {
        let diagnostic = diagnostics.error(&name.span, format!("`{}` cannot be the name of {what}", name.value));
        diagnostic.hint(match slug(&name.value).replace('-', "_") {
            slug if slug.is_empty() || slug.starts_with(|c: char| c.is_ascii_digit()) => {
                "names are of letters, digits and `_`".to_owned()
            }
            slug => format!("names are of letters, digits and `_`: `{slug}`"),
        });
        return false;
    }
    if TAKEN.contains(&name.value.as_str()) {
        diagnostics.error(&name.span, format!("`{}` means something else in templates", name.value));
        return false;
    }
    true
}

/// Reports a role or group that cannot be called so.
pub(super) fn check_role(name: &Spanned<String>, what: &str, diagnostics: &mut Diagnostics) -> bool {
    if name.value == LOCAL {
        diagnostics.error(&name.span, format!("`{LOCAL}` is the operator's own machine, and no {what}"));
        return false;
    }
    let mut characters = name.value.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return true;
    }
    diagnostics
        .error(&name.span, format!("`{}` cannot be the name of a {what}", name.value))
        .hint("names are of letters, digits, `_`, `-` and `.`");
    false
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_give_ids() {
        for (name, id) in [
            ("Prepare DNS", "prepare-dns"),
            ("  Stop pgbouncer.service! ", "stop-pgbouncer-service"),
            ("2nd try", "2nd-try"),
            ("Zurück", "zur-ck"),
            ("…", ""),
        ] {
            assert_eq!(slug(name), id, "{name}");
        }
    }
}
