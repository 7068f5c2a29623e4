//! One stream of a store for a broker of its own.

use eventweir::layers::StorageLayer;
use eventweir::{
    Bounds, Catalog, ChannelInfo, ChannelName, Commit, Cursor, CursorName, Error, ErrorKind, JobStore, Page,
    Promises, ReadQuery, Receipt, Record, RecordKey, Result, Retention, Selector, Storage, StreamName,
    Timestamp, Trimmed, Usage, Wakeup, async_trait, catalog,
};
use futures_core::stream::BoxStream;
use parking_lot::RwLock;
use std::sync::Arc;

/// Gives a broker one stream of a store as its stream `main`, and nothing else of the store.
///
/// So a broker under examination works in a store that others use, and several work in one store side by side. Closing it does
/// not close the store, which is not its own.
#[derive(Clone, Debug)]
pub struct OwnStream {
    stream: StreamName,
    /// `None` once given back.
    store: Arc<RwLock<Option<Arc<dyn Storage>>>>,
}

impl OwnStream {
    /// Takes a stream by its name in the store.
    pub fn new(stream: StreamName) -> Self {
        Self { stream, store: Arc::default() }
    }

    /// Gives the store back: every later call answers [`Closed`](ErrorKind::Closed), whoever still holds the layer.
    pub fn give_back(&self) {
        self.store.write().take();
    }

    fn store(&self) -> Result<Arc<dyn Storage>> {
        let closed = || Error::new(ErrorKind::Closed, "the store was given back").with_retryable(true);
        self.store.read().clone().ok_or_else(closed)
    }

    /// A broker asks for `main`, and for no other: it has no rules for streams here.
    fn own(&self, stream: &StreamName) -> Result<&StreamName> {
        if *stream == StreamName::main() {
            return Ok(&self.stream);
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("this part of the store has the stream main, not {stream}"),
        ))
    }
}

impl StorageLayer for OwnStream {
    fn wrap(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        let promises = inner.promises();
        let lists = inner.catalog().is_some();
        self.store.write().replace(inner);
        Arc::new(Own { layer: self.clone(), promises, lists })
    }
}

#[derive(Debug)]
struct Own {
    layer: OwnStream,
    promises: Promises,
    lists: bool,
}

#[async_trait]
impl Storage for Own {
    fn promises(&self) -> Promises {
        self.promises.clone()
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.layer.store()?.commit(self.layer.own(stream)?, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.layer.store()?.read(self.layer.own(stream)?, query).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.layer.store()?.bounds(self.layer.own(stream)?).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.layer.store()?.cursor(self.layer.own(stream)?, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.layer.store()?.record(self.layer.own(stream)?, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.layer.store()?.trim(self.layer.own(stream)?, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        match (self.layer.store(), self.layer.own(stream)) {
            (Ok(store), Ok(own)) => store.wakeups(own),
            // Nobody wakes those who follow nothing.
            _ => Box::pin(futures_util::stream::pending()),
        }
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.lists.then_some(self)
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Catalog for Own {
    async fn streams(&self) -> Result<Vec<StreamName>> {
        let known = catalog::required(&*self.layer.store()?)?.streams().await?;
        Ok(known.contains(&self.layer.stream).then(StreamName::main).into_iter().collect())
    }
    async fn channels(
        &self,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        let store = self.layer.store()?;
        catalog::required(&*store)?.channels(self.layer.own(stream)?, selector, after, limit).await
    }
    async fn cursors(
        &self,
        stream: &StreamName,
        after: Option<&CursorName>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let store = self.layer.store()?;
        catalog::required(&*store)?.cursors(self.layer.own(stream)?, after, limit).await
    }
    async fn usage(&self, stream: &StreamName) -> Result<Usage> {
        let store = self.layer.store()?;
        catalog::required(&*store)?.usage(self.layer.own(stream)?).await
    }
    async fn delete_channel(&self, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let store = self.layer.store()?;
        catalog::required(&*store)?.delete_channel(self.layer.own(stream)?, channel).await
    }
    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let store = self.layer.store()?;
        catalog::required(&*store)?.delete_stream(self.layer.own(stream)?).await
    }
}
