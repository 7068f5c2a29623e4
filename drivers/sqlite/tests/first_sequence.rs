//! A new stream can begin where another system ended.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use support::*;

#[tokio::test]
async fn a_new_stream_begins_where_another_system_ended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let first = Sequence::new(1_000_001).unwrap();
    let config = SqliteConfig::at(&path).with_first_sequence(first).with_tail_events(3);
    let storage = SqliteStorage::open(config).await.unwrap();
    let bounds = storage.bounds(&main_stream()).await.unwrap();
    assert_eq!((bounds.first, bounds.head), (first, first.previous()));
    for n in 0..10 {
        publish(&storage, "/a", &n.to_string()).await;
    }
    // A reader that comes with a cursor of the other system gets everything, and has missed nothing here.
    let old = ReadQuery::new(
        Selector::exact(ChannelName::new("/a").unwrap()),
        Start::After(Sequence::new(999_990).unwrap()),
    );
    let page = storage.read(&main_stream(), &old).await.unwrap();
    assert_eq!((page.events.len(), page.events[0].sequence, page.gap), (10, first, None));
    drop(storage);

    // What exists goes on where it is, whatever is asked for.
    let storage = open(&path).await;
    assert_eq!(publish(&storage, "/a", "10").await.head.get(), 1_000_011);
}
