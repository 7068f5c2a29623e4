//! A file that cannot be written is read, and commits are refused cleanly.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use support::*;

#[tokio::test]
async fn a_read_only_disk_is_read() {
    let Some(disk) = Tmpfs::mount("16m") else { return };
    let path = disk.path().join("events.db");
    let storage = open(&path).await;
    publish(&storage, "/a", "1").await;
    storage.close().await.unwrap();
    drop(storage);
    disk.remount("ro");
    let storage = open(&path).await;
    assert!(!storage.is_writer());
    assert_eq!(all(&storage, "/a").await, [(1, "1".to_owned())]);
    let error = storage.commit(&main_stream(), &Commit::append([event("/a", "2")])).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::ReadOnly, Effect::NotApplied));
    assert!(error.message().contains("cannot be written"), "{error}");
    drop(storage);
    disk.remount("rw");
    assert_eq!(publish(&open(&path).await, "/a", "2").await.head.get(), 2);
}
