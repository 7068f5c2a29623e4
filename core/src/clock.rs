//! Time from outside, so that tests can turn it.

use crate::Timestamp;
use parking_lot::Mutex;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the moment that is now.
    fn now(&self) -> Timestamp;
}

/// Reads the system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Stands still until it is set, for tests. Clones share their time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// Makes a clock that shows a moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(moment)))
    }

    /// Sets the clock, back too.
    pub fn set(&self, moment: Timestamp) {
        *self.0.lock() = moment;
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock();
        *now = now.plus(span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}
