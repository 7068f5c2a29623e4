//! Wrong about what is there after a restart.

use super::{Fault, Store, catalog_of};
use eventweir::{
    Cursor, CursorName, Page, ReadQuery, Record, RecordKey, Result, Sequence, StreamName, async_trait,
};
use eventweir_memory::MemoryStorage;
use std::collections::HashMap;
use std::sync::Arc;

/// Keeps nothing.
#[derive(Debug, Default)]
pub(crate) struct LostOnReopen;

#[async_trait]
impl Fault for LostOnReopen {
    async fn reopen(self, _inner: Store) -> Result<(Self, Store)> {
        Ok((self, Arc::new(MemoryStorage::new())))
    }
}

/// Had the last event in a buffer.
#[derive(Debug, Default)]
pub(crate) struct LastEventLost(HashMap<StreamName, Sequence>);

#[async_trait]
impl Fault for LastEventLost {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        let lost = self.0.get(stream).copied();
        page.events.retain(|event| Some(event.sequence) != lost);
        Ok(page)
    }
    async fn reopen(mut self, inner: Store) -> Result<(Self, Store)> {
        for stream in catalog_of(&inner)?.streams().await? {
            let head = inner.bounds(&stream).await?.head;
            self.0.insert(stream, head);
        }
        Ok((self, inner))
    }
}

/// Keeps cursors in a cache only.
#[derive(Debug, Default)]
pub(crate) struct CursorsLostOnReopen(bool);

#[async_trait]
impl Fault for CursorsLostOnReopen {
    async fn cursor(&self, inner: &Store, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        if self.0 { Ok(None) } else { inner.cursor(stream, name).await }
    }
    async fn reopen(self, inner: Store) -> Result<(Self, Store)> {
        Ok((Self(true), inner))
    }
}

/// Counts the versions of records from one again.
#[derive(Debug, Default)]
pub(crate) struct VersionsLostOnReopen(bool);

#[async_trait]
impl Fault for VersionsLostOnReopen {
    async fn record(&self, inner: &Store, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        let record = inner.record(stream, key).await?;
        Ok(record.map(|record| if self.0 { Record { version: 1, ..record } } else { record }))
    }
    async fn reopen(self, inner: Store) -> Result<(Self, Store)> {
        Ok((Self(true), inner))
    }
}
