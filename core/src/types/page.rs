//! What is asked of a stream, and what comes back.

use super::{Bounds, Epoch, Event, Position, Selector, Sequence, Start};
use std::sync::Arc;

/// Asks for a page of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadQuery {
    /// Where to start: only events after it are returned, in either direction.
    pub start: Start,
    /// Only events at or below it are returned.
    pub until: Option<Sequence>,
    /// Oldest first or newest first.
    pub direction: Direction,
    /// Which events.
    pub selector: Selector,
    /// At most this many events; at least 1.
    pub limit: usize,
    /// Stop once this many bytes of data and headers are in the page; the first event is returned whatever its size.
    pub max_bytes: usize,
}

impl ReadQuery {
    /// Asks for the oldest 100 events after a start, at most 8 MiB of them.
    pub fn new(selector: Selector, start: Start) -> Self {
        Self { start, until: None, direction: Direction::Ascending, selector, limit: 100, max_bytes: 8 << 20 }
    }

    /// Sets the greatest number of events; zero counts as one.
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self
    }

    /// Sets the greatest number of bytes.
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets the last sequence of interest.
    pub fn with_until(mut self, until: Sequence) -> Self {
        self.until = Some(until);
        self
    }

    /// Sets the direction.
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}

/// Says in which order a page is cut and returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first; a limit keeps the oldest.
    Ascending,
    /// Newest first; a limit keeps the newest.
    Descending,
}

/// Holds what a read returned: one snapshot of the stream, the limit applied after the merge of all channels.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events, in the direction asked for.
    pub events: Vec<Arc<Event>>,
    /// How far the page reaches, inclusive. Ascending: everything selected up to here is in the page, so read on after it.
    /// Descending: everything selected from here on is in the page, so read on until the sequence before it.
    pub through: Sequence,
    /// Whether there may be more in this direction. A page can be short, or empty, and still have more.
    pub more: bool,
    /// What the stream held in the snapshot.
    pub bounds: Bounds,
    /// Says that selected events after the start were removed before this read.
    pub gap: Option<Gap>,
    /// Says that the start was of another epoch that the stream did not go on from, so that reading began with the oldest
    /// retained event.
    pub reset: Option<Reset>,
}

impl Page {
    /// Returns the position to resume an ascending read from.
    pub fn position(&self) -> Position {
        Position::new(self.bounds.epoch, self.through)
    }

    /// Returns the sequence after which the page begins, asked for from `start`.
    pub fn begun_after(&self, start: Start) -> Sequence {
        match start {
            Start::Earliest => Sequence::ZERO,
            Start::Latest => self.bounds.head,
            Start::After(sequence) => sequence,
            Start::At(_) if self.reset.is_some() => Sequence::ZERO,
            // Perhaps of an earlier epoch, from which the stream went on.
            Start::At(position) => position.sequence,
        }
    }
}

/// Tells a reader that events of its selection were removed before it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where the reader was: removed events have greater sequences.
    pub after: Sequence,
    /// The first sequence from which on nothing selected was removed. Retained events before it are still delivered.
    pub resume_at: Sequence,
}

/// Tells a reader that its position is of another incarnation of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The position that cannot be resumed.
    pub refused: Position,
    /// The stream's epoch now.
    pub epoch: Epoch,
}
