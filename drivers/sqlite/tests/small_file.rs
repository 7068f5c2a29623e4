//! A file keeps to its limit, and what is removed makes room in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use support::*;

const LIMIT: u64 = 2 << 20;

async fn small(path: &std::path::Path) -> SqliteStorage {
    SqliteStorage::open(SqliteConfig::at(path).with_max_bytes(LIMIT)).await.unwrap()
}

/// Publishes 20,000 bytes at a time, until there is no room. Returns how often.
async fn fill(storage: &SqliteStorage, stream: &StreamName, events_each: usize) -> u64 {
    for events in 0..1000 {
        let size = 20_000 / events_each;
        let commit = Commit::append((0..events_each).map(|_| event("/a", vec![b'x'; size])));
        if let Err(error) = storage.commit(stream, &commit).await {
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::StorageFull, Effect::NotApplied),
                "{error:?}"
            );
            return events;
        }
    }
    panic!("the file never fills");
}

#[tokio::test]
async fn a_file_keeps_to_its_limit_also_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let storage = small(&path).await;
    let first = fill(&storage, &main_stream(), 1).await;
    assert!(first > 50, "{first} events of 20,000 bytes");
    storage.close().await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() <= LIMIT);
    let storage = small(&path).await;
    assert!(fill(&storage, &main_stream(), 1).await <= 1);
    // Without the limit, it grows.
    storage.close().await.unwrap();
    let storage = open(&path).await;
    for _ in 0..50 {
        publish(&storage, "/a", &"x".repeat(20_000)).await;
    }
    storage.close().await.unwrap();
    let larger = std::fs::metadata(&path).unwrap().len();
    assert!(larger > LIMIT);
    // With it again, it grows no further, and everything is there.
    let storage = small(&path).await;
    fill(&storage, &main_stream(), 1).await;
    assert!(all(&storage, "/a").await.len() as u64 >= first + 50);
    storage.close().await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), larger);
}

/// What a deleted stream left goes a step at a time, in the transactions of others: those that find no room must not hold it
/// up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deleted_stream_makes_room_while_publishers_insist() {
    let dir = tempfile::tempdir().unwrap();
    let storage = small(&dir.path().join("events.db")).await;
    let other = StreamName::new("other").unwrap();
    fill(&storage, &other, 50).await;
    let publishers: Vec<_> = (0..256)
        .map(|_| {
            let storage = storage.clone();
            tokio::spawn(async move {
                let mut refused = 0;
                loop {
                    let commit = Commit::append([event("/a", vec![b'x'; 6_000])]);
                    match storage.commit(&main_stream(), &commit).await {
                        Ok(_) => return,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::StorageFull, "{error:?}"),
                    }
                    refused += 1;
                    assert!(refused < 2000, "nothing becomes of a deletion while publishers insist");
                }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    while let Err(error) = storage.delete_stream(&other).await {
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error:?}");
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
}
