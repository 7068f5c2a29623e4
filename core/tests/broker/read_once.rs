//! A broker reads a stream once, whatever the number of its subscribers.

use crate::common::*;
use eventweir::*;
use eventweir_memory::MemoryStorage;
use futures_core::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Counts the events that are read.
#[derive(Clone, Debug)]
struct Counting(Arc<dyn Storage>, Arc<AtomicUsize>);

#[async_trait]
impl Storage for Counting {
    fn promises(&self) -> Promises {
        self.0.promises().with_writers(Writers::Many)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.commit(stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        let page = self.0.read(stream, query).await?;
        self.1.fetch_add(page.events.len(), Ordering::SeqCst);
        Ok(page)
    }
    async fn bounds(&self, stream: &StreamName) -> Result<Bounds> {
        self.0.bounds(stream).await
    }
    async fn cursor(&self, stream: &StreamName, name: &CursorName) -> Result<Option<Cursor>> {
        self.0.cursor(stream, name).await
    }
    async fn record(&self, stream: &StreamName, key: &RecordKey) -> Result<Option<Record>> {
        self.0.record(stream, key).await
    }
    async fn trim(&self, stream: &StreamName, retention: &Retention, now: Timestamp) -> Result<Trimmed> {
        self.0.trim(stream, retention, now).await
    }
    fn wakeups(&self, stream: &StreamName) -> BoxStream<'static, Wakeup> {
        self.0.wakeups(stream)
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        None
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        None
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

const CHANNELS: usize = 50;
const EVENTS: usize = 500;

/// Returns how many events a broker read from the store for so many live subscribers, while another broker published.
async fn events_read(subscribers: usize) -> usize {
    let storage = MemoryStorage::new();
    let counting = Counting(Arc::new(storage.clone()), Arc::default());
    let poll = Duration::from_millis(10);
    let here = Broker::builder().storage(counting.clone()).poll_interval(poll).build().unwrap();
    let there = Broker::builder().storage(storage).poll_interval(poll).build().unwrap();
    let (here, there) = (session(&here).await, session(&there).await);
    let mut readers = tokio::task::JoinSet::new();
    for number in 0..subscribers {
        let own = Scope::Exact(channel(&format!("/c/{}", number % CHANNELS)));
        // Many kinds of selections; all of them have the last event.
        let selector = match number % 3 {
            0 => Selector::all(),
            1 => Selector::new([own, Scope::Exact(channel("/end"))]).unwrap(),
            _ => Selector::new([Scope::Subtree(channel("/c")), Scope::Exact(channel("/end"))]).unwrap(),
        };
        let mut subscription = here.subscribe(selector, Start::Latest).await.unwrap();
        readers.spawn(async move { until_sentinel(&mut subscription, "sentinel").await.len() });
    }
    for n in 0..EVENTS {
        there.publish(event(&format!("/c/{}", n % CHANNELS), n)).await.unwrap();
    }
    there.publish(event("/end", "sentinel")).await.unwrap();
    while let Some(seen) = readers.join_next().await {
        assert!([EVENTS + 1, EVENTS / CHANNELS + 1].contains(&seen.unwrap()));
    }
    counting.1.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_read_once_whatever_the_number_of_subscribers() {
    assert_eq!(events_read(1).await, EVENTS + 1);
    assert_eq!(events_read(200).await, EVENTS + 1);
}
