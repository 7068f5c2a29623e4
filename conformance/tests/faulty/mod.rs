//! A wrapper around the memory driver that is wrong in one way.

pub(crate) mod commits;
pub(crate) mod reads;
pub(crate) mod retention;

use eventweir::{
    Bounds, Catalog, Commit, Cursor, CursorName, Dedup, Durability, JobStore, Page, Promises, ReadQuery,
    Receipt, Record, RecordKey, Result, Retention, Storage, StreamName, Timestamp, Trimmed, Wakeup,
    async_trait,
};
use eventweir_conformance::Harness;
use eventweir_memory::MemoryStorage;
use futures_core::stream::BoxStream;
use std::fmt::Debug;
use std::marker::PhantomData;

/// Says what is wrong. What is not said is right.
#[async_trait]
pub(crate) trait Fault: Debug + Default + Send + Sync + 'static {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, commit).await
    }
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        inner.read(stream, query).await
    }
    async fn bounds(&self, inner: &MemoryStorage, stream: &StreamName) -> Result<Bounds> {
        inner.bounds(stream).await
    }
    async fn cursor(
        &self,
        inner: &MemoryStorage,
        stream: &StreamName,
        name: &CursorName,
    ) -> Result<Option<Cursor>> {
        inner.cursor(stream, name).await
    }
    async fn trim(
        &self,
        inner: &MemoryStorage,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        inner.trim(stream, retention, now).await
    }
    fn wakeups(&self, inner: &MemoryStorage, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        inner.wakeups(stream)
    }
    /// Ends and opens the store: what it held stays in memory.
    fn reopen(self, inner: MemoryStorage) -> (Self, MemoryStorage) {
        (self, inner)
    }
}

/// Nothing is wrong.
#[derive(Debug, Default)]
pub(crate) struct NoFault;

impl Fault for NoFault {}

#[derive(Debug)]
pub(crate) struct Faulty<F> {
    fault: F,
    inner: MemoryStorage,
}

#[async_trait]
impl<F: Fault> Storage for Faulty<F> {
    /// The store in memory outlives its handles, so that the suite also looks at what survives.
    fn promises(&self) -> Promises {
        Promises::new(Durability::Process, Dedup::Forever)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.fault.commit(&self.inner, stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.fault.read(&self.inner, stream, query).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.fault.bounds(&self.inner, stream).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.fault.cursor(&self.inner, stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.inner.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.fault.trim(&self.inner, stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.fault.wakeups(&self.inner, stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        self.inner.jobs()
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.inner.catalog()
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

pub(crate) struct FaultyHarness<F>(PhantomData<fn() -> F>);

impl<F> Default for FaultyHarness<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F: Fault> Harness for FaultyHarness<F> {
    type Storage = Faulty<F>;
    type Guard = ();

    async fn fresh(&self) -> Result<(Faulty<F>, ())> {
        Ok((Faulty { fault: F::default(), inner: MemoryStorage::new() }, ()))
    }

    async fn reopen(&self, old: Faulty<F>, _guard: &()) -> Result<Option<Faulty<F>>> {
        let (fault, inner) = old.fault.reopen(old.inner);
        Ok(Some(Faulty { fault, inner }))
    }
}
