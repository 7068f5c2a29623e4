//! What the tests share.

use eventweir::*;
use eventweir_mongo::{MongoConfig, MongoStorage};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(crate) async fn open(url: &str) -> MongoStorage {
    MongoStorage::open(MongoConfig::from_url(url).unwrap()).await.unwrap()
}

/// Opens one that gives up soon.
pub(crate) async fn open_hasty(url: &str) -> MongoStorage {
    let config = MongoConfig::from_url(url).unwrap().with_timeout(Duration::from_millis(400));
    MongoStorage::open(config).await.unwrap()
}

pub(crate) fn main_stream() -> StreamName {
    StreamName::main()
}

/// An event whose data is its id.
pub(crate) fn event(id: &str) -> NewEvent {
    NewEvent::identified(EventId::new(id).unwrap(), ChannelName::new("/things").unwrap(), id.to_owned())
}

pub(crate) async fn publish(storage: &MongoStorage, id: &str) -> Result<Receipt> {
    storage.commit(&main_stream(), &Commit::append([event(id)])).await
}

/// Publishes until it is acknowledged. Errors on the way must be worth a retry, and must not deny what happened.
pub(crate) async fn publish_stubbornly(storage: &MongoStorage, id: &str) -> Sequence {
    let end = Instant::now() + PATIENCE;
    let mut may_have_happened = false;
    loop {
        match publish(storage, id).await {
            Ok(receipt) => {
                let appended = receipt.events[0];
                assert!(
                    may_have_happened || !appended.duplicate,
                    "{id}: it had no effect, and yet it is there"
                );
                return appended.sequence;
            }
            Err(error) => {
                assert!(error.is_retryable(), "{id}: {error:?}");
                assert!(Instant::now() < end, "{id}: still {error:?}");
                may_have_happened |= error.effect() == Effect::Unknown;
                sleep(BREATH).await;
            }
        }
    }
}

/// Reads the whole stream, and checks that it is whole: sequences without holes, each id once. Returns the ids in order.
pub(crate) async fn read_all(storage: &MongoStorage) -> Vec<String> {
    let mut query = ReadQuery::new(Selector::all(), Start::Earliest);
    let mut ids = Vec::new();
    let end = Instant::now() + PATIENCE;
    loop {
        let page = match storage.read(&main_stream(), &query).await {
            Ok(page) => page,
            Err(error) if error.is_retryable() && Instant::now() < end => {
                sleep(BREATH).await;
                continue;
            }
            Err(error) => panic!("reading: {error:?}"),
        };
        assert_eq!((page.gap, page.reset), (None, None));
        for event in &page.events {
            assert_eq!(event.sequence.get(), ids.len() as u64 + 1);
            assert_eq!(event.data, event.id.as_str());
            ids.push(event.id.as_str().to_owned());
        }
        query.start = Start::After(page.through);
        if !page.more && page.through == page.bounds.head {
            break;
        }
    }
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an event is there twice");
    ids
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "in vain: {what}");
        sleep(BREATH).await;
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const BREATH: Duration = Duration::from_millis(10);
