//! Times whatever a connection waits for, with one timer that requests do not touch.

use super::activity::{Activity, Wait};
use crate::WebConfig;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// How long each kind of wait may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    headers: Duration,
    idle: Duration,
    reader: Duration,
}

impl Patience {
    pub(crate) fn new(config: &WebConfig) -> Self {
        Self { headers: config.header_timeout, idle: config.idle_timeout, reader: config.write_timeout }
    }

    fn with(&self, wait: Wait) -> Option<Duration> {
        match wait {
            Wait::FirstRequest | Wait::Headers => Some(self.headers),
            Wait::NextRequest => Some(self.idle),
            Wait::Reader => Some(self.reader),
            Wait::Handler => None,
        }
    }
}

/// Ends a connection's wait that has lasted too long.
///
/// The timer is set again only when it must ring earlier, or when it rang too early: a request moves the deadline, which is a
/// number, and not the timer.
pub(crate) struct Watchdog {
    patience: Patience,
    seen: (Wait, u32),
    deadline: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Watchdog {
    pub(crate) fn new(patience: Patience) -> Self {
        let deadline = Instant::now() + patience.headers;
        Self {
            patience,
            seen: (Wait::FirstRequest, 0),
            deadline: Some(deadline),
            timer: Box::pin(tokio::time::sleep_until(deadline)),
        }
    }

    /// Returns the wait that lasted too long. To be polled after each poll of the connection that left it pending.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, activity: &Activity) -> Poll<Wait> {
        let now_seen = activity.wait();
        if now_seen != self.seen {
            self.seen = now_seen;
            self.deadline = self.patience.with(now_seen.0).map(|patience| Instant::now() + patience);
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(self.seen.0);
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
