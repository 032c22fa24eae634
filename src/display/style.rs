//! How it looks: colours and marks. Everything can be read without either.

use jiff::tz::TimeZone;

/// How text is made to look.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether there are colours.
    pub color: bool,
    /// Whether marks and bars may be other than ASCII.
    pub unicode: bool,
    /// How many columns there are; none: as many as it takes.
    pub width: Option<usize>,
    /// In which zone times are shown.
    pub zone: TimeZone,
}

impl Style {
    /// With or without colours, in the zone of this machine.
    #[must_use]
    pub fn new(color: bool) -> Self {
        Self { color, unicode: true, width: None, zone: TimeZone::system() }
    }

    /// Without anything that depends on where it is shown: no colours, times in UTC.
    #[must_use]
    pub fn plain() -> Self {
        Self { color: false, unicode: true, width: None, zone: TimeZone::UTC }
    }

    /// With marks in ASCII.
    #[must_use]
    pub fn ascii(self) -> Self {
        Self { unicode: false, ..self }
    }

    /// For so many columns.
    #[must_use]
    pub fn columns(self, width: usize) -> Self {
        Self { width: Some(width), ..self }
    }

    /// With times in that zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// What a mark looks like: one column.
    #[must_use]
    pub fn mark(&self, mark: Mark) -> &'static str {
        let (unicode, ascii) = mark.signs();
        if self.unicode { unicode } else { ascii }
    }

    /// What stands for a piece that was cut off.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { ">" }
    }

    /// What stands between the parts of a line.
    pub(super) fn dot(&self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }
}

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Text.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// Beside the point.
    Dim,
    /// It went well; added lines.
    Good,
    /// It went wrong; removed lines.
    Bad,
    /// To be looked at.
    Doubt,
    /// A name, a place, what to type.
    Name,
}

impl Tone {
    /// The parameters of the SGR sequence that sets it.
    pub(super) fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Bad => Some("1;31"),
            Self::Doubt => Some("33"),
            Self::Name => Some("36"),
        }
    }
}

/// What became of a unit, or would, in a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Applied.
    Applied,
    /// Already as asked.
    AsAsked,
    /// Left out.
    Skipped,
    /// Failed.
    Failed,
    /// Could not be begun, or could not be taken back.
    Stopped,
    /// Not known.
    Unsure,
    /// Taken back.
    Undone,
    /// Waits for a time or a person.
    Waits,
    /// Would be changed.
    WouldChange,
    /// Being worked at.
    Running,
}

impl Mark {
    fn signs(self) -> (&'static str, &'static str) {
        match self {
            Self::Applied => ("✓", "+"),
            Self::AsAsked => ("=", "="),
            Self::Skipped => ("–", "-"),
            Self::Failed => ("✗", "x"),
            Self::Stopped => ("!", "!"),
            Self::Unsure => ("?", "?"),
            Self::Undone => ("↶", "<"),
            Self::Waits => ("◷", "@"),
            Self::WouldChange => ("~", "~"),
            Self::Running => ("›", ">"),
        }
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Applied => Tone::Good,
            Self::AsAsked | Self::Skipped => Tone::Dim,
            Self::Failed | Self::Stopped => Tone::Bad,
            Self::Unsure | Self::WouldChange | Self::Waits => Tone::Doubt,
            Self::Undone | Self::Running => Tone::Name,
        }
    }
}
