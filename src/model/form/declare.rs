//! Declarations of keys and of what stands under them.

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whatever YAML has.
    Any,
    /// A text; numbers and booleans count as the text they are written with.
    Text,
    /// A text that has a template in it.
    Template,
    /// A text of one line that is not empty.
    Word,
    /// A path on a host.
    Path,
    /// `role:/path`.
    Place,
    /// `true` or `false`.
    Boolean,
    /// A whole number from the one to the other.
    Integer(u64, u64),
    /// A number that is no less than that.
    Number(u32),
    /// `1h30m`.
    Duration,
    /// `2018-08-20T09:00Z`.
    Instant,
    /// `0644`.
    OctalMode,
    /// The same, or `go-w`.
    Mode,
    /// A regular expression.
    Regex,
    /// `a-z`, `0-9`, `_` and `-`.
    Id,
    /// A text that this regular expression matches.
    Like(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of such.
    List(&'static Form),
    /// One, or a list of such.
    OneOrMore(&'static Form),
    /// A mapping with keys of the author's choice.
    Map(&'static Form),
    /// A mapping with these keys.
    Keys(&'static [Key]),
    /// The same, with exactly one of the keys that are named besides.
    OneKeyOf(&'static [Key], &'static [&'static str]),
    /// The same, with at least one of them.
    SomeKeyOf(&'static [Key], &'static [&'static str]),
    /// Any of these.
    Either(&'static [Form]),
    /// This, or a template of it. What stands in an action may be a template everywhere, and does not say so.
    OrTemplate(&'static Form),
    /// What the schema defines under that name.
    Defined(&'static str),
}

/// A key of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What stands under it.
    pub form: Form,
    /// What it says, in a line of Markdown.
    pub about: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// What holds where it is left out, in Markdown; empty where `about` leaves no doubt.
    pub left_out: &'static str,
}

/// A key that may be left out.
#[must_use]
pub const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, required: false, left_out: "" }
}

/// A key that has to be there.
#[must_use]
pub const fn required(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, required: true, left_out: "" }
}

impl Key {
    /// The same key, which says what holds where it is left out.
    #[must_use]
    pub const fn left_out(self, instead: &'static str) -> Self {
        Self { left_out: instead, ..self }
    }
}

/// What has the name of a key.
pub trait Named {
    /// The name.
    fn name(&self) -> &str;
}

impl Named for Key {
    fn name(&self) -> &str {
        self.name
    }
}

impl Named for &str {
    fn name(&self) -> &str {
        self
    }
}
