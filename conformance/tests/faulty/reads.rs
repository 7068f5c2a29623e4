//! Wrong about reading.

use super::Fault;
use eventweir::{
    Bounds, Page, ReadQuery, Result, Scope, Selector, Sequence, Start, Storage, StreamName, Wakeup,
    async_trait,
};
use eventweir_memory::MemoryStorage;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Asks for a page of each scope, and puts the pages together.
#[derive(Debug, Default)]
pub(crate) struct LimitBeforeMerge;

#[async_trait]
impl Fault for LimitBeforeMerge {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        page.events.clear();
        for scope in query.selector.scopes() {
            let mut one = query.clone();
            one.selector = Selector::new([scope.clone()])?;
            let part = inner.read(stream, &one).await?;
            page.through = page.through.max(part.through);
            page.events.extend(part.events);
        }
        page.events.sort_by_key(|event| event.sequence);
        page.events.dedup_by_key(|event| event.sequence);
        page.events.truncate(query.limit);
        Ok(page)
    }
}

/// Takes a subtree for all names that begin like it.
#[derive(Debug, Default)]
pub(crate) struct SiblingsLeak;

#[async_trait]
impl Fault for SiblingsLeak {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let [Scope::Subtree(top)] = query.selector.scopes() else { return inner.read(stream, query).await };
        let mut all = query.clone();
        all.selector = Selector::all();
        let mut page = inner.read(stream, &all).await?;
        page.events.retain(|event| event.channel.as_str().starts_with(top.as_str()));
        Ok(page)
    }
}

/// Says that a page reaches the head when it was cut.
#[derive(Debug, Default)]
pub(crate) struct PageReachesTooFar;

#[async_trait]
impl Fault for PageReachesTooFar {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        page.through = page.bounds.head;
        Ok(page)
    }
}

/// Gives a client its own events.
#[derive(Debug, Default)]
pub(crate) struct Echo;

#[async_trait]
impl Fault for Echo {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut query = query.clone();
        query.selector = Selector::new(query.selector.scopes().to_vec())?;
        inner.read(stream, &query).await
    }
}

/// Compares sources as SQL compares with NULL.
#[derive(Debug, Default)]
pub(crate) struct SourcelessLeftOut;

#[async_trait]
impl Fault for SourcelessLeftOut {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        if query.selector.excepted().is_some() {
            page.events.retain(|event| event.source.is_some());
        }
        Ok(page)
    }
}

/// Reads everything at once.
#[derive(Debug, Default)]
pub(crate) struct Limitless;

#[async_trait]
impl Fault for Limitless {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let query = query.clone().with_limit(usize::MAX).with_max_bytes(usize::MAX);
        inner.read(stream, &query).await
    }
}

/// Begins a page with the event that the reader has seen already.
#[derive(Debug, Default)]
pub(crate) struct Twice;

#[async_trait]
impl Fault for Twice {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut query = query.clone();
        if let Start::At(position) = &mut query.start {
            position.sequence = position.sequence.previous();
        }
        let mut page = inner.read(stream, &query).await?;
        if let Some(first) = page.events.first().cloned() {
            page.events.insert(0, first);
        }
        Ok(page)
    }
}

/// Takes positions for sequences.
#[derive(Debug, Default)]
pub(crate) struct EpochIgnored;

#[async_trait]
impl Fault for EpochIgnored {
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut query = query.clone();
        if let Start::At(position) = query.start {
            query.start = Start::After(position.sequence);
        }
        inner.read(stream, &query).await
    }
}

/// Keeps the head in a cache, and looks afterwards.
#[derive(Debug, Default)]
pub(crate) struct StaleHead(Mutex<HashMap<StreamName, Bounds>>);

#[async_trait]
impl Fault for StaleHead {
    async fn bounds(&self, inner: &MemoryStorage, stream: &StreamName) -> Result<Bounds> {
        let now = inner.bounds(stream).await?;
        Ok(self.0.lock().insert(stream.clone(), now).unwrap_or(now))
    }
}

/// Wakes readers for a commit that is still to come.
#[derive(Debug, Default)]
pub(crate) struct HintsRunAhead;

impl Fault for HintsRunAhead {
    fn wakeups(&self, inner: &MemoryStorage, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        inner.wakeups(stream).map(|hint| Wakeup { head: hint.head.map(Sequence::next) }).boxed()
    }
}

/// Promises wake-ups, and wakes nobody.
#[derive(Debug, Default)]
pub(crate) struct Silent;

impl Fault for Silent {
    fn wakeups(&self, _inner: &MemoryStorage, _stream: &StreamName) -> BoxStream<'static, Wakeup> {
        futures_util::stream::pending().boxed()
    }
}

/// Panics in the middle of a read.
#[derive(Debug, Default)]
pub(crate) struct Panics;

#[async_trait]
impl Fault for Panics {
    #[allow(clippy::panic, reason = "this is the fault")]
    async fn read(&self, _inner: &MemoryStorage, _stream: &StreamName, _query: &ReadQuery) -> Result<Page> {
        panic!("index out of bounds, or so")
    }
}
