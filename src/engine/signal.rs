//! Ctrl-C: once to stop after the running step, twice to let go of it.

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
pub struct Signals(watch::Receiver<Wish>);

/// The other end: whoever hears the signal.
#[derive(Clone, Debug)]
pub struct Interrupter(watch::Sender<Wish>);

impl Interrupter {
    /// A pair of ends.
    #[must_use]
    pub fn new() -> (Self, Signals) {
        let (sender, receiver) = watch::channel(Wish::GoOn);
        (Self(sender), Signals(receiver))
    }

    /// One more Ctrl-C. Returns what it now means.
    #[must_use]
    pub fn interrupt(&self) -> Wish {
        self.0.send_modify(|wish| *wish = if *wish == Wish::GoOn { Wish::Stop } else { Wish::Detach });
        *self.0.borrow()
    }
}

impl Signals {
    /// What the operator wants now.
    #[must_use]
    pub fn wish(&self) -> Wish {
        *self.0.borrow()
    }

    /// Returns once the operator wants at least this.
    pub async fn wanted(&self, wish: Wish) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|now| *now >= wish).await.is_err() {
            // Nobody is left who could press Ctrl-C.
            std::future::pending::<()>().await;
        }
    }
}
