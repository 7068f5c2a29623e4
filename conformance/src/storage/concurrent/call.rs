//! What clients write down: each for itself, so that writing it down puts nothing in an order.

use eventweir::{
    Bounds, ChannelName, Commit, Cursor, CursorName, Error, Page, ReadQuery, Receipt, Record, RecordKey,
    Sequence, Trimmed,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts on with every look: a call that returned at 7 was over when another began at 8.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(super) fn look(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// A call, and what came of it.
#[derive(Debug)]
pub(super) struct Call {
    /// `None` is the world.
    pub(super) client: Option<usize>,
    pub(super) phase: usize,
    pub(super) invoked: u64,
    /// `u64::MAX` when nobody waited.
    pub(super) returned: u64,
    pub(super) made: Made,
}

#[derive(Debug)]
pub(super) enum Made {
    Commit(Arc<Commit>, Came),
    Read(Looked),
    Bounds(Bounds),
    Cursor(CursorName, Option<Cursor>),
    Record(RecordKey, Option<Record>),
    Trim { keep: u64, trimmed: Trimmed },
    Delete { channel: ChannelName, head: Sequence },
}

/// A page. Boxed: it is much larger than the rest.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) query: Box<ReadQuery>,
    pub(super) page: Box<Page>,
    /// Whether the client's own reader read it.
    pub(super) followed: bool,
}

/// What came of a commit.
#[derive(Debug)]
pub(super) enum Came {
    Receipt(Receipt),
    /// It did not happen.
    Refused(Error),
    /// It was dropped, or nobody knows.
    Unknown,
}

impl Call {
    /// Names the call in a failure.
    pub(super) fn named(&self) -> String {
        let what = match &self.made {
            Made::Commit(..) => "commit",
            Made::Read(_) => "read",
            Made::Bounds(_) => "look at the bounds",
            Made::Cursor(..) => "look at a cursor",
            Made::Record(..) => "look at a record",
            Made::Trim { .. } => "trim",
            Made::Delete { .. } => "deletion",
        };
        match self.client {
            Some(client) => format!("phase {}, a {what} of client {}", self.phase + 1, client + 1),
            None => format!("after phase {}, a {what}", self.phase + 1),
        }
    }
}
