//! A plan in Markdown as an outline.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::outline::{Item, Outline, Part, What};

/// How long a name may be, in characters.
const LONGEST: usize = 70;

/// Reads a plan.
pub(super) fn outline(text: &str) -> Outline {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let events: Vec<(Event<'_>, Range<usize>)> = Parser::new_ext(text, options).into_offset_iter().collect();
    let tops = events.iter().filter(|(event, _)| is_heading(event, HeadingLevel::H1)).count();
    let mut reader =
        Reader { text, events: &events, at: 0, outline: Outline::default(), prose: Vec::new(), one_title: tops == 1 };
    reader.blocks();
    reader.outline
}

fn is_heading(event: &Event<'_>, of: HeadingLevel) -> bool {
    matches!(event, Event::Start(Tag::Heading { level, .. }) if *level == of)
}

struct Reader<'t> {
    text: &'t str,
    events: &'t [(Event<'t>, Range<usize>)],
    at: usize,
    outline: Outline,
    /// Paragraphs that belong to what follows, or to nothing.
    prose: Vec<String>,
    /// Whether there is one heading of the first level: the title.
    one_title: bool,
}

/// What a list item holds.
#[derive(Default)]
struct Entry {
    prose: Vec<String>,
    code: Vec<(String, String)>,
    within: Vec<Entry>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<(&'t Event<'t>, Range<usize>)> {
        let (event, range) = self.events.get(self.at)?;
        self.at += 1;
        Some((event, range.clone()))
    }

