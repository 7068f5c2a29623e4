//! Wrong about repeated ids.

use super::{Fault, Store, catalog_of, linger};
use eventweir::{
    Commit, EventId, ReadQuery, Receipt, Result, Retention, Selector, Start, StreamName, Timestamp, Trimmed,
    async_trait,
};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Knows no event id again.
#[derive(Debug, Default)]
pub(crate) struct EventIdsIgnored;

impl Fault for EventIdsIgnored {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.append.iter_mut().for_each(|event| event.id = EventId::generate());
    }
}

/// Knows no commit id again.
#[derive(Debug, Default)]
pub(crate) struct CommitIdsIgnored;

impl Fault for CommitIdsIgnored {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.id = None;
    }
}

/// Guards only the events of a commit by its id.
#[derive(Debug, Default)]
pub(crate) struct RepetitionMovesCursors;

#[async_trait]
impl Fault for RepetitionMovesCursors {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        if receipt.repeated {
            let mut rest = Commit::new();
            (rest.cursors, rest.records) = (commit.cursors.clone(), commit.records.clone());
            let _ = inner.commit(stream, &rest).await;
        }
        Ok(receipt)
    }
}

/// Loses the answer of every seventh commit, and appends its events again, with ids of its own.
#[derive(Debug, Default)]
pub(crate) struct RetriesWithoutIds(AtomicU64);

#[async_trait]
impl Fault for RetriesWithoutIds {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        if self.0.fetch_add(1, Ordering::Relaxed) % 7 != 6 || receipt.repeated {
            return Ok(receipt);
        }
        let again = commit.append.iter().map(|event| event.clone().with_id(EventId::generate()));
        inner.commit(stream, &Commit::append(again)).await
    }
}

/// Recognises a repetition only in another commit.
#[derive(Debug, Default)]
pub(crate) struct RepeatedInItsCommit;

impl Fault for RepeatedInItsCommit {
    fn spoil_commit(&self, commit: &mut Commit) {
        let mut seen = HashSet::new();
        for event in &mut commit.append {
            if !seen.insert(event.id.clone()) {
                event.id = EventId::generate();
            }
        }
    }
}

/// Looks whether an id is known first, and appends later.
#[derive(Debug, Default)]
pub(crate) struct LooksBeforeItAppends(Mutex<HashSet<(StreamName, EventId)>>);

#[async_trait]
impl Fault for LooksBeforeItAppends {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        let mut looking = Vec::new();
        for event in &mut commit.append {
            let named = (stream.clone(), event.id.clone());
            if self.0.lock().insert(named.clone()) {
                looking.push(named);
            } else {
                // Another commit has looked for it too, and has not appended it: nobody knows it.
                event.id = EventId::generate();
            }
        }
        linger().await;
        let result = inner.commit(stream, &commit).await;
        self.0.lock().retain(|named| !looking.contains(named));
        result
    }
}

/// Compares ids by what `Likeness` makes of them.
#[derive(Debug, Default)]
pub(crate) struct Alike<L>(Mutex<HashMap<(StreamName, String), EventId>>, L);

/// Makes one text of ids that are taken for one.
pub(crate) trait Likeness: std::fmt::Debug + Default + Send + Sync + 'static {
    fn of(text: &str) -> String;
}

impl<L: Likeness> Alike<L> {
    fn known_as(&self, stream: &StreamName, id: &EventId) -> EventId {
        let alike = (stream.clone(), L::of(id.as_str()));
        self.0.lock().entry(alike).or_insert_with(|| id.clone()).clone()
    }
}

#[async_trait]
impl<L: Likeness> Fault for Alike<L> {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        commit.append.iter_mut().for_each(|event| event.id = self.known_as(stream, &event.id));
        inner.commit(stream, &commit).await
    }
}

/// By a collation that knows no case.
#[derive(Debug, Default)]
pub(crate) struct ByWithoutCase;

impl Likeness for ByWithoutCase {
    fn of(text: &str) -> String {
        text.to_lowercase()
    }
}

pub(crate) type WithoutCase = Alike<ByWithoutCase>;

/// Without white space at the end, as `CHAR(n)` compares.
#[derive(Debug, Default)]
pub(crate) struct ByWithoutSpace;

impl Likeness for ByWithoutSpace {
    fn of(text: &str) -> String {
        text.trim_end().to_owned()
    }
}

pub(crate) type WithoutSpace = Alike<ByWithoutSpace>;

/// As far as the index goes.
#[derive(Debug, Default)]
pub(crate) struct ByBeginning;

impl Likeness for ByBeginning {
    fn of(text: &str) -> String {
        String::from_utf8_lossy(text.as_bytes().get(..128).unwrap_or(text.as_bytes())).into_owned()
    }
}

pub(crate) type Beginning = Alike<ByBeginning>;

/// Forgets the ids of what is gone.
#[derive(Debug, Default)]
pub(crate) struct ForgottenAtTrim(Forgotten);

#[async_trait]
impl Fault for ForgottenAtTrim {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, &self.0.without(stream, commit)).await
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let before = ids(inner, stream).await?;
        let trimmed = inner.trim(stream, retention, now).await?;
        let after = ids(inner, stream).await?;
        self.0.forget(stream, before.difference(&after).cloned());
        Ok(trimmed)
    }
}

/// Keeps the ids that it knows in memory.
#[derive(Debug, Default)]
pub(crate) struct ForgottenOnReopen(Forgotten);

#[async_trait]
impl Fault for ForgottenOnReopen {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, &self.0.without(stream, commit)).await
    }
    async fn reopen(self, inner: Store) -> Result<(Self, Store)> {
        for stream in catalog_of(&inner)?.streams().await? {
            self.0.forget(&stream, ids(&inner, &stream).await?);
        }
        Ok((self, inner))
    }
}

/// Forgets ids by the clock of whoever trims.
#[derive(Debug, Default)]
pub(crate) struct ForgottenByTheCallersClock(Forgotten);

#[async_trait]
impl Fault for ForgottenByTheCallersClock {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        inner.commit(stream, &self.0.without(stream, commit)).await
    }
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        if now.since(Timestamp::now()) > WINDOW {
            self.0.forget(stream, ids(inner, stream).await?);
        }
        inner.trim(stream, retention, now).await
    }
}

const WINDOW: Duration = Duration::from_secs(3600);

/// Ids that are known no more.
#[derive(Debug, Default)]
struct Forgotten(Mutex<HashSet<(StreamName, EventId)>>);

impl Forgotten {
    fn forget(&self, stream: &StreamName, ids: impl IntoIterator<Item = EventId>) {
        self.0.lock().extend(ids.into_iter().map(|id| (stream.clone(), id)));
    }

    /// Gives another id to what was forgotten.
    fn without(&self, stream: &StreamName, commit: &Commit) -> Commit {
        let mut commit = commit.clone();
        let forgotten = self.0.lock();
        for event in &mut commit.append {
            if forgotten.contains(&(stream.clone(), event.id.clone())) {
                event.id = EventId::generate();
            }
        }
        commit
    }
}

/// Lists the ids of what is there.
async fn ids(inner: &Store, stream: &StreamName) -> Result<HashSet<EventId>> {
    let all =
        ReadQuery::new(Selector::all(), Start::Earliest).with_limit(usize::MAX).with_max_bytes(usize::MAX);
    let page = inner.read(stream, &all).await?;
    Ok(page.events.iter().map(|event| event.id.clone()).collect())
}
