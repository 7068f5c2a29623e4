//! What goes on at a connection, told by those who see it to the watchdog who times it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Counts what goes on at a connection. An HTTP/1 connection lives in one task; those of HTTP/2 requests that have their own
/// may be seen a poll late, which the timeouts can bear. Hence relaxed.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests that were begun and whose answers are not yet complete.
    open: AtomicU32,
    /// Rises whenever a wait begins anew.
    turn: AtomicU32,
    /// Whether bytes came since the last answer was complete.
    heard: AtomicBool,
    /// Whether bytes wait for the client to take them.
    stuck: AtomicBool,
    /// Whether bytes that come while nothing is open begin a request, as they do not on HTTP/2.
    one_at_a_time: bool,
}

/// Names what a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The first byte of a new connection.
    FirstRequest,
    /// The rest of a request's headers.
    Headers,
    /// Another request, or none.
    NextRequest,
    /// A client that does not take its answer.
    Reader,
    /// A handler, for as long as it likes.
    Handler,
}

impl Activity {
    /// Begins to count for a connection that has one request after the other.
    pub(crate) fn of_http1() -> Self {
        Self { one_at_a_time: true, ..Self::default() }
    }

    /// Begins to count for a connection that has many requests at once, and bytes that belong to none.
    pub(crate) fn of_http2() -> Self {
        Self::default()
    }

    /// Returns what the connection waits for, and which wait this is.
    pub(crate) fn wait(&self) -> (Wait, u32) {
        let turn = self.turn.load(Relaxed);
        let wait = if self.stuck.load(Relaxed) {
            Wait::Reader
        } else if self.open.load(Relaxed) > 0 {
            Wait::Handler
        } else if self.heard.load(Relaxed) {
            Wait::Headers
        } else if turn == 0 {
            Wait::FirstRequest
        } else {
            Wait::NextRequest
        };
        (wait, turn)
    }

    pub(crate) fn note_read(&self) {
        if self.one_at_a_time && !self.heard.load(Relaxed) {
            self.heard.store(true, Relaxed);
        }
    }

    pub(crate) fn note_written(&self) {
        if self.stuck.load(Relaxed) {
            self.stuck.store(false, Relaxed);
            self.turn.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn note_stuck(&self) {
        self.stuck.store(true, Relaxed);
    }
}

/// Marks a request as being answered until it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange(Arc<Activity>);

impl Exchange {
    pub(crate) fn begin(activity: &Arc<Activity>) -> Self {
        activity.open.fetch_add(1, Relaxed);
        Self(activity.clone())
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.heard.store(false, Relaxed);
        self.0.open.fetch_sub(1, Relaxed);
        self.0.turn.fetch_add(1, Relaxed);
    }
}
