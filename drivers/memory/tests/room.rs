//! A store with limited room gives back what it took.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use bytes::Bytes;
use eventweir::*;
use eventweir_memory::MemoryStorage;

const ROOM: u64 = 100_000;

fn event(size: usize) -> Commit {
    let channel = ChannelName::new("/a").unwrap();
    Commit::append([NewEvent::new(channel, vec![b'x'; size])])
}

fn record(size: usize) -> Commit {
    let key = RecordKey::new("r").unwrap();
    let value = Some(Bytes::from(vec![b'x'; size]));
    Commit::new().with_record(RecordChange { key, expect: RecordExpect::Any, value })
}

async fn commit(storage: &MemoryStorage, commit: &Commit) -> Result<Receipt> {
    storage.commit(&StreamName::main(), commit).await
}

#[tokio::test]
async fn room_is_given_back_by_trims_and_deletions() {
    let (storage, main) = (MemoryStorage::with_max_bytes(ROOM), StreamName::main());
    let nothing = Retention { max_events: Some(0), ..Retention::FOREVER };
    for round in 0..50 {
        commit(&storage, &event(80_000)).await.unwrap();
        let full = commit(&storage, &event(80_000)).await.unwrap_err();
        assert_eq!((full.kind(), full.effect()), (ErrorKind::StorageFull, Effect::NotApplied));
        assert!(full.is_retryable());
        match round % 3 {
            0 => drop(storage.trim(&main, &nothing, Timestamp::now()).await.unwrap()),
            1 => drop(storage.delete_channel(&main, &ChannelName::new("/a").unwrap()).await.unwrap()),
            _ => storage.delete_stream(&main).await.unwrap(),
        }
    }
}

#[tokio::test]
async fn a_record_takes_the_room_of_its_last_value() {
    let storage = MemoryStorage::with_max_bytes(ROOM);
    for _ in 0..50 {
        commit(&storage, &record(60_000)).await.unwrap();
        commit(&storage, &record(90_000)).await.unwrap();
        let full = commit(&storage, &event(60_000)).await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        commit(&storage, &record(10)).await.unwrap();
    }
    commit(&storage, &event(60_000)).await.unwrap();
}

#[tokio::test]
async fn streams_share_the_room_and_repetitions_need_none() {
    let storage = MemoryStorage::with_max_bytes(ROOM);
    let (other, first) = (StreamName::new("other").unwrap(), event(90_000).with_id(CommitId::generate()));
    let receipt = storage.commit(&other, &first).await.unwrap();
    assert_eq!(commit(&storage, &event(90_000)).await.unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(storage.commit(&other, &first).await.unwrap(), Receipt { repeated: true, ..receipt });
    let by_event = Commit::append(first.append.clone());
    assert!(storage.commit(&other, &by_event).await.unwrap().events[0].duplicate);
}
