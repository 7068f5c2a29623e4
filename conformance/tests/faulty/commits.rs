//! Wrong about committing.

use super::Fault;
use eventweir::{
    Bounds, Commit, Effect, Error, EventId, Expect, Headers, Page, ReadQuery, Receipt, Result, Sequence,
    Storage, StreamName, async_trait,
};
use eventweir_memory::MemoryStorage;
use parking_lot::Mutex;
use std::collections::HashSet;
use tokio::task::yield_now;

/// Hands sequences out before it commits: a later one can be seen before an earlier one.
#[derive(Debug, Default)]
pub(crate) struct SequencesBeforeCommit(Mutex<HashSet<(StreamName, Sequence)>>);

#[async_trait]
impl Fault for SequencesBeforeCommit {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        let own: Vec<_> = receipt.events.iter().map(|placed| (stream.clone(), placed.sequence)).collect();
        self.0.lock().extend(own.iter().cloned());
        linger().await;
        self.0.lock().retain(|hidden| !own.contains(hidden));
        Ok(receipt)
    }
    async fn read(&self, inner: &MemoryStorage, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        let hidden = self.0.lock();
        page.events.retain(|event| !hidden.contains(&(stream.clone(), event.sequence)));
        Ok(page)
    }
}

/// Commits event by event.
#[derive(Debug, Default)]
pub(crate) struct HalfVisible;

#[async_trait]
impl Fault for HalfVisible {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        if commit.id.is_some() || commit.append.len() < 2 {
            return inner.commit(stream, commit).await;
        }
        let mut rest = commit.clone();
        let last = rest.append.split_off(commit.append.len() - 1);
        let mut events = Vec::new();
        for event in std::mem::take(&mut rest.append) {
            events.extend(inner.commit(stream, &Commit::append([event])).await?.events);
            linger().await;
        }
        rest.append = last;
        let receipt = inner.commit(stream, &rest).await?;
        events.extend(receipt.events.iter().copied());
        Ok(Receipt { events, ..receipt })
    }
}

/// Moves cursors before it looks whether the commit can be carried out.
#[derive(Debug, Default)]
pub(crate) struct RefusedMovesCursors;

#[async_trait]
impl Fault for RefusedMovesCursors {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let result = inner.commit(stream, commit).await;
        if result.is_err() {
            for cursor in &commit.cursors {
                let _ = inner.commit(stream, &Commit::new().with_cursor(cursor.clone())).await;
            }
        }
        result
    }
}

/// Knows no event id again.
#[derive(Debug, Default)]
pub(crate) struct EventIdsIgnored;

#[async_trait]
impl Fault for EventIdsIgnored {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.append.iter_mut().for_each(|event| event.id = EventId::generate());
        inner.commit(stream, &commit).await
    }
}

/// Knows no commit id again.
#[derive(Debug, Default)]
pub(crate) struct CommitIdsIgnored;

#[async_trait]
impl Fault for CommitIdsIgnored {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.id = None;
        inner.commit(stream, &commit).await
    }
}

/// Lets every cursor go back.
#[derive(Debug, Default)]
pub(crate) struct CursorGoesBack;

#[async_trait]
impl Fault for CursorGoesBack {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.cursors.iter_mut().for_each(|cursor| cursor.forced = true);
        inner.commit(stream, &commit).await
    }
}

/// Expects nothing.
#[derive(Debug, Default)]
pub(crate) struct ExpectationIgnored;

#[async_trait]
impl Fault for ExpectationIgnored {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, &commit.clone().with_expect(Expect::Any)).await
    }
}

/// Says that all is well.
#[derive(Debug, Default)]
pub(crate) struct FailureAsSuccess;

#[async_trait]
impl Fault for FailureAsSuccess {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        match inner.commit(stream, commit).await {
            Ok(receipt) => Ok(receipt),
            Err(_) => {
                let Bounds { epoch, head, .. } = inner.bounds(stream).await?;
                Ok(Receipt { epoch, head, events: Vec::new(), repeated: false })
            }
        }
    }
}

/// Does not know whether what it refused has happened.
#[derive(Debug, Default)]
pub(crate) struct RefusalUnsure;

#[async_trait]
impl Fault for RefusalUnsure {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let unsure = |error: Error| error.with_effect(Effect::Unknown);
        inner.commit(stream, commit).await.map_err(unsure)
    }
}

/// Keeps no headers.
#[derive(Debug, Default)]
pub(crate) struct HeadersLost;

#[async_trait]
impl Fault for HeadersLost {
    async fn commit(&self, inner: &MemoryStorage, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.append.iter_mut().for_each(|event| event.headers = Headers::default());
        inner.commit(stream, &commit).await
    }
}

/// Puts every stream into one.
#[derive(Debug, Default)]
pub(crate) struct OneStream;

#[async_trait]
impl Fault for OneStream {
    async fn commit(&self, inner: &MemoryStorage, _stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(&StreamName::main(), commit).await
    }
    async fn read(&self, inner: &MemoryStorage, _stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        inner.read(&StreamName::main(), query).await
    }
    async fn bounds(&self, inner: &MemoryStorage, _stream: &StreamName) -> Result<Bounds> {
        inner.bounds(&StreamName::main()).await
    }
}

/// Gives others time to look, without a clock.
async fn linger() {
    for _ in 0..50 {
        yield_now().await;
    }
}
