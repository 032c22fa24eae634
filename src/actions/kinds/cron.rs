//! `cron`: comments the jobs of a file out or in.

use regex::bytes::Regex;

use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use crate::actions::edit::{self, Edit, Lines, Plan, likeness};
use crate::actions::remote_file::{folder_of, name_of};

/// What our own comments begin with: what a person has commented out stays commented out.
const MARK: &[u8] = b"#runbook: ";

/// Whether the jobs of a file run.
#[derive(Debug)]
pub struct Cron {
    file: String,
    disabled: bool,
    matching: Option<Regex>,
}

const KEYS: [Key; 3] = [
    required("file", Form::Path, "a file in `/etc/cron.d`, `/etc/crontab`, or a user's in `/var/spool/cron/crontabs`"),
    required("state", Form::OneOf(&["disabled", "enabled"]), "whether its jobs run"),
    key("match", Form::Regex, "only the jobs that match").left_out("all of them"),
];

impl Edit for Cron {
    const KIND: &'static str = "cron";
    const FORM: Form = Form::Keys(&KEYS);

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`cron`", &KEYS, diagnostics)?;
        let file = fields.required("file", decode::absolute_path);
        let disabled = fields.required("state", decode::one_of(&[("disabled", true), ("enabled", false)]));
        let matching = fields.optional("match", edit::regex);
        fields.done()?;
        Some(Self { file: file?, disabled: disabled?, matching })
    }

    fn path(&self) -> &str {
        &self.file
    }

    fn plan(&self, lines: Option<&Lines>, role: &Role) -> Plan {
        let Some(lines) = lines else { return Plan::Blocked(format!("there is no {} on {role}", self.file)) };
        let mut found = Jobs::default();
        for (at, line) in lines.lines.iter().enumerate() {
            found.sort(at, &line.text, self.matching.as_ref());
        }
        let (turned, other) = if self.disabled { (&found.running, &found.ours) } else { (&found.ours, &found.running) };
        if turned.is_empty() {
            return self.nothing_to_do(other, &found.theirs, role);
        }
        let mut after = lines.clone();
        for &at in turned {
            let text = &mut after.lines[at].text;
            if self.disabled {
                text.splice(0..0, MARK.iter().copied());
            } else {
                text.drain(..MARK.len());
            }
        }
        let how = if self.disabled { "out" } else { "in" };
        Plan::Edit {
            what: format!("comment {how} {}", edit::listed(turned)),
            notes: self.unread().into_iter().collect(),
            lines: after,
        }
    }

    /// The edit is the mark alone: it goes from a job, or comes back, whatever others have made of the job meanwhile.
    fn untangle(was: &Lines, left: &Lines, now: &Lines) -> Option<Lines> {
        let mut after = now.clone();
        let mut met = vec![false; now.lines.len()];
        // What was there and was not turned is not ours.
        let mut others: Vec<&[u8]> = Vec::new();
        let mut turned = Vec::new();
        for (before, made) in was.lines.iter().zip(&left.lines) {
            if before == made { others.push(&made.text) } else { turned.push((&before.text, &made.text)) }
        }
        let mut lost = Vec::new();
        for (before, made) in turned {
            let at = |text: &[u8], met: &[bool]| (0..met.len()).find(|&at| !met[at] && now.lines[at].text == text);
            if let Some(at) = at(made, &met) {
                (met[at], after.lines[at].text) = (true, before.clone());
            } else if let Some(at) = at(before, &met) {
                met[at] = true;
            } else {
                lost.push((before, made));
            }
        }
        for (before, made) in lost {
            let marked = made.starts_with(MARK);
            let may_be = |at: &usize| {
                let text = now.lines[*at].text.as_slice();
                !met[*at] && !others.contains(&text) && text.starts_with(MARK) == marked && (marked || is_job(text))
            };
            let likest = (0..met.len()).filter(may_be).max_by(|one, other| {
                let like = |at: usize| likeness(made, &now.lines[at].text).unwrap_or_default();
                like(*one).total_cmp(&like(*other))
            });
            // A job that somebody has taken out is gone, and its mark with it.
            let Some(at) = likest else { continue };
            likeness(made, &now.lines[at].text)?;
            met[at] = true;
            let text = &mut after.lines[at].text;
            if before.starts_with(MARK) {
                text.splice(0..0, MARK.iter().copied());
            } else {
                text.drain(..MARK.len());
            }
        }
        Some(after)
    }
}

