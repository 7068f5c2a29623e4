//! The system's clock, set wrong by a number of seconds that can change.

use eventweir::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Shows the system's time and so many seconds. Clones are set together.
#[derive(Clone, Debug, Default)]
pub(super) struct WrongClock(Arc<AtomicI64>);

impl WrongClock {
    /// Moves the clock on, or back.
    pub(super) fn step(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let wrong = self.0.load(Ordering::SeqCst);
        let by = Duration::from_secs(wrong.unsigned_abs());
        if wrong < 0 { Timestamp::now().minus(by) } else { Timestamp::now().plus(by) }
    }
}
