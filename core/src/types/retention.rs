//! What a stream keeps.

use super::{Bounds, Timestamp};
use std::time::Duration;

/// Says what a stream keeps. Each limit that is set is kept to; the oldest events go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Retention {
    /// Events older than this go. An event that stands behind a younger one in the log stays with it.
    pub max_age: Option<Duration>,
    /// At most this many events stay.
    pub max_events: Option<u64>,
    /// At most this many bytes of data and headers stay.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Keeps everything.
    pub const FOREVER: Self = Self { max_age: None, max_events: None, max_bytes: None };

    /// Returns whether nothing is ever removed.
    pub fn is_forever(&self) -> bool {
        *self == Self::FOREVER
    }

    /// Returns the moment before which events are expired.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        self.max_age.map(|age| now.minus(age))
    }
}

/// Says what a trim removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// How many events went.
    pub events: u64,
    /// What the stream holds now.
    pub bounds: Bounds,
    /// Whether there is more to remove: a trim does a bounded amount of work, so that writers are not held up.
    pub more: bool,
}