impl Cron {
    /// Why no line has to be turned: it is as asked, or nothing is meant.
    fn nothing_to_do(&self, other: &[usize], theirs: &[usize], role: &Role) -> Plan {
        let file = &self.file;
        let Some(matching) = &self.matching else { return Plan::AsAsked };
        if !other.is_empty() || (self.disabled && !theirs.is_empty()) {
            return Plan::AsAsked;
        }
        Plan::Blocked(if theirs.is_empty() {
            format!("no job in {file} on {role} matches `{matching}`")
        } else {
            let lines = edit::listed(theirs);
            format!("what matches in {file} on {role} ({lines}) was commented out by somebody else, and stays so")
        })
    }

    /// Cron passes over files in its folders whose names it does not like.
    fn unread(&self) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let passed_over = folder_of(&self.file).ends_with("/cron.d") && !name_of(&self.file).chars().all(plain);
        passed_over
            .then(|| "cron reads no file of that name there: letters, digits, `_` and `-` are all it takes".to_owned())
    }
}

/// The lines that are meant, by their index.
#[derive(Debug, Default)]
struct Jobs {
    /// Jobs that run.
    running: Vec<usize>,
    /// Jobs that we have commented out.
    ours: Vec<usize>,
    /// Comments of others.
    theirs: Vec<usize>,
}

impl Jobs {
    fn sort(&mut self, at: usize, text: &[u8], matching: Option<&Regex>) {
        let means = |job: &[u8]| matching.is_none_or(|regex| regex.is_match(job));
        let trimmed = text.trim_ascii_start();
        if let Some(job) = text.strip_prefix(MARK) {
            if means(job) {
                self.ours.push(at);
            }
        } else if let Some(comment) = trimmed.strip_prefix(b"#") {
            if means(comment.trim_ascii_start()) {
                self.theirs.push(at);
            }
        } else if is_job(text) && means(text) {
            self.running.push(at);
        }
    }
}

/// Whether a line is a job that runs.
fn is_job(line: &[u8]) -> bool {
    let trimmed = line.trim_ascii_start();
    !trimmed.is_empty() && !trimmed.starts_with(b"#") && !sets_a_variable(trimmed)
}

