//! How much a store may keep.

use eventweir::{Error, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a thing takes besides its data: names, ids, places in lists.
pub(crate) const OVERHEAD: u64 = 256;

/// Counts what is kept. It changes only with the lock held, so that no two commits take the same room.
#[derive(Debug)]
pub(crate) struct Room {
    most: u64,
    kept: AtomicU64,
}

impl Room {
    pub(crate) fn endless() -> Self {
        Self::of(u64::MAX)
    }

    pub(crate) fn of(most: u64) -> Self {
        Self { most, kept: AtomicU64::new(0) }
    }

    /// Returns how much more may be kept.
    pub(crate) fn left(&self) -> u64 {
        self.most.saturating_sub(self.kept.load(Ordering::Acquire))
    }

    /// Notes that what took `before` takes `after` now.
    pub(crate) fn changed(&self, before: u64, after: u64) {
        if after >= before {
            self.kept.fetch_add(after - before, Ordering::AcqRel);
        } else {
            self.kept.fetch_sub(before - after, Ordering::AcqRel);
        }
    }
}

pub(crate) fn full() -> Error {
    Error::new(ErrorKind::StorageFull, "the memory store keeps as much as it may")
}
