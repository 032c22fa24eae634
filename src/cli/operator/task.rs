//! What only a person can do: is it done?

use std::collections::BTreeMap;

use crate::actions::Task;
use crate::base::UnitId;
use crate::cli::answers::Manual;
use crate::cli::terminal::Terminal;
use crate::display::{Line, Page, Style, Tone, safe_line};
use crate::engine::TaskAnswer;
use crate::events::RunView;
use crate::events::view::Status;

use super::person::Person;

impl Person {
    pub(super) async fn at_task(&self, unit: &UnitId, name: &str, task: &Task, view: &RunView) -> TaskAnswer {
        let undoing = matches!(view.status, Status::RollingBack { .. });
        if (!undoing || self.answers_undo)
            && let Some(answer) = self.said_about_task(unit, task)
        {
            return answer;
        }
        if !self.terminal.is_present() {
            return TaskAnswer::NotNow;
        }
        let text = shown(unit, name, task, &self.style);
        let task = task.clone();
        self.ask(move |terminal| question(terminal, &text, &task)).await.unwrap_or(TaskAnswer::NotNow)
    }

    fn said_about_task(&self, unit: &UnitId, task: &Task) -> Option<TaskAnswer> {
        let said = self.said(unit.step.as_str())?;
        match said.manual? {
            Manual::Skip => Some(TaskAnswer::Skip { note: said.note.clone() }),
            Manual::Done => {
                if let Some((missing, _)) = task.ask.iter().find(|(name, _)| !said.answers.contains_key(name)) {
                    self.warn(format!("the answers file does not answer `{missing}`, which `{}` asks for", unit.step));
                    return None;
                }
                let (answers, note) = (said.answers.clone(), said.note.clone());
                Some(TaskAnswer::Done { answers, note, by: "answers file".to_owned() })
            }
        }
    }
}

fn shown(unit: &UnitId, name: &str, task: &Task, style: &Style) -> String {
    let mut page = Page::new();
    page.push(Line::new());
    let line = Line::new().put(Tone::Doubt, "for you to do").text(": ").put(Tone::Strong, name);
    page.push(match &unit.host {
        Some(host) => line.text(" on ").put(Tone::Name, host),
        None => line,
    });
    page.block(2, Tone::Plain, task.text.trim_end());
    page.painted(style)
}

const DONE: usize = 0;
const SKIP: usize = 1;

/// Goes through the checklist and what is asked, and then whether it is done.
fn question(terminal: &dyn Terminal, text: &str, task: &Task) -> Option<TaskAnswer> {
    terminal.tell(text);
    let mut open = 0;
    for (at, item) in (1..).zip(&task.checklist) {
        let item = format!("{at}/{} {}", task.checklist.len(), safe_line(item));
        if !terminal.yes(&item)? {
            open += 1;
        }
    }
    let mut answers = BTreeMap::new();
    for (name, what) in &task.ask {
        answers.insert(name.clone(), terminal.line(&safe_line(what))?);
    }
    if open > 0 {
        terminal.tell(&format!("not ticked off: {open} of {}\n", task.checklist.len()));
    }
    let choices = ["done", "skip: it is left out", "not now: the run parks"].map(str::to_owned);
    match terminal.choose("is it done?", &choices)? {
        DONE => {
            for (name, what) in &task.ask {
                while answers.get(name).is_none_or(|answer| answer.trim().is_empty()) {
                    terminal.tell("this has to be answered\n");
                    answers.insert(name.clone(), terminal.line(&safe_line(what))?);
                }
            }
            if open > 0 && !terminal.yes("done, though not all is ticked off?")? {
                return Some(TaskAnswer::NotNow);
            }
            let note = note(terminal)?;
            Some(TaskAnswer::Done { answers, note, by: "terminal".to_owned() })
        }
        SKIP => Some(TaskAnswer::Skip { note: note(terminal)? }),
        _ => Some(TaskAnswer::NotNow),
    }
}

