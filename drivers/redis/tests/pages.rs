//! Pages of large events, and of more channels than are merged.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use eventweir::{
    ChannelName, Commit, Direction, NewEvent, ReadQuery, Retention, Scope, Selector, Sequence, Start,
    Storage, StreamName, Timestamp,
};
use eventweir_redis::{RedisConfig, RedisStorage};
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

async fn start() -> (RedisServer, RedisStorage) {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    let storage = RedisStorage::open(RedisConfig::from_url(&server.url()).unwrap()).await.unwrap();
    (server, storage)
}

fn event(channel: &str, bytes: usize) -> NewEvent {
    NewEvent::new(ChannelName::new(channel).unwrap(), vec![b'x'; bytes])
}

async fn commit(storage: &RedisStorage, events: impl IntoIterator<Item = NewEvent>) {
    storage.commit(&StreamName::main(), &Commit::append(events)).await.unwrap();
}

fn selector(text: &str) -> Selector {
    Selector::new([Scope::parse(text).unwrap()]).unwrap()
}

/// Walks through all pages, and returns how many there were, and the sequences in rising order.
async fn walk(storage: &RedisStorage, mut query: ReadQuery) -> (usize, Vec<u64>) {
    let (mut pages, mut found) = (0, Vec::new());
    loop {
        let page = storage.read(&StreamName::main(), &query).await.unwrap();
        pages += 1;
        found.extend(page.events.iter().map(|event| event.sequence.get()));
        match query.direction {
            _ if !page.more => break,
            Direction::Ascending => query.start = Start::After(page.through),
            Direction::Descending => query.until = Some(page.through.previous()),
        }
    }
    found.sort_unstable();
    (pages, found)
}

#[tokio::test]
async fn large_events_come_in_pages_of_the_bytes_asked_for() {
    let (_server, storage) = start().await;
    for _ in 0..10 {
        commit(&storage, (0..10).map(|_| event("/small", 10))).await;
        commit(&storage, [event("/large", 3 << 20)]).await;
    }
    for direction in [Direction::Ascending, Direction::Descending] {
        for (text, count) in [("/**", 110), ("/large", 10), ("/small", 100), ("subtree:/small", 100)] {
            let query = ReadQuery::new(selector(text), Start::Earliest).with_direction(direction);
            let (pages, found) = walk(&storage, query.with_max_bytes(1 << 20)).await;
            assert_eq!(found.len(), count, "{text} {direction:?}");
            assert!(
                text == "/small" || text == "subtree:/small" || (10..=11).contains(&pages),
                "{text}: {pages}"
            );
        }
    }
}

#[tokio::test]
async fn more_channels_than_are_merged_are_found() {
    let (_server, storage) = start().await;
    for round in 0..3 {
        for part in 0..6 {
            let name = |n: usize| format!("/c/{:04}/{}", part * 100 + n, round);
            commit(&storage, (0..100).map(|n| event(&name(n), 1))).await;
        }
        commit(&storage, [event("/d", 1)]).await;
    }
    for direction in [Direction::Ascending, Direction::Descending] {
        for (text, count) in [("subtree:/c", 1800), ("/c/*/1", 600), ("/c/0500/1", 1), ("/**", 1803)] {
            for limit in [7, 1000] {
                let query = ReadQuery::new(selector(text), Start::Earliest).with_direction(direction);
                let (_, found) = walk(&storage, query.with_limit(limit)).await;
                assert_eq!(found.len(), count, "{text} {direction:?} {limit}");
                assert!(found.is_sorted_by(|a, b| a < b));
            }
        }
    }
    // What was removed of a broad selection is told.
    let retention = Retention { max_events: Some(1500), ..Retention::FOREVER };
    storage.trim(&StreamName::main(), &retention, Timestamp::now()).await.unwrap();
    for (text, told) in
        [("subtree:/c", true), ("/c/*/0", true), ("/c/*/2", false), ("/d", false), ("/**", true)]
    {
        let query = ReadQuery::new(selector(text), Start::After(Sequence::ZERO));
        let page = storage.read(&StreamName::main(), &query).await.unwrap();
        assert_eq!(page.gap.is_some(), told, "{text}");
    }
}

#[tokio::test]
async fn a_stream_that_is_deleted_leaves_no_keys() {
    let (server, storage) = start().await;
    for part in 0..7 {
        commit(&storage, (0..100).map(|n| event(&format!("/c/{part}/{n}"), 1))).await;
    }
    storage.catalog().unwrap().delete_stream(&StreamName::main()).await.unwrap();
    assert_eq!(server.ask(&["DBSIZE"]).await.unwrap().number(), Some(0));
}
