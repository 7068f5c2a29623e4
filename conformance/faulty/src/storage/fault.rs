//! What may be wrong with a store, and a store that is wrong so.

use eventweir::{
    Bounds, Catalog, ChannelInfo, ChannelName, Commit, Cursor, CursorName, Durability, Epoch, JobStore, Page,
    Position, Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Selector, Start, Storage,
    StreamName, Timestamp, Trimmed, Usage, Wakeup, async_trait, catalog,
};
use futures_core::stream::BoxStream;
use std::fmt::Debug;
use std::sync::Arc;

/// A store that is right.
pub(crate) type Store = Arc<dyn Storage>;

/// Says what is wrong. What is not said is right.
///
/// The methods named `spoil_` are for faults that change what goes in or comes out; the others stand for the call of their name.
#[async_trait]
pub(crate) trait Fault: Debug + Default + Send + Sync + 'static {
    fn spoil_commit(&self, commit: &mut Commit) {
        let _ = commit;
    }
    fn spoil_query(&self, query: &mut ReadQuery) {
        let _ = query;
    }
    /// `query` is what the reader asked.
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        let _ = (query, page);
    }
    /// Says which epoch is shown for the real one.
    fn epoch(&self, stream: &StreamName, real: Epoch) -> Epoch {
        let _ = stream;
        real
    }
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        self.spoil_commit(&mut commit);
        inner.commit(stream, &commit).await
    }
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut spoilt = query.clone();
        self.spoil_query(&mut spoilt);
        let mut page = inner.read(stream, &spoilt).await?;
        self.spoil_page(query, &mut page);
        Ok(page)
    }
    async fn bounds(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        inner.bounds(stream).await
    }
    async fn cursor(&self, inner: &Store, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        inner.cursor(stream, name).await
    }
    async fn record(&self, inner: &Store, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        inner.record(stream, key).await
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        inner.trim(stream, retention, now).await
    }
    fn wakeups(&self, inner: &Store, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        inner.wakeups(stream)
    }
    async fn channels(
        &self,
        inner: &Store,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        catalog_of(inner)?.channels(stream, selector, after, limit).await
    }
    async fn usage(&self, inner: &Store, stream: &StreamName) -> Result<Usage> {
        catalog_of(inner)?.usage(stream).await
    }
    async fn delete_channel(&self, inner: &Store, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        catalog_of(inner)?.delete_channel(stream, channel).await
    }
    async fn delete_stream(&self, inner: &Store, stream: &StreamName) -> Result<()> {
        catalog_of(inner)?.delete_stream(stream).await
    }
    async fn close(&self, inner: &Store) -> Result<()> {
        inner.close().await
    }
    /// Ends and opens the store: what it held stays in memory.
    async fn reopen(self, inner: Store) -> Result<(Self, Store)> {
        Ok((self, inner))
    }
}

/// Returns the part that lists and deletes.
pub(crate) fn catalog_of(inner: &Store) -> Result<&dyn Catalog> {
    catalog::required(&**inner)
}

/// Nothing is wrong.
#[derive(Debug, Default)]
pub struct NoFault;

impl Fault for NoFault {}

/// A store with a fault.
#[derive(Debug)]
pub struct FaultyStorage<F> {
    pub(crate) fault: F,
    pub(crate) inner: Store,
}

/// Wraps a store that is right.
pub(crate) fn spoil<F: Fault>(inner: impl Storage) -> FaultyStorage<F> {
    FaultyStorage { fault: F::default(), inner: Arc::new(inner) }
}

/// Shows what a stream holds, with the epoch that the fault shows.
fn show<F: Fault>(store: &FaultyStorage<F>, stream: &StreamName, bounds: Bounds) -> Bounds {
    Bounds { epoch: store.fault.epoch(stream, bounds.epoch), ..bounds }
}

/// Reads positions as they were shown.
async fn understand<F: Fault>(
    store: &FaultyStorage<F>,
    stream: &StreamName,
    query: &ReadQuery,
) -> Result<ReadQuery> {
    let mut query = query.clone();
    if let Start::At(position) = query.start {
        let real = store.inner.bounds(stream).await?.epoch;
        let shown = store.fault.epoch(stream, real);
        if position.epoch == shown && shown != real {
            query.start = Start::At(Position::new(real, position.sequence));
        }
    }
    Ok(query)
}

#[async_trait]
impl<F: Fault> Storage for FaultyStorage<F> {
    /// The store in memory outlives its handles, so that the suite also looks at what survives.
    fn promises(&self) -> Promises {
        let mut promises = self.inner.promises();
        promises.durability = promises.durability.max(Durability::Process);
        promises
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = self.fault.commit(&self.inner, stream, commit).await?;
        Ok(Receipt { epoch: self.fault.epoch(stream, receipt.epoch), ..receipt })
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let query = understand(self, stream, query).await?;
        let mut page = self.fault.read(&self.inner, stream, &query).await?;
        if let Some(reset) = &mut page.reset {
            reset.epoch = self.fault.epoch(stream, reset.epoch);
        }
        Ok(Page { bounds: show(self, stream, page.bounds), ..page })
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        Ok(show(self, stream, self.fault.bounds(&self.inner, stream).await?))
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.fault.cursor(&self.inner, stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.fault.record(&self.inner, stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        let trimmed = self.fault.trim(&self.inner, stream, retention, now).await?;
        Ok(Trimmed { bounds: show(self, stream, trimmed.bounds), ..trimmed })
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.fault.wakeups(&self.inner, stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        self.inner.jobs()
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.inner.catalog().is_some().then_some(self)
    }
    async fn close(&self) -> Result<()> {
        self.fault.close(&self.inner).await
    }
}

#[async_trait]
impl<F: Fault> Catalog for FaultyStorage<F> {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        catalog_of(&self.inner)?.streams().await
    }
    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        self.fault.channels(&self.inner, stream, selector, after, limit).await
    }
    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        catalog_of(&self.inner)?.cursors(stream, after, limit).await
    }
    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        let usage = self.fault.usage(&self.inner, stream).await?;
        Ok(Usage { bounds: show(self, stream, usage.bounds), ..usage })
    }
    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        self.fault.delete_channel(&self.inner, stream, channel).await
    }
    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.fault.delete_stream(&self.inner, stream).await
    }
}
