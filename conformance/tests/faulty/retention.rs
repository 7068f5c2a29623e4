//! Wrong about what goes and what stays.

use super::Fault;
use eventweir::{
    Catalog, Cursor, CursorName, Gap, Page, ReadQuery, Result, Retention, Sequence, Start, Storage,
    StreamName, Timestamp, Trimmed, async_trait,
};
use eventweir_memory::MemoryStorage;

/// Tells no gap.
#[derive(Debug, Default)]
pub(crate) struct GapNotTold;

#[async_trait]
impl Fault for GapNotTold {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let page = inner.read(stream, query).await?;
        Ok(Page { gap: None, ..page })
    }
}

/// Tells a gap to everyone whose start is below the oldest event, also when the log begins there.
#[derive(Debug, Default)]
pub(crate) struct GapToldToEveryone;

#[async_trait]
impl Fault for GapToldToEveryone {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let page = inner.read(stream, query).await?;
        let after = match query.start {
            Start::After(sequence) => sequence,
            _ => Sequence::ZERO,
        };
        let below = after < page.bounds.first;
        Ok(Page { gap: below.then_some(Gap { after, resume_at: page.bounds.first }), ..page })
    }
}

/// Counts from the oldest event that is there: an emptied stream begins again.
#[derive(Debug, Default)]
pub(crate) struct SequencesUsedAgain;

#[async_trait]
impl Fault for SequencesUsedAgain {
    async fn trim(
        &self,
        inner: &MemoryStorage,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await?;
        if inner.usage(stream).await?.events == 0 {
            inner.delete_stream(stream).await?;
        }
        Ok(trimmed)
    }
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub(crate) struct LostOnReopen;

impl Fault for LostOnReopen {
    fn reopen(self, _inner: MemoryStorage) -> (Self, MemoryStorage) {
        (self, MemoryStorage::new())
    }
}

/// Keeps cursors in a cache only.
#[derive(Debug, Default)]
pub(crate) struct CursorsLostOnReopen {
    reopened: bool,
}

#[async_trait]
impl Fault for CursorsLostOnReopen {
    async fn cursor(
        &self,
        inner: &MemoryStorage,
        stream: &StreamName,
        name: &CursorName,
    ) -> Result<Option<Cursor>> {
        if self.reopened { Ok(None) } else { inner.cursor(stream, name).await }
    }
    fn reopen(self, inner: MemoryStorage) -> (Self, MemoryStorage) {
        (Self { reopened: true }, inner)
    }
}
