//! Wrong about telling what is gone.

use super::{Fault, Store, catalog_of};
use eventweir::{
    ChannelName, Gap, Page, ReadQuery, Result, Retention, Scope, Sequence, Start, StreamName, Timestamp,
    Trimmed, async_trait,
};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// Tells no gap.
#[derive(Debug, Default)]
pub(crate) struct GapNotTold;

impl Fault for GapNotTold {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        page.gap = None;
    }
}

/// Tells a gap only where a walk begins: what is trimmed between two of its pages is passed over.
#[derive(Debug, Default)]
pub(crate) struct TrimUnderAReader;

impl Fault for TrimUnderAReader {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        if matches!(query.start, Start::At(_)) {
            page.gap = None;
        }
    }
}

/// Tells no gap of one event.
#[derive(Debug, Default)]
pub(crate) struct GapOfOneNotTold;

impl Fault for GapOfOneNotTold {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        page.gap = page.gap.filter(|gap| gap.resume_at > gap.after.plus(2));
    }
}

/// Knows what is gone of single channels only.
#[derive(Debug, Default)]
pub(crate) struct GapOfPatternsNotTold;

impl Fault for GapOfPatternsNotTold {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        if query.selector.scopes().iter().any(|scope| matches!(scope, Scope::Pattern(_))) {
            page.gap = None;
        }
    }
}

/// Tells a gap to everyone whose start is below the oldest event, also when the log begins there.
#[derive(Debug, Default)]
pub(crate) struct GapToldToEveryone;

impl Fault for GapToldToEveryone {
    fn spoil_page(&self, query: &ReadQuery, page: &mut Page) {
        let after = match query.start {
            Start::After(sequence) => sequence,
            _ => Sequence::ZERO,
        };
        let below = after < page.bounds.first;
        page.gap = below.then_some(Gap { after, resume_at: page.bounds.first });
    }
}

/// Says that all is there again before it is.
#[derive(Debug, Default)]
pub(crate) struct GapEndsTooEarly;

impl Fault for GapEndsTooEarly {
    fn spoil_page(&self, _query: &ReadQuery, page: &mut Page) {
        if let Some(gap) = &mut page.gap {
            gap.resume_at = gap.resume_at.previous().max(gap.after.next());
        }
    }
}

/// Forgets at a restart what it has removed.
#[derive(Debug, Default)]
pub(crate) struct GapLostOnReopen(HashMap<StreamName, Sequence>);

#[async_trait]
impl Fault for GapLostOnReopen {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        let forgotten = self.0.get(stream).copied().unwrap_or_default();
        page.gap = page.gap.filter(|gap| gap.resume_at > forgotten);
        Ok(page)
    }
    async fn reopen(mut self, inner: Store) -> Result<(Self, Store)> {
        for stream in catalog_of(&inner)?.streams().await? {
            let first = inner.bounds(&stream).await?.first;
            self.0.insert(stream, first);
        }
        Ok((self, inner))
    }
}

/// Tells of what retention removed, and not of what was deleted.
#[derive(Debug, Default)]
pub(crate) struct DeletionNotTold {
    deleted: Mutex<HashSet<StreamName>>,
    trimmed: Mutex<HashSet<StreamName>>,
}

#[async_trait]
impl Fault for DeletionNotTold {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        if self.deleted.lock().contains(stream) && !self.trimmed.lock().contains(stream) {
            page.gap = None;
        }
        Ok(page)
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await?;
        if trimmed.events > 0 {
            self.trimmed.lock().insert(stream.clone());
        }
        Ok(trimmed)
    }
    async fn delete_channel(&self, inner: &Store, stream: &StreamName, channel: &ChannelName) -> Result<u64> {
        self.deleted.lock().insert(stream.clone());
        catalog_of(inner)?.delete_channel(stream, channel).await
    }
}
