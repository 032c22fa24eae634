//! The terminal that the process was started from: questions on stderr, answers from the keyboard.

use std::fmt;
use std::io::{IsTerminal as _, stderr, stdin, stdout};
use std::os::fd::AsFd as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::console::{Key, Term};
use dialoguer::theme::Theme;
use dialoguer::{Input, Select};
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};
use zeroize::Zeroizing;

use super::console;
use super::terminal::Terminal;

/// The terminal that the process was started from.
pub(crate) struct Keyboard {
    /// How it was when the process began; none: it is no terminal.
    settings: Option<Termios>,
    /// Whether what is typed between questions is kept off the screen.
    hushed: AtomicBool,
}

impl Keyboard {
    /// Looks whether there is one.
    pub(crate) fn new() -> Self {
        let both = stdin().is_terminal() && stderr().is_terminal();
        Self { settings: both.then(|| tcgetattr(stdin()).ok()).flatten(), hushed: AtomicBool::new(false) }
    }

    /// Puts it back as it was: a question may have been left open.
    pub(crate) fn restore(&self) {
        self.hushed.store(false, Ordering::SeqCst);
        self.settle();
    }

    /// Puts it back as it is between questions.
    fn settle(&self) {
        let Some(mut settings) = self.settings.clone() else { return };
        // Whoever touches a terminal from the background is stopped.
        if tcgetpgrp(stdin()).ok() != Some(getpgrp()) {
            return;
        }
        if self.hushed.load(Ordering::SeqCst) {
            settings.local_modes -= LocalModes::ECHO;
        }
        let _ = tcsetattr(stdin(), OptionalActions::Now, &settings);
        let _ = Term::stderr().show_cursor();
    }

    /// Asks with nothing echoed and Ctrl-C as a key, from the first key to the last and between them.
    fn undisturbed<T>(&self, ask: impl FnOnce(&Term) -> Option<T>) -> Option<T> {
        let mut quiet = self.settings.clone()?;
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(stdin(), OptionalActions::Now, &quiet).ok()?;
        let answer = ask(&Term::stderr());
        self.settle();
        answer
    }
}

impl Terminal for Keyboard {
    fn is_present(&self) -> bool {
        self.settings.is_some()
    }

    fn forget_typed(&self) {
        if self.is_present() {
            let _ = tcflush(stdin(), QueueSelector::IFlush);
        }
    }

    fn hush(&self) {
        self.hushed.store(true, Ordering::SeqCst);
        self.settle();
    }

    fn tell(&self, text: &str) {
        console::err(text);
    }

    fn line(&self, question: &str) -> Option<String> {
        self.undisturbed(|term| {
            let answer = Input::with_theme(&Bare).with_prompt(question).allow_empty(true).interact_text_on(term).ok();
            if answer.is_none() {
                console::err("\n");
            }
            answer
        })
    }

    fn secret(&self, question: &str) -> Option<String> {
        self.undisturbed(|term| {
            console::err(&format!("{question}: "));
            let mut typed = Zeroizing::new(String::new());
            let answer = loop {
                match term.read_key_raw() {
                    Ok(Key::Enter) => break Some(typed.to_string()),
                    Ok(Key::Backspace) => {
                        typed.pop();
                    }
                    Ok(Key::Char(c)) if !c.is_control() => typed.push(c),
                    Ok(Key::CtrlC) | Err(_) => break None,
                    Ok(_) => {}
                }
            };
            console::err("\n");
            answer
        })
    }

    fn choose(&self, question: &str, choices: &[String]) -> Option<usize> {
        self.undisturbed(|term| {
            Select::with_theme(&Bare).with_prompt(question).items(choices).default(0).interact_on(term).ok()
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of programs that get the operator's own terminal")]
    fn lend(&self, program: &str, arguments: &[String]) -> std::io::Result<bool> {
        let mut process = std::process::Command::new(program);
        process.args(arguments);
        if let Some(settings) = self.settings.as_ref().filter(|_| self.hushed.load(Ordering::SeqCst)) {
            let _ = tcsetattr(stdin(), OptionalActions::Now, settings);
        }
        if !stdout().is_terminal() {
            process.stdout(Stdio::from(stderr().as_fd().try_clone_to_owned()?));
        }
        let ended = process.status();
        self.settle();
        Ok(ended?.success())
    }
}

/// Questions as they are: a colon only after what is no question.
struct Bare;

impl Bare {
    fn end(question: &str) -> &'static str {
        if question.ends_with(['?', ']']) { "" } else { ":" }
    }
}

impl Theme for Bare {
    fn format_input_prompt(&self, f: &mut dyn fmt::Write, question: &str, _: Option<&str>) -> fmt::Result {
        write!(f, "{question}{} ", Self::end(question))
    }

    fn format_input_prompt_selection(&self, f: &mut dyn fmt::Write, question: &str, answer: &str) -> fmt::Result {
        write!(f, "{question}{} {answer}", Self::end(question))
    }

    fn format_select_prompt(&self, f: &mut dyn fmt::Write, question: &str) -> fmt::Result {
        write!(f, "{question}{}", Self::end(question))
    }

    fn format_select_prompt_selection(&self, f: &mut dyn fmt::Write, question: &str, answer: &str) -> fmt::Result {
        write!(f, "{question}{} {answer}", Self::end(question))
    }
}

/// Rows and columns of the terminal behind stdout.
pub(crate) fn size() -> (u16, u16) {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row, size.ws_col),
        _ => (24, 80),
    }
}
