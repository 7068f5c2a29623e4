//! The least that a log in memory can be, as a limit to be compared with.

use crate::bench::data;
use crate::bench::embedded::Publisher;
use crate::failure::{Failure, Result};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps events in a vector, and their ids in a set, behind one lock.
pub(super) struct MemoryLog {
    log: Mutex<Log>,
    data: Bytes,
    next: AtomicU64,
}

#[derive(Default)]
struct Log {
    events: Vec<(u64, [u8; 16], Bytes)>,
    ids: HashSet<[u8; 16]>,
}

impl MemoryLog {
    pub(super) fn new(data: Bytes) -> Self {
        Self { log: Mutex::default(), data, next: AtomicU64::new(0) }
    }
}

impl Publisher for MemoryLog {
    async fn publish(&self) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = data::event_id(number);
        {
            let mut log = self.log.lock();
            if !log.ids.insert(id) {
                return Err(Failure::failed("an id was used twice"));
            }
            log.events.push((data::channel_of(number), id, self.data.clone()));
        }
        // As every publish does, so that publishers take turns.
        tokio::task::consume_budget().await;
        Ok(())
    }
}
