//! Scripts of a shell, read as far as it takes to tell commands from each other. What is missed is not warned about, so where this is in
//! doubt it sees nothing.

use std::ops::Range;

/// A command's words, those before its name left out: `sudo`, assignments, `then`.
#[derive(Debug, PartialEq)]
pub(super) struct Command<'t> {
    pub(super) words: Vec<Word<'t>>,
}

/// A word as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
}

/// Words before a command's own.
const BEFORE: [&str; 16] = [
    "sudo", "exec", "env", "nice", "nohup", "time", "command", "if", "then", "else", "elif", "while", "until", "do",
    "!", "{",
];

impl Command<'_> {
    /// What is called, without its folder.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or_default())
    }

    /// The words behind it.
    pub(super) fn arguments(&self) -> &[Word<'_>] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether one of its words is that.
    pub(super) fn has(&self, word: &str) -> bool {
        self.arguments().iter().any(|other| other.text == word)
    }

    /// Where it stands.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.words.first().map_or(0, |word| word.range.start);
        start..self.words.last().map_or(start, |word| word.range.end)
    }

    /// Whether it is `rm` of whole folders.
    pub(super) fn removes_folders(&self) -> bool {
        let short = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R']);
        self.name() == "rm" && self.arguments().iter().any(|word| short(word.text) || word.text == "--recursive")
    }

    /// What it is about: its words that are no options.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Word<'_>> {
        self.arguments().iter().filter(|word| !word.text.starts_with('-'))
    }
}

/// The commands of a script.
pub(super) fn commands(script: &str) -> Vec<Command<'_>> {
    let mut reader = Reader { script, at: 0, commands: Vec::new(), words: Vec::new(), documents: Vec::new() };
    reader.read();
    reader.commands
}

struct Reader<'t> {
    script: &'t str,
    at: usize,
    commands: Vec<Command<'t>>,
    words: Vec<Word<'t>>,
    /// The ends of documents that begin on this line.
    documents: Vec<String>,
}

impl<'t> Reader<'t> {
    fn read(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\n' => {
                    self.end();
                    self.at += 1;
                    self.past_documents();
                }
                ' ' | '\t' => self.at += 1,
                '\\' if self.rest().starts_with("\\\n") => self.at += 2,
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                ';' | '&' | '|' | '(' | ')' => {
                    self.end();
                    self.at += 1;
                }
                _ => self.word(),
            }
        }
        self.end();
    }

    fn rest(&self) -> &'t str {
        &self.script[self.at..]
    }

    fn word(&mut self) {
        let start = self.at;
        let mut quote: Option<char> = None;
        while let Some(c) = self.rest().chars().next() {
            // A template is a part of the word that it stands in.
            if let Some(length) = template(self.rest()) {
                self.at += length;
                continue;
            }
            match (quote, c) {
                (None, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')') => break,
                (None, '$') if self.rest().starts_with("$(") => {
                    self.at += substitution(self.rest());
                    continue;
                }
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), _) if c == open => quote = None,
                (None | Some('"'), '\\') => {
                    self.at += 1;
                    let Some(next) = self.rest().chars().next() else { break };
                    self.at += next.len_utf8();
                    continue;
                }
                _ => {}
            }
            self.at += c.len_utf8();
        }
        let text = &self.script[start..self.at];
        if let Some((_, end)) =
            text.split_once("<<").filter(|(before, _)| before.bytes().all(|byte| byte.is_ascii_digit()))
        {
            self.documents.push(end.trim_start_matches('-').trim_matches(['\'', '"', '\\']).to_owned());
            return;
        }
        let name_begins = self.words.is_empty();
        let is_assignment = text.split_once('=').is_some_and(|(name, _)| is_name(name));
        if name_begins && (BEFORE.contains(&text) || is_assignment || text.starts_with('-')) {
            return;
        }
        self.words.push(Word { text, range: start..self.at });
    }

    fn end(&mut self) {
        if !self.words.is_empty() {
            self.commands.push(Command { words: std::mem::take(&mut self.words) });
        }
    }

    /// What stands between `<<END` and `END` is no command.
    fn past_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            loop {
                let line = self.rest().split('\n').next().unwrap_or_default();
                self.at = (self.at + line.len() + 1).min(self.script.len());
                if line.trim() == end || self.rest().is_empty() {
                    break;
                }
            }
        }
    }
}

/// How long the template is that stands here.
fn template(rest: &str) -> Option<usize> {
    let close = match rest.get(..2)? {
        "{{" => "}}",
        "{%" => "%}",
        "{#" => "#}",
        _ => return None,
    };
    rest.find(close).map(|at| at + 2)
}

/// How long `$(…)` is.
fn substitution(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    rest.len()
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_are_told_apart() {
        let script = "set -e\nif A=1 sudo -n rm -rf \"$A b\"/c; then echo 'x; rm y' # rm z\nfi\ncat <<'END' | x\nrm -rf /\nEND\n(/bin/ls \\\n  -l) && {{ a ~ \"; b\" }} d\nv=$(rm q; ls)\n";
        let found: Vec<String> = commands(script)
            .iter()
            .map(|command| command.words.iter().map(|word| word.text).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            found,
            ["set -e", "rm -rf \"$A b\"/c", "echo 'x; rm y'", "fi", "cat", "x", "/bin/ls -l", "{{ a ~ \"; b\" }} d"]
        );
        let commands = commands(script);
        assert!(commands[1].removes_folders() && !commands[2].removes_folders());
        assert_eq!(&script[commands[1].range()], "rm -rf \"$A b\"/c");
        assert_eq!(commands[6].name(), "ls");
    }

    #[test]
    fn what_is_no_script_does_no_harm() {
        for odd in ["", "\\", "'", "\"\\", "$(", "<<", "<<X", "{{", "a <<X\nb", "é<<é\n", ";;&&|", "a\\"] {
            let _ = commands(odd);
        }
    }

    proptest::proptest! {
        /// Whatever it is, it is read to its end, and the words stand where they say.
        #[test]
        fn words_stand_where_they_say(script in "[a$(){}<'\" \n;|&#%\\\\é=-]{0,40}") {
            for word in commands(&script).iter().flat_map(|command| &command.words) {
                proptest::prop_assert_eq!(&script[word.range.clone()], word.text);
            }
        }
    }
}
