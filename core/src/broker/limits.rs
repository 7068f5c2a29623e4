//! Limits on what one call may ask.

use crate::live::TailLimits;
use serde::Deserialize;
use std::time::Duration;

/// Bounds what clients may ask of a broker and what it keeps in memory for them. In configuration, a duration is written as
/// [`duration`](crate::duration) says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Greatest length of an event's data in bytes. Default 1 MiB.
    pub max_event_bytes: usize,
    /// Greatest number of events in a commit. Default 1,000.
    pub max_commit_events: usize,
    /// Greatest length of all data and headers in a commit, in bytes. Default 8 MiB.
    pub max_commit_bytes: usize,
    /// Greatest number of cursor moves and record changes in a commit. Default 100.
    pub max_commit_changes: usize,
    /// Greatest number of events in a page. Default 1,000.
    pub max_page_events: usize,
    /// Greatest length of all data and headers in a page, in bytes; an event is returned whatever its size. Default 8 MiB.
    pub max_page_bytes: usize,
    /// Greatest number of events that a stream's tail keeps in memory. Default 65,536.
    pub max_tail_events: usize,
    /// Greatest length of what a stream's tail keeps in memory, in bytes, wire forms included. Default 64 MiB.
    pub max_tail_bytes: usize,
    /// Greatest number of channels and subtrees that a stream's tail remembers. Default 1,000,000.
    pub max_tail_channels: usize,
    /// Time after which a subscription asks again whether it may go on. Default 5 s.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub recheck: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_event_bytes: 1 << 20,
            max_commit_events: 1000,
            max_commit_bytes: 8 << 20,
            max_commit_changes: 100,
            max_page_events: 1000,
            max_page_bytes: 8 << 20,
            max_tail_events: 65_536,
            max_tail_bytes: 64 << 20,
            max_tail_channels: 1_000_000,
            recheck: Duration::from_secs(5),
        }
    }
}

impl Limits {
    pub(crate) fn tail(&self) -> TailLimits {
        TailLimits {
            max_events: self.max_tail_events.max(1),
            max_bytes: self.max_tail_bytes,
            max_keys: self.max_tail_channels.max(1),
        }
    }
}