    fn blocks(&mut self) {
        while let Some((event, range)) = self.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let name = self.inline(TagEnd::Heading(*level));
                    self.heading(*level, &name);
                }
                Event::Start(Tag::List(_)) => {
                    self.settle();
                    for entry in self.list() {
                        self.entry(entry);
                    }
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let code = self.code(kind);
                    let prose = std::mem::take(&mut self.prose).join("\n\n");
                    self.put_code(&prose, vec![code]);
                }
                Event::Start(Tag::MetadataBlock(_)) => self.skip(),
                Event::Start(_) => {
                    self.skip();
                    self.say(&self.text[range]);
                }
                _ => {}
            }
        }
        self.settle();
    }

    /// Somebody's prose. A comment of HTML is not said to anybody.
    fn say(&mut self, prose: &str) {
        let prose = prose.trim();
        let is_comment = prose.starts_with("<!--") && prose.ends_with("-->");
        if !prose.is_empty() && !is_comment {
            self.prose.push(prose.to_owned());
        }
    }

    fn heading(&mut self, level: HeadingLevel, name: &str) {
        self.settle();
        if level == HeadingLevel::H1 && self.one_title && self.outline.title.is_none() && self.outline.parts.is_empty()
        {
            self.outline.title = Some(name.to_owned());
            return;
        }
        self.outline.parts.push(Part { name: name.to_owned(), ..Part::default() });
    }

    /// The part that is being read.
    fn part(&mut self) -> &mut Part {
        if self.outline.parts.is_empty() {
            self.outline.parts.push(Part::default());
        }
        let last = self.outline.parts.len() - 1;
        &mut self.outline.parts[last]
    }

    /// What was said and belongs to no block that follows: what a part is about, or something that a person has to see to.
    fn settle(&mut self) {
        let prose = std::mem::take(&mut self.prose).join("\n\n");
        if prose.is_empty() {
            return;
        }
        match self.outline.parts.last_mut() {
            None => self.outline.about = prose,
            Some(part) if part.items.is_empty() => part.about = prose,
            Some(part) => part.items.push(Item { name: name_of(&prose), text: prose, what: What::Person(Vec::new()) }),
        }
    }

    fn entry(&mut self, entry: Entry) {
        let prose = entry.prose.join("\n\n");
        let has_code = |entry: &Entry| has_code(entry);
        if entry.within.iter().any(has_code) {
            self.put_or_say(&prose, entry.code);
            entry.within.into_iter().for_each(|inner| self.entry(inner));
            return;
        }
        let mut boxes = Vec::new();
        entry.within.iter().for_each(|inner| ticks(inner, "", &mut boxes));
        if !entry.code.is_empty() {
            self.put_code(&prose, entry.code);
            if !boxes.is_empty() {
                let text = format!("{}\n\nThen:", if prose.is_empty() { "What was run" } else { &prose });
                self.part().items.push(Item {
                    name: format!("After: {}", name_of(&prose)),
                    text,
                    what: What::Person(boxes),
                });
            }
            return;
        }
        if prose.is_empty() && boxes.is_empty() {
            return;
        }
        let name = name_of(if prose.is_empty() { &boxes[0] } else { &prose });
        let text = if prose.is_empty() { "All of these:".to_owned() } else { prose };
        self.part().items.push(Item { name, text, what: What::Person(boxes) });
    }

    fn put_or_say(&mut self, prose: &str, code: Vec<(String, String)>) {
        if !code.is_empty() {
            self.put_code(prose, code);
        } else if !prose.is_empty() {
            self.part().items.push(Item {
                name: name_of(prose),
                text: prose.to_owned(),
                what: What::Person(Vec::new()),
            });
        }
    }

    /// Code, and what is said of it.
    fn put_code(&mut self, prose: &str, code: Vec<(String, String)>) {
        let mut prose = prose.to_owned();
        for (info, code) in code {
            let what = what(&info, &code);
            if matches!(&what, Some(What::Person(_))) {
                let fence = "`".repeat(code.split(|c| c != '`').map(str::len).max().unwrap_or_default().max(2) + 1);
                let text = format!("{prose}\n\n{fence}{info}\n{}\n{fence}", code.trim_end());
                let name = if prose.is_empty() { "See to this".to_owned() } else { name_of(&prose) };
                self.part().items.push(Item { name, text: text.trim().to_owned(), what: What::Person(Vec::new()) });
            } else if let Some(what) = what {
                let name = if prose.is_empty() { called(&what) } else { name_of(&prose) };
                self.part().items.push(Item { name, text: std::mem::take(&mut prose), what });
            } else {
                self.prose.extend((!prose.is_empty()).then(|| std::mem::take(&mut prose)));
            }
        }
    }

    fn list(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::Start(Tag::Item) => entries.push(self.item()),
                Event::End(TagEnd::List(_)) => break,
                _ => {}
            }
        }
        entries
    }

    fn item(&mut self) -> Entry {
        let mut entry = Entry::default();
        // In a tight list the words stand in the item itself.
        let mut loose: Option<Range<usize>> = None;
        while let Some((event, range)) = self.next() {
            let ends = matches!(
                event,
                Event::End(TagEnd::Item) | Event::Start(Tag::List(_) | Tag::CodeBlock(_) | Tag::Paragraph)
            );
            if ends && let Some(words) = loose.take() {
                entry.say(&self.text[words]);
            }
            match event {
                Event::End(TagEnd::Item) => break,
                Event::Start(Tag::List(_)) => {
                    let within = self.list();
                    entry.within.extend(within);
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let code = self.code(kind);
                    entry.code.push(code);
                }
                Event::Start(Tag::Paragraph) => {
                    let past = match self.events.get(self.at) {
                        Some((Event::TaskListMarker(_), marker)) => marker.end,
                        _ => range.start,
                    };
                    self.skip();
                    entry.say(&self.text[past..range.end]);
                }
                Event::Start(_) => {
                    self.skip();
                    loose = Some(joined(loose, range));
                }
                Event::End(_) | Event::TaskListMarker(_) => {}
                _ => loose = Some(joined(loose, range)),
            }
        }
        entry
    }

    /// The text of a code block, and what it says that it is.
    fn code(&mut self, kind: &CodeBlockKind<'_>) -> (String, String) {
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.split([' ', ',', '{']).next().unwrap_or_default().to_ascii_lowercase(),
            CodeBlockKind::Indented => String::new(),
        };
        let mut code = String::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::Text(text) => code.push_str(text),
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        (info, code)
    }

    /// The words up to `end`, without marks.
    fn inline(&mut self, end: TagEnd) -> String {
        let mut words = String::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::End(found) if *found == end => break,
                Event::Text(text) | Event::Code(text) => words.push_str(text),
                Event::SoftBreak | Event::HardBreak => words.push(' '),
                _ => {}
            }
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Past the end of what has just begun.
    fn skip(&mut self) {
        let mut depth = 1;
        while depth > 0
            && let Some((event, _)) = self.next()
        {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
    }
}

