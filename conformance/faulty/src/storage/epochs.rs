//! Wrong about incarnations.

use super::{Fault, Store, catalog_of};
use eventweir::{
    Bounds, Epoch, Page, ReadQuery, Reset, Result, Retention, Start, StreamName, Timestamp, Trimmed, Usage,
    async_trait,
};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Takes positions for sequences.
#[derive(Debug, Default)]
pub(crate) struct EpochIgnored;

impl Fault for EpochIgnored {
    fn spoil_query(&self, query: &mut ReadQuery) {
        if let Start::At(position) = query.start {
            query.start = Start::After(position.sequence);
        }
    }
}

/// Tells a reset, and reads on where the old position was.
#[derive(Debug, Default)]
pub(crate) struct ResetReadsOn;

#[async_trait]
impl Fault for ResetReadsOn {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let epoch = inner.bounds(stream).await?.epoch;
        match query.start {
            Start::At(refused) if refused.epoch != epoch => {
                let mut on = query.clone();
                on.start = Start::After(refused.sequence);
                let page = inner.read(stream, &on).await?;
                Ok(Page { gap: None, reset: Some(Reset { refused, epoch }), ..page })
            }
            _ => inner.read(stream, query).await,
        }
    }
}

/// Does not count deletions: brokers that share the store go on giving out what was deleted.
#[derive(Debug, Default)]
pub(crate) struct DeletionsUncounted;

#[async_trait]
impl Fault for DeletionsUncounted {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        page.bounds.deletions = 0;
    }
    async fn bounds(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        Ok(Bounds { deletions: 0, ..inner.bounds(stream).await? })
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await?;
        Ok(Trimmed { bounds: Bounds { deletions: 0, ..trimmed.bounds }, ..trimmed })
    }
    async fn usage(&self, inner: &Store, stream: &StreamName) -> Result<Usage> {
        let usage = catalog_of(inner)?.usage(stream).await?;
        Ok(Usage { bounds: Bounds { deletions: 0, ..usage.bounds }, ..usage })
    }
}

/// Makes an epoch of the stream's name: a stream that is made again has the old one.
#[derive(Debug, Default)]
pub(crate) struct EpochOfTheName(Mutex<HashMap<StreamName, Epoch>>);

impl Fault for EpochOfTheName {
    fn epoch(&self, stream: &StreamName, real: Epoch) -> Epoch {
        *self.0.lock().entry(stream.clone()).or_insert(real)
    }
}

/// Chooses an epoch each time it is opened.
#[derive(Debug, Default)]
pub(crate) struct EpochChosenAtOpening(HashMap<StreamName, Epoch>);

#[async_trait]
impl Fault for EpochChosenAtOpening {
    fn epoch(&self, stream: &StreamName, real: Epoch) -> Epoch {
        self.0.get(stream).copied().unwrap_or(real)
    }
    async fn reopen(mut self, inner: Store) -> Result<(Self, Store)> {
        for stream in catalog_of(&inner)?.streams().await? {
            self.0.insert(stream, Epoch::random());
        }
        Ok((self, inner))
    }
}
