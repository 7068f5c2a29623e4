//! Layers: a call that fails is tried again where that is safe, and one that hangs is given up.

use crate::common::*;
use eventweir::layers::{RetryLayer, StorageLayer, TimeoutLayer, TraceLayer};
use eventweir::*;
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What happens to the next commits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    ErrorBefore,
    ErrorAfter,
    Hang,
}

#[derive(Debug)]
struct Faulty {
    inner: MemoryStorage,
    fault: Fault,
    times: AtomicUsize,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Storage for Faulty {
    fn promises(&self) -> Promises {
        self.inner.promises()
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let again =
            self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        match self.fault {
            _ if !again => self.inner.commit(stream, commit).await,
            Fault::ErrorBefore => Err(Error::new(ErrorKind::Unavailable, "refused")),
            Fault::ErrorAfter => {
                self.inner.commit(stream, commit).await?;
                Err(Error::new(ErrorKind::Unavailable, "the answer was lost").with_effect(Effect::Unknown))
            }
            Fault::Hang => {
                self.inner.commit(stream, commit).await?;
                std::future::pending().await
            }
        }
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.inner.read(stream, query).await
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.inner.bounds(stream).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.inner.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.inner.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.inner.trim(stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> futures_core::stream::BoxStream<'static, Wakeup> {
        self.inner.wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.inner.catalog()
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

fn faulty(fault: Fault, times: usize) -> (Broker, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let storage = Faulty { inner: MemoryStorage::new(), fault, times: times.into(), calls: calls.clone() };
    let retry = RetryLayer::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let builder = Broker::builder().storage(storage).layer(TraceLayer);
    let broker = builder.layer(TimeoutLayer::new(Duration::from_millis(200))).layer(retry).build().unwrap();
    (broker, calls)
}

#[tokio::test]
async fn an_append_is_tried_again_and_happens_once() {
    for fault in [Fault::ErrorBefore, Fault::ErrorAfter, Fault::Hang] {
        let (broker, calls) = faulty(fault, 2);
        let session = session(&broker).await;
        session.publish(event("/a", 1)).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 3, "{fault:?}");
        let page = session.read(&ReadQuery::new(Selector::all(), Start::Earliest)).await.unwrap();
        assert_eq!(page.events.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_commit_with_an_expectation_is_tried_again_without_contradicting_itself() {
    let (broker, _) = faulty(Fault::ErrorAfter, 1);
    let session = session(&broker).await;
    let commit = Commit::append([event("/a", 1)]).with_expect(Expect::Head(Sequence::ZERO));
    // The first try was carried out; only the commit's id keeps the second from finding the head moved.
    assert!(session.commit(commit).await.unwrap().repeated);
}

#[tokio::test]
async fn who_gives_up_says_that_it_may_have_happened() {
    let (broker, _) = faulty(Fault::ErrorAfter, 100);
    let error = session(&broker).await.publish(event("/a", 1)).await.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable()), (Effect::Unknown, true));
}

#[tokio::test]
async fn an_unsafe_call_is_not_repeated() {
    let layered = RetryLayer::default().wrap(Arc::new(Faulty {
        inner: MemoryStorage::new(),
        fault: Fault::ErrorAfter,
        times: 1.into(),
        calls: Arc::default(),
    }));
    let commit = Commit::append([event("/a", 1)]).with_expect(Expect::Head(Sequence::ZERO));
    let error = layered.commit(&StreamName::main(), &commit).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
}
