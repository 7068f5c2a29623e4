//! What all parts of an open store share.

use crate::store::Store;
use crate::streams::{Known, StreamHandle, Streams};
use eventweir::{Error, ErrorKind, Result, WakeupHub};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// So often a look is repeated that was overtaken by a removal.
pub(crate) const ATTEMPTS: usize = 64;

/// Holds the collections, what is known of the streams, and the settings.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) streams: Streams,
    /// KiB that waiting commits may take.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) commit_time: Duration,
    pub(crate) dedup_window: Duration,
    pub(crate) wakeups: Arc<WakeupHub>,
}

impl Core {
    /// Returns what is known of a stream, which exists from then on. What was known already may be out of date.
    pub(crate) async fn known(&self, stream: &StreamHandle) -> Result<Arc<Known>> {
        if let Some(known) = stream.known() {
            return Ok(known);
        }
        let record = self.store.ensure(&stream.name).await?;
        self.look_again(stream, &record, record.settled).await
    }

    /// Looks at a stream's end and record, from which the incarnation is known. Returns both as they were at one moment of this call.
    pub(crate) async fn refresh(&self, stream: &StreamHandle) -> Result<Arc<Known>> {
        let known = self.known(stream).await?;
        self.look_again(stream, &known.record, known.tip.number).await
    }

    async fn look_again(
        &self,
        stream: &StreamHandle,
        before: &crate::record::StreamRecord,
        from: u64,
    ) -> Result<Arc<Known>> {
        let (mut before, mut from) = (before.clone(), from);
        for _ in 0..ATTEMPTS {
            let (tip, record) = self.store.look_at_end(&stream.name, before.epoch, from).await?;
            match record {
                // The end was seen between two readings of the same record.
                Some(record) if record.is_as(&before) => {
                    stream.learn(&record, tip);
                    return Ok(Arc::new(Known { record, tip }));
                }
                Some(record) if record.epoch == before.epoch => {
                    from = from.max(tip.number);
                    before = record;
                }
                _ => {
                    before = self.store.ensure(&stream.name).await?;
                    from = before.settled;
                }
            }
        }
        Err(overtaken())
    }
}

/// Says that others removed events faster than this call could look.
pub(crate) fn overtaken() -> Error {
    Error::new(ErrorKind::Unavailable, "others changed the stream faster than this call could look at it")
}
