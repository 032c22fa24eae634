//! A person who can be asked, if there is one. Whatever reaches them went through `display` first.

/// A person at a terminal. Blocks while it waits.
pub(crate) trait Terminal: Send + Sync {
    /// Whether anybody is there to be asked.
    fn is_present(&self) -> bool;

    /// Drops what was typed before anything was asked: an answer has to come after its question.
    fn forget_typed(&self);

    /// Keeps what is typed between questions off the screen, which is drawn on meanwhile.
    fn hush(&self);

    /// Shows text.
    fn tell(&self, text: &str);

    /// Asks for a line. None: Ctrl-C, or nobody is there any more.
    fn line(&self, question: &str) -> Option<String>;

    /// Asks for a line that is not shown as it is typed.
    fn secret(&self, question: &str) -> Option<String>;

    /// Asks which of these it is to be.
    fn choose(&self, question: &str, choices: &[String]) -> Option<usize>;

    /// Hands the terminal to another program until that ends; whether it ended well.
    ///
    /// # Errors
    /// Where it cannot be started.
    fn lend(&self, program: &str, arguments: &[String]) -> std::io::Result<bool>;
}

impl dyn Terminal + '_ {
    /// Asks for a yes. Anything but a yes is a no; none where nothing was said.
    pub(crate) fn yes(&self, question: &str) -> Option<bool> {
        loop {
            let said = self.line(&format!("{question} [y/N]"))?;
            match said.trim().to_lowercase().as_str() {
                "y" | "yes" => return Some(true),
                "" | "n" | "no" => return Some(false),
                _ => self.tell("y for yes, n for no\n"),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod scripted {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::Terminal;

    /// A person who says what the test says.
    #[derive(Default)]
    pub(crate) struct Scripted {
        said: Mutex<VecDeque<&'static str>>,
        /// Everything that was shown and asked.
        pub(crate) seen: Mutex<String>,
        absent: bool,
    }

    impl Scripted {
        /// Somebody who gives these answers in order, and then presses Ctrl-C.
        pub(crate) fn says(said: &[&'static str]) -> Self {
            Self { said: Mutex::new(said.iter().copied().collect()), ..Self::default() }
        }

        /// Nobody.
        pub(crate) fn absent() -> Self {
            Self { absent: true, ..Self::default() }
        }

        fn ask(&self, question: &str) -> Option<String> {
            let said = self.said.lock().unwrap().pop_front();
            self.tell(&format!("{question}: {}\n", said.unwrap_or("^C")));
            said.map(str::to_owned)
        }
    }

    impl Terminal for Scripted {
        fn is_present(&self) -> bool {
            !self.absent
        }

        fn forget_typed(&self) {}

        fn hush(&self) {}

        fn tell(&self, text: &str) {
            self.seen.lock().unwrap().push_str(text);
        }

        fn line(&self, question: &str) -> Option<String> {
            self.ask(question)
        }

        fn secret(&self, question: &str) -> Option<String> {
            self.ask(question)
        }

        fn choose(&self, question: &str, choices: &[String]) -> Option<usize> {
            let said = self.ask(&format!("{question} ({})", choices.join(" | ")))?;
            let at = choices.iter().position(|choice| choice.starts_with(&said));
            Some(at.unwrap_or_else(|| panic!("{said} is none of {choices:?}")))
        }

        fn lend(&self, program: &str, arguments: &[String]) -> std::io::Result<bool> {
            self.tell(&format!("[{program} {}]\n", arguments.join(" ")));
            Ok(true)
        }
    }
}
