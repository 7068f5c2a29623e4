//! The storage trait: the contract, law by law.

use crate::catalog::Catalog;
use crate::jobs::JobStore;
use crate::{
    Bounds, Commit, Cursor, CursorName, Page, Promises, ReadQuery, Receipt, Record, RecordKey, Result,
    Retention, Sequence, StreamName, Timestamp, Trimmed,
};
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use std::fmt::Debug;
use std::sync::Arc;

/// Keeps streams of events. This is what a driver implements.
///
/// ```text
/// fn promises(&self) -> Promises;
/// async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt>;
/// async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page>;
/// async fn bounds(&self, stream: &StreamName) -> Result<Bounds>;
/// async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>>;
/// async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>>;
/// async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed>;
/// fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup>;
/// fn jobs(&self) -> Option<&dyn JobStore>;
/// fn catalog(&self) -> Option<&dyn Catalog>;
/// async fn close(&self) -> Result<()>;
/// ```
///
/// A stream exists from its first use on: reading or committing to a name that nobody used makes an empty stream with a new
/// epoch, durable as soon as its epoch was shown to anyone.
///
/// # The laws
///
/// The conformance suite holds a driver to these, by these names.
///
/// * **order**: a commit's new events get the sequences right after the stream's head, in the order of `Commit::append` and
///   without holes. Sequences are never used twice, not even after everything was removed, nor after a restart.
/// * **visibility**: once any call has shown sequence n, every event at or below n that will ever exist is visible to every
///   later call.
/// * **no-miss**: a page holds every retained event that the selector means between its start and its
///   [`through`](Page::through), from one snapshot, whatever the number of channels; limits cut after the merge.
/// * **told**: when events that the selector means were removed (by retention or deletion) and have a sequence above the
///   start, the page has a [`Gap`](crate::Gap); a start of another epoch gives a [`Reset`](crate::Reset) and the page begins
///   with the oldest retained event. [`Start::resolve`](crate::Start::resolve) decides, inside the snapshot. A driver that no
///   longer knows whether a removed event was meant says that it was.
///   Where a driver knows that the stream of an earlier epoch went on in the present one, a position of that epoch at or below
///   the place where it ended is resumed without a reset, and one beyond it has seen what was lost and gets a reset
///   ([`Start::resolve_among`](crate::Start::resolve_among)). Removing events by a deletion raises
///   [`Bounds::deletions`](crate::Bounds::deletions) in the same atomic step; within an epoch it never falls.
/// * **no-duplicate**: within [`Promises::dedup`] an event with a known id appends nothing and returns the first sequence, in
///   the same commit too; a commit with a known id does nothing and returns the first receipt, marked as repeated, whatever
///   else it holds.
/// * **atomic**: events, cursor moves, record and job changes of a commit happen together or not at all, and appear together.
/// * **durable**: once `commit` has returned `Ok`, the commit survives what [`Promises::durability`] says.
/// * **honest**: an error's [`effect`](crate::Error::effect) is `NotApplied` only when nothing of the call was or will be
///   carried out. `Ok` is returned only for what was carried out.
/// * **cursor**: cursors change as [`CursorMove::decide`](crate::CursorMove::decide) says, records as
///   [`RecordChange::decide`](crate::RecordChange::decide) says, both against the state in the same atomic step.
/// * **wake-up**: `wakeups` is a hint and may lose or repeat any of its items.
/// * **isolation**: no call waits for a reader; memory for a call is bounded by the call's own limits.
///
/// # Cancel safety
///
/// Every call may be dropped at any point. A dropped `commit` is carried out wholly or not at all.
#[async_trait]
pub trait Storage: Debug + Send + Sync + 'static {
    /// States what this driver guarantees, as it is configured now.
    fn promises(&self) -> Promises;

    /// Carries out a commit, all or nothing.
    ///
    /// The order of checks: a known commit id returns its receipt; then [`Commit::check`]; then the expectation; then cursors
    /// and records; then events, where known ids append nothing.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) when an expectation, a cursor or a record is not as expected,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when a cursor would go beyond the head,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for job changes without a job store,
    /// [`StorageFull`](crate::ErrorKind::StorageFull), [`ReadOnly`](crate::ErrorKind::ReadOnly),
    /// [`Unavailable`](crate::ErrorKind::Unavailable), [`Closed`](crate::ErrorKind::Closed).
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt>;

    /// Reads a page, of one snapshot.
    ///
    /// Another epoch than that of the start does not by itself mean a reset: only [`Page::reset`](crate::Page::reset) does.
    ///
    /// A driver may return a short page with `more` set rather than look at too much at once; `through` then says how far it
    /// looked.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable), [`Corrupt`](crate::ErrorKind::Corrupt),
    /// [`Closed`](crate::ErrorKind::Closed).
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page>;

    /// Says what the stream holds.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds>;

    /// Looks a cursor up.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>>;

    /// Looks a record up.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>>;

    /// Removes the oldest events until the retention holds, a bounded number at a time, and forgets ids beyond their window.
    ///
    /// `now` decides which events are too old. The windows of ids run by the store's own clock, whatever the caller's says.
    ///
    /// Never lowers the head. Cursors stay where they are.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed>;

    /// Returns hints that the stream has grown, for as long as it is polled. Lost and repeated hints are allowed; a stream
    /// that never yields is a correct one.
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup>;

    /// Returns the part that keeps jobs, if there is one.
    fn jobs(&self) -> Option<&dyn JobStore>;

    /// Returns the part that lists and deletes, if there is one.
    fn catalog(&self) -> Option<&dyn Catalog>;

    /// Finishes what was accepted and gives everything back. Later calls answer [`Closed`](crate::ErrorKind::Closed).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when something could not be finished.
    async fn close(&self) -> Result<()>;
}

/// Hints that a stream has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakeup {
    /// The head that the driver knows of, if it knows. A reader that has seen it needs not look.
    pub head: Option<Sequence>,
}

/// Forwards every method: a shared handle is a storage too.
macro_rules! forward {
    ($($handle:ty),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<S: Storage + ?Sized> Storage for $handle {
            fn promises(&self) -> Promises {
                (**self).promises()
            }
            async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
                (**self).commit(stream, commit).await
            }
            async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
                (**self).read(stream, query).await
            }
            async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
                (**self).bounds(stream).await
            }
            async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
                (**self).cursor(stream, name).await
            }
            async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
                (**self).record(stream, key).await
            }
            async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
                (**self).trim(stream, retention, now).await
            }
            fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
                (**self).wakeups(stream)
            }
            fn jobs(&self) -> Option<&dyn JobStore> {
                (**self).jobs()
            }
            fn catalog(&self) -> Option<&dyn Catalog> {
                (**self).catalog()
            }
            async fn close(&self) -> Result<()> {
                (**self).close().await
            }
        }
    )*};
}
forward!(Arc<S>, Box<S>);
