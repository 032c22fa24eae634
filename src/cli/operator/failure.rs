//! A unit failed: what now?

use crate::base::shell;
use crate::cli::terminal::Terminal;
use crate::display::{count, safe_line};
use crate::engine::{Remedy, RollbackTarget, Trouble};
use crate::events::RunView;

use super::editor::Mending;
use super::person::{Person, ShellWords};

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Retry,
    Edit,
    Skip,
    MarkDone,
    RollBack,
    Shell,
    Stop,
}

impl Person {
    pub(super) async fn at_failure(&self, trouble: &Trouble, view: &RunView) -> Remedy {
        if !self.terminal.is_present() {
            return Remedy::Stop;
        }
        let menu = Menu {
            trouble: trouble.clone(),
            view: view.clone(),
            shell: self.shell.clone(),
            mending: self.mending.clone(),
        };
        self.ask(move |terminal| menu.ask(terminal)).await.unwrap_or(Remedy::Stop)
    }
}

struct Menu {
    trouble: Trouble,
    view: RunView,
    shell: ShellWords,
    mending: Option<Mending>,
}

impl Menu {
    /// Asks until there is something that the engine can do.
    fn ask(&self, terminal: &dyn Terminal) -> Option<Remedy> {
        let choices = self.choices();
        let words: Vec<String> = choices.iter().map(|choice| self.words(*choice)).collect();
        let question = format!("{}: what now?", safe_line(&self.trouble.unit.to_string()));
        loop {
            let remedy = match choices[terminal.choose(&question, &words)?] {
                Choice::Retry => Some(Remedy::Retry { edited: false }),
                Choice::Edit => self.edit(terminal),
                Choice::Skip => {
                    Some(Remedy::Skip { note: note(terminal, "why it is left out", "left out by the operator")? })
                }
                Choice::MarkDone => {
                    Some(Remedy::MarkDone { note: note(terminal, "how it was done", "marked done by hand")? })
                }
                Choice::RollBack => self.target(terminal)?,
                Choice::Shell => {
                    self.open_shell(terminal);
                    None
                }
                Choice::Stop => Some(Remedy::Stop),
            };
            if remedy.is_some() {
                return remedy;
            }
        }
    }

    fn choices(&self) -> Vec<Choice> {
        use Choice::{Edit, MarkDone, Retry, RollBack, Shell, Skip, Stop};
        // Whoever does not know what happened looks first.
        let order = if self.trouble.may_retry {
            [Retry, Edit, Skip, MarkDone, RollBack, Shell, Stop]
        } else {
            [Shell, MarkDone, Retry, Edit, Skip, RollBack, Stop]
        };
        let can = |choice: &Choice| match choice {
            Edit => self.mending.is_some(),
            RollBack => !self.trouble.rollback_targets.is_empty(),
            Shell => self.trouble.shell.is_some(),
            Retry | Skip | MarkDone | Stop => true,
        };
        order.into_iter().filter(can).collect()
    }

    fn words(&self, choice: Choice) -> String {
        match choice {
            Choice::Retry if self.trouble.may_retry => "retry",
            Choice::Retry => "retry, though it may have been done already",
            Choice::Edit => "edit and retry",
            Choice::Skip => "skip",
            Choice::MarkDone => "mark done",
            Choice::RollBack => "roll back to…",
            Choice::Shell => "shell on the host",
            Choice::Stop => "stop here (resumable)",
        }
        .to_owned()
    }

    fn edit(&self, terminal: &dyn Terminal) -> Option<Remedy> {
        let mending = self.mending.as_ref()?;
        mending.edit(terminal, &self.trouble.place, &self.view).then_some(Remedy::Retry { edited: true })
    }

    /// Where to roll back to; `Some(None)`: not at all.
    #[expect(clippy::option_option, reason = "not to answer is not the answer 'not at all'")]
    fn target(&self, terminal: &dyn Terminal) -> Option<Option<Remedy>> {
        let targets = &self.trouble.rollback_targets;
        let words = |target: &RollbackTarget| {
            let point = match (&target.checkpoint, &target.step) {
                (Some(name), _) => format!("checkpoint {name}"),
                (None, Some(step)) => format!("just before {step}"),
                (None, None) => "the start".to_owned(),
            };
            let units = self.view.undo_order(target.step.as_ref()).len();
            safe_line(&format!("{point} ({} to undo)", count(units, "unit"))).into_owned()
        };
        let mut choices: Vec<String> = targets.iter().map(words).collect();
        choices.push("not at all".to_owned());
        let chosen = terminal.choose("roll back to", &choices)?;
        Some(targets.get(chosen).cloned().map(Remedy::RollBack))
    }