impl Entry {
    fn say(&mut self, words: &str) {
        let words: Vec<&str> = words.lines().map(str::trim).collect();
        let words = words.join("\n").trim().to_owned();
        if !words.is_empty() {
            self.prose.push(words);
        }
    }
}

fn joined(before: Option<Range<usize>>, range: Range<usize>) -> Range<usize> {
    before.map_or(range.clone(), |before| before.start..range.end.max(before.end))
}

fn has_code(entry: &Entry) -> bool {
    !entry.code.is_empty() || entry.within.iter().any(has_code)
}

/// What stands below an item that is one step, as boxes to tick.
fn ticks(entry: &Entry, above: &str, boxes: &mut Vec<String>) {
    let words = entry.prose.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let words = match (above.is_empty(), words.is_empty()) {
        (true, _) => words,
        (false, true) => above.to_owned(),
        (false, false) => format!("{above}: {words}"),
    };
    if entry.within.is_empty() {
        boxes.extend((!words.is_empty()).then_some(words));
        return;
    }
    entry.within.iter().for_each(|inner| ticks(inner, words.trim_end_matches(':'), boxes));
}

/// What code is called that nothing was said of: its first line.
fn called(what: &What) -> String {
    let (What::Script(code, _) | What::Sql(code)) = what else { return String::new() };
    let line = code.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!")).unwrap_or_default();
    short(line.trim_end_matches(['\\', ' ']))
}

/// What a code block is; none where there is nothing in it.
fn what(info: &str, code: &str) -> Option<What> {
    if code.trim().is_empty() {
        return None;
    }
    let script = |shell| Some(What::Script(code.to_owned(), shell));
    match info {
        "" | "sh" | "shell" | "posix" | "ash" | "dash" => match typed(code) {
            Some(commands) => Some(What::Script(commands, None)),
            None => script(None),
        },
        "console" | "shell-session" | "sh-session" | "terminal" => {
            Some(What::Script(typed(code).unwrap_or_else(|| code.to_owned()), None))
        }
        "bash" => Some(What::Script(typed(code).unwrap_or_else(|| code.to_owned()), Some("bash"))),
        "zsh" => script(Some("zsh")),
        "python" | "python3" | "py" => script(Some("python3")),
        "perl" => script(Some("perl")),
        "sql" | "postgres" | "postgresql" | "psql" | "plpgsql" => Some(What::Sql(code.to_owned())),
        _ => Some(What::Person(Vec::new())),
    }
}

/// The commands of a session, without its prompts and without what was answered; none where it is no session.
fn typed(code: &str) -> Option<String> {
    let command = |line: &str| line.trim_start().strip_prefix("$ ").map(str::to_owned);
    let first = code.lines().find(|line| !line.trim().is_empty())?;
    command(first)?;
    let mut commands = String::new();
    let mut goes_on = false;
    for line in code.lines() {
        let told = command(line).or_else(|| goes_on.then(|| line.trim_start().trim_start_matches("> ").to_owned()));
        if let Some(command) = told {
            goes_on = command.ends_with('\\');
            commands.push_str(&command);
            commands.push('\n');
        }
    }
    Some(commands).filter(|commands| !commands.trim().is_empty())
}

/// What a text is called: its first sentence, without the marks of Markdown.
pub(super) fn name_of(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = if line.starts_with('|') { line.trim_matches('|').replace('|', ", ") } else { line.to_owned() };
    let line = line.trim_start_matches(['#', '>', ' ']);
    let mut plain = String::new();
    for event in Parser::new_ext(line, Options::empty()) {
        match event {
            Event::Text(text) | Event::Code(text) => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
    }
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence =
        words.split_once(". ").map_or(words.as_str(), |(first, _)| first).trim_end_matches([':', '.', ',', ';']);
    short(if sentence.is_empty() { line } else { sentence })
}

/// As much of a name as fits.
fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let cut: String = name.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before).trim_end_matches(','))
}
