//! Time, injected: a run that waits a week is tested in a moment.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Tells the time and sleeps.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// How much time has passed, since some instant that stays the same: with the time that the machine slept, and whatever `now` was set to.
    fn passed(&self) -> Duration;

    /// Returns once `now` has reached `until`; at once if it has passed.
    async fn sleep_until(&self, until: Timestamp) {
        // What is less than nothing is nothing.
        nap(|| Duration::try_from(until.duration_since(self.now())).unwrap_or_default()).await;
    }

    /// Returns once so much time has passed.
    async fn sleep(&self, time: Duration) {
        let end = self.passed().saturating_add(time);
        nap(|| end.saturating_sub(self.passed())).await;
    }
}

/// Sleeps for as long as anything is left.
async fn nap(left: impl Fn() -> Duration + Send + Sync) {
    loop {
        let left = left();
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(NAP)).await;
    }
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

    fn passed(&self) -> Duration {
        let passed = clock_gettime(STEADY);
        Duration::new(passed.tv_sec.try_into().unwrap_or_default(), passed.tv_nsec.try_into().unwrap_or_default())
    }
}

/// Goes on while the machine sleeps. Elsewhere than on Linux the monotonic clock does.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;