    fn open_shell(&self, terminal: &dyn Terminal) {
        let Some(destination) = &self.trouble.shell else { return };
        let mut arguments = Vec::new();
        if let Some(config) = &self.shell.config {
            arguments.extend(["-F".to_owned(), config.to_string_lossy().into_owned()]);
        }
        if let Some(port) = self.trouble.unit.host.as_ref().and_then(|role| self.shell.ports.get(role)) {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        arguments.extend(["--".to_owned(), destination.clone()]);
        let shown: Vec<String> = arguments.iter().map(|word| shell::quote(word)).collect();
        terminal.tell(&format!("ssh {} (exit comes back here)\n", safe_line(&shown.join(" "))));
        // How the shell ended says nothing: it ends with the code of its last command.
        if let Err(error) = terminal.lend("ssh", &arguments) {
            terminal.tell(&format!("ssh cannot be started: {error}\n"));
        }
    }
}

fn note(terminal: &dyn Terminal, question: &str, otherwise: &str) -> Option<String> {
    let said = terminal.line(question)?;
    Some(if said.trim().is_empty() { otherwise.to_owned() } else { said.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::UnitId;
    use crate::cli::answers::Answers;
    use crate::cli::operator::person::tests::person;
    use crate::cli::terminal::scripted::Scripted;
    use crate::events::record::Failure;

    fn trouble() -> Trouble {
        Trouble {
            unit: UnitId { step: "dump".into(), item: None, host: Some("old".into()) },
            name: "Dump".into(),
            place: "book.yaml:12".into(),
            failure: Failure::default(),
            unsure: false,
            may_retry: true,
            rollback_targets: vec![
                RollbackTarget { checkpoint: Some("before".into()), step: Some("stop".into()) },
                RollbackTarget { checkpoint: None, step: None },
            ],
            shell: Some("anna@old".into()),
        }
    }

    async fn said(says: &[&'static str], trouble: Trouble, mending: Option<Mending>) -> (Remedy, String) {
        let (mut person, terminal) = person(Scripted::says(says), Answers::default());
        person.mending = mending;
        person.shell = ShellWords { config: Some("my ssh".into()), ports: [("old".into(), 2222)].into() };
        let remedy = person.at_failure(&trouble, &RunView::default()).await;
        let seen = terminal.seen.lock().unwrap().clone();
        (remedy, seen)
    }

    #[tokio::test]
    async fn every_choice_leads_to_its_remedy() {
        for (says, due) in [
            (&["retry"][..], Remedy::Retry { edited: false }),
            (&["skip", "not needed"], Remedy::Skip { note: "not needed".into() }),
            (&["mark done", ""], Remedy::MarkDone { note: "marked done by hand".into() }),
            (&["roll back", "not at all", "stop"], Remedy::Stop),
            (&["roll back", "checkpoint"], Remedy::RollBack(trouble().rollback_targets[0].clone())),
            (&["roll back", "the start"], Remedy::RollBack(RollbackTarget { checkpoint: None, step: None })),
            (&["stop"], Remedy::Stop),
            // Ctrl-C anywhere.
            (&[], Remedy::Stop),
            (&["skip"], Remedy::Stop),
        ] {
            assert_eq!(said(says, trouble(), None).await.0, due, "{says:?}");
        }
    }

    #[tokio::test]
    async fn the_shell_is_ssh_as_the_run_reaches_the_host() {
        let (remedy, seen) = said(&["shell", "retry"], trouble(), None).await;
        assert_eq!(remedy, Remedy::Retry { edited: false });
        assert!(seen.contains("[ssh -F my ssh -p 2222 -- anna@old]"), "{seen}");
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_looked_at_first() {
        let unsure = Trouble { may_retry: false, unsure: true, ..trouble() };
        let (_, seen) = said(&["stop"], unsure, None).await;
        assert!(
            seen.contains("(shell on the host | mark done | retry, though it may have been done already"),
            "{seen}"
        );
    }

    #[tokio::test]
    async fn an_edited_book_is_tried_again_only_where_it_will_do() {
        let mending = |check: fn(&RunView) -> Result<(), String>| {
            Some(Mending { check: Arc::new(check), editor: "/usr/bin/vim -n".into() })
        };
        let (remedy, seen) = said(&["edit"], trouble(), mending(|_| Ok(()))).await;
        assert_eq!(remedy, Remedy::Retry { edited: true });
        assert!(seen.contains("[/bin/sh -c /usr/bin/vim -n \"$@\" sh +12 book.yaml]"), "{seen}");
        let (remedy, seen) = said(&["edit", "stop"], trouble(), mending(|_| Err("error: no\n".into()))).await;
        assert_eq!(remedy, Remedy::Stop);
        assert!(seen.contains("error: no"), "{seen}");
    }
}
