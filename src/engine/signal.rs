//! Ctrl-C: once to stop after the running step, twice to let go of it. Whoever has lost the run lets go, too.

use tokio::sync::watch;

/// What the operator wants, as far as Ctrl-C can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// Go on.
    #[default]
    GoOn,
    /// Finish the running step, then stop.
    Stop,
    /// Let go now: jobs go on on their hosts.
    Detach,
}

/// The engine's ear for Ctrl-C.
#[derive(Clone, Debug)]
pub struct Signals {
    wish: watch::Receiver<Wish>,
    /// Whether somebody else has the run.
    lost: watch::Receiver<bool>,
}

/// The other end: whoever hears the signal.
#[derive(Clone, Debug)]
pub struct Interrupter(watch::Sender<Wish>);

impl Interrupter {
    /// A pair of ends.
    #[must_use]
    pub fn new() -> (Self, Signals) {
        let (sender, receiver) = watch::channel(Wish::GoOn);
        let (_, lost) = watch::channel(false);
        (Self(sender), Signals { wish: receiver, lost })
    }

    /// One more Ctrl-C. Returns what it now means.
    #[must_use]
    pub fn interrupt(&self) -> Wish {
        self.0.send_modify(|wish| *wish = if *wish == Wish::GoOn { Wish::Stop } else { Wish::Detach });
        *self.0.borrow()
    }
}

/// Returns once it is as wanted.
async fn becomes<T>(mut told: watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    if told.wait_for(wanted).await.is_err() {
        // Nobody is left who could say so.
        std::future::pending::<()>().await;
    }
}

impl Signals {
    /// The same, where `lost` tells when somebody else has taken the run.
    #[must_use]
    pub fn until(self, lost: watch::Receiver<bool>) -> Self {
        Self { lost, ..self }
    }

    /// What the operator wants now.
    #[must_use]
    pub fn wish(&self) -> Wish {
        if *self.lost.borrow() { Wish::Detach } else { *self.wish.borrow() }
    }

    /// Returns once the operator wants at least this.
    pub async fn wanted(&self, wish: Wish) {
        tokio::select! {
            () = becomes(self.wish.clone(), |now| *now >= wish) => {}
            () = becomes(self.lost.clone(), |lost| *lost) => {}
        }
    }
}
