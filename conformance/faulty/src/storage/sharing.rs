//! Wrong about what is shared: streams, and the time of others.

use super::{Fault, Store, linger};
use eventweir::{
    Appended, Bounds, Commit, Error, ErrorKind, EventId, Page, ReadQuery, Receipt, Result, Sequence,
    StreamName, async_trait,
};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::time::timeout;

/// Puts every stream into one.
#[derive(Debug, Default)]
pub(crate) struct OneStream;

#[async_trait]
impl Fault for OneStream {
    async fn commit(&self, inner: &Store, _stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(&StreamName::main(), commit).await
    }
    async fn read(&self, inner: &Store, _stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        inner.read(&StreamName::main(), query).await
    }
    async fn bounds(&self, inner: &Store, _stream: &StreamName) -> Result<Bounds> {
        inner.bounds(&StreamName::main()).await
    }
}

/// Knows an id again in every stream.
#[derive(Debug, Default)]
pub(crate) struct IdsOfAllStreams(Mutex<HashMap<EventId, (StreamName, Sequence)>>);

#[async_trait]
impl Fault for IdsOfAllStreams {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let known = |id: &EventId| {
            let known = self.0.lock().get(id).cloned();
            known.filter(|(of, _)| of != stream).map(|(_, sequence)| Appended { sequence, duplicate: true })
        };
        let elsewhere: Vec<_> = commit.append.iter().map(|event| known(&event.id)).collect();
        let mut fresh = commit.clone();
        fresh.append.retain(|event| known(&event.id).is_none());
        let receipt = inner.commit(stream, &fresh).await?;
        for (event, placed) in fresh.append.iter().zip(&receipt.events) {
            self.0.lock().entry(event.id.clone()).or_insert((stream.clone(), placed.sequence));
        }
        let mut placed = receipt.events.iter().copied();
        let events = elsewhere.into_iter().filter_map(|known| known.or_else(|| placed.next())).collect();
        Ok(Receipt { events, ..receipt })
    }
}

/// Lets writers wait until the readers that have begun are done, and gives up after a while.
#[derive(Debug, Default)]
pub(crate) struct ReadersHoldWritersUp(RwLock<()>);

#[async_trait]
impl Fault for ReadersHoldWritersUp {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let locked = || Error::new(ErrorKind::Unavailable, "the store is locked");
        let _alone = timeout(BUSY, self.0.write()).await.map_err(|_| locked())?;
        inner.commit(stream, commit).await
    }
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let _with_others = self.0.read().await;
        linger().await;
        inner.read(stream, query).await
    }
}

/// How long a writer waits.
const BUSY: Duration = Duration::from_secs(1);
