//! Wrong about lists and counts.

use super::{Fault, Store, catalog_of};
use eventweir::{
    ChannelInfo, ChannelName, Commit, Receipt, Result, Selector, StreamName, Usage, async_trait,
};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Skips one channel between two pages of a list.
#[derive(Debug, Default)]
pub(crate) struct ListSkipsOne;

#[async_trait]
impl Fault for ListSkipsOne {
    async fn channels(
        &self,
        inner: &Store,
        stream: &StreamName,
        selector: &Selector,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>> {
        let more = limit.saturating_add(1);
        let mut page = catalog_of(inner)?.channels(stream, selector, after, more).await?;
        if after.is_some() && page.len() > limit {
            page.remove(0);
        }
        page.truncate(limit);
        Ok(page)
    }
}

/// Counts what was ever written, not what is there.
#[derive(Debug, Default)]
pub(crate) struct UsageNeverShrinks(Mutex<HashMap<StreamName, (u64, u64)>>);

#[async_trait]
impl Fault for UsageNeverShrinks {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        let mut written = self.0.lock();
        let (events, bytes) = written.entry(stream.clone()).or_default();
        for (event, _) in commit.append.iter().zip(&receipt.events).filter(|(_, placed)| !placed.duplicate) {
            *events += 1;
            *bytes += (event.data.len() + event.headers.bytes()) as u64;
        }
        drop(written);
        Ok(receipt)
    }
    async fn usage(&self, inner: &Store, stream: &StreamName) -> Result<Usage> {
        let usage = catalog_of(inner)?.usage(stream).await?;
        let (events, bytes) = self.0.lock().get(stream).copied().unwrap_or_default();
        Ok(Usage { events, bytes, ..usage })
    }
}
