//! Ctrl-C and its kin: the first asks, the second lets go, the third just ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::display::{Line, Tone, Viewer};
use crate::engine::{Interrupter, Signals, Wish};

use super::error::CommandError;

/// Questions that are open. Ctrl-C at one of them is an answer, not a wish to stop.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: AtomicUsize,
    heard: AtomicUsize,
}

/// How long a question waits for the signal that ended it.
const ECHO: Duration = Duration::from_millis(500);

impl Questions {
    /// Asks. Where nothing was answered, the Ctrl-C that ended the question was meant for it alone.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce() -> Option<T>) -> Option<T> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let before = self.heard.load(Ordering::SeqCst);
        let answer = ask();
        if answer.is_none() {
            // The prompt library turns Ctrl-C into a signal to ourselves: it must have been heard before the question counts as closed.
            let since = Instant::now();
            while self.heard.load(Ordering::SeqCst) == before && since.elapsed() < ECHO {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    /// A Ctrl-C: whether a question takes it.
    fn takes(&self) -> bool {
        self.heard.fetch_add(1, Ordering::SeqCst);
        self.open.load(Ordering::SeqCst) > 0
    }
}

/// Hears signals from now on.
pub(crate) struct Ear {
    /// For the engine.
    pub(crate) signals: Signals,
    /// Questions take their own Ctrl-C.
    pub(crate) questions: Arc<Questions>,
    /// Told when the operator has pressed Ctrl-C so often that nothing is to be waited for any more.
    pub(crate) enough: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Ear {
    /// Begins to hear.
    pub(crate) fn new(viewer: Arc<Viewer>) -> Result<Self, CommandError> {
        let (interrupter, signals) = Interrupter::new();
        let questions = Arc::new(Questions::default());
        let enough = Arc::new(Notify::new());
        let listen = |kind| signal(kind).map_err(|error| CommandError::caused(&error, "the same command again"));
        let interrupt = listen(SignalKind::interrupt())?;
        let terminate = listen(SignalKind::terminate())?;
        let hangup = listen(SignalKind::hangup())?;
        let task = Task {
            interrupter,
            signals: signals.clone(),
            viewer,
            questions: questions.clone(),
            enough: enough.clone(),
        };
        let task = tokio::spawn(task.hear(interrupt, terminate, hangup));
        Ok(Self { signals, questions, enough, _task: AbortOnDropHandle::new(task) })
    }
}

struct Task {
    interrupter: Interrupter,
    signals: Signals,
    viewer: Arc<Viewer>,
    questions: Arc<Questions>,
    enough: Arc<Notify>,
}

impl Task {
    async fn hear(self, mut interrupt: Signal, mut terminate: Signal, mut hangup: Signal) {
        loop {
            let gentle = tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => false,
                _ = hangup.recv() => false,
            };
            if gentle && self.questions.takes() {
                continue;
            }
            let before = self.signals.wish();
            if before == Wish::Detach {
                self.enough.notify_one();
                continue;
            }
            let mut wish = self.interrupter.interrupt();
            while !gentle && wish < Wish::Detach {
                wish = self.interrupter.interrupt();
            }
            self.viewer.say(&Line::new().put(Tone::Doubt, words(wish)).into());
        }
    }
}

/// What a signal now means.
fn words(wish: Wish) -> &'static str {
    match wish {
        Wish::GoOn => "going on",
        Wish::Stop => "stopping once the running step is over; Ctrl-C again lets go of it now",
        Wish::Detach => "letting go: what runs on hosts goes on there, and resume finds it again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_at_a_question_is_for_the_question() {
        let questions = Questions::default();
        let answer: Option<()> = questions.ask(|| {
            assert!(questions.takes());
            None
        });
        assert_eq!(answer, None);
        assert!(!questions.takes());
    }

    #[test]
    fn a_question_that_is_closed_waits_for_its_signal_and_no_longer() {
        let questions = Arc::new(Questions::default());
        let since = Instant::now();
        assert_eq!(questions.ask(|| None::<()>), None);
        assert!(since.elapsed() >= ECHO);
        assert!(!questions.takes());
    }
}
