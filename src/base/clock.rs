//! Time, injected: a run that waits a week is tested in a moment.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and sleeps.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Returns once `now` has reached `until`; at once if it has passed.
    async fn sleep_until(&self, until: Timestamp);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// How long one nap is at most: a laptop that was asleep, or whose clock was set, notices within this.
const NAP: Duration = Duration::from_secs(1);

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        loop {
            let left = until.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(NAP)).await;
        }
    }
}
