//! Each broker keeps to itself what all of them have to know.

use super::Faults;
use crate::storage::{Fault, Store, catalog_of};
use eventweir::{
    Bounds, ChannelName, Commit, CommitId, EventId, Page, ReadQuery, Receipt, Result, Retention, StreamName,
    Timestamp, Trimmed, async_trait,
};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Keeps the ids that it knows on a disk of its own.
#[derive(Debug, Default)]
pub(crate) struct IdsOfItsOwn(usize);

impl Faults for IdsOfItsOwn {
    fn three() -> [Self; 3] {
        [0, 1, 2].map(Self)
    }
}

impl Fault for IdsOfItsOwn {
    /// To the store, the ids of each broker are other ids.
    fn spoil_commit(&self, commit: &mut Commit) {
        for event in &mut commit.append {
            let own = EventId::new(&format!("{}-{}", self.0, event.id));
            event.id = own.unwrap_or_else(|_| event.id.clone());
        }
        let own = commit.id.as_ref().and_then(|id| CommitId::new(&format!("{}-{id}", self.0)).ok());
        commit.id = own.or(commit.id.take());
    }
}

/// Knows the head that its last commit had, and takes it for that of the stream.
#[derive(Debug, Default)]
pub(crate) struct KnowsItsOwnHead(Mutex<HashMap<StreamName, Bounds>>);

impl KnowsItsOwnHead {
    async fn known(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        let known = self.0.lock().get(stream).copied();
        match known {
            Some(known) => Ok(known),
            None => self.look(inner, stream).await,
        }
    }

    async fn look(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        let now = inner.bounds(stream).await?;
        let mut all = self.0.lock();
        let known = all.entry(stream.clone()).or_insert(now);
        // Two looks may come back in the other order.
        if now.epoch != known.epoch || now.head >= known.head {
            *known = now;
        }
        Ok(*known)
    }
}

impl Faults for KnowsItsOwnHead {}

#[async_trait]
impl Fault for KnowsItsOwnHead {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await;
        self.look(inner, stream).await?;
        receipt
    }
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let known = self.known(inner, stream).await?;
        let until = query.until.map_or(known.head, |until| until.min(known.head));
        let page = inner.read(stream, &query.clone().with_until(until)).await?;
        Ok(Page { bounds: known, ..page })
    }
    async fn bounds(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        self.known(inner, stream).await
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await;
        self.look(inner, stream).await?;
        trimmed
    }
    async fn delete_channel(&self, inner: &Store, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        let deleted = catalog_of(inner)?.delete_channel(stream, channel).await;
        self.look(inner, stream).await?;
        deleted
    }
    async fn delete_stream(&self, inner: &Store, stream: &StreamName) -> Result<()> {
        let deleted = catalog_of(inner)?.delete_stream(stream).await;
        self.look(inner, stream).await?;
        deleted
    }
}

/// The third of the brokers drops every tenth event.
#[derive(Debug, Default)]
pub(crate) struct DropsEveryTenth(usize);

impl Faults for DropsEveryTenth {
    fn three() -> [Self; 3] {
        [0, 1, 2].map(Self)
    }
}

impl Fault for DropsEveryTenth {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        if self.0 == 2 {
            page.events.retain(|event| !event.sequence.get().is_multiple_of(10));
        }
    }
}