/// A note; none where nothing was noted. No answer at all: Ctrl-C.
#[expect(clippy::option_option, reason = "not to answer is not to answer nothing")]
fn note(terminal: &dyn Terminal) -> Option<Option<String>> {
    let note = terminal.line("a note, if there is something to note")?;
    Some(Some(note.trim().to_owned()).filter(|note| !note.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::answers::Answers;
    use crate::cli::operator::person::tests::person;
    use crate::cli::terminal::scripted::Scripted;

    fn task() -> Task {
        Task {
            text: "Tweet about it\n".into(),
            ask: vec![("url".into(), "Link to the tweet".into())],
            checklist: vec!["spelling".into(), "tone".into()],
        }
    }

    async fn said(terminal: Scripted, answers: serde_json::Value, view: &RunView) -> (TaskAnswer, String) {
        let (person, terminal) = person(terminal, Answers::of_json(&answers));
        let unit = UnitId { step: "announce".into(), item: None, host: None };
        let answer = person.at_task(&unit, "Announce it", &task(), view).await;
        let seen = terminal.seen.lock().unwrap().clone();
        (answer, seen)
    }

    #[tokio::test]
    async fn a_person_is_led_through_it() {
        let terminal = Scripted::says(&["y", "y", "https://x", "done", "posted"]);
        let (answer, seen) = said(terminal, json!(null), &RunView::default()).await;
        insta::assert_snapshot!(seen, @r"

        for you to do: Announce it
          Tweet about it
        1/2 spelling [y/N]: y
        2/2 tone [y/N]: y
        Link to the tweet: https://x
        is it done? (done | skip: it is left out | not now: the run parks): done
        a note, if there is something to note: posted
        ");
        let answers = BTreeMap::from([("url".to_owned(), "https://x".to_owned())]);
        assert_eq!(answer, TaskAnswer::Done { answers, note: Some("posted".into()), by: "terminal".into() });
    }

    #[tokio::test]
    async fn it_is_not_done_without_what_is_asked_and_ticked_off() {
        let view = RunView::default();
        let unanswered = Scripted::says(&["y", "y", "", "done", "", "https://x", ""]);
        let (answer, _) = said(unanswered, json!(null), &view).await;
        assert!(matches!(answer, TaskAnswer::Done { note: None, .. }), "{answer:?}");
        let (answer, _) = said(Scripted::says(&["y", "n", "https://x", "done", "n"]), json!(null), &view).await;
        assert_eq!(answer, TaskAnswer::NotNow);
        let (answer, _) = said(Scripted::says(&["y", "n", "", "skip", "next week"]), json!(null), &view).await;
        assert_eq!(answer, TaskAnswer::Skip { note: Some("next week".into()) });
    }

    #[tokio::test]
    async fn silence_is_not_now() {
        let view = RunView::default();
        assert_eq!(said(Scripted::absent(), json!(null), &view).await.0, TaskAnswer::NotNow);
        assert_eq!(said(Scripted::says(&["y"]), json!(null), &view).await.0, TaskAnswer::NotNow);
        let unanswered = json!({"announce": {"manual": "done"}});
        assert_eq!(said(Scripted::absent(), unanswered, &view).await.0, TaskAnswer::NotNow);
    }

    #[tokio::test]
    async fn what_was_said_about_doing_it_does_not_take_it_back() {
        let answers = json!({"announce": {"manual": "done", "answers": {"url": "https://x"}}});
        let (answer, _) = said(Scripted::absent(), answers.clone(), &RunView::default()).await;
        assert!(matches!(answer, TaskAnswer::Done { .. }), "{answer:?}");
        let view = RunView { status: Status::RollingBack { to: None }, ..RunView::default() };
        assert_eq!(said(Scripted::absent(), answers, &view).await.0, TaskAnswer::NotNow);
    }
}
