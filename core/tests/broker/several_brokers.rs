//! Several brokers over one store.

use crate::common::*;
use eventweir::layers::StorageLayer;
use eventweir::*;
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

/// Loses every wake-up.
#[derive(Debug)]
pub(crate) struct Deaf(pub(crate) Arc<dyn Storage>);

#[async_trait]
impl Storage for Deaf {
    fn promises(&self) -> Promises {
        self.0.promises().with_wakeup(WakeupReach::None).with_writers(Writers::Many)
    }
    async fn commit(&self, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        self.0.commit(stream, commit).await
    }
    async fn read(&self, stream: &StreamName, query: &ReadQuery) -> Result<Page> {
        self.0.read(stream, query).await
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
    fn wakeups(&self, _: &StreamName) -> futures_core::stream::BoxStream<'static, Wakeup> {
        Box::pin(futures_util::stream::pending())
    }
    fn jobs(&self) -> Option<&dyn JobStore> {
        self.0.jobs()
    }
    fn catalog(&self) -> Option<&dyn Catalog> {
        self.0.catalog()
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

async fn spread(layer: impl StorageLayer + Copy) {
    let storage = MemoryStorage::new();
    let brokers: Vec<Broker> = (0..3)
        .map(|_| {
            let builder = Broker::builder().storage(storage.clone()).layer(layer);
            builder.poll_interval(Duration::from_millis(10)).build().unwrap()
        })
        .collect();
    let mut readers = tokio::task::JoinSet::new();
    for broker in &brokers {
        let session = session(broker).await;
        let mut subscription = session.subscribe(Selector::all(), Start::Latest).await.unwrap();
        readers.spawn(async move { until_sentinel(&mut subscription, "sentinel").await });
    }
    let mut writers = tokio::task::JoinSet::new();
    for (number, broker) in brokers.iter().enumerate() {
        let session = session(broker).await;
        writers.spawn(async move {
            for n in 0..200 {
                let receipt = session.publish(event("/a", format!("{number}-{n}"))).await.unwrap();
                // Whoever published sees it on the same broker, whatever the others do.
                let after = Start::After(receipt.events[0].sequence.previous());
                let page = session.read(&ReadQuery::new(Selector::all(), after).with_limit(1)).await.unwrap();
                assert_eq!(page.events[0].sequence, receipt.events[0].sequence);
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    session(&brokers[0]).await.publish(event("/a", "sentinel")).await.unwrap();
    while let Some(seen) = readers.join_next().await {
        let seen: Vec<u64> = seen.unwrap().iter().map(|event| event.sequence.get()).collect();
        assert_eq!(seen, (1..=601).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_see_everything_with_wakeups() {
    spread(|storage| storage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_see_everything_when_every_wakeup_is_lost() {
    spread(|storage| Arc::new(Deaf(storage)) as Arc<dyn Storage>).await;
}

/// Two brokers that look at the store only when they must.
fn two_brokers() -> [Broker; 2] {
    let storage = MemoryStorage::new();
    [(); 2].map(|()| {
        let deaf = |inner: Arc<dyn Storage>| Arc::new(Deaf(inner)) as Arc<dyn Storage>;
        let builder = Broker::builder().storage(storage.clone()).layer(deaf);
        builder.poll_interval(Duration::from_secs(3600)).build().unwrap()
    })
}

#[tokio::test]
async fn what_another_broker_removed_between_two_looks_is_told() {
    let [here, there] = two_brokers();
    let (here, there) = (session(&here).await, session(&there).await);
    for n in 0..5 {
        here.publish(event("/a", n)).await.unwrap();
    }
    let seen = here.head(&Selector::all()).await.unwrap();
    for n in 5..15 {
        there.publish(event("/a", n)).await.unwrap();
    }
    let keep = Retention { max_events: Some(3), ..Retention::FOREVER };
    there.trim(&StreamName::main(), &keep).await.unwrap();
    // This makes the first broker look: it reads on over what was removed.
    here.publish(event("/a", 15)).await.unwrap();
    let mut subscription = here.subscribe(Selector::all(), Start::At(seen)).await.unwrap();
    match next(&mut subscription).await {
        Delivery::Gap(gap) => assert_eq!((gap.after.get(), gap.resume_at.get()), (5, 13)),
        other => panic!("a gap was expected, not {other:?}"),
    }
    let events = next_events(&mut subscription).await;
    assert_eq!(events.iter().map(|event| event.sequence.get()).collect::<Vec<_>>(), [13, 14, 15, 16]);
}

#[tokio::test]
async fn latest_is_what_comes_whichever_broker_took_the_rest() {
    let [here, there] = two_brokers();
    let (here, there) = (session(&here).await, session(&there).await);
    here.publish(event("/a", "old")).await.unwrap();
    there.publish(event("/a", "also old")).await.unwrap();
    let mut subscription = here.subscribe(Selector::all(), Start::Latest).await.unwrap();
    let page = here.read(&ReadQuery::new(Selector::all(), Start::Latest)).await.unwrap();
    assert_eq!(page.position().sequence.get(), 2);
    let latest = ReadQuery::new(Selector::all(), Start::Latest);
    let page = here.poll(&latest, Duration::from_millis(1)).await.unwrap();
    assert!(page.events.is_empty() && page.position().sequence.get() == 2, "{page:?}");
    there.publish(event("/a", "new")).await.unwrap();
    here.publish(event("/a", "newer")).await.unwrap();
    let events = next_events(&mut subscription).await;
    assert_eq!(text(&events[0]), "new");
}
