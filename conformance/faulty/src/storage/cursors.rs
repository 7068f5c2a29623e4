//! Wrong about cursors, records and expectations.

use super::{Fault, Store, linger};
use eventweir::{
    Commit, CursorExpect, CursorMove, Error, ErrorKind, Expect, ReadQuery, Receipt, RecordExpect, Result,
    Retention, Selector, Start, StreamName, Timestamp, Trimmed, async_trait,
};

/// Lets every cursor go back.
#[derive(Debug, Default)]
pub(crate) struct CursorGoesBack;

impl Fault for CursorGoesBack {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.cursors.iter_mut().for_each(|cursor| cursor.forced = true);
    }
}

/// Expects nothing.
#[derive(Debug, Default)]
pub(crate) struct ExpectationIgnored;

impl Fault for ExpectationIgnored {
    fn spoil_commit(&self, commit: &mut Commit) {
        commit.expect = Expect::Any;
    }
}

/// Takes the last event of a channel for the last of the stream.
#[derive(Debug, Default)]
pub(crate) struct ChannelHeadIsHead;

impl Fault for ChannelHeadIsHead {
    fn spoil_commit(&self, commit: &mut Commit) {
        if let Expect::ChannelHead(_, last) = commit.expect {
            commit.expect = Expect::Head(last);
        }
    }
}

/// Looks at the expectation first, and writes later.
#[derive(Debug, Default)]
pub(crate) struct ExpectationBefore;

#[async_trait]
impl Fault for ExpectationBefore {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let actual = match &commit.expect {
            Expect::Any => return inner.commit(stream, commit).await,
            Expect::Head(expected) => (inner.bounds(stream).await?.head, *expected),
            Expect::ChannelHead(channel, expected) => {
                let query = ReadQuery::new(Selector::exact(channel.clone()), Start::Earliest);
                let page = inner.read(stream, &query.with_limit(usize::MAX)).await?;
                (page.events.last().map(|event| event.sequence).unwrap_or_default(), *expected)
            }
        };
        if actual.0 != actual.1 {
            return Err(commit.expect.failed(actual.0));
        }
        linger().await;
        inner.commit(stream, &commit.clone().with_expect(Expect::Any)).await
    }
}

/// Looks where a cursor is first, and moves it later.
#[derive(Debug, Default)]
pub(crate) struct CursorLookedAtBefore;

#[async_trait]
impl Fault for CursorLookedAtBefore {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut later = commit.clone();
        for cursor in &mut later.cursors {
            let at = inner.cursor(stream, &cursor.name).await?.map(|found| found.sequence);
            let expected = match cursor.expect {
                CursorExpect::At(expected) => Some(expected),
                CursorExpect::Absent | CursorExpect::Anywhere => continue,
            };
            let back = matches!(cursor.to, eventweir::CursorTarget::To(to) if Some(to) < at);
            if at != expected || back && !cursor.forced {
                return Err(Error::new(ErrorKind::Conflict, "the cursor is elsewhere"));
            }
            let forced = CursorMove { expect: CursorExpect::Anywhere, forced: true, ..cursor.clone() };
            *cursor = forced;
        }
        if !later.cursors.is_empty() {
            linger().await;
        }
        inner.commit(stream, &later).await
    }
}

/// Looks at a record's version first, and writes later.
#[derive(Debug, Default)]
pub(crate) struct LostUpdate;

#[async_trait]
impl Fault for LostUpdate {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut later = commit.clone();
        for change in &mut later.records {
            change.decide(inner.record(stream, &change.key).await?.map(|record| record.version))?;
            change.expect = RecordExpect::Any;
        }
        if !later.records.is_empty() {
            linger().await;
        }
        inner.commit(stream, &later).await
    }
}

/// Counts a record's change only when its value is another.
#[derive(Debug, Default)]
pub(crate) struct SameValueNotCounted;

#[async_trait]
impl Fault for SameValueNotCounted {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let mut commit = commit.clone();
        let mut changed = Vec::new();
        for change in commit.records {
            let found = inner.record(stream, &change.key).await?;
            let held = change.decide(found.as_ref().map(|record| record.version)).is_ok();
            let same = found.is_some_and(|record| Some(record.value) == change.value);
            if !(held && same) {
                changed.push(change);
            }
        }
        commit.records = changed;
        inner.commit(stream, &commit).await
    }
}

/// Moves the cursors that a trim overtakes.
#[derive(Debug, Default)]
pub(crate) struct TrimMovesCursors;

#[async_trait]
impl Fault for TrimMovesCursors {
    async fn trim(
        &self,
        inner: &Store,
        stream: &StreamName,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Trimmed> {
        let trimmed = inner.trim(stream, retention, now).await?;
        let oldest = trimmed.bounds.first.previous();
        for cursor in super::catalog_of(inner)?.cursors(stream, None, usize::MAX).await? {
            if cursor.sequence < oldest {
                let moved = CursorMove { time: cursor.moved, ..CursorMove::force(cursor.name, oldest) };
                inner.commit(stream, &Commit::new().with_cursor(moved)).await?;
            }
        }
        Ok(trimmed)
    }
}
