//! Tells all connections to finish what they began.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A signal to every connection of a server.
#[derive(Debug, Default)]
pub(crate) struct Draining {
    begun: AtomicBool,
    wake: Notify,
}

impl Draining {
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    pub(super) fn wake(&self) -> Notified<'_> {
        self.wake.notified()
    }
}

/// One connection's view of the signal.
///
/// The wake-up is polled once, which leaves the task's waker with it; after that a look at the flag is enough. Polling it each time
/// would take the lock that all connections share, at every request.
pub(super) struct Watch<'a, 'w> {
    draining: &'a Draining,
    wake: Pin<&'w mut Notified<'a>>,
    state: WatchState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WatchState {
    New,
    Waiting,
    Told,
}

impl<'a, 'w> Watch<'a, 'w> {
    pub(super) fn new(draining: &'a Draining, wake: Pin<&'w mut Notified<'a>>) -> Self {
        Self { draining, wake, state: WatchState::New }
    }

    /// Returns true once: when draining has begun.
    pub(super) fn is_news(&mut self, cx: &mut Context<'_>) -> bool {
        if self.state == WatchState::New {
            self.state = WatchState::Waiting;
            // Whether it is ready does not matter: the flag, read after it listens, tells.
            let _ = self.wake.as_mut().poll(cx);
        }
        if self.state == WatchState::Waiting && self.draining.has_begun() {
            self.state = WatchState::Told;
            return true;
        }
        false
    }
}
