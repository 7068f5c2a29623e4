//! A handle on the store that is examined, which reaches the suite's own streams only.

use super::place::Place;
use eventweir::{
    Bounds, Catalog, ChannelInfo, ChannelName, Commit, Cursor, CursorName, JobStore, Page, Promises,
    ReadQuery, Receipt, Record, RecordKey, Result, Retention, Selector, Storage, StreamName, Timestamp,
    Trimmed, Usage, Wakeup, async_trait, catalog,
};
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reaches the suite's own streams of a store, and no other: nothing of anybody else can be read, changed or removed by it.
///
/// Several handles share a store that cannot be opened twice. One that was closed stays closed; the others go on with the store
/// opened again.
pub(super) struct UrlStorage {
    place: Arc<Place>,
    promises: Promises,
    store: Mutex<Arc<dyn Storage>>,
    closed: AtomicBool,
}

impl UrlStorage {
    pub(super) async fn open(place: Arc<Place>) -> Result<Self> {
        let store = place.store().await?;
        let (promises, closed) = (store.promises(), AtomicBool::new(false));
        Ok(Self { place, promises, store: Mutex::new(store), closed })
    }

    /// Returns the store as it is now: closed by this handle, or open.
    async fn store(&self) -> Result<Arc<dyn Storage>> {
        let store = self.store.lock().clone();
        if self.closed.load(Ordering::Acquire) || self.place.is_current(&store) {
            return Ok(store);
        }
        let store = self.place.store().await?;
        *self.store.lock() = store.clone();
        Ok(store)
    }

    /// Returns the store for a call on one of its streams.
    async fn of(&self, stream: &StreamName) -> Result<Arc<dyn Storage>> {
        self.place.own(stream)?;
        self.store().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for UrlStorage {
    fn promises(&self) -> Promises {
        self.promises.clone()
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.of(stream).await?.commit(stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.of(stream).await?.read(stream, query).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.of(stream).await?.bounds(stream).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.of(stream).await?.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.of(stream).await?.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.of(stream).await?.trim(stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.store.lock().wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        // No driver of this program has jobs; one that had would be handed on here.
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.store.lock().catalog().is_some().then_some(self)
    }
    async fn close(&self) -> Result<()> {
        let store = self.store().await?;
        self.closed.store(true, Ordering::Release);
        self.place.forget(&store);
        store.close().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Catalog for UrlStorage {
    /// Others' names are nobody's business.
    async fn streams(&self) -> Result<Vec<StreamName>> {
        let store = self.store().await?;
        let mut streams = catalog::required(&*store)?.streams().await?;
        streams.retain(|stream| self.place.uses(stream));
        Ok(streams)
    }
    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        let store = self.of(stream).await?;
        catalog::required(&*store)?.channels(stream, selector, after, limit).await
    }
    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let store = self.of(stream).await?;
        catalog::required(&*store)?.cursors(stream, after, limit).await
    }
    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        let store = self.of(stream).await?;
        catalog::required(&*store)?.usage(stream).await
    }
    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let store = self.of(stream).await?;
        catalog::required(&*store)?.delete_channel(stream, channel).await
    }
    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let store = self.of(stream).await?;
        catalog::required(&*store)?.delete_stream(stream).await?;
        self.place.removed(stream);
        Ok(())
    }
}

impl fmt::Debug for UrlStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlStorage").finish_non_exhaustive()
    }
}
