//! The statements that make a database like another.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::action::Postgres;
use super::look::{Database, Privilege, Settings};
use super::names::{ident, literal};

/// Settings whose value is a list of names, each quoted by itself.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// How a database orders texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Locale {
    /// As the system does.
    System { collate: String, ctype: String },
    /// By ICU.
    Icu { collate: String, ctype: String, locale: String, rules: Option<String> },
    /// By PostgreSQL's own rules.
    Builtin { collate: String, ctype: String, locale: String },
}

impl Locale {
    /// The asked one, else that of the source.
    pub(super) fn of(action: &Postgres, source: &Database) -> Self {
        if let Some(locale) = &action.locale {
            return Self::System { collate: locale.clone(), ctype: locale.clone() };
        }
        Self::of_database(source)
    }

    fn of_database(database: &Database) -> Self {
        let column = |name: &str| database.column(name).unwrap_or("C").to_owned();
        let (collate, ctype) = (column("datcollate"), column("datctype"));
        match (database.provider(), database.locale()) {
            ("i", Some(locale)) => {
                let rules = database.column("daticurules").map(str::to_owned);
                Self::Icu { collate, ctype, locale: locale.to_owned(), rules }
            }
            ("b", Some(locale)) => Self::Builtin { collate, ctype, locale: locale.to_owned() },
            _ => Self::System { collate, ctype },
        }
    }

    /// What of it is the system's.
    pub(super) fn of_system(&self) -> (&str, &str) {
        match self {
            Self::System { collate, ctype }
            | Self::Icu { collate, ctype, .. }
            | Self::Builtin { collate, ctype, .. } => (collate, ctype),
        }
    }

    /// In a word or two.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::System { collate, ctype } if collate == ctype => collate.clone(),
            Self::System { collate, ctype } => format!("{collate}, {ctype}"),
            Self::Icu { locale, .. } => format!("{locale} by ICU"),
            Self::Builtin { locale, .. } => format!("{locale} by PostgreSQL"),
        }
    }
}

/// The owner that the database will have.
pub(super) fn owner<'a>(action: &'a Postgres, source: &'a Database) -> &'a str {
    action.owner.as_deref().unwrap_or(&source.owner)
}

/// The encoding that it will have.
pub(super) fn encoding<'a>(action: &'a Postgres, source: &'a Database) -> &'a str {
    action.encoding.as_deref().unwrap_or(&source.encoding)
}

/// Makes the database `name`, empty.
pub(super) fn create(name: &str, action: &Postgres, source: &Database, target_version: u32) -> String {
    let locale = Locale::of(action, source);
    let (collate, ctype) = locale.of_system();
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {} LC_COLLATE {} LC_CTYPE {}",
        ident(name),
        ident(owner(action, source)),
        literal(encoding(action, source)),
        literal(collate),
        literal(ctype)
    );
    match &locale {
        Locale::System { .. } if target_version < 150_000 => {}
        Locale::System { .. } => sql.push_str(" LOCALE_PROVIDER libc"),
        Locale::Icu { locale, rules, .. } => {
            let _ = write!(sql, " LOCALE_PROVIDER icu ICU_LOCALE {}", literal(locale));
            if let Some(rules) = rules {
                let _ = write!(sql, " ICU_RULES {}", literal(rules));
            }
        }
        Locale::Builtin { locale, .. } => {
            let _ = write!(sql, " LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(locale));
        }
    }
    if source.tablespace != "pg_default" {
        let _ = write!(sql, " TABLESPACE {}", ident(&source.tablespace));
    }
    sql.push(';');
    sql
}

