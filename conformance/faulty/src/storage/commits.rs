//! Wrong about what a commit does, and what is said of it.

use super::{Fault, Store, linger};
use eventweir::{
    Appended, Bounds, Commit, CommitId, Effect, Error, ErrorKind, Receipt, Record, RecordExpect, Result,
    StreamName, async_trait,
};
use futures_util::FutureExt;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Commits event by event.
#[derive(Debug, Default)]
pub(crate) struct HalfVisible;

#[async_trait]
impl Fault for HalfVisible {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
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
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let result = inner.commit(stream, commit).await;
        if result.is_err() {
            for cursor in &commit.cursors {
                let _ = inner.commit(stream, &Commit::new().with_cursor(cursor.clone())).await;
            }
        }
        result
    }
}

/// Remembers a commit's id before it knows whether the commit can be carried out.
#[derive(Debug, Default)]
pub(crate) struct RefusedIsRemembered(Mutex<Vec<(StreamName, CommitId)>>);

#[async_trait]
impl Fault for RefusedIsRemembered {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let Some(id) = &commit.id else { return inner.commit(stream, commit).await };
        let named = (stream.clone(), id.clone());
        if self.0.lock().contains(&named) {
            return nothing_done(inner, stream, true).await;
        }
        let result = inner.commit(stream, commit).await;
        if result.is_err() {
            self.0.lock().push(named);
        }
        result
    }
}

/// Says that a commit without any event was carried out.
async fn nothing_done(inner: &Store, stream: &StreamName, repeated: bool) -> Result<Receipt> {
    let Bounds { epoch, head, .. } = inner.bounds(stream).await?;
    Ok(Receipt { epoch, head, events: Vec::new(), repeated })
}

/// Writes records in a second step.
#[derive(Debug, Default)]
pub(crate) struct RecordsApart;

#[async_trait]
impl Fault for RecordsApart {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut first = commit.clone();
        let mut second = Commit::new();
        // Those that expect something would be refused, so they stay in the first step.
        let (apart, with) = first.records.into_iter().partition(|change| change.expect == RecordExpect::Any);
        (second.records, first.records) = (apart, with);
        let receipt = inner.commit(stream, &first).await?;
        if !second.records.is_empty() && !receipt.repeated {
            linger().await;
            inner.commit(stream, &second).await?;
        }
        Ok(receipt)
    }
}

/// Has written a part when its caller goes away.
#[derive(Debug, Default)]
pub(crate) struct DroppedLeavesHalf;

#[async_trait]
impl Fault for DroppedLeavesHalf {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let half = Commit::append(commit.append.iter().take(commit.append.len() / 2).cloned());
        let mut unfinished = Unfinished { inner: inner.clone(), stream: stream.clone(), half: Some(half) };
        linger().await;
        unfinished.half = None;
        inner.commit(stream, commit).await
    }
}

/// What is written by then when a commit is dropped.
struct Unfinished {
    inner: Store,
    stream: StreamName,
    half: Option<Commit>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(half) = &self.half {
            // The store in memory is done at once.
            let _ = self.inner.commit(&self.stream, half).now_or_never();
        }
    }
}

/// Says that all is well.
#[derive(Debug, Default)]
pub(crate) struct FailureAsSuccess;

#[async_trait]
impl Fault for FailureAsSuccess {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        match inner.commit(stream, commit).await {
            Ok(receipt) => Ok(receipt),
            Err(_) => nothing_done(inner, stream, false).await,
        }
    }
}

/// Says of every third commit that it did not happen.
#[derive(Debug, Default)]
pub(crate) struct SuccessAsFailure(AtomicU64);

#[async_trait]
impl Fault for SuccessAsFailure {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        if self.0.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
            return Err(Error::new(ErrorKind::Unavailable, "the connection was lost"));
        }
        Ok(receipt)
    }
}

/// Does not know whether what it refused has happened.
#[derive(Debug, Default)]
pub(crate) struct RefusalUnsure;

#[async_trait]
impl Fault for RefusalUnsure {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let unsure = |error: Error| error.with_effect(Effect::Unknown);
        inner.commit(stream, commit).await.map_err(unsure)
    }
}

/// Calls every refusal a defect.
#[derive(Debug, Default)]
pub(crate) struct RefusalIsInternal;

#[async_trait]
impl Fault for RefusalIsInternal {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let internal = |error: Error| Error::new(ErrorKind::Internal, error.message().to_owned());
        inner.commit(stream, commit).await.map_err(internal)
    }
}

/// Takes jobs, and keeps none.
#[derive(Debug, Default)]
pub(crate) struct JobsIgnored;

impl Fault for JobsIgnored {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.jobs.clear();
    }
}

/// Cuts a record's value where its column ends.
#[derive(Debug, Default)]
pub(crate) struct RecordCut;

impl Fault for RecordCut {
    fn spoil_commit(&self, commit: &mut Commit) {
        for value in commit.records.iter_mut().filter_map(|change| change.value.as_mut()) {
            value.truncate(Record::MAX_BYTES);
        }
    }
}

/// Stays open.
#[derive(Debug, Default)]
pub(crate) struct NeverClosed;

#[async_trait]
impl Fault for NeverClosed {
    async fn close(&self, _inner: &Store) -> Result<()> {
        Ok(())
    }
}

/// Has a small disk, and says so: this is no fault.
#[derive(Debug, Default)]
pub(crate) struct Small;

#[async_trait]
impl Fault for Small {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let used = super::catalog_of(inner)?.usage(stream).await?.bytes;
        if commit.bytes() > 0 && used + commit.bytes() as u64 > ROOM {
            return Err(Error::new(ErrorKind::StorageFull, "the store has no room"));
        }
        inner.commit(stream, commit).await
    }
}

/// Some megabytes.
const ROOM: u64 = 4 << 20;

/// Says that all is well when the disk is full.
#[derive(Debug, Default)]
pub(crate) struct FullSaysSuccess;

#[async_trait]
impl Fault for FullSaysSuccess {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        match inner.commit(stream, commit).await {
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                as_if_written(inner, stream, commit).await
            }
            result => result,
        }
    }
}

async fn as_if_written(inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
    let mut receipt = nothing_done(inner, stream, false).await?;
    let place = |n| Appended { sequence: receipt.head.plus(n), duplicate: false };
    receipt.events = (1..=commit.append.len() as u64).map(place).collect();
    receipt.head = receipt.head.plus(commit.append.len() as u64);
    Ok(receipt)
}