/// Whether a line is an environment setting and no job: a name, which may be quoted, then `=`.
fn sets_a_variable(line: &[u8]) -> bool {
    let rest = if let Some(quote @ (b'"' | b'\'')) = line.first() {
        let end = line[1..].iter().position(|byte| byte == quote);
        end.map_or(&[][..], |end| &line[end + 2..])
    } else {
        let end = line.iter().position(|byte| *byte == b'=' || byte.is_ascii_whitespace());
        end.filter(|end| *end > 0).map_or(&[][..], |end| &line[end..])
    };
    rest.trim_ascii_start().first() == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded_edit;

    const TAB: &str = "# jobs of the slave\nMAILTO=root\n \"A B\" = '1'\n\n*/5 * * * * slave A=1 pull avatar\n\
                       \t@daily slave pull user\n#0 4 * * * slave old\nPATH = /bin:/usr/bin\n";

    fn planned(action: &str, content: &str) -> Result<(String, String), Plan> {
        let cron: Cron = decoded_edit(action).unwrap();
        match cron.plan(Some(&Lines::of(content.as_bytes())), &Role::from("old")) {
            Plan::Edit { what, notes, lines } => {
                assert_eq!(notes, Vec::<String>::new());
                let after = lines.content();
                let again = cron.plan(Some(&Lines::of(&after)), &Role::from("old"));
                assert_eq!(again, Plan::AsAsked, "done twice is done once: {action}");
                Ok((what, String::from_utf8(after).unwrap()))
            }
            other => Err(other),
        }
    }

    #[test]
    fn jobs_are_commented_out_and_in_and_nothing_else() {
        let (what, off) = planned("{file: /etc/cron.d/x, state: disabled}", TAB).unwrap();
        assert_eq!(what, "comment out lines 5 and 6");
        let due = TAB.replace("*/5", "#runbook: */5").replace("\t@daily", "#runbook: \t@daily");
        assert_eq!(off, due);
        let (what, on) = planned("{file: /etc/cron.d/x, state: enabled}", &off).unwrap();
        assert_eq!((what.as_str(), on.as_str()), ("comment in lines 5 and 6", TAB));
    }

    #[test]
    fn only_those_that_match_are_turned() {
        let (what, off) = planned("{file: /x, state: disabled, match: \"pull user\"}", TAB).unwrap();
        assert_eq!((what.as_str(), off), ("comment out line 6", TAB.replace("\t@daily", "#runbook: \t@daily")));
        assert_eq!(planned("{file: /x, state: enabled, match: \"pull avatar\"}", &off_all()), Ok(on("*/5", 5)));
        assert_eq!(planned("{file: /x, state: enabled, match: \"pull avatar\"}", TAB), Err(Plan::AsAsked));
    }

    fn off_all() -> String {
        planned("{file: /x, state: disabled}", TAB).unwrap().1
    }

    fn on(job: &str, line: usize) -> (String, String) {
        (format!("comment in line {line}"), off_all().replace(&format!("#runbook: {job}"), job))
    }

    #[test]
    fn a_match_that_means_nothing_blocks() {
        let blocked = |text: &str, content: &str| match planned(text, content) {
            Err(Plan::Blocked(why)) => why,
            other => panic!("{other:?}"),
        };
        let due = "no job in /x on old matches `nothing`";
        assert_eq!(blocked("{file: /x, state: disabled, match: nothing}", TAB), due);
        assert_eq!(blocked("{file: /x, state: enabled, match: nothing}", TAB), due);
        assert_eq!(blocked("{file: /x, state: disabled, match: MAILTO}", TAB), "no job in /x on old matches `MAILTO`");
        assert_eq!(
            blocked("{file: /x, state: enabled, match: slave old}", TAB),
            "what matches in /x on old (line 7) was commented out by somebody else, and stays so"
        );
        assert_eq!(planned("{file: /x, state: disabled, match: slave old}", TAB), Err(Plan::AsAsked));
        let none: Cron = decoded_edit("{file: /x, state: disabled}").unwrap();
        assert_eq!(none.plan(None, &Role::from("old")), Plan::Blocked("there is no /x on old".into()));
        assert_eq!(planned("{file: /x, state: disabled}", "# none\nA=1\n"), Err(Plan::AsAsked));
    }

    #[test]
    fn the_mark_goes_from_a_job_that_others_have_changed() {
        let untangled = |was: &str, left: &str, now: &str| {
            let lines = |text: &str| Lines::of(text.as_bytes());
            Cron::untangle(&lines(was), &lines(left), &lines(now))
                .map(|after| String::from_utf8(after.content()).unwrap())
        };
        let was = "A=1\n#runbook: @daily ann old\n* * * * * ann pull a\n@daily ann pull b\n";
        let left = "A=1\n#runbook: @daily ann old\n#runbook: * * * * * ann pull a\n#runbook: @daily ann pull b\n";
        for (now, due) in [
            (left.to_owned(), Some(was.to_owned())),
            (left.replace("* * * * *", "*/5 * * * *"), Some(was.replace("* * * * *", "*/5 * * * *"))),
            (left.replace("pull", "fetch"), Some(was.replace("pull", "fetch"))),
            // One was put back by hand, one is gone.
            (left.replace("#runbook: @daily ann pull b", "@daily ann pull b"), Some(was.to_owned())),
            ("#runbook: * * * * * ann pull aa\n".to_owned(), Some("* * * * * ann pull aa\n".to_owned())),
            ("A=1\n#runbook: @daily ann old\n".to_owned(), Some("A=1\n#runbook: @daily ann old\n".to_owned())),
            // What that was made of, nobody knows.
            ("#runbook: something else\n".to_owned(), None),
        ] {
            assert_eq!(untangled(was, left, &now), due, "{now}");
        }
        let (off, on) = ("#runbook: @daily ann pull b\n", "@daily ann pull b\n");
        assert_eq!(untangled(off, on, "@daily ann pull c\n").as_deref(), Some("#runbook: @daily ann pull c\n"));
        assert_eq!(untangled(off, on, "#@daily ann pull b\n").as_deref(), Some("#@daily ann pull b\n"));
    }

    #[test]
    fn a_file_that_cron_passes_over_is_told() {
        let cron: Cron = decoded_edit("{file: /etc/cron.d/x.conf, state: disabled}").unwrap();
        let Plan::Edit { notes, .. } = cron.plan(Some(&Lines::of(TAB.as_bytes())), &Role::from("old")) else {
            panic!()
        };
        assert_eq!(notes, ["cron reads no file of that name there: letters, digits, `_` and `-` are all it takes"]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{file: /x}", "`cron` lacks `state`"),
            (
                "{file: /x, state: disable}",
                "`disabled` or `enabled` is due here, found `disable`; did you mean `disabled`?",
            ),
            (
                "{path: /x, state: enabled}",
                "`cron` lacks `file`\nunknown key `path` in `cron`; known here: `file`, `state` or `match`",
            ),
        ] {
            assert_eq!(decoded_edit::<Cron>(text).unwrap_err(), due, "{text}");
        }
    }
}
