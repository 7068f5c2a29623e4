//! A full disk refuses commits cleanly, and when there is room again they go on, without a restart.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use support::*;

#[tokio::test]
async fn a_full_disk_is_told_and_recovered_from() {
    let Some(disk) = Tmpfs::mount("1m") else { return };
    let storage = open(&disk.path().join("events.db")).await;
    let mut kept = Vec::new();
    let refused = loop {
        let commit = Commit::append([event("/a", vec![b'x'; 20_000])]);
        match storage.commit(&main_stream(), &commit).await {
            Ok(receipt) => kept.push(receipt.head.get()),
            Err(error) => break (error, commit),
        }
        assert!(kept.len() < 1000, "the disk never fills");
    };
    let (error, commit) = refused;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::StorageFull, Effect::NotApplied), "{error:?}");
    assert!(error.is_retryable());
    let sequences = |events: Vec<(u64, String)>| events.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(sequences(all(&storage, "/a").await), kept);
    assert_eq!(storage.bounds(&main_stream()).await.unwrap().head.get(), kept.len() as u64);

    disk.remount("size=32m");
    let receipt = storage.commit(&main_stream(), &commit).await.unwrap();
    kept.push(receipt.head.get());
    assert_eq!(kept, (1..=kept.len() as u64).collect::<Vec<_>>());
    assert_eq!(sequences(all(&storage, "/a").await), kept);
    storage.close().await.unwrap();
    assert_eq!(sequences(all(&open(&disk.path().join("events.db")).await, "/a").await), kept);
}
