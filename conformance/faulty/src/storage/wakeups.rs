//! Wrong about hints.

use super::{Fault, Store, linger};
use eventweir::{Commit, Receipt, Result, Sequence, StreamName, Wakeup, WakeupHub, async_trait};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

/// Tells of a head that is one too far.
#[derive(Debug, Default)]
pub(crate) struct HintsRunAhead;

impl Fault for HintsRunAhead {
    fn wakeups(&self, inner: &Store, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        inner.wakeups(stream).map(|hint| Wakeup { head: hint.head.map(Sequence::next) }).boxed()
    }
}

/// Wakes readers, and commits afterwards.
#[derive(Debug, Default)]
pub(crate) struct WakesBeforeItCommits(WakeupHub);

#[async_trait]
impl Fault for WakesBeforeItCommits {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let head = inner.bounds(stream).await?.head.plus(commit.append.len() as u64);
        self.0.notify(stream, head);
        linger().await;
        inner.commit(stream, commit).await
    }
    fn wakeups(&self, _inner: &Store, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.follow(stream)
    }
    async fn close(&self, inner: &Store) -> Result<()> {
        self.0.close();
        inner.close().await
    }
}

/// Promises wake-ups, and wakes nobody.
#[derive(Debug, Default)]
pub(crate) struct Silent;

impl Fault for Silent {
    fn wakeups(&self, _inner: &Store, _stream: &StreamName) -> BoxStream<'static, Wakeup> {
        futures_util::stream::pending().boxed()
    }
}

/// Wakes the readers of all streams with the head of one.
#[derive(Debug, Default)]
pub(crate) struct WakesTheNeighbours(WakeupHub);

#[async_trait]
impl Fault for WakesTheNeighbours {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        let receipt = inner.commit(stream, commit).await?;
        self.0.notify(&StreamName::main(), receipt.head);
        Ok(receipt)
    }
    fn wakeups(&self, _inner: &Store, _stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.follow(&StreamName::main())
    }
    async fn close(&self, inner: &Store) -> Result<()> {
        self.0.close();
        inner.close().await
    }
}
