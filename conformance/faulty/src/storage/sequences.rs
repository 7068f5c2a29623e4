//! Wrong about sequences: which they are, and when they can be seen.

use super::{Fault, Store, catalog_of, linger};
use eventweir::{
    Bounds, ChannelName, Commit, NewEvent, Page, ReadQuery, Receipt, Result, Retention, Sequence, StreamName,
    Timestamp, Trimmed, async_trait,
};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// Hands sequences out before it commits: of two commits at the same time, the later one can be seen before the earlier one.
#[derive(Debug, Default)]
pub(crate) struct SequencesBeforeCommit {
    hidden: Mutex<HashSet<(StreamName, Sequence)>>,
    commits: AtomicU64,
}

#[async_trait]
impl Fault for SequencesBeforeCommit {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let is_alone = self.commits.fetch_add(1, Ordering::SeqCst) == 0;
        let committed = inner.commit(stream, commit).await;
        if let (false, Ok(receipt)) = (is_alone, &committed) {
            let own: Vec<_> = receipt.events.iter().map(|placed| (stream.clone(), placed.sequence)).collect();
            self.hidden.lock().extend(own.iter().cloned());
            linger().await;
            self.hidden.lock().retain(|hidden| !own.contains(hidden));
        } else {
            linger().await;
        }
        self.commits.fetch_sub(1, Ordering::SeqCst);
        committed
    }
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let mut page = inner.read(stream, query).await?;
        let hidden = self.hidden.lock();
        page.events.retain(|event| !hidden.contains(&(stream.clone(), event.sequence)));
        Ok(page)
    }
}

/// Keeps the head in a cache, and looks afterwards.
#[derive(Debug, Default)]
pub(crate) struct StaleHead(Mutex<HashMap<StreamName, Bounds>>);

#[async_trait]
impl Fault for StaleHead {
    async fn bounds(&self, inner: &Store, stream: &StreamName) -> Result<Bounds> {
        let now = inner.bounds(stream).await?;
        Ok(self.0.lock().insert(stream.clone(), now).unwrap_or(now))
    }
}

/// Reads from a replica, which is as far as the read before.
#[derive(Debug, Default)]
pub(crate) struct LaggingReplica(Mutex<HashMap<StreamName, Bounds>>);

#[async_trait]
impl Fault for LaggingReplica {
    async fn read(&self, inner: &Store, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let now = inner.bounds(stream).await?;
        let replica = self.0.lock().insert(stream.clone(), now).unwrap_or(now);
        let until = query.until.map_or(replica.head, |until| until.min(replica.head));
        let page = inner.read(stream, &query.clone().with_until(until)).await?;
        Ok(Page { bounds: replica, ..page })
    }
}

/// Counts from the oldest event that is there: an emptied stream begins again.
#[derive(Debug, Default)]
pub(crate) struct SequencesUsedAgain;

#[async_trait]
impl Fault for SequencesUsedAgain {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await?;
        begin_again_if_empty(inner, stream).await?;
        Ok(trimmed)
    }
}

/// Looks for the greatest sequence when it is opened: after a purge it finds none.
#[derive(Debug, Default)]
pub(crate) struct CountsFromWhatIsThere;

#[async_trait]
impl Fault for CountsFromWhatIsThere {
    async fn reopen(self, inner: Store) -> Result<(Self, Store)> {
        for stream in catalog_of(&inner)?.streams().await? {
            begin_again_if_empty(&inner, &stream).await?;
        }
        Ok((self, inner))
    }
}

async fn begin_again_if_empty(inner: &Store, stream: &StreamName) -> Result<()> {
    let catalog = catalog_of(inner)?;
    if catalog.usage(stream).await?.events == 0 {
        catalog.delete_stream(stream).await?;
    }
    Ok(())
}

/// Takes the sequence of a refused commit away with it.
#[derive(Debug, Default)]
pub(crate) struct RefusalsLeaveHoles;

#[async_trait]
impl Fault for RefusalsLeaveHoles {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let result = inner.commit(stream, commit).await;
        if result.is_err() && !commit.append.is_empty() {
            let nowhere = ChannelName::new("/rolled-back")?;
            inner.commit(stream, &Commit::append([NewEvent::new(nowhere.clone(), "")])).await?;
            catalog_of(inner)?.delete_channel(stream, &nowhere).await?;
        }
        result
    }
}

/// Puts the events of a batch on a stack.
#[derive(Debug, Default)]
pub(crate) struct BatchReversed;

#[async_trait]
impl Fault for BatchReversed {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.append.reverse();
        let mut receipt = inner.commit(stream, &commit).await?;
        receipt.events.reverse();
        Ok(receipt)
    }
}

/// Takes the sequence of a batch's first event for that of its last.
#[derive(Debug, Default)]
pub(crate) struct ReceiptOfTheFirst;

#[async_trait]
impl Fault for ReceiptOfTheFirst {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut receipt = inner.commit(stream, commit).await?;
        let back = receipt.events.len().saturating_sub(1) as u64;
        for placed in receipt.events.iter_mut().filter(|placed| !placed.duplicate) {
            placed.sequence = Sequence::new(placed.sequence.get().saturating_sub(back))?;
        }
        Ok(receipt)
    }
}
