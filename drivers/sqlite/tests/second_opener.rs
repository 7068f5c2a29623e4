//! Who opens a file that somebody writes to can read it, sees what is new, and is refused writing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use support::*;

#[tokio::test]
async fn a_second_opener_reads_what_the_first_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let first = SqliteStorage::open(SqliteConfig::at(&path).with_tail_events(5)).await.unwrap();
    let second = open(&path).await;
    assert!(first.is_writer() && !second.is_writer());
    let mut expected = Vec::new();
    for n in 1..=40u64 {
        publish(&first, if n % 3 == 0 { "/a" } else { "/b" }, &n.to_string()).await;
        if n % 3 == 0 {
            expected.push((n, n.to_string()));
        }
        assert_eq!(all(&second, "/a").await, expected, "after {n}");
        assert_eq!(second.bounds(&main_stream()).await.unwrap(), first.bounds(&main_stream()).await.unwrap());
    }
    let keep = Retention { max_events: Some(10), ..Retention::FOREVER };
    first.trim(&main_stream(), &keep, Timestamp::now()).await.unwrap();
    assert_eq!(all(&second, "/a").await, all(&first, "/a").await);
    assert_eq!(
        second.channels(&main_stream(), &Selector::all(), None, 9).await.unwrap(),
        first.channels(&main_stream(), &Selector::all(), None, 9).await.unwrap()
    );
    assert_eq!(second.streams().await.unwrap(), [main_stream()]);

    first.delete_stream(&main_stream()).await.unwrap();
    let old = second.bounds(&main_stream()).await.unwrap_err();
    assert_eq!(old.kind(), ErrorKind::ReadOnly);
    publish(&first, "/a", "anew").await;
    assert_eq!(all(&second, "/a").await, [(1, "anew".to_owned())]);
}

#[tokio::test]
async fn a_second_opener_is_told_who_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let first = open(&path).await;
    publish(&first, "/a", "1").await;
    let second = open(&path).await;
    let commit = Commit::append([event("/a", "2")]);
    let refused = [
        second.commit(&main_stream(), &commit).await.unwrap_err(),
        second.trim(&main_stream(), &Retention::FOREVER, Timestamp::now()).await.unwrap_err(),
        second.delete_stream(&main_stream()).await.unwrap_err(),
        second.delete_channel(&main_stream(), &ChannelName::new("/a").unwrap()).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::ReadOnly, Effect::NotApplied));
        assert!(
            error.message().contains(&format!("another process (pid {})", std::process::id())),
            "{error}"
        );
    }
    // Once the first is gone, the next to open may write.
    drop(first);
    drop(second);
    assert!(open(&path).await.is_writer());
}