/// Gives the database `name` what the source has besides its contents: a dump of one database holds nothing of it. In one transaction.
pub(super) fn finish(name: &str, action: &Postgres, source: &Database) -> String {
    let database = ident(name);
    let comment = source.comment.as_deref().map_or_else(|| "NULL".to_owned(), literal);
    let mut sql = format!("COMMENT ON DATABASE {database} IS {comment};\n");
    let limit = source.row.get("datconnlimit").and_then(serde_json::Value::as_i64).unwrap_or(-1);
    if limit >= 0 {
        let _ = writeln!(sql, "ALTER DATABASE {database} CONNECTION LIMIT {limit};");
    }
    if source.flag("datistemplate") {
        let _ = writeln!(sql, "ALTER DATABASE {database} IS_TEMPLATE true;");
    }
    for Settings { role, config } in &source.settings {
        let whose = match role {
            None => format!("ALTER DATABASE {database}"),
            Some(role) => format!("ALTER ROLE {} IN DATABASE {database}", ident(role)),
        };
        for setting in config.iter().filter_map(|setting| set(setting)) {
            let _ = writeln!(sql, "{whose} {setting};");
        }
    }
    if let Some(privileges) = privileges(action, source) {
        let owner = ident(owner(action, source));
        let _ = writeln!(sql, "REVOKE ALL ON DATABASE {database} FROM PUBLIC, {owner};");
        for Privilege { grantor, grantee, what, grantable } in privileges {
            let grantee = grantee.map_or_else(|| "PUBLIC".to_owned(), |grantee| ident(&grantee));
            let option = if grantable { " WITH GRANT OPTION" } else { "" };
            let grant = format!("GRANT {what} ON DATABASE {database} TO {grantee}{option};");
            // What somebody else than the owner has granted goes when they lose the option.
            let _ = match ident(&grantor) {
                grantor if grantor == owner => writeln!(sql, "{grant}"),
                grantor => writeln!(sql, "SET SESSION AUTHORIZATION {grantor};\n{grant}\nRESET SESSION AUTHORIZATION;"),
            };
        }
    }
    for label in &source.labels {
        let (provider, text) = (ident(&label.provider), literal(&label.label));
        let _ = writeln!(sql, "SECURITY LABEL FOR {provider} ON DATABASE {database} IS {text};");
    }
    sql
}

/// The privileges that the copy has: what the source's owner has there, the copy's owner has.
pub(super) fn privileges(action: &Postgres, source: &Database) -> Option<Vec<Privilege>> {
    let owner = owner(action, source);
    let mut privileges = source.privileges.clone()?;
    for privilege in &mut privileges {
        if privilege.grantor == source.owner {
            owner.clone_into(&mut privilege.grantor);
        }
        if privilege.grantee.as_deref() == Some(&source.owner) {
            privilege.grantee = Some(owner.to_owned());
            // An owner may grant as it is.
            privilege.grantable = false;
        }
    }
    let mut seen = BTreeSet::new();
    privileges.retain(|privilege| seen.insert(privilege.clone()));
    Some(privileges)
}

/// `name=value` as a clause of ALTER.
fn set(setting: &str) -> Option<String> {
    let (name, value) = setting.split_once('=')?;
    let value = if LISTS.contains(&name.to_ascii_lowercase().as_str()) && !value.is_empty() {
        let parts: Vec<String> = parts(value).iter().map(|part| literal(part)).collect();
        parts.join(", ")
    } else {
        literal(value)
    };
    Some(format!("SET {} TO {value}", ident(name)))
}

