//! A restart keeps everything, and sequences go on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod support;
use eventweir::*;
use support::*;

#[tokio::test]
async fn a_restart_keeps_everything_and_sequences_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a b%?#.db");
    let storage = open(&path).await;
    let cursor = CursorName::new("c").unwrap();
    let key = RecordKey::new("r").unwrap();
    let change = RecordChange { key: key.clone(), expect: RecordExpect::Absent, value: Some("doc".into()) };
    let id = CommitId::new("once").unwrap();
    let commit = Commit::append([event("/a", "1"), event("/b", "2")])
        .with_id(id)
        .with_cursor(CursorMove::create(cursor.clone(), Sequence::new(2).unwrap()))
        .with_record(change);
    let first = storage.commit(&main_stream(), &commit).await.unwrap();
    let keep = Retention { max_events: Some(0), ..Retention::FOREVER };
    storage.trim(&main_stream(), &keep, Timestamp::now()).await.unwrap();
    drop(storage);

    let storage = open(&path).await;
    let again = storage.commit(&main_stream(), &commit).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.events, first.events);
    assert_eq!(storage.cursor(&main_stream(), &cursor).await.unwrap().unwrap().sequence.get(), 2);
    assert_eq!(storage.record(&main_stream(), &key).await.unwrap().unwrap().value, "doc");
    let receipt = publish(&storage, "/a", "3").await;
    assert_eq!((receipt.epoch, receipt.head.get()), (first.epoch, 3));
    assert_eq!(all(&storage, "/**").await, [(3, "3".to_owned())]);
    // The id of a removed event is known still.
    let repeated = Commit::append([commit.append[1].clone()]);
    let receipt = storage.commit(&main_stream(), &repeated).await.unwrap();
    assert_eq!(receipt.events, [Appended { sequence: Sequence::new(2).unwrap(), duplicate: true }]);
}

#[tokio::test]
async fn a_closed_store_leaves_one_file_and_its_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let storage = open(&path).await;
    publish(&storage, "/a", "1").await;
    storage.close().await.unwrap();
    let error = storage.commit(&main_stream(), &Commit::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let mut names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["events.db", "events.db.lock"]);
}
