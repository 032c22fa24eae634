//! May the run go past this gate?

use crate::cli::answers::Word;
use crate::cli::terminal::Terminal;
use crate::display::{Asking, Page, Style, deadline, foreseen, gate as shown, safe_line};
use crate::engine::{Gate, GateAnswer};
use crate::events::RunView;

use super::person::Person;

impl Person {
    pub(super) async fn at_gate(&self, gate: &Gate, view: &RunView) -> GateAnswer {
        let asking = Asking {
            title: &gate.title,
            prompt: &gate.prompt,
            description: gate.description.as_deref(),
            irreversible: gate.irreversible.as_deref(),
            next: &gate.next,
            rollback: &gate.rollback,
            deadline: gate.deadline.as_deref(),
        };
        if let Some(answer) = self.said_at_gate(gate) {
            self.tell_deadline(&asking, view);
            return answer;
        }
        if self.yes && gate.typed.is_none() && gate.irreversible.is_none() {
            self.tell_deadline(&asking, view);
            return GateAnswer::Yes { by: "--yes".to_owned() };
        }
        if !self.terminal.is_present() {
            return GateAnswer::Silence;
        }
        let text = shown(&asking, view, self.clock.now(), &self.style);
        let details = foreseen(&gate.next, &self.style);
        let typed = gate.typed.clone();
        match self.ask(move |terminal| question(terminal, &text, &details, typed.as_deref())).await {
            Some(true) => GateAnswer::Yes { by: "terminal".to_owned() },
            Some(false) | None => GateAnswer::No,
        }
    }

    /// A gate that is passed on somebody's earlier word is not shown; when rollback has to be over is said all the same.
    fn tell_deadline(&self, asking: &Asking<'_>, view: &RunView) {
        match deadline(asking, view, self.clock.now(), &self.style) {
            None => {}
            Some((line, true)) => self.warn(Page::from(line).painted(&Style::plain()).trim_end().to_owned()),
            Some((line, false)) => self.viewer.say(&line.into()),
        }
    }

    fn said_at_gate(&self, gate: &Gate) -> Option<GateAnswer> {
        let said = self.said(&gate.id)?.confirm.as_ref()?;
        let yes = GateAnswer::Yes { by: "answers file".to_owned() };
        match (said, &gate.typed) {
            (Word::No, _) => Some(GateAnswer::No),
            (Word::Yes, None) => Some(yes),
            (Word::Typed(word), Some(due)) if word == due => Some(yes),
            (Word::Yes | Word::Typed(_), Some(_)) => {
                self.warn(format!("the answers file does not have the word that the gate `{}` wants", gate.id));
                None
            }
            (Word::Typed(_), None) => {
                self.warn(format!("the gate `{}` wants no word: `confirm: true` in the answers file", gate.id));
                None
            }
        }
    }
}

/// Asks until it was answered.
fn question(terminal: &dyn Terminal, text: &str, details: &str, typed: Option<&str>) -> Option<bool> {
    terminal.tell(text);
    loop {
        let question = match typed {
            Some(word) => format!("type {} to go on, nothing to stop here, i for details", safe_line(word)),
            None => "go on? [y/N, i for details]".to_owned(),
        };
        let said = terminal.line(&question)?;
        let said = said.trim();
        match (typed, said.to_lowercase().as_str()) {
            (Some(word), _) if said == word => return Some(true),
            (None, "y" | "yes") => return Some(true),
            (_, "" | "n" | "no") => return Some(false),
            (_, "i") => terminal.tell(details),
            (Some(_), _) => terminal.tell("that is not the word\n"),
            (None, _) => terminal.tell("y for yes, n for no, i for details\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::answers::Answers;
    use crate::cli::operator::person::tests::person;
    use crate::cli::terminal::scripted::Scripted;

    fn gate() -> Gate {
        Gate {
            id: "static-on".into(),
            title: "Static site".into(),
            prompt: "Ready?".into(),
            description: None,
            typed: None,
            irreversible: None,
            next: Vec::new(),
            rollback: Vec::new(),
            deadline: None,
        }
    }

    fn typed() -> Gate {
        Gate { typed: Some("libravatar".into()), ..gate() }
    }

    fn yes(by: &str) -> GateAnswer {
        GateAnswer::Yes { by: by.into() }
    }

    async fn said(gate: Gate, terminal: Scripted, answers: serde_json::Value, yes: bool) -> GateAnswer {
        let (mut person, _) = person(terminal, Answers::of_json(&answers));
        person.yes = yes;
        person.at_gate(&gate, &RunView::default()).await
    }

    #[tokio::test]
    async fn silence_is_never_a_yes() {
        let none = json!(null);
        assert_eq!(said(gate(), Scripted::absent(), none.clone(), false).await, GateAnswer::Silence);
        for says in [&["n"][..], &[""], &["NO"], &[], &["what?"]] {
            assert_eq!(said(gate(), Scripted::says(says), none.clone(), false).await, GateAnswer::No, "{says:?}");
        }
        for says in [&["y"][..], &["YES"], &["what?", "i", "y"]] {
            assert_eq!(said(gate(), Scripted::says(says), none.clone(), false).await, yes("terminal"), "{says:?}");
        }
    }

    #[tokio::test]
    async fn a_word_has_to_be_typed() {
        let none = json!(null);
        for says in [&["y", ""][..], &["Libravatar"], &["libravata"]] {
            assert_eq!(said(typed(), Scripted::says(says), none.clone(), false).await, GateAnswer::No, "{says:?}");
        }
        assert_eq!(said(typed(), Scripted::says(&["x", "libravatar"]), none, false).await, yes("terminal"));
    }

    #[tokio::test]
    async fn yes_is_for_plain_gates_alone() {
        let none = json!(null);
        let no_return = Gate { irreversible: Some("dropped".into()), ..gate() };
        assert_eq!(said(gate(), Scripted::absent(), none.clone(), true).await, yes("--yes"));
        assert_eq!(said(typed(), Scripted::absent(), none.clone(), true).await, GateAnswer::Silence);
        assert_eq!(said(no_return, Scripted::absent(), none, true).await, GateAnswer::Silence);
    }

    #[tokio::test]
    async fn the_answers_file_speaks_for_a_person() {
        let confirm = |word: serde_json::Value| json!({"static-on": {"confirm": word}});
        assert_eq!(said(gate(), Scripted::absent(), confirm(json!(true)), false).await, yes("answers file"));
        assert_eq!(said(gate(), Scripted::absent(), confirm(json!(false)), true).await, GateAnswer::No);
        assert_eq!(said(typed(), Scripted::absent(), confirm(json!("libravatar")), false).await, yes("answers file"));
        assert_eq!(said(typed(), Scripted::absent(), confirm(json!(true)), false).await, GateAnswer::Silence);
        assert_eq!(said(typed(), Scripted::absent(), confirm(json!("other")), false).await, GateAnswer::Silence);
        let no_return = Gate { irreversible: Some("dropped".into()), ..gate() };
        assert_eq!(said(no_return, Scripted::absent(), confirm(json!(true)), false).await, yes("answers file"));
    }

    #[tokio::test]
    async fn the_gate_is_shown_before_the_question() {
        let (person, terminal) = person(Scripted::says(&["y"]), Answers::default());
        person.at_gate(&gate(), &RunView::default()).await;
        insta::assert_snapshot!(terminal.seen.lock().unwrap(), @r"

        gate: Static site

        nothing is foreseen to come next

        rollback would have nothing to undo

        Ready?
        go on? [y/N, i for details]: y
        ");
    }
}
