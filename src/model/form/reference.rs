//! Declarations as a reference in Markdown.

use std::fmt::Write as _;

use super::declare::{Form, Key};

/// A section of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    depth: usize,
    title: String,
    text: String,
}

/// Where something that [`Form::Defined`] names is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What one of them is called.
    pub one: &'static str,
    /// What several are called.
    pub many: &'static str,
    /// The title of its section.
    pub title: &'static str,
}

/// A reference while it is put together. What several keys share is told once, where it comes first.
pub struct Reference<F> {
    places: F,
    sections: Vec<Section>,
    /// The mappings that have a table, by the titles of their sections.
    told: Vec<(Form, String)>,
}

/// The kinds of values that need a word, in the order of their names.
const KINDS: [(&str, &str); 15] = [
    ("anything", "whatever YAML has"),
    ("boolean", "`true` or `false`"),
    ("duration", "with its unit: `90s`, `10m`, `1h30m`, `7d`, `500ms`, `2w`"),
    ("id", "of `a-z`, `0-9`, `_` and `-`; begins with a letter or a digit"),
    ("instant", "with its zone: `2018-08-20T09:00Z`, `2018-08-13T04:00+12:00`, `2018-08-13T04:00[Pacific/Auckland]`"),
    ("line", "a text of one line that is not empty"),
    ("mode", "an octal mode, or symbolic: `go-w`, `\"u=rwX,go=rX\"`"),
    ("number", "as it is; a whole number has no fraction"),
    ("octal mode", "three or four octal digits: `0644`"),
    ("path", "a path on a host; begins with `/`"),
    ("place", "`ROLE:/path`: a path on that host; `local:/path` is your machine"),
    ("regular expression", "of the `regex` crate; `^` and `$` stand for the ends of a line"),
    ("template", "a text with a template in it: `\"{{ site }}\"`"),
    ("text", "numbers and booleans count as the text that they are written with"),
    ("text like", "a text that this regular expression matches"),
];

/// The title of the section about them.
const KINDS_TITLE: &str = "Kinds of values";

impl<F: Fn(&str) -> Option<Place>> Reference<F> {
    /// A reference without sections. `places` knows where what is defined by name is told.
    pub fn new(places: F) -> Self {
        Self { places, sections: Vec::new(), told: Vec::new() }
    }

    /// Adds a section of prose.
    pub fn prose(&mut self, depth: usize, title: &str, text: &str) {
        self.sections.push(Section { depth, title: title.to_owned(), text: text.to_owned() });
    }

