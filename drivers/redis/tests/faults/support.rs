//! What the tests share.

use eventweir::*;
use eventweir_redis::{RedisConfig, RedisStorage};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Long enough for any machine; a test that comes to its end has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) fn main_stream() -> StreamName {
    StreamName::main()
}

pub(crate) async fn open(url: &str) -> RedisStorage {
    RedisStorage::open(RedisConfig::from_url(url).unwrap()).await.unwrap()
}

/// Opens what does not want to be opened.
pub(crate) async fn refused(url: &str) -> Error {
    RedisStorage::open(RedisConfig::from_url(url).unwrap()).await.unwrap_err()
}

pub(crate) fn event(id: &str) -> NewEvent {
    NewEvent::identified(EventId::new(id).unwrap(), ChannelName::new("/faults").unwrap(), id.to_owned())
}

/// Publishes one event under an id, again and again until it is acknowledged.
pub(crate) async fn publish(storage: &RedisStorage, stream: &StreamName, id: &str) -> Receipt {
    let commit = Commit::append([event(id)]);
    let end = Instant::now() + PATIENCE;
    loop {
        match storage.commit(stream, &commit).await {
            Ok(receipt) => return receipt,
            Err(error) if error.is_retryable() && Instant::now() < end => sleep(LOOK).await,
            Err(error) => panic!("{id}: {error:?}"),
        }
    }
}

/// Reads a page, again and again while the store is not there.
pub(crate) async fn page(storage: &RedisStorage, stream: &StreamName, start: Start) -> Page {
    let query = ReadQuery::new(Selector::all(), start).with_limit(500);
    let end = Instant::now() + PATIENCE;
    loop {
        match storage.read(stream, &query).await {
            Ok(page) => return page,
            Err(error) if error.is_retryable() && Instant::now() < end => sleep(LOOK).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Reads all that there is, and finds it in order, without holes and without anything twice.
pub(crate) async fn log(storage: &RedisStorage, stream: &StreamName) -> Vec<Arc<Event>> {
    let mut all: Vec<Arc<Event>> = Vec::new();
    let mut start = Start::Earliest;
    loop {
        let page = page(storage, stream, start).await;
        all.extend(page.events.iter().cloned());
        if !page.more {
            break;
        }
        start = Start::After(page.through);
    }
    for pair in all.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.next(), "sequences without holes");
    }
    let ids: std::collections::HashSet<_> = all.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), all.len(), "no id twice");
    all
}

pub(crate) fn ids(events: &[Arc<Event>]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// Asks until the answer is yes.
pub(crate) async fn until(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !asked().await {
        assert!(Instant::now() < end, "{what}: not in {} s", PATIENCE.as_secs());
        sleep(LOOK).await;
    }
}

const LOOK: Duration = Duration::from_millis(10);