/// The names of a list, some of them quoted.
fn parts(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut rest = list.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => parts.iter_mut().next_back().into_iter().for_each(|part| {
                part.push('"');
                rest.next();
            }),
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            c if c.is_whitespace() && !quoted => {}
            c => parts.iter_mut().next_back().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::kinds::postgres::look::Label;
    use crate::actions::testing::decoded;

    fn action(more: &str) -> Postgres {
        let text = format!("{{from: {{on: old, database: site}}, to: {{on: new, database: site{more}}}}}");
        decoded(&text).unwrap()
    }

    fn database() -> Database {
        let row = serde_json::json!({"datcollate": "en_NZ.UTF-8", "datctype": "C", "datconnlimit": 20});
        Database {
            row: row.as_object().unwrap().clone(),
            encoding: "LATIN1".into(),
            owner: "web".into(),
            tablespace: "pg_default".into(),
            ..Database::default()
        }
    }

    #[test]
    fn a_database_is_made_as_asked_else_like_its_source() {
        assert_eq!(
            create("a \"b\"", &action(""), &database(), 140_000),
            "CREATE DATABASE \"a \"\"b\"\"\" TEMPLATE template0 OWNER \"web\" ENCODING 'LATIN1' LC_COLLATE 'en_NZ.UTF-8' LC_CTYPE 'C';"
        );
        assert_eq!(
            create("x", &action(", owner: me, encoding: UTF8, locale: C"), &database(), 150_000),
            "CREATE DATABASE \"x\" TEMPLATE template0 OWNER \"me\" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;"
        );
        let mut source = Database { tablespace: "fast".into(), ..database() };
        let of_icu = [("datlocprovider", "i"), ("datlocale", "de"), ("daticurules", "&a<b")];
        source.row.extend(of_icu.map(|(name, value)| (name.to_owned(), value.into())));
        let made = create("x", &action(""), &source, 170_000);
        assert!(made.ends_with(" LOCALE_PROVIDER icu ICU_LOCALE 'de' ICU_RULES '&a<b' TABLESPACE \"fast\";"), "{made}");
    }

    #[test]
    fn what_a_dump_does_not_hold_is_copied() {
        let config = |settings: &[&str]| settings.iter().map(|&setting| setting.to_owned()).collect();
        let grant = |grantor: &str, grantee: Option<&str>, what: &str, grantable| Privilege {
            grantor: grantor.to_owned(),
            grantee: grantee.map(str::to_owned),
            what: what.to_owned(),
            grantable,
        };
        let source = Database {
            comment: Some("it's".into()),
            settings: vec![
                Settings {
                    role: None,
                    config: config(&["search_path=\"$user\", \"a \"\"B\", public", "work_mem=4MB"]),
                },
                Settings { role: Some("Jo".into()), config: config(&["my.x=a\\b"]) },
            ],
            privileges: Some(vec![
                grant("web", Some("web"), "CREATE", true),
                grant("web", Some("me"), "CREATE", false),
                grant("web", Some("Jo"), "CONNECT", true),
                grant("Jo", None, "CONNECT", false),
            ]),
            labels: vec![Label { provider: "selinux".into(), label: "l".into() }],
            ..database()
        };
        assert_eq!(
            finish("site", &action(", owner: me"), &source),
            "COMMENT ON DATABASE \"site\" IS 'it''s';\n\
             ALTER DATABASE \"site\" CONNECTION LIMIT 20;\n\
             ALTER DATABASE \"site\" SET \"search_path\" TO '$user', 'a \"B', 'public';\n\
             ALTER DATABASE \"site\" SET \"work_mem\" TO '4MB';\n\
             ALTER ROLE \"Jo\" IN DATABASE \"site\" SET \"my.x\" TO E'a\\\\b';\n\
             REVOKE ALL ON DATABASE \"site\" FROM PUBLIC, \"me\";\n\
             GRANT CREATE ON DATABASE \"site\" TO \"me\";\n\
             GRANT CONNECT ON DATABASE \"site\" TO \"Jo\" WITH GRANT OPTION;\n\
             SET SESSION AUTHORIZATION \"Jo\";\n\
             GRANT CONNECT ON DATABASE \"site\" TO PUBLIC;\n\
             RESET SESSION AUTHORIZATION;\n\
             SECURITY LABEL FOR \"selinux\" ON DATABASE \"site\" IS 'l';\n"
        );
    }

    #[test]
    fn a_database_without_any_of_it_stays_plain() {
        let source = Database { row: serde_json::Map::new(), ..database() };
        assert_eq!(finish("site", &action(""), &source), "COMMENT ON DATABASE \"site\" IS NULL;\n");
        assert_eq!(set("search_path=").unwrap(), "SET \"search_path\" TO ''");
    }
}