    /// Adds a section about a form: `intro`, what the value is, its keys, and `outro`; and below it a section for each mapping under a key.
    /// `prefix` stands in the titles of those.
    pub fn form(&mut self, depth: usize, title: &str, prefix: &str, form: &Form, [intro, outro]: [&str; 2]) {
        let own = self.sections.len();
        self.prose(depth, title, "");
        let is_new = |mapping: &Form| mapping == form || self.title_of(mapping).is_none();
        // Who comes for a mapping finds it there, also where another of the same keys was told before.
        let new: Vec<Form> = form.outermost().into_iter().filter(is_new).collect();
        // Told as soon as its title stands: what lies in it may be of the same form.
        self.told.extend(new.iter().map(|mapping| (*mapping, title.to_owned())));
        for key in new.iter().flat_map(Form::keys) {
            if key.form.outermost().iter().any(|mapping| self.title_of(mapping).is_none()) {
                // `include: include` says nothing more.
                let below = if prefix.is_empty() || prefix == key.name {
                    key.name.to_owned()
                } else {
                    format!("{prefix}: {}", key.name)
                };
                self.form(depth + 1, &below, &below, &key.form, ["", ""]);
            }
        }
        let value = self.words(form, false, &|mapping| new.contains(mapping));
        let end = if new.is_empty() { "." } else { ":" };
        let tables: Vec<String> = new.iter().map(|mapping| self.table(mapping.keys())).collect();
        let parts =
            [intro.to_owned(), format!("{}{end}", capitalized(&value)), tables.join("\n\nOr:\n\n"), outro.to_owned()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        self.sections[own].text = parts.join("\n\n");
    }

    /// The page: its title, what it is, its contents, its sections, and last the kinds of values.
    #[must_use]
    pub fn page(mut self, title: &str, intro: &str) -> String {
        let rows = KINDS.iter().map(|(name, about)| format!("| {name} | {about} |"));
        let rows: Vec<String> =
            ["| kind | how it is written |".to_owned(), "| --- | --- |".to_owned()].into_iter().chain(rows).collect();
        self.prose(2, KINDS_TITLE, &rows.join("\n"));
        let mut page = format!("# {title}\n\n{intro}\n\n{}", self.contents());
        for Section { depth, title, text } in &self.sections {
            // Writing to memory does not fail.
            let _ = write!(page, "\n{} {title}\n\n{text}\n", "#".repeat(*depth));
        }
        page
    }

    /// A line for each section of the second depth, with those right below it.
    fn contents(&self) -> String {
        let mut contents = String::new();
        let mut first = true;
        for Section { depth, title, .. } in &self.sections {
            let link = link(title, title);
            let _ = match depth {
                2 => write!(contents, "{}- {link}", if contents.is_empty() { "" } else { "\n" }),
                3 => write!(contents, "{}{link}", if first { ": " } else { ", " }),
                _ => continue,
            };
            first = *depth == 2;
        }
        contents.push('\n');
        contents
    }

    fn table(&self, keys: &[Key]) -> String {
        let mut table = "| key | value | left out | what it says |\n| --- | --- | --- | --- |".to_owned();
        for key in keys {
            let value = self.words(&key.form, false, &|_| false);
            let left_out = if key.required { "**required**" } else { key.left_out };
            let cells = [&value, left_out, key.about].map(|cell| cell.replace('|', "\\|"));
            let _ = write!(table, "\n| `{}` |", key.name);
            for cell in cells {
                let _ = write!(table, "{}{cell} |", if cell.is_empty() { "" } else { " " });
            }
        }
        table
    }

    fn title_of(&self, mapping: &Form) -> Option<&str> {
        self.told.iter().find(|(form, _)| form == mapping).map(|(_, title)| title.as_str())
    }

    /// What a value of the form is, as one of them or as several. `here` says whose keys follow right below.
    fn words(&self, form: &Form, many: bool, here: &dyn Fn(&Form) -> bool) -> String {
        let of = |inner: &Form, many| self.words(inner, many, here);
        let name = |one: &str| if many { plural(one) } else { one.to_owned() };
        match form {
            Form::Any => "anything".to_owned(),
            Form::Text => name("text"),
            Form::Template => name("template"),
            Form::Word => name("line"),
            Form::Path => name("path"),
            Form::Place => name("place"),
            Form::Boolean => name("boolean"),
            Form::Integer(least, most) if least == most => format!("`{least}`"),
            Form::Integer(least, most) if *most == u64::from(u32::MAX) => {
                format!("{} from {least}", name("whole number"))
            }
            Form::Integer(least, most) => format!("{} from {least} to {most}", name("whole number")),
            Form::Number(least) => format!("{} from {least}", name("number")),
            Form::Duration => name("duration"),
            Form::Instant => name("instant"),
            Form::OctalMode => name("octal mode"),
            Form::Mode => name("mode"),
            Form::Regex => name("regular expression"),
            Form::Id => name("id"),
            Form::Like(pattern) => format!("{} like `{pattern}`", name("text")),
            Form::OneOf(words) => either(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>(), " or "),
            Form::List(item) => format!("{} of {}", name("list"), of(item, true)),
            Form::OneOrMore(item) => format!("{}, or {} of such", of(item, many), name("list")),
            Form::Map(value) => format!("{} of names to {}", name("mapping"), of(value, true)),
            Form::Keys(_) | Form::OneKeyOf(..) | Form::SomeKeyOf(..) => self.mapping(form, &name("mapping"), here),
            Form::Either(forms) => {
                let mut each: Vec<String> = Vec::new();
                for words in forms.iter().map(|form| of(form, many)) {
                    if !each.contains(&words) {
                        each.push(words);
                    }
                }
                either(&each, ", or ")
            }
            Form::OrTemplate(form) => format!("{}, or {}", of(form, many), name("template")),
            Form::Defined(defined) => match (self.places)(defined) {
                Some(place) => link(if many { place.many } else { place.one }, place.title),
                None => format!("`{defined}`"),
            },
        }
    }

    fn mapping(&self, form: &Form, name: &str, here: &dyn Fn(&Form) -> bool) -> String {
        if !here(form) {
            return self.title_of(form).map_or_else(|| name.to_owned(), |title| link(name, title));
        }
        let code = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
        match form {
            Form::OneKeyOf(_, of) => {
                format!("{name} with these keys, exactly one of them {}", either(&code(of), " or "))
            }
            Form::SomeKeyOf(_, of) => {
                format!("{name} with these keys, at least one of them {}", either(&code(of), " or "))
            }
            _ => format!("{name} with these keys"),
        }
    }
}

/// What forges make of a heading.
#[must_use]
pub fn anchor(title: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    title.to_lowercase().chars().filter(|c| kept(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn link(text: &str, title: &str) -> String {
    format!("[{text}](#{})", anchor(title))
}

fn plural(one: &str) -> String {
    one.strip_suffix('y').map_or_else(|| format!("{one}s"), |stem| format!("{stem}ies"))
}

/// Several of which one will do: commas, and `last` before the last.
fn either(each: &[String], last: &str) -> String {
    match each {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., end] => format!("{}{last}{end}", most.join(", ")),
    }
}

fn capitalized(text: &str) -> String {
    let at = text.find(|c: char| c.is_alphanumeric() || c == '`').unwrap_or(0);
    let mut chars = text[at..].chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    text[..at].chars().chain(first).chain(chars).collect()
}
